// Every allocation of the load and score paths fails once: an error line, and nothing leaks or
// breaks (the sanitizer build sees to that). SPDX-License-Identifier: Apache-2.0
#include "ernn/decode.h"
#include "files.h"

#include <errno.h>
#include <omp.h>

// Stands in for the C library's in this program: fails at call number `fail_at`.
static long n_calls;
static long fail_at;

void *aligned_alloc(size_t alignment, size_t size)
{
    void *block = NULL;
    if (++n_calls == fail_at)
        return NULL;
    return posix_memalign(&block, alignment, size) ? NULL : block;
}

static const char *folder;

// A corpus to sequences, and their labels scored.
static ernn_status run(ernn_error *err)
{
    ernn_corpus *corpus = NULL;
    ernn_sequences *sequences = NULL;
    ernn_feature_statistics statistics;
    ernn_score score = {0};
    ernn_features f = ernn_features_defaults();
    f.kind = ERNN_FEATURES_MFCC;
    f.n_deltas = 2;
    ernn_status status = ernn_corpus_load(folder, &corpus, err);
    if (status == ERNN_OK)
        status = ernn_sequences_new(corpus, &f, &statistics, true, ERNN_PHONES_39, &sequences, err);
    if (status == ERNN_OK)
        status =
            ernn_score_add(&score, ERNN_PHONES_39, sequences->phones[0], sequences->n_phones[0],
                           sequences->phones[1], sequences->n_phones[1], ERNN_SILENCE_SCORED, err);
    ernn_sequences_free(sequences);
    ernn_corpus_free(corpus);
    return status;
}

// A lexicon, a bigram over its words through a file, every decoder, a comparison.
static ernn_status run_decoders(ernn_error *err)
{
    static const int words[] = {0, 1, 0};
    static const int *const sequences[] = {words};
    static const int length = 3;
    static const int64_t counts[] = {1, 2, 3};
    static const float logits[2 * 40];
    ernn_decode_options o = ernn_decode_defaults();
    ernn_lexicon *lexicon = NULL;
    ernn_bigram *made = NULL;
    ernn_bigram *read = NULL;
    ernn_comparison comparison;
    ernn_confusion confusion = {0};
    ernn_status status = ernn_lexicon_load(in(folder, "lexicon"), ERNN_PHONES_39, &lexicon, err);
    if (status == ERNN_OK)
        status = ernn_bigram_new(ernn_lexicon_words(lexicon), 2, sequences, &length, 1, &made, err);
    if (status == ERNN_OK)
        status = ernn_bigram_save(made, in(folder, "arpa"), err);
    if (status == ERNN_OK)
        status = ernn_bigram_load(in(folder, "arpa"), ernn_lexicon_words(lexicon), 2, &read, err);
    o.lexicon = lexicon;
    for (int kind = 0; kind < 4 && status == ERNN_OK; kind++) {
        ernn_decoder *decoder = NULL;
        int symbols[2];
        o.decoder = (ernn_decoder_kind)kind;
        o.bigram = o.decoder == ERNN_DECODER_LEXICON ? read : NULL;
        status = ernn_decoder_new(&o, 40, 2, &decoder, err);
        const long before = n_calls;
        if (status == ERNN_OK)
            ernn_decoder_run(decoder, logits, 2, symbols, NULL);
        assert_int_equal(n_calls, before); // decoding allocates nothing
        ernn_decoder_free(decoder);
    }
    if (status == ERNN_OK)
        status = ernn_compare(counts, counts, counts, 3, 1, &comparison, err);
    if (status == ERNN_OK)
        status = ernn_confusion_add(&confusion, ERNN_PHONES_39, words, 3, words, 2,
                                    ERNN_SILENCE_SCORED, err);
    ernn_bigram_free(made);
    ernn_bigram_free(read);
    ernn_lexicon_free(lexicon);
    return status;
}

static void check_every_failure(ernn_status (*path)(ernn_error *err))
{
    ernn_error err = {0};
    omp_set_num_threads(1);
    fail_at = 0;
    n_calls = 0;
    check_ok(path(&err), err);
    const long total = n_calls;
    assert_true(total > 30);
    for (long at = 1; at <= total; at++) {
        n_calls = 0;
        fail_at = at;
        err = (ernn_error){0};
        assert_int_equal(path(&err), ERNN_NO_MEMORY);
        assert_int_equal(err.status, ERNN_NO_MEMORY);
        assert_true(strlen(err.text) > 10);
    }
    fail_at = 0;
}

static void test_kaldi(void **state)
{
    (void)state;
    char *made = new_folder();
    float *sine = new_sine(3000, 440, 8000, 0.5);
    write_wav(in(made, "a.wav"), sine, 3000, 1, 8000, 0);
    write_wav(in(made, "b.wav"), sine, 3000, 1, 16000, 0);
    write_text(in(made, "wav.scp"), "a a.wav\nb b.wav\n");
    write_text(in(made, "phones"), "a aa b\nb d\n");
    write_text(in(made, "utt2spk"), "a x\nb y\n");
    write_text(in(made, "text"), "a x\nb y\n");
    folder = made;
    check_every_failure(run);
    free(sine);
    drop_folder(made);
}

static void test_timit(void **state)
{
    (void)state;
    char *made = new_folder();
    float *sine = new_sine(3000, 440, 16000, 0.5);
    write_wav(in(made, "DR1/A/SX1.WAV"), sine, 3000, 1, 16000, 0);
    write_text(in(made, "DR1/A/SX1.PHN"), "0 1000 h#\n1000 3000 aa\n");
    write_text(in(made, "DR1/A/SX1.TXT"), "0 3000 Ah.\n");
    write_wav(in(made, "DR1/A/SX2.WAV"), sine, 3000, 1, 16000, 0);
    write_text(in(made, "DR1/A/SX2.PHN"), "0 1000 h#\n1000 3000 iy\n");
    folder = made;
    check_every_failure(run);
    free(sine);
    drop_folder(made);
}

static void test_decoders(void **state)
{
    (void)state;
    char *made = new_folder();
    write_text(in(made, "lexicon"), "A AH\nB B IY\n");
    folder = made;
    check_every_failure(run_decoders);
    drop_folder(made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decoders),
        cmocka_unit_test(test_kaldi),
        cmocka_unit_test(test_timit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
