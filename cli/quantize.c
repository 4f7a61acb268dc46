// ernn quantize: a trained model to integers. SPDX-License-Identifier: Apache-2.0
#include "options.h"
#include "verbs.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

static const char HELP[] =
    "ernn quantize: a trained model in integers, with formats from calibration data\n\n"
    "  ernn quantize MODEL --data CORPUS -o QMODEL [options]\n\n"
    "  MODEL              a trained model, dense or circulant\n"
    "  --data CORPUS      what to calibrate on: a TIMIT tree or a Kaldi folder\n"
    "  -o, --output FILE  the quantised model\n"
    "  --signal-bits N    word length of signals, 8 to 18 (16)\n"
    "  --weight-bits N    word length of weights, 4 to 16 (12)\n"
    "  --sequences N      calibration utterances, spread over the corpus (64)\n"
    "  --threads N        for the run in integers, 0 = all cores (0)\n"
    "  --json             one JSON object instead of the table\n\n"
    "Prints every signal's range and format Q<integer>.<fraction>, then how often the integers\n"
    "saturate on the calibration data. docs/fixed-point.md is the arithmetic.\n\n"
    "Example: ernn quantize an4.safetensors --data an4/train -o an4-fixed.safetensors\n";

typedef struct arguments {
    const char *model;
    const char *data;
    const char *output;
    ernn_quant_options options;
    int threads;
    bool is_json;
} arguments;

// What there is to print.
typedef struct outcome {
    ernn_qmodel *qmodel;
    size_t n_sequences;
    ernn_evaluation evaluation;
    double per;
    uint64_t saturations[ERNN_SATURATION_CLASSES];
} outcome;

#define FIELD(name) OPTION_FIELD(arguments, name)

static const ernn_option OPTIONS[] = {
    {"data", OPTION_TEXT, FIELD(data)},
    {"output", OPTION_TEXT, FIELD(output), .letter = 'o'},
    {"signal-bits", OPTION_INTEGER, FIELD(options.signal_bits), 8, 18},
    {"weight-bits", OPTION_INTEGER, FIELD(options.weight_bits), 4, 16},
    {"sequences", OPTION_INTEGER, FIELD(options.max_sequences), 1, 1000000},
    {"threads", OPTION_INTEGER, FIELD(threads), 0, 1024},
    {"json", OPTION_FLAG, FIELD(is_json)},
    {0}};

// ---- Work ----

// At most `max` utterances, spread evenly; `view` borrows them, its array is freed by the caller.
static ernn_status thin_out(const ernn_corpus *corpus, size_t max, ernn_corpus *view,
                            ernn_error *err)
{
    *view = *corpus;
    view->n_utterances = corpus->n_utterances < max ? corpus->n_utterances : max;
    view->utterances = malloc((view->n_utterances + 1) * sizeof *view->utterances);
    if (!view->utterances) {
        err->status = ERNN_NO_MEMORY;
        snprintf(err->text, sizeof err->text, "%s: out of memory", corpus->path);
        return ERNN_NO_MEMORY;
    }
    for (size_t i = 0; i < view->n_utterances; i++)
        view->utterances[i] = corpus->utterances[i * corpus->n_utterances / view->n_utterances];
    return ERNN_OK;
}

static ernn_status load_calibration(const arguments *a, ernn_model *model,
                                    ernn_sequences **sequences, ernn_error *err)
{
    ernn_corpus *corpus = NULL;
    ernn_corpus view = {0};
    ernn_status status = ernn_corpus_load(a->data, &corpus, err);
    if (status == ERNN_OK)
        status = thin_out(corpus, (size_t)a->options.max_sequences, &view, err);
    if (status == ERNN_OK)
        status = ernn_sequences_new(&view, ernn_model_features(model), ernn_model_statistics(model),
                                    false, ernn_model_phone_set(model), sequences, err);
    free(view.utterances);
    ernn_corpus_free(corpus);
    return status;
}

static ernn_status work(const arguments *a, outcome *o, ernn_error *err)
{
    ernn_model *model = NULL;
    ernn_sequences *calibration = NULL;
    ernn_status status = ernn_model_load(a->model, &model, err);
    if (status == ERNN_OK)
        status = load_calibration(a, model, &calibration, err);
    if (status == ERNN_OK)
        status = ernn_quantize(model, calibration, &a->options, &o->qmodel, err);
    if (status == ERNN_OK)
        status = ernn_qmodel_evaluate(o->qmodel, calibration, NULL, a->threads, &o->evaluation,
                                      o->saturations, err);
    if (status == ERNN_OK) {
        o->n_sequences = calibration->n;
        o->per = ernn_evaluation_per(&o->evaluation, calibration);
        status = ernn_qmodel_save(o->qmodel, a->output, err);
    }
    ernn_sequences_free(calibration);
    ernn_model_free(model);
    return status;
}

// ---- Output ----

static int print_json(const arguments *a, const outcome *o)
{
    size_t n = 0;
    const ernn_signal_format *table = ernn_qmodel_formats(o->qmodel, &n);
    json_t *signals = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(signals, json_pack("{s:s,s:f,s:f,s:i,s:i}", "name", table[i].name,
                                                 "low", table[i].low, "high", table[i].high, "bits",
                                                 table[i].bits, "frac", table[i].frac));
    json_t *saturations = json_object();
    for (int c = 0; c < ERNN_SATURATION_CLASSES; c++)
        json_object_set_new(saturations, ernn_saturation_name(c),
                            json_integer((json_int_t)o->saturations[c]));
    json_t *json = json_pack(
        "{s:s,s:s,s:i,s:i,s:I,s:I,s:o,s:o}", "model", a->model, "output", a->output, "signal_bits",
        ernn_qmodel_signal_bits(o->qmodel), "weight_bits", ernn_qmodel_weight_bits(o->qmodel),
        "calibration_sequences", (json_int_t)o->n_sequences, "calibration_frames",
        (json_int_t)o->evaluation.n_frames, "saturations", saturations, "signals", signals);
    if (o->evaluation.n_frames > 0 && o->per == o->per) // not without references
        json_object_set_new(json, "calibration_per", json_real(o->per));
    const int failed = !json || json_dumpf(json, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
    json_decref(json);
    return failed ? ERNN_EXIT_FAILURE : puts("") < 0;
}

static int print_text(const arguments *a, const outcome *o)
{
    size_t n = 0;
    const ernn_signal_format *table = ernn_qmodel_formats(o->qmodel, &n);
    printf("%-32s %12s %12s  %s\n", "signal", "lowest", "highest", "format");
    for (size_t i = 0; i < n; i++)
        printf("%-32s %12.5g %12.5g  Q%d.%d\n", table[i].name, table[i].low, table[i].high,
               table[i].bits - table[i].frac, table[i].frac);
    printf("\nsaturations in %lld frames of %zu utterances:", (long long)o->evaluation.n_frames,
           o->n_sequences);
    for (int c = 0; c < ERNN_SATURATION_CLASSES; c++)
        printf("%s %llu %s", c ? "," : "", (unsigned long long)o->saturations[c],
               ernn_saturation_name(c));
    printf("\nPER %.2f %% there, in integers\nwritten to %s\n", o->per, a->output);
    return fflush(stdout) != 0;
}

int ernn_cli_quantize(int argc, char **argv)
{
    arguments a = {.options = ernn_quant_defaults()};
    outcome o = {0};
    ernn_error err = {0};
    const ernn_command command = {"quantize", .help = HELP, .operand = "models", .options = OPTIONS,
                                  .fields = &a};
    int code = ernn_command_read(&command, argc, argv);
    if (code >= 0)
        return code;
    a.model = argv[optind];
    if (!a.data || !a.output)
        return ernn_cli_usage("quantize", "%s is missing", a.data ? "--output" : "--data");
    if (work(&a, &o, &err) != ERNN_OK)
        code = ernn_cli_fail(&err);
    else
        code = a.is_json ? print_json(&a, &o) : print_text(&a, &o);
    ernn_evaluation_free(&o.evaluation);
    ernn_qmodel_free(o.qmodel);
    return code;
}
