// ernn generate: the accelerator of a quantised model as a Verilog project.
// SPDX-License-Identifier: Apache-2.0
#include "options.h"
#include "verbs.h"

#include <stdio.h>
#include <unistd.h>

typedef struct generate_options {
    const char *model;
    const char *device;
    const char *output;
    const char *data; // corpus of the stimulus, NULL = random frames
    const char *rtl;  // NULL = beside the program's data, or the source tree
    int pes;          // 0 = the most that fit
    int streams;
    int frames;
    uint64_t seed;
    double clock_mhz; // 0 = the device's
    bool has_output;  // the output layer is built too
    bool is_forced;
} generate_options;

static int print_help(void)
{
    printf(
        "ernn generate QMODEL --device NAME -o DIR [options]\n\n"
        "Writes the recurrent stack of a quantised model as a Verilog project with a\n"
        "self-checking bench, a C driver, a cocotb bench, a FuseSoC core file and packaging for\n"
        "Vivado; its README.md says how each is used.\n\n");
    printf("  --device NAME  one of:");
    size_t n;
    const ernn_device *devices = ernn_devices(&n);
    for (size_t i = 0; i < n; i++)
        printf("%s%s", i == 5 ? "\n                 " : " ", devices[i].name);
    printf("\n  --pes N        processing elements over all products (default: the most that fit\n"
           "                 60 %% of every resource)\n"
           "  --streams N    streams whose frames come in turn, each with its own state, 1 to %d\n"
           "                 (default 1): more frames a second, the same delay of each\n"
           "  --output-layer the linear layer to the labels too: m_y carries scores (default: it\n"
           "                 stays in software, m_y carries the last layer's output)\n"
           "  --clock MHZ    clock for latency figures (default: the device's, an assumption)\n"
           "  -o, --output   the project's folder; refused when it exists, unless --force\n"
           "  --data CORPUS  stimulus from the utterances of a corpus (default: random frames)\n"
           "  --frames N     of stimulus (default 64, with --data 300)\n"
           "  --seed N       of random frames, initial states and stalls (default 1)\n"
           "  --rtl DIR      the folder of the hand-written modules\n\n"
           "example: ernn generate net.fixed --device xc7vx690t --pes 64 -o accelerator\n",
           ERNN_MAX_STREAMS);
    return fflush(stdout) != 0;
}

#define FIELD(name) OPTION_FIELD(generate_options, name)

static const ernn_option OPTIONS[] = {
    {"device", OPTION_TEXT, FIELD(device)},
    {"pes", OPTION_INTEGER, FIELD(pes), 1, 1000000},
    {"clock", OPTION_NUMBER, FIELD(clock_mhz), 0.1, 10000},
    {"output", OPTION_TEXT, FIELD(output), .letter = 'o'},
    {"data", OPTION_TEXT, FIELD(data)},
    {"frames", OPTION_INTEGER, FIELD(frames), 1, 1000000},
    {"seed", OPTION_SEED, FIELD(seed), 0, 2147483647},
    {"streams", OPTION_INTEGER, FIELD(streams), 1, ERNN_MAX_STREAMS},
    {"rtl", OPTION_TEXT, FIELD(rtl)},
    {"output-layer", OPTION_FLAG, FIELD(has_output)},
    {"force", OPTION_FLAG, FIELD(is_forced)},
    {"help", OPTION_SHOW, .show = print_help, .letter = 'h'},
    {0}};

// ---- The modules ----

#ifndef ERNN_RTL_SOURCE
#define ERNN_RTL_SOURCE ""
#endif
#ifndef ERNN_RTL_INSTALLED
#define ERNN_RTL_INSTALLED ""
#endif

// The installed folder first: a moved source tree must not win over it.
static const char *find_rtl(const char *wanted)
{
    static const char *const FOLDERS[] = {ERNN_RTL_INSTALLED, ERNN_RTL_SOURCE};
    for (size_t i = 0; !wanted && i < sizeof FOLDERS / sizeof *FOLDERS; i++) {
        char probe[1100];
        snprintf(probe, sizeof probe, "%s/lstm_layer.v", FOLDERS[i]);
        if (access(probe, R_OK) == 0)
            wanted = FOLDERS[i];
    }
    return wanted ? wanted : ERNN_RTL_INSTALLED;
}

// ---- Stimulus ----

// Utterances enough for the frames: one has ten stacked frames and more.
static ernn_status load_stimulus(const generate_options *options, const ernn_qmodel *qmodel,
                                 ernn_sequences **sequences, ernn_error *err)
{
    ernn_corpus *corpus = NULL;
    ernn_feature_statistics statistics = *ernn_qmodel_statistics(qmodel);
    const ernn_status status = ernn_corpus_load(options->data, &corpus, err);
    if (status != ERNN_OK)
        return status;
    const size_t all = corpus->n_utterances;
    const size_t enough = (size_t)options->frames / 10 + 4;
    corpus->n_utterances = all < enough ? all : enough;
    const ernn_status read =
        ernn_sequences_new(corpus, ernn_qmodel_features(qmodel), &statistics, false,
                           ernn_qmodel_phone_set(qmodel), sequences, err);
    corpus->n_utterances = all;
    ernn_corpus_free(corpus);
    return read;
}

// ---- The verb ----

static ernn_status choose_design(const generate_options *options, const ernn_qmodel *qmodel,
                                 ernn_design *design, ernn_error *err)
{
    const ernn_spec *spec = ernn_qmodel_spec(qmodel);
    const ernn_device *device = ernn_device_find(options->device);
    const int signal_bits = ernn_qmodel_signal_bits(qmodel);
    const int weight_bits = ernn_qmodel_weight_bits(qmodel);
    ernn_status status =
        options->pes
            ? ernn_design_new(spec, device, signal_bits, weight_bits, options->pes, design, err)
            : ernn_design_most_pes(spec, device, signal_bits, weight_bits, 0.6, design, err);
    if (status == ERNN_OK && options->streams > 1)
        status = ernn_design_set_streams(spec, design, options->streams, err);
    if (status == ERNN_OK && options->has_output)
        ernn_design_add_output(spec, design);
    if (status == ERNN_OK && options->clock_mhz > 0)
        design->clock_mhz = options->clock_mhz;
    return status;
}

static void report(const generate_options *options, const ernn_spec *spec,
                   const ernn_design *design)
{
    const ernn_cost cost = ernn_design_cost(spec, design);
    const ernn_device *device = design->device;
    char network[160];
    ernn_spec_print(spec, network, sizeof network);
    printf("%s: %s, %d PEs", options->output, network, design->pes);
    if (design->pes < design->pes_wanted)
        printf(" (%d wanted; more would change nothing)", design->pes_wanted);
    printf(", %d lanes", design->cell_lanes);
    if (design->streams > 1)
        printf(", %d streams in turn", design->streams);
    if (design->output_pes && spec->output_block == 1)
        printf(", output layer on %d elements of one multiplier", design->output_pes);
    else if (design->output_pes)
        printf(", output layer on %d elements, blocks of %d", design->output_pes,
               spec->output_block);
    printf("\n");
    printf("modelled on %s: %d of %d LUT, %d of %d FF, %d of %d DSP, %d of %d BRAM\n", device->name,
           cost.lut, device->lut, cost.ff, device->ff, cost.dsp, device->dsp, cost.bram,
           device->bram);
    printf("modelled: a frame every %d cycles, latency %d cycles = %.2f us at %g MHz (assumed)\n",
           cost.cycles_per_frame, cost.latency_cycles, cost.latency_cycles / design->clock_mhz,
           design->clock_mhz);
    printf("next: ernn simulate %s\n", options->output);
}

static int generate(const generate_options *options)
{
    ernn_error err = {0};
    ernn_qmodel *qmodel = NULL;
    ernn_sequences *sequences = NULL;
    ernn_design design;
    ernn_gen_options gen = ernn_gen_defaults();
    int code = ERNN_EXIT_OK;
    ernn_status status = ernn_qmodel_load(options->model, &qmodel, &err);
    if (status == ERNN_OK)
        status = choose_design(options, qmodel, &design, &err);
    if (status == ERNN_OK && options->data)
        status = load_stimulus(options, qmodel, &sequences, &err);
    if (status == ERNN_OK) {
        gen.rtl_folder = find_rtl(options->rtl);
        gen.vectors = sequences;
        gen.max_frames = options->frames;
        gen.seed = options->seed;
        status =
            ernn_generate_folder(qmodel, &design, &gen, options->output, options->is_forced, &err);
    }
    if (status == ERNN_OK)
        report(options, ernn_qmodel_spec(qmodel), &design);
    else
        code = ernn_cli_fail(&err);
    ernn_sequences_free(sequences);
    ernn_qmodel_free(qmodel);
    return code;
}

static int check(generate_options *options)
{
    if (!options->device || !ernn_device_find(options->device))
        return ernn_cli_usage("generate", "--device: '%s' is not known",
                              options->device ? options->device : "");
    if (!options->output)
        return ernn_cli_usage("generate", "-o: a folder for the project is wanted");
    if (!options->frames)
        options->frames = options->data ? 300 : 64;
    return ERNN_EXIT_OK;
}

int ernn_cli_generate(int argc, char **argv)
{
    generate_options options = {.seed = 1};
    const ernn_command command = {"generate", .operand = "models", .options = OPTIONS,
                                  .fields = &options};
    const int ended = ernn_command_read(&command, argc, argv);
    if (ended >= 0)
        return ended;
    options.model = argv[optind];
    const int code = check(&options);
    return code ? code : generate(&options);
}
