// ernn eval: the phone error rate of a float or a quantised model. SPDX-License-Identifier:
// Apache-2.0
#include "cli.h"
#include "verbs.h"

#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char HELP[] =
    "ernn eval: phone error rate on labelled speech\n\n"
    "  ernn eval MODEL --data CORPUS [--json] [--trn PREFIX] [--threads N]\n\n"
    "  MODEL         a trained or a quantised model (the latter runs in integers alone)\n"
    "  --data        a TIMIT tree or a Kaldi folder\n"
    "  --trn PREFIX  also writes PREFIX.ref.trn and PREFIX.hyp.trn for sclite\n"
    "  --json        print the result as JSON\n\n"
    "Greedy decoding, both sides folded to 39 classes, edits summed over all utterances. With "
    "silence\n"
    "in the references two figures: silence scored as a phone, and silence optional; without, it "
    "is\n"
    "removed from the hypotheses.\n\n"
    "Example: ernn eval an4.safetensors --data an4/test\n";

// Either kind of model and what it was measured on.
typedef struct measurement {
    const char *path;
    const char *data;
    const char *trn;
    int threads;
    bool is_json;
    ernn_model *model;
    ernn_qmodel *qmodel;
    ernn_sequences *sequences;
    ernn_evaluation evaluation;
} measurement;

static const ernn_spec *spec_of(const measurement *m)
{
    return m->qmodel ? ernn_qmodel_spec(m->qmodel) : ernn_model_spec(m->model);
}

static ernn_status load(measurement *m, ernn_error *err)
{
    const char *kind = NULL;
    const ernn_status status = ernn_model_kind(m->path, &kind, err);
    if (status != ERNN_OK)
        return status;
    if (strcmp(kind, "qmodel") == 0)
        return ernn_qmodel_load(m->path, &m->qmodel, err);
    return ernn_model_load(m->path, &m->model, err);
}

static ernn_status load_data(measurement *m, ernn_error *err)
{
    ernn_corpus *corpus = NULL;
    ernn_feature_statistics statistics =
        m->qmodel ? *ernn_qmodel_statistics(m->qmodel) : *ernn_model_statistics(m->model);
    const ernn_features *features =
        m->qmodel ? ernn_qmodel_features(m->qmodel) : ernn_model_features(m->model);
    const ernn_phone_set phones =
        m->qmodel ? ernn_qmodel_phone_set(m->qmodel) : ernn_model_phone_set(m->model);
    ernn_status status = ernn_corpus_load(m->data, &corpus, err);
    if (status == ERNN_OK)
        status =
            ernn_sequences_new(corpus, features, &statistics, false, phones, &m->sequences, err);
    ernn_corpus_free(corpus);
    return status;
}

static ernn_status measure(measurement *m, ernn_error *err)
{
    ernn_status status = load(m, err);
    if (status == ERNN_OK)
        status = load_data(m, err);
    if (status != ERNN_OK)
        return status;
    if (m->qmodel)
        return ernn_qmodel_evaluate(m->qmodel, m->sequences, NULL, m->threads, &m->evaluation, NULL,
                                    err);
    return ernn_evaluate(m->model, m->sequences, NULL, m->threads, &m->evaluation, err);
}

// ---- Output ----

static const char *const SILENCES[] = {"scored", "optional", "removed"};

static json_t *score_json(const ernn_score *s)
{
    return json_pack("{s:f,s:I,s:I,s:I,s:I}", "per", ernn_score_per(s), "substitutions",
                     (json_int_t)s->substitutions, "deletions", (json_int_t)s->deletions,
                     "insertions", (json_int_t)s->insertions, "references",
                     (json_int_t)s->references);
}

static int print_json(const measurement *m)
{
    const ernn_evaluation *e = &m->evaluation;
    const ernn_silence quoted =
        m->sequences->has_silence ? ERNN_SILENCE_SCORED : ERNN_SILENCE_REMOVED;
    char shape[ERNN_SPEC_TEXT];
    char blocks[ERNN_SPEC_TEXT];
    ernn_spec_print(spec_of(m), shape, sizeof shape);
    ernn_spec_print_blocks(spec_of(m), blocks, sizeof blocks);
    json_t *json = score_json(&e->scores[quoted]);
    json_object_set_new(json, "silence", json_string(SILENCES[quoted]));
    if (m->sequences->has_silence)
        json_object_set_new(json, "silence_optional",
                            score_json(&e->scores[ERNN_SILENCE_OPTIONAL]));
    json_object_set_new(json, "model", json_string(m->path));
    json_object_set_new(json, "kind", json_string(m->qmodel ? "qmodel" : "model"));
    json_object_set_new(json, "spec", json_string(shape));
    json_object_set_new(json, "blocks", json_string(blocks));
    json_object_set_new(json, "parameters",
                        json_integer((json_int_t)ernn_spec_parameters(spec_of(m))));
    if (m->qmodel) {
        json_object_set_new(json, "weight_bits", json_integer(ernn_qmodel_weight_bits(m->qmodel)));
        json_object_set_new(json, "signal_bits", json_integer(ernn_qmodel_signal_bits(m->qmodel)));
    }
    json_object_set_new(json, "utterances", json_integer((json_int_t)e->n));
    json_object_set_new(json, "frames", json_integer(e->n_frames));
    json_object_set_new(json, "seconds", json_real(e->seconds));
    const int failed = json_dumpf(json, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
    json_decref(json);
    return failed ? ERNN_EXIT_FAILURE : puts("") < 0;
}

static void print_score(const ernn_score *s, ernn_silence silence)
{
    printf("PER %6.2f %%   %lld substitutions, %lld deletions, %lld insertions of %lld phones   "
           "(silence %s)\n",
           ernn_score_per(s), (long long)s->substitutions, (long long)s->deletions,
           (long long)s->insertions, (long long)s->references, SILENCES[silence]);
}

static int print_text(const measurement *m)
{
    const ernn_evaluation *e = &m->evaluation;
    if (m->sequences->has_silence) {
        print_score(&e->scores[ERNN_SILENCE_SCORED], ERNN_SILENCE_SCORED);
        print_score(&e->scores[ERNN_SILENCE_OPTIONAL], ERNN_SILENCE_OPTIONAL);
    } else
        print_score(&e->scores[ERNN_SILENCE_REMOVED], ERNN_SILENCE_REMOVED);
    printf("%zu utterances, %lld frames, %.0f frames/s%s\n", e->n, (long long)e->n_frames,
           e->seconds > 0 ? (double)e->n_frames / e->seconds : 0,
           m->qmodel ? ", integer arithmetic" : "");
    return ERNN_EXIT_OK;
}

// One file of sclite's trn form: phones, then the utterance in brackets.
static int write_trn(const measurement *m, const char *kind, int *const *phones,
                     const int *n_phones)
{
    char path[1100];
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    if (!memory)
        return ERNN_EXIT_FAILURE;
    for (size_t i = 0; i < m->sequences->n; i++) {
        for (int j = 0; j < n_phones[i]; j++)
            fprintf(memory, "%s ", ernn_phones_name(m->sequences->phone_set, phones[i][j]));
        fprintf(memory, "(%s)\n", m->sequences->ids[i]);
    }
    fclose(memory);
    snprintf(path, sizeof path, "%.1000s.%s.trn", m->trn, kind);
    const int code = ernn_cli_write(path, text);
    free(text);
    return code;
}

static int print_result(const measurement *m)
{
    int code = m->is_json ? print_json(m) : print_text(m);
    if (code == ERNN_EXIT_OK && m->trn)
        code = write_trn(m, "ref", m->sequences->phones, m->sequences->n_phones);
    if (code == ERNN_EXIT_OK && m->trn)
        code = write_trn(m, "hyp", m->evaluation.phones, m->evaluation.n_phones);
    return code;
}

int ernn_cli_eval(int argc, char **argv)
{
    static const struct option options[] = {
        {"data", required_argument, NULL, 'd'},    {"trn", required_argument, NULL, 'r'},
        {"threads", required_argument, NULL, 't'}, {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},          {NULL, 0, NULL, 0}};
    measurement m = {0};
    int option;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h')
            return fputs(HELP, stdout) < 0;
        if (option == '?')
            return ERNN_EXIT_USAGE;
        if (option == 't' && !ernn_cli_integer("eval", "threads", optarg, 0, 1024, &m.threads))
            return ERNN_EXIT_USAGE;
        m.data = option == 'd' ? optarg : m.data;
        m.trn = option == 'r' ? optarg : m.trn;
        m.is_json = m.is_json || option == 'j';
    }
    if (argc - optind != 1 || !m.data)
        return ernn_cli_usage("eval", "one model and --data are wanted");
    m.path = argv[optind];
    ernn_error err = {0};
    const ernn_status status = measure(&m, &err);
    const int code = status == ERNN_OK ? print_result(&m) : ernn_cli_fail(&err);
    ernn_evaluation_free(&m.evaluation);
    ernn_sequences_free(m.sequences);
    ernn_model_free(m.model);
    ernn_qmodel_free(m.qmodel);
    return code;
}
