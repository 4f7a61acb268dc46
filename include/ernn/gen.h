// Generating the accelerator: Verilog top, memories, bench and manifest, through a file sink.
//
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_GEN_H
#define ERNN_GEN_H

#include "ernn/hw.h"
#include "ernn/quant.h"

#ifdef __cplusplus
extern "C" {
#endif

// Receives each generated file: path relative to the project, bytes. Anything but ERNN_OK stops.
typedef ernn_status (*ernn_file_sink)(void *user, const char *path, const void *data, size_t size,
                                      ernn_error *err);

typedef struct ernn_gen_options {
    const char *rtl_folder;        // where the hand-written modules lie; they are copied unchanged
    const ernn_sequences *vectors; // stimulus of the bench; NULL: seeded random frames
    int max_frames;                // frames of stimulus, default 64
    uint64_t seed;                 // of random frames, initial states and stalls
} ernn_gen_options;

ERNN_API ernn_gen_options ernn_gen_defaults(void);

// The whole project: README.md, rtl/, mem/, tb/, manifest.json. Deterministic: same inputs, same
// bytes.
ERNN_API ernn_status ernn_generate(const ernn_qmodel *qmodel, const ernn_design *design,
                                   const ernn_gen_options *options, ernn_file_sink sink, void *user,
                                   ernn_error *err);

// ---- A generated project on disk ----

// Writes the project to the folder `path`, which appears complete or not at all. An existing one is
// refused unless `is_forced`.
ERNN_API ernn_status ernn_generate_folder(const ernn_qmodel *qmodel, const ernn_design *design,
                                          const ernn_gen_options *options, const char *path,
                                          bool is_forced, ernn_error *err);

enum { ERNN_PROJECT_MAX_SOURCES = 64 };

// What manifest.json says of it.
typedef struct ernn_project {
    char folder[1000];
    char device[32];
    char network[160]; // canonical text form
    double clock_mhz;
    int pes;
    int signal_bits;
    int n_frames;     // of stimulus
    int n_sequences;  // utterances; the state is reset between them
    int output_words; // per frame
    ernn_cost modelled;
    int n_sources;
    char sources[ERNN_PROJECT_MAX_SOURCES][160]; // rtl/*.v, relative to the folder
    int n_changed;                               // files that differ from the manifest's digest
    char changed[160];                           // the first of them, "" = none
} ernn_project;

// Reads DIR/manifest.json and compares every listed file with its size and digest. A changed file
// is reported in the struct, not refused (the bench must find its effect); a missing one is.
ERNN_API ernn_status ernn_project_load(ernn_project *project, const char *folder, ernn_error *err);

// The first value inside the accelerator that differs from the model's, in the order of
// computation: frame, layer, signal, index.
typedef struct ernn_mismatch {
    bool is_found;
    int frame;
    int layer;
    char signal[32]; // "x", "input_product", "recurrent_product", "c", "m", "y", ...
    int index;
    int64_t got;
    int64_t want;
} ernn_mismatch;

// Compares the bench's trace (lines "frame layer signal index value", any order inside a frame)
// with the trace of src/rt in DIR/tb/trace.txt.
ERNN_API ernn_status ernn_project_locate(const ernn_project *project, const char *trace_path,
                                         ernn_mismatch *first, ernn_error *err);

#ifdef __cplusplus
}
#endif
#endif
