// The two bounds on the block size that need no training: memory from below, computation from above
// (Li et al. 2019, section V; the counts are docs/math.md section 1).
// SPDX-License-Identifier: Apache-2.0
#include "explore/explore.h"

// What the generator builds: 4, 8 and 16.
enum { SMALLEST_BLOCK = 4, LARGEST_BLOCK = 16 };

static ernn_spec with_block(const ernn_spec *spec, int k)
{
    ernn_spec changed = *spec;
    for (int l = 0; l < spec->n_layers; l++)
        for (int m = 0; m < ERNN_MATRIX_OUTPUT; m++)
            ernn_spec_set_structure(&changed.layers[l], (ernn_matrix_class)m,
                                    (ernn_structure){.block = k});
    return changed;
}

int ernn_explore_block_low(const ernn_spec *spec, const ernn_device *device, int signal_bits,
                           int weight_bits, double share)
{
    (void)signal_bits;
    const double budget = share * device->bram * (double)device->bram_bits;
    for (int k = SMALLEST_BLOCK; k <= LARGEST_BLOCK; k *= 2) {
        const ernn_spec blocked = with_block(spec, k);
        // A block holds two real bins and k/2 - 1 complex ones, each as wr, wi - wr and wr + wi.
        const double bits = 2.0 * weight_bits + (k / 2 - 1) * (3.0 * weight_bits + 2);
        const double blocks = (double)ernn_spec_matrix_parameters(&blocked) / k;
        if (blocks * bits <= budget)
            return k;
    }
    return 0;
}

// Real multiplications of one frame relative to the dense products: spectral products with three
// multiplications per complex bin, and the transforms (0, 2, 10, 34 for k = 4 .. 32).
static double relative_multiplications(const ernn_spec *spec, int k)
{
    const double fft = k <= 4 ? 0 : k == 8 ? 2 : k == 16 ? 10 : k == 32 ? 34 : 98;
    double dense = 0;
    double circulant = 0;
    for (int l = 0; l < spec->n_layers; l++) {
        const ernn_layer_spec *layer = &spec->layers[l];
        const int gates = ernn_spec_gates(layer->cell);
        const int outputs = ernn_spec_layer_outputs(spec, l);
        const int shapes[3][2] = {{gates * layer->n_cells, ernn_spec_layer_inputs(spec, l)},
                                  {gates * layer->n_cells, outputs},
                                  {layer->n_projected, layer->n_cells}};
        for (int i = 0; i < 3; i++) {
            const double p = (shapes[i][0] + k - 1) / k;
            const double q = (shapes[i][1] + k - 1) / k;
            dense += (double)shapes[i][0] * shapes[i][1];
            circulant += p * q * (2 + 3.0 * (k / 2 - 1)) + (p > 0 ? (p + q) * fft : 0);
        }
    }
    return circulant / dense;
}

int ernn_explore_block_high(const ernn_spec *spec)
{
    const double worthwhile = 0.05; // of the dense multiplications, saved by the last doubling
    int k = SMALLEST_BLOCK;
    while (k < LARGEST_BLOCK &&
           relative_multiplications(spec, k) - relative_multiplications(spec, 2 * k) >= worthwhile)
        k *= 2;
    return k;
}
