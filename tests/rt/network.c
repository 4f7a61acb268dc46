// src/rt against a double-precision network: products against the expanded dense matrix of the
// dequantised weights, cells against their defining equations with the true sigmoid and tanh. Every
// step is compared inside an error bound that is derived from the formats, not tuned.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "fixed/qmodel.h"

enum { STEPS = 50, N_LABELS = 7, FREE_RUN = 60 };

// ---- The double-precision network ----

typedef struct dense {
    uint32_t rows;
    uint32_t cols;
    double *w;       // [rows][cols]
    double row_norm; // largest sum of |w| over a row
} dense;

// Entry (r, c) of block spectra: w_ij[(r - c) mod k], by the inverse DFT.
static dense expand(const ernn_rt_matrix *m, int frac)
{
    const uint32_t k = 1u << m->log2_k;
    const uint32_t q = (m->cols + k - 1) / k;
    dense d = {m->rows, m->cols, calloc((size_t)m->rows * m->cols + 1, sizeof(double)), 0};
    for (uint32_t r = 0; r < m->rows; r++) {
        double norm = 0;
        for (uint32_t c = 0; c < m->cols; c++) {
            const int16_t *s = m->weights + ((size_t)(r / k) * q + c / k) * k;
            const uint32_t n = (r % k + k - c % k) % k;
            double sum = s[0] + (k > 1 ? (n % 2 ? -s[1] : s[1]) : 0);
            for (uint32_t j = 1; j < k / 2; j++)
                sum += 2 * (s[2 * j] * cos(2 * M_PI * j * n / k) -
                            s[2 * j + 1] * sin(2 * M_PI * j * n / k));
            norm += fabs(d.w[(size_t)r * m->cols + c] = ldexp(sum / k, -frac));
        }
        d.row_norm = fmax(d.row_norm, norm);
    }
    return d;
}

static void multiply(const dense *d, const double *x, double *y)
{
    for (uint32_t r = 0; r < d->rows; r++) {
        y[r] = 0;
        for (uint32_t c = 0; c < d->cols; c++)
            y[r] += d->w[(size_t)r * d->cols + c] * x[c];
    }
}

static double peak(const double *x, size_t n)
{
    double most = 0;
    for (size_t i = 0; i < n; i++)
        most = fmax(most, fabs(x[i]));
    return most;
}

// A bound on the error of one integer product without saturation, for |x| <= x_peak.
static double product_bound(const ernn_rt_matrix *m, const ernn_matrix_formats *f, double x_peak,
                            int x_frac, int y_frac)
{
    const uint32_t k = 1u << m->log2_k;
    const uint32_t q = (m->cols + k - 1) / k;
    const double twiddle = sqrt(2) * ldexp(1, -15); // modulus of a twiddle's rounding error
    const double round_off = sqrt(0.5);             // modulus of two rounded components, in units
    // Forward: e_m = 2 e_{m/2} + what the rotation adds.
    double e = 0;
    for (uint32_t size = 8; size <= k; size *= 2)
        e = 2 * e + size / 2 * x_peak * twiddle + round_off * ldexp(1, -x_frac);
    e += m->spectrum_shift ? round_off * ldexp(1, -f->spectrum) : 0;
    // Products and sums are exact: the error of a bin is the sum of |W| times e.
    double most = 0;
    double modulus = 0;
    for (uint32_t i = 0; i < (m->rows + k - 1) / k; i++)
        for (uint32_t b = 0; b < k; b += 2) {
            double sum = 0;
            for (uint32_t j = 0; j < q; j++) {
                const int16_t *s = m->weights + ((size_t)i * q + j) * k + b;
                sum += k == 1 ? abs(s[0]) : hypot(s[0], s[1]);
            }
            most = fmax(most, ldexp(sum, -f->weights));
        }
    modulus = most * (k * x_peak + e);
    double a = most * e + (m->accumulator_shift ? round_off * ldexp(1, -f->accumulator) : 0);
    for (uint32_t size = k; size >= 8; size /= 2) {
        a = 2 * a + 2 * modulus * twiddle + round_off * ldexp(1, -f->accumulator);
        modulus *= 2;
    }
    for (uint32_t size = k < 4 ? k : 4; size >= 2; size /= 2)
        a *= 2;
    return a / k + 0.5 * ldexp(1, -y_frac);
}

static void test_products(void **state)
{
    (void)state;
    static const int sizes[] = {1, 31, 33, 153};
    static const int widths[] = {8, 12, 16, 18};
    ernn_error err = {0};
    for (int k = 1; k <= 64; k *= 2)
        for (int s = 0; s < 16; s++) {
            ernn_qmodel *qmodel = NULL;
            ernn_spec spec = ernn_spec_defaults();
            spec.n_inputs = sizes[s / 4];
            spec.n_labels = 2;
            spec.layers[0] = (ernn_layer_spec){.cell = ERNN_CELL_LSTM,
                                               .n_cells = 33,
                                               .n_projected = sizes[s % 4],
                                               .block = {k, k, k, 1}};
            const int bits = widths[(s + s / 4) % 4];
            check_ok(ernn_qmodel_random(&spec, bits, 12, (uint64_t)s, &qmodel, &err), err);
            const ernn_layer_formats *f = &qmodel->formats.layers[0];
            ernn_rt_layer *layer = &qmodel->network.layers[0];
            for (ernn_qmatrix which = 0; which < ERNN_QMATRICES; which++) {
                const ernn_rt_matrix *m = ernn_layer_matrix(layer, which);
                if (!m->rows)
                    continue;
                const int x_frac = which == ERNN_QMATRIX_INPUT        ? f->input
                                   : which == ERNN_QMATRIX_PROJECTION ? bits - 2
                                                                      : f->output;
                const int y_frac = which == ERNN_QMATRIX_PROJECTION ? f->output : f->preactivation;
                const dense d = expand(m, f->matrices[which].weights);
                int32_t *x = calloc(m->cols, sizeof *x);
                int32_t *y = calloc(m->rows, sizeof *y);
                int32_t *scratch = calloc(m->cols + 64, sizeof *scratch);
                double *xd = calloc(m->cols, sizeof *xd);
                double *yd = calloc(m->rows, sizeof *yd);
                uint32_t hits[ERNN_RT_CLASSES] = {0};
                ernn_rng rng = ernn_rng_new((uint64_t)k, (uint64_t)s, which);
                for (uint32_t i = 0; i < m->cols; i++) {
                    x[i] = ernn_to_fixed(0.5 * ernn_rng_normal(&rng), x_frac, bits);
                    xd[i] = ldexp(x[i], -x_frac);
                }
                ernn_rt_product(m, (uint32_t)bits, x, y, scratch, hits);
                multiply(&d, xd, yd);
                for (int c = 0; c < ERNN_RT_CLASSES; c++)
                    assert_int_equal(hits[c], 0);
                const double bound =
                    product_bound(m, &f->matrices[which], peak(xd, m->cols), x_frac, y_frac);
                for (uint32_t r = 0; r < m->rows; r++)
                    check_near(ldexp(y[r], -y_frac), yd[r], bound);
                if (bits >= 16) // the bound is a bound on something small
                    assert_true(bound < 0.12 * (1 + peak(yd, m->rows)));
                free(d.w);
                free(x);
                free(y);
                free(xd);
                free(yd);
                free(scratch);
            }
            ernn_qmodel_free(qmodel);
        }
}

// ---- Cells ----

typedef struct layer_twin {
    dense m[ERNN_QMATRICES];
    double *y;
    double *c;
} layer_twin;

typedef struct network_twin {
    const ernn_qmodel *qmodel;
    layer_twin layers[ERNN_RT_MAX_LAYERS];
} network_twin;

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static network_twin twin_new(ernn_qmodel *qmodel)
{
    network_twin twin = {.qmodel = qmodel};
    for (uint32_t l = 0; l < qmodel->network.n_layers; l++) {
        ernn_rt_layer *layer = &qmodel->network.layers[l];
        for (ernn_qmatrix m = 0; m < ERNN_QMATRICES; m++)
            twin.layers[l].m[m] =
                expand(ernn_layer_matrix(layer, m), qmodel->formats.layers[l].matrices[m].weights);
        twin.layers[l].y = calloc(layer->n_outputs, sizeof(double));
        twin.layers[l].c = calloc(layer->n_cells, sizeof(double));
    }
    return twin;
}

static void twin_free(network_twin *twin)
{
    for (uint32_t l = 0; l < twin->qmodel->network.n_layers; l++) {
        for (ernn_qmatrix m = 0; m < ERNN_QMATRICES; m++)
            free(twin->layers[l].m[m].w);
        free(twin->layers[l].y);
        free(twin->layers[l].c);
    }
}

// One cell's pre-activation inputs: the two products' rows of each gate, bias included in wx.
typedef struct sums {
    double wx[ERNN_RT_MAX_GATES];
    double wr[ERNN_RT_MAX_GATES];
} sums;

static sums gather(const ernn_rt_layer *l, const double *wx, const double *wr, uint32_t h)
{
    sums s = {{0}, {0}};
    const uint32_t gates = l->cell == ERNN_RT_LSTM ? 4 : 3;
    const uint32_t kx = 1u << l->input.log2_k;
    const uint32_t kr = 1u << l->recurrent.log2_k;
    for (uint32_t g = 0; g < gates; g++) {
        s.wx[g] = wx[g * ((l->n_cells + kx - 1) / kx * kx) + h] +
                  ldexp(l->bias[g * l->n_cells + h], -(int)l->preactivation_frac);
        if (l->cell == ERNN_RT_LSTM || l->is_reset_after || g < 2)
            s.wr[g] = wr[g * ((l->n_cells + kr - 1) / kr * kr) + h];
    }
    return s;
}

static double peep(const ernn_rt_layer *l, uint32_t which, uint32_t h)
{
    return l->is_peephole ? ldexp(l->peephole[which * l->n_cells + h], -(int)l->peephole_frac) : 0;
}

// docs/math.md: LSTM with peepholes.
static double lstm(const ernn_rt_layer *l, const sums *s, uint32_t h, double *c)
{
    const double i = sigmoid(s->wx[0] + s->wr[0] + peep(l, 0, h) * *c);
    const double f = sigmoid(s->wx[1] + s->wr[1] + peep(l, 1, h) * *c);
    *c = f * *c + i * tanh(s->wx[2] + s->wr[2]);
    return sigmoid(s->wx[3] + s->wr[3] + peep(l, 2, h) * *c) * tanh(*c);
}

// Fills y and c of layer `index` from x; both products and, for a GRU with reset before, u into the
// caller's arrays.
static void step_layer(network_twin *twin, uint32_t index, const double *x)
{
    const ernn_rt_layer *l = &twin->qmodel->network.layers[index];
    layer_twin *t = &twin->layers[index];
    double *wx = calloc(l->input.rows, sizeof *wx);
    double *wr = calloc(l->recurrent.rows, sizeof *wr);
    double *u = calloc(l->n_cells, sizeof *u);
    double *inner = calloc(l->n_cells, sizeof *inner);
    multiply(&t->m[ERNN_QMATRIX_INPUT], x, wx);
    multiply(&t->m[ERNN_QMATRIX_RECURRENT], t->y, wr);
    for (uint32_t h = 0; h < l->n_cells; h++) {
        const sums s = gather(l, wx, wr, h);
        if (l->cell == ERNN_RT_LSTM) {
            u[h] = lstm(l, &s, h, &t->c[h]);
        } else {
            const double r = sigmoid(s.wx[1] + s.wr[1]);
            u[h] = r * t->y[h];
            if (l->is_reset_after)
                inner[h] = r * (s.wr[2] + ldexp(l->bias_candidate[h], -(int)l->preactivation_frac));
        }
    }
    if (l->is_projected)
        multiply(&t->m[ERNN_QMATRIX_PROJECTION], u, t->y);
    else if (l->cell == ERNN_RT_LSTM)
        memcpy(t->y, u, l->n_cells * sizeof *u);
    if (l->cell == ERNN_RT_GRU && !l->is_reset_after)
        multiply(&t->m[ERNN_QMATRIX_CANDIDATE], u, inner);
    for (uint32_t h = 0; l->cell == ERNN_RT_GRU && h < l->n_cells; h++) {
        const sums s = gather(l, wx, wr, h);
        const double z = sigmoid(s.wx[0] + s.wr[0]);
        t->y[h] = (1 - z) * tanh(s.wx[2] + inner[h]) + z * t->y[h];
    }
    free(wx);
    free(wr);
    free(u);
    free(inner);
}

// What the activations' tables may be off by: docs/fixed-point.md 5.3.
static double table_error(double sag, int bits)
{
    return sag + 1.2 * ldexp(1, 2 - bits);
}

// Bounds on the error that one integer step adds to c and y, from the same state.
static void step_bounds(const ernn_qmodel *qmodel, const layer_twin *t, uint32_t index,
                        double x_peak, double *c_bound, double *y_bound)
{
    const ernn_rt_layer *l = &qmodel->network.layers[index];
    const ernn_layer_formats *f = &qmodel->formats.layers[index];
    const int bits = (int)qmodel->network.signal_bits;
    const double gate_ulp = ldexp(1, 2 - bits);
    const double sigmoids = table_error(0.00038, bits);
    const double tanhs = table_error(0.00077, bits);
    const double y_peak = peak(t->y, l->n_outputs);
    const double c_peak = peak(t->c, l->n_cells);
    const double ex = product_bound(&l->input, &f->matrices[0], x_peak, f->input, f->preactivation);
    const double er =
        product_bound(&l->recurrent, &f->matrices[1], y_peak, f->output, f->preactivation);
    double peep_peak = 0;
    for (uint32_t i = 0; l->is_peephole && i < 3 * l->n_cells; i++)
        peep_peak = fmax(peep_peak, fabs(peep(l, i / l->n_cells, i % l->n_cells)));
    // A peephole term is rounded once more; a sigmoid's slope is at most 1/4, a tanh's 1.
    const double ea = ex + er + (l->is_peephole ? 0.5 * ldexp(1, -f->preactivation) : 0);
    const double gate = ea / 4 + sigmoids;
    if (l->cell == ERNN_RT_LSTM) {
        const double ec = c_peak * gate + gate + ea + tanhs + ldexp(0.5, -f->cell);
        const double em = gate + peep_peak * ec / 4 + ec + tanhs + 0.5 * gate_ulp;
        *c_bound = ec;
        *y_bound = em;
        if (l->is_projected)
            *y_bound = t->m[ERNN_QMATRIX_PROJECTION].row_norm * em +
                       product_bound(&l->projection, &f->matrices[3], 1, bits - 2, f->output);
        return;
    }
    double en = 0;
    if (l->is_reset_after) {
        const double inner = t->m[ERNN_QMATRIX_RECURRENT].row_norm * y_peak + 3; // |b_hr| < 3
        en = ex + er + inner * gate + 0.5 * ldexp(1, -f->preactivation) + tanhs;
    } else {
        const double eu = y_peak * gate + 0.5 * gate_ulp;
        en = ex + t->m[ERNN_QMATRIX_CANDIDATE].row_norm * eu + tanhs +
             product_bound(&l->candidate, &f->matrices[2], y_peak, f->output, f->preactivation);
    }
    *c_bound = 0;
    *y_bound = en + 2 * gate + 0.5 * gate_ulp;
}

static void load_state(const ernn_rt_network *n, const ernn_rt_state *state, network_twin *twin)
{
    for (uint32_t l = 0; l < n->n_layers; l++) {
        for (uint32_t i = 0; i < n->layers[l].n_outputs; i++)
            twin->layers[l].y[i] = ldexp(state->y[l][i], -(int)n->layers[l].output_frac);
        for (uint32_t i = 0; state->c[l] && i < n->layers[l].n_cells; i++)
            twin->layers[l].c[i] = ldexp(state->c[l][i], -(int)n->layers[l].cell_frac);
    }
}

static void random_state(const ernn_rt_network *n, ernn_rng *rng, ernn_rt_state *state)
{
    const int bits = (int)n->signal_bits;
    for (uint32_t l = 0; l < n->n_layers; l++) {
        for (uint32_t i = 0; i < n->layers[l].n_outputs; i++)
            state->y[l][i] =
                ernn_to_fixed(2 * ernn_rng_uniform(rng) - 1, (int)n->layers[l].output_frac, bits);
        for (uint32_t i = 0; state->c[l] && i < n->layers[l].n_cells; i++)
            state->c[l][i] = ernn_to_fixed(ernn_rng_normal(rng), (int)n->layers[l].cell_frac, bits);
    }
}

static const char *const SPECS[] = {"lstm:31",   "lstm:33+peephole",    "lstm:40p33+peephole",
                                    "lstm:9p31", "gru:33+reset_before", "gru:31",
                                    "gru:1",     "lstm:1p1+peephole",   "lstm:153"};

static ernn_qmodel *make(const char *text, int k, int n_inputs, int bits, int weight_bits)
{
    ernn_error err = {0};
    ernn_qmodel *qmodel = NULL;
    ernn_spec spec = ernn_spec_defaults();
    check_ok(ernn_spec_parse(&spec, text, &err), err);
    spec.n_inputs = n_inputs;
    spec.n_labels = N_LABELS;
    for (int l = 0; l < spec.n_layers; l++)
        for (int m = 0; m < 3; m++)
            spec.layers[l].block[m] = k;
    check_ok(ernn_qmodel_random(&spec, bits, weight_bits, (uint64_t)(k + bits), &qmodel, &err),
             err);
    return qmodel;
}

// Each step from the integer network's own state, against the bound. Steps that saturate are left
// out, and there are few.
static void run_steps(const char *text, int k, int n_inputs, int bits)
{
    ernn_error err = {0};
    ernn_qmodel *qmodel = make(text, k, n_inputs, bits, 12);
    const ernn_rt_network *n = &qmodel->network;
    ernn_rt_state *state = NULL;
    check_ok(ernn_qstate_new(n, &state, &err), err);
    network_twin twin = twin_new(qmodel);
    ernn_rng rng = ernn_rng_new(1, (uint64_t)k, (uint64_t)bits);
    random_state(n, &rng, state);
    int32_t *x = calloc((size_t)n_inputs, sizeof *x);
    double *xd = calloc((size_t)n_inputs, sizeof *xd);
    int n_compared = 0;
    for (int t = 0; t < STEPS; t++) {
        const int frac = (int)n->layers[0].input_frac;
        for (int i = 0; i < n_inputs; i++) {
            x[i] = ernn_to_fixed(ernn_rng_normal(&rng), frac, bits);
            xd[i] = ldexp(x[i], -frac);
        }
        load_state(n, state, &twin);
        double c_bound = 0;
        double y_bound = 0;
        step_bounds(qmodel, &twin.layers[0], 0, peak(xd, (size_t)n_inputs), &c_bound, &y_bound);
        memset(state->saturations, 0, sizeof state->saturations);
        ernn_rt_layer_step(n, 0, x, state, NULL, NULL);
        step_layer(&twin, 0, xd);
        uint32_t hits = 0;
        for (int c = 0; c < ERNN_RT_CLASSES; c++)
            hits += state->saturations[c];
        if (hits)
            continue;
        n_compared++;
        const ernn_rt_layer *l = &n->layers[0];
        for (uint32_t i = 0; i < l->n_outputs; i++)
            check_near(ldexp(state->y[0][i], -(int)l->output_frac), twin.layers[0].y[i], y_bound);
        for (uint32_t i = 0; state->c[0] && i < l->n_cells; i++)
            check_near(ldexp(state->c[0][i], -(int)l->cell_frac), twin.layers[0].c[i], c_bound);
    }
    assert_true(n_compared >= STEPS * 9 / 10);
    free(x);
    free(xd);
    twin_free(&twin);
    ernn_qstate_free(state);
    ernn_qmodel_free(qmodel);
}

static void test_steps(void **state)
{
    (void)state;
    static const int bits[] = {8, 12, 16, 18};
    static const int inputs[] = {31, 153, 1, 33};
    for (size_t s = 0; s < sizeof SPECS / sizeof *SPECS; s++)
        for (int k = 1; k <= 32; k *= 2)
            for (int b = 0; b < 4; b++)
                run_steps(SPECS[s], k, inputs[(b + (int)s) % 4], bits[b]);
}

// Free running through two layers and the output layer: errors neither grow nor bias.
static void test_free_run(void **state)
{
    (void)state;
    static const char *const specs[] = {"lstm:33p31,40p17+peephole", "gru:33,31",
                                        "gru:31,33+reset_before", "lstm:31,33"};
    ernn_error err = {0};
    for (int s = 0; s < 4; s++)
        for (int k = 1; k <= 32; k *= 2) {
            ernn_qmodel *qmodel = make(specs[s], k, 33, 16, 12);
            const ernn_rt_network *n = &qmodel->network;
            ernn_rt_state *run = NULL;
            check_ok(ernn_qstate_new(n, &run, &err), err);
            network_twin twin = twin_new(qmodel);
            dense out = expand(&n->output, qmodel->formats.output.weights);
            ernn_rng rng = ernn_rng_new(9, (uint64_t)s, (uint64_t)k);
            random_state(n, &rng, run);
            load_state(n, run, &twin);
            double error = 0;
            double energy = 0;
            for (int t = 0; t < FREE_RUN; t++) {
                int32_t x[33];
                double xd[33];
                int32_t logits[N_LABELS];
                double want[N_LABELS];
                for (int i = 0; i < 33; i++) {
                    x[i] = ernn_to_fixed(ernn_rng_normal(&rng), (int)n->layers[0].input_frac, 16);
                    xd[i] = ldexp(x[i], -(int)n->layers[0].input_frac);
                }
                ernn_rt_step(n, x, logits, run, NULL, NULL);
                step_layer(&twin, 0, xd);
                step_layer(&twin, 1, twin.layers[0].y);
                multiply(&out, twin.layers[1].y, want);
                for (int i = 0; i < N_LABELS; i++) {
                    want[i] += ldexp(n->output_bias[i], -(int)n->output_frac);
                    error += pow(ldexp(logits[i], -(int)n->output_frac) - want[i], 2);
                    energy += want[i] * want[i];
                }
            }
            if (10 * log10(energy / error) < 48) {
                print_error("%s, blocks of %d: %.1f dB\n", specs[s], k, 10 * log10(energy / error));
                fail();
            }
            free(out.w);
            twin_free(&twin);
            ernn_qstate_free(run);
            ernn_qmodel_free(qmodel);
        }
}

// ---- Streams and traces ----

static void random_frame(const ernn_rt_network *n, ernn_rng *rng, int32_t *x)
{
    for (uint32_t i = 0; i < n->layers[0].n_inputs; i++)
        x[i] =
            ernn_to_fixed(ernn_rng_normal(rng), (int)n->layers[0].input_frac, (int)n->signal_bits);
}

// Two streams interleaved give what each gives alone; reset brings back the first frame's result.
static void test_streams(void **state)
{
    (void)state;
    ernn_error err = {0};
    for (size_t s = 0; s < sizeof SPECS / sizeof *SPECS; s++) {
        ernn_qmodel *qmodel = make(SPECS[s], 8, 31, 16, 12);
        const ernn_rt_network *n = &qmodel->network;
        ernn_rt_state *streams[3] = {NULL, NULL, NULL};
        int32_t alone[2][STEPS][N_LABELS];
        for (int i = 0; i < 3; i++)
            check_ok(ernn_qstate_new(n, &streams[i], &err), err);
        for (int i = 0; i < 2; i++) {
            ernn_rng rng = ernn_rng_new(4, (uint64_t)i, 0);
            ernn_rt_reset(n, streams[2]);
            for (int t = 0; t < STEPS; t++) {
                int32_t x[31];
                random_frame(n, &rng, x);
                ernn_rt_step(n, x, alone[i][t], streams[2], NULL, NULL);
            }
        }
        ernn_rng rngs[2] = {ernn_rng_new(4, 0, 0), ernn_rng_new(4, 1, 0)};
        for (int t = 0; t < STEPS; t++)
            for (int i = 0; i < 2; i++) {
                int32_t x[31];
                int32_t logits[N_LABELS];
                random_frame(n, &rngs[i], x);
                ernn_rt_step(n, x, logits, streams[i], NULL, NULL);
                assert_memory_equal(logits, alone[i][t], sizeof logits);
            }
        for (int i = 0; i < 3; i++)
            ernn_qstate_free(streams[i]);
        ernn_qmodel_free(qmodel);
    }
}

typedef struct trace_log {
    char text[256];
} trace_log;

static void note(void *user, uint32_t layer, const char *signal, const int32_t *values, uint32_t n)
{
    trace_log *log = user;
    const size_t used = strlen(log->text);
    (void)values;
    snprintf(log->text + used, sizeof log->text - used, "%u.%s[%u] ", layer, signal, n);
}

// Order and lengths of docs/fixed-point.md section 7.
static void test_trace(void **state)
{
    (void)state;
    static const char *const want[][2] = {
        {"lstm:9p5", "0.input_product[48] 0.recurrent_product[48] 0.c[9] 0.m[9] 0.y[5] "},
        {"gru:9", "0.input_product[36] 0.recurrent_product[36] 0.y[9] "},
        {"gru:9+reset_before",
         "0.input_product[36] 0.recurrent_product[24] 0.candidate_product[9] 0.y[9] "}};
    ernn_error err = {0};
    for (int i = 0; i < 3; i++) {
        ernn_qmodel *qmodel = make(want[i][0], 4, 31, 16, 12);
        ernn_rt_state *run = NULL;
        check_ok(ernn_qstate_new(&qmodel->network, &run, &err), err);
        int32_t x[31] = {0};
        trace_log log = {""};
        ernn_rt_step(&qmodel->network, x, NULL, run, note, &log);
        assert_string_equal(log.text, want[i][1]);
        ernn_qstate_free(run);
        ernn_qmodel_free(qmodel);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_products), cmocka_unit_test(test_steps),
        cmocka_unit_test(test_free_run), cmocka_unit_test(test_streams),
        cmocka_unit_test(test_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
