// Phase I: block size, cell and input blocks, with about five trainings (Li et al. 2019, section
// V). One training brings one candidate to its final structure; the dense network that a cell type
// starts from is trained once and shared by its candidates.
// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"
#include "base/file.h"
#include "explore/explore.h"

#include <math.h>
#include <stdio.h>

ernn_explore_options ernn_explore_defaults(void)
{
    ernn_explore_options options = {
        .max_loss = 1.0,
        .max_word_loss = 0.5,
        .share = 0.8,
        .max_trainings = 5,
        .folder = "explore",
        .dense = ernn_train_defaults(),
        .compress = ernn_train_defaults(),
    };
    options.compress.method = ERNN_METHOD_ADMM;
    return options;
}

static ernn_spec shaped(const ernn_spec *start, ernn_cell cell, int k_input, int k)
{
    ernn_spec spec = *start;
    for (int l = 0; l < spec.n_layers; l++) {
        ernn_layer_spec *layer = &spec.layers[l];
        layer->cell = cell;
        layer->is_reset_after = cell == ERNN_CELL_GRU;
        if (cell == ERNN_CELL_GRU) {
            layer->n_projected = 0;
            layer->is_peephole = false;
        }
        const int k_projection = layer->n_projected ? k : 1;
        ernn_spec_set_structure(layer, ERNN_MATRIX_INPUT, (ernn_structure){.block = k_input});
        ernn_spec_set_structure(layer, ERNN_MATRIX_RECURRENT, (ernn_structure){.block = k});
        ernn_spec_set_structure(layer, ERNN_MATRIX_PROJECTION,
                                (ernn_structure){.block = k_projection});
    }
    return spec;
}

static int count_trained(const ernn_explore_result *result)
{
    int n = 0;
    for (int i = 0; i < result->n_trials; i++)
        n += result->trials[i].is_trained;
    return n;
}

// One processing element for each product is the least that can be built; a candidate that does not
// fit even so is not worth a training.
static bool fits_device(const ernn_search *search, const ernn_spec *spec, ernn_trial *trial,
                        const char *why)
{
    const ernn_quant_options words = ernn_quant_defaults();
    ernn_design design;
    ernn_error fault = {0};
    if (ernn_design_most_pes(spec, search->device, words.signal_bits, words.weight_bits,
                             search->options->share, &design, &fault) == ERNN_OK)
        return true;
    ernn_spec_print(spec, trial->spec, sizeof trial->spec);
    ernn_spec_print_blocks(spec, trial->blocks, sizeof trial->blocks);
    snprintf(trial->reason, sizeof trial->reason, "%s: not trained, %.200s", why, fault.text);
    return false;
}

static void decide(const ernn_explore_result *result, ernn_trial *trial, const char *why)
{
    trial->is_trained = true;
    trial->is_accepted = trial->per <= result->requirement;
    if (trial->is_accepted)
        snprintf(trial->reason, sizeof trial->reason, "%s: %.2f %% keeps the requirement", why,
                 trial->per);
    else
        snprintf(trial->reason, sizeof trial->reason, "%s: rejected, %.2f points over %.2f %%", why,
                 trial->per - result->requirement, result->requirement);
}

// Tries one candidate, if the training budget allows, and says whether it meets the requirement.
static ernn_status try_candidate(const ernn_search *search, const ernn_spec *spec, const char *why,
                                 ernn_explore_result *result, bool *is_good, ernn_error *err)
{
    *is_good = false;
    if (count_trained(result) >= search->options->max_trainings ||
        result->n_trials >= ERNN_EXPLORE_MAX_TRIALS)
        return ERNN_OK;
    ernn_trial *trial = &result->trials[result->n_trials];
    *trial = (ernn_trial){0};
    if (fits_device(search, spec, trial, why)) {
        ernn_status status = ernn_explore_trial(search, spec, trial, err);
        if (status != ERNN_OK)
            return status;
        decide(result, trial, why);
        *is_good = trial->is_accepted;
    }
    result->n_trials++;
    return ERNN_OK;
}

// Bisects the block sizes between the bounds for the largest that keeps the PER. Returns it in
// `*best`, 0 when none does.
static ernn_status search_block(const ernn_search *search, const ernn_spec *start,
                                ernn_explore_result *result, int *best, ernn_error *err)
{
    int low = (int)lround(log2(result->block_low));
    int high = (int)lround(log2(result->block_high));
    *best = 0;
    while (low <= high) {
        const int middle = (low + high + 1) / 2;
        const int k = 1 << middle;
        const ernn_spec spec = shaped(start, ERNN_CELL_LSTM, k, k);
        char why[40];
        snprintf(why, sizeof why, "LSTM, block %d", k);
        const int before = result->n_trials;
        bool is_good;
        ernn_status status = try_candidate(search, &spec, why, result, &is_good, err);
        if (status != ERNN_OK || result->n_trials == before)
            return status;
        if (is_good) {
            *best = k;
            result->winner = before;
            low = middle + 1;
        } else {
            high = middle - 1;
        }
    }
    return ERNN_OK;
}

// A candidate that replaces the winner when it keeps the requirement.
static ernn_status improve(const ernn_search *search, const ernn_spec *spec, const char *why,
                           ernn_explore_result *result, bool *is_good, ernn_error *err)
{
    const int index = result->n_trials;
    ernn_status status = try_candidate(search, spec, why, result, is_good, err);
    if (status == ERNN_OK && *is_good)
        result->winner = index;
    return status;
}

static ernn_status phase1(const ernn_search *search, const ernn_spec *start,
                          ernn_explore_result *result, ernn_error *err)
{
    int k = 0;
    ernn_status status = search_block(search, start, result, &k, err);
    if (status != ERNN_OK)
        return status;
    bool is_good = false;
    ernn_cell cell = ERNN_CELL_LSTM;
    char why[60];
    // A GRU of the same block has three gates for four; when no LSTM held, it may still.
    const int k_gru = k ? k : result->block_low;
    const ernn_spec gru = shaped(start, ERNN_CELL_GRU, k_gru, k_gru);
    snprintf(why, sizeof why, "GRU for LSTM, block %d", k_gru);
    status = improve(search, &gru, why, result, &is_good, err);
    if (status != ERNN_OK)
        return status;
    if (is_good) {
        cell = ERNN_CELL_GRU;
        k = k_gru;
    }
    if (!k || 2 * k > 16)
        return ERNN_OK;
    const ernn_spec coarser = shaped(start, cell, 2 * k, k);
    snprintf(why, sizeof why, "coarser input matrices, block %d", 2 * k);
    return improve(search, &coarser, why, result, &is_good, err);
}

static ernn_status check_options(const ernn_explore_options *o, ernn_error *err)
{
    if (!(o->max_loss >= 0 && o->max_loss <= 100))
        return ernn_error_set(err, ERNN_BAD_ARG, "explore: max loss %g, 0 to 100 PER points",
                              o->max_loss);
    if (!(o->max_word_loss >= 0 && o->max_word_loss <= 100))
        return ernn_error_set(err, ERNN_BAD_ARG, "explore: max word loss %g, 0 to 100 PER points",
                              o->max_word_loss);
    if (!(o->share > 0 && o->share <= 1))
        return ernn_error_set(err, ERNN_BAD_ARG, "explore: share %g, above 0 to 1", o->share);
    if (o->max_trainings < 1 || o->max_trainings > ERNN_EXPLORE_MAX_TRIALS)
        return ernn_error_set(err, ERNN_BAD_ARG, "explore: %d trainings, 1 to %d", o->max_trainings,
                              ERNN_EXPLORE_MAX_TRIALS);
    return ERNN_OK;
}

// The bounds on the block size, refused when they cross.
static ernn_status find_bounds(const ernn_search *search, const ernn_spec *lstm,
                               ernn_explore_result *result, ernn_error *err)
{
    const ernn_quant_options words = ernn_quant_defaults();
    result->block_low = ernn_explore_block_low(lstm, search->device, words.signal_bits,
                                               words.weight_bits, search->options->share);
    result->block_high = ernn_explore_block_high(lstm);
    if (!result->block_low)
        return ernn_error_set(err, ERNN_NO_FIT,
                              "explore: even at block 16 the weights do not fit %.0f %% of the %d "
                              "memories of %s; take smaller layers or a larger device",
                              100 * search->options->share, search->device->bram,
                              search->device->name);
    if (result->block_high < result->block_low)
        result->block_high = result->block_low;
    return ERNN_OK;
}

ernn_status ernn_explore(const ernn_spec *start, const ernn_features *features,
                         const ernn_feature_statistics *statistics, const ernn_sequences *train,
                         const ernn_sequences *dev, const ernn_device *device,
                         const ernn_explore_options *options, ernn_explore_result *result,
                         ernn_error *err)
{
    const ernn_search search = {features, statistics, train, dev, device, options};
    *result = (ernn_explore_result){.winner = -1};
    ernn_status status = check_options(options, err);
    if (status == ERNN_OK)
        status = ernn_folder_new(options->folder, err);
    const ernn_spec lstm = shaped(start, ERNN_CELL_LSTM, 1, 1);
    if (status == ERNN_OK)
        status = ernn_spec_validate(&lstm, err);
    if (status == ERNN_OK)
        status = find_bounds(&search, &lstm, result, err);
    ernn_model *dense = NULL;
    char path[256];
    double per_dense = 0;
    if (status == ERNN_OK)
        status = ernn_explore_dense(&search, &lstm, path, sizeof path, &dense, &per_dense, err);
    ernn_model_free(dense);
    if (status != ERNN_OK)
        return status;
    result->requirement = per_dense + options->max_loss;
    if (options->max_per > 0 && options->max_per < result->requirement)
        result->requirement = options->max_per;
    status = phase1(&search, start, result, err);
    if (status != ERNN_OK)
        return status;
    if (result->winner < 0)
        return ernn_error_set(err, ERNN_NO_FIT,
                              "explore: no candidate keeps %.2f %% PER after %d trainings; allow "
                              "more loss, more epochs or larger layers",
                              result->requirement, count_trained(result));
    return ernn_explore_phase2(&search, result->trials[result->winner].model, result, err);
}
