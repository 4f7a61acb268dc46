// CTC loss and gradient of one utterance by the forward-backward recursion in log space, in double
// precision so that long utterances and confident networks neither underflow nor lose the path.
//
// The labels are extended with blanks to S = 2 L + 1 states: blank, l_1, blank, ... l_L, blank.
// docs/math.md L.1 to L.3; Graves et al. 2006. SPDX-License-Identifier: Apache-2.0
#include "nn/ctc.h"

#include "num/activation.h"

#include <assert.h>
#include <math.h>

// What the recursions share. alpha[T][S], normaliser[T], beta[2][S], posterior[C] lie in scratch.
typedef struct lattice {
    const float *logits;
    size_t stride;
    int n_frames;
    int n_classes;
    int n_states;
    const int *labels;
    double *alpha;      // ln p(prefix ends in state s at frame t, emission of t included)
    double *normaliser; // ln sum_c exp(logits[t][c])
    double *beta;       // ln p(suffix from state s after frame t, emission of t excluded)
    double *posterior;
} lattice;

size_t ernn_ctc_scratch(int n_frames, int n_classes, int n_labels)
{
    const size_t n_states = 2 * (size_t)n_labels + 1;
    return (size_t)n_frames * n_states + (size_t)n_frames + 2 * n_states + (size_t)n_classes;
}

static int state_class(const lattice *l, int s)
{
    return s % 2 ? l->labels[s / 2] : 0;
}

// A label may follow the previous one without a blank between when they differ.
static bool may_skip(const lattice *l, int s)
{
    return s % 2 && s >= 3 && l->labels[s / 2] != l->labels[s / 2 - 1];
}

// ln p(class of state s at frame t)
static double emission(const lattice *l, int t, int s)
{
    return l->logits[(size_t)t * l->stride + (size_t)state_class(l, s)] - l->normaliser[t];
}

// ln(exp(a) + exp(b) + exp(c))
static double log_sum(double a, double b, double c)
{
    const double most = fmax(a, fmax(b, c));
    if (most == -INFINITY)
        return most;
    double sum = 0;
    sum += a == most ? 1 : exp(a - most);
    sum += b == most ? 1 : b == -INFINITY ? 0 : exp(b - most);
    sum += c == most ? 1 : c == -INFINITY ? 0 : exp(c - most);
    return most + log(sum);
}

// (L.1) alpha_t(s) = (alpha_{t-1}(s) + alpha_{t-1}(s-1) + [skip] alpha_{t-1}(s-2)) p_t(s);
// returns ln p(labels | logits).
static double forward(const lattice *l)
{
    const int n_states = l->n_states;
    for (int s = 0; s < n_states; s++)
        l->alpha[s] = s < 2 ? emission(l, 0, s) : -INFINITY;
    for (int t = 1; t < l->n_frames; t++) {
        const double *before = l->alpha + (size_t)(t - 1) * n_states;
        double *now = l->alpha + (size_t)t * n_states;
        for (int s = 0; s < n_states; s++) {
            const double stay = before[s];
            const double step = s >= 1 ? before[s - 1] : -INFINITY;
            const double skip = may_skip(l, s) ? before[s - 2] : -INFINITY;
            now[s] = log_sum(stay, step, skip) + emission(l, t, s);
        }
    }
    const double *last = l->alpha + (size_t)(l->n_frames - 1) * n_states;
    return log_sum(last[n_states - 1], n_states > 1 ? last[n_states - 2] : -INFINITY, -INFINITY);
}

// (L.2) beta_t(s) = beta_{t+1}(s) p_{t+1}(s) + beta_{t+1}(s+1) p_{t+1}(s+1) + [skip] ...(s+2).
// `after` holds beta_{t+1}(s) + ln p_{t+1}(s).
static void beta_step(const lattice *l, const double *after, double *beta)
{
    const int n_states = l->n_states;
    for (int s = 0; s < n_states; s++) {
        const double step = s + 1 < n_states ? after[s + 1] : -INFINITY;
        const double skip = s + 2 < n_states && may_skip(l, s + 2) ? after[s + 2] : -INFINITY;
        beta[s] = log_sum(after[s], step, skip);
    }
}

// (L.3) d(-ln p) / d logit_t(c) = softmax_t(c) - sum over states s of class c of alpha_t(s)
// beta_t(s) / p
static void gradient_row(const lattice *l, int t, double log_p, const double *beta, float *gradient)
{
    const double *alpha = l->alpha + (size_t)t * l->n_states;
    const float *logits = l->logits + (size_t)t * l->stride;
    for (int c = 0; c < l->n_classes; c++)
        l->posterior[c] = 0;
    for (int s = 0; s < l->n_states; s++)
        l->posterior[state_class(l, s)] += exp(alpha[s] + beta[s] - log_p);
    for (int c = 0; c < l->n_classes; c++)
        gradient[c] = (float)(exp(logits[c] - l->normaliser[t]) - l->posterior[c]);
}

static void backward(const lattice *l, double log_p, float *gradient)
{
    const int n_states = l->n_states;
    double *beta = l->beta;
    double *after = l->beta + n_states;
    for (int s = 0; s < n_states; s++)
        beta[s] = s >= n_states - 2 ? 0 : -INFINITY;
    for (int t = l->n_frames - 1; t >= 0; t--) {
        gradient_row(l, t, log_p, beta, gradient + (size_t)t * l->stride);
        for (int s = 0; s < n_states; s++)
            after[s] = beta[s] + emission(l, t, s);
        beta_step(l, after, beta);
    }
}

// Frames that the shortest path takes: one for each label and one for the blank between repeats.
static int shortest_path(const int *labels, int n_labels)
{
    int n = n_labels;
    for (int i = 1; i < n_labels; i++)
        n += labels[i] == labels[i - 1];
    return n;
}

double ernn_ctc(const float *logits, size_t stride, int n_frames, int n_classes, const int *labels,
                int n_labels, float *gradient, double *scratch)
{
    assert(n_frames >= 0 && n_classes >= 1 && n_labels >= 0 && stride >= (size_t)n_classes);
    const bool has_path = n_frames >= shortest_path(labels, n_labels);
    if (!has_path || n_frames == 0) {
        for (int t = 0; gradient && t < n_frames; t++)
            for (int c = 0; c < n_classes; c++)
                gradient[(size_t)t * stride + (size_t)c] = 0;
        return has_path ? 0 : INFINITY;
    }
    lattice l = {.logits = logits,
                 .stride = stride,
                 .n_frames = n_frames,
                 .n_classes = n_classes,
                 .n_states = 2 * n_labels + 1,
                 .labels = labels};
    l.alpha = scratch;
    l.normaliser = l.alpha + (size_t)n_frames * l.n_states;
    l.beta = l.normaliser + n_frames;
    l.posterior = l.beta + 2 * l.n_states;
    for (int t = 0; t < n_frames; t++)
        l.normaliser[t] = ernn_log_sum_exp(logits + (size_t)t * stride, n_classes);
    const double log_p = forward(&l);
    if (gradient)
        backward(&l, log_p, gradient);
    return -log_p;
}
