// ernn-espeak-voice: says one text with espeak-ng into a WAV file and prints when each phoneme
// begins. `ernn corpus make` runs it; it is not part of ernn's library or command.
//
// Why it stands alone: libespeak-ng is GPL-3.0-or-later, so a program linked with it is, as a
// whole, distributed under the GPL. This file is Apache-2.0, which GPL version 3 admits; the
// executable is GPL-3.0-or-later. Nothing else of the project is linked with either: the two
// programs share no memory, only arguments, a file and lines of text.
//
// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <espeak-ng/speak_lib.h>
#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char HELP[] =
    "ernn-espeak-voice: one text to a WAV file, and when each phoneme begins\n\n"
    "  ernn-espeak-voice [options] -o FILE -- TEXT\n"
    "  ernn-espeak-voice [options] --pronounce -- \"WORD, WORD, ...\"\n\n"
    "  --voice NAME   language and variant (default en-us)\n"
    "  --rate N       words a minute, 80 to 450 (default 175)\n"
    "  --pitch N      0 to 99 (default 50)\n"
    "  -o FILE        RIFF, 16 bit, mono, at espeak-ng's own rate\n"
    "  --pronounce    print the phonemes of each word alone instead, words divided by _\n\n"
    "Prints \"rate HZ\", lines \"at SAMPLE PHONEME\" and \"end SAMPLE\".\n\n"
    "Example: ernn-espeak-voice --voice en-us+m3 -o hello.wav -- \"Hello there.\"\n";

typedef struct voice_job {
    const char *voice;
    const char *output;
    const char *text;
    int rate;
    int pitch;
    int is_pronounced;
} voice_job;

// What the callback collects: espeak-ng hands it no pointer of ours, and a program that says one
// text can afford a global.
static struct {
    int16_t *samples;
    size_t n;
    size_t capacity;
    int has_failed;
} recording;

static int fail(const char *what, const char *value)
{
    fprintf(stderr, "ernn-espeak-voice: %s: %s\n", what, value);
    return 1;
}

static int keep(const int16_t *samples, size_t n)
{
    if (recording.n + n > recording.capacity) {
        const size_t capacity = 2 * (recording.n + n) + 65536;
        int16_t *grown = realloc(recording.samples, capacity * sizeof *grown);
        if (!grown)
            return 0;
        recording.samples = grown;
        recording.capacity = capacity;
    }
    memcpy(recording.samples + recording.n, samples, n * sizeof *samples);
    recording.n += n;
    return 1;
}

// Called by espeak-ng with a piece of audio and the events that lie in it. Their samples count from
// the beginning of the text.
static int on_audio(short *samples, int n, espeak_EVENT *event)
{
    for (; event->type != espeakEVENT_LIST_TERMINATED; event++)
        if (event->type == espeakEVENT_PHONEME && event->id.string[0])
            printf("at %d %.8s\n", event->sample, event->id.string);
    if (samples && n > 0 && !keep(samples, (size_t)n))
        recording.has_failed = 1;
    return recording.has_failed;
}

static void put(unsigned char *to, uint32_t value, int n_bytes)
{
    for (int i = 0; i < n_bytes; i++)
        to[i] = (unsigned char)(value >> (8 * i));
}

static int save(const char *path, int rate_hz)
{
    unsigned char header[44] = "RIFF....WAVEfmt ";
    const uint32_t data_bytes = (uint32_t)(2 * recording.n);
    put(header + 4, 36 + data_bytes, 4);
    put(header + 16, 16, 4);
    put(header + 20, 1, 2); // PCM
    put(header + 22, 1, 2); // one channel
    put(header + 24, (uint32_t)rate_hz, 4);
    put(header + 28, (uint32_t)rate_hz * 2, 4);
    put(header + 32, 2, 2);
    put(header + 34, 16, 2);
    memcpy(header + 36, "data", 4);
    put(header + 40, data_bytes, 4);
    FILE *file = fopen(path, "wb");
    int good = file && fwrite(header, 1, sizeof header, file) == sizeof header;
    for (size_t i = 0; good && i < recording.n; i++) {
        unsigned char bytes[2];
        put(bytes, (uint32_t)recording.samples[i], 2);
        good = fwrite(bytes, 1, 2, file) == 2;
    }
    if (file)
        good = fclose(file) == 0 && good;
    return good ? 0 : fail(path, strerror(errno));
}

static int say(const voice_job *job, int rate_hz)
{
    printf("rate %d\n", rate_hz);
    espeak_SetSynthCallback(on_audio);
    if (espeak_Synth(job->text, strlen(job->text) + 1, 0, POS_CHARACTER, 0, espeakCHARS_UTF8, NULL,
                     NULL) != EE_OK ||
        espeak_Synchronize() != EE_OK || recording.has_failed || recording.n == 0)
        return fail("espeak-ng cannot say", job->text);
    printf("end %zu\n", recording.n);
    return save(job->output, rate_hz);
}

// espeak-ng's phonemes of one word, stress marks removed. It divides them by '|', which no mnemonic
// of English holds.
static int pronounce_word(const char *word)
{
    const void *next = word;
    const char *phonemes = espeak_TextToPhonemes(&next, espeakCHARS_UTF8, '|' << 8);
    if (!phonemes)
        return fail("espeak-ng cannot pronounce", word);
    for (; *phonemes; phonemes++)
        if (*phonemes == '|' || *phonemes == ' ')
            putchar(' ');
        else if (!strchr("',%=!", *phonemes))
            putchar(*phonemes);
    fputs(" _ ", stdout);
    return 0;
}

static int pronounce(const char *text)
{
    char *words = strdup(text);
    if (!words)
        return fail("no memory for", "the text");
    int failure = 0;
    char *cursor = NULL;
    for (char *word = strtok_r(words, ", ", &cursor); word && !failure;
         word = strtok_r(NULL, ", ", &cursor))
        failure = pronounce_word(word);
    putchar('\n');
    free(words);
    return failure;
}

// Exit code 2 for a wrong call, -1 to go on.
static int parse(int argc, char **argv, voice_job *job)
{
    static const struct option OPTIONS[] = {
        {"voice", required_argument, NULL, 'v'}, {"rate", required_argument, NULL, 'r'},
        {"pitch", required_argument, NULL, 'p'}, {"pronounce", no_argument, NULL, 'w'},
        {"help", no_argument, NULL, 'h'},        {NULL, 0, NULL, 0},
    };
    for (int option; (option = getopt_long(argc, argv, "o:h", OPTIONS, NULL)) != -1;) {
        switch (option) {
        case 'v':
            job->voice = optarg;
            break;
        case 'r':
            job->rate = atoi(optarg);
            break;
        case 'p':
            job->pitch = atoi(optarg);
            break;
        case 'w':
            job->is_pronounced = 1;
            break;
        case 'o':
            job->output = optarg;
            break;
        case 'h':
            fputs(HELP, stdout);
            return 0;
        default:
            return 2;
        }
    }
    if (optind + 1 != argc || (!job->output && !job->is_pronounced) || job->rate < 80 ||
        job->rate > 450 || job->pitch < 0 || job->pitch > 99) {
        fputs(HELP, stderr);
        return 2;
    }
    job->text = argv[optind];
    return -1;
}

int main(int argc, char **argv)
{
    voice_job job = {.voice = "en-us", .rate = 175, .pitch = 50};
    int code = parse(argc, argv, &job);
    if (code >= 0)
        return code;
    const int rate_hz =
        espeak_Initialize(AUDIO_OUTPUT_SYNCHRONOUS, 0, NULL,
                          espeakINITIALIZE_PHONEME_EVENTS | espeakINITIALIZE_DONT_EXIT);
    if (rate_hz <= 0)
        return fail("espeak-ng finds no data", "install the Debian package espeak-ng-data");
    if (espeak_SetVoiceByName(job.voice) != EE_OK)
        return fail("espeak-ng has no voice", job.voice);
    espeak_SetParameter(espeakRATE, job.rate, 0);
    espeak_SetParameter(espeakPITCH, job.pitch, 0);
    code = job.is_pronounced ? pronounce(job.text) : say(&job, rate_hz);
    espeak_Terminate();
    free(recording.samples);
    return code;
}
