// Cycles: the schedule of rtl/lstm_layer.v and rtl/gru_layer.v played frame by frame, block by
// block. Only times are kept: when a block of a vector can be used, when a group of block rows ends
// (rtl/circ_sequence.v), when its rows leave. The constants are pipeline lengths read off the
// modules and confirmed by simulation; docs/hardware.md has the remaining error.
// SPDX-License-Identifier: Apache-2.0
#include "hw/shape.h"

enum {
    SPECTRUM = 3,   // rtl/circ_spectrum.v: last row of a block to its use, without the transform
    EXIT = 9,       // rtl/circ_array.v: last column to block row, without the transform
    SETTLE = 6,     // rtl/recurrence.v: between the ends of groups
    FILLED = 2,     // rtl/ring_control.v: last block of an input product to the first column
    LSTM_CELL = 15, // rtl/lstm_cell.v: W_r y to m
    LSTM_PEEPHOLE = 18,  //
    GRU_RESET = 8,       // rtl/gru_reset.v: W_r y to u
    GRU_CELL_AFTER = 16, // rtl/gru_cell.v: W_r y to h
    GRU_CELL_BEFORE = 9, //
    FIFO = 2,            // rtl/frame_fifo.v
    SPLIT = 1,           // rtl/row_split.v
    SCORE = 2,           // rtl/linear_layer.v: W y to score
    LONG_AGO = -(1 << 24),
};

// rtl/rfft.v and rtl/irfft.v.
static int transform_cycles(int log2_k)
{
    return log2_k == 0 ? 1 : log2_k + (log2_k > 2 ? 2 * (log2_k - 2) : 0);
}

static int larger(int a, int b)
{
    return a > b ? a : b;
}

// Times of the rows or blocks of one vector, in order.
typedef struct times {
    int n;
    int at[ERNN_MAX_SIZE];
} times;

// An array of elements: each chain has `pes`, which work on `ring` groups of rows in turn.
typedef struct array {
    int pes;
    int ring;
    int settle;
    int free;  // the next column may be worked on
    int drain; // the next group may end
} array;

// A job of the array: one product.
typedef struct job {
    int cols;
    int rows; // block rows of a chain
    int gap;  // cycles between block rows that leave
    int log2_k;
} job;

static array new_array(int pes, int ring, int settle)
{
    return (array){.pes = pes, .ring = ring, .settle = settle, .free = LONG_AGO, .drain = LONG_AGO};
}

// Plays a job whose first column may not be before `start` and column c not before columns->at[c]
// (NULL: all are there). `blocks` receives when each block row leaves; returns when the job ended.
static int play(array *a, const job *j, int start, const times *columns, times *blocks)
{
    int t = larger(a->free, start);
    int ended = t;
    blocks->n = 0;
    for (int left = j->rows; left > 0;) {
        for (int c = 0; c + 1 < j->cols; c++)
            t = larger(t, columns ? columns->at[c] : t) + a->ring;
        t = larger(t, columns ? columns->at[j->cols - 1] : t);
        columns = NULL; // after the first pass all are there
        for (int slot = 0; slot < a->ring && left > 0; slot++) {
            const int rows = left < a->pes ? left : a->pes;
            ended = larger(t, a->drain);
            for (int row = 0; row < rows; row++)
                blocks->at[blocks->n++] = ended + row * j->gap + EXIT + transform_cycles(j->log2_k);
            a->drain = ended + larger(rows * j->gap, a->settle);
            left -= rows;
            t = ended + 1;
        }
    }
    a->free = t;
    return ended;
}

// Blocks to rows of `lanes` words, `n` of them, each `delay` cycles later.
static void to_rows(const times *blocks, int block_rows, int n, int delay, times *rows)
{
    rows->n = n;
    for (int r = 0; r < n; r++)
        rows->at[r] = blocks->at[r / block_rows] + r % block_rows + delay;
}

// When each of `cols` blocks of k words can be used, from the rows of `lanes` words.
static void to_columns(const times *rows, int lanes, int k, int log2_k, int cols, times *columns)
{
    const int block_rows = k / lanes;
    columns->n = cols;
    for (int c = 0; c < cols; c++) {
        const int last = (c + 1) * block_rows < rows->n ? (c + 1) * block_rows : rows->n;
        columns->at[c] = rows->at[last - 1] + SPECTRUM + transform_cycles(log2_k);
    }
}

// One layer of a design at work.
typedef struct layer_run {
    const ernn_layer_spec *layer;
    const ernn_design *design;
    bool is_before;
    bool is_shared;
    bool is_projected;
    int chains;
    int cells;
    int outputs;
    ernn_hw_shape input;
    ernn_hw_shape recurrent;
    ernn_hw_shape projection;
    array main;
    array ahead;
    array second; // projection
    int stream;   // of the next frame
    // columns of the recurrent product of each stream's next frame
    times y[ERNN_MAX_STREAMS];
    times x;    // columns of the input product
    times rows; // work space
    times blocks;
    times out; // rows of the output
} layer_run;

static void begin_run(const ernn_spec *spec, const ernn_design *design, int l, layer_run *run)
{
    const int *pes = design->layer_pes[l];
    *run = (layer_run){.layer = &spec->layers[l], .design = design};
    run->is_before = spec->layers[l].cell == ERNN_CELL_GRU && !spec->layers[l].is_reset_after;
    run->cells = spec->layers[l].n_cells;
    run->outputs = ernn_spec_layer_outputs(spec, l);
    run->chains = ernn_hw_chains(spec, l, ERNN_PRODUCT_RECURRENT);
    run->is_shared = pes[ERNN_PRODUCT_INPUT] == 0;
    ernn_hw_shape_of(spec, l, ERNN_PRODUCT_INPUT, &run->input);
    ernn_hw_shape_of(spec, l, ERNN_PRODUCT_RECURRENT, &run->recurrent);
    run->is_projected = ernn_hw_shape_of(spec, l, ERNN_PRODUCT_PROJECTION, &run->projection);
    run->main = new_array(pes[ERNN_PRODUCT_RECURRENT] / run->chains, 1,
                          run->is_shared || run->is_before ? SETTLE : 1);
    if (!run->is_shared)
        run->ahead =
            new_array(pes[ERNN_PRODUCT_INPUT] / ernn_hw_chains(spec, l, ERNN_PRODUCT_INPUT), 1, 1);
    if (run->is_projected) {
        const int n = pes[ERNN_PRODUCT_PROJECTION];
        run->second = new_array(n, ernn_hw_ceil(run->projection.p, n), 1);
    }
    run->x.n = run->input.q;
    for (int s = 0; s < design->streams; s++) {
        run->y[s].n = run->recurrent.q;
        for (int c = 0; c < run->recurrent.q; c++)
            run->y[s].at[c] = LONG_AGO;
    }
    for (int c = 0; c < run->x.n; c++)
        run->x.at[c] = LONG_AGO;
}

static job input_job(const layer_run *run)
{
    return (job){.cols = run->input.q,
                 .rows = ernn_hw_ceil(run->cells, run->input.k),
                 .gap = 1,
                 .log2_k = run->input.log2_k};
}

// Rows of y to the output and, as columns, to the stream's next frame.
static void feed_back(layer_run *run, int lanes)
{
    const ernn_hw_shape *s = &run->recurrent;
    to_columns(&run->rows, lanes, s->k, s->log2_k, s->q, &run->y[run->stream]);
    run->stream = (run->stream + 1) % run->design->streams;
    const int gather = run->design->lanes / lanes;
    run->out.n = ernn_hw_ceil(run->outputs, run->design->lanes);
    for (int r = 0; r < run->out.n; r++) {
        const int last = (r + 1) * gather < run->rows.n ? (r + 1) * gather : run->rows.n;
        run->out.at[r] = run->rows.at[last - 1] + (gather > 1) + FIFO;
    }
}

static int cell_cycles(const layer_run *run)
{
    if (run->layer->cell == ERNN_CELL_GRU)
        return run->is_before ? GRU_CELL_BEFORE : GRU_CELL_AFTER;
    return run->layer->is_peephole ? LSTM_PEEPHOLE : LSTM_CELL;
}

// One frame, whose input product is `has_input` at hand or made from run->x. Returns when its first
// recurrent product ended.
static int play_frame(layer_run *run, bool has_input)
{
    const int lanes = run->design->cell_lanes;
    const ernn_hw_shape *s = &run->recurrent;
    const job in = input_job(run);
    const job main = {.cols = s->q,
                      .rows = ernn_hw_ceil(run->cells, s->k),
                      .gap = s->k / lanes,
                      .log2_k = s->log2_k};
    const int rows = ernn_hw_ceil(run->cells, lanes);
    int start = LONG_AGO;
    if (run->is_shared) {
        play(&run->main, &in, LONG_AGO, &run->x, &run->blocks);
    } else if (!has_input) {
        play(&run->ahead, &in, LONG_AGO, &run->x, &run->blocks);
        start = run->blocks.at[run->blocks.n - 1] + FILLED;
    }
    times *y = &run->y[run->stream];
    const int ended = play(&run->main, &main, start, y, &run->blocks);
    if (run->is_before) { // r is done: u, z meanwhile, and the candidate
        to_rows(&run->blocks, main.gap, rows, GRU_RESET, &run->rows);
        play(&run->main, &main, LONG_AGO, NULL, &run->blocks);
        to_columns(&run->rows, lanes, s->k, s->log2_k, s->q, y);
        play(&run->main, &main, LONG_AGO, y, &run->blocks);
    }
    to_rows(&run->blocks, main.gap, rows, cell_cycles(run), &run->rows);
    if (!run->is_projected) {
        feed_back(run, lanes);
        return ended;
    }
    const ernn_hw_shape *p = &run->projection;
    const job second = {
        .cols = p->q, .rows = p->p, .gap = p->k / run->design->lanes, .log2_k = p->log2_k};
    to_columns(&run->rows, lanes, p->k, p->log2_k, p->q, &run->out);
    play(&run->second, &second, LONG_AGO, &run->out, &run->blocks);
    to_rows(&run->blocks, second.gap, ernn_hw_ceil(run->outputs, run->design->lanes), 0,
            &run->rows);
    feed_back(run, run->design->lanes);
    return ended;
}

int ernn_hw_loop_cycles(const ernn_spec *spec, const ernn_design *design, int l)
{
    enum { SETTLED = 5 };
    layer_run run;
    begin_run(spec, design, l, &run);
    int before = 0;
    int ended = 0;
    for (int turn = 0; turn < SETTLED; turn++) {
        before = ended;
        for (int stream = 0; stream < design->streams; stream++)
            ended = play_frame(&run, true);
    }
    return ernn_hw_ceil(ended - before, design->streams);
}

int ernn_hw_ahead_cycles(const ernn_spec *spec, const ernn_design *design, int l)
{
    layer_run run;
    begin_run(spec, design, l, &run);
    const int beats = ernn_hw_ceil(ernn_spec_layer_inputs(spec, l), design->lanes);
    if (run.is_shared)
        return beats;
    const job in = input_job(&run);
    const int first = play(&run.ahead, &in, 0, NULL, &run.blocks);
    return larger(play(&run.ahead, &in, 0, NULL, &run.blocks) - first, beats);
}

int ernn_hw_layer_cycles(const ernn_spec *spec, const ernn_design *design, int l)
{
    return larger(ernn_hw_loop_cycles(spec, design, l), ernn_hw_ahead_cycles(spec, design, l));
}

// ---- The output layer ----

static job output_job(const ernn_hw_shape *s, int lanes)
{
    return (job){.cols = s->q, .rows = s->p, .gap = s->k / lanes, .log2_k = s->log2_k};
}

int ernn_hw_output_cycles(const ernn_spec *spec, const ernn_design *design)
{
    const ernn_hw_shape s = ernn_hw_output_shape(spec);
    const int lanes = ernn_hw_output_lanes(spec, design);
    const int beats_in = ernn_hw_ceil(ernn_spec_layer_outputs(spec, spec->n_layers - 1), lanes);
    const int beats_out = ernn_hw_ceil(spec->n_labels, lanes);
    const job scores = output_job(&s, lanes);
    array elements = new_array(design->output_pes, 1, 1);
    times blocks;
    const int first = play(&elements, &scores, 0, NULL, &blocks);
    return larger(play(&elements, &scores, 0, NULL, &blocks) - first, larger(beats_out, beats_in));
}

// From beats of `lanes` words that come in to the scores that leave.
static void play_output(const ernn_spec *spec, const ernn_design *design, times *beats)
{
    const ernn_hw_shape s = ernn_hw_output_shape(spec);
    const int lanes = ernn_hw_output_lanes(spec, design);
    const int split = design->lanes / lanes; // rows of a beat
    const job scores = output_job(&s, lanes);
    array elements = new_array(design->output_pes, 1, 1);
    times rows = {.n = ernn_hw_ceil(ernn_spec_layer_outputs(spec, spec->n_layers - 1), lanes)};
    times columns;
    times blocks;
    for (int r = 0; r < rows.n; r++)
        rows.at[r] = larger(beats->at[r / split] + (split > 1 ? SPLIT : 0),
                            r ? rows.at[r - 1] + 1 : LONG_AGO);
    to_columns(&rows, lanes, s.k, s.log2_k, s.q, &columns);
    play(&elements, &scores, LONG_AGO, &columns, &blocks);
    to_rows(&blocks, s.k / lanes, ernn_hw_ceil(spec->n_labels, lanes), SCORE + FIFO, beats);
}

int ernn_hw_latency(const ernn_spec *spec, const ernn_design *design)
{
    times beats = {.n = ernn_hw_ceil(ernn_spec_layer_inputs(spec, 0), design->lanes)};
    for (int beat = 0; beat < beats.n; beat++)
        beats.at[beat] = beat;
    for (int l = 0; l < spec->n_layers; l++) {
        layer_run run;
        begin_run(spec, design, l, &run);
        to_columns(&beats, design->lanes, run.input.k, run.input.log2_k, run.input.q, &run.x);
        play_frame(&run, false);
        beats = run.out;
    }
    if (design->output_pes)
        play_output(spec, design, &beats);
    return beats.at[beats.n - 1] + 1;
}
