// Writes the vectors of one bench run from src/rt:
//
//     vectors KIND FOLDER [key=value ...]
//
// KIND is a function below; keys are sizes, shifts, `seed`, and
//     calm=1  shifts that let nothing saturate (checked here)    hot=1  shifts that saturate
//     (checked) flip=1  one wrong expected bit    flip=2  one wrong input bit    flip=3  one wrong
//     weight bit
// after which the bench must fail.
// SPDX-License-Identifier: Apache-2.0
#include "vectors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int32_t vectors_uniform(ernn_rng *rng, int32_t limit)
{
    return (int32_t)ernn_rng_below(rng, 2 * (uint64_t)limit + 1) - limit;
}

int32_t vectors_signal(ernn_rng *rng, unsigned bits)
{
    const int32_t top = (1 << (bits - 1)) - 1;
    switch (ernn_rng_below(rng, 16)) {
    case 0:
        return top;
    case 1:
        return -top - 1;
    case 2:
    case 3:
        return vectors_uniform(rng, 3);
    default:
        return (int32_t)ernn_rng_below(rng, 2 * (uint64_t)top + 2) - top - 1;
    }
}

static double sigmoid_of(double x)
{
    return 1 / (1 + exp(-x));
}

// Chords through the ends of each segment of width 1 / per_unit, at most 1.0.
static void fit(ernn_rt_pwl *pwl, double (*f)(double), double per_unit, unsigned frac)
{
    const double one = (double)(1 << frac);
    for (int s = 0; s < ERNN_RT_PWL_SEGMENTS; s++) {
        const double low = f(s / per_unit);
        const double high = f((s + 1) / per_unit);
        pwl->base[s] = (int32_t)floor(low * one);
        pwl->slope[s] = (int32_t)floor((high - low) * per_unit * one);
    }
}

void vectors_pwl(words_case *c, unsigned signal_bits, ernn_rt_pwl *sigmoid, ernn_rt_pwl *tanh_pwl)
{
    words_line line = {{0}, 0};
    fit(sigmoid, sigmoid_of, 4, signal_bits - 2);
    fit(tanh_pwl, tanh, 8, signal_bits - 2);
    words_put_array(&line, sigmoid->base, ERNN_RT_PWL_SEGMENTS, signal_bits);
    words_case_vector(c, "SIGMOID_BASES", &line);
    words_put_array(&line, sigmoid->slope, ERNN_RT_PWL_SEGMENTS, signal_bits);
    words_case_vector(c, "SIGMOID_SLOPES", &line);
    words_put_array(&line, tanh_pwl->base, ERNN_RT_PWL_SEGMENTS, signal_bits);
    words_case_vector(c, "TANH_BASES", &line);
    words_put_array(&line, tanh_pwl->slope, ERNN_RT_PWL_SEGMENTS, signal_bits);
    words_case_vector(c, "TANH_SLOPES", &line);
}

int vectors_saturated(const uint32_t *saturations)
{
    int mask = 0;
    for (int class = ERNN_RT_SPECTRUM; class < ERNN_RT_CLASSES; class ++)
        mask |= (saturations[class] != 0) << (class - 1);
    return mask;
}

// Files of a bench of a module with a fixed latency (tb_pipe.v).
typedef struct pipe {
    words_file inputs;
    words_file expected;
    words_line in;
    words_line out;
    int flip;
} pipe;

static void pipe_open(words_case *c, pipe *p, const char *folder)
{
    memset(p, 0, sizeof *p);
    p->flip = words_case_get(c, "flip", 0);
    words_open(&p->inputs, folder, "inputs.hex");
    words_open(&p->expected, folder, "expected.hex");
}

static void pipe_step(pipe *p)
{
    if (p->inputs.n_lines == 300) {
        p->in.bits[p->in.n - 1] ^= p->flip == 2;
        p->out.bits[0] ^= p->flip == 1;
    }
    words_end_line(&p->inputs, &p->in);
    words_end_line(&p->expected, &p->out);
}

static void pipe_close(words_case *c, pipe *p, int saturated)
{
    words_case_set(c, "in_bits", (int)p->inputs.width);
    words_case_set(c, "out_bits", (int)p->expected.width);
    words_case_set(c, "n_words", (int)p->inputs.n_lines);
    words_case_set(c, "saturated", saturated);
    words_close(&p->inputs);
    words_close(&p->expected);
}

static void transform(words_case *c, const char *folder, ernn_rng *rng, int is_inverse)
{
    const int log2_k = words_case_get(c, "log2_k", 3);
    const int in_bits = words_case_get(c, "data_bits", is_inverse ? 20 : 16);
    const unsigned k = 1u << log2_k;
    pipe p;
    pipe_open(c, &p, folder);
    const int words = words_case_get(c, "words", log2_k > 3 ? 8000 >> log2_k : 1000);
    for (int n = 0; n < words; n++) {
        int32_t v[ERNN_RT_MAX_K];
        const int32_t top = (1 << (in_bits - 1)) - 1;
        for (unsigned e = 0; e < k; e++) // extremes of random signs widen every stage most
            v[e] = n % 2 ? vectors_signal(rng, (unsigned)in_bits)
                         : (ernn_rng_bits(rng) & 1 ? top : -top - 1);
        words_put_array(&p.in, v, k, (unsigned)in_bits);
        if (is_inverse)
            ernn_rt_irfft(v, (unsigned)log2_k);
        else
            ernn_rt_rfft(v, (unsigned)log2_k);
        words_put_array(&p.out, v, k, (unsigned)(in_bits + log2_k + 1 + is_inverse));
        pipe_step(&p);
    }
    pipe_close(c, &p, 0);
}

static void rfft(words_case *c, const char *folder, ernn_rng *rng)
{
    transform(c, folder, rng, 0);
}

static void irfft(words_case *c, const char *folder, ernn_rng *rng)
{
    transform(c, folder, rng, 1);
}

// Every argument there is.
static void pwl(words_case *c, const char *folder, ernn_rng *rng)
{
    const unsigned bits = (unsigned)words_case_get(c, "signal_bits", 12);
    const unsigned x_frac = (unsigned)words_case_get(c, "x_frac", 8);
    const int is_tanh = words_case_get(c, "is_tanh", 0);
    ernn_rt_pwl sigmoid, tanh_pwl;
    pipe p;
    (void)rng;
    vectors_pwl(c, bits, &sigmoid, &tanh_pwl);
    pipe_open(c, &p, folder);
    for (int32_t x = -(1 << (bits - 1)); x < 1 << (bits - 1); x++) {
        words_put(&p.in, x, bits);
        words_put(&p.out,
                  is_tanh ? ernn_rt_tanh(&tanh_pwl, x, x_frac, bits - 2)
                          : ernn_rt_sigmoid(&sigmoid, x, x_frac, bits - 2),
                  bits);
        pipe_step(&p);
    }
    pipe_close(c, &p, 0);
}

// One processing element: random blocks, sums of `columns` of them.
static void circ_pe(words_case *c, const char *folder, ernn_rng *rng)
{
    const unsigned signal_bits = (unsigned)words_case_get(c, "signal_bits", 16);
    const unsigned weight_bits = (unsigned)words_case_get(c, "weight_bits", 12);
    const unsigned operands = (unsigned)words_case_get(c, "operands", 11);
    const int columns = words_case_get(c, "columns", 5);
    const int passes = words_case_get(c, "passes", 20);
    const unsigned sum_bits = weight_bits + signal_bits + 3;
    words_line line = {{0}, 0};
    words_file weights, inputs, expected;
    words_case_set(c, "sum_bits", (int)sum_bits);
    words_open(&weights, folder, "weights.hex");
    words_open(&inputs, folder, "inputs.hex");
    words_open(&expected, folder, "expected.hex");
    for (int pass = 0; pass < passes; pass++) {
        int64_t sums[64] = {0};
        words_line factors = {{0}, 0};
        for (int column = 0; column < columns; column++) {
            for (unsigned n = 0; n < operands; n++) {
                const int32_t w = vectors_uniform(rng, (1 << weight_bits) - 2);
                const int32_t x = vectors_signal(rng, signal_bits);
                words_put(&factors, w, weight_bits + 1);
                words_put(&line, x, signal_bits + 1);
                sums[n] += (int64_t)w * x;
            }
            words_end_line(&weights, &factors);
            words_end_line(&inputs, &line);
        }
        for (unsigned n = 0; n < operands; n++)
            words_put(&line, sums[n], sum_bits);
        words_end_line(&expected, &line);
    }
    words_close(&weights);
    words_close(&inputs);
    words_close(&expected);
}

// The bench of vector_buffer makes its own data.
static void vector_buffer(words_case *c, const char *folder, ernn_rng *rng)
{
    (void)folder;
    (void)rng;
    words_case_get(c, "write_lanes", 8);
    words_case_get(c, "read_lanes", 2);
    words_case_get(c, "rows", 5);
}

// Pre-activation as src/rt forms it.
static int32_t sum_of(ernn_rng *rng, pipe *p, unsigned bits, uint32_t *hits, int calm)
{
    int64_t sum = 0;
    for (int term = 0; term < 3; term++) {
        const int32_t x = calm ? vectors_uniform(rng, 1 << (bits - 3)) : vectors_signal(rng, bits);
        words_put(&p->in, x, bits);
        sum += x;
    }
    return ernn_rt_saturate(sum, bits, hits);
}

static void gru_reset(words_case *c, const char *folder, ernn_rng *rng)
{
    const unsigned bits = (unsigned)words_case_get(c, "signal_bits", 16);
    const unsigned x_frac = (unsigned)words_case_get(c, "preactivation_frac", (int)bits - 5);
    const int calm = words_case_get(c, "calm", 0);
    ernn_rt_pwl sigmoid, tanh_pwl;
    uint32_t saturations[ERNN_RT_CLASSES] = {0};
    pipe p;
    vectors_pwl(c, bits, &sigmoid, &tanh_pwl);
    pipe_open(c, &p, folder);
    for (int n = 0; n < 2000; n++) {
        const int32_t a = sum_of(rng, &p, bits, &saturations[ERNN_RT_PREACTIVATION], calm);
        const int64_t h = vectors_signal(rng, bits);
        words_put(&p.in, h, bits);
        words_put(&p.out,
                  ernn_rt_round_shift(ernn_rt_sigmoid(&sigmoid, a, x_frac, bits - 2) * h, bits - 2),
                  bits);
        pipe_step(&p);
    }
    pipe_close(c, &p, vectors_saturated(saturations));
}

static const struct {
    const char *name;
    void (*write)(words_case *c, const char *folder, ernn_rng *rng);
} kinds[] = {
    {"rfft", rfft},
    {"irfft", irfft},
    {"pwl", pwl},
    {"circ_pe", circ_pe},
    {"vector_buffer", vector_buffer},
    {"gru_reset", gru_reset},
    {"cell", vectors_cell},
    {"circ_product", vectors_product},
    {"layer", vectors_layer},
    {"linear", vectors_linear},
};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc >= 3 && i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(argv[1], kinds[i].name))
            continue;
        words_case c;
        words_case_open(&c, argv[2], argc - 3, argv + 3);
        ernn_rng rng = ernn_rng_new((uint64_t)words_case_get(&c, "seed", 1), i, 0);
        words_case_get(&c, "stalls", 1);
        kinds[i].write(&c, argv[2], &rng);
        words_case_close(&c);
        return 0;
    }
    fputs("usage: vectors KIND FOLDER [key=value ...]\n", stderr);
    return 2;
}
