// The parts of a file that every kind with a network in it shares: spec, features, phone set and
// statistics. docs/format.md sections 4 to 6.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_NN_MODEL_FILE_H
#define ERNN_SRC_NN_MODEL_FILE_H

#include "ernn/model.h"
#include "store/safetensors.h"

typedef struct ernn_profile {
    ernn_spec spec;
    ernn_features features;
    ernn_phone_set phone_set;
    ernn_feature_statistics statistics; // n = 0: none
    ernn_label_counts labels;           // n_phones = 0: none, a CTC model
} ernn_profile;

// Puts ernn.format, ernn.kind, ernn.spec, ernn.features and ernn.phones, and the tensors
// features.mean and features.variance; of a frame-trained model ernn.loss, labels.frames and
// labels.pairs. `profile` is borrowed until the save.
void ernn_profile_put(ernn_store_writer *writer, const char *kind, const ernn_profile *profile);

// Reads and validates the same. Refuses a file of another kind, a later version, and any ernn.* key
// that is neither of these nor in extra_keys[n_extra].
ernn_status ernn_profile_read(const ernn_store *file, const char *kind,
                              const char *const *extra_keys, int n_extra, ernn_profile *profile,
                              ernn_error *err);

// The key and tensors of the labels alone. Reading fills `counts` (n_phones 0 without them).
void ernn_label_counts_put(ernn_store_writer *writer, const ernn_label_counts *counts);
ernn_status ernn_label_counts_read(const ernn_store *file, ernn_phone_set phone_set,
                                   ernn_label_counts *counts, ernn_error *err);

#endif
