// From a labelled synthesised utterance to the four files of a TIMIT utterance.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_SPEECH_RECORDING_H
#define ERNN_SRC_SPEECH_RECORDING_H

#include "base/rng.h"
#include "speech/spoken.h"

// Makes the utterance a recording: 80 to 220 ms of silence before and after the speech, a peak of
// -12 to -3 dB of full scale, and coloured noise snr_db to snr_db + 10 dB below the speech. Needs
// tidy labels; keeps them true. ERNN_BAD_FILE when the utterance has no sound.
ernn_status ernn_spoken_record(ernn_spoken *spoken, double snr_db, ernn_rng *rng, ernn_error *err);

// Writes `stem`.WAV (RIFF, 16 bit, mono), .PHN, .WRD and .TXT; words[n_words] as in the sentence.
ernn_status ernn_spoken_save(const ernn_spoken *spoken, const char *stem, const char *sentence,
                             const char *const *words, int n_words, ernn_error *err);

#endif
