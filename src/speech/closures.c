// Where a stop closes and where it bursts, read off the waveform; then labels without gaps.
// SPDX-License-Identifier: Apache-2.0
#include "speech/spoken.h"

#include <math.h>
#include <string.h>

enum {
    RATE = ERNN_SYNTHESIS_RATE_HZ,
    MS = RATE / 1000,
    SHORTEST_CUT = 16 * MS,  // a shorter stop is all burst: too short to hold both
    SHORTEST_PART = 5 * MS,  // of closure or burst
    WINDOW = 4 * MS,         // of the energy measure
    LONGEST_WALK = 150 * MS, // how far back from espeak-ng's burst a closure may begin
};

// Mean power of samples [begin, end) in dB, floor -100.
static double power_db(const ernn_spoken *spoken, int64_t begin, int64_t end)
{
    begin = begin < 0 ? 0 : begin;
    end = end > (int64_t)spoken->n ? (int64_t)spoken->n : end;
    double sum = 0;
    for (int64_t i = begin; i < end; i++)
        sum += (double)spoken->samples[i] * spoken->samples[i];
    return end > begin ? 10 * log10(sum / (double)(end - begin) + 1e-10) : -100;
}

// The same of the difference of neighbouring samples: hears a burst above the hum of a voiced
// closure.
static double sharpness_db(const ernn_spoken *spoken, int64_t begin, int64_t end)
{
    begin = begin < 1 ? 1 : begin;
    end = end > (int64_t)spoken->n ? (int64_t)spoken->n : end;
    double sum = 0;
    for (int64_t i = begin; i < end; i++) {
        const double step = (double)spoken->samples[i] - (double)spoken->samples[i - 1];
        sum += step * step;
    }
    return end > begin ? 10 * log10(sum / (double)(end - begin) + 1e-10) : -100;
}

// The burst in [begin, end): the steepest rise in the middle of the segment; two thirds of the way
// when no rise reaches 6 dB (an unreleased stop).
static int64_t find_burst(const ernn_spoken *spoken, int64_t begin, int64_t end)
{
    const int64_t length = end - begin;
    int64_t best = begin + length * 2 / 3;
    double best_rise = 6;
    for (int64_t at = begin + length / 4; at <= end - length / 6; at += MS) {
        const double rise =
            sharpness_db(spoken, at, at + WINDOW) - sharpness_db(spoken, at - WINDOW, at);
        if (rise > best_rise) {
            best_rise = rise;
            best = at;
        }
    }
    return best;
}

// Where the sound before a closure or a fricative really ends: the steepest drop from 8 ms before
// `begin` to 30 ms after it, `begin` when no drop reaches 6 dB. flite's voices let vowels run 5 to
// 20 ms past its times; all its other times hold.
static int64_t find_drop(const ernn_spoken *spoken, int64_t begin, int64_t end)
{
    int64_t best = begin;
    double best_drop = 6;
    const int64_t last = end - SHORTEST_PART;
    for (int64_t at = begin - 8 * MS; at <= begin + 30 * MS && at <= last; at += MS) {
        const double drop =
            power_db(spoken, at - 2 * WINDOW, at) - power_db(spoken, at, at + 2 * WINDOW);
        if (drop > best_drop) {
            best_drop = drop;
            best = at;
        }
    }
    return best;
}

// Where the silence before `burst` begins, not before `floor`; `burst` itself when there is none.
static int64_t walk_back(const ernn_spoken *spoken, int64_t floor, int64_t burst)
{
    const int64_t limit = burst - LONGEST_WALK > floor ? burst - LONGEST_WALK : floor;
    double loudest = -100;
    for (int64_t at = limit; at + WINDOW <= burst; at += MS)
        loudest = fmax(loudest, power_db(spoken, at, at + WINDOW));
    const double silence_db = loudest - 30;
    // The event may lie a little inside the burst: the first step back is free.
    int64_t begin = burst;
    if (power_db(spoken, burst - WINDOW, burst) > silence_db)
        begin -= WINDOW;
    while (begin - MS >= limit && power_db(spoken, begin - MS, begin) < silence_db)
        begin -= MS;
    return burst - begin >= SHORTEST_PART + WINDOW ? begin : burst;
}

// A stop inside speech; after a pause nobody hears where the closure begins.
static bool has_closure(const ernn_spoken *spoken, int i)
{
    return ernn_label_closure(spoken->phones[i].label) && i > 0 &&
           !ernn_label_is_silence(spoken->phones[i - 1].label);
}

// Is the phone before long enough to give up what find_drop may take?
static bool can_move(const ernn_spoken *spoken, int i)
{
    return spoken->phones[i].begin - spoken->phones[i - 1].begin > 16 * MS;
}

// A segment that holds closure and burst.
static void cut_segment(const ernn_spoken *spoken, int i, int64_t *closure, int64_t *burst)
{
    const ernn_spoken_phone *phone = &spoken->phones[i];
    *closure = phone->begin;
    *burst = phone->begin;
    if (phone->end - phone->begin < SHORTEST_CUT)
        return;
    *burst = find_burst(spoken, phone->begin, phone->end);
    if (has_closure(spoken, i) && can_move(spoken, i))
        *closure = find_drop(spoken, phone->begin, *burst);
}

static bool is_noisy(const char *label)
{
    static const char NOISY[][3] = {"f", "th", "s", "sh", "z", "zh"};
    for (size_t i = 0; i < sizeof NOISY / sizeof *NOISY; i++)
        if (strcmp(NOISY[i], label) == 0)
            return true;
    return false;
}

// Where a fricative of flite begins after a vowel or another voiced sound.
static int64_t cut_fricative(const ernn_spoken *spoken, int i)
{
    const ernn_spoken_phone *phone = &spoken->phones[i];
    if (i == 0 || !is_noisy(phone->label) || is_noisy(phone[-1].label) ||
        ernn_label_is_silence(phone[-1].label) || ernn_label_closure(phone[-1].label) ||
        !can_move(spoken, i))
        return phone->begin;
    return find_drop(spoken, phone->begin, phone->end - SHORTEST_PART);
}

// espeak-ng is silent before the burst and its event is the burst; but where voice goes on through
// the closure (a_go), the event is the beginning of the closure.
static void cut_espeak(const ernn_spoken *spoken, int i, int64_t *closure, int64_t *burst)
{
    const int64_t begin = spoken->phones[i].begin;
    // The phone before keeps at least a third of its length.
    const ernn_spoken_phone *before = &spoken->phones[i - 1];
    const int64_t floor = before->begin + (begin - before->begin) / 3;
    *burst = begin;
    *closure = walk_back(spoken, floor, begin);
    if (*closure == begin)
        cut_segment(spoken, i, closure, burst);
}

ernn_status ernn_spoken_close(ernn_spoken *spoken, ernn_engine engine, ernn_error *err)
{
    int n_new = 0;
    for (int i = 0; i < spoken->n_phones; i++)
        n_new += has_closure(spoken, i);
    if (spoken->n_phones + n_new > ERNN_SPOKEN_MAX_PHONES)
        return ernn_error_set(err, ERNN_TOO_BIG, "synthesised utterance: %d labels, at most %d",
                              spoken->n_phones + n_new, ERNN_SPOKEN_MAX_PHONES);
    // From the back, so that the phones can move up in place.
    int to = spoken->n_phones + n_new;
    int64_t next_begin = (int64_t)spoken->n;
    const int n_phones = spoken->n_phones;
    for (int i = n_phones - 1; i >= 0; i--) {
        ernn_spoken_phone phone = spoken->phones[i];
        int64_t closure = phone.begin;
        int64_t burst = phone.begin;
        const bool is_closed = has_closure(spoken, i);
        if (ernn_label_closure(phone.label) && engine == ERNN_ENGINE_FLITE)
            cut_segment(spoken, i, &closure, &burst);
        else if (is_closed)
            cut_espeak(spoken, i, &closure, &burst);
        else if (engine == ERNN_ENGINE_FLITE)
            burst = cut_fricative(spoken, i);
        closure = is_closed ? closure : burst;
        phone.end = phone.end < next_begin ? phone.end : next_begin;
        next_begin = closure;
        spoken->phones[--to] = (ernn_spoken_phone){burst, phone.end, phone.label, phone.word};
        if (is_closed)
            spoken->phones[--to] =
                (ernn_spoken_phone){closure, burst, ernn_label_closure(phone.label), phone.word};
    }
    spoken->n_phones = n_phones + n_new;
    return ERNN_OK;
}

static bool is_closure(const char *label)
{
    return strlen(label) == 3 && strcmp(label + 1, "cl") == 0;
}

// Is phones[i] the same sound as the one kept before it, so that a transcriber would hear one? Two
// closures in a row are one: espeak-ng gives the first of two stops (looked_kt) no length at all.
static bool is_doubled(const ernn_spoken *spoken, const ernn_spoken_phone *kept, int i)
{
    const ernn_spoken_phone *phone = &spoken->phones[i];
    if (is_closure(kept->label) && is_closure(phone->label))
        return true;
    if (strcmp(kept->label, phone->label) != 0)
        return false;
    // A word must not lose its only sound.
    return ernn_label_is_silence(phone->label) || phone->word == kept->word ||
           (i + 1 < spoken->n_phones && spoken->phones[i + 1].word == phone->word);
}

ernn_status ernn_spoken_tidy(ernn_spoken *spoken, ernn_error *err)
{
    int n = 0;
    for (int i = 0; i < spoken->n_phones; i++) {
        const ernn_spoken_phone phone = spoken->phones[i];
        if (phone.end <= phone.begin)
            continue;
        if (n && is_doubled(spoken, &spoken->phones[n - 1], i)) {
            spoken->phones[n - 1].end = phone.end;
            continue;
        }
        spoken->phones[n++] = phone;
    }
    spoken->n_phones = n;
    if (n < 3)
        return ernn_error_set(err, ERNN_BAD_FILE,
                              "synthesised utterance: %d labels, 3 or more are wanted", n);
    for (int i = 0; i < n; i++)
        spoken->phones[i].end = i + 1 < n ? spoken->phones[i + 1].begin : (int64_t)spoken->n;
    spoken->phones[0].begin = 0;
    return ERNN_OK;
}
