// Training options: defaults, ranges, and the text that a checkpoint is compared with.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_TRAIN_OPTIONS_H
#define ERNN_SRC_TRAIN_OPTIONS_H

#include "base/buffer.h"

#include "ernn/train.h"

// The dropout of a training: what was asked for, or the method's default.
double ernn_train_dropout(const ernn_train_options *options);

// Refuses values outside the ranges of train.h, naming field, value and range.
ernn_status ernn_train_validate(const ernn_train_options *options, ernn_error *err);

// Every option that the result depends on, one "key=value" line each.
void ernn_train_options_print(ernn_buffer *text, const ernn_train_options *options);

// Everything that the result depends on, one "key=value" line each: options, shapes, digests of the
// initial parameters and of the data.
void ernn_train_identity(ernn_buffer *text, const ernn_train_options *options,
                         const ernn_model *initial, const ernn_spec *structure,
                         const ernn_sequences *train, const ernn_sequences *dev);

// Two digests to compare ranks by.
uint64_t ernn_train_digest(const ernn_model *model);
uint64_t ernn_train_digest_text(const char *text);

#endif
