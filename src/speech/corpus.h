// What the two corpus loaders share. SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_SPEECH_CORPUS_H
#define ERNN_SRC_SPEECH_CORPUS_H

#include "base/error.h"
#include "ernn/speech.h"

// Utterances, labels of one utterance, bytes of a text file and of a path that are read.
#define ERNN_CORPUS_MAX_UTTERANCES ((size_t)1 << 22)
#define ERNN_CORPUS_MAX_PHONES 100000
#define ERNN_CORPUS_MAX_TEXT_BYTES ((size_t)1 << 28)
enum { ERNN_CORPUS_MAX_PATH = 1024 };

// Loaders fill `corpus` (path set, the rest zero); the caller sorts, checks and frees.
ernn_status ernn_corpus_load_timit(ernn_corpus *corpus, ernn_error *err);
// The same, of these speakers alone (any case, the last NULL; NULL: of all).
ernn_status ernn_corpus_load_speakers(ernn_corpus *corpus, const char *const *speakers,
                                      ernn_error *err);
ernn_status ernn_corpus_load_kaldi(ernn_corpus *corpus, ernn_error *err);

// Sorts by id; refuses an empty corpus and two utterances of one id.
ernn_status ernn_corpus_check(ernn_corpus *corpus, ernn_error *err);

// Does the folder hold DRn/?
bool ernn_corpus_is_timit(const char *path);

// Appends an empty utterance; `*added` is valid until the next call.
ernn_status ernn_corpus_append(ernn_corpus *corpus, size_t *capacity, ernn_utterance **added,
                               ernn_error *err);

// path[ERNN_CORPUS_MAX_PATH] = folder/name.
ernn_status ernn_corpus_join(char *path, const char *folder, const char *name, ernn_error *err);

// phones[n_phones] of an utterance folded to the set `to`; returns how many remain. Deleted phones
// (q) are left out, and silence that follows silence after folding (h# before a closure) is one
// silence, as in scoring; the 61 have several silences, there nothing is merged.
int ernn_corpus_fold(const ernn_utterance *utterance, ernn_phone_set from, ernn_phone_set to,
                     int *phones);

// The next line of a text in place: terminates it, strips blanks at its end and moves *cursor on.
// NULL after the last.
char *ernn_corpus_line(char **cursor);

#endif
