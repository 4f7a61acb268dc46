// ernn inspect: what a file of ours holds: kind, network, tensors or formats, sizes, compression.
// SPDX-License-Identifier: Apache-2.0
#include "options.h"
#include "verbs.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const char HELP[] =
    "ernn inspect: what a model, quantised model or checkpoint holds\n\n"
    "  ernn inspect FILE [--bits N] [--json]\n\n"
    "  --bits N   count stored bits for weights of N bits (12); a quantised model has its own\n"
    "  --json     one JSON object instead of the tables\n\n"
    "Prints kind, network, features and the parameters against those of the same network with\n"
    "dense matrices; for a model each tensor with its structure, the numbers it stores, how many "
    "of\n"
    "them are padding (blocks: beyond rows x cols / k; sparse: zeros that the 4-bit index needs),\n"
    "bits with all indices, and range; for a quantised model each signal's format.\n"
    "The whole file is checked on the way: exit 1 and one line when it is damaged.\n\n"
    "Example: ernn inspect an4.safetensors\n";

typedef struct arguments {
    int bits;
    bool is_json;
} arguments;

#define FIELD(name) OPTION_FIELD(arguments, name)

static const ernn_option OPTIONS[] = {
    {"bits", OPTION_INTEGER, FIELD(bits), 1, 32}, {"json", OPTION_FLAG, FIELD(is_json)}, {0}};

// Storage of sparse matrices is told for these.
enum { MIN_INDEX_BITS = ERNN_SPARSE_INDEX_BITS, MAX_INDEX_BITS = 8 };

// What is inspected; one of model and qmodel, or neither for a checkpoint.
typedef struct subject {
    const char *path;
    const char *kind;
    int64_t bytes;
    ernn_model *model;
    ernn_qmodel *qmodel;
    const ernn_spec *spec; // NULL for a checkpoint
    const ernn_features *features;
    ernn_phone_set phones;
    int weight_bits;
} subject;

static ernn_status load(subject *s, ernn_error *err)
{
    ernn_status status = ernn_model_kind(s->path, &s->kind, err);
    if (status != ERNN_OK)
        return status;
    struct stat info;
    if (stat(s->path, &info) == 0)
        s->bytes = info.st_size;
    if (!strcmp(s->kind, "model")) {
        status = ernn_model_load(s->path, &s->model, err);
        if (status != ERNN_OK)
            return status;
        s->spec = ernn_model_spec(s->model);
        s->features = ernn_model_features(s->model);
        s->phones = ernn_model_phone_set(s->model);
    } else if (!strcmp(s->kind, "qmodel")) {
        status = ernn_qmodel_load(s->path, &s->qmodel, err);
        if (status != ERNN_OK)
            return status;
        s->spec = ernn_qmodel_spec(s->qmodel);
        s->features = ernn_qmodel_features(s->qmodel);
        s->phones = ernn_qmodel_phone_set(s->qmodel);
        s->weight_bits = ernn_qmodel_weight_bits(s->qmodel);
    }
    return status;
}

static double compression(const ernn_spec *spec)
{
    const ernn_spec dense = ernn_spec_dense(spec);
    return (double)ernn_spec_matrix_parameters(&dense) / (double)ernn_spec_matrix_parameters(spec);
}

// What a tensor stores.
typedef struct storage {
    size_t padding;
    size_t bits;
} storage;

static storage tensor_storage(const ernn_model *model, const ernn_tensor *t, int weight_bits)
{
    if (t->sparse.n_pes) {
        const ernn_sparse_bits bits =
            ernn_sparse_count_bits(ernn_model_parameters_const(model) + t->offset, t->rows, t->cols,
                                   t->sparse, weight_bits, ERNN_SPARSE_INDEX_BITS);
        return (storage){bits.n_padding, bits.total_bits};
    }
    const size_t k = (size_t)t->block;
    const size_t entries = (size_t)t->rows * (size_t)t->cols;
    return (storage){t->n_stored - (entries + k - 1) / k, t->n_stored * (size_t)weight_bits};
}

// Bits of the recurrent layers' matrices, as stored and dense.
typedef struct matrix_bits {
    size_t stored;
    size_t dense;
} matrix_bits;

static matrix_bits sum_bits(const ernn_model *model, int weight_bits)
{
    matrix_bits sum = {0};
    for (size_t i = 0; i < ernn_model_n_tensors(model); i++) {
        const ernn_tensor *t = &ernn_model_tensors(model)[i];
        if (!t->is_matrix || t->layer < 0)
            continue;
        sum.stored += tensor_storage(model, t, weight_bits).bits;
        sum.dense += (size_t)t->rows * (size_t)t->cols * (size_t)weight_bits;
    }
    return sum;
}

static const char *structure_text(const ernn_tensor *t, char *text, size_t size)
{
    ernn_spec_print_structure((ernn_structure){t->block, t->sparse}, text, size);
    return t->is_matrix ? text : "-";
}

typedef struct range {
    float low;
    float high;
} range;

static range tensor_range(const ernn_model *model, const ernn_tensor *tensor)
{
    const float *values = ernn_model_parameters_const(model) + tensor->offset;
    range r = {values[0], values[0]};
    for (size_t i = 1; i < tensor->count; i++) {
        r.low = fminf(r.low, values[i]);
        r.high = fmaxf(r.high, values[i]);
    }
    return r;
}

static const char *features_name(const ernn_features *features)
{
    return features->kind == ERNN_FEATURES_MFCC ? "mfcc" : "log_mel";
}

static const char *phones_name(ernn_phone_set set)
{
    return set == ERNN_PHONES_61 ? "61" : set == ERNN_PHONES_48 ? "48" : "39";
}

static const char *normalisation_name(ernn_normalisation normalisation)
{
    return normalisation == ERNN_NORMALISE_RUNNING     ? "running"
           : normalisation == ERNN_NORMALISE_UTTERANCE ? "utterance"
                                                       : "global";
}

// ---- Tables ----

static void print_network(const subject *s)
{
    char text[ERNN_SPEC_TEXT];
    char blocks[ERNN_SPEC_TEXT];
    ernn_spec_print(s->spec, text, sizeof text);
    ernn_spec_print_blocks(s->spec, blocks, sizeof blocks);
    const ernn_spec dense = ernn_spec_dense(s->spec);
    printf("network     %d > %s > %d, blocks %s\n", s->spec->n_inputs, text, s->spec->n_labels,
           blocks);
    const ernn_features *f = s->features;
    printf(
        "features    %s, %d filters, %d Hz, windows of %d ms every %d ms, deltas %d, stacked %d, "
        "%s normalisation\n",
        features_name(f), f->n_filters, f->rate_hz, f->window_ms, f->shift_ms, f->n_deltas,
        f->n_stacked, normalisation_name(f->normalisation));
    printf("phones      %s\n", phones_name(s->phones));
    printf("parameters  %zu, dense %zu\n", ernn_spec_parameters(s->spec),
           ernn_spec_parameters(&dense));
    printf("matrices    %zu of the recurrent layers, %zu of them padding, dense %zu: %.2f to 1\n",
           ernn_spec_matrix_parameters(s->spec), ernn_spec_padding(s->spec),
           ernn_spec_matrix_parameters(&dense), compression(s->spec));
    if (!s->model)
        return;
    const matrix_bits bits = sum_bits(s->model, s->weight_bits);
    printf("bits        %zu in the matrices with weights of %d bits, indices included, dense %zu: "
           "%.2f to 1\n",
           bits.stored, s->weight_bits, bits.dense, (double)bits.dense / (double)bits.stored);
}

// What the sparse matrices take together with relative indices of `index_bits`.
static ernn_sparse_bits sparse_bits(const subject *s, int index_bits)
{
    const ernn_model *model = s->model;
    ernn_sparse_bits sum = {0};
    for (size_t i = 0; i < ernn_model_n_tensors(model); i++) {
        const ernn_tensor *t = &ernn_model_tensors(model)[i];
        if (t->sparse.n_pes == 0)
            continue;
        const ernn_sparse_bits bits =
            ernn_sparse_count_bits(ernn_model_parameters_const(model) + t->offset, t->rows, t->cols,
                                   t->sparse, s->weight_bits, index_bits);
        sum.n_weights += bits.n_weights;
        sum.n_padding += bits.n_padding;
        sum.total_bits += bits.total_bits;
    }
    return sum;
}

// Block size at which as many positions take as many bits.
static double like_block(const subject *s, size_t bits)
{
    const ernn_model *model = s->model;
    double n = 0;
    for (size_t i = 0; i < ernn_model_n_tensors(model); i++)
        if (ernn_model_tensors(model)[i].sparse.n_pes > 0)
            n += (double)ernn_model_tensors(model)[i].count;
    return n * s->weight_bits / (double)bits;
}

static void print_sparse(const subject *s)
{
    if (sparse_bits(s, MIN_INDEX_BITS).n_weights == 0)
        return;
    printf("\nsparse matrices with %d-bit weights; densities that random positions would need for "
           "the bits of blocks\n%5s %10s %10s %12s %14s %8s %8s %8s\n",
           s->weight_bits, "index", "weights", "padding", "bits", "like blocks of", "k = 8",
           "k = 16", "k = 32");
    for (int i = MIN_INDEX_BITS; i <= MAX_INDEX_BITS; i++) {
        const ernn_sparse_bits bits = sparse_bits(s, i);
        printf("%5d %10zu %10zu %12zu %14.2f", i, bits.n_weights, bits.n_padding, bits.total_bits,
               like_block(s, bits.total_bits));
        for (int k = 8; k <= 32; k *= 2) {
            const double density = ernn_sparse_density_like(k, s->weight_bits, i);
            if (density > 0)
                printf(" %8.4f", density);
            else
                printf(" %8s", "none");
        }
        printf("\n");
    }
}

static void print_tensors(const subject *s)
{
    const ernn_model *model = s->model;
    printf("\n%-19s %11s %15s %9s %8s %10s %9s %9s\n", "tensor", "shape", "structure", "numbers",
           "padding", "bits", "lowest", "highest");
    for (size_t i = 0; i < ernn_model_n_tensors(model); i++) {
        const ernn_tensor *t = &ernn_model_tensors(model)[i];
        const range r = tensor_range(model, t);
        const storage stored = tensor_storage(model, t, s->weight_bits);
        char shape[32];
        char structure[40];
        char bits[32] = "-";
        snprintf(shape, sizeof shape, t->is_matrix ? "%d x %d" : "%d", t->rows, t->cols);
        if (t->is_matrix)
            snprintf(bits, sizeof bits, "%zu", stored.bits);
        printf("%-19s %11s %15s %9zu %8zu %10s %9.4f %9.4f\n", t->name, shape,
               structure_text(t, structure, sizeof structure), t->n_stored, stored.padding, bits,
               (double)r.low, (double)r.high);
    }
}

static void print_formats(const ernn_qmodel *qmodel)
{
    size_t n;
    const ernn_signal_format *formats = ernn_qmodel_formats(qmodel, &n);
    printf("words       weights %d bits, signals %d bits\n\n", ernn_qmodel_weight_bits(qmodel),
           ernn_qmodel_signal_bits(qmodel));
    printf("%-32s %12s %12s  format\n", "signal", "lowest", "highest");
    for (size_t i = 0; i < n; i++)
        printf("%-32s %12.5g %12.5g  Q%d.%d\n", formats[i].name, formats[i].low, formats[i].high,
               formats[i].bits - formats[i].frac, formats[i].frac);
}

static int print_text(const subject *s)
{
    printf("%s: %s, %jd bytes\n", s->path, s->kind, (intmax_t)s->bytes);
    if (s->spec)
        print_network(s);
    else
        printf("the state of a training; go on with it by the same ernn train and --resume\n");
    if (s->model)
        print_tensors(s);
    if (s->model)
        print_sparse(s);
    if (s->qmodel)
        print_formats(s->qmodel);
    return fflush(stdout) == 0 ? ERNN_EXIT_OK : ERNN_EXIT_FAILURE;
}

// ---- JSON ----

static void add_network(json_t *json, const subject *s)
{
    char text[ERNN_SPEC_TEXT];
    char blocks[ERNN_SPEC_TEXT];
    ernn_spec_print(s->spec, text, sizeof text);
    ernn_spec_print_blocks(s->spec, blocks, sizeof blocks);
    const ernn_spec dense = ernn_spec_dense(s->spec);
    const ernn_features *f = s->features;
    json_object_update_new(
        json,
        json_pack("{s:s,s:s,s:i,s:i,s:s,s:I,s:I,s:I,s:I,s:f}", "spec", text, "blocks", blocks,
                  "n_inputs", s->spec->n_inputs, "n_labels", s->spec->n_labels, "phones",
                  phones_name(s->phones), "parameters", (json_int_t)ernn_spec_parameters(s->spec),
                  "parameters_dense", (json_int_t)ernn_spec_parameters(&dense), "matrix_parameters",
                  (json_int_t)ernn_spec_matrix_parameters(s->spec), "matrix_parameters_dense",
                  (json_int_t)ernn_spec_matrix_parameters(&dense), "compression",
                  compression(s->spec)));
    json_object_set_new(json, "padding", json_integer((json_int_t)ernn_spec_padding(s->spec)));
    json_object_set_new(json, "features",
                        json_pack("{s:s,s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:s}", "kind", features_name(f),
                                  "rate_hz", f->rate_hz, "window_ms", f->window_ms, "shift_ms",
                                  f->shift_ms, "n_filters", f->n_filters, "n_cepstra", f->n_cepstra,
                                  "n_deltas", f->n_deltas, "n_stacked", f->n_stacked,
                                  "normalisation", normalisation_name(f->normalisation)));
}

static json_t *tensor_json(const subject *s, const ernn_tensor *t)
{
    const range r = tensor_range(s->model, t);
    const storage stored = tensor_storage(s->model, t, s->weight_bits);
    char structure[40];
    json_t *json =
        json_pack("{s:s,s:i,s:i,s:i,s:I,s:I,s:f,s:f}", "name", t->name, "rows", t->rows, "cols",
                  t->cols, "block", t->block, "numbers", (json_int_t)t->n_stored, "padding",
                  (json_int_t)stored.padding, "lowest", (double)r.low, "highest", (double)r.high);
    if (t->is_matrix) {
        structure_text(t, structure, sizeof structure);
        json_object_set_new(json, "structure", json_string(structure));
        json_object_set_new(json, "bits", json_integer((json_int_t)stored.bits));
    }
    return json;
}

static void add_model(json_t *json, const subject *s)
{
    const matrix_bits bits = sum_bits(s->model, s->weight_bits);
    json_t *array = json_array();
    for (size_t i = 0; i < ernn_model_n_tensors(s->model); i++)
        json_array_append_new(array, tensor_json(s, &ernn_model_tensors(s->model)[i]));
    json_object_set_new(json, "counted_bits", json_integer(s->weight_bits));
    json_object_set_new(json, "matrix_bits", json_integer((json_int_t)bits.stored));
    json_object_set_new(json, "matrix_bits_dense", json_integer((json_int_t)bits.dense));
    json_object_set_new(json, "tensors", array);
}

static json_t *sparse_json(const subject *s)
{
    json_t *array = json_array();
    for (int i = MIN_INDEX_BITS; i <= MAX_INDEX_BITS; i++) {
        const ernn_sparse_bits bits = sparse_bits(s, i);
        json_array_append_new(
            array, json_pack("{s:i,s:i,s:I,s:I,s:I,s:f}", "weight_bits", s->weight_bits,
                             "index_bits", i, "weights", (json_int_t)bits.n_weights, "padding",
                             (json_int_t)bits.n_padding, "bits", (json_int_t)bits.total_bits,
                             "like_block", like_block(s, bits.total_bits)));
    }
    return array;
}

static json_t *signals_json(const ernn_qmodel *qmodel)
{
    size_t n;
    const ernn_signal_format *f = ernn_qmodel_formats(qmodel, &n);
    json_t *array = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(array, json_pack("{s:s,s:f,s:f,s:i,s:i}", "name", f[i].name, "lowest",
                                               f[i].low, "highest", f[i].high, "bits", f[i].bits,
                                               "frac", f[i].frac));
    return array;
}

static int print_json(const subject *s)
{
    json_t *json =
        json_pack("{s:s,s:s,s:I}", "file", s->path, "kind", s->kind, "bytes", (json_int_t)s->bytes);
    if (!json)
        return ernn_cli_fail(&(ernn_error){ERNN_BAD_ARG, "inspect: the file's name is not UTF-8"});
    if (s->spec)
        add_network(json, s);
    if (s->model)
        add_model(json, s);
    if (s->model && sparse_bits(s, MIN_INDEX_BITS).n_weights > 0)
        json_object_set_new(json, "sparse", sparse_json(s));
    if (s->qmodel) {
        json_object_set_new(json, "weight_bits", json_integer(ernn_qmodel_weight_bits(s->qmodel)));
        json_object_set_new(json, "signal_bits", json_integer(ernn_qmodel_signal_bits(s->qmodel)));
        json_object_set_new(json, "signals", signals_json(s->qmodel));
    }
    const int failed = json_dumpf(json, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
    json_decref(json);
    return failed || putchar('\n') < 0 ? ERNN_EXIT_FAILURE : ERNN_EXIT_OK;
}

int ernn_cli_inspect(int argc, char **argv)
{
    arguments a = {.bits = 12};
    const ernn_command command = {"inspect", .help = HELP, .options = OPTIONS, .fields = &a};
    const int ended = ernn_command_read(&command, argc, argv);
    if (ended >= 0)
        return ended;
    if (argc - optind != 1)
        return ernn_cli_usage("inspect", "one file is wanted");
    ernn_error err = {0};
    subject s = {.path = argv[optind], .weight_bits = a.bits};
    int code;
    if (load(&s, &err) != ERNN_OK)
        code = ernn_cli_fail(&err);
    else
        code = a.is_json ? print_json(&s) : print_text(&s);
    ernn_model_free(s.model);
    ernn_qmodel_free(s.qmodel);
    return code;
}
