// Writes a small random model for the tests of the command.
// Usage: make_model FILE [NETWORK BLOCKS]. SPDX-License-Identifier: Apache-2.0
#include "base/rng.h"
#include "ernn/ernn.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    ernn_error err = {0};
    ernn_model *model = NULL;
    ernn_spec spec = ernn_spec_defaults();
    ernn_features features = ernn_features_defaults();
    ernn_rng rng = ernn_rng_new(1, 2, 3);
    features.n_filters = 9;
    features.n_stacked = 3;
    spec.n_inputs = 27;
    spec.n_labels = 5;
    const char *network = argc == 4 ? argv[2] : "lstm:13p7,6+peephole";
    const char *blocks = argc == 4 ? argv[3] : "input=8,recurrent=4,projection=2";
    if ((argc != 2 && argc != 4) || ernn_spec_parse(&spec, network, &err) != ERNN_OK ||
        ernn_spec_parse_blocks(&spec, blocks, &err) != ERNN_OK ||
        ernn_model_new(&spec, &features, ERNN_PHONES_48, 1, &model, &err) != ERNN_OK)
        return 1;
    for (size_t i = 0; i < ernn_model_n_parameters(model); i++)
        if (ernn_model_parameters(model)[i] != 0 || argc == 2) // zeros of sparse matrices stay
            ernn_model_parameters(model)[i] = (float)ernn_rng_normal(&rng);
    ernn_model_statistics(model)->n = 9;
    const int code = ernn_model_save(model, argv[1], &err) == ERNN_OK ? 0 : 1;
    if (code)
        fprintf(stderr, "%s\n", err.text);
    ernn_model_free(model);
    return code;
}
