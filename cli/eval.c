// ernn eval: error rates of a float or a quantised model, and of two of them on the same speech.
// SPDX-License-Identifier: Apache-2.0
#include "eval.h"
#include "options.h"
#include "verbs.h"

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

#define FIELD(name) OPTION_FIELD(eval_arguments, name)

static const char *const PARTS[] = {"train", "dev", "coretest", NULL}; // ernn_timit_part

static const ernn_option OPTIONS[] = {
    {"data", OPTION_TEXT, FIELD(data)},
    {"timit", OPTION_TEXT, FIELD(timit)},
    {"part", OPTION_CHOICE, FIELD(part), .words = PARTS},
    {"decoder", OPTION_CHOICE, FIELD(decoder), .words = ernn_eval_decoders},
    {"beam", OPTION_INTEGER, FIELD(options.beam), 1, 10000},
    {"lexicon", OPTION_TEXT, FIELD(lexicon)},
    {"lm", OPTION_TEXT, FIELD(lm)},
    {"save-lm", OPTION_TEXT, FIELD(save_lm)},
    {"lm-weight", OPTION_NUMBER, FIELD(options.lm_weight), 0, 100},
    {"lm-order", OPTION_INTEGER, FIELD(options.lm_order), 1, 2},
    {"insertion-penalty", OPTION_NUMBER, FIELD(options.insertion_penalty), -100, 100},
    {"acoustic-scale", OPTION_NUMBER, FIELD(options.acoustic_scale), 0.001, 100},
    {"min-frames", OPTION_INTEGER, FIELD(options.min_frames), 1, 50},
    {"json", OPTION_FLAG, FIELD(is_json)},
    {"confusion", OPTION_FLAG, FIELD(has_confusion)},
    {"utterances", OPTION_TEXT, FIELD(utterances)},
    {"trn", OPTION_TEXT, FIELD(trn)},
    {"against", OPTION_TEXT, FIELD(against)},
    {"seed", OPTION_SEED, FIELD(seed), 0, 2147483647},
    {"threads", OPTION_INTEGER, FIELD(threads), 0, 1024},
    {0}};

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
        status = ernn_compare(counts, counts + n, counts + 2 * n, n, a->seed, comparison, err);
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
    const ernn_command command = {"eval", .help = HELP, .options = OPTIONS, .fields = &a};
    const int ended = ernn_command_read(&command, argc, argv);
    if (ended >= 0)
        return ended;
    if (argc - optind != 1)
        return ernn_cli_usage("eval", "one model is wanted");
    a.model = argv[optind];
    const int code = check(&a);
    return code == ERNN_EXIT_OK ? run(&a) : code;
}
