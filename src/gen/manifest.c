// Printing manifest.json: facts of the design, sizes and digests of all files.
// SPDX-License-Identifier: Apache-2.0
#include "gen/print.h"

#include <inttypes.h>

static void print_facts(ernn_buffer *out, const ernn_plan *plan, const ernn_gen_vectors *v)
{
    const ernn_cost *cost = &plan->cost;
    ernn_buffer_print(out, "{\n  \"clock_mhz\": %.9g,\n  \"design\": \"%s\",\n",
                      plan->design->clock_mhz, plan->design_digest);
    ernn_buffer_print(out, "  \"device\": \"%s\",\n  \"ernn\": \"%s\",\n",
                      plan->design->device->name, ERNN_VERSION);
    ernn_buffer_print(out, "  \"frames\": %d,\n  \"model\": \"%s\",\n", v->total_frames,
                      plan->model_digest);
    ernn_buffer_print(out,
                      "  \"modelled\": {\"bram\": %d, \"cycles_per_frame\": %d, \"dsp\": %d, "
                      "\"ff\": %d, \"latency_cycles\": %d, \"lut\": %d, "
                      "\"weight_bits_total\": %" PRId64 "},\n",
                      cost->bram, cost->cycles_per_frame, cost->dsp, cost->ff, cost->latency_cycles,
                      cost->lut, cost->weight_bits_total);
    ernn_buffer_print(out, "  \"network\": \"%s\",\n  \"options\": \"%s\",\n", plan->spec_text,
                      plan->options_text);
    ernn_buffer_print(out, "  \"output\": \"%s\",\n", plan->has_output ? "scores" : "y");
    ernn_buffer_print(out, "  \"output_words\": %d,\n  \"pes\": %d,\n  \"sequences\": %d,\n",
                      plan->n_outputs, plan->design->pes, v->n_sequences);
    ernn_buffer_print(out, "  \"signal_bits\": %d,\n  \"traced_frames\": %d,\n",
                      plan->design->signal_bits, v->traced_frames);
}

void ernn_print_manifest(ernn_buffer *out, const ernn_plan *plan, const ernn_gen_vectors *vectors,
                         const ernn_gen_files *files)
{
    print_facts(out, plan, vectors);
    ernn_buffer_print(out, "  \"files\": [\n");
    for (int i = 0; i < files->n; i++)
        ernn_buffer_print(out, "    {\"path\": \"%s\", \"bytes\": %zu, \"sha256\": \"%s\"}%s\n",
                          files->files[i].path, files->files[i].size, files->files[i].digest,
                          i + 1 < files->n ? "," : "");
    ernn_buffer_print(out, "  ]\n}\n");
}
