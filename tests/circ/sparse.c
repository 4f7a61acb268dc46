// Balanced-sparse matrices against brute force: every choice of weights for the projection, a
// decoder of the relative index for the count of bits. SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "ernn/sparse.h"

enum { MOST = 16 * 1024 };

// Entry of position `at` of a PE, by the definition in sparse.h.
static float entry(const float *w, int rows, int cols, int n_pes, int pe, int at)
{
    int n_rows = 0;
    for (int r = pe; r < rows; r += n_pes)
        n_rows++;
    return w[(at % n_rows * n_pes + pe) * cols + at / n_rows];
}

static int positions_of(int rows, int cols, int n_pes, int pe)
{
    int n = 0;
    for (int r = 0; r < rows; r++)
        n += r % n_pes == pe ? cols : 0;
    return n;
}

// The least squared distance to a matrix that keeps `share` of the PE's positions.
static double least_distance(const float *w, int rows, int cols, int n_pes, int pe, int share)
{
    const int n = positions_of(rows, cols, n_pes, pe);
    double best = INFINITY;
    for (unsigned kept = 0; kept < 1u << n; kept++) {
        double distance = 0;
        for (int at = 0; at < n; at++) {
            const double x = entry(w, rows, cols, n_pes, pe, at);
            distance += kept >> at & 1 ? 0 : x * x;
        }
        if (__builtin_popcount(kept) == share)
            best = fmin(best, distance);
    }
    return best;
}

static void test_projection(void **state)
{
    (void)state;
    ernn_rng rng = ernn_rng_new(1, 0, 0);
    for (int trial = 0; trial < 60; trial++) {
        const int n_pes = 1 + trial % 3;
        const int rows = n_pes + trial % 4;
        const int cols = 1 + trial % 3;
        const ernn_sparsity s = {n_pes, 1000 + 9000 * trial / 60};
        const int share = (int)ernn_sparse_share(rows, cols, s);
        float w[32];
        float z[32];
        check_random(&rng, w, (size_t)rows * (size_t)cols, 1);
        for (int i = 0; trial % 2 && i < rows * cols; i++)
            w[i] = roundf(2 * w[i]); // many equal magnitudes and zeros
        ernn_sparse_project(w, rows, cols, s, z);
        for (int pe = 0; pe < n_pes; pe++) {
            double distance = 0;
            int n_weights = 0;
            for (int at = 0; at < positions_of(rows, cols, n_pes, pe); at++) {
                const double x = entry(w, rows, cols, n_pes, pe, at);
                const double y = entry(z, rows, cols, n_pes, pe, at);
                assert_true(y == x || y == 0);
                n_weights += y != 0;
                distance += (x - y) * (x - y);
            }
            assert_true(n_weights <= share);
            check_near(distance, least_distance(w, rows, cols, n_pes, pe, share), 1e-9);
        }
        ernn_sparse_project(w, rows, cols, s, w); // in place
        assert_memory_equal(w, z, (size_t)rows * (size_t)cols * sizeof *w);
        ernn_sparse_project(z, rows, cols, s, z); // a projection
        assert_memory_equal(w, z, (size_t)rows * (size_t)cols * sizeof *w);
    }
}

// Of equal magnitudes those of lower position stay, down a PE's rows, column by column.
static void test_ties(void **state)
{
    (void)state;
    const float w[12] = {1, -1, 1, 2, 1, 1, -1, 1, 1, 1, 2, 1}; // 4 x 3
    // three of each PE: 1, -1 of column 0 and -1 of column 1; 2, 2 and the 1 of column 0
    const float half[12] = {1, -1, 0, 2, 0, 0, -1, 0, 0, 1, 2, 0};
    // two of each
    const float third[12] = {1, 0, 0, 2, 0, 0, -1, 0, 0, 0, 2, 0};
    float z[12];
    ernn_sparse_project(w, 4, 3, (ernn_sparsity){2, 5000}, z);
    assert_memory_equal(z, half, sizeof half);
    ernn_sparse_project(w, 4, 3, (ernn_sparsity){2, 3333}, z);
    assert_memory_equal(z, third, sizeof third);
}

static void test_share(void **state)
{
    (void)state;
    assert_int_equal(ernn_sparse_share(1024, 512, (ernn_sparsity){16, 1000}), 3277);
    assert_int_equal(ernn_sparse_count(1024, 512, (ernn_sparsity){16, 1000}), 16 * 3277);
    assert_int_equal(ernn_sparse_share(8192, 8192, (ernn_sparsity){1, 10000}), 8192 * 8192);
    assert_int_equal(ernn_sparse_share(7, 5, (ernn_sparsity){3, 10000}), 10); // 2 rows of 5
    assert_int_equal(ernn_sparse_share(3, 1, (ernn_sparsity){3, 10}), 1);
}

static void check_pack(int rows, int cols, ernn_sparsity s, ernn_rng *rng)
{
    ernn_error err = {0};
    static float w[MOST];
    static float back[MOST];
    static float values[MOST];
    static int32_t positions[MOST];
    const size_t n = (size_t)rows * (size_t)cols;
    const size_t share = ernn_sparse_share(rows, cols, s);
    check_random(rng, w, n, 1);
    ernn_sparse_project(w, rows, cols, s, w);
    w[0] = 0; // one PE now has a weight less, or has not
    check_ok(ernn_sparse_pack(w, rows, cols, s, values, positions, &err), err);
    for (int pe = 0; pe < s.n_pes; pe++)
        for (size_t i = 0; i < share; i++) {
            const size_t at = (size_t)pe * share + i;
            assert_true(positions[at] >= 0 &&
                        positions[at] < positions_of(rows, cols, s.n_pes, pe));
            assert_true(i == 0 || positions[at] > positions[at - 1]);
            assert_true(values[at] == entry(w, rows, cols, s.n_pes, pe, positions[at]));
        }
    memset(back, 0xff, sizeof back);
    check_ok(ernn_sparse_unpack(values, positions, rows, cols, s, back, &err), err);
    assert_memory_equal(back, w, n * sizeof *w);
}

static void test_pack(void **state)
{
    (void)state;
    ernn_rng rng = ernn_rng_new(2, 0, 0);
    static const int sizes[] = {1, 31, 33, 97};
    for (int i = 0; i < 16; i++)
        for (int n_pes = 1; n_pes <= 33 && n_pes <= sizes[i / 4]; n_pes += 8)
            for (int density = 10; density <= 10000; density *= 10)
                check_pack(sizes[i / 4], sizes[i % 4], (ernn_sparsity){n_pes, density}, &rng);
}

static void test_refused(void **state)
{
    (void)state;
    ernn_error err = {0};
    const ernn_sparsity s = {2, 5000}; // 4 x 3: 3 of 6 each
    float w[12] = {1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0};
    float values[6] = {1, 2, 3, 4, 5, 6};
    int32_t positions[6];
    assert_int_equal(ernn_sparse_pack(w, 4, 3, s, values, positions, &err), ERNN_BAD_ARG);
    assert_string_equal(err.text, "sparse matrix of 4 x 3: PE 0 has 4 weights, its share is 3");
    static const int32_t bad[][6] = {{-1, 1, 2, 0, 1, 2},
                                     {0, 0, 2, 0, 1, 2},
                                     {2, 1, 3, 0, 1, 2},
                                     {0, 1, 2, 0, 1, 6},
                                     {0, 1, 2, 0, 1, INT32_MAX}};
    for (int i = 0; i < 5; i++) {
        assert_int_equal(ernn_sparse_unpack(values, bad[i], 4, 3, s, w, &err), ERNN_BAD_FILE);
        assert_non_null(strstr(err.text, "is wanted"));
    }
    check_ok(ernn_sparse_unpack(values, (const int32_t[]){0, 1, 2, 3, 4, 5}, 4, 3, s, w, &err),
             err);
}

// Encodes a PE as (zeros before, weight) pairs of index_bits and a number, decodes them, compares;
// returns the pairs.
static size_t encode(const float *w, int rows, int cols, int n_pes, int pe, int index_bits)
{
    const int most = (1 << index_bits) - 1;
    static float decoded[MOST];
    const int n = positions_of(rows, cols, n_pes, pe);
    size_t n_pairs = 0;
    int at = 0; // next position of the decoder
    int gap = 0;
    memset(decoded, 0, sizeof decoded);
    for (int i = 0; i < n; i++) {
        const float x = entry(w, rows, cols, n_pes, pe, i);
        if (x == 0 && gap < most) {
            gap++;
            continue;
        }
        int left = 0;
        for (int j = i; j < n; j++)
            left += entry(w, rows, cols, n_pes, pe, j) != 0;
        if (!left) // nothing comes any more: nothing is stored
            break;
        at += gap;
        decoded[at++] = x;
        n_pairs++;
        gap = 0;
    }
    for (int i = 0; i < n; i++)
        assert_true(decoded[i] == entry(w, rows, cols, n_pes, pe, i));
    return n_pairs;
}

static void test_bits(void **state)
{
    (void)state;
    ernn_rng rng = ernn_rng_new(3, 0, 0);
    static float w[MOST];
    static const int densities[] = {100, 300, 1000, 3000, 10000};
    for (int trial = 0; trial < 20; trial++) {
        const int rows = 31 + trial;
        const int cols = 17;
        const ernn_sparsity s = {1 + trial % 5, densities[trial % 5]};
        check_random(&rng, w, (size_t)rows * (size_t)cols, 1);
        ernn_sparse_project(w, rows, cols, s, w);
        const int index_bits = 2 + trial % 7;
        size_t pairs = 0;
        for (int pe = 0; pe < s.n_pes; pe++)
            pairs += encode(w, rows, cols, s.n_pes, pe, index_bits);
        const ernn_sparse_bits bits = ernn_sparse_count_bits(w, rows, cols, s, 12, index_bits);
        assert_int_equal(bits.n_weights, ernn_sparse_count(rows, cols, s));
        assert_int_equal(bits.n_weights + bits.n_padding, pairs);
        assert_int_equal(bits.index_bits, (size_t)index_bits * pairs);
        assert_int_equal(bits.total_bits, (size_t)(12 + index_bits) * pairs);
    }
}

// A random matrix of that density takes the bits of its blocks, and none is promised where a matrix
// of one weight a PE already takes more.
static void test_density_like(void **state)
{
    (void)state;
    enum { ROWS = 256, COLS = 300 };
    static float w[ROWS * COLS];
    static const int blocks[] = {4, 8, 16, 32};
    ernn_rng rng = ernn_rng_new(5, 0, 0);
    for (int b = 0; b < 4; b++)
        for (int index_bits = 4; index_bits <= 8; index_bits++) {
            const double density = ernn_sparse_density_like(blocks[b], 12, index_bits);
            const double wanted = 12.0 * ROWS * COLS / blocks[b];
            ernn_sparsity s = {4, density > 0 ? (int)lround(1e4 * density) : ERNN_MIN_DENSITY};
            check_random(&rng, w, ROWS * COLS, 1);
            ernn_sparse_project(w, ROWS, COLS, s, w);
            const ernn_sparse_bits bits = ernn_sparse_count_bits(w, ROWS, COLS, s, 12, index_bits);
            if (density > 0)
                check_near((double)bits.total_bits / wanted, 1, 0.03);
            else
                assert_true((double)bits.total_bits > wanted);
        }
    assert_true(ernn_sparse_density_like(8, 12, 4) > 0);
    assert_true(ernn_sparse_density_like(16, 12, 4) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_projection),   cmocka_unit_test(test_ties),
        cmocka_unit_test(test_share),        cmocka_unit_test(test_pack),
        cmocka_unit_test(test_refused),      cmocka_unit_test(test_bits),
        cmocka_unit_test(test_density_like),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
