// Fixed point: ranges, Q formats, PWL tables and the integer network. The arithmetic itself is
// src/rt; docs/fixed-point.md is normative.
//
//     ernn_quantize(model, calibration, &options, &qmodel, &err);
//     ernn_qmodel_evaluate(qmodel, test, NULL, threads, &evaluation, &err);
//
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_QUANT_H
#define ERNN_QUANT_H

#include "ernn/train.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ernn_quant_options {
    int signal_bits;   // 8 to 18, default 16
    int weight_bits;   // 4 to 16, default 12
    int max_sequences; // calibration utterances, default 64
} ernn_quant_options;

ERNN_API ernn_quant_options ernn_quant_defaults(void);

typedef struct ernn_qmodel ernn_qmodel;

// One signal class of one layer: what was seen and what was chosen.
typedef struct ernn_signal_format {
    char name[64]; // "layer0.cell", "layer0.recurrent.weights", ...
    double low;    // range seen in calibration (or of the values, for weights)
    double high;
    int bits; // sign included
    int frac; // fractional bits: Q<bits - frac>.<frac>
} ernn_signal_format;

ERNN_API ernn_status ernn_quantize(const ernn_model *model, const ernn_sequences *calibration,
                                   const ernn_quant_options *options, ernn_qmodel **qmodel,
                                   ernn_error *err);
ERNN_API void ernn_qmodel_free(ernn_qmodel *qmodel);
ERNN_API ernn_status ernn_qmodel_save(const ernn_qmodel *qmodel, const char *path, ernn_error *err);
ERNN_API ernn_status ernn_qmodel_load(const char *path, ernn_qmodel **qmodel, ernn_error *err);

// Borrowed.
ERNN_API const ernn_spec *ernn_qmodel_spec(const ernn_qmodel *qmodel);
ERNN_API const ernn_features *ernn_qmodel_features(const ernn_qmodel *qmodel);
ERNN_API const ernn_feature_statistics *ernn_qmodel_statistics(const ernn_qmodel *qmodel);
// n_phones 0: a CTC model.
ERNN_API const ernn_label_counts *ernn_qmodel_label_counts(const ernn_qmodel *qmodel);
ERNN_API ernn_phone_set ernn_qmodel_phone_set(const ernn_qmodel *qmodel);
ERNN_API const ernn_signal_format *ernn_qmodel_formats(const ernn_qmodel *qmodel, size_t *n);
ERNN_API int ernn_qmodel_signal_bits(const ernn_qmodel *qmodel);
ERNN_API int ernn_qmodel_weight_bits(const ernn_qmodel *qmodel);

// The signal classes in which saturation is counted, in the order of ERNN_RT_CLASSES: "input",
// "spectrum", "accumulator", "product", "preactivation", "cell".
enum { ERNN_SATURATION_CLASSES = 6 };
ERNN_API const char *ernn_saturation_name(int saturation_class);

// Integer arithmetic only, from the quantised features to the decoder's input. `options` NULL:
// greedy decoding. `saturations` (may be NULL) gets ERNN_SATURATION_CLASSES totals.
ERNN_API ernn_status ernn_qmodel_evaluate(const ernn_qmodel *qmodel,
                                          const ernn_sequences *sequences,
                                          const ernn_decode_options *options, int threads,
                                          ernn_evaluation *evaluation, uint64_t *saturations,
                                          ernn_error *err);

// One stream of the integer network.
typedef struct ernn_qrun ernn_qrun;
ERNN_API ernn_status ernn_qrun_new(const ernn_qmodel *qmodel, ernn_qrun **run, ernn_error *err);
ERNN_API void ernn_qrun_free(ernn_qrun *run);
ERNN_API void ernn_qrun_reset(ernn_qrun *run);
// x[n_inputs] float features, rounded to the input format inside; logits[n_labels] as float.
ERNN_API void ernn_qrun_step(ernn_qrun *run, const float *x, float *logits);

#ifdef __cplusplus
}
#endif
#endif
