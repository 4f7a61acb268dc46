// Decoding of a set of sequences with nets that exist already, for the training loop.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_TRAIN_EVALUATE_H
#define ERNN_SRC_TRAIN_EVALUATE_H

#include "nn/net.h"
#include "speech/evaluation.h"

#include "ernn/train.h"

// Decodes with nets[n_nets], one thread each; every net holds ERNN_DECODE_GROUP utterances of the
// longest sequence. `weights` are those of `model`; `options` NULL: greedy. With a `comm` (else
// NULL) every rank decodes its share of the groups, and the scores are those of all; phones are
// only the rank's own.
ernn_status ernn_evaluate_on(const ernn_model *model, const ernn_weights *weights,
                             ernn_net *const *nets, int n_nets, ernn_comm *comm,
                             const ernn_sequences *sequences, const ernn_decode_options *options,
                             ernn_evaluation *evaluation, ernn_error *err);

// Refuses sequences whose width or label set the model does not have. `what` begins the message.
ernn_status ernn_evaluate_check(const ernn_model *model, const ernn_sequences *sequences,
                                const char *what, ernn_error *err);

#endif
