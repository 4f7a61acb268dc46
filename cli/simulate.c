// ernn simulate: builds the bench of a generated project with Verilator or Icarus, runs it, and on
// a mismatch runs it again with traces to name the first wrong value inside.
// SPDX-License-Identifier: Apache-2.0
#include "options.h"
#include "process.h"
#include "verbs.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    PATH_BYTES = 1200,
    MAX_ARGUMENTS = 160,
    BUILD_LIMIT_S = 1800,
    RUN_LIMIT_S = 7200,
    SPLIT_BYTES = 4000000
};

typedef enum tool { TOOL_VERILATOR, TOOL_ICARUS } tool;

typedef struct simulate_options {
    tool tool;
    bool is_json;
} simulate_options;

// One pass of the bench: its line "result ...".
typedef struct pass_result {
    int frames;
    int64_t words;
    int64_t mismatches;
    int64_t intervals;
    int64_t interval_sum;
    int64_t interval_max;
    int64_t latency;
    int64_t cycles; // of the simulation so far
} pass_result;

typedef struct outcome {
    pass_result passes[2];
    bool is_passed;
    bool is_finished;    // PASS or FAIL was said
    char complaint[200]; // first mismatch or hang, in the bench's words
    int frame;           // of the first mismatch, -1 = none
    double build_s;
    double run_s;
} outcome;

static const char HELP[] =
    "ernn simulate DIR [options]\n\n"
    "Runs the bench of a generated project: every output word of every frame is compared\n"
    "with the C model, first without stalls (cycles are counted), then with random ones.\n"
    "A mismatch is located by layer, signal, frame and index; exit 1.\n\n"
    "  --tool NAME   verilator (default) or icarus\n"
    "  --json        one JSON object on standard output\n\n"
    "example: ernn simulate accelerator\n";

#define FIELD(name) OPTION_FIELD(simulate_options, name)

static const char *const TOOLS[] = {"verilator", "icarus", NULL}; // in the order of `tool`

static const ernn_option OPTIONS[] = {
    {"tool", OPTION_CHOICE, FIELD(tool), .words = TOOLS, .wanted = "verilator or icarus"},
    {"json", OPTION_FLAG, FIELD(is_json)},
    {0}};

// ---- The bench's words ----

static void read_result(outcome *o, const char *line)
{
    pass_result r;
    int pass;
    const int n = sscanf(line,
                         "result pass=%d frames=%d words=%" SCNd64 " mismatches=%" SCNd64
                         " intervals=%" SCNd64 " interval_sum=%" SCNd64 " interval_max=%" SCNd64
                         " latency=%" SCNd64 " cycles=%" SCNd64,
                         &pass, &r.frames, &r.words, &r.mismatches, &r.intervals, &r.interval_sum,
                         &r.interval_max, &r.latency, &r.cycles);
    if (n == 9 && pass >= 0 && pass <= 1)
        o->passes[pass] = r;
}

static void hear_bench(void *user, const char *line)
{
    outcome *o = user;
    int pass;
    int frame;
    const bool is_missing = strstr(line, "readmem") != NULL;
    if (!strncmp(line, "result ", 7))
        read_result(o, line);
    else if (!strcmp(line, "PASS") || !strcmp(line, "FAIL")) {
        o->is_finished = true;
        o->is_passed = !strcmp(line, "PASS");
    } else if (!strncmp(line, "mismatch ", 9) || !strncmp(line, "hang ", 5) || is_missing) {
        if (!o->complaint[0])
            snprintf(o->complaint, sizeof o->complaint, "%.199s", line);
        const char *numbers = strstr(line, "pass=");
        if (o->frame < 0 && numbers && sscanf(numbers, "pass=%d frame=%d", &pass, &frame) == 2)
            o->frame = frame;
    }
}

// ---- Building ----

static double changed_at(const char *folder, const char *path)
{
    char full[PATH_BYTES];
    struct stat info;
    snprintf(full, sizeof full, "%.1000s/%.160s", folder, path);
    return stat(full, &info) == 0
               ? (double)info.st_mtim.tv_sec + 1e-9 * (double)info.st_mtim.tv_nsec
               : -1;
}

static bool is_verilog(const char *name)
{
    const size_t n = strlen(name);
    return n > 2 && n < 100 && !strcmp(name + n - 2, ".v");
}

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

// The sources of rtl/ (from the manifest) and tb/ (from the folder).
typedef struct source_list {
    int n;
    char paths[MAX_ARGUMENTS - 30][160];
    double newest;
} source_list;

static void add_source(source_list *list, const ernn_project *project, const char *path)
{
    if (list->n == (int)(sizeof list->paths / sizeof *list->paths))
        return;
    const double changed = changed_at(project->folder, path);
    list->newest = changed > list->newest ? changed : list->newest;
    snprintf(list->paths[list->n++], sizeof *list->paths, "%.159s", path);
}

static void list_sources(source_list *list, const ernn_project *project)
{
    char path[PATH_BYTES];
    list->n = 0;
    list->newest = 0;
    for (int i = 0; i < project->n_sources; i++)
        add_source(list, project, project->sources[i]);
    const int n_rtl = list->n;
    snprintf(path, sizeof path, "%s/tb", project->folder);
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        if (!is_verilog(entry->d_name))
            continue;
        snprintf(path, sizeof path, "tb/%.100s", entry->d_name);
        add_source(list, project, path);
    }
    if (folder)
        closedir(folder);
    qsort(list->paths + n_rtl, (size_t)(list->n - n_rtl), sizeof *list->paths, by_text);
}

// Warnings of the bench's own style are no defects of the design; rtl/ is linted without waivers by
// the test suite.
static const char *const VERILATOR[] = {"verilator",
                                        "--cc",
                                        "--exe",
                                        "-O3",
                                        "-Wno-fatal",
                                        "-Wno-lint",
                                        "-Wno-style",
                                        "--output-split",
                                        "20000",
                                        "--Mdir",
                                        "build/verilator",
                                        "--top-module",
                                        "ernn_bench",
                                        "../../tb/bench_main.cpp",
                                        NULL};
static const char *const ICARUS[] = {"iverilog", "-g2005",          "-s", "icarus_clock",
                                     "-o",       "build/bench.vvp", NULL};
static const char *const PRODUCTS[] = {"build/verilator/Vernn_bench", "build/bench.vvp"};

static ernn_status run_build_step(const ernn_project *project, const char *const *argv,
                                  const char *package, const char *label, ernn_error *err)
{
    char log[PATH_BYTES];
    snprintf(log, sizeof log, "%s/build/%s.log", project->folder, label);
    const ernn_cli_process process = {.argv = argv,
                                      .folder = project->folder,
                                      .log = log,
                                      .package = package,
                                      .label = label,
                                      .seconds_limit = BUILD_LIMIT_S};
    return ernn_cli_process_run(&process, err);
}

// Bytes of C++ that Verilator wrote.
static double code_bytes(const ernn_project *project)
{
    char path[PATH_BYTES];
    struct stat info;
    double total = 0;
    snprintf(path, sizeof path, "%s/build/verilator", project->folder);
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        snprintf(path, sizeof path, "%s/build/verilator/%.150s", project->folder, entry->d_name);
        if (strstr(entry->d_name, ".cpp") && stat(path, &info) == 0)
            total += (double)info.st_size;
    }
    if (folder)
        closedir(folder);
    return total;
}

// A small design compiles fastest as one unit (the headers take a second each), a large one split
// and at -O1: in seconds, not minutes.
static ernn_status compile(const ernn_project *project, ernn_error *err)
{
    const char *const argv[] = {"make",
                                "-C",
                                "build/verilator",
                                "-f",
                                "Vernn_bench.mk",
                                "-j2",
                                code_bytes(project) > SPLIT_BYTES ? "VM_PARALLEL_BUILDS=1"
                                                                  : "VM_PARALLEL_BUILDS=0",
                                "OPT_FAST=-O1",
                                "OPT_SLOW=-O0",
                                "OPT_GLOBAL=-O1",
                                NULL};
    return run_build_step(project, argv, "make g++", "make", err);
}

static ernn_status build(const ernn_project *project, tool with, double *seconds, ernn_error *err)
{
    source_list list;
    const char *argv[MAX_ARGUMENTS];
    int n = 0;
    list_sources(&list, project);
    *seconds = 0;
    // Memories are read when the simulation runs: only sources ask for a new build.
    if (changed_at(project->folder, PRODUCTS[with]) > list.newest)
        return ERNN_OK;
    for (const char *const *a = with == TOOL_VERILATOR ? VERILATOR : ICARUS; *a; a++)
        argv[n++] = *a;
    for (int i = 0; i < list.n; i++)
        if (with == TOOL_ICARUS || !strstr(list.paths[i], "icarus_clock.v"))
            argv[n++] = list.paths[i];
    argv[n] = NULL;
    const double started = ernn_cli_seconds();
    ernn_status status = with == TOOL_VERILATOR
                             ? run_build_step(project, argv, "verilator", "verilator", err)
                             : run_build_step(project, argv, "iverilog", "iverilog", err);
    if (status == ERNN_OK && with == TOOL_VERILATOR)
        status = compile(project, err);
    *seconds = ernn_cli_seconds() - started;
    return status;
}

// ---- Running ----

static ernn_status run(const ernn_project *project, tool with, int trace_frames, outcome *o,
                       ernn_error *err)
{
    char frames[40];
    char log[PATH_BYTES];
    const char *argv[6];
    int n = 0;
    snprintf(frames, sizeof frames, "+trace_frames=%d", trace_frames);
    snprintf(log, sizeof log, "%s/build/run.log", project->folder);
    if (with == TOOL_ICARUS)
        argv[n++] = "vvp";
    argv[n++] = with == TOOL_ICARUS ? PRODUCTS[with] : "./build/verilator/Vernn_bench";
    if (trace_frames) {
        argv[n++] = "+trace";
        argv[n++] = frames;
    }
    argv[n] = NULL;
    const ernn_cli_process process = {.argv = argv,
                                      .folder = project->folder,
                                      .log = log,
                                      .package = "iverilog",
                                      .label = trace_frames ? "tracing" : "simulation",
                                      .seconds_limit = RUN_LIMIT_S,
                                      .on_line = hear_bench,
                                      .user = o};
    const double started = ernn_cli_seconds();
    ernn_status status = ernn_cli_process_run(&process, err);
    o->run_s = ernn_cli_seconds() - started;
    if (status == ERNN_OK && !o->is_finished)
        status = ernn_cli_error(err, ERNN_IO, "%s: the bench ended without PASS or FAIL; see %s",
                                project->folder, log);
    return status;
}

// ---- Locating ----

// One line on stderr: where the accelerator first leaves the model.
static void locate(const ernn_project *project, tool with, const outcome *o)
{
    outcome traced = {.frame = -1};
    ernn_error err = {0};
    ernn_mismatch first;
    char path[PATH_BYTES];
    fprintf(stderr, "ernn: %s: bench: %s\n", project->folder, o->complaint);
    snprintf(path, sizeof path, "%s/build/trace.txt", project->folder);
    if (o->frame < 0)
        return;
    if (run(project, with, o->frame + 1, &traced, &err) != ERNN_OK ||
        ernn_project_locate(project, path, &first, &err) != ERNN_OK)
        fprintf(stderr, "ernn: %s: no trace: %s\n", project->folder, err.text);
    else if (first.is_found)
        fprintf(stderr,
                "ernn: %s: first mismatch at layer %d, signal %s, frame %d, index %d: got %" PRId64
                ", the model has %" PRId64 "\n",
                project->folder, first.layer, first.signal, first.frame, first.index, first.got,
                first.want);
    else
        fprintf(stderr,
                "ernn: %s: every signal inside equals the model up to frame %d: the mismatch is "
                "between m_y and tb/expected.hex, or comes with stalls\n",
                project->folder, o->frame);
    if (project->n_changed)
        fprintf(stderr, "ernn: %s: %s differs from the manifest (%d changed files)\n",
                project->folder, project->changed, project->n_changed);
}

// ---- Reporting ----

static void report_json(const ernn_project *project, const simulate_options *options,
                        const outcome *o)
{
    const pass_result *p = &o->passes[0];
    const int64_t mismatches = p->mismatches + o->passes[1].mismatches;
    char mean[32] = "null"; // every sequence is shorter than five frames
    if (p->intervals)
        snprintf(mean, sizeof mean, "%.2f", (double)p->interval_sum / (double)p->intervals);
    printf("{\"project\": \"%s\", \"network\": \"%s\", \"device\": \"%s\", \"pes\": %d, "
           "\"tool\": \"%s\", \"pass\": %s, \"frames\": %d, \"words\": %" PRId64
           ", \"mismatches\": %" PRId64,
           project->folder, project->network, project->device, project->pes,
           options->tool == TOOL_VERILATOR ? "verilator" : "icarus",
           o->is_passed ? "true" : "false", p->frames, p->words, mismatches);
    printf(", \"cycles_per_frame\": %s, \"cycles_per_frame_max\": %" PRId64
           ", \"latency_cycles\": %" PRId64 ", \"modelled_cycles_per_frame\": %d, "
           "\"modelled_latency_cycles\": %d, \"clock_mhz\": %g, \"latency_us\": %.4g",
           mean, p->interval_max, p->latency, project->modelled.cycles_per_frame,
           project->modelled.latency_cycles, project->clock_mhz,
           (double)p->latency / project->clock_mhz);
    printf(", \"build_seconds\": %.2f, \"run_seconds\": %.2f, \"cycles_per_second\": %.0f}\n",
           o->build_s, o->run_s, (double)o->passes[1].cycles / o->run_s);
}

static void report(const ernn_project *project, const simulate_options *options, const outcome *o)
{
    const pass_result *p = &o->passes[0];
    const pass_result *stalled = &o->passes[1];
    if (options->is_json) {
        report_json(project, options, o);
        return;
    }
    const double mean = p->intervals ? (double)p->interval_sum / (double)p->intervals : 0;
    printf("%s, %d PEs, %s\n", project->network, project->pes,
           options->tool == TOOL_VERILATOR ? "verilator" : "icarus");
    printf("  without stalls: %d frames, %" PRId64 " words, %" PRId64 " mismatches\n", p->frames,
           p->words, p->mismatches);
    printf("  with stalls:    %d frames, %" PRId64 " words, %" PRId64 " mismatches\n",
           stalled->frames, stalled->words, stalled->mismatches);
    printf("  cycles per frame: %.1f mean, %" PRId64 " max (model %d)\n", mean, p->interval_max,
           project->modelled.cycles_per_frame);
    printf("  latency: %" PRId64 " cycles (model %d) = %.2f us at %g MHz (assumed)\n", p->latency,
           project->modelled.latency_cycles, (double)p->latency / project->clock_mhz,
           project->clock_mhz);
    printf("  build %.1f s, run %.1f s, %.0f simulated cycles/s\n", o->build_s, o->run_s,
           (double)stalled->cycles / o->run_s);
    printf("%s\n", o->is_passed ? "PASS: every output word equals the C model" : "FAIL");
}

// ---- The verb ----

int ernn_cli_simulate(int argc, char **argv)
{
    simulate_options options = {0};
    ernn_project project;
    ernn_error err = {0};
    outcome o = {.frame = -1};
    char path[PATH_BYTES];
    const ernn_command command = {"simulate", .help = HELP, .operand = "project folders",
                                  .options = OPTIONS, .fields = &options};
    const int ended = ernn_command_read(&command, argc, argv);
    if (ended >= 0)
        return ended;
    if (ernn_project_load(&project, argv[optind], &err) != ERNN_OK)
        return ernn_cli_fail(&err);
    ernn_cli_catch_interrupt();
    snprintf(path, sizeof path, "%s/build", project.folder);
    mkdir(path, 0777);
    if (build(&project, options.tool, &o.build_s, &err) != ERNN_OK ||
        run(&project, options.tool, 0, &o, &err) != ERNN_OK)
        return ernn_cli_fail(&err);
    // A complaint without a mismatch is a missing memory file: the simulators only warn.
    if (o.complaint[0])
        o.is_passed = false;
    report(&project, &options, &o);
    if (!o.is_passed)
        locate(&project, options.tool, &o);
    return o.is_passed ? ERNN_EXIT_OK : ERNN_EXIT_FAILURE;
}
