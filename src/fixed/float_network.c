// The double-precision network behind calibration. docs/fixed-point.md sections 4, 6 and 7, without
// the roundings. SPDX-License-Identifier: Apache-2.0
#include "fixed/float_network.h"

#include "base/memory.h"

#include <math.h>
#include <string.h>

// A matrix with its spectra as in src/rt: [p][q][k] packed.
typedef struct float_matrix {
    int rows;
    int cols;
    int k;
    int p;
    int q;
    double *spectra; // NULL when the layer has no such matrix
} float_matrix;

typedef struct float_layer {
    const ernn_rt_layer *shape;
    float_matrix matrices[ERNN_QMATRICES];
    const float *bias;           // [gates][n_cells]
    const float *bias_candidate; // [n_cells] or NULL
    const float *peephole;       // [3][n_cells] or NULL
} float_layer;

struct ernn_float_network {
    int n_layers;
    float_layer layers[ERNN_RT_MAX_LAYERS];
    float_matrix output;
    const float *output_bias;
    double cosine[ERNN_RT_MAX_LOG2_K + 1][ERNN_RT_MAX_K]; // [log2 k][j]: cos(2 pi j / k)
};

struct ernn_float_run {
    const ernn_float_network *network;
    double *y[ERNN_RT_MAX_LAYERS];
    double *c[ERNN_RT_MAX_LAYERS];
    double *input;
    double *input_product;
    double *recurrent_product;
    double *candidate_product;
    double *m;
    double *spectra;
};

// ---- Construction ----

static ernn_status set_matrix(float_matrix *matrix, const ernn_qtensor *tensor, const float *w,
                              ernn_error *err)
{
    matrix->rows = (int)tensor->matrix->rows;
    matrix->cols = (int)tensor->matrix->cols;
    matrix->p = tensor->shape[0];
    matrix->q = tensor->shape[1];
    matrix->k = tensor->shape[2];
    matrix->spectra = ernn_mem_new(tensor->count, sizeof *matrix->spectra, err);
    if (!matrix->spectra)
        return ERNN_NO_MEMORY;
    ernn_spectra(w, tensor->count / (size_t)matrix->k, matrix->k, matrix->spectra);
    return ERNN_OK;
}

// Where in `network` the tensor belongs.
static ernn_status set_tensor(ernn_float_network *network, const ernn_rt_network *shape,
                              const ernn_qtensor *tensor, const float *values, ernn_error *err)
{
    if (tensor->layer < 0) {
        if (tensor->matrix)
            return set_matrix(&network->output, tensor, values, err);
        network->output_bias = values;
        return ERNN_OK;
    }
    const ernn_rt_layer *from = &shape->layers[tensor->layer];
    float_layer *layer = &network->layers[tensor->layer];
    if (tensor->matrix == &from->input)
        return set_matrix(&layer->matrices[ERNN_QMATRIX_INPUT], tensor, values, err);
    if (tensor->matrix == &from->recurrent)
        return set_matrix(&layer->matrices[ERNN_QMATRIX_RECURRENT], tensor, values, err);
    if (tensor->matrix == &from->candidate)
        return set_matrix(&layer->matrices[ERNN_QMATRIX_CANDIDATE], tensor, values, err);
    if (tensor->matrix)
        return set_matrix(&layer->matrices[ERNN_QMATRIX_PROJECTION], tensor, values, err);
    if (tensor->vector == from->bias)
        layer->bias = values;
    else if (tensor->vector == from->bias_candidate)
        layer->bias_candidate = values;
    else
        layer->peephole = values;
    return ERNN_OK;
}

ernn_status ernn_float_network_new(const ernn_model *model, ernn_qmodel *shape,
                                   ernn_float_network **network, ernn_error *err)
{
    *network = NULL;
    ernn_float_network *made = ernn_mem_new(1, sizeof *made, err);
    if (!made)
        return ERNN_NO_MEMORY;
    made->n_layers = (int)shape->network.n_layers;
    for (int l = 0; l < made->n_layers; l++)
        made->layers[l].shape = &shape->network.layers[l];
    for (int log2_k = 0; log2_k <= ERNN_RT_MAX_LOG2_K; log2_k++)
        for (int j = 0; j < 1 << log2_k; j++)
            made->cosine[log2_k][j] = cos(2 * 3.14159265358979323846 * j / (1 << log2_k));
    ernn_qtensor tensors[ERNN_QMODEL_MAX_TENSORS];
    const size_t n = ernn_qmodel_tensors(shape, tensors);
    for (size_t t = 0; t < n; t++) {
        const float *values = ernn_qtensor_source(&tensors[t], model);
        if (set_tensor(made, &shape->network, &tensors[t], values, err) != ERNN_OK) {
            ernn_float_network_free(made);
            return ERNN_NO_MEMORY;
        }
    }
    *network = made;
    return ERNN_OK;
}

void ernn_float_network_free(ernn_float_network *network)
{
    if (!network)
        return;
    for (int l = 0; l < network->n_layers; l++)
        for (int m = 0; m < ERNN_QMATRICES; m++)
            ernn_mem_free(network->layers[l].matrices[m].spectra);
    ernn_mem_free(network->output.spectra);
    ernn_mem_free(network);
}

static size_t max2(size_t a, size_t b)
{
    return a > b ? a : b;
}

ernn_status ernn_float_run_new(const ernn_float_network *network, ernn_float_run **run,
                               ernn_error *err)
{
    *run = NULL;
    size_t rows = 0;
    size_t cols = (size_t)network->output.cols;
    ernn_float_run *made = ernn_mem_new(1, sizeof *made, err);
    if (!made)
        return ERNN_NO_MEMORY;
    made->network = network;
    bool is_good = true;
    for (int l = 0; l < network->n_layers; l++) {
        const float_layer *layer = &network->layers[l];
        for (int m = 0; m < ERNN_QMATRICES; m++) {
            rows = max2(rows, (size_t)layer->matrices[m].rows);
            cols = max2(cols, (size_t)layer->matrices[m].q * (size_t)layer->matrices[m].k);
        }
        made->y[l] = ernn_mem_new(layer->shape->n_outputs, sizeof(double), err);
        made->c[l] = ernn_mem_new(layer->shape->n_cells, sizeof(double), err);
        is_good = is_good && made->y[l] && made->c[l];
    }
    made->input = ernn_mem_new((size_t)network->layers[0].matrices[0].cols, sizeof(double), err);
    made->input_product = ernn_mem_new(rows, sizeof(double), err);
    made->recurrent_product = ernn_mem_new(rows, sizeof(double), err);
    made->candidate_product = ernn_mem_new(rows, sizeof(double), err);
    made->m = ernn_mem_new(rows, sizeof(double), err);
    made->spectra = ernn_mem_new(cols, sizeof(double), err);
    if (!is_good || !made->input || !made->input_product || !made->recurrent_product ||
        !made->candidate_product || !made->m || !made->spectra) {
        ernn_float_run_free(made);
        return ERNN_NO_MEMORY;
    }
    *run = made;
    return ERNN_OK;
}

void ernn_float_run_free(ernn_float_run *run)
{
    if (!run)
        return;
    for (int l = 0; l < ERNN_RT_MAX_LAYERS; l++) {
        ernn_mem_free(run->y[l]);
        ernn_mem_free(run->c[l]);
    }
    ernn_mem_free(run->input);
    ernn_mem_free(run->input_product);
    ernn_mem_free(run->recurrent_product);
    ernn_mem_free(run->candidate_product);
    ernn_mem_free(run->m);
    ernn_mem_free(run->spectra);
    ernn_mem_free(run);
}

void ernn_float_run_reset(ernn_float_run *run)
{
    for (int l = 0; l < run->network->n_layers; l++) {
        const ernn_rt_layer *shape = run->network->layers[l].shape;
        memset(run->y[l], 0, shape->n_outputs * sizeof(double));
        memset(run->c[l], 0, shape->n_cells * sizeof(double));
    }
}

// ---- Products ----

// X_j = sum_n x_n exp(-2 pi i j n / k), packed, of x[0 .. n_x) padded with zeros.
static void forward(const double *x, int n_x, int k, const double *cosine, double *packed)
{
    for (int j = 0; j <= k / 2; j++) {
        double re = 0;
        double im = 0;
        for (int n = 0; n < n_x; n++) {
            const int turn = j * n & (k - 1);
            re += x[n] * cosine[turn];
            im -= x[n] * cosine[(turn + k - k / 4) & (k - 1)];
        }
        if (j == 0 || 2 * j == k) {
            packed[j ? 1 : 0] = re;
        } else {
            packed[2 * j] = re;
            packed[2 * j + 1] = im;
        }
    }
}

// y[0 .. n_y) of the true inverse transform.
static void inverse(const double *packed, int k, const double *cosine, double *y, int n_y)
{
    for (int n = 0; n < n_y; n++) {
        double sum = packed[0];
        if (k > 1)
            sum += n % 2 ? -packed[1] : packed[1];
        for (int j = 1; j < k / 2; j++) {
            const int turn = j * n & (k - 1);
            sum += 2 * (packed[2 * j] * cosine[turn] -
                        packed[2 * j + 1] * cosine[(turn + k - k / 4) & (k - 1)]);
        }
        y[n] = sum / k;
    }
}

// sum_j w_j x_j of a dense row, in four interleaved parts.
static double dense_row(const double *w, const double *x, int n)
{
    double part[4] = {0, 0, 0, 0};
    int j = 0;
    for (; j + 4 <= n; j += 4)
        for (int i = 0; i < 4; i++)
            part[i] += w[j + i] * x[j + i];
    for (; j < n; j++)
        part[0] += w[j] * x[j];
    return (part[0] + part[1]) + (part[2] + part[3]);
}

// sums[k] = sum_j W_ij X_j of one block row.
static void block_row(const double *w, const double *x, int q, int k, double *sums)
{
    memset(sums, 0, (size_t)k * sizeof *sums);
    for (int j = 0; j < q; j++, w += k, x += k) {
        sums[0] += w[0] * x[0];
        sums[1] += w[1] * x[1];
        for (int e = 2; e < k; e += 2) {
            sums[e] += w[e] * x[e] - w[e + 1] * x[e + 1];
            sums[e + 1] += w[e] * x[e + 1] + w[e + 1] * x[e];
        }
    }
}

// y[rows] = matrix * x[cols]; widens the ranges of spectra, sums and product.
static void product(const float_matrix *matrix, const ernn_float_network *network, const double *x,
                    double *y, double *spectra, ernn_matrix_ranges *ranges)
{
    const int k = matrix->k;
    int log2_k = 0;
    while (1 << log2_k < k)
        log2_k++;
    const double *cosine = network->cosine[log2_k];
    for (int j = 0; j < matrix->q; j++) {
        const int left = matrix->cols - j * k;
        forward(x + j * k, left < k ? left : k, k, cosine, spectra + j * k);
    }
    ernn_range_add(&ranges->spectrum, spectra, (size_t)matrix->q * (size_t)k);
    for (int i = 0; i < matrix->p; i++) {
        const double *w = matrix->spectra + (size_t)i * (size_t)matrix->q * (size_t)k;
        double sums[ERNN_RT_MAX_K];
        if (k == 1)
            sums[0] = dense_row(w, spectra, matrix->q);
        else
            block_row(w, spectra, matrix->q, k, sums);
        ernn_range_add(&ranges->accumulator, sums, (size_t)k);
        const int left = matrix->rows - i * k;
        inverse(sums, k, cosine, y + i * k, left < k ? left : k);
    }
    ernn_range_add(&ranges->product, y, (size_t)matrix->rows);
}

// ---- Cells ----

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static int stride(const float_matrix *matrix, int n_cells)
{
    return (n_cells + matrix->k - 1) / matrix->k * matrix->k;
}

// W_gx x + b_g of cell h; the recurrent part is added by the caller.
static double input_part(const ernn_float_run *run, const float_layer *layer, int gate, int h)
{
    const int n = (int)layer->shape->n_cells;
    return run->input_product[gate * stride(&layer->matrices[ERNN_QMATRIX_INPUT], n) + h] +
           layer->bias[gate * n + h];
}

static double recurrent_part(const ernn_float_run *run, const float_layer *layer, int gate, int h)
{
    const int n = (int)layer->shape->n_cells;
    return run->recurrent_product[gate * stride(&layer->matrices[ERNN_QMATRIX_RECURRENT], n) + h];
}

static double peep(const float_layer *layer, int which, int h, double c)
{
    return layer->peephole ? layer->peephole[which * (int)layer->shape->n_cells + h] * c : 0;
}

static void lstm(ernn_float_run *run, const float_layer *layer, double *c, ernn_range *sums)
{
    for (int h = 0; h < (int)layer->shape->n_cells; h++) {
        double a[4];
        for (int g = 0; g < 4; g++)
            a[g] = input_part(run, layer, g, h) + recurrent_part(run, layer, g, h);
        a[0] += peep(layer, 0, h, c[h]);
        a[1] += peep(layer, 1, h, c[h]);
        c[h] = sigmoid(a[1]) * c[h] + sigmoid(a[0]) * tanh(a[2]);
        a[3] += peep(layer, 2, h, c[h]);
        run->m[h] = sigmoid(a[3]) * tanh(c[h]);
        ernn_range_add(sums, a, 4);
    }
}

static void gru(ernn_float_run *run, const float_layer *layer, double *y, ernn_layer_ranges *ranges)
{
    const int n = (int)layer->shape->n_cells;
    const bool is_after = layer->bias_candidate != NULL;
    for (int h = 0; h < n; h++) {
        const double a = input_part(run, layer, 1, h) + recurrent_part(run, layer, 1, h);
        const double r = sigmoid(a);
        ernn_range_add(&ranges->preactivation, &a, 1);
        run->m[h] = r * y[h];
        if (is_after)
            run->candidate_product[h] =
                r * (recurrent_part(run, layer, 2, h) + layer->bias_candidate[h]);
    }
    if (!is_after)
        product(&layer->matrices[ERNN_QMATRIX_CANDIDATE], run->network, run->m,
                run->candidate_product, run->spectra, &ranges->matrices[ERNN_QMATRIX_CANDIDATE]);
    for (int h = 0; h < n; h++) {
        const double a[2] = {input_part(run, layer, 0, h) + recurrent_part(run, layer, 0, h),
                             input_part(run, layer, 2, h) + run->candidate_product[h]};
        const double z = sigmoid(a[0]);
        y[h] = (1 - z) * tanh(a[1]) + z * y[h];
        ernn_range_add(&ranges->preactivation, a, 2);
    }
}

static void layer_step(ernn_float_run *run, int l, const double *x, ernn_layer_ranges *ranges)
{
    const ernn_float_network *network = run->network;
    const float_layer *layer = &network->layers[l];
    const ernn_rt_layer *shape = layer->shape;
    double *y = run->y[l];
    ernn_range_add(&ranges->input, x, shape->n_inputs);
    product(&layer->matrices[ERNN_QMATRIX_INPUT], network, x, run->input_product, run->spectra,
            &ranges->matrices[ERNN_QMATRIX_INPUT]);
    product(&layer->matrices[ERNN_QMATRIX_RECURRENT], network, y, run->recurrent_product,
            run->spectra, &ranges->matrices[ERNN_QMATRIX_RECURRENT]);
    if (shape->cell == ERNN_RT_GRU) {
        gru(run, layer, y, ranges);
    } else {
        lstm(run, layer, run->c[l], &ranges->preactivation);
        ernn_range_add(&ranges->cell, run->c[l], shape->n_cells);
        if (shape->is_projected)
            product(&layer->matrices[ERNN_QMATRIX_PROJECTION], network, run->m, y, run->spectra,
                    &ranges->matrices[ERNN_QMATRIX_PROJECTION]);
        else
            memcpy(y, run->m, shape->n_cells * sizeof *y);
    }
    ernn_range_add(&ranges->output, y, shape->n_outputs);
}

void ernn_float_run_step(ernn_float_run *run, const float *x, double *scores,
                         ernn_network_ranges *ranges)
{
    const ernn_float_network *network = run->network;
    for (int i = 0; i < network->layers[0].matrices[ERNN_QMATRIX_INPUT].cols; i++)
        run->input[i] = x[i];
    const double *input = run->input;
    for (int l = 0; l < network->n_layers; l++) {
        layer_step(run, l, input, &ranges->layers[l]);
        input = run->y[l];
    }
    product(&network->output, network, input, scores, run->spectra, &ranges->output);
    for (int r = 0; r < network->output.rows; r++)
        scores[r] += network->output_bias[r];
    ernn_range_add(&ranges->scores, scores, (size_t)network->output.rows);
}
