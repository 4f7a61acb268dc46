// The lines with which a training starts: what is trained, what it stores, and what of that is
// padding, layer by layer and class by class. SPDX-License-Identifier: Apache-2.0
#include "train.h"

#include <stdio.h>

void ernn_cli_training_start(const ernn_spec *spec)
{
    static const char *const classes[] = {"input", "recurrent", "projection"};
    char text[ERNN_SPEC_TEXT];
    char blocks[ERNN_SPEC_TEXT];
    const size_t of_output = ernn_spec_class_padding(spec, 0, ERNN_MATRIX_OUTPUT);
    ernn_spec_print(spec, text, sizeof text);
    ernn_spec_print_blocks(spec, blocks, sizeof blocks);
    fprintf(stderr, "%d > %s > %d, blocks %s: %zu parameters, %zu of them padding", spec->n_inputs,
            text, spec->n_labels, blocks, ernn_spec_parameters(spec),
            ernn_spec_padding(spec) + of_output);
    const char *before = " (";
    for (int l = 0; l < spec->n_layers; l++)
        for (int m = 0; m < ERNN_MATRIX_OUTPUT; m++) {
            const size_t n = ernn_spec_class_padding(spec, l, (ernn_matrix_class)m);
            if (!n)
                continue;
            fprintf(stderr, "%slayer%d.%s %zu", before, l, classes[m], n);
            before = ", ";
        }
    if (of_output) {
        fprintf(stderr, "%soutput %zu", before, of_output);
        before = ", ";
    }
    fprintf(stderr, "%s\n", *before == ',' ? ")" : "");
}

void ernn_cli_training_note_start(const ernn_model *dense, const ernn_sequences *dev, int threads)
{
    // From a start above it a network of 1024 cells did not recover in its plan:
    // docs/results-training.md.
    static const double HARDLY_LEARNED = 80;
    ernn_error err = {0};
    ernn_evaluation evaluation;
    if (ernn_evaluate(dense, dev, NULL, threads, &evaluation, &err) != ERNN_OK)
        return; // training will say what is wrong
    const double per = ernn_evaluation_per(&evaluation, dev);
    ernn_evaluation_free(&evaluation);
    fprintf(stderr, "starts from a dev PER of %.2f %%", per);
    if (per >= HARDLY_LEARNED)
        fprintf(stderr, ": the dense model has hardly learned; more epochs of it first may be "
                        "worth more than more of what follows");
    fputc('\n', stderr);
}
