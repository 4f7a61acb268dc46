// Printing ernn.core, the FuseSoC description (CAPI 2) of a project: filesets and targets, from the
// files that were written. SPDX-License-Identifier: Apache-2.0
#include "gen/print.h"

#include <stdio.h>
#include <string.h>

// Of the network: letters, digits and underscores.
void ernn_print_core_name(ernn_buffer *out, const ernn_plan *plan)
{
    ernn_buffer_print(out, "ernn:accelerator:");
    for (const char *c = plan->spec_text; *c; c++) {
        const bool is_plain = (*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9');
        ernn_buffer_append(out, is_plain ? c : "_", 1);
    }
}

typedef struct fileset {
    const char *name;
    const char *type;
    const char *folder;      // the first part of the path
    const char *ending;      // of the path
    const char *only;        // this very path, NULL = all that match
    const char *but;         // not this one
    bool is_read_at_runtime; // copied to the same place below the folder of the simulation
} fileset;

static const fileset FILESETS[] = {
    {"rtl", "verilogSource-2005", "rtl/", ".v", NULL, "", false},
    {"mem", "user", "mem/", ".hex", NULL, "", true},
    {"tb", "verilogSource-2005", "tb/", ".v", NULL, "tb/icarus_clock.v", false},
    {"tb_icarus", "verilogSource-2005", "tb/", ".v", "tb/icarus_clock.v", "", false},
    {"tb_verilator", "cppSource", "tb/", ".cpp", "tb/bench_main.cpp", "", false},
    {"tb_words", "user", "tb/", ".hex", NULL, "", true},
    {"constraints", "xdc", "constraints/", ".xdc", NULL, "", false},
};

static bool ends_with(const char *text, const char *ending)
{
    const size_t n = strlen(text);
    const size_t m = strlen(ending);
    return n >= m && !strcmp(text + n - m, ending);
}

// Files of subfolders belong to nobody's fileset.
static bool is_member(const fileset *set, const char *path)
{
    const size_t n = strlen(set->folder);
    return !strncmp(path, set->folder, n) && !strchr(path + n, '/') &&
           ends_with(path, set->ending) && (!set->only || !strcmp(path, set->only)) &&
           strcmp(path, set->but) != 0;
}

static void print_filesets(ernn_buffer *out, const ernn_gen_files *files)
{
    ernn_buffer_print(out, "filesets:\n");
    for (size_t s = 0; s < sizeof FILESETS / sizeof *FILESETS; s++) {
        const fileset *set = &FILESETS[s];
        ernn_buffer_print(out, "  %s:\n    file_type: %s\n    files:\n", set->name, set->type);
        for (int i = 0; i < files->n; i++) {
            const char *path = files->files[i].path;
            if (!is_member(set, path))
                continue;
            if (set->is_read_at_runtime)
                ernn_buffer_print(out, "      - %s: {copyto: %s}\n", path, path);
            else
                ernn_buffer_print(out, "      - %s\n", path);
        }
    }
}

// What Yosys calls the device's family.
static const char *yosys_family(const ernn_device *device)
{
    return device->family == ERNN_FAMILY_ECP5    ? "ecp5"
           : device->family == ERNN_FAMILY_ICE40 ? "ice40"
                                                 : "xilinx";
}

static void print_targets(ernn_buffer *out, const ernn_plan *plan)
{
    ernn_buffer_print(out,
                      "targets:\n"
                      "  default: &default\n"
                      "    filesets: [rtl, \"tool_vivado? (constraints)\"]\n"
                      "    toplevel: %s\n",
                      ERNN_GEN_TOP);
    ernn_buffer_print(out, "  sim:\n"
                           "    description: every output word against the C model, PASS or FAIL\n"
                           "    default_tool: icarus\n"
                           "    filesets: [rtl, mem, tb, \"tool_icarus? (tb_icarus)\", "
                           "\"tool_verilator? (tb_verilator)\", tb_words]\n"
                           "    toplevel: [\"tool_icarus? (icarus_clock)\", "
                           "\"tool_verilator? (ernn_bench)\"]\n");
    ernn_buffer_print(out, "    tools:\n"
                           "      icarus: {iverilog_options: [-g2005]}\n"
                           "      verilator: {mode: cc, verilator_options: [-Wno-fatal, "
                           "-Wno-lint, -Wno-style]}\n");
    ernn_buffer_print(out, "  lint:\n"
                           "    <<: *default\n"
                           "    description: all warnings, no waivers\n"
                           "    default_tool: verilator\n"
                           "    tools:\n"
                           "      verilator: {mode: lint-only, verilator_options: [-Wall]}\n");
    ernn_buffer_print(out,
                      "  synth:\n"
                      "    <<: *default\n"
                      "    description: cells by Yosys, nothing placed; or --tool vivado --part\n"
                      "    default_tool: yosys\n"
                      "    tools:\n"
                      "      yosys: {arch: %s}\n"
                      "      vivado: {pnr: none}\n",
                      yosys_family(plan->design->device));
}

void ernn_print_core(ernn_buffer *out, const ernn_plan *plan, const ernn_gen_files *files)
{
    ernn_buffer_print(out,
                      "CAPI=2:\n"
                      "# FuseSoC description. Written by ernn %s. Do not edit: generate again.\n"
                      "# Design %s\nname: ",
                      ERNN_VERSION, plan->design_digest);
    ernn_print_core_name(out, plan);
    ernn_buffer_print(out, ":%s\ndescription: \"recurrent stack of a speech network, %s\"\n\n",
                      ERNN_VERSION, plan->spec_text);
    print_filesets(out, files);
    ernn_buffer_print(out, "\n");
    print_targets(out, plan);
}
