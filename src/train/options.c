// Training options. SPDX-License-Identifier: Apache-2.0
#include "train/options.h"

#include <math.h>

ernn_train_options ernn_train_defaults(void)
{
    return (ernn_train_options){
        .n_epochs = 24,
        .batch = 8,
        .learning_rate = 2e-3,
        .clip_norm = 5,
        .noise = 0.1,
        .dropout = -1,
        .seed = 1,
        .time_width = 10,
        .frequency_width = 8,
        .momentum = 0.9,
        .patience = 3,
        .init_scale = 1,
        .finetune_dropout = -1,
        .checkpoint_minutes = 10,
        .admm_rounds = 8,
        .admm_epochs = 1,
        .admm_rho_first = 1e-2,
        .admm_rho_last = 1,
        .prune_epochs = 12,
        .distillation = 0.5,
        .weight_bits = 12,
        .quantize_rate = 5e-4,
    };
}

static bool is_within(const char *name, double value, double low, double high, ernn_error *err)
{
    if (value >= low && value <= high)
        return true;
    ernn_error_set(err, ERNN_BAD_ARG, "training: %s is %g, allowed is %g to %g", name, value, low,
                   high);
    return false;
}

static bool has_valid_augmentation(const ernn_train_options *o, ernn_error *err)
{
    return is_within("time_masks", o->time_masks, 0, 20, err) &&
           is_within("time_width", o->time_width, 1, 1000, err) &&
           is_within("frequency_masks", o->frequency_masks, 0, 20, err) &&
           is_within("frequency_width", o->frequency_width, 1, 128, err);
}

static bool has_valid_optimiser(const ernn_train_options *o, ernn_error *err)
{
    return is_within("optimiser", o->optimiser, ERNN_OPTIMISER_ADAM, ERNN_OPTIMISER_SGD, err) &&
           is_within("momentum", o->momentum, 0, 0.9999, err) &&
           is_within("nesterov", o->nesterov, 0, 1, err) &&
           is_within("weight_decay", o->weight_decay, 0, 1, err) &&
           is_within("schedule", o->schedule, ERNN_SCHEDULE_ONE_CYCLE, ERNN_SCHEDULE_CONSTANT,
                     err) &&
           is_within("warmup", o->warmup, 0, 10000, err) &&
           is_within("patience", o->patience, 1, 10000, err) &&
           is_within("init_scale", o->init_scale, 0.01, 100, err) &&
           is_within("finetune_rate", o->finetune_rate, 0, 1, err) &&
           is_within("finetune_dropout", o->finetune_dropout, -1, 0.95, err) &&
           is_within("checkpoint_minutes", o->checkpoint_minutes, 0, 1e6, err) &&
           is_within("checkpoint_updates", o->checkpoint_updates, 0, 1e9, err);
}

static bool has_valid_phases(const ernn_train_options *o, ernn_error *err)
{
    return is_within("prune_epochs", o->prune_epochs, 0, 10000, err) &&
           is_within("quantize_epochs", o->quantize_epochs, 0, 10000, err) &&
           is_within("weight_bits", o->weight_bits, 4, 16, err) &&
           is_within("quantize_rate", o->quantize_rate, 1e-9, 1, err);
}

// A structure of fewer numbers is a regulariser of its own.
double ernn_train_dropout(const ernn_train_options *o)
{
    if (o->dropout >= 0)
        return o->dropout;
    return o->method == ERNN_METHOD_DENSE ? 0.3 : 0.1;
}

ernn_status ernn_train_validate(const ernn_train_options *o, ernn_error *err)
{
    const bool good =
        is_within("method", o->method, ERNN_METHOD_DENSE, ERNN_METHOD_PRUNE, err) &&
        is_within("loss", o->loss, ERNN_LOSS_CTC, ERNN_LOSS_FRAME, err) &&
        is_within("n_epochs", o->n_epochs, o->quantize_epochs > 0 ? 0 : 1, 10000, err) &&
        is_within("batch", o->batch, 1, 256, err) &&
        is_within("parts", o->parts, 0, ERNN_MAX_PARTS, err) &&
        is_within("learning_rate", o->learning_rate, 1e-9, 1, err) &&
        is_within("clip_norm", o->clip_norm, 0, 1e9, err) &&
        is_within("noise", o->noise, 0, 10, err) &&
        is_within("dropout", o->dropout, -1, 0.95, err) &&
        is_within("threads", o->threads, 0, 1024, err) &&
        is_within("admm_rounds", o->admm_rounds, 0, 1000, err) &&
        is_within("admm_epochs", o->admm_epochs, 1, 1000, err) &&
        is_within("admm_rho_first", o->admm_rho_first, 1e-9, 1e9, err) &&
        is_within("admm_rho_last", o->admm_rho_last, o->admm_rho_first, 1e9, err) &&
        is_within("distillation", o->distillation, 0, 1, err) &&
        is_within("admm_block_growth", o->admm_block_growth, 0, 1, err) &&
        is_within("admm_target", o->admm_target, ERNN_ADMM_TARGET_NORM, ERNN_ADMM_TARGET_NEAREST,
                  err) &&
        has_valid_optimiser(o, err) && has_valid_augmentation(o, err) && has_valid_phases(o, err);
    if (!good)
        return ERNN_BAD_ARG;
    if (o->resume && !o->checkpoint)
        return ernn_error_set(err, ERNN_BAD_ARG, "training: resume needs the path of a checkpoint");
    return ERNN_OK;
}

// ---- Identity ----

// FNV-1a over 32-bit words: enough to tell two data sets apart, fast enough to run on each start.
static const uint64_t FNV_BASIS = 0xcbf29ce484222325u;

static uint64_t digest(uint64_t hash, const void *words, size_t n)
{
    const uint32_t *word = words;
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ word[i]) * 0x100000001b3u;
    return hash;
}

static uint64_t digest_sequences(const ernn_sequences *s)
{
    uint64_t hash = FNV_BASIS;
    for (size_t i = 0; s && i < s->n; i++) {
        hash = digest(hash, s->frames[i], (size_t)s->n_frames[i] * (size_t)s->width);
        hash = digest(hash, s->phones[i], (size_t)s->n_phones[i]);
        hash = digest(hash, &s->n_frames[i], 1);
        if (s->alignment && s->alignment[i])
            hash = digest(hash, s->alignment[i], (size_t)s->n_frames[i]);
    }
    return hash;
}

uint64_t ernn_train_digest(const ernn_model *model)
{
    return digest(FNV_BASIS, ernn_model_parameters_const(model), ernn_model_n_parameters(model));
}

uint64_t ernn_train_digest_text(const char *text)
{
    uint64_t hash = FNV_BASIS;
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
    return hash;
}

static void print_spec(ernn_buffer *text, const char *name, const ernn_spec *spec)
{
    char shape[ERNN_SPEC_TEXT];
    char blocks[ERNN_SPEC_TEXT];
    ernn_spec_print(spec, shape, sizeof shape);
    ernn_spec_print_blocks(spec, blocks, sizeof blocks);
    ernn_buffer_print(text, "%s=%d > %s > %d, blocks %s\n", name, spec->n_inputs, shape,
                      spec->n_labels, blocks);
}

void ernn_train_options_print(ernn_buffer *text, const ernn_train_options *o)
{
    static const char *const methods[] = {"dense", "circulant", "admm", "prune"};
    ernn_buffer_print(text, "method=%s\nloss=%s\n", methods[o->method],
                      o->loss == ERNN_LOSS_CTC ? "ctc" : "frame");
    ernn_buffer_print(text, "epochs=%d\nbatch=%d\nparts=%d\nlearning rate=%.17g\nclip norm=%.17g\n",
                      o->n_epochs, o->batch, o->parts, o->learning_rate, o->clip_norm);
    ernn_buffer_print(text, "noise=%.17g\ndropout=%.17g\nseed=%llu\n", o->noise,
                      ernn_train_dropout(o), (unsigned long long)o->seed);
    ernn_buffer_print(text, "time masks=%d:%d\nfrequency masks=%d:%d\n", o->time_masks,
                      o->time_width, o->frequency_masks, o->frequency_width);
    static const char *const optimisers[] = {"adam", "adamw", "sgd"};
    static const char *const schedules[] = {"one_cycle", "cosine", "plateau", "constant"};
    ernn_buffer_print(text, "optimiser=%s\nmomentum=%.17g\nnesterov=%d\nweight decay=%.17g\n",
                      optimisers[o->optimiser], o->momentum, o->nesterov, o->weight_decay);
    ernn_buffer_print(text, "schedule=%s\nwarm-up=%.17g\npatience=%d\ninit scale=%.17g\n",
                      schedules[o->schedule], o->warmup, o->patience, o->init_scale);
    if (o->method == ERNN_METHOD_ADMM)
        ernn_buffer_print(text, "fine-tuning rate=%.17g\nfine-tuning dropout=%.17g\n",
                          o->finetune_rate, o->finetune_dropout);
    static const char *const targets[] = {"norm", "nearest"};
    if (o->method == ERNN_METHOD_ADMM)
        ernn_buffer_print(text,
                          "rounds=%d\nround epochs=%d\nrho=%.17g to %.17g\nblock growth=%d\n"
                          "target=%s\n",
                          o->admm_rounds, o->admm_epochs, o->admm_rho_first, o->admm_rho_last,
                          o->admm_block_growth, targets[o->admm_target]);
    if (o->method == ERNN_METHOD_PRUNE)
        ernn_buffer_print(text, "prune epochs=%d\n", o->prune_epochs);
    if (o->quantize_epochs > 0)
        ernn_buffer_print(text, "quantize epochs=%d\nweight bits=%d\nquantize rate=%.17g\n",
                          o->quantize_epochs, o->weight_bits, o->quantize_rate);
}

void ernn_train_identity(ernn_buffer *text, const ernn_train_options *o, const ernn_model *initial,
                         const ernn_spec *structure, const ernn_sequences *train,
                         const ernn_sequences *dev)
{
    ernn_train_options_print(text, o);
    if (o->teacher) {
        const uint64_t hash = digest(FNV_BASIS, ernn_model_parameters_const(o->teacher),
                                     ernn_model_n_parameters(o->teacher));
        ernn_buffer_print(text, "distillation=%.17g from %016llx\n", o->distillation,
                          (unsigned long long)hash);
    }
    print_spec(text, "model", ernn_model_spec(initial));
    if (structure)
        print_spec(text, "structure", structure);
    ernn_buffer_print(text, "initial parameters=%016llx\n",
                      (unsigned long long)ernn_train_digest(initial));
    ernn_buffer_print(text, "training data=%016llx\n", (unsigned long long)digest_sequences(train));
    for (int v = 0; v < o->n_variants; v++)
        ernn_buffer_print(text, "variant %d=%016llx\n", v + 1,
                          (unsigned long long)digest_sequences(o->variants[v]));
    ernn_buffer_print(text, "development data=%016llx\n",
                      (unsigned long long)digest_sequences(dev));
}
