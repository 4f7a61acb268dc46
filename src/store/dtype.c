// The number types of safetensors files. SPDX-License-Identifier: Apache-2.0
#include "store/safetensors.h"

#include <math.h>

static const struct {
    const char *name;
    size_t bytes;
} TYPES[ERNN_DTYPES] = {
    [ERNN_DTYPE_U8] = {"U8", 1},   [ERNN_DTYPE_I16] = {"I16", 2}, [ERNN_DTYPE_I32] = {"I32", 4},
    [ERNN_DTYPE_I64] = {"I64", 8}, [ERNN_DTYPE_F32] = {"F32", 4}, [ERNN_DTYPE_F64] = {"F64", 8},
};

size_t ernn_dtype_bytes(ernn_dtype dtype)
{
    return TYPES[dtype].bytes;
}

const char *ernn_dtype_name(ernn_dtype dtype)
{
    return TYPES[dtype].name;
}

size_t ernn_dtype_first_bad(ernn_dtype dtype, const void *values, size_t count)
{
    const float *floats = values;
    const double *doubles = values;
    for (size_t i = 0; dtype == ERNN_DTYPE_F32 && i < count; i++)
        if (!isfinite(floats[i]))
            return i;
    for (size_t i = 0; dtype == ERNN_DTYPE_F64 && i < count; i++)
        if (!isfinite(doubles[i]))
            return i;
    return count;
}
