// Window, FFT, mel filters, logarithm and cosine transform of one frame: docs/math.md, section
// "Features", equations F.2 to F.6. The FFT is kissfft's; its plan holds scratch, so each front end
// owns one. SPDX-License-Identifier: Apache-2.0
#include "speech/spectrum.h"
#include "base/memory.h"

#include <kissfft/kiss_fftr.h>
#include <math.h>

// A triangle over n bins from `first`; its weights start at `offset`.
typedef struct filter {
    int first;
    int n;
    int offset;
} filter;

struct ernn_spectrum {
    int n_window; // samples
    int n_fft;    // power of two, >= n_window
    int n_filters;
    int n_cepstra;     // 0: log mel
    float *window;     // [n_window]
    filter *filters;   // [n_filters]
    float *weights;    // of all filters
    float *transform;  // [n_cepstra][n_filters], lifter included
    kiss_fftr_cfg fft; // lives in fft_memory
    void *fft_memory;
    float *padded;      // [n_fft], zero behind the window
    kiss_fft_cpx *bins; // [n_fft / 2 + 1]
    float *power;       // [n_fft / 2 + 1]
    float *log_mel;     // [n_filters]
};

static double mel(double hz)
{
    return 1127 * log(1 + hz / 700); // (F.3)
}

static double mel_to_hz(double m)
{
    return 700 * (exp(m / 1127) - 1);
}

// The smallest power of two that holds the window and puts a bin well inside every triangle: bins
// no farther apart than half the base of the lowest, narrowest one.
static int fft_size(const ernn_features *features, int n_window)
{
    const double low = mel(ERNN_MEL_LOW_HZ);
    const double step = (mel(features->rate_hz / 2.0) - low) / (features->n_filters + 1);
    const double narrowest_hz = mel_to_hz(low + step) - ERNN_MEL_LOW_HZ;
    int n = 2;
    while (n < n_window || (double)features->rate_hz / n > narrowest_hz)
        n *= 2;
    return n;
}

// (F.4) Triangles in mel with unit peak. Returns the number of weights; writes them when `weights`
// is not NULL.
static int fill_filters(const ernn_spectrum *s, int rate_hz, filter *filters, float *weights)
{
    const double low = mel(ERNN_MEL_LOW_HZ);
    const double step = (mel(rate_hz / 2.0) - low) / (s->n_filters + 1);
    int offset = 0;
    for (int j = 0; j < s->n_filters; j++) {
        const double centre = low + (j + 1) * step;
        filter f = {0, 0, offset};
        for (int bin = 0; bin <= s->n_fft / 2; bin++) {
            const double weight = 1 - fabs(mel((double)bin * rate_hz / s->n_fft) - centre) / step;
            if (weight <= 0)
                continue;
            if (f.n == 0)
                f.first = bin;
            if (weights)
                weights[offset + f.n] = (float)weight;
            f.n++;
        }
        offset += f.n;
        if (filters)
            filters[j] = f;
    }
    return offset;
}

// (F.6) transform[i][j] = lifter_i * sqrt((i ? 2 : 1) / M) * cos(pi i (j + 1/2) / M)
static void fill_transform(ernn_spectrum *s)
{
    for (int i = 0; i < s->n_cepstra; i++) {
        const double lifter = 1 + ERNN_LIFTER / 2.0 * sin(M_PI * i / ERNN_LIFTER);
        const double scale = lifter * sqrt((i ? 2.0 : 1.0) / s->n_filters);
        for (int j = 0; j < s->n_filters; j++)
            s->transform[i * s->n_filters + j] =
                (float)(scale * cos(M_PI * i * (j + 0.5) / s->n_filters));
    }
}

static ernn_status allocate(ernn_spectrum *s, int n_weights, ernn_error *err)
{
    const size_t n_bins = (size_t)s->n_fft / 2 + 1;
    size_t fft_bytes = 0;
    kiss_fftr_alloc(s->n_fft, 0, NULL, &fft_bytes);
    s->window = ernn_mem_new((size_t)s->n_window, sizeof *s->window, err);
    s->filters = ernn_mem_new((size_t)s->n_filters, sizeof *s->filters, err);
    s->weights = ernn_mem_new((size_t)n_weights, sizeof *s->weights, err);
    s->transform = ernn_mem_new((size_t)s->n_cepstra * (size_t)s->n_filters, sizeof(float), err);
    s->fft_memory = ernn_mem_new(fft_bytes, 1, err);
    s->padded = ernn_mem_new((size_t)s->n_fft, sizeof *s->padded, err);
    s->bins = ernn_mem_new(n_bins, sizeof *s->bins, err);
    s->power = ernn_mem_new(n_bins, sizeof *s->power, err);
    s->log_mel = ernn_mem_new((size_t)s->n_filters, sizeof *s->log_mel, err);
    if (!s->window || !s->filters || !s->weights || !s->transform || !s->fft_memory || !s->padded ||
        !s->bins || !s->power || !s->log_mel)
        return ERNN_NO_MEMORY;
    s->fft = kiss_fftr_alloc(s->n_fft, 0, s->fft_memory, &fft_bytes);
    if (!s->fft)
        return ernn_error_set(err, ERNN_NO_MEMORY, "features: no FFT of %d samples", s->n_fft);
    return ERNN_OK;
}

ernn_status ernn_spectrum_new(const ernn_features *features, ernn_spectrum **spectrum,
                              ernn_error *err)
{
    *spectrum = NULL;
    ernn_spectrum *s = ernn_mem_new(1, sizeof *s, err);
    if (!s)
        return ERNN_NO_MEMORY;
    s->n_window = features->rate_hz * features->window_ms / 1000;
    s->n_fft = fft_size(features, s->n_window);
    s->n_filters = features->n_filters;
    s->n_cepstra = features->kind == ERNN_FEATURES_MFCC ? features->n_cepstra : 0;
    ernn_status status = allocate(s, fill_filters(s, features->rate_hz, NULL, NULL), err);
    if (status != ERNN_OK) {
        ernn_spectrum_free(s);
        return status;
    }
    // (F.2) Hamming, symmetric.
    for (int n = 0; n < s->n_window; n++)
        s->window[n] = (float)(0.54 - 0.46 * cos(2 * M_PI * n / (s->n_window - 1)));
    fill_filters(s, features->rate_hz, s->filters, s->weights);
    fill_transform(s);
    *spectrum = s;
    return ERNN_OK;
}

void ernn_spectrum_free(ernn_spectrum *spectrum)
{
    if (!spectrum)
        return;
    ernn_mem_free(spectrum->window);
    ernn_mem_free(spectrum->filters);
    ernn_mem_free(spectrum->weights);
    ernn_mem_free(spectrum->transform);
    ernn_mem_free(spectrum->fft_memory);
    ernn_mem_free(spectrum->padded);
    ernn_mem_free(spectrum->bins);
    ernn_mem_free(spectrum->power);
    ernn_mem_free(spectrum->log_mel);
    ernn_mem_free(spectrum);
}

int ernn_spectrum_window(const ernn_spectrum *spectrum)
{
    return spectrum->n_window;
}

int ernn_spectrum_width(const ernn_spectrum *spectrum)
{
    return spectrum->n_cepstra ? spectrum->n_cepstra : spectrum->n_filters;
}

// log_mel[n_filters] from the windowed samples in `padded`.
static void run_filters(ernn_spectrum *s, float *log_mel)
{
    kiss_fftr(s->fft, s->padded, s->bins);
    for (int bin = 0; bin <= s->n_fft / 2; bin++)
        s->power[bin] = s->bins[bin].r * s->bins[bin].r + s->bins[bin].i * s->bins[bin].i;
    for (int j = 0; j < s->n_filters; j++) {
        const filter f = s->filters[j];
        const float *weights = s->weights + f.offset;
        const float *power = s->power + f.first;
        float energy = 0;
        for (int i = 0; i < f.n; i++)
            energy += weights[i] * power[i];
        log_mel[j] = logf(energy > ERNN_ENERGY_FLOOR ? energy : ERNN_ENERGY_FLOOR); // (F.5)
    }
}

void ernn_spectrum_run(ernn_spectrum *spectrum, const float *samples, float *values)
{
    ernn_spectrum *s = spectrum;
    for (int n = 0; n < s->n_window; n++)
        s->padded[n] = samples[n] * s->window[n];
    run_filters(s, s->n_cepstra ? s->log_mel : values);
    for (int i = 0; i < s->n_cepstra; i++) {
        const float *row = s->transform + i * s->n_filters;
        float sum = 0;
        for (int j = 0; j < s->n_filters; j++)
            sum += row[j] * s->log_mel[j];
        values[i] = sum;
    }
}
