// Phase II: the shortest words that keep the PER, then the most processing elements that fit
// (Li et al. 2019, section VI). No training: each point is an evaluation in integers.
// SPDX-License-Identifier: Apache-2.0
#include "explore/explore.h"

static ernn_status word_per(const ernn_search *search, const ernn_model *model, int signal_bits,
                            int weight_bits, double *per, ernn_error *err)
{
    ernn_quant_options options = ernn_quant_defaults();
    options.signal_bits = signal_bits;
    options.weight_bits = weight_bits;
    ernn_qmodel *qmodel = NULL;
    ernn_status status = ernn_quantize(model, search->train, &options, &qmodel, err);
    ernn_evaluation evaluation;
    if (status == ERNN_OK)
        status = ernn_qmodel_evaluate(qmodel, search->dev, NULL, search->options->dense.threads,
                                      &evaluation, NULL, err);
    if (status == ERNN_OK) {
        *per = ernn_evaluation_per(&evaluation, search->dev);
        ernn_evaluation_free(&evaluation);
    }
    ernn_qmodel_free(qmodel);
    return status;
}

// Shortens one of the two words step by step while the PER holds. `bits` is the word to shorten.
static ernn_status shorten(const ernn_search *search, const ernn_model *model, double limit,
                           const int *choices, int n_choices, bool is_weight,
                           ernn_explore_result *result, ernn_error *err)
{
    for (int i = 0; i < n_choices && result->n_words < ERNN_EXPLORE_MAX_WORDS; i++) {
        const int signal_bits = is_weight ? result->design.signal_bits : choices[i];
        const int weight_bits = is_weight ? choices[i] : result->design.weight_bits;
        ernn_word_trial *trial = &result->words[result->n_words];
        *trial = (ernn_word_trial){signal_bits, weight_bits, 0, false};
        ernn_status status = word_per(search, model, signal_bits, weight_bits, &trial->per, err);
        if (status != ERNN_OK)
            return status;
        result->n_words++;
        trial->is_accepted = trial->per <= limit;
        if (!trial->is_accepted)
            return ERNN_OK;
        result->design.signal_bits = signal_bits;
        result->design.weight_bits = weight_bits;
    }
    return ERNN_OK;
}

ernn_status ernn_explore_phase2(const ernn_search *search, const char *model_path,
                                ernn_explore_result *result, ernn_error *err)
{
    static const int WEIGHT_BITS[] = {12, 10, 8};
    static const int SIGNAL_BITS[] = {14, 12};
    const double limit = result->trials[result->winner].per + search->options->max_word_loss;
    ernn_model *model = NULL;
    ernn_status status = ernn_model_load(model_path, &model, err);
    if (status != ERNN_OK)
        return status;
    const ernn_quant_options start = ernn_quant_defaults();
    result->design.signal_bits = start.signal_bits;
    result->design.weight_bits = 16;
    status = shorten(search, model, limit, WEIGHT_BITS, 3, true, result, err);
    if (status == ERNN_OK)
        status = shorten(search, model, limit, SIGNAL_BITS, 2, false, result, err);
    const int signal_bits = result->design.signal_bits;
    const int weight_bits = result->design.weight_bits;
    if (status == ERNN_OK)
        status = ernn_design_most_pes(ernn_model_spec(model), search->device, signal_bits,
                                      weight_bits, search->options->share, &result->design, err);
    if (status == ERNN_OK)
        result->cost = ernn_design_cost(ernn_model_spec(model), &result->design);
    ernn_model_free(model);
    return status;
}
