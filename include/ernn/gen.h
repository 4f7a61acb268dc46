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

#ifdef __cplusplus
}
#endif
#endif
