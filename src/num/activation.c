// Activations and element-wise helpers over arrays. SPDX-License-Identifier: Apache-2.0
#include "num/activation.h"

#include "num/clones.h"

ERNN_CLONES void ernn_sigmoid_many(float *v, size_t n)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        v[i] = ernn_sigmoid(v[i]);
}

ERNN_CLONES void ernn_tanh_many(float *v, size_t n)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        v[i] = ernn_tanh(v[i]);
}

ERNN_CLONES void ernn_add_many(float *y, const float *x, size_t n)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        y[i] += x[i];
}

ERNN_CLONES void ernn_multiply_add_many(float *y, const float *a, const float *x, size_t n)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        y[i] += a[i] * x[i];
}

ERNN_CLONES void ernn_scale_add_many(float *y, float a, const float *x, size_t n)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        y[i] += a * x[i];
}

double ernn_sum_squares(const float *v, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)v[i] * v[i];
    return sum;
}

double ernn_log_sum_exp(const float *x, int n)
{
    double most = (double)x[0];
    for (int i = 1; i < n; i++)
        most = fmax(most, (double)x[i]);
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += exp((double)x[i] - most);
    return most + log(sum);
}
