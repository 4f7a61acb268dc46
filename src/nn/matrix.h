// Weight matrices as training multiplies by them. The cells see products alone; how a matrix is
// stored, dense (sparse ones too) or block-circulant through its spectra, is decided here.
//
// A stack is the matrices W_g[H][N] of a layer's gates that read the same vector: same shape, each
// with its own block size, one after the other in the model's parameters. A product may take some
// of them: `gates` says which. Every row of a product is computed alike, whatever the other rows of
// the call: rows may be split between threads, or done together, without changing a bit.
//
// Per update: ernn_stack_update, products, ernn_stack_gradient for all rows, ernn_stack_finish.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_NN_MATRIX_H
#define ERNN_SRC_NN_MATRIX_H

#include "ernn/spec.h"
#include "num/panel.h"
#include "num/workers.h"

// In which form a matrix of blocks is multiplied.
typedef enum ernn_matrix_form {
    ERNN_MATRIX_FASTER,   // by a rule that was measured (matrix.c)
    ERNN_MATRIX_EXPANDED, // as a dense one
    ERNN_MATRIX_SPECTRAL
} ernn_matrix_form;

// Neighbours of a stack that have one block size.
typedef struct ernn_matrix {
    int n;    // matrices
    int rows; // H of each
    int cols; // N
    int k;    // block size in the model's parameters
    bool is_spectral;
    int p; // block rows and columns
    int q;
    size_t packed;        // floats of one packed matrix
    size_t packed_turned; // and of its transpose
    size_t staged;
    float *forward;  // [n][packed]
    float *backward; // [n][packed_turned], the transposed matrices
    float *stage;    // [n][staged], a matrix expanded or transformed on its way into packed form
} ernn_matrix;

typedef struct ernn_stack {
    int n; // matrices
    int rows;
    int n_runs;
    ernn_matrix runs[ERNN_MAX_GATES];
} ernn_stack;

// Some of the stack.
typedef struct ernn_gates {
    int first;
    int n;
} ernn_gates;

static inline ernn_gates ernn_gates_all(const ernn_stack *stack)
{
    return (ernn_gates){0, stack->n};
}

// Some of the columns of a result. `first` is a multiple of ernn_stack_unit, and so is `n` unless
// it reaches the end.
typedef struct ernn_columns {
    int first;
    int n;
} ernn_columns;

// n matrices of rows x cols, blocks of k[n].
ernn_status ernn_stack_init(ernn_stack *stack, int n, int rows, int cols, const int *k,
                            ernn_matrix_form form, ernn_error *err);
void ernn_stack_clear(ernn_stack *stack);
// Takes the parameters of matrix g over; `parameters` are those of the whole stack.
void ernn_stack_update(ernn_stack *stack, int g, const float *parameters);
// Floats of scratch that the functions below need for each thread.
size_t ernn_stack_scratch(const ernn_stack *stack);

// Columns of a result, of a product or a transposed one, that are computed together.
int ernn_stack_unit(const ernn_stack *stack);
// Floats that a product with all matrices reads.
size_t ernn_stack_packed(const ernn_stack *stack);

// ---- A few rows, on the caller's thread ----
//
// Only the given columns of a result are written; `rows` describes it from its first column on.

// y[n][gates.n * H] = x[n][N] W^T, or += ; `columns` of every matrix, of H.
void ernn_stack_product(const ernn_stack *stack, ernn_gates gates, ernn_columns columns,
                        const ernn_panel_rows *rows, float *scratch);
// y[n][N] = x[n][gates.n * H] W, or +=; `columns` of N.
void ernn_stack_transposed(const ernn_stack *stack, ernn_gates gates, ernn_columns columns,
                           const ernn_panel_rows *rows, float *scratch);

// ---- All rows of a batch, on all workers ----

void ernn_stack_product_all(const ernn_stack *stack, ernn_gates gates, int n_rows, const float *x,
                            size_t ldx, float *y, size_t ldy, ernn_workers *workers);
void ernn_stack_transposed_all(const ernn_stack *stack, ernn_gates gates, int n_rows,
                               const float *dy, size_t ldy, bool add, float *dx, size_t ldx,
                               ernn_workers *workers);

// The gradient of a run on its way: sums in the form of its products, over all rows of a batch.
typedef struct ernn_matrix_sums {
    float *sums;    // of a spectral or expanded matrix; NULL: the sums are the gradient itself
    float *spectra; // of rows, spectral
} ernn_matrix_sums;

typedef struct ernn_stack_sums {
    ernn_matrix_sums runs[ERNN_MAX_GATES];
} ernn_stack_sums;

ernn_status ernn_stack_sums_init(ernn_stack_sums *sums, const ernn_stack *stack, ernn_error *err);
void ernn_stack_sums_clear(ernn_stack_sums *sums);

// A stack and the rows x[][N] that it was multiplied by. `gradient` is that of the stack in the
// model's layout; the sums are zero at the start and after ernn_stack_finish.
typedef struct ernn_stack_factor {
    const ernn_stack *stack;
    const ernn_stack_sums *sums;
    const float *x;
    size_t ldx;
    float *gradient;
} ernn_stack_factor;

// Stacks whose products were added up have one dy: what it has to be turned into is done once.
enum { ERNN_GRADIENT_FACTORS = 2 };

// Adds dy[n_rows][gates.n * H]^T x[n_rows][N] to the sums of each factor.
void ernn_stack_gradient(const ernn_stack_factor *factors, int n_factors, ernn_gates gates,
                         int n_rows, const float *dy, size_t ldy, ernn_workers *workers);
// Adds what the sums hold to the gradient.
void ernn_stack_finish(const ernn_stack_factor *factor, ernn_workers *workers);

#endif
