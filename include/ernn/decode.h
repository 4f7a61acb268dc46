// From a network's scores to phones or words: bigrams, lexicons, decoders, and the comparison of
// two models on the same utterances. Equations: docs/math.md, Decoders.
//
//     ernn_decode_options options = ernn_decode_defaults();
//     options.decoder = ERNN_DECODER_BEAM;
//     ernn_decoder_new(&options, n_labels, max_frames, &decoder, &err);
//     n = ernn_decoder_run(decoder, logits, n_frames, phones, NULL);
//
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_DECODE_H
#define ERNN_DECODE_H

#include "ernn/speech.h"

#ifdef __cplusplus
extern "C" {
#endif

// ---- Bigram models ----

// P(next | previous) over symbols 0 ... n - 1 and the edge of an utterance; read-only, shareable.
typedef struct ernn_bigram ernn_bigram;

// Before the first symbol, and after the last.
enum { ERNN_EDGE = -1 };

// Interpolated Witten-Bell estimate from sequences[n_sequences] of lengths[n_sequences] symbols.
// names[n_symbols] are copied; they must be distinct words without blanks.
ERNN_API ernn_status ernn_bigram_new(const char *const *names, int n_symbols,
                                     const int *const *sequences, const int *lengths,
                                     size_t n_sequences, ernn_bigram **bigram, ernn_error *err);
// The same estimate from counts[n_symbols + 1][n_symbols + 1] of pairs, row: the earlier; row and
// column n_symbols: the edge. At most 1000 symbols.
ERNN_API ernn_status ernn_bigram_from_counts(const char *const *names, int n_symbols,
                                             const float *counts, ernn_bigram **bigram,
                                             ernn_error *err);
// An ARPA file of order 2 over these names; other words of the file are left out, as are higher
// orders. A name that the file lacks can never be recognised and is refused.
ERNN_API ernn_status ernn_bigram_load(const char *path, const char *const *names, int n_symbols,
                                      ernn_bigram **bigram, ernn_error *err);
ERNN_API ernn_status ernn_bigram_save(const ernn_bigram *bigram, const char *path, ernn_error *err);
ERNN_API void ernn_bigram_free(ernn_bigram *bigram);
ERNN_API int ernn_bigram_n_symbols(const ernn_bigram *bigram);
// Natural logarithm; `from` and `to` are symbols or ERNN_EDGE.
ERNN_API double ernn_bigram_log(const ernn_bigram *bigram, int from, int to);
// The same without history: ln P(to).
ERNN_API double ernn_unigram_log(const ernn_bigram *bigram, int to);

// What frame training saw, for the decoder: priors and bigram of the phones. A model with them says
// of each frame which phone is there; one without is a CTC model.
typedef struct ernn_label_counts {
    int n_phones;         // of the phone set; 0: none
    float frames[61];     // [n_phones] frames of each phone
    float pairs[62 * 62]; // [n_phones + 1][n_phones + 1] phone after phone, last: the edge
} ernn_label_counts;

// log_priors[n_phones] = ln((frames + 1) / (all frames + phones)): no phone is impossible.
ERNN_API void ernn_label_priors(const ernn_label_counts *counts, float *log_priors);
// The bigram of the pairs, over the names of `set`.
ERNN_API ernn_status ernn_bigram_from_labels(const ernn_label_counts *counts, ernn_phone_set set,
                                             ernn_bigram **bigram, ernn_error *err);

// ---- Lexicons ----

// Words with their pronunciations in the phones of one set; read-only, shareable.
typedef struct ernn_lexicon ernn_lexicon;

// Lines "WORD PHONE PHONE ..." or "WORD(2) ..." for more pronunciations of a word; ";;;" and "#"
// begin comments. Phones of any case, stress digits dropped, CMU's ao and zh folded as the set is.
ERNN_API ernn_status ernn_lexicon_load(const char *path, ernn_phone_set set, ernn_lexicon **lexicon,
                                       ernn_error *err);
ERNN_API void ernn_lexicon_free(ernn_lexicon *lexicon);
ERNN_API int ernn_lexicon_n_words(const ernn_lexicon *lexicon);
// [n_words], borrowed.
ERNN_API const char *const *ernn_lexicon_words(const ernn_lexicon *lexicon);
// The number of a word (exact spelling), -1 when unknown.
ERNN_API int ernn_lexicon_find(const ernn_lexicon *lexicon, const char *word);
ERNN_API int ernn_lexicon_n_pronunciations(const ernn_lexicon *lexicon);
// Pronunciation i: its word and phones (borrowed); returns their number.
ERNN_API int ernn_lexicon_pronunciation(const ernn_lexicon *lexicon, int i, int *word,
                                        const int **phones);

// The words of a text: spelled as there, in capitals or in small letters, without punctuation
// around them if need be; -1: unknown. Writes at most `max` to words and returns how many.
ERNN_API int ernn_lexicon_read(const ernn_lexicon *lexicon, const char *text, int *words, int max);

// Bigrams of a corpus: of its labels folded to `set`, and of its texts, whose unknown words are
// left out. ERNN_BAD_FILE: an utterance has no text.
ERNN_API ernn_status ernn_bigram_from_phones(const ernn_corpus *corpus, ernn_phone_set set,
                                             ernn_bigram **bigram, ernn_error *err);
ERNN_API ernn_status ernn_bigram_from_words(const ernn_corpus *corpus, const ernn_lexicon *lexicon,
                                            ernn_bigram **bigram, ernn_error *err);

// ---- Decoders ----

typedef enum ernn_decoder_kind {
    ERNN_DECODER_GREEDY,  // best path, repeats merged, blanks removed
    ERNN_DECODER_BEAM,    // CTC: most probable labelling by prefix search, with phone bigram
    ERNN_DECODER_VITERBI, // frame-trained: best phone path through the bigram, priors divided out
    ERNN_DECODER_LEXICON, // CTC: best word sequence of a lexicon, with word bigram
} ernn_decoder_kind;

typedef struct ernn_decode_options {
    ernn_decoder_kind decoder;   // default greedy
    int beam;                    // prefixes kept, 1 to 10000, default 32
    double lm_weight;            // of the bigram's logarithms, 0 to 100, default 1
    int lm_order;                // 2, or 1: without histories, default 2
    double insertion_penalty;    // subtracted for each phone or word, -100 to 100, default 0
    double acoustic_scale;       // Viterbi: of the frames' logarithms, 0.001 to 100, default 1
    int min_frames;              // Viterbi: shortest phone, 1 to 50, default 1
    const ernn_bigram *bigram;   // of phones, or of the lexicon's words; NULL: none
    const float *log_priors;     // Viterbi: [n_labels - 1] ln P(phone); NULL: all equal
    const ernn_lexicon *lexicon; // wanted by ERNN_DECODER_LEXICON
    int silence;                 // lexicon: the phone that may stand around words, -1: none
} ernn_decode_options;

ERNN_API ernn_decode_options ernn_decode_defaults(void);

// Memory for utterances of up to max_frames; belongs to one thread. What `options` points to must
// outlive it.
typedef struct ernn_decoder ernn_decoder;
ERNN_API ernn_status ernn_decoder_new(const ernn_decode_options *options, int n_labels,
                                      int max_frames, ernn_decoder **decoder, ernn_error *err);
ERNN_API void ernn_decoder_free(ernn_decoder *decoder);
// logits[n_frames][n_labels], label 0 blank, phone p is label p + 1; n_frames at most max_frames.
// Writes phones (or words) to symbols[n_frames] and returns how many; `score` (may be NULL) gets
// the natural logarithm that was maximised. Allocates nothing.
ERNN_API int ernn_decoder_run(ernn_decoder *decoder, const float *logits, int n_frames,
                              int *symbols, double *score);

// ---- Evaluation ----

// Decoded phones of every sequence and one score per silence convention (indexed by ernn_silence).
typedef struct ernn_evaluation {
    ernn_score scores[3];
    size_t n;
    int **phones;  // [n] -> [n_phones[i]]
    int *n_phones; // [n]
    int **words;   // [n] -> [n_words[i]] of the lexicon, NULL without one
    int *n_words;  // [n]
    int64_t n_frames;
    double seconds;
} ernn_evaluation;

ERNN_API void ernn_evaluation_free(ernn_evaluation *evaluation);
// The one figure to quote: removed silence where references have none, else scored.
ERNN_API double ernn_evaluation_per(const ernn_evaluation *evaluation,
                                    const ernn_sequences *sequences);

// Adds the edits between two sequences of symbols (words) to `score`.
ERNN_API ernn_status ernn_score_symbols(ernn_score *score, const int *reference, int n_reference,
                                        const int *hypothesis, int n_hypothesis, ernn_error *err);

// ---- Confusions ----

enum { ERNN_CONFUSION_SIDE = 40 };

// counts[r][h]: reference class r of the 39 recognised as h; row 39 are insertions, column 39
// deletions. Their sums are the counts of ernn_score_add.
typedef struct ernn_confusion {
    int64_t counts[ERNN_CONFUSION_SIDE][ERNN_CONFUSION_SIDE];
} ernn_confusion;

ERNN_API ernn_status ernn_confusion_add(ernn_confusion *confusion, ernn_phone_set set,
                                        const int *reference, int n_reference,
                                        const int *hypothesis, int n_hypothesis,
                                        ernn_silence silence, ernn_error *err);

// ---- Two models on the same utterances ----

typedef struct ernn_comparison {
    double difference;    // error rate of A minus that of B, points
    double low;           // 95 % interval of it: paired bootstrap over utterances
    double high;          //
    double p_permutation; // two-sided, exact: signs of the differences exchanged at random
    double p_sign;        // two-sided, exact binomial over utterances that differ
    size_t n_better;      // utterances with fewer errors under A
    size_t n_worse;
    size_t n_equal;
} ernn_comparison;

// errors_a[n] and errors_b[n] of the same utterances, references[n] symbols in each. `seed` is the
// bootstrap's. Differences of more than 2^24 in sum: ERNN_TOO_BIG.
ERNN_API ernn_status ernn_compare(const int64_t *errors_a, const int64_t *errors_b,
                                  const int64_t *references, size_t n, uint64_t seed,
                                  ernn_comparison *comparison, ernn_error *err);

#ifdef __cplusplus
}
#endif
#endif
