// ernn inspect: what a file of ours holds: kind, network, tensors or formats, sizes, compression.
// SPDX-License-Identifier: Apache-2.0
#include "cli.h"
#include "verbs.h"

#include <getopt.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const char HELP[] =
    "ernn inspect: what a model, quantised model or checkpoint holds\n\n"
    "  ernn inspect FILE [--json]\n\n"
    "  --json     one JSON object instead of the tables\n\n"
    "Prints kind, network, features and the parameters against those of the same network without\n"
    "blocks; for a model each tensor with its range, for a quantised model each signal's format.\n"
    "The whole file is checked on the way: exit 1 and one line when it is damaged.\n\n"
    "Example: ernn inspect an4.safetensors\n";

// Storage of sparse matrices is told for these.
enum { WEIGHT_BITS = 12, MIN_INDEX_BITS = ERNN_SPARSE_INDEX_BITS, MAX_INDEX_BITS = 8 };

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
    }
    return status;
}

static double compression(const ernn_spec *spec)
{
    const ernn_spec dense = ernn_spec_dense(spec);
    return (double)ernn_spec_matrix_parameters(&dense) / (double)ernn_spec_matrix_parameters(spec);
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
    printf("parameters  %zu, without blocks %zu\n", ernn_spec_parameters(s->spec),
           ernn_spec_parameters(&dense));
    printf("matrices    %zu of the recurrent layers, without blocks %zu: %.2f to 1\n",
           ernn_spec_matrix_parameters(s->spec), ernn_spec_matrix_parameters(&dense),
           compression(s->spec));
}

// What the sparse matrices take together with 12-bit weights and relative indices of `index_bits`.
static ernn_sparse_bits sparse_bits(const ernn_model *model, int index_bits)
{
    ernn_sparse_bits sum = {0};
    for (size_t i = 0; i < ernn_model_n_tensors(model); i++) {
        const ernn_tensor *t = &ernn_model_tensors(model)[i];
        if (t->sparse.n_pes == 0)
            continue;
        const ernn_sparse_bits bits =
            ernn_sparse_count_bits(ernn_model_parameters_const(model) + t->offset, t->rows, t->cols,
                                   t->sparse, WEIGHT_BITS, index_bits);
        sum.n_weights += bits.n_weights;
        sum.n_padding += bits.n_padding;
        sum.total_bits += bits.total_bits;
    }
    return sum;
}

// Block size at which as many positions take as many bits.
static double like_block(const ernn_model *model, size_t bits)
{
    double n = 0;
    for (size_t i = 0; i < ernn_model_n_tensors(model); i++)
        if (ernn_model_tensors(model)[i].sparse.n_pes > 0)
            n += (double)ernn_model_tensors(model)[i].count;
    return n * WEIGHT_BITS / (double)bits;
}

static void print_sparse(const ernn_model *model)
{
    if (sparse_bits(model, MIN_INDEX_BITS).n_weights == 0)
        return;
    printf("\nsparse matrices with %d-bit weights; densities that random positions would need for "
           "the bits of blocks\n%5s %10s %10s %12s %14s %8s %8s %8s\n",
           WEIGHT_BITS, "index", "weights", "padding", "bits", "like blocks of", "k = 8", "k = 16",
           "k = 32");
    for (int i = MIN_INDEX_BITS; i <= MAX_INDEX_BITS; i++) {
        const ernn_sparse_bits bits = sparse_bits(model, i);
        printf("%5d %10zu %10zu %12zu %14.2f", i, bits.n_weights, bits.n_padding, bits.total_bits,
               like_block(model, bits.total_bits));
        for (int k = 8; k <= 32; k *= 2) {
            const double density = ernn_sparse_density_like(k, WEIGHT_BITS, i);
            if (density > 0)
                printf(" %8.4f", density);
            else
                printf(" %8s", "none");
        }
        printf("\n");
    }
}

static void print_tensors(const ernn_model *model)
{
    printf("\n%-14s %11s %5s %10s %10s %10s\n", "tensor", "shape", "block", "numbers", "lowest",
           "highest");
    for (size_t i = 0; i < ernn_model_n_tensors(model); i++) {
        const ernn_tensor *t = &ernn_model_tensors(model)[i];
        const range r = tensor_range(model, t);
        char shape[32];
        snprintf(shape, sizeof shape, t->is_matrix ? "%d x %d" : "%d", t->rows, t->cols);
        printf("%-14s %11s %5d %10zu %10.4f %10.4f\n", t->name, shape, t->block, t->count,
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
        print_tensors(s->model);
    if (s->model)
        print_sparse(s->model);
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
    json_object_set_new(json, "features",
                        json_pack("{s:s,s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:s}", "kind", features_name(f),
                                  "rate_hz", f->rate_hz, "window_ms", f->window_ms, "shift_ms",
                                  f->shift_ms, "n_filters", f->n_filters, "n_cepstra", f->n_cepstra,
                                  "n_deltas", f->n_deltas, "n_stacked", f->n_stacked,
                                  "normalisation", normalisation_name(f->normalisation)));
}

static json_t *tensors_json(const ernn_model *model)
{
    json_t *array = json_array();
    for (size_t i = 0; i < ernn_model_n_tensors(model); i++) {
        const ernn_tensor *t = &ernn_model_tensors(model)[i];
        const range r = tensor_range(model, t);
        json_array_append_new(array, json_pack("{s:s,s:i,s:i,s:i,s:I,s:f,s:f}", "name", t->name,
                                               "rows", t->rows, "cols", t->cols, "block", t->block,
                                               "numbers", (json_int_t)t->count, "lowest",
                                               (double)r.low, "highest", (double)r.high));
    }
    return array;
}

static json_t *sparse_json(const ernn_model *model)
{
    json_t *array = json_array();
    for (int i = MIN_INDEX_BITS; i <= MAX_INDEX_BITS; i++) {
        const ernn_sparse_bits bits = sparse_bits(model, i);
        json_array_append_new(
            array, json_pack("{s:i,s:i,s:I,s:I,s:I,s:f}", "weight_bits", WEIGHT_BITS, "index_bits",
                             i, "weights", (json_int_t)bits.n_weights, "padding",
                             (json_int_t)bits.n_padding, "bits", (json_int_t)bits.total_bits,
                             "like_block", like_block(model, bits.total_bits)));
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
        json_object_set_new(json, "tensors", tensors_json(s->model));
    if (s->model && sparse_bits(s->model, MIN_INDEX_BITS).n_weights > 0)
        json_object_set_new(json, "sparse", sparse_json(s->model));
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
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    bool is_json = false;
    int option;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h')
            return fputs(HELP, stdout) < 0;
        if (option == '?')
            return ERNN_EXIT_USAGE;
        is_json = true;
    }
    if (argc - optind != 1)
        return ernn_cli_usage("inspect", "one file is wanted");
    ernn_error err = {0};
    subject s = {.path = argv[optind]};
    int code;
    if (load(&s, &err) != ERNN_OK)
        code = ernn_cli_fail(&err);
    else
        code = is_json ? print_json(&s) : print_text(&s);
    ernn_model_free(s.model);
    ernn_qmodel_free(s.qmodel);
    return code;
}
