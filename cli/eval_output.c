// What `ernn eval` prints and writes: text, JSON, confusions, sclite's trn, edits of utterances.
// SPDX-License-Identifier: Apache-2.0
#include "eval.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N_CLASSES = 39 };

// "sil" or the like; "-" for nothing: a deletion's column, an insertion's row.
static const char *class_name(int i)
{
    return i < N_CLASSES ? ernn_phones_name(ERNN_PHONES_39, i) : "-";
}

// ---- JSON ----

static json_t *score_json(const char *rate, const ernn_score *s)
{
    return json_pack("{s:f,s:I,s:I,s:I,s:I}", rate, ernn_score_per(s), "substitutions",
                     (json_int_t)s->substitutions, "deletions", (json_int_t)s->deletions,
                     "insertions", (json_int_t)s->insertions, "references",
                     (json_int_t)s->references);
}

static json_t *confusion_json(const ernn_confusion *confusion)
{
    json_t *classes = json_array();
    json_t *counts = json_array();
    for (int r = 0; r < ERNN_CONFUSION_SIDE; r++) {
        json_t *row = json_array();
        json_array_append_new(classes, json_string(class_name(r)));
        for (int h = 0; h < ERNN_CONFUSION_SIDE; h++)
            json_array_append_new(row, json_integer((json_int_t)confusion->counts[r][h]));
        json_array_append_new(counts, row);
    }
    return json_pack("{s:o,s:o}", "classes", classes, "counts", counts);
}

static json_t *comparison_json(const eval_result *other, const ernn_comparison *c)
{
    const ernn_evaluation *e = &other->evaluation;
    json_t *json = json_pack(
        "{s:s,s:f,s:f,s:[f,f],s:f,s:f,s:I,s:I,s:I}", "model", other->path, "per",
        ernn_score_per(&e->scores[other->silence]), "difference", c->difference, "interval", c->low,
        c->high, "p_permutation", c->p_permutation, "p_sign", c->p_sign, "better",
        (json_int_t)c->n_better, "worse", (json_int_t)c->n_worse, "equal", (json_int_t)c->n_equal);
    if (other->word_scores)
        json_object_set_new(json, "wer", json_real(ernn_score_per(&other->words)));
    return json;
}

static void add_model(json_t *json, const eval_result *r)
{
    char shape[256];
    char blocks[ERNN_SPEC_TEXT];
    ernn_spec_print(r->spec, shape, sizeof shape);
    ernn_spec_print_blocks(r->spec, blocks, sizeof blocks);
    json_object_set_new(json, "model", json_string(r->path));
    json_object_set_new(json, "kind", json_string(r->qmodel ? "qmodel" : "model"));
    json_object_set_new(json, "spec", json_string(shape));
    json_object_set_new(json, "blocks", json_string(blocks));
    json_object_set_new(json, "parameters",
                        json_integer((json_int_t)ernn_spec_parameters(r->spec)));
    if (r->qmodel) {
        json_object_set_new(json, "weight_bits", json_integer(ernn_qmodel_weight_bits(r->qmodel)));
        json_object_set_new(json, "signal_bits", json_integer(ernn_qmodel_signal_bits(r->qmodel)));
    }
}

static int print_json(const eval_arguments *a, const eval_result *r, const eval_result *other,
                      const ernn_comparison *comparison)
{
    const ernn_evaluation *e = &r->evaluation;
    json_t *json = score_json("per", &e->scores[r->silence]);
    json_object_set_new(json, "silence", json_string(ernn_eval_silences[r->silence]));
    if (r->sequences->has_silence)
        json_object_set_new(json, "silence_optional",
                            score_json("per", &e->scores[ERNN_SILENCE_OPTIONAL]));
    json_object_set_new(json, "decoder", json_string(ernn_eval_decoders[r->options.decoder]));
    if (r->word_scores) {
        json_t *words = score_json("wer", &r->words);
        json_object_set_new(words, "unknown", json_integer((json_int_t)r->n_unknown));
        json_object_set_new(json, "words", words);
    }
    add_model(json, r);
    json_object_set_new(json, "utterances", json_integer((json_int_t)e->n));
    json_object_set_new(json, "frames", json_integer(e->n_frames));
    json_object_set_new(json, "seconds", json_real(e->seconds));
    if (a->has_confusion)
        json_object_set_new(json, "confusion", confusion_json(&r->confusion));
    if (comparison)
        json_object_set_new(json, "against", comparison_json(other, comparison));
    const int failed = json_dumpf(json, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
    json_decref(json);
    return failed ? ERNN_EXIT_FAILURE : puts("") < 0;
}

// ---- Text ----

static void print_score(const char *rate, const ernn_score *s, const char *what, const char *note)
{
    printf("%s %6.2f %%   %lld substitutions, %lld deletions, %lld insertions of %lld %s   (%s)\n",
           rate, ernn_score_per(s), (long long)s->substitutions, (long long)s->deletions,
           (long long)s->insertions, (long long)s->references, what, note);
}

static void print_phones(const eval_result *r, ernn_silence silence)
{
    char note[40];
    snprintf(note, sizeof note, "silence %s", ernn_eval_silences[silence]);
    print_score("PER", &r->evaluation.scores[silence], "phones", note);
}

// A row for each class that occurs: how often, how often right, what it was taken for.
static void print_confusion(const ernn_confusion *confusion)
{
    printf("\nphone  count  right   taken for (- nothing; row -: insertions)\n");
    for (int r = 0; r < ERNN_CONFUSION_SIDE; r++) {
        int64_t row[ERNN_CONFUSION_SIDE];
        int64_t total = 0;
        memcpy(row, confusion->counts[r], sizeof row);
        for (int h = 0; h < ERNN_CONFUSION_SIDE; h++)
            total += row[h];
        if (total == 0)
            continue;
        printf("%-5s %6lld %5.1f %%  ", class_name(r), (long long)total,
               r < N_CLASSES ? 100.0 * (double)row[r] / (double)total : 0.0);
        row[r] = 0;
        for (int shown = 0; shown < 6; shown++) {
            int most = 0;
            for (int h = 1; h < ERNN_CONFUSION_SIDE; h++)
                most = row[h] > row[most] ? h : most;
            if (row[most] == 0)
                break;
            printf(" %s %lld", class_name(most), (long long)row[most]);
            row[most] = 0;
        }
        printf("\n");
    }
}

static void print_comparison(const eval_result *r, const eval_result *other,
                             const ernn_comparison *c)
{
    const bool is_words = r->word_scores != NULL;
    printf("\nagainst %s: %s %.2f %%\n", other->path, is_words ? "WER" : "PER",
           is_words ? ernn_score_per(&other->words)
                    : ernn_score_per(&other->evaluation.scores[other->silence]));
    printf("difference %+.2f points, 95 %% between %+.2f and %+.2f; p = %.3g (signs exchanged), "
           "%.3g (sign test)\n",
           c->difference, c->low, c->high, c->p_permutation, c->p_sign);
    printf("fewer errors in %zu utterances, more in %zu, as many in %zu\n", c->n_better, c->n_worse,
           c->n_equal);
}

static int print_text(const eval_arguments *a, const eval_result *r, const eval_result *other,
                      const ernn_comparison *comparison)
{
    const ernn_evaluation *e = &r->evaluation;
    print_phones(r, r->silence);
    if (r->sequences->has_silence)
        print_phones(r, ERNN_SILENCE_OPTIONAL);
    if (r->word_scores) {
        char note[60];
        snprintf(note, sizeof note, "%lld unknown to the lexicon", (long long)r->n_unknown);
        print_score("WER", &r->words, "words", note);
    }
    printf("%zu utterances, %lld frames, %.0f frames/s, %s%s\n", e->n, (long long)e->n_frames,
           e->seconds > 0 ? (double)e->n_frames / e->seconds : 0,
           ernn_eval_decoders[r->options.decoder], r->qmodel ? ", integer arithmetic" : "");
    if (a->has_confusion)
        print_confusion(&r->confusion);
    if (comparison)
        print_comparison(r, other, comparison);
    return ERNN_EXIT_OK;
}

int ernn_eval_print(const eval_arguments *a, const eval_result *result, const eval_result *other,
                    const ernn_comparison *comparison)
{
    return a->is_json ? print_json(a, result, other, comparison)
                      : print_text(a, result, other, comparison);
}

// ---- Files ----

// Text that is written whole when it is complete.
typedef struct text_file {
    FILE *memory;
    char *text;
    size_t size;
} text_file;

static bool open_text(text_file *file)
{
    *file = (text_file){0};
    file->memory = open_memstream(&file->text, &file->size);
    return file->memory != NULL;
}

static int close_text(text_file *file, const char *prefix, const char *suffix)
{
    char path[1100];
    fclose(file->memory);
    snprintf(path, sizeof path, "%.1000s%s", prefix, suffix);
    const int code = ernn_cli_write(path, file->text);
    free(file->text);
    return code;
}

// One file of sclite's trn form: phones, then the utterance in brackets.
static int write_phones(const eval_result *r, const char *prefix, const char *suffix,
                        int *const *phones, const int *n_phones)
{
    text_file file;
    if (!open_text(&file))
        return ERNN_EXIT_FAILURE;
    for (size_t i = 0; i < r->sequences->n; i++) {
        for (int j = 0; j < n_phones[i]; j++)
            fprintf(file.memory, "%s ", ernn_phones_name(r->sequences->phone_set, phones[i][j]));
        fprintf(file.memory, "(%s)\n", r->sequences->ids[i]);
    }
    return close_text(&file, prefix, suffix);
}

// A text as it is scored: the lexicon's words, unknown ones as they stand, no lone punctuation.
static void print_words_of(FILE *to, const ernn_lexicon *lexicon, const char *text)
{
    while (*(text += strspn(text, " \t\r\n"))) {
        const size_t n = strcspn(text, " \t\r\n");
        char *piece = strndup(text, n);
        int word;
        if (piece && ernn_lexicon_read(lexicon, piece, &word, 1) == 1)
            fprintf(to, "%s ", word < 0 ? piece : ernn_lexicon_words(lexicon)[word]);
        free(piece);
        text += n;
    }
}

// The same with words: the texts of the corpus, and what was recognised.
static int write_texts(const eval_result *r, const char *prefix, const ernn_corpus *corpus)
{
    text_file file;
    size_t at = 0;
    if (!open_text(&file))
        return ERNN_EXIT_FAILURE;
    for (size_t i = 0; i < r->sequences->n; i++, at++) {
        while (strcmp(corpus->utterances[at].id, r->sequences->ids[i]) != 0)
            at++;
        const char *text = corpus->utterances[at].text;
        if (text)
            print_words_of(file.memory, r->lexicon, text);
        fprintf(file.memory, "(%s)\n", r->sequences->ids[i]);
    }
    return close_text(&file, prefix, ".words.ref.trn");
}

static int write_words(const eval_result *r, const char *prefix)
{
    text_file file;
    if (!open_text(&file))
        return ERNN_EXIT_FAILURE;
    for (size_t i = 0; i < r->sequences->n; i++) {
        for (int j = 0; j < r->evaluation.n_words[i]; j++)
            fprintf(file.memory, "%s ", ernn_lexicon_words(r->lexicon)[r->evaluation.words[i][j]]);
        fprintf(file.memory, "(%s)\n", r->sequences->ids[i]);
    }
    return close_text(&file, prefix, ".words.hyp.trn");
}

static void print_edits(FILE *to, const ernn_score *s)
{
    fprintf(to, "\t%lld\t%lld\t%lld\t%lld", (long long)s->references, (long long)s->substitutions,
            (long long)s->deletions, (long long)s->insertions);
}

static int write_utterances(const eval_result *r, const char *path)
{
    text_file file;
    if (!open_text(&file))
        return ERNN_EXIT_FAILURE;
    fprintf(file.memory, "#utterance\tphones\tsubstitutions\tdeletions\tinsertions%s\n",
            r->word_scores ? "\twords\tsubstitutions\tdeletions\tinsertions" : "");
    for (size_t i = 0; i < r->sequences->n; i++) {
        fprintf(file.memory, "%s", r->sequences->ids[i]);
        print_edits(file.memory, &r->scores[i]);
        if (r->word_scores)
            print_edits(file.memory, &r->word_scores[i]);
        fprintf(file.memory, "\n");
    }
    return close_text(&file, path, "");
}

int ernn_eval_write_files(const eval_arguments *a, const eval_result *r, const ernn_corpus *corpus)
{
    const ernn_sequences *s = r->sequences;
    int code = ERNN_EXIT_OK;
    if (a->trn)
        code = write_phones(r, a->trn, ".ref.trn", s->phones, s->n_phones);
    if (code == ERNN_EXIT_OK && a->trn)
        code = write_phones(r, a->trn, ".hyp.trn", r->evaluation.phones, r->evaluation.n_phones);
    if (code == ERNN_EXIT_OK && a->trn && r->word_scores)
        code = write_texts(r, a->trn, corpus);
    if (code == ERNN_EXIT_OK && a->trn && r->word_scores)
        code = write_words(r, a->trn);
    if (code == ERNN_EXIT_OK && a->utterances)
        code = write_utterances(r, a->utterances);
    return code;
}
