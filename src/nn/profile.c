// Spec, features and phone set as JSON text in a file's metadata. One table of fields prints and
// reads each object, so the two cannot drift apart. docs/format.md section 4.
// SPDX-License-Identifier: Apache-2.0
#include "nn/model_file.h"

#include "base/buffer.h"

#include <jansson.h>
#include <string.h>

static const char *const KEYS[] = {"ernn.spec", "ernn.features", "ernn.phones", "ernn.loss"};
enum { N_KEYS = 4, MAX_KEYS = 16 };

static const char *const CELLS[] = {"lstm", "gru", NULL};
static const char *const BOOLS[] = {"false", "true", NULL};
static const char *const FEATURE_KINDS[] = {"log_mel", "mfcc", NULL};
static const char *const NORMALISATIONS[] = {"running", "utterance", "global", NULL};
static const char *const PHONE_SETS[] = {"61", "48", "39", NULL};

// A member of a JSON object that stands for an int: a number, or one of `words` by its index.
typedef struct field {
    const char *name;
    int *value;
    const char *const *words; // NULL: a number; BOOLS: true or false without quotes
} field;

static void print_fields(ernn_buffer *out, const field *fields, int n)
{
    for (int i = 0; i < n; i++) {
        const field *f = &fields[i];
        ernn_buffer_print(out, "%s\"%s\":", i ? "," : "", f->name);
        if (!f->words)
            ernn_buffer_print(out, "%d", *f->value);
        else
            ernn_buffer_print(out, f->words == BOOLS ? "%s" : "\"%s\"", f->words[*f->value]);
    }
}

// Which key of which file is read, for messages.
typedef struct source {
    const ernn_store *file;
    const char *key;
    ernn_error *err;
} source;

static ernn_status refuse(const source *s, const char *name, const char *what)
{
    return ernn_error_set(s->err, ERNN_BAD_FILE, "%s: metadata '%s': %s: %s",
                          ernn_store_path(s->file), s->key, name, what);
}

static int find_word(const char *const *words, const char *word)
{
    for (int i = 0; words[i]; i++)
        if (word && !strcmp(words[i], word))
            return i;
    return -1;
}

static ernn_status read_field(const source *s, const json_t *member, const field *f)
{
    if (!member)
        return refuse(s, f->name, "is missing");
    if (!f->words) {
        const json_int_t value = json_integer_value(member);
        if (!json_is_integer(member) || value < -1000000 || value > 1000000)
            return refuse(s, f->name, "not a whole number of at most six digits");
        *f->value = (int)value;
    } else if (f->words == BOOLS) {
        if (!json_is_boolean(member))
            return refuse(s, f->name, "not true or false");
        *f->value = json_is_true(member);
    } else if ((*f->value = find_word(f->words, json_string_value(member))) < 0) {
        return refuse(s, f->name, "not one of the words it may be");
    }
    return ERNN_OK;
}

// Reads an object that has exactly these fields and `n_others` more members.
static ernn_status read_fields(const source *s, const json_t *object, const field *fields, int n,
                               int n_others)
{
    if (!json_is_object(object))
        return refuse(s, "its value", "not a JSON object");
    for (int i = 0; i < n; i++) {
        ernn_status status = read_field(s, json_object_get(object, fields[i].name), &fields[i]);
        if (status != ERNN_OK)
            return status;
    }
    if (json_object_size(object) != (size_t)(n + n_others))
        return refuse(s, fields[0].name, "has a neighbour that is missing or unknown");
    return ERNN_OK;
}

// ---- Spec ----

// A layer as ints, for the fields.
typedef struct layer_values {
    int cell;
    int n_cells;
    int n_projected;
    int is_peephole;
    int is_reset_after;
    int block_input;
    int block_recurrent;
    int block_projection;
} layer_values;

enum { N_LAYER_FIELDS = 8, N_SPEC_FIELDS = 2, N_FEATURE_FIELDS = 9 };

static void layer_fields(layer_values *v, field *fields)
{
    const field all[N_LAYER_FIELDS] = {
        {"cell", &v->cell, CELLS},
        {"n_cells", &v->n_cells, NULL},
        {"n_projected", &v->n_projected, NULL},
        {"is_peephole", &v->is_peephole, BOOLS},
        {"is_reset_after", &v->is_reset_after, BOOLS},
        {"block_input", &v->block_input, NULL},
        {"block_recurrent", &v->block_recurrent, NULL},
        {"block_projection", &v->block_projection, NULL},
    };
    memcpy(fields, all, sizeof all);
}

static void spec_fields(ernn_spec *spec, field *fields)
{
    fields[0] = (field){"n_inputs", &spec->n_inputs, NULL};
    fields[1] = (field){"n_labels", &spec->n_labels, NULL};
}

// ---- What the first version of the format does not know ----

static const char *const DIRECTIONS[] = {"forward", "concat", "sum", NULL};

static bool has_options(const ernn_layer_spec *layer)
{
    return layer->direction != ERNN_FORWARD || layer->cell_clip != 0;
}

// Whether the block sizes of the layers' classes do not say all: sparse matrices, mixed gates, a
// circulant output layer.
static bool has_structures(const ernn_spec *spec)
{
    for (int l = 0; l < spec->n_layers; l++)
        for (int m = 0; m < ERNN_MATRIX_OUTPUT; m++)
            for (int g = 0; g < ernn_spec_gates(spec->layers[l].cell); g++) {
                const ernn_structure s =
                    ernn_spec_structure(&spec->layers[l], (ernn_matrix_class)m, g);
                if (s.sparse.n_pes || s.block != spec->layers[l].block[m])
                    return true;
            }
    return spec->output_block != 1;
}

static bool is_second_version(const ernn_spec *spec)
{
    for (int l = 0; l < spec->n_layers; l++)
        if (has_options(&spec->layers[l]))
            return true;
    return has_structures(spec);
}

static void print_layer(ernn_buffer *out, const ernn_layer_spec *layer)
{
    // the reset means nothing to an LSTM: always false there, so that equal models are equal bytes
    layer_values v = {layer->cell,
                      layer->n_cells,
                      layer->n_projected,
                      layer->is_peephole,
                      layer->cell == ERNN_CELL_GRU && layer->is_reset_after,
                      layer->block[ERNN_MATRIX_INPUT],
                      layer->block[ERNN_MATRIX_RECURRENT],
                      layer->block[ERNN_MATRIX_PROJECTION]};
    field fields[N_LAYER_FIELDS];
    layer_fields(&v, fields);
    ernn_buffer_print(out, "{");
    print_fields(out, fields, N_LAYER_FIELDS);
    if (has_options(layer))
        ernn_buffer_print(out, ",\"direction\":\"%s\",\"cell_clip\":%.9g",
                          DIRECTIONS[layer->direction], (double)layer->cell_clip);
    ernn_buffer_print(out, "}");
}

static void print_spec(ernn_buffer *out, const ernn_spec *spec)
{
    ernn_spec copy = *spec;
    field fields[N_SPEC_FIELDS];
    spec_fields(&copy, fields);
    ernn_buffer_print(out, "{");
    print_fields(out, fields, N_SPEC_FIELDS);
    ernn_buffer_print(out, ",\"layers\":[");
    for (int l = 0; l < spec->n_layers; l++) {
        ernn_buffer_print(out, l ? "," : "");
        print_layer(out, &spec->layers[l]);
    }
    ernn_buffer_print(out, "]");
    if (has_structures(spec)) {
        char blocks[ERNN_SPEC_TEXT];
        ernn_spec_print_blocks(spec, blocks, sizeof blocks);
        ernn_buffer_print(out, ",\"structures\":\"%s\"", blocks);
    }
    ernn_buffer_print(out, "}");
}

static ernn_status read_layer(const source *s, const json_t *object, ernn_layer_spec *layer)
{
    layer_values v;
    field fields[N_LAYER_FIELDS];
    layer_fields(&v, fields);
    const json_t *clip = json_object_get(object, "cell_clip");
    int direction = ERNN_FORWARD;
    ernn_status status = read_fields(s, object, fields, N_LAYER_FIELDS, clip ? 2 : 0);
    if (status == ERNN_OK && clip && !json_is_number(clip))
        status = refuse(s, "cell_clip", "not a number");
    if (status == ERNN_OK && clip)
        status = read_field(s, json_object_get(object, "direction"),
                            &(field){"direction", &direction, DIRECTIONS});
    if (status == ERNN_OK)
        *layer =
            (ernn_layer_spec){.cell = (ernn_cell)v.cell,
                              .n_cells = v.n_cells,
                              .n_projected = v.n_projected,
                              .is_peephole = v.is_peephole,
                              .is_reset_after = v.is_reset_after,
                              .cell_clip = (float)json_number_value(clip),
                              .direction = (ernn_direction)direction,
                              .block = {v.block_input, v.block_recurrent, v.block_projection, 1}};
    return status;
}

static ernn_status read_spec(const source *s, const json_t *object, ernn_spec *spec)
{
    field fields[N_SPEC_FIELDS];
    spec_fields(spec, fields);
    const json_t *structures = json_object_get(object, "structures");
    ernn_status status = read_fields(s, object, fields, N_SPEC_FIELDS, structures ? 2 : 1);
    const json_t *layers = json_object_get(object, "layers");
    if (status == ERNN_OK && (!json_is_array(layers) || json_array_size(layers) > ERNN_MAX_LAYERS))
        status = refuse(s, "layers", "not an array of 1 to 8 layers");
    if (status != ERNN_OK)
        return status;
    spec->n_layers = (int)json_array_size(layers);
    spec->output_block = 1;
    for (int l = 0; status == ERNN_OK && l < spec->n_layers; l++)
        status = read_layer(s, json_array_get(layers, (size_t)l), &spec->layers[l]);
    ernn_error reason = {0};
    if (status == ERNN_OK && structures && !json_is_string(structures))
        status = refuse(s, "structures", "not a text");
    if (status == ERNN_OK && structures &&
        ernn_spec_parse_blocks(spec, json_string_value(structures), &reason) != ERNN_OK)
        status = refuse(s, "structures", reason.text);
    if (status == ERNN_OK && ernn_spec_validate(spec, &reason) != ERNN_OK)
        status = refuse(s, "its value", reason.text);
    return status;
}

// ---- Features ----

// The enums as ints, for the fields.
typedef struct feature_values {
    int kind;
    int normalisation;
} feature_values;

static void feature_fields(ernn_features *f, feature_values *v, field *fields)
{
    const field all[N_FEATURE_FIELDS] = {
        {"kind", &v->kind, FEATURE_KINDS},
        {"rate_hz", &f->rate_hz, NULL},
        {"window_ms", &f->window_ms, NULL},
        {"shift_ms", &f->shift_ms, NULL},
        {"n_filters", &f->n_filters, NULL},
        {"n_cepstra", &f->n_cepstra, NULL},
        {"n_deltas", &f->n_deltas, NULL},
        {"n_stacked", &f->n_stacked, NULL},
        {"normalisation", &v->normalisation, NORMALISATIONS},
    };
    memcpy(fields, all, sizeof all);
}

static void print_features(ernn_buffer *out, const ernn_features *features)
{
    ernn_features copy = *features;
    feature_values v = {(int)features->kind, (int)features->normalisation};
    field fields[N_FEATURE_FIELDS];
    feature_fields(&copy, &v, fields);
    ernn_buffer_print(out, "{");
    print_fields(out, fields, N_FEATURE_FIELDS);
    ernn_buffer_print(out, "}");
}

static ernn_status read_features(const source *s, const json_t *object, ernn_features *features)
{
    feature_values v = {0};
    field fields[N_FEATURE_FIELDS];
    feature_fields(features, &v, fields);
    ernn_status status = read_fields(s, object, fields, N_FEATURE_FIELDS, 0);
    features->kind = (ernn_feature_kind)v.kind;
    features->normalisation = (ernn_normalisation)v.normalisation;
    ernn_error reason = {0};
    if (status == ERNN_OK && ernn_features_validate(features, &reason) != ERNN_OK)
        status = refuse(s, "its value", reason.text);
    return status;
}

// ---- The whole ----

// Statistics are [n] for each dimension before stacking, and then the features must be what the
// network reads.
static ernn_status read_statistics(const ernn_store *file, ernn_profile *profile, ernn_error *err)
{
    ernn_feature_statistics *statistics = &profile->statistics;
    if (!ernn_store_find(file, "features.mean") && !ernn_store_find(file, "features.variance"))
        return ERNN_OK;
    const int width = ernn_features_width(&profile->features);
    const size_t n = (size_t)(width / profile->features.n_stacked);
    if (width != profile->spec.n_inputs || n > sizeof statistics->mean / sizeof *statistics->mean)
        return ernn_error_set(err, ERNN_BAD_FILE,
                              "%s: metadata 'ernn.features': %d numbers per frame, n_inputs of "
                              "'ernn.spec' is %d",
                              ernn_store_path(file), width, profile->spec.n_inputs);
    ernn_status status =
        ernn_store_read(file, "features.mean", ERNN_DTYPE_F32, 1, &n, statistics->mean, err);
    if (status == ERNN_OK)
        status = ernn_store_read(file, "features.variance", ERNN_DTYPE_F32, 1, &n,
                                 statistics->variance, err);
    for (size_t i = 0; status == ERNN_OK && i < n; i++)
        if (statistics->variance[i] < 0)
            status = ernn_error_set(err, ERNN_BAD_FILE,
                                    "%s: tensor 'features.variance': number %zu is %g, 0 or more "
                                    "is wanted",
                                    ernn_store_path(file), i, statistics->variance[i]);
    statistics->n = (int)n;
    return status;
}

// The JSON of a key, or NULL with the status.
static json_t *load_json(const source *s, ernn_status *status)
{
    const char *text;
    json_error_t fault;
    *status = ernn_store_need_text(s->file, s->key, &text, s->err);
    if (*status != ERNN_OK)
        return NULL;
    json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, &fault);
    if (!object)
        *status = refuse(s, "its value", fault.text);
    return object;
}

static ernn_status read_texts(const ernn_store *file, ernn_profile *profile, ernn_error *err)
{
    ernn_status status;
    const source spec = {file, "ernn.spec", err};
    json_t *object = load_json(&spec, &status);
    if (status == ERNN_OK)
        status = read_spec(&spec, object, &profile->spec);
    json_decref(object);
    if (status != ERNN_OK)
        return status;
    const source features = {file, "ernn.features", err};
    object = load_json(&features, &status);
    if (status == ERNN_OK)
        status = read_features(&features, object, &profile->features);
    json_decref(object);
    if (status != ERNN_OK)
        return status;
    const char *phones;
    status = ernn_store_need_text(file, "ernn.phones", &phones, err);
    const int set = status == ERNN_OK ? find_word(PHONE_SETS, phones) : 0;
    if (set < 0)
        status = ernn_error_set(err, ERNN_BAD_FILE,
                                "%s: metadata 'ernn.phones': '%.20s', 61, 48 or 39 is wanted",
                                ernn_store_path(file), phones);
    profile->phone_set = (ernn_phone_set)set;
    return status;
}

ernn_status ernn_profile_read(const ernn_store *file, const char *kind,
                              const char *const *extra_keys, int n_extra, ernn_profile *profile,
                              ernn_error *err)
{
    const char *keys[MAX_KEYS];
    ernn_profile made = {0};
    int n = 0;
    for (int i = 0; i < N_KEYS; i++)
        keys[n++] = KEYS[i];
    for (int i = 0; i < n_extra && n < MAX_KEYS; i++)
        keys[n++] = extra_keys[i];
    ernn_status status = ernn_store_check_profile(file, kind, keys, n, err);
    if (status == ERNN_OK)
        status = read_texts(file, &made, err);
    if (status == ERNN_OK)
        status = read_statistics(file, &made, err);
    if (status == ERNN_OK)
        status = ernn_label_counts_read(file, made.phone_set, &made.labels, err);
    if (status == ERNN_OK)
        *profile = made;
    return status;
}

void ernn_profile_put(ernn_store_writer *writer, const char *kind, const ernn_profile *profile)
{
    ernn_buffer spec = {0};
    ernn_buffer features = {0};
    print_spec(&spec, &profile->spec);
    print_features(&features, &profile->features);
    // what the first version cannot say makes it the second: an older ernn then says why
    ernn_store_put_text(writer, "ernn.format",
                        is_second_version(&profile->spec) || profile->labels.n_phones ? "2" : "1");
    ernn_store_put_text(writer, "ernn.kind", kind);
    ernn_store_put_text(writer, "ernn.spec", spec.status == ERNN_OK ? spec.data : "");
    ernn_store_put_text(writer, "ernn.features", features.status == ERNN_OK ? features.data : "");
    ernn_store_put_text(writer, "ernn.phones", PHONE_SETS[profile->phone_set]);
    ernn_label_counts_put(writer, &profile->labels);
    ernn_buffer_free(&spec);
    ernn_buffer_free(&features);
    if (!profile->statistics.n)
        return;
    const size_t n = (size_t)profile->statistics.n;
    ernn_store_put(writer, "features.mean", ERNN_DTYPE_F32, 1, &n, profile->statistics.mean);
    ernn_store_put(writer, "features.variance", ERNN_DTYPE_F32, 1, &n,
                   profile->statistics.variance);
}
