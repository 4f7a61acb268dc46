// Checkpoints: the state of a training after any update, in one safetensors file that is replaced
// atomically. SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_TRAIN_CHECKPOINT_H
#define ERNN_SRC_TRAIN_CHECKPOINT_H

#include "train/trainer.h"

ernn_status ernn_checkpoint_save(const ernn_trainer *trainer, const char *path, ernn_error *err);

// In how many parts the batches of this training are.
ernn_status ernn_checkpoint_parts(const char *path, int *parts, ernn_error *err);

// In two steps, since the phase decides the sizes. Load checks that the options agree, and fills
// the report (epochs done, best) and the position; read returns the rest into a trainer that has
// been prepared for the phase: that of the running epoch, else of the last one done.
typedef struct ernn_checkpoint ernn_checkpoint;
ernn_status ernn_checkpoint_load(const char *path, ernn_trainer *trainer,
                                 ernn_checkpoint **checkpoint, ernn_error *err);
ernn_status ernn_checkpoint_read(const ernn_checkpoint *checkpoint, ernn_trainer *trainer,
                                 ernn_error *err);
void ernn_checkpoint_free(ernn_checkpoint *checkpoint);

#endif
