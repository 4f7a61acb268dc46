// Corpora and sequences: the real ones as they lie, small ones with every fault planted, alignments
// against the label files, and equal bytes for any number of threads. SPDX-License-Identifier:
// Apache-2.0
#include "files.h"

#include <omp.h>

// ---- Small corpora ----

static void put_audio(const char *path, size_t n, int rate_hz)
{
    float *sine = new_sine(n, 300, rate_hz, 0.5);
    write_wav(path, sine, n, 1, rate_hz, 0);
    free(sine);
}

// DR1/FABC0/{SA1,SI7,sx9} and DR2/MXYZ0/SX9; 8000 samples each, at 16 and 8 kHz.
static char *new_timit(void)
{
    char *folder = new_folder();
    put_audio(in(folder, "DR1/FABC0/SA1.WAV"), 8000, 16000); // no labels: left out
    put_audio(in(folder, "DR1/FABC0/SI7.WAV"), 8000, 16000);
    write_text(in(folder, "DR1/FABC0/SI7.PHN"), "0 1000 h#\n1000 4000 aa\n4000 7990 h#\n");
    write_text(in(folder, "DR1/FABC0/SI7.TXT"), "0 8000 Ah.\n");
    put_audio(in(folder, "DR1/FABC0/sx9.wav"), 8000, 16000);
    write_text(in(folder, "DR1/FABC0/sx9.phn"),
               "0 2000 h#\r\n2000 2500 pcl\r\n2500 4000 p\r\n4000 5000 q\r\n5000 6000 ax-h\r\n");
    put_audio(in(folder, "DR2/MXYZ0/SX9.WAV"), 8000, 8000);
    write_text(in(folder, "DR2/MXYZ0/SX9.PHN"), "0 4000 q\n4000 8000 zh\n");
    write_text(in(folder, "README.DOC"), "not audio\n");
    return folder;
}

static void refuse(const char *path, ernn_status want, const char *part)
{
    ernn_error err = {0};
    ernn_corpus *corpus = (ernn_corpus *)1;
    const ernn_status status = ernn_corpus_load(path, &corpus, &err);
    check_fails(status, want, &err, part);
    assert_null(corpus);
}

static void check_phones(const int *phones, int n, ernn_phone_set set, const char *want)
{
    char text[4096] = "";
    for (int i = 0; i < n; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i ? " " : "",
                 ernn_phones_name(set, phones[i]));
    assert_string_equal(text, want);
}

static void test_timit(void **state)
{
    (void)state;
    ernn_error err = {0};
    char *folder = new_timit();
    ernn_corpus *corpus;
    check_ok(ernn_corpus_load(folder, &corpus, &err), err);
    assert_int_equal(corpus->n_utterances, 3);
    assert_true(corpus->has_silence);
    assert_int_equal(corpus->phone_set, ERNN_PHONES_61);
    const ernn_utterance *u = corpus->utterances;
    assert_string_equal(u[0].id, "dr1-fabc0-si7");
    assert_string_equal(u[0].speaker, "fabc0");
    assert_string_equal(u[0].text, "Ah.");
    assert_string_equal(u[1].id, "dr1-fabc0-sx9");
    assert_string_equal(u[2].id, "dr2-mxyz0-sx9");
    assert_null(u[2].text);
    check_phones(u[1].phones, u[1].n_phones, ERNN_PHONES_61, "h# pcl p q ax-h");
    assert_int_equal(u[1].segments[2].begin, 2500);
    assert_int_equal(u[1].segments[2].end, 4000);

    ernn_features f = ernn_features_defaults();
    ernn_sequences *sequences;
    check_ok(ernn_sequences_new(corpus, &f, NULL, false, ERNN_PHONES_39, &sequences, &err), err);
    assert_int_equal(sequences->n, 3);
    assert_int_equal(sequences->width, 80);
    check_phones(sequences->phones[0], sequences->n_phones[0], ERNN_PHONES_39, "sil aa sil");
    check_phones(sequences->phones[1], sequences->n_phones[1], ERNN_PHONES_39, "sil p ah");
    check_phones(sequences->phones[2], sequences->n_phones[2], ERNN_PHONES_39, "sh");
    // Stack t has its middle at 320 t + 280 samples of 16 kHz; q counts to the phone before.
    for (int t = 0; t < sequences->n_frames[1]; t++) {
        const int middle = 320 * t + 280;
        const char *want = middle < 2500 ? "sil" : middle < 5000 ? "p" : "ah";
        check_phones(&sequences->alignment[1][t], 1, ERNN_PHONES_39, want);
    }
    // 8000 samples at 8 kHz are 16000 at 16 kHz: times scale; q at the start counts to what
    // follows.
    assert_int_equal(sequences->n_frames[2], (1 + (16000 - 400) / 160) / 2);
    for (int t = 0; t < sequences->n_frames[2]; t++)
        check_phones(&sequences->alignment[2][t], 1, ERNN_PHONES_39, "sh");
    ernn_sequences_free(sequences);
    check_ok(ernn_sequences_new(corpus, &f, NULL, false, ERNN_PHONES_61, &sequences, &err), err);
    for (int t = 0; t < sequences->n_frames[2]; t++)
        check_phones(&sequences->alignment[2][t], 1, ERNN_PHONES_61,
                     320 * t + 280 < 8000 ? "q" : "zh");
    ernn_sequences_free(sequences);
    ernn_corpus_free(corpus);
    drop_folder(folder);
}

static void test_list(void **state)
{
    (void)state;
    ernn_error err = {0};
    char *folder = new_timit();
    ernn_corpus *corpus;
    write_text(in(folder, "one.txt"), "# a comment\nDR1/FABC0/SI7\n\nDR2\n");
    check_ok(ernn_corpus_load(in(folder, "one.txt"), &corpus, &err), err);
    assert_int_equal(corpus->n_utterances, 2);
    assert_string_equal(corpus->utterances[1].id, "dr2-mxyz0-sx9");
    ernn_corpus_free(corpus);
    write_text(in(folder, "two.txt"), "DR1/FABC0/\nDR2/MXYZ0/SX9.WAV\n");
    check_ok(ernn_corpus_load(in(folder, "two.txt"), &corpus, &err), err);
    assert_int_equal(corpus->n_utterances, 3);
    ernn_corpus_free(corpus);
    write_text(in(folder, "bad.txt"), "DR1/FABC0/SI7\nDR1/FABC0/SI8\n");
    refuse(in(folder, "bad.txt"), ERNN_BAD_FILE, "bad.txt:2: 'DR1/FABC0/SI8'");
    write_text(in(folder, "bad.txt"), "DR2\nDR2/MXYZ0\n");
    refuse(in(folder, "bad.txt"), ERNN_BAD_FILE, "two utterances are called 'dr2-mxyz0-sx9'");
    write_text(in(folder, "bad.txt"), "\n");
    refuse(in(folder, "bad.txt"), ERNN_BAD_FILE, "empty");
    drop_folder(folder);
}

static void test_bad_timit(void **state)
{
    (void)state;
    static const char *const LABELS[][2] = {
        {"0 1000 h#\n1000 4000 xx\n", "SI7.PHN:2: unknown phone 'xx'"},
        {"0 1000 h#\n900 4000 aa\n", "SI7.PHN:2: samples 900 to 4000 after 1000"},
        {"0 1000 h#\n2000 2000 aa\n", "SI7.PHN:2: samples 2000 to 2000"},
        {"-5 1000 h#\n", "SI7.PHN:1"},
        {"0 1000\n", "SI7.PHN:1: '0 1000', first sample"},
        {"0 1000 h# aa\n", "SI7.PHN:1"},
        {"zero 1000 h#\n", "SI7.PHN:1"},
        {"0 8321 h#\n", "0 to 8321, the audio SI7.WAV has 8000"},
        {"0 99999999999999999999 h#\n", "SI7.PHN"},
        {"\n", "no labels"},
        {"", "no labels"},
    };
    char *folder = new_timit();
    for (size_t i = 0; i < sizeof LABELS / sizeof *LABELS; i++) {
        write_text(in(folder, "DR1/FABC0/SI7.PHN"), LABELS[i][0]);
        refuse(folder, ERNN_BAD_FILE, LABELS[i][1]);
    }
    // A few samples past the end are cut off.
    ernn_error err = {0};
    ernn_corpus *corpus;
    write_text(in(folder, "DR1/FABC0/SI7.PHN"), "0 8320 h#\n");
    check_ok(ernn_corpus_load(folder, &corpus, &err), err);
    assert_int_equal(corpus->utterances[0].segments[0].end, 8000);
    ernn_corpus_free(corpus);
    unlink(in(folder, "DR1/FABC0/SI7.PHN"));
    refuse(folder, ERNN_BAD_FILE, "DR1/FABC0/SI7.PHN: missing");
    write_text(in(folder, "DR1/FABC0/SI7.PHN"), "0 1000 h#\n");
    write_text(in(folder, "DR1/FABC0/SI7.WAV"), "RIFF");
    refuse(folder, ERNN_BAD_FILE, "SI7.WAV");
    drop_folder(folder);
    // Empty trees, the folder above the parts, and no corpus at all.
    folder = new_folder();
    refuse(folder, ERNN_BAD_FILE, "neither a TIMIT tree");
    check_ok(ernn_folder_new(in(folder, "TRAIN/DR1/FABC0"), &err), err);
    refuse(in(folder, "TRAIN"), ERNN_BAD_FILE, "the corpus is empty");
    refuse(folder, ERNN_BAD_FILE, "/TRAIN");
    refuse(in(folder, "none"), ERNN_IO, "no such corpus");
    drop_folder(folder);
}

static char *new_kaldi(void)
{
    char *folder = new_folder();
    put_audio(in(folder, "wav/a.wav"), 8000, 16000);
    put_audio(in(folder, "data/b.wav"), 8000, 8000);
    write_text(in(folder, "data/wav.scp"), "utt-b b.wav\nutt-a wav/a.wav\n");
    write_text(in(folder, "data/phones"), "utt-a aa b ch\nutt-b d  dh\n");
    write_text(in(folder, "data/utt2spk"), "utt-a x\nutt-b y\n");
    write_text(in(folder, "data/text"), "utt-a SOME WORDS\nutt-b MORE\n");
    return folder;
}

static void test_kaldi(void **state)
{
    (void)state;
    ernn_error err = {0};
    char *folder = new_kaldi();
    ernn_corpus *corpus;
    check_ok(ernn_corpus_load(in(folder, "data"), &corpus, &err), err);
    assert_int_equal(corpus->n_utterances, 2);
    assert_false(corpus->has_silence);
    const ernn_utterance *u = corpus->utterances;
    assert_string_equal(u[0].id, "utt-a");
    assert_string_equal(u[0].text, "SOME WORDS");
    assert_string_equal(u[1].speaker, "y");
    check_phones(u[1].phones, u[1].n_phones, ERNN_PHONES_39, "d dh");
    assert_null(u[0].segments);
    ernn_features f = ernn_features_defaults();
    ernn_sequences *sequences;
    check_ok(ernn_sequences_new(corpus, &f, NULL, false, ERNN_PHONES_39, &sequences, &err), err);
    assert_null(sequences->alignment);
    assert_int_equal(sequences->n_frames[0], 24);
    assert_int_equal(sequences->n_frames[1], 49);
    ernn_sequences_free(sequences);
    // 39 classes cannot be split into 61.
    assert_int_equal(ernn_sequences_new(corpus, &f, NULL, false, ERNN_PHONES_61, &sequences, &err),
                     ERNN_BAD_ARG);
    ernn_corpus_free(corpus);
    // `text` may be absent, silence may be labelled.
    unlink(in(folder, "data/text"));
    write_text(in(folder, "data/phones"), "utt-a aa b ch\nutt-b sil d  dh\n");
    check_ok(ernn_corpus_load(in(folder, "data"), &corpus, &err), err);
    assert_true(corpus->has_silence);
    assert_null(corpus->utterances[0].text);
    ernn_corpus_free(corpus);
    drop_folder(folder);
}

static void test_bad_kaldi(void **state)
{
    (void)state;
    static const char *const FAULTS[][3] = {
        {"wav.scp", "utt-b b.wav\nutt-a flac -d wav/a.flac |\n", "wav.scp:2: 'flac -d"},
        {"wav.scp", "utt-b b.wav\nutt-a wav/c.wav\n", "wav.scp:2: audio file 'wav/c.wav'"},
        {"wav.scp", "utt-b b.wav\nutt-a /none/c.wav\n", "wav.scp:2: audio file /none/c.wav"},
        {"wav.scp", "utt-b b.wav\nutt-a wav/a.wav\nutt-b b.wav\n", "wav.scp:3: key 'utt-b'"},
        {"wav.scp", "utt-b b.wav\nutt-a wav/a.wav\nutt-c b.wav\n",
         "wav.scp:3: key 'utt-c' is missing in phones"},
        {"wav.scp", "utt-b b.wav\nutt-a\n", "wav.scp:2: 'utt-a', a key and its value"},
        {"phones", "utt-a aa b ch\nutt-b d AH0\n", "phones:2: unknown phone 'AH0'"},
        {"phones", "utt-a aa b ch\n", "wav.scp:1: key 'utt-b' is missing in phones"},
        {"phones", "utt-a aa b ch\nutt-b\n", "phones:2"},
        {"phones", "utt-a aa\nutt-b d\nutt-c d\n", "phones:3: key 'utt-c' is missing in wav.scp"},
        {"utt2spk", "utt-a x\n", "missing in utt2spk"},
        {"text", "utt-a x\n", "missing in text"},
        {"segments", "utt-a rec 0 1\n", "parts of recordings"},
    };
    for (size_t i = 0; i < sizeof FAULTS / sizeof *FAULTS; i++) {
        char *folder = new_kaldi();
        const char *data = in(folder, "data");
        write_text(in(data, FAULTS[i][0]), FAULTS[i][1]);
        const bool is_missing_audio = strstr(FAULTS[i][2], "audio file") != NULL;
        refuse(data, is_missing_audio ? ERNN_IO : ERNN_BAD_FILE, FAULTS[i][2]);
        drop_folder(folder);
    }
    char *folder = new_kaldi();
    const char *FILES[] = {"text", "phones", "utt2spk", "wav.scp"};
    for (size_t i = 0; i < 4; i++)
        write_text(in(in(folder, "data"), FILES[i]), "");
    refuse(in(folder, "data"), ERNN_BAD_FILE, "the corpus is empty");
    refuse(folder, ERNN_BAD_FILE, "neither");
    unlink(in(folder, "data/phones"));
    refuse(in(folder, "data"), ERNN_BAD_FILE, "data/phones: missing");
    drop_folder(folder);
}

// The error is that of the first utterance that fails, for any number of threads.
static void test_bad_audio(void **state)
{
    (void)state;
    ernn_error err = {0};
    char *folder = new_folder();
    char scp[8000] = "";
    char phones[8000] = "";
    char speakers[8000] = "";
    for (int i = 0; i < 60; i++) {
        char name[40];
        snprintf(name, sizeof name, "w%02d.wav", i);
        if (i % 7 == 5)
            put_audio(in(folder, name), 100, 16000); // too short
        else
            put_audio(in(folder, name), 3000, 16000);
        sprintf(scp + strlen(scp), "u%02d %s\n", i, name);
        sprintf(phones + strlen(phones), "u%02d aa\n", i);
        sprintf(speakers + strlen(speakers), "u%02d s\n", i);
    }
    write_text(in(folder, "wav.scp"), scp);
    write_text(in(folder, "phones"), phones);
    write_text(in(folder, "utt2spk"), speakers);
    ernn_corpus *corpus;
    check_ok(ernn_corpus_load(folder, &corpus, &err), err);
    ernn_features f = ernn_features_defaults();
    const int before = omp_get_max_threads();
    for (int threads = 1; threads <= 4; threads++) {
        ernn_sequences *sequences;
        omp_set_num_threads(threads);
        const ernn_status status =
            ernn_sequences_new(corpus, &f, NULL, false, ERNN_PHONES_39, &sequences, &err);
        check_fails(status, ERNN_BAD_FILE, &err, "w05.wav: 100 samples at 16000 Hz are too short");
        assert_null(sequences);
    }
    omp_set_num_threads(before);
    ernn_corpus_free(corpus);
    drop_folder(folder);
}

// ---- Real speech ----

static ernn_corpus *load_real(const char *name)
{
    ernn_error err = {0};
    ernn_corpus *corpus;
    check_ok(ernn_corpus_load(in(SPEECH_FOLDER, name), &corpus, &err), err);
    return corpus;
}

static void test_real_counts(void **state)
{
    (void)state;
    need_speech();
    static const struct {
        const char *name;
        size_t n;
    } PARTS[] = {
        {"an4/train", 845},
        {"an4/dev", 103},
        {"an4/test", 65},
        {"fsdd/train", 1600},
        {"fsdd/dev", 200},
        {"fsdd/test", 200},
        {"speechocean762/train", 684},
        {"speechocean762/dev", 200},
        {"speechocean762/test", 372},
        {"timit-sample/TRAIN", 48},
        {"timit-sample/TEST", 16},
    };
    for (size_t i = 0; i < sizeof PARTS / sizeof *PARTS; i++) {
        ernn_corpus *corpus = load_real(PARTS[i].name);
        assert_int_equal(corpus->n_utterances, PARTS[i].n);
        for (size_t u = 1; u < corpus->n_utterances; u++)
            assert_true(strcmp(corpus->utterances[u - 1].id, corpus->utterances[u].id) < 0);
        ernn_corpus_free(corpus);
    }
    refuse(SPEECH_FOLDER "/timit-sample", ERNN_BAD_FILE, "/TRAIN");
    refuse(SPEECH_FOLDER "/an4", ERNN_BAD_FILE, "/train");
}

static ernn_sequences *transform(const ernn_corpus *corpus, const ernn_features *f,
                                 ernn_feature_statistics *statistics, bool collect, int threads)
{
    ernn_error err = {0};
    ernn_sequences *sequences;
    const int before = omp_get_max_threads();
    omp_set_num_threads(threads);
    check_ok(ernn_sequences_new(corpus, f, statistics, collect, ERNN_PHONES_39, &sequences, &err),
             err);
    omp_set_num_threads(before);
    return sequences;
}

static void check_equal(const ernn_sequences *a, const ernn_sequences *b)
{
    assert_int_equal(a->n, b->n);
    for (size_t i = 0; i < a->n; i++) {
        assert_int_equal(a->n_frames[i], b->n_frames[i]);
        assert_memory_equal(a->frames[i], b->frames[i],
                            (size_t)a->n_frames[i] * (size_t)a->width * sizeof(float));
        assert_memory_equal(a->alignment[i], b->alignment[i], (size_t)a->n_frames[i] * sizeof(int));
    }
}

// Sequences are what a fresh stream gives with the collected statistics; statistics are those of
// the raw features, computed here in another order; threads change nothing.
static void test_real_sequences(void **state)
{
    (void)state;
    need_speech();
    ernn_error err = {0};
    ernn_corpus *corpus = load_real("timit-sample/TEST");
    ernn_features f = ernn_features_defaults();
    ernn_feature_statistics one = {0};
    ernn_feature_statistics three = {0};
    ernn_sequences *sequences = transform(corpus, &f, &one, true, 1);
    ernn_sequences *again = transform(corpus, &f, &three, true, 3);
    assert_memory_equal(&one, &three, sizeof one);
    check_equal(sequences, again);
    ernn_sequences_free(again);

    ernn_features raw_features = f;
    raw_features.normalisation = ERNN_NORMALISE_GLOBAL;
    ernn_frontend *raw;
    ernn_frontend *running;
    check_ok(ernn_frontend_new(&raw_features, NULL, &raw, &err), err);
    check_ok(ernn_frontend_new(&f, &one, &running, &err), err);
    double sum[40] = {0};
    double square[40] = {0};
    double count = 0;
    for (size_t i = 0; i < corpus->n_utterances; i++) {
        float *samples;
        float *frames;
        size_t n;
        size_t n_frames;
        check_ok(ernn_audio_load(corpus->utterances[i].audio_path, f.rate_hz, &samples, &n, &err),
                 err);
        check_ok(ernn_frontend_run(running, samples, n, &frames, &n_frames, &err), err);
        assert_int_equal(n_frames, sequences->n_frames[i]);
        assert_memory_equal(frames, sequences->frames[i], n_frames * 80 * sizeof(float));
        ernn_audio_free(frames);
        check_ok(ernn_frontend_run(raw, samples, n, &frames, &n_frames, &err), err);
        for (size_t t = 0; t < 2 * n_frames; t++, count++)
            for (size_t d = 0; d < 40; d++) {
                sum[d] += frames[t * 40 + d];
                square[d] += (double)frames[t * 40 + d] * frames[t * 40 + d];
            }
        ernn_audio_free(frames);
        ernn_audio_free(samples);
    }
    for (int d = 0; d < 40; d++) {
        const double mean = sum[d] / count;
        check_near(one.mean[d], mean, 1e-4);
        check_near(one.variance[d], square[d] / count - mean * mean, 1e-3);
    }
    ernn_frontend_free(raw);
    ernn_frontend_free(running);
    ernn_sequences_free(sequences);
    ernn_corpus_free(corpus);
}

// A perfect frame classifier's alignment, merged, is the label sequence but for what is too short
// to own the middle of a frame.
static void test_real_alignment(void **state)
{
    (void)state;
    need_speech();
    ernn_corpus *corpus = load_real("timit-sample/TRAIN");
    ernn_features f = ernn_features_defaults();
    f.n_stacked = 1;
    f.shift_ms = 5;
    ernn_sequences *sequences = transform(corpus, &f, NULL, false, 2);
    ernn_error err = {0};
    ernn_score score = {0};
    for (size_t i = 0; i < sequences->n; i++) {
        int n = 0;
        int *merged = malloc((size_t)sequences->n_frames[i] * sizeof(int));
        for (int t = 0; t < sequences->n_frames[i]; t++)
            if (t == 0 || sequences->alignment[i][t] != sequences->alignment[i][t - 1])
                merged[n++] = sequences->alignment[i][t];
        check_ok(ernn_score_add(&score, ERNN_PHONES_39, sequences->phones[i],
                                sequences->n_phones[i], merged, n, ERNN_SILENCE_SCORED, &err),
                 err);
        free(merged);
    }
    assert_int_equal(score.substitutions, 0);
    assert_int_equal(score.insertions, 0);
    // Two equal phones in a row, and bursts below 5 ms.
    assert_true(ernn_score_per(&score) < 2);
    ernn_sequences_free(sequences);
    ernn_corpus_free(corpus);
}

// 8 kHz recordings arrive at 16 kHz: twice the samples, and nothing in the upper half of the band.
static void test_real_fsdd(void **state)
{
    (void)state;
    need_speech();
    ernn_corpus *corpus = load_real("fsdd/dev");
    ernn_features f = ernn_features_defaults();
    f.normalisation = ERNN_NORMALISE_GLOBAL;
    ernn_feature_statistics s;
    ernn_sequences *sequences = transform(corpus, &f, &s, true, 2);
    check_near(s.mean[39], log(1e-8), 5); // near the floor
    assert_true(s.mean[20] > s.mean[39] + 6);
    ernn_sequences_free(sequences);
    ernn_corpus_free(corpus);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_timit),          cmocka_unit_test(test_list),
        cmocka_unit_test(test_bad_timit),      cmocka_unit_test(test_kaldi),
        cmocka_unit_test(test_bad_kaldi),      cmocka_unit_test(test_bad_audio),
        cmocka_unit_test(test_real_counts),    cmocka_unit_test(test_real_sequences),
        cmocka_unit_test(test_real_alignment), cmocka_unit_test(test_real_fsdd),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
