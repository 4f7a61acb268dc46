// Inside view of a model for this floor and those above: a blank one to be filled by a reader.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_NN_MODEL_H
#define ERNN_SRC_NN_MODEL_H

#include "ernn/model.h"

// A model of this shape with all parameters 0 and no statistics.
ernn_status ernn_model_blank(const ernn_spec *spec, const ernn_features *features,
                             ernn_phone_set phone_set, ernn_model **model, ernn_error *err);

// Borrowed; n = 0 when there are none.
const ernn_feature_statistics *ernn_model_statistics_const(const ernn_model *model);

#endif
