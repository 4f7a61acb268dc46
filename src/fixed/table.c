// The format table of a quantised model. docs/fixed-point.md section 1.
// SPDX-License-Identifier: Apache-2.0
#include "fixed/table.h"

#include "base/memory.h"

#include <stdio.h>
#include <string.h>

// The list as it grows.
typedef struct list {
    ernn_format_row *rows;
    size_t n;
    char prefix[24]; // "layer0." or "output."
} list;

static void add(list *to, const char *name, const char *part, int bits, int *frac,
                ernn_range *range)
{
    ernn_format_row *row = &to->rows[to->n++];
    *row = (ernn_format_row){.bits = bits, .frac = frac, .range = range};
    snprintf(row->name, sizeof row->name, "%s%s%s", to->prefix, name, part);
}

static void add_matrix(list *to, const char *name, const ernn_rt_network *network,
                       ernn_matrix_formats *formats, ernn_matrix_ranges *ranges, int *product_frac)
{
    const int bits = (int)network->signal_bits;
    add(to, name, "weights", (int)network->weight_bits, &formats->weights, &ranges->weights);
    add(to, name, "spectrum", bits, &formats->spectrum, &ranges->spectrum);
    add(to, name, "accumulator", bits + 4, &formats->accumulator, &ranges->accumulator);
    add(to, name, "product", bits, product_frac, &ranges->product);
}

static void add_layer(list *to, const ernn_rt_network *network, ernn_rt_layer *layer,
                      ernn_layer_formats *formats, ernn_layer_ranges *ranges)
{
    const int bits = (int)network->signal_bits;
    add(to, "input", "", bits, &formats->input, &ranges->input);
    for (ernn_qmatrix m = 0; m < ERNN_QMATRICES; m++) {
        char name[24];
        snprintf(name, sizeof name, "%s.", ernn_qmatrix_name(m));
        if (ernn_layer_matrix(layer, m)->rows)
            add_matrix(to, name, network, &formats->matrices[m], &ranges->matrices[m],
                       m == ERNN_QMATRIX_PROJECTION ? &formats->output : &formats->preactivation);
    }
    add(to, "bias", "", bits, &formats->preactivation, &ranges->bias);
    add(to, "preactivation", "", bits, &formats->preactivation, &ranges->preactivation);
    if (layer->is_peephole)
        add(to, "peephole", "", bits, &formats->peephole, &ranges->peephole);
    if (layer->cell == ERNN_RT_LSTM)
        add(to, "cell", "", bits, &formats->cell, &ranges->cell);
    add(to, "output", "", bits, &formats->output, &ranges->output);
}

size_t ernn_format_rows(ernn_qmodel *qmodel, ernn_network_ranges *ranges, ernn_format_row *rows)
{
    list to = {.rows = rows};
    ernn_rt_network *network = &qmodel->network;
    for (uint32_t l = 0; l < network->n_layers; l++) {
        snprintf(to.prefix, sizeof to.prefix, "layer%u.", l);
        add_layer(&to, network, &network->layers[l], &qmodel->formats.layers[l],
                  &ranges->layers[l]);
    }
    snprintf(to.prefix, sizeof to.prefix, "output.");
    add_matrix(&to, "", network, &qmodel->formats.output, &ranges->output,
               &qmodel->formats.output_frac);
    add(&to, "scores", "", (int)network->signal_bits, &qmodel->formats.output_frac,
        &ranges->scores);
    return to.n;
}

ernn_status ernn_format_table(ernn_qmodel *qmodel, ernn_network_ranges *ranges, ernn_error *err)
{
    ernn_format_row rows[ERNN_MAX_FORMAT_ROWS];
    const size_t n = ernn_format_rows(qmodel, ranges, rows);
    ernn_signal_format *table = ernn_mem_new(n, sizeof *table, err);
    if (!table)
        return ERNN_NO_MEMORY;
    for (size_t i = 0; i < n; i++) {
        table[i] = (ernn_signal_format){.low = rows[i].range->low,
                                        .high = rows[i].range->high,
                                        .bits = rows[i].bits,
                                        .frac = *rows[i].frac};
        memcpy(table[i].name, rows[i].name, sizeof table[i].name);
    }
    ernn_mem_free(qmodel->table);
    qmodel->table = table;
    qmodel->n_table = n;
    return ERNN_OK;
}
