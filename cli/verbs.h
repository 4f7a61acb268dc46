// The verbs of the command. A new verb is one line here, one file and one entry in meson.build.
// Each takes what follows `ernn`, so argv[0] is the verb itself. SPDX-License-Identifier:
// Apache-2.0
#ifndef ERNN_CLI_VERBS_H
#define ERNN_CLI_VERBS_H

typedef struct ernn_verb {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *purpose;
} ernn_verb;

int ernn_cli_corpus(int argc, char **argv);
int ernn_cli_eval(int argc, char **argv);
int ernn_cli_explore(int argc, char **argv);
int ernn_cli_features(int argc, char **argv);
int ernn_cli_quantize(int argc, char **argv);
int ernn_cli_inspect(int argc, char **argv);
int ernn_cli_recognize(int argc, char **argv);
int ernn_cli_generate(int argc, char **argv);
int ernn_cli_place(int argc, char **argv);
int ernn_cli_report(int argc, char **argv);
int ernn_cli_simulate(int argc, char **argv);
int ernn_cli_synth(int argc, char **argv);
int ernn_cli_train(int argc, char **argv);
int ernn_cli_version(int argc, char **argv);

// In the order in which a user needs them.
static const ernn_verb ERNN_VERBS[] = {
    {"corpus", ernn_cli_corpus, "make a synthetic corpus in TIMIT's layout"},
    {"features", ernn_cli_features, "width, frames, mean and deviation of the features"},
    {"train", ernn_cli_train, "a network: dense, circulant, or by ADMM"},
    {"eval", ernn_cli_eval, "phone error rate of a trained or quantised model"},
    {"quantize", ernn_cli_quantize, "a trained network in integers, with its formats"},
    {"inspect", ernn_cli_inspect, "what a model, quantised model or checkpoint holds"},
    {"recognize", ernn_cli_recognize, "phones with times from an audio file or a stream"},
    {"explore", ernn_cli_explore, "choose cell, block sizes, word lengths and parallelism"},
    {"generate", ernn_cli_generate, "the accelerator of a quantised model, in Verilog"},
    {"simulate", ernn_cli_simulate, "run the accelerator's bench against the C model"},
    {"synth", ernn_cli_synth, "cells of the accelerator on a device (synthesis only)"},
    {"place", ernn_cli_place, "place and route on an ECP5, to a bitstream"},
    {"report", ernn_cli_report, "one table, JSON and page from the steps of a run"},
    {"version", ernn_cli_version, "print the version"},
};

#endif
