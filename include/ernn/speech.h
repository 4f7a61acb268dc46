// Speech: audio files, the feature front end, corpora, phone sets, decoding and scoring.
//
//     ernn_frontend_new(&features, NULL, &frontend, &err);
//     ernn_frontend_run(frontend, samples, n, &frames, &n_frames, &err);
//
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SPEECH_H
#define ERNN_SPEECH_H

#include "ernn/status.h"

#ifdef __cplusplus
extern "C" {
#endif

// ---- Audio ----

// Decodes any file libsndfile reads (RIFF, FLAC, NIST SPHERE by content, ...), takes the mean of
// its channels and resamples to `rate_hz`. `*samples` in [-1, 1], `*n` of them, freed by
// ernn_audio_free. ERNN_IO, ERNN_BAD_FILE (truncated, malformed: says where).
ERNN_API ernn_status ernn_audio_load(const char *path, int rate_hz, float **samples, size_t *n,
                                     ernn_error *err);
ERNN_API void ernn_audio_free(float *samples);

// ---- Features ----

typedef enum ernn_feature_kind { ERNN_FEATURES_LOG_MEL, ERNN_FEATURES_MFCC } ernn_feature_kind;

// How each dimension is brought to zero mean and unit variance.
typedef enum ernn_normalisation {
    ERNN_NORMALISE_RUNNING,   // causal: the prior counts as 300 frames, then the utterance so far
    ERNN_NORMALISE_UTTERANCE, // over the whole utterance; cannot stream
    ERNN_NORMALISE_GLOBAL,    // the prior alone: statistics of the training set
} ernn_normalisation;

typedef struct ernn_features {
    ernn_feature_kind kind; // default log mel
    int rate_hz;            // 8000 to 48000, default 16000
    int window_ms;          // 10 to 64, default 25
    int shift_ms;           // 5 to 32, default 10
    int n_filters;          // mel filters, 8 to 128, default 40
    int n_cepstra;          // MFCC: 4 to n_filters, default 13
    int n_deltas;           // 0, 1 (delta) or 2 (and delta-delta), default 0; MFCC default 2
    int n_stacked;          // consecutive frames in one vector, 1 to 8, default 2
    ernn_normalisation normalisation;
} ernn_features;

ERNN_API ernn_features ernn_features_defaults(void);
ERNN_API ernn_status ernn_features_validate(const ernn_features *features, ernn_error *err);
// Numbers per stacked frame.
ERNN_API int ernn_features_width(const ernn_features *features);
// Stacked frames per second.
ERNN_API double ernn_features_frames_per_second(const ernn_features *features);

// Mean and variance of each unstacked dimension over a training set, `width / n_stacked` each.
typedef struct ernn_feature_statistics {
    int n;
    float mean[512];
    float variance[512];
} ernn_feature_statistics;

typedef struct ernn_frontend ernn_frontend;

// A stream's front end. `statistics` NULL: mean 0, variance 1, which under ERNN_NORMALISE_GLOBAL
// are the raw features.
ERNN_API ernn_status ernn_frontend_new(const ernn_features *features,
                                       const ernn_feature_statistics *statistics,
                                       ernn_frontend **frontend, ernn_error *err);
ERNN_API void ernn_frontend_free(ernn_frontend *frontend);
// Forgets the stream.
ERNN_API void ernn_frontend_reset(ernn_frontend *frontend);

// Streaming: takes `n` samples at rate_hz, appends finished stacked frames to frames[max][width]
// and returns how many; call again with n = 0 while it returns max. Chunked equals whole. Refused
// (returns -1) under ERNN_NORMALISE_UTTERANCE.
ERNN_API int ernn_frontend_push(ernn_frontend *frontend, const float *samples, size_t n,
                                float *frames, int max);
// The end of a stream: finishes the frames whose deltas waited for later ones. Call again while it
// returns max; then reset. Samples short of a window and frames short of a stack are dropped.
ERNN_API int ernn_frontend_flush(ernn_frontend *frontend, float *frames, int max);
// Whole utterance from a fresh stream: `*frames` is [n_frames][width], freed by ernn_audio_free.
ERNN_API ernn_status ernn_frontend_run(ernn_frontend *frontend, const float *samples, size_t n,
                                       float **frames, size_t *n_frames, ernn_error *err);

// ---- Phone sets ----

// TIMIT's 61 labels, Lee and Hon's 48 and 39 classes (1989). Labels are numbered from 0 in each
// set.
typedef enum ernn_phone_set { ERNN_PHONES_61, ERNN_PHONES_48, ERNN_PHONES_39 } ernn_phone_set;

ERNN_API int ernn_phones_count(ernn_phone_set set);
ERNN_API const char *ernn_phones_name(ernn_phone_set set, int phone);
// -1 when unknown.
ERNN_API int ernn_phones_find(ernn_phone_set set, const char *name);
// The class in a coarser (or the same) set, -1 when the phone is deleted there (q).
ERNN_API int ernn_phones_fold(ernn_phone_set from, int phone, ernn_phone_set to);

// ---- Corpora ----

// A labelled stretch of audio. Times in samples at the file's own rate.
typedef struct ernn_segment {
    int64_t begin;
    int64_t end;
    int phone; // in the corpus' phone set
} ernn_segment;

typedef struct ernn_utterance {
    char *id; // "dr1-fvmh0-si836" or the Kaldi key
    char *speaker;
    char *audio_path;
    int *phones; // [n_phones] in the corpus' phone set
    int n_phones;
    ernn_segment *segments; // [n_phones], NULL without alignment
    char *text;             // words, NULL when absent
} ernn_utterance;

typedef struct ernn_corpus {
    char *path;
    ernn_phone_set phone_set;
    bool has_silence; // labels include silence (TIMIT); Kaldi `phones` files have none
    bool is_lenient;  // audio files that cannot be read are among the utterances
    size_t n_utterances;
    ernn_utterance *utterances;
} ernn_corpus;

// Opens a TIMIT tree (the folder that holds DRn/, or a file list below it; SA sentences left out)
// or a Kaldi data folder (wav.scp, phones, utt2spk; paths relative to the folder above it or to
// itself). Checks that every audio file is there and every phone is known. Utterances are sorted by
// id.
ERNN_API ernn_status ernn_corpus_load(const char *path, ernn_corpus **corpus, ernn_error *err);
// The same, but audio files that are missing or cannot be read are found when they are read, where
// ernn_sequences_load can leave them out.
ERNN_API ernn_status ernn_corpus_load_lenient(const char *path, ernn_corpus **corpus,
                                              ernn_error *err);
ERNN_API void ernn_corpus_free(ernn_corpus *corpus);

// The published division of TIMIT, SA sentences left out.
typedef enum ernn_timit_part {
    ERNN_TIMIT_TRAIN,     // the 462 speakers below TRAIN, 3696 sentences
    ERNN_TIMIT_DEV,       // Kaldi's 50 speakers of TEST, 400 sentences
    ERNN_TIMIT_CORE_TEST, // the 24 speakers of the core test, 192 sentences
} ernn_timit_part;

// One part of TIMIT below `root`, the folder that holds TRAIN and TEST (or TIMIT/TRAIN and
// TIMIT/TEST), folder names in any case. Loads what is there: ernn_timit_check says whether it is
// all of it.
ERNN_API ernn_status ernn_timit_load(const char *root, ernn_timit_part part, ernn_corpus **corpus,
                                     ernn_error *err);
// Has the part its published number of speakers and sentences, and the core test its 7215 reference
// phones (q deleted, no repeats merged: 39 classes as Kaldi counts them)? Else ERNN_BAD_FILE.
ERNN_API ernn_status ernn_timit_check(const ernn_corpus *corpus, ernn_timit_part part,
                                      ernn_error *err);
// The speakers of a part, the last NULL; NULL for the training part: all of TRAIN.
ERNN_API const char *const *ernn_timit_speakers(ernn_timit_part part);

// Features of a corpus, ready for training, as one block.
typedef struct ernn_sequences {
    size_t n;                 // sequences
    int width;                // features per frame
    ernn_phone_set phone_set; // of the labels (folded from the corpus')
    bool has_silence;
    float **frames;  // [n] -> [n_frames[i]][width]
    int *n_frames;   // [n]
    int **phones;    // [n] -> [n_phones[i]], folded; deleted phones left out, repeats of sil merged
    int *n_phones;   // [n]
    int **alignment; // [n] -> [n_frames[i]] phone of each frame, or NULL
    char **ids;      // [n]
    char **speakers; // [n]
    size_t n_bad;    // utterances left out because they could not be read
    char *first_bad; // what was wrong with the first, NULL when there is none
} ernn_sequences;

// How the audio is changed before the features, for training on more than was recorded.
typedef struct ernn_sequence_options {
    double speed;   // 0.5 to 2, default 1: 1.1 is shorter and higher by a tenth (resampled)
    bool has_noise; // white noise, from (seed, utterance), at a ratio drawn between:
    double snr_low; // dB, -20 to 100
    double snr_high;
    uint64_t seed;
    bool skip_bad; // leaves out what cannot be read, and counts it, instead of failing
} ernn_sequence_options;
ERNN_API ernn_sequence_options ernn_sequence_defaults(void);

// Reads and transforms every utterance of `corpus` (parallel over utterances, same bytes for any
// number of threads). `statistics`: when `collect` is true it is computed from this corpus first.
ERNN_API ernn_status ernn_sequences_new(const ernn_corpus *corpus, const ernn_features *features,
                                        ernn_feature_statistics *statistics, bool collect,
                                        ernn_phone_set labels, ernn_sequences **sequences,
                                        ernn_error *err);
// The same of changed audio. At another speed utterances that become too short for a frame have
// none, so that all variants of a corpus have the same utterances. `options` NULL: the defaults.
ERNN_API ernn_status ernn_sequences_load(const ernn_corpus *corpus, const ernn_features *features,
                                         ernn_feature_statistics *statistics, bool collect,
                                         ernn_phone_set labels,
                                         const ernn_sequence_options *options,
                                         ernn_sequences **sequences, ernn_error *err);
ERNN_API void ernn_sequences_free(ernn_sequences *sequences);

// ---- Decoding and scoring ----

// A recognised phone: label (as the network counts, 1 = phone 0), first and last frame, and the
// mean posterior of its frames.
typedef struct ernn_hypothesis {
    int phone;
    int first_frame;
    int last_frame;
    float posterior;
} ernn_hypothesis;

// Greedy CTC decoding of logits[n_frames][n_labels], label 0 blank: best path, repeats merged,
// blanks removed. Writes at most `max` and returns the count (never more than n_frames).
ERNN_API int ernn_decode_greedy(const float *logits, int n_frames, int n_labels,
                                ernn_hypothesis *hypotheses, int max);

// Streaming form of the same decoder, one frame at a time.
typedef struct ernn_greedy {
    int last_label;
    int frame;
    ernn_hypothesis open;
} ernn_greedy;
// Returns true when `*done` holds a phone that has just ended. Flush with logits = NULL.
ERNN_API bool ernn_greedy_step(ernn_greedy *greedy, const float *logits, int n_labels,
                               ernn_hypothesis *done);

// Edit counts of one or many utterances; add them up, never average rates.
typedef struct ernn_score {
    int64_t substitutions;
    int64_t deletions;
    int64_t insertions;
    int64_t references;
} ernn_score;

typedef enum ernn_silence {
    ERNN_SILENCE_SCORED,   // repeated silence collapsed, then scored as any phone
    ERNN_SILENCE_OPTIONAL, // silence in the reference may be missing, and extra silence is free
    ERNN_SILENCE_REMOVED,  // for references that have none (an4, fsdd, speechocean762)
} ernn_silence;

// Aligns hypothesis and reference (labels of `set`) after folding both to 39 classes, `dx` counted
// as `t` when `silence` is removed, and adds the counts to `score`.
ERNN_API ernn_status ernn_score_add(ernn_score *score, ernn_phone_set set, const int *reference,
                                    int n_reference, const int *hypothesis, int n_hypothesis,
                                    ernn_silence silence, ernn_error *err);
// Phone error rate in percent; NaN without references.
ERNN_API double ernn_score_per(const ernn_score *score);

#ifdef __cplusplus
}
#endif
#endif
