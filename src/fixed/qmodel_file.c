// Quantised models in files: integers, their formats as JSON, and every range that src/rt rests on
// checked before a network is handed out. docs/format.md, docs/fixed-point.md section 1.
// SPDX-License-Identifier: Apache-2.0
#include "base/buffer.h"
#include "base/memory.h"
#include "fixed/pwl.h"
#include "fixed/table.h"
#include "nn/model_file.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

static const char *const QUANT_KEY = "ernn.quant";

// The four activation tables as tensors of 32.
typedef struct curve_tensor {
    const char *name;
    int32_t *values;
} curve_tensor;

enum { N_CURVES = 4 };

static void list_curves(ernn_rt_network *network, curve_tensor *curves)
{
    curves[0] = (curve_tensor){"sigmoid.base", network->sigmoid.base};
    curves[1] = (curve_tensor){"sigmoid.slope", network->sigmoid.slope};
    curves[2] = (curve_tensor){"tanh.base", network->tanh.base};
    curves[3] = (curve_tensor){"tanh.slope", network->tanh.slope};
}

// Spectra [p, q, k] ([rows, cols] for k = 1), vectors [gates, cells]; returns the dimensions.
static int tensor_shape(const ernn_qtensor *tensor, size_t *shape)
{
    for (int d = 0; d < 3; d++)
        shape[d] = (size_t)tensor->shape[d];
    return shape[2] == 1 ? 2 : 3;
}

// ---- Saving ----

static void print_quant(ernn_buffer *out, const ernn_qmodel *qmodel)
{
    ernn_buffer_print(out, "{\"signal_bits\":%u,\"weight_bits\":%u,\"signals\":[",
                      qmodel->network.signal_bits, qmodel->network.weight_bits);
    for (size_t i = 0; i < qmodel->n_table; i++) {
        const ernn_signal_format *row = &qmodel->table[i];
        ernn_buffer_print(out,
                          "%s{\"name\":\"%s\",\"low\":%.9g,\"high\":%.9g,\"bits\":%d,\"frac\":%d}",
                          i ? "," : "", row->name, row->low, row->high, row->bits, row->frac);
    }
    ernn_buffer_print(out, "]}");
}

static void put_tensors(ernn_store_writer *writer, ernn_qmodel *qmodel)
{
    ernn_qtensor tensors[ERNN_QMODEL_MAX_TENSORS];
    const size_t n = ernn_qmodel_tensors(qmodel, tensors);
    for (size_t t = 0; t < n; t++) {
        size_t shape[3];
        const int n_dims = tensor_shape(&tensors[t], shape);
        if (tensors[t].matrix)
            ernn_store_put(writer, tensors[t].name, ERNN_DTYPE_I16, n_dims, shape,
                           tensors[t].weights);
        else
            ernn_store_put(writer, tensors[t].name, ERNN_DTYPE_I32, n_dims, shape,
                           tensors[t].vector);
    }
    curve_tensor curves[N_CURVES];
    list_curves(&qmodel->network, curves);
    const size_t segments = ERNN_RT_PWL_SEGMENTS;
    for (int i = 0; i < N_CURVES; i++)
        ernn_store_put(writer, curves[i].name, ERNN_DTYPE_I32, 1, &segments, curves[i].values);
}

ernn_status ernn_qmodel_save(const ernn_qmodel *qmodel, const char *path, ernn_error *err)
{
    ernn_store_writer *writer = NULL;
    ernn_buffer quant = {0};
    ernn_profile *profile = ernn_mem_new(1, sizeof *profile, err);
    ernn_status status = profile ? ernn_features_validate(&qmodel->features, err) : ERNN_NO_MEMORY;
    if (status == ERNN_OK)
        status = ernn_store_writer_new(&writer, err);
    if (status != ERNN_OK)
        goto done;
    *profile = (ernn_profile){qmodel->spec, qmodel->features, qmodel->phone_set, qmodel->statistics,
                              qmodel->labels};
    ernn_profile_put(writer, "qmodel", profile);
    print_quant(&quant, qmodel);
    status = ernn_buffer_status(&quant, err);
    if (status != ERNN_OK)
        goto done;
    ernn_store_put_text(writer, QUANT_KEY, quant.data);
    put_tensors(writer, (ernn_qmodel *)qmodel); // listed through mutable pointers, only read
    status = ernn_store_save(writer, path, err);
done:
    ernn_buffer_free(&quant);
    ernn_store_writer_free(writer);
    ernn_mem_free(profile);
    return status;
}

// ---- Loading: formats ----

static ernn_status refuse(const ernn_store *file, const char *where, const char *what,
                          ernn_error *err)
{
    return ernn_error_set(err, ERNN_BAD_FILE, "%s: metadata '%s': %.60s: %s", ernn_store_path(file),
                          QUANT_KEY, where, what);
}

static bool read_integer(const json_t *object, const char *name, int *value)
{
    const json_t *member = json_object_get(object, name);
    const json_int_t number = json_integer_value(member);
    *value = (int)number;
    return json_is_integer(member) && number >= -100 && number <= 100;
}

static bool read_number(const json_t *object, const char *name, double *value)
{
    const json_t *member = json_object_get(object, name);
    *value = json_number_value(member);
    return json_is_number(member) && isfinite(*value);
}

// One signal's entry must be the one expected here, whole and without neighbours.
static ernn_status read_row(const ernn_store *file, const json_t *entry, ernn_format_row *row,
                            int *frac, ernn_error *err)
{
    int bits = 0;
    const char *name = json_string_value(json_object_get(entry, "name"));
    if (!name || strcmp(name, row->name) != 0)
        return refuse(file, row->name, "this signal is wanted here", err);
    if (!read_integer(entry, "bits", &bits) || bits != row->bits)
        return refuse(file, row->name, "bits do not fit the word lengths", err);
    if (!read_integer(entry, "frac", frac))
        return refuse(file, row->name, "frac is not a whole number from -100 to 100", err);
    if (!read_number(entry, "low", &row->range->low) ||
        !read_number(entry, "high", &row->range->high) || json_object_size(entry) != 5)
        return refuse(file, row->name, "name, low, high, bits and frac are wanted", err);
    return ERNN_OK;
}

// Formats of `qmodel`, whose shape is set, from the list of signals; then all of them checked.
static ernn_status read_signals(const ernn_store *file, const json_t *signals, ernn_qmodel *qmodel,
                                ernn_network_ranges *ranges, ernn_error *err)
{
    ernn_format_row rows[ERNN_MAX_FORMAT_ROWS];
    int fracs[ERNN_MAX_FORMAT_ROWS];
    ernn_error reason = {0};
    const size_t n = ernn_format_rows(qmodel, ranges, rows);
    if (!json_is_array(signals) || json_array_size(signals) != n)
        return refuse(file, "signals", "not one entry for every signal of the network", err);
    for (size_t i = 0; i < n; i++) {
        ernn_status status = read_row(file, json_array_get(signals, i), &rows[i], &fracs[i], err);
        if (status != ERNN_OK)
            return status;
        *rows[i].frac = fracs[i];
    }
    // Several signals share one format.
    for (size_t i = 0; i < n; i++)
        if (*rows[i].frac != fracs[i])
            return refuse(file, rows[i].name, "frac differs from a signal that shares its format",
                          err);
    if (ernn_formats_apply(&qmodel->formats, &qmodel->network, &reason) != ERNN_OK)
        return refuse(file, "signals", reason.text, err);
    return ernn_format_table(qmodel, ranges, err);
}

// ---- Loading: numbers ----

// All of values[n] inside [low, high]; the first that is not is named.
static ernn_status check_values(const ernn_store *file, const ernn_qtensor *tensor, int low,
                                int high, ernn_error *err)
{
    for (size_t i = 0; i < tensor->count; i++) {
        const int value = tensor->matrix ? tensor->weights[i] : tensor->vector[i];
        if (value < low || value > high)
            return ernn_error_set(err, ERNN_BAD_FILE,
                                  "%s: tensor '%s': number %zu is %d, %d to %d are allowed",
                                  ernn_store_path(file), tensor->name, i, value, low, high);
    }
    return ERNN_OK;
}

static ernn_status read_tensor(const ernn_store *file, const ernn_rt_network *network,
                               const ernn_qtensor *tensor, ernn_error *err)
{
    size_t shape[3];
    const int n_dims = tensor_shape(tensor, shape);
    const bool is_matrix = tensor->matrix != NULL;
    ernn_status status =
        ernn_store_read(file, tensor->name, is_matrix ? ERNN_DTYPE_I16 : ERNN_DTYPE_I32, n_dims,
                        shape, is_matrix ? (void *)tensor->weights : (void *)tensor->vector, err);
    if (status != ERNN_OK)
        return status;
    const int top = (1 << ((is_matrix ? network->weight_bits : network->signal_bits) - 1)) - 1;
    return check_values(file, tensor, is_matrix ? -top : -top - 1, top, err);
}

static ernn_status read_curves(const ernn_store *file, ernn_rt_network *network, ernn_error *err)
{
    curve_tensor curves[N_CURVES];
    const size_t segments = ERNN_RT_PWL_SEGMENTS;
    list_curves(network, curves);
    for (int i = 0; i < N_CURVES; i++) {
        ernn_status status = ernn_store_read(file, curves[i].name, ERNN_DTYPE_I32, 1, &segments,
                                             curves[i].values, err);
        if (status != ERNN_OK)
            return status;
    }
    const unsigned bits = network->signal_bits;
    if (ernn_pwl_is_valid(&network->sigmoid, ERNN_PWL_SIGMOID_STEP, bits - 1, bits - 2) &&
        ernn_pwl_is_valid(&network->tanh, ERNN_PWL_TANH_STEP, bits - 1, bits - 2))
        return ERNN_OK;
    return ernn_error_set(err, ERNN_BAD_FILE,
                          "%s: activation tables: values outside 0 to 1 (docs/fixed-point.md 5)",
                          ernn_store_path(file));
}

static ernn_status read_tensors(const ernn_store *file, ernn_qmodel *qmodel, ernn_error *err)
{
    ernn_qtensor tensors[ERNN_QMODEL_MAX_TENSORS];
    const char *names[ERNN_QMODEL_MAX_TENSORS + N_CURVES + 4] = {
        "features.mean", "features.variance", "labels.frames", "labels.pairs"};
    curve_tensor curves[N_CURVES];
    size_t n_names = 4;
    const size_t n = ernn_qmodel_tensors(qmodel, tensors);
    list_curves(&qmodel->network, curves);
    for (int i = 0; i < N_CURVES; i++)
        names[n_names++] = curves[i].name;
    for (size_t t = 0; t < n; t++)
        names[n_names++] = tensors[t].name;
    ernn_status status = ernn_store_check_names(file, names, n_names, err);
    for (size_t t = 0; t < n && status == ERNN_OK; t++)
        status = read_tensor(file, &qmodel->network, &tensors[t], err);
    return status == ERNN_OK ? read_curves(file, &qmodel->network, err) : status;
}

// ---- Loading: the whole ----

// A qmodel of the file's shape; not more memory than the file holds.
static ernn_status new_shape(const ernn_store *file, const ernn_profile *profile,
                             const json_t *quant, ernn_qmodel **qmodel, ernn_error *err)
{
    int signal_bits = 0;
    int weight_bits = 0;
    ernn_error reason = {0};
    const size_t n = ernn_spec_parameters(&profile->spec);
    if (n > ernn_store_size(file) / sizeof(int16_t))
        return ernn_error_set(err, ERNN_BAD_FILE,
                              "%s: metadata 'ernn.spec': a network of %zu parameters in a file of "
                              "%zu bytes",
                              ernn_store_path(file), n, ernn_store_size(file));
    if (!read_integer(quant, "signal_bits", &signal_bits) ||
        !read_integer(quant, "weight_bits", &weight_bits) || json_object_size(quant) != 3)
        return refuse(file, "its value", "signal_bits, weight_bits and signals are wanted", err);
    const ernn_status status =
        ernn_qmodel_new(&profile->spec, signal_bits, weight_bits, qmodel, &reason);
    if (status == ERNN_BAD_ARG)
        return refuse(file, "its value", reason.text, err);
    return status == ERNN_OK ? ERNN_OK : ernn_error_set(err, status, "%s", reason.text);
}

static ernn_status read_qmodel(const ernn_store *file, const ernn_profile *profile,
                               const json_t *quant, ernn_qmodel **qmodel, ernn_error *err)
{
    ernn_qmodel *made = NULL;
    ernn_network_ranges *ranges = ernn_mem_new(1, sizeof *ranges, err);
    ernn_status status = ranges ? new_shape(file, profile, quant, &made, err) : ERNN_NO_MEMORY;
    if (status == ERNN_OK) {
        made->features = profile->features;
        made->statistics = profile->statistics;
        made->phone_set = profile->phone_set;
        made->labels = profile->labels;
        status = read_signals(file, json_object_get(quant, "signals"), made, ranges, err);
    }
    if (status == ERNN_OK)
        status = read_tensors(file, made, err);
    if (status == ERNN_OK)
        *qmodel = made;
    else
        ernn_qmodel_free(made);
    ernn_mem_free(ranges);
    return status;
}

ernn_status ernn_qmodel_load(const char *path, ernn_qmodel **qmodel, ernn_error *err)
{
    *qmodel = NULL;
    ernn_store *file = NULL;
    json_t *quant = NULL;
    const char *text = NULL;
    ernn_profile *profile = ernn_mem_new(1, sizeof *profile, err);
    ernn_status status = profile ? ernn_store_load(path, &file, err) : ERNN_NO_MEMORY;
    if (status == ERNN_OK)
        status = ernn_profile_read(file, "qmodel", &QUANT_KEY, 1, profile, err);
    if (status == ERNN_OK)
        status = ernn_store_need_text(file, QUANT_KEY, &text, err);
    if (status == ERNN_OK) {
        json_error_t fault;
        quant = json_loads(text, JSON_REJECT_DUPLICATES, &fault);
        status = quant ? read_qmodel(file, profile, quant, qmodel, err)
                       : refuse(file, "its value", fault.text, err);
    }
    json_decref(quant);
    ernn_store_free(file);
    ernn_mem_free(profile);
    return status;
}
