// Decoders against brute force: every segmentation, every alignment, every word sequence of small
// cases; bigrams against their closed form. SPDX-License-Identifier: Apache-2.0
#include "ernn/decode.h"
#include "files.h"

static void random_logits(ernn_rng *rng, float *logits, int n_frames, int n_labels)
{
    check_random(rng, logits, (size_t)(n_frames * n_labels), 1.5);
}

static double log_add(double a, double b)
{
    return a > b ? a + log1p(exp(b - a)) : b == -INFINITY ? a : b + log1p(exp(a - b));
}

// ln P of label k in a frame, straight from the definition.
static double log_posterior(const float *frame, int first, int n, int k)
{
    double sum = 0;
    for (int i = first; i < n; i++)
        sum += exp((double)frame[i]);
    return (double)frame[k] - log(sum);
}

// ---- Bigrams ----

static const char *const NAMES[] = {"a", "b", "c", "d"};

// A bigram over n symbols from random sequences.
static ernn_bigram *random_bigram(uint64_t seed, const char *const *names, int n)
{
    ernn_error err = {0};
    ernn_rng rng = ernn_rng_new(seed, 1, 0);
    int data[6][5];
    const int *sequences[6];
    int lengths[6];
    for (int i = 0; i < 6; i++) {
        sequences[i] = data[i];
        lengths[i] = (int)ernn_rng_below(&rng, 6);
        for (int j = 0; j < lengths[i]; j++)
            data[i][j] = (int)ernn_rng_below(&rng, (uint64_t)n);
    }
    ernn_bigram *bigram;
    check_ok(ernn_bigram_new(names, n, sequences, lengths, 6, &bigram, &err), err);
    return bigram;
}

// a b, a a b, (empty): by hand. Tokens: a 3, b 2, end 3; kinds seen V = 3 of S = 5.
static void test_bigram_values(void **state)
{
    (void)state;
    ernn_error err = {0};
    const int one[] = {0, 1};
    const int two[] = {0, 0, 1};
    const int *const sequences[] = {one, two, one};
    const int lengths[] = {2, 3, 0};
    ernn_bigram *bigram;
    check_ok(ernn_bigram_new(NAMES, 4, sequences, lengths, 3, &bigram, &err), err);
    assert_int_equal(ernn_bigram_n_symbols(bigram), 4);
    const double a = (3 + 3.0 / 5) / 11;
    const double c = (3.0 / 5) / 11;
    check_near(ernn_unigram_log(bigram, 0), log(a), 1e-14);
    check_near(ernn_unigram_log(bigram, 2), log(c), 1e-14);
    check_near(ernn_unigram_log(bigram, ERNN_EDGE), log(a), 1e-14);
    // After the start: a twice, end once, two kinds. After a: a once, b twice. After c: nothing.
    check_near(ernn_bigram_log(bigram, ERNN_EDGE, 0), log((2 + 2 * a) / 5), 1e-14);
    check_near(ernn_bigram_log(bigram, ERNN_EDGE, ERNN_EDGE), log((1 + 2 * a) / 5), 1e-14);
    check_near(ernn_bigram_log(bigram, 0, 0), log((1 + 2 * a) / 5), 1e-14);
    check_near(ernn_bigram_log(bigram, 0, 2), log(2 * c / 5), 1e-14);
    check_near(ernn_bigram_log(bigram, 2, 0), log(a), 1e-14);
    // The same from a table of pairs.
    float counts[5 * 5] = {0};
    counts[4 * 5 + 0] = 2;
    counts[4 * 5 + 4] = 1;
    counts[0 * 5 + 0] = 1;
    counts[0 * 5 + 1] = 2;
    counts[1 * 5 + 4] = 2;
    ernn_bigram *counted;
    check_ok(ernn_bigram_from_counts(NAMES, 4, counts, &counted, &err), err);
    for (int from = ERNN_EDGE; from < 4; from++)
        for (int to = ERNN_EDGE; to < 4; to++)
            check_near(ernn_bigram_log(counted, from, to), ernn_bigram_log(bigram, from, to), 0);
    ernn_bigram_free(counted);
    ernn_bigram_free(bigram);
    const int bad[] = {0, 4};
    const int *const wrong[] = {bad};
    check_fails(ernn_bigram_new(NAMES, 4, wrong, lengths, 1, &bigram, &err), ERNN_BAD_ARG, &err,
                "symbol 4");
    assert_null(bigram);
}

static void test_bigram_file(void **state)
{
    (void)state;
    ernn_error err = {0};
    char *folder = new_folder();
    for (uint64_t seed = 0; seed < 20; seed++) {
        ernn_bigram *made = random_bigram(seed, NAMES, 4);
        ernn_bigram *read;
        check_ok(ernn_bigram_save(made, in(folder, "a.arpa"), &err), err);
        check_ok(ernn_bigram_load(in(folder, "a.arpa"), NAMES, 4, &read, &err), err);
        for (int from = ERNN_EDGE; from < 4; from++) {
            double sum = 0;
            for (int to = ERNN_EDGE; to < 4; to++) {
                sum += exp(ernn_bigram_log(made, from, to));
                check_near(ernn_bigram_log(read, from, to), ernn_bigram_log(made, from, to), 1e-8);
            }
            check_near(sum, 1, 1e-12);
        }
        ernn_bigram_free(made);
        ernn_bigram_free(read);
    }
    // Another tool's file: more words, more orders, other blanks.
    ernn_bigram *bigram;
    write_text(in(folder, "b.arpa"),
               "made by hand\n\\data\\\nngram 1=5\n\n\\1-grams:\n-99 <s> -0.5\n-1 a -0.25\n"
               "-2\tb\n-1 <unk>\n-0.5 </s>\n\n\\2-grams:\n-0.75 <s> a\n-0.3 a </s>\n-1 a <unk>\n"
               "\\3-grams:\n-1 <s> a </s>\n\\end\\\n");
    check_ok(ernn_bigram_load(in(folder, "b.arpa"), NAMES, 2, &bigram, &err), err);
    check_near(ernn_bigram_log(bigram, ERNN_EDGE, 0), -0.75 * M_LN10, 1e-12);
    check_near(ernn_bigram_log(bigram, ERNN_EDGE, 1), -2.5 * M_LN10, 1e-12);
    check_near(ernn_bigram_log(bigram, 0, ERNN_EDGE), -0.3 * M_LN10, 1e-12);
    check_near(ernn_bigram_log(bigram, 0, 1), -2.25 * M_LN10, 1e-12);
    check_near(ernn_bigram_log(bigram, 1, 0), -1 * M_LN10, 1e-12);
    ernn_bigram_free(bigram);
    static const char *const BAD[][2] = {
        {"", "ends without"},
        {"\\data\\\n\\1-grams:\n-1 a\n-1 b\n-1 </s>\n", "ends without"},
        {"\\data\\\n\\1-grams:\n-1 a\n-1 </s>\n\\end\\\n", "'b' is missing"},
        {"\\data\\\n\\1-grams:\n-1 a\n-1 b\n\\end\\\n", "'</s>' is missing"},
        {"\\data\\\n\\1-grams:\nx a\n\\end\\\n", "bad.arpa:3"},
        {"\\data\\\n\\1-grams:\n0.5 a\n\\end\\\n", "bad.arpa:3"},
        {"\\data\\\n\\1-grams:\nnan a\n\\end\\\n", "bad.arpa:3"},
        {"\\data\\\n\\1-grams:\n-1 a\n-1 a\n\\end\\\n", "bad.arpa:4"},
        {"\\data\\\n\\1-grams:\n-1 a b c d e f\n\\end\\\n", "bad.arpa:3"},
        {"\\data\\\n\\1-grams:\n-1 a\n-1 b\n-1 </s>\n\\2-grams:\n-1 a\n\\end\\\n", "bad.arpa:7"},
        {"\\data\\\n\\1-grams:\n-1 a\n-1 b\n-1 </s>\n\\2-grams:\n-1 a b\n-2 a b\n\\end\\\n",
         "twice"},
    };
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        write_text(in(folder, "bad.arpa"), BAD[i][0]);
        check_fails(ernn_bigram_load(in(folder, "bad.arpa"), NAMES, 2, &bigram, &err),
                    ERNN_BAD_FILE, &err, BAD[i][1]);
        assert_null(bigram);
    }
    drop_folder(folder);
}

// ---- Viterbi ----

// The best continuation from frame t after phone `last`, over all phones and durations.
typedef struct viterbi_case {
    const ernn_decode_options *o;
    const float *logits;
    int n_frames;
    int n_phones;
    int shortest;
    double best;
    int phones[8];
    int n;
    int path[8];
} viterbi_case;

static double lm(const ernn_decode_options *o, int from, int to)
{
    return o->bigram ? o->lm_weight * (o->lm_order == 1 ? ernn_unigram_log(o->bigram, to)
                                                        : ernn_bigram_log(o->bigram, from, to))
                     : 0;
}

static void search_segments(viterbi_case *c, int t, int last, int depth, double score)
{
    if (t == c->n_frames) {
        score += lm(c->o, last, ERNN_EDGE);
        if (score > c->best) {
            c->best = score;
            c->n = depth;
            memcpy(c->phones, c->path, sizeof c->path);
        }
        return;
    }
    for (int p = 0; p < c->n_phones; p++) {
        double observed = lm(c->o, last, p) - c->o->insertion_penalty;
        for (int end = t; end < c->n_frames; end++) {
            const float *frame = c->logits + end * (c->n_phones + 1);
            observed +=
                c->o->acoustic_scale * (log_posterior(frame, 1, c->n_phones + 1, p + 1) -
                                        (c->o->log_priors ? (double)c->o->log_priors[p] : 0));
            c->path[depth] = p;
            if (end - t + 1 >= c->shortest)
                search_segments(c, end + 1, p, depth + 1, score + observed);
        }
    }
}

static void test_viterbi(void **state)
{
    (void)state;
    ernn_error err = {0};
    const float priors[] = {-0.5f, -1.5f, -1.7f};
    for (uint64_t seed = 0; seed < 60; seed++) {
        ernn_rng rng = ernn_rng_new(seed, 2, 0);
        ernn_bigram *bigram = random_bigram(seed, NAMES, 3);
        float logits[6 * 4];
        random_logits(&rng, logits, 6, 4);
        ernn_decode_options o = ernn_decode_defaults();
        o.decoder = ERNN_DECODER_VITERBI;
        o.min_frames = 1 + (int)(seed % 4);
        o.bigram = seed % 5 ? bigram : NULL;
        o.log_priors = seed % 2 ? priors : NULL;
        o.lm_weight = 0.5 + ernn_rng_uniform(&rng);
        o.acoustic_scale = 0.3 + ernn_rng_uniform(&rng);
        // Below the price of a phone in the bigram: then entering the same phone again pays.
        o.insertion_penalty = 4 * ernn_rng_uniform(&rng) - 3;
        for (int n_frames = 1; n_frames <= 6; n_frames++) {
            viterbi_case want = {&o, logits, n_frames, 3, o.min_frames, -INFINITY, {0}, 0, {0}};
            want.shortest = o.min_frames < n_frames ? o.min_frames : n_frames;
            search_segments(&want, 0, ERNN_EDGE, 0, 0);
            ernn_decoder *decoder;
            int phones[6];
            double score;
            check_ok(ernn_decoder_new(&o, 4, 6, &decoder, &err), err);
            // The second run must not know of the first.
            ernn_decoder_run(decoder, logits + 1, 5, phones, &score);
            const int n = ernn_decoder_run(decoder, logits, n_frames, phones, &score);
            check_near(score, want.best, 1e-9);
            assert_int_equal(n, want.n);
            assert_memory_equal(phones, want.phones, (size_t)n * sizeof *phones);
            assert_int_equal(ernn_decoder_run(decoder, logits, 0, phones, &score), 0);
            ernn_decoder_free(decoder);
        }
        ernn_bigram_free(bigram);
    }
}

// ---- Prefix search ----

// ln P of every labelling of up to 5 phones (3 kinds, base 4 with digits 1 to 3), summed over all
// 4^T alignments.
static void sum_alignments(const float *logits, int n_frames, double *totals)
{
    const int n = 1 << 2 * n_frames;
    for (int i = 0; i < 1024; i++)
        totals[i] = -INFINITY;
    for (int alignment = 0; alignment < n; alignment++) {
        double score = 0;
        int labelling = 0;
        int last = 0;
        for (int t = 0; t < n_frames; t++) {
            const int label = alignment >> 2 * t & 3;
            score += log_posterior(logits + 4 * t, 0, 4, label);
            if (label && label != last)
                labelling = labelling * 4 + label;
            last = label;
        }
        totals[labelling] = log_add(score, totals[labelling]);
    }
}

static double label_score(const ernn_decode_options *o, const int *phones, int n)
{
    double score = 0;
    for (int i = 0; i < n; i++)
        score += lm(o, i ? phones[i - 1] : ERNN_EDGE, phones[i]) - o->insertion_penalty;
    return score + lm(o, n ? phones[n - 1] : ERNN_EDGE, ERNN_EDGE);
}

static int digits(int labelling, int *phones)
{
    int n = 0;
    for (int rest = labelling; rest; rest /= 4)
        n++;
    for (int i = n; i > 0; labelling /= 4)
        phones[--i] = labelling % 4 - 1;
    return n;
}

static void test_beam(void **state)
{
    (void)state;
    ernn_error err = {0};
    double totals[1024];
    for (uint64_t seed = 0; seed < 60; seed++) {
        ernn_rng rng = ernn_rng_new(seed, 3, 0);
        ernn_bigram *bigram = random_bigram(seed, NAMES, 3);
        float logits[5 * 4];
        random_logits(&rng, logits, 5, 4);
        ernn_decode_options o = ernn_decode_defaults();
        o.decoder = ERNN_DECODER_BEAM;
        o.bigram = seed % 4 ? bigram : NULL;
        o.lm_order = 1 + (int)(seed % 3 > 0);
        o.lm_weight = 2 * ernn_rng_uniform(&rng);
        o.insertion_penalty = seed % 3 ? 3 * ernn_rng_uniform(&rng) - 2 : 0;
        for (int n_frames = 0; n_frames <= 5; n_frames++) {
            double best = -INFINITY;
            int best_labelling = 0;
            sum_alignments(logits, n_frames, totals);
            for (int i = 0; i < 1024; i++) {
                int phones[5];
                const int n = digits(i, phones);
                const double score =
                    totals[i] == -INFINITY ? -INFINITY : totals[i] + label_score(&o, phones, n);
                if (score > best) {
                    best = score;
                    best_labelling = i;
                }
            }
            int want[5];
            int phones[5];
            double score;
            ernn_decoder *decoder;
            const int n_want = digits(best_labelling, want);
            o.beam = 10000;
            check_ok(ernn_decoder_new(&o, 4, 5, &decoder, &err), err);
            ernn_decoder_run(decoder, logits, 5, phones, &score);
            const int n = ernn_decoder_run(decoder, logits, n_frames, phones, &score);
            check_near(score, best, 1e-9);
            assert_int_equal(n, n_want);
            assert_memory_equal(phones, want, (size_t)n * sizeof *phones);
            ernn_decoder_free(decoder);
            // A narrow beam finds some labelling and no more of its probability than there is.
            for (o.beam = 1; o.beam <= 4; o.beam++) {
                check_ok(ernn_decoder_new(&o, 4, 5, &decoder, &err), err);
                const int m = ernn_decoder_run(decoder, logits, n_frames, phones, &score);
                int labelling = 0;
                for (int i = 0; i < m; i++)
                    labelling = labelling * 4 + phones[i] + 1;
                assert_true(score <= totals[labelling] + label_score(&o, phones, m) + 1e-9);
                ernn_decoder_free(decoder);
            }
        }
        ernn_bigram_free(bigram);
    }
}

// With sure frames, width 1 without a bigram is greedy decoding; a long case of 39 phones.
static void test_beam_sure(void **state)
{
    (void)state;
    enum { T = 200, N = 40 };
    ernn_error err = {0};
    ernn_rng rng = ernn_rng_new(4, 4, 0);
    float *logits = calloc(T * N, sizeof *logits);
    check_random(&rng, logits, T * N, 0.1);
    for (int t = 0; t < T; t++)
        logits[t * N + (int)(ernn_rng_below(&rng, 2) ? ernn_rng_below(&rng, N) : 0)] = 20;
    int greedy[T];
    int beam[T];
    ernn_decode_options o = ernn_decode_defaults();
    ernn_decoder *decoder;
    check_ok(ernn_decoder_new(&o, N, T, &decoder, &err), err);
    const int n = ernn_decoder_run(decoder, logits, T, greedy, NULL);
    ernn_decoder_free(decoder);
    o.decoder = ERNN_DECODER_BEAM;
    for (o.beam = 1; o.beam < 100; o.beam *= 3) {
        check_ok(ernn_decoder_new(&o, N, T, &decoder, &err), err);
        assert_int_equal(ernn_decoder_run(decoder, logits, T, beam, NULL), n);
        assert_memory_equal(beam, greedy, (size_t)n * sizeof *beam);
        ernn_decoder_free(decoder);
    }
    assert_true(n > 50);
    free(logits);
}

// ---- Words ----

// AT and its homophone, a word that begins like another, one that ends as the next begins, two
// pronunciations, and a word of one phone twice.
static const char LEXICON[] = "# small\nAT AE T\nATT(2) AE T\nATE EY1 T\nTEA 1 T IY0\nATT T\n"
                              "TAT T AE1 T\n;;; end\nEE IY IY\n";
// The labels that the words and silence use.
enum { N_USED = 6, N_39 = 40, WORD_FRAMES = 5 };

typedef struct word_case {
    const ernn_decode_options *o;
    int phones[WORD_FRAMES];
    int n_phones;
    double best; // bigram and penalties of the best parse
    int words[WORD_FRAMES];
    int n;
    int path[WORD_FRAMES];
} word_case;

static void end_parse(word_case *c, int depth, double score)
{
    score += lm(c->o, depth ? c->path[depth - 1] : ERNN_EDGE, ERNN_EDGE);
    if (score > c->best) {
        c->best = score;
        c->n = depth;
        memcpy(c->words, c->path, sizeof c->path);
    }
}

// All ways to read phones[at ...] as words with silence between them.
static void parse(word_case *c, int at, int depth, double score)
{
    if (at == c->n_phones)
        end_parse(c, depth, score);
    for (int i = 0; i < ernn_lexicon_n_pronunciations(c->o->lexicon); i++) {
        const int *phones;
        int word;
        const int n = ernn_lexicon_pronunciation(c->o->lexicon, i, &word, &phones);
        if (at + n > c->n_phones || memcmp(phones, c->phones + at, (size_t)n * sizeof *phones))
            continue;
        c->path[depth] = word;
        const double next = score - c->o->insertion_penalty +
                            lm(c->o, depth ? c->path[depth - 1] : ERNN_EDGE, word);
        parse(c, at + n, depth + 1, next);
        if (at + n < c->n_phones && c->phones[at + n] == c->o->silence) {
            c->path[depth] = word;
            parse(c, at + n + 1, depth + 1, next);
        }
    }
}

// The best word sequence over all alignments of n_frames.
static double search_words(const ernn_decode_options *o, const float *logits, int n_frames,
                           const int *used, int *words, int *n_words)
{
    double best = -INFINITY;
    int n = 1;
    for (int t = 0; t < n_frames; t++)
        n *= N_USED;
    for (int alignment = 0; alignment < n; alignment++) {
        word_case c = {.o = o, .best = -INFINITY};
        double score = 0;
        int last = 0;
        for (int t = 0, rest = alignment; t < n_frames; t++, rest /= N_USED) {
            const int label = used[rest % N_USED];
            score += log_posterior(logits + N_39 * t, 0, N_39, label);
            if (label && label != last)
                c.phones[c.n_phones++] = label - 1;
            last = label;
        }
        parse(&c, 0, 0, 0);
        if (c.n_phones && c.phones[0] == o->silence)
            parse(&c, 1, 0, 0);
        if (score + c.best > best) {
            best = score + c.best;
            *n_words = c.n;
            memcpy(words, c.words, sizeof c.words);
        }
    }
    return best;
}

static void test_words(void **state)
{
    (void)state;
    ernn_error err = {0};
    char *folder = new_folder();
    ernn_lexicon *lexicon;
    write_text(in(folder, "lexicon.txt"), LEXICON);
    check_ok(ernn_lexicon_load(in(folder, "lexicon.txt"), ERNN_PHONES_39, &lexicon, &err), err);
    const int n_words = ernn_lexicon_n_words(lexicon);
    assert_int_equal(n_words, 6);
    assert_int_equal(ernn_lexicon_n_pronunciations(lexicon), 7);
    assert_int_equal(ernn_lexicon_find(lexicon, "ATT"), 2);
    assert_int_equal(ernn_lexicon_find(lexicon, "att"), -1);
    static const char *const USED[] = {"ae", "t", "ey", "iy", "sil"};
    int used[N_USED] = {0};
    for (int i = 1; i < N_USED; i++)
        used[i] = ernn_phones_find(ERNN_PHONES_39, USED[i - 1]) + 1;
    for (uint64_t seed = 0; seed < 24; seed++) {
        ernn_rng rng = ernn_rng_new(seed, 5, 0);
        ernn_bigram *bigram = random_bigram(seed, ernn_lexicon_words(lexicon), n_words);
        float logits[WORD_FRAMES * N_39];
        random_logits(&rng, logits, WORD_FRAMES, N_39);
        for (int i = 0; i < WORD_FRAMES; i++)
            for (int k = 1; k < N_USED; k++)
                logits[i * N_39 + used[k]] += 3;
        ernn_decode_options o = ernn_decode_defaults();
        o.decoder = ERNN_DECODER_LEXICON;
        o.lexicon = lexicon;
        o.silence = seed % 2 ? used[5] - 1 : -1;
        o.bigram = seed % 3 ? bigram : NULL;
        o.lm_order = seed % 3 == 2 ? 1 : 2;
        o.lm_weight = 2 * ernn_rng_uniform(&rng);
        o.insertion_penalty = 6 * ernn_rng_uniform(&rng) - 4;
        ernn_decoder *decoder;
        check_ok(ernn_decoder_new(&o, N_39, WORD_FRAMES, &decoder, &err), err);
        for (int n_frames = 0; n_frames <= WORD_FRAMES; n_frames++) {
            int want[WORD_FRAMES];
            int n_want = 0;
            const double best = search_words(&o, logits, n_frames, used, want, &n_want);
            int words[WORD_FRAMES];
            double score;
            const int n = ernn_decoder_run(decoder, logits, n_frames, words, &score);
            check_near(score, best, 1e-9);
            assert_int_equal(n, n_want);
            // Homophones without a bigram tie: the score has been compared already.
            if (o.bigram)
                assert_memory_equal(words, want, (size_t)n * sizeof *words);
        }
        ernn_decoder_free(decoder);
        ernn_bigram_free(bigram);
    }
    ernn_lexicon_free(lexicon);
    drop_folder(folder);
}

static void test_lexicon_faults(void **state)
{
    (void)state;
    static const char *const BAD[][2] = {
        {"", "no words"},
        {"# nothing\n", "no words"},
        {"WORD\n", "bad.txt:1: 'WORD' has no phones"},
        {"A AH\nB XX\n", "bad.txt:2: 'xx' is not among the 39"},
        {"B # AH\n", "bad.txt:1: 'B' has no phones"},
        {"B q\n", "bad.txt:1: 'q' is not among"},
    };
    ernn_error err = {0};
    ernn_lexicon *lexicon;
    char *folder = new_folder();
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        write_text(in(folder, "bad.txt"), BAD[i][0]);
        check_fails(ernn_lexicon_load(in(folder, "bad.txt"), ERNN_PHONES_39, &lexicon, &err),
                    ERNN_BAD_FILE, &err, BAD[i][1]);
        assert_null(lexicon);
    }
    // Texts: as spelled, in another case, without punctuation; unknown words keep their place.
    int words[6];
    write_text(in(folder, "good.txt"), "DON'T D OW N T\nGO G OW\nMR. M IH S T ER\n");
    check_ok(ernn_lexicon_load(in(folder, "good.txt"), ERNN_PHONES_39, &lexicon, &err), err);
    const char *const text = " Mr. Go, (don't)  went -- go!\n";
    assert_int_equal(ernn_lexicon_read(lexicon, text, words, 6), 5);
    assert_memory_equal(words, ((int[]){2, 1, 0, -1, 1}), 5 * sizeof *words);
    assert_int_equal(ernn_lexicon_read(lexicon, text, words, 2), 2);
    assert_int_equal(ernn_lexicon_read(lexicon, " ", words, 2), 0);
    ernn_lexicon_free(lexicon);
    // CMU's ao and zh are classes of their own among the 48 and folded among the 39.
    const int *phones;
    int word;
    write_text(in(folder, "good.txt"), "X AO1 ZH\n");
    check_ok(ernn_lexicon_load(in(folder, "good.txt"), ERNN_PHONES_39, &lexicon, &err), err);
    assert_int_equal(ernn_lexicon_pronunciation(lexicon, 0, &word, &phones), 2);
    assert_string_equal(ernn_phones_name(ERNN_PHONES_39, phones[0]), "aa");
    assert_string_equal(ernn_phones_name(ERNN_PHONES_39, phones[1]), "sh");
    ernn_lexicon_free(lexicon);
    drop_folder(folder);
}

static void test_options(void **state)
{
    (void)state;
    ernn_error err = {0};
    ernn_decoder *decoder = NULL;
    ernn_decode_options o = ernn_decode_defaults();
    ernn_bigram *bigram = random_bigram(1, NAMES, 3);
    o.decoder = ERNN_DECODER_BEAM;
    o.bigram = bigram;
    check_fails(ernn_decoder_new(&o, 5, 10, &decoder, &err), ERNN_BAD_ARG, &err,
                "a bigram of 3 symbols, 4 phones");
    o.beam = 0;
    check_fails(ernn_decoder_new(&o, 4, 10, &decoder, &err), ERNN_BAD_ARG, &err, "beam 0");
    o = ernn_decode_defaults();
    o.lm_weight = NAN;
    check_fails(ernn_decoder_new(&o, 4, 10, &decoder, &err), ERNN_BAD_ARG, &err, "nan");
    o = ernn_decode_defaults();
    o.decoder = ERNN_DECODER_LEXICON;
    check_fails(ernn_decoder_new(&o, 4, 10, &decoder, &err), ERNN_BAD_ARG, &err, "lexicon");
    assert_null(decoder);
    ernn_bigram_free(bigram);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bigram_values),  cmocka_unit_test(test_bigram_file),
        cmocka_unit_test(test_viterbi),        cmocka_unit_test(test_beam),
        cmocka_unit_test(test_beam_sure),      cmocka_unit_test(test_words),
        cmocka_unit_test(test_lexicon_faults), cmocka_unit_test(test_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
