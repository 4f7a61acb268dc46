// ernn eval: error rates of a float or a quantised model, and of two of them on the same speech.
// SPDX-License-Identifier: Apache-2.0
#include "eval.h"
#include "verbs.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char HELP[] =
    "ernn eval: phone and word error rates on labelled speech\n\n"
    "  ernn eval MODEL --data CORPUS [options]\n\n"
    "  MODEL         a trained or a quantised model (the latter runs in integers alone)\n"
    "  --data        a TIMIT tree or a Kaldi folder\n"
    "  --timit ROOT  instead: the core test of a complete TIMIT, or --part dev|train\n\n"
    "Decoder\n"
    "  --decoder greedy|beam|viterbi|lexicon   by default viterbi for a model trained on frames,\n"
    "                        lexicon with --lexicon, else greedy\n"
    "  --beam N              prefixes that the beam keeps (32)\n"
    "  --lexicon FILE        lines WORD PHONE PHONE ...: words, and their error rate\n"
    "  --lm CORPUS|X.arpa    bigram of phones (beam, viterbi) or words (lexicon): estimated from\n"
    "                        the labels or texts of a corpus, or read; --save-lm X.arpa keeps it\n"
    "  --lm-weight R --lm-order 1|2 --insertion-penalty R   (1, 2, 0)\n"
    "  --acoustic-scale R --min-frames N                    viterbi: (1, 1)\n\n"
    "Output\n"
    "  --json                the result as JSON\n"
    "  --confusion           also which phone was taken for which\n"
    "  --utterances FILE     edits of each utterance, tab-separated\n"
    "  --trn PREFIX          PREFIX.ref.trn and PREFIX.hyp.trn for sclite; with a lexicon also\n"
    "                        PREFIX.words.ref.trn and PREFIX.words.hyp.trn\n"
    "  --against MODEL       a second model on the same utterances: difference, 95 % interval and\n"
    "                        p by matched pairs; --seed N of the interval's samples (1)\n"
    "  --threads N           the result does not depend on them\n\n"
    "Both sides are folded to 39 classes, edits summed over all utterances. With silence in the\n"
    "references two figures: silence scored as a phone, and silence optional; without, it is\n"
    "removed from the hypotheses.\n\n"
    "Example: ernn eval an4.safetensors --data an4/test --lexicon an4/lexicon.txt --lm an4/train\n";

static ernn_status load_corpus(const eval_arguments *a, ernn_corpus **corpus, ernn_error *err)
{
    if (!a->timit)
        return ernn_corpus_load(a->data, corpus, err);
    const ernn_timit_part part = (ernn_timit_part)a->part;
    const ernn_status status = ernn_timit_load(a->timit, part, corpus, err);
    return status == ERNN_OK ? ernn_timit_check(*corpus, part, err) : status;
}

// Both models decoded the same utterances: the edits of words if there are some, else of phones.
static ernn_status compare(const eval_arguments *a, const eval_result *one, const eval_result *two,
                           ernn_comparison *comparison, ernn_error *err)
{
    const size_t n = one->sequences->n;
    int64_t *counts = calloc(n, 3 * sizeof *counts);
    if (!counts)
        return ernn_eval_error(err, ERNN_NO_MEMORY, "eval: out of memory");
    const ernn_score *x = one->word_scores ? one->word_scores : one->scores;
    const ernn_score *y = two->word_scores ? two->word_scores : two->scores;
    ernn_status status = ERNN_OK;
    for (size_t i = 0; i < n && status == ERNN_OK; i++) {
        counts[i] = x[i].substitutions + x[i].deletions + x[i].insertions;
        counts[n + i] = y[i].substitutions + y[i].deletions + y[i].insertions;
        counts[2 * n + i] = x[i].references;
        if (x[i].references != y[i].references || (x == one->scores) != (y == two->scores))
            status = ernn_eval_error(err, ERNN_BAD_ARG,
                                     "%s and %s: other references in '%s'; their label sets or "
                                     "decoders do not compare",
                                     one->path, two->path, one->sequences->ids[i]);
    }
    if (status == ERNN_OK)
        status =
            ernn_compare(counts, counts + n, counts + 2 * n, n, (uint64_t)a->seed, comparison, err);
    free(counts);
    return status;
}

static int run(const eval_arguments *a)
{
    ernn_error err = {0};
    ernn_corpus *corpus = NULL;
    ernn_comparison comparison;
    eval_result *results = calloc(2, sizeof *results);
    ernn_status status = results ? load_corpus(a, &corpus, &err)
                                 : ernn_eval_error(&err, ERNN_NO_MEMORY, "eval: out of memory");
    if (status == ERNN_OK)
        status = ernn_eval_run(a, a->model, corpus, &results[0], &err);
    if (status == ERNN_OK && a->against)
        status = ernn_eval_run(a, a->against, corpus, &results[1], &err);
    if (status == ERNN_OK && a->against)
        status = compare(a, &results[0], &results[1], &comparison, &err);
    if (status == ERNN_OK && a->save_lm && results[0].bigram)
        status = ernn_bigram_save(results[0].bigram, a->save_lm, &err);
    int code = status == ERNN_OK ? ERNN_EXIT_OK : ernn_cli_fail(&err);
    if (code == ERNN_EXIT_OK)
        code = ernn_eval_print(a, &results[0], a->against ? &results[1] : NULL,
                               a->against ? &comparison : NULL);
    if (code == ERNN_EXIT_OK)
        code = ernn_eval_write_files(a, &results[0], corpus);
    for (int i = 0; results && i < 2; i++)
        ernn_eval_free(&results[i]);
    free(results);
    ernn_corpus_free(corpus);
    return code;
}

// ---- Options ----

enum {
    O_DATA = 1000,
    O_TIMIT,
    O_PART,
    O_DECODER,
    O_BEAM,
    O_LEXICON,
    O_LM,
    O_SAVE_LM,
    O_LM_WEIGHT,
    O_LM_ORDER,
    O_PENALTY,
    O_SCALE,
    O_MIN_FRAMES,
    O_JSON,
    O_CONFUSION,
    O_UTTERANCES,
    O_TRN,
    O_AGAINST,
    O_SEED,
    O_THREADS,
};

static const struct option OPTIONS[] = {
    {"data", required_argument, NULL, O_DATA},
    {"timit", required_argument, NULL, O_TIMIT},
    {"part", required_argument, NULL, O_PART},
    {"decoder", required_argument, NULL, O_DECODER},
    {"beam", required_argument, NULL, O_BEAM},
    {"lexicon", required_argument, NULL, O_LEXICON},
    {"lm", required_argument, NULL, O_LM},
    {"save-lm", required_argument, NULL, O_SAVE_LM},
    {"lm-weight", required_argument, NULL, O_LM_WEIGHT},
    {"lm-order", required_argument, NULL, O_LM_ORDER},
    {"insertion-penalty", required_argument, NULL, O_PENALTY},
    {"acoustic-scale", required_argument, NULL, O_SCALE},
    {"min-frames", required_argument, NULL, O_MIN_FRAMES},
    {"json", no_argument, NULL, O_JSON},
    {"confusion", no_argument, NULL, O_CONFUSION},
    {"utterances", required_argument, NULL, O_UTTERANCES},
    {"trn", required_argument, NULL, O_TRN},
    {"against", required_argument, NULL, O_AGAINST},
    {"seed", required_argument, NULL, O_SEED},
    {"threads", required_argument, NULL, O_THREADS},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static void take_text(eval_arguments *a, int option, const char *text)
{
    a->data = option == O_DATA ? text : a->data;
    a->timit = option == O_TIMIT ? text : a->timit;
    a->lexicon = option == O_LEXICON ? text : a->lexicon;
    a->lm = option == O_LM ? text : a->lm;
    a->save_lm = option == O_SAVE_LM ? text : a->save_lm;
    a->utterances = option == O_UTTERANCES ? text : a->utterances;
    a->trn = option == O_TRN ? text : a->trn;
    a->against = option == O_AGAINST ? text : a->against;
    a->is_json = a->is_json || option == O_JSON;
    a->has_confusion = a->has_confusion || option == O_CONFUSION;
}

static bool take_number(eval_arguments *a, int option, const char *text)
{
    static const char *const PARTS[] = {"train", "dev", "coretest"};
    ernn_decode_options *o = &a->options;
    switch (option) {
    case O_PART:
        return ernn_cli_choice("eval", "part", text, PARTS, 3, &a->part);
    case O_DECODER:
        return ernn_cli_choice("eval", "decoder", text, ernn_eval_decoders, 4, &a->decoder);
    case O_BEAM:
        return ernn_cli_integer("eval", "beam", text, 1, 10000, &o->beam);
    case O_LM_WEIGHT:
        return ernn_cli_number("eval", "lm-weight", text, 0, 100, &o->lm_weight);
    case O_LM_ORDER:
        return ernn_cli_integer("eval", "lm-order", text, 1, 2, &o->lm_order);
    case O_PENALTY:
        return ernn_cli_number("eval", "insertion-penalty", text, -100, 100, &o->insertion_penalty);
    case O_SCALE:
        return ernn_cli_number("eval", "acoustic-scale", text, 0.001, 100, &o->acoustic_scale);
    case O_MIN_FRAMES:
        return ernn_cli_integer("eval", "min-frames", text, 1, 50, &o->min_frames);
    case O_SEED:
        return ernn_cli_integer("eval", "seed", text, 0, 2147483647, &a->seed);
    case O_THREADS:
        return ernn_cli_integer("eval", "threads", text, 0, 1024, &a->threads);
    default:
        return true;
    }
}

// Combinations that say nothing, or two things.
static int check(const eval_arguments *a)
{
    if (!a->data == !a->timit)
        return ernn_cli_usage("eval", "either --data or --timit is wanted");
    if (a->part != ERNN_TIMIT_CORE_TEST && !a->timit)
        return ernn_cli_usage("eval", "--part goes with --timit");
    if (a->lexicon && a->decoder >= 0 && a->decoder != ERNN_DECODER_LEXICON)
        return ernn_cli_usage("eval", "--lexicon goes with --decoder lexicon");
    if (!a->lexicon && a->decoder == ERNN_DECODER_LEXICON)
        return ernn_cli_usage("eval", "--decoder lexicon wants --lexicon FILE");
    if (a->lm && a->decoder == ERNN_DECODER_GREEDY)
        return ernn_cli_usage("eval", "--lm does nothing for --decoder greedy");
    return ERNN_EXIT_OK;
}

int ernn_cli_eval(int argc, char **argv)
{
    eval_arguments a = {
        .decoder = -1, .options = ernn_decode_defaults(), .part = ERNN_TIMIT_CORE_TEST, .seed = 1};
    int option;
    while ((option = getopt_long(argc, argv, "h", OPTIONS, NULL)) != -1) {
        if (option == 'h')
            return fputs(HELP, stdout) < 0;
        if (option == '?' || !take_number(&a, option, optarg))
            return ERNN_EXIT_USAGE;
        take_text(&a, option, optarg);
    }
    if (argc - optind != 1)
        return ernn_cli_usage("eval", "one model is wanted");
    a.model = argv[optind];
    const int code = check(&a);
    return code == ERNN_EXIT_OK ? run(&a) : code;
}
