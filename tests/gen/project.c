// Writes a project of a random quantised network, for the tests of generation, simulation and
// synthesis:
//   write-project SPEC INPUTS BLOCKS DEVICE PES SIGNAL_BITS WEIGHT_BITS FRAMES SEED RTL DIR
//   [labels=N] [output] [streams=N]
// PES 0: the most that fit. A DIR that ends in .safetensors: the quantised network itself. labels:
// 5 without. output: the output layer too. streams: the frames of so many come in turn.
// SPDX-License-Identifier: Apache-2.0
#include "ernn/gen.h"
#include "fixed/qmodel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    ernn_error err = {0};
    ernn_qmodel *qmodel = NULL;
    ernn_design design;
    ernn_gen_options options = ernn_gen_defaults();
    if (argc < 12)
        return 2;
    ernn_spec spec = ernn_spec_defaults();
    const ernn_device *device = ernn_device_find(argv[4]);
    spec.n_inputs = atoi(argv[2]);
    const bool has_labels = argc > 12 && !strncmp(argv[12], "labels=", 7);
    spec.n_labels = has_labels ? atoi(argv[12] + 7) : 5;
    ernn_status status = device ? ernn_spec_parse(&spec, argv[1], &err) : ERNN_BAD_ARG;
    if (status == ERNN_OK)
        status = ernn_spec_parse_blocks(&spec, argv[3], &err);
    if (status == ERNN_OK)
        status = ernn_qmodel_random(&spec, atoi(argv[6]), atoi(argv[7]), (uint64_t)atoi(argv[9]),
                                    &qmodel, &err);
    if (status == ERNN_OK)
        status = atoi(argv[5]) ? ernn_design_new(&spec, device, atoi(argv[6]), atoi(argv[7]),
                                                 atoi(argv[5]), &design, &err)
                               : ernn_design_most_pes(&spec, device, atoi(argv[6]), atoi(argv[7]),
                                                      0.6, &design, &err);
    for (int i = 12 + has_labels; status == ERNN_OK && i < argc; i++) {
        if (!strncmp(argv[i], "streams=", 8))
            status = ernn_design_set_streams(&spec, &design, atoi(argv[i] + 8), &err);
        else
            ernn_design_add_output(&spec, &design);
    }
    options.max_frames = atoi(argv[8]);
    options.seed = (uint64_t)atoi(argv[9]);
    options.rtl_folder = argv[10];
    // Statistics of real features, so that a corpus can be the stimulus.
    for (int i = 0; status == ERNN_OK && i < 40; i++) {
        qmodel->statistics.n = 40;
        qmodel->statistics.mean[i] = -8;
        qmodel->statistics.variance[i] = 9;
    }
    const char *dot = strrchr(argv[11], '.');
    if (status == ERNN_OK && dot && !strcmp(dot, ".safetensors"))
        status = ernn_qmodel_save(qmodel, argv[11], &err);
    else if (status == ERNN_OK)
        status = ernn_generate_folder(qmodel, &design, &options, argv[11], true, &err);
    ernn_qmodel_free(qmodel);
    if (status != ERNN_OK)
        fprintf(stderr, "project: %s\n", err.text);
    return status != ERNN_OK;
}
