// ernn synth: Yosys over a generated project, hierarchical, and its cells against a device's
// totals. Synthesis only: nothing is placed or routed. SPDX-License-Identifier: Apache-2.0
#include "options.h"
#include "process.h"
#include "verbs.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PATH_BYTES = 1100, MAX_STATISTICS = 16 << 20 };

typedef struct synth_options {
    const char *device; // NULL: the project's own
    int limit_s;
    bool is_json;
} synth_options;

// Cells as the device counts them; memories in halves of a 36 Kbit block, so that RAMB18 is 1.
typedef struct cell_count {
    double lut;
    double ff;
    double dsp;
    double half_bram;
} cell_count;

static const char HELP[] =
    "ernn synth DIR [options]\n\n"
    "Synthesises a generated project with Yosys, keeping its hierarchy, and compares the\n"
    "cells with the device. Synthesis only: no placement, no routing, no timing.\n\n"
    "  --device NAME   another device than the project's (ernn generate --help lists them)\n"
    "  --limit S       end Yosys after S seconds (default 1800)\n"
    "  --json          one JSON object on standard output\n\n"
    "example: ernn synth accelerator --device xc7vx690t\n";

#define FIELD(name) OPTION_FIELD(synth_options, name)

static const ernn_option OPTIONS[] = {{"device", OPTION_TEXT, FIELD(device)},
                                      {"limit", OPTION_INTEGER, FIELD(limit_s), 1, 86400},
                                      {"json", OPTION_FLAG, FIELD(is_json)},
                                      {0}};

// What one library cell costs. Wide multiplexers and carry chains share a LUT's slice: 0, but an
// ECP5 carry cell is two LUTs.
typedef struct cell_cost {
    const char *prefix;
    ernn_family family;
    cell_count cost;
} cell_cost;

static const cell_cost CELLS[] = {
    // 7 series: UG953. Distributed memories by the LUTs they occupy.
    {"LUT", ERNN_FAMILY_XC7, {1, 0, 0, 0}},
    {"INV", ERNN_FAMILY_XC7, {1, 0, 0, 0}},
    {"SRL", ERNN_FAMILY_XC7, {1, 0, 0, 0}},
    {"RAM16X1D", ERNN_FAMILY_XC7, {2, 0, 0, 0}},
    {"RAM32X1D", ERNN_FAMILY_XC7, {2, 0, 0, 0}},
    {"RAM64X1D", ERNN_FAMILY_XC7, {2, 0, 0, 0}},
    {"RAM128X1D", ERNN_FAMILY_XC7, {4, 0, 0, 0}},
    {"RAM32X1S", ERNN_FAMILY_XC7, {1, 0, 0, 0}},
    {"RAM64X1S", ERNN_FAMILY_XC7, {1, 0, 0, 0}},
    {"RAM128X1S", ERNN_FAMILY_XC7, {2, 0, 0, 0}},
    {"RAM256X1S", ERNN_FAMILY_XC7, {4, 0, 0, 0}},
    {"RAM32M", ERNN_FAMILY_XC7, {4, 0, 0, 0}},
    {"RAM64M", ERNN_FAMILY_XC7, {4, 0, 0, 0}},
    {"FD", ERNN_FAMILY_XC7, {0, 1, 0, 0}},
    {"DSP48", ERNN_FAMILY_XC7, {0, 0, 1, 0}},
    {"RAMB18", ERNN_FAMILY_XC7, {0, 0, 0, 1}},
    {"RAMB36", ERNN_FAMILY_XC7, {0, 0, 0, 2}},
    {"LUT4", ERNN_FAMILY_ECP5, {1, 0, 0, 0}},
    {"CCU2C", ERNN_FAMILY_ECP5, {2, 0, 0, 0}},
    {"TRELLIS_DPR16X4", ERNN_FAMILY_ECP5, {4, 0, 0, 0}},
    {"TRELLIS_FF", ERNN_FAMILY_ECP5, {0, 1, 0, 0}},
    {"MULT18X18D", ERNN_FAMILY_ECP5, {0, 0, 1, 0}},
    {"DP16KD", ERNN_FAMILY_ECP5, {0, 0, 0, 2}},
    {"SB_LUT4", ERNN_FAMILY_ICE40, {1, 0, 0, 0}},
    {"SB_DFF", ERNN_FAMILY_ICE40, {0, 1, 0, 0}},
    {"SB_MAC16", ERNN_FAMILY_ICE40, {0, 0, 1, 0}},
    {"SB_RAM40", ERNN_FAMILY_ICE40, {0, 0, 0, 2}},
};

static void add_scaled(cell_count *total, const cell_count *part, double times)
{
    total->lut += times * part->lut;
    total->ff += times * part->ff;
    total->dsp += times * part->dsp;
    total->half_bram += times * part->half_bram;
}

// The longest prefix wins: RAM128X1D before RAM1... names of one family only.
static cell_count cost_of(const char *cell, ernn_family family)
{
    cell_count cost = {0};
    size_t longest = 0;
    for (size_t i = 0; i < sizeof CELLS / sizeof *CELLS; i++) {
        const size_t n = strlen(CELLS[i].prefix);
        if (CELLS[i].family == family && n > longest && !strncmp(cell, CELLS[i].prefix, n)) {
            cost = CELLS[i].cost;
            longest = n;
        }
    }
    return cost;
}

// Adds the cells of `name`, each instance of a module once more. A design nests a few levels deep.
static void count_module(json_t *modules, const char *name, ernn_family family, double times,
                         int depth, cell_count *total)
{
    const char *cell;
    json_t *number;
    json_t *cells = json_object_get(json_object_get(modules, name), "num_cells_by_type");
    json_object_foreach(cells, cell, number)
    {
        const double n = times * json_number_value(number);
        // Yosys writes a module as "\name" where it is defined and as "name" where it is used.
        char defined[1024];
        snprintf(defined, sizeof defined, "\\%s", cell);
        const char *key = json_object_get(modules, cell) ? cell : defined;
        if (depth < 32 && json_object_get(modules, key)) {
            count_module(modules, key, family, n, depth + 1, total);
        } else {
            const cell_count cost = cost_of(cell, family);
            add_scaled(total, &cost, n);
        }
    }
}

// The statistics as JSON; NULL when they are not. Yosys 0.23 prints the hierarchy as plain text
// behind the modules: what follows them is then cut off.
static json_t *load_statistics(const char *path)
{
    json_error_t parse;
    json_t *stat = json_load_file(path, 0, &parse);
    FILE *file = stat ? NULL : fopen(path, "r");
    char *text = file ? malloc(MAX_STATISTICS) : NULL;
    if (text) {
        const size_t n = fread(text, 1, MAX_STATISTICS - 8, file);
        text[n] = 0;
        char *end = strstr(text, "\n   },\n");
        if (end) {
            strcpy(end, "\n}}");
            stat = json_loads(text, 0, &parse);
        }
    }
    free(text);
    if (file)
        fclose(file);
    return stat;
}

// `count` of ernn_top, `axi` of ernn_axi around it; zero where the project has none.
static ernn_status read_counts(const char *path, ernn_family family, cell_count *count,
                               cell_count *axi, ernn_error *err)
{
    json_t *stat = load_statistics(path);
    json_t *modules = json_object_get(stat, "modules");
    if (!json_object_get(modules, "\\ernn_top")) {
        json_decref(stat);
        return ernn_cli_error(err, ERNN_BAD_FILE,
                              "%s: no statistics of module ernn_top, written by yosys stat -json",
                              path);
    }
    *count = *axi = (cell_count){0};
    count_module(modules, "\\ernn_top", family, 1, 0, count);
    count_module(modules, "\\ernn_axi", family, 1, 0, axi);
    json_decref(stat);
    return ERNN_OK;
}

static const char *synthesis_command(const ernn_device *device)
{
    switch (device->family) {
    case ERNN_FAMILY_XC7:
        return "synth_xilinx -family xc7 -noclkbuf -noiopad";
    case ERNN_FAMILY_ECP5:
        return "synth_ecp5 -noflatten";
    default:
        return device->dsp ? "synth_ice40 -device u -dsp -noflatten"
                           : "synth_ice40 -device hx -noflatten";
    }
}

// The AXI top where there is one, so that one synthesis counts both.
static const char *top_of(const ernn_project *project)
{
    for (int i = 0; i < project->n_sources; i++)
        if (!strcmp(project->sources[i], "rtl/ernn_axi.v"))
            return "ernn_axi";
    return "ernn_top";
}

// check -assert: no cell may be left with an operand that nothing drives (tests/rtl/netlist.sh).
static ernn_status run_yosys(const ernn_project *project, const ernn_device *device, int limit_s,
                             ernn_error *err)
{
    char script[ERNN_PROJECT_MAX_SOURCES * 162 + 300] = "read_verilog";
    size_t n = strlen(script);
    for (int i = 0; i < project->n_sources; i++)
        n += (size_t)snprintf(script + n, sizeof script - n, " %s", project->sources[i]);
    snprintf(script + n, sizeof script - n,
             "; %s -top %s; check -assert; tee -o build/stat-%s.json stat -json",
             synthesis_command(device), top_of(project), device->name);
    const char *const argv[] = {"yosys", "-p", script, NULL};
    char log[PATH_BYTES];
    char label[64];
    snprintf(log, sizeof log, "%s/build/yosys-%s.log", project->folder, device->name);
    snprintf(label, sizeof label, "yosys %s", device->name);
    const ernn_cli_process yosys = {.argv = argv,
                                    .folder = project->folder,
                                    .log = log,
                                    .package = "yosys",
                                    .label = label,
                                    .seconds_limit = limit_s};
    return ernn_cli_process_run(&yosys, err);
}

static void print_row(const char *what, double used, int total, int modelled, const char *note)
{
    char share[32] = "-";
    if (total)
        snprintf(share, sizeof share, "%.1f %%", 100 * used / total);
    printf("  %-5s %9.0f of %8d  %8s   model %8d%s\n", what, used, total, share, modelled, note);
}

static void report(const ernn_project *project, const ernn_device *device, const cell_count *count,
                   const cell_count *axi, double seconds, bool is_json)
{
    const double bram = ceil(count->half_bram / 2);
    const bool is_own = !strcmp(project->device, device->name);
    const ernn_cost none = {0};
    const ernn_cost *model = is_own ? &project->modelled : &none;
    if (is_json) {
        printf("{\"project\": \"%s\", \"device\": \"%s\", \"stage\": \"synthesis only\", "
               "\"lut\": %.0f, \"ff\": %.0f, \"dsp\": %.0f, \"bram\": %.0f, "
               "\"device_lut\": %d, \"device_ff\": %d, \"device_dsp\": %d, \"device_bram\": %d, "
               "\"modelled_lut\": %d, \"modelled_ff\": %d, \"modelled_dsp\": %d, "
               "\"modelled_bram\": %d, \"axi_lut\": %.0f, \"axi_ff\": %.0f, \"axi_dsp\": %.0f, "
               "\"axi_bram\": %.0f, \"seconds\": %.1f}\n",
               project->folder, device->name, count->lut, count->ff, count->dsp, bram, device->lut,
               device->ff, device->dsp, device->bram, model->lut, model->ff, model->dsp,
               model->bram, axi->lut, axi->ff, axi->dsp, ceil(axi->half_bram / 2), seconds);
        return;
    }
    printf("%s on %s, synthesis only (yosys, %.0f s)\n", project->network, device->name, seconds);
    print_row("LUT", count->lut, device->lut, model->lut, "");
    print_row("FF", count->ff, device->ff, model->ff, "");
    print_row("DSP", count->dsp, device->dsp, model->dsp, "");
    char note[64] = "";
    snprintf(note, sizeof note, "   (blocks of %d bits)", device->bram_bits);
    print_row("BRAM", bram, device->bram, model->bram, note);
    if (axi->lut > 0)
        printf("  with its AXI ports (ernn_axi): %.0f LUT, %.0f FF, %.0f DSP, %.0f BRAM\n",
               axi->lut, axi->ff, axi->dsp, ceil(axi->half_bram / 2));
    if (!is_own)
        printf("  (the project was planned for %s: no model figures here)\n", project->device);
}

int ernn_cli_synth(int argc, char **argv)
{
    synth_options options = {.limit_s = 1800};
    ernn_project project;
    ernn_error err = {0};
    const ernn_command command = {"synth", .help = HELP, .operand = "project folders",
                                  .options = OPTIONS, .fields = &options};
    const int ended = ernn_command_read(&command, argc, argv);
    if (ended >= 0)
        return ended;
    if (ernn_project_load(&project, argv[optind], &err) != ERNN_OK)
        return ernn_cli_fail(&err);
    const char *name = options.device ? options.device : project.device;
    const ernn_device *device = ernn_device_find(name);
    if (!device)
        return ernn_cli_usage("synth", "--device: '%s' is not known", name);
    ernn_cli_catch_interrupt();
    const double started = ernn_cli_seconds();
    char path[PATH_BYTES];
    cell_count count;
    cell_count axi;
    snprintf(path, sizeof path, "%s/build", project.folder);
    mkdir(path, 0777);
    if (run_yosys(&project, device, options.limit_s, &err) != ERNN_OK)
        return ernn_cli_fail(&err);
    snprintf(path, sizeof path, "%s/build/stat-%s.json", project.folder, device->name);
    if (read_counts(path, device->family, &count, &axi, &err) != ERNN_OK)
        return ernn_cli_fail(&err);
    report(&project, device, &count, &axi, ernn_cli_seconds() - started, options.is_json);
    return ERNN_EXIT_OK;
}
