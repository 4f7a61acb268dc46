// The options of a verb as a table: name, kind, the field it sets and the values it takes. One
// function reads a command line by it. SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_CLI_OPTIONS_H
#define ERNN_CLI_OPTIONS_H

#include "cli.h"

#include <getopt.h> // optind
#include <stddef.h>

// What the value looks like and the field's type.
typedef enum ernn_option_kind {
    OPTION_TEXT,     // const char *
    OPTION_FLAG,     // no value: bool, set to true
    OPTION_CONSTANT, // no value: int, set to `low`
    OPTION_INTEGER,  // int from `low` to `high`
    OPTION_NUMBER,   // double from `low` to `high`
    OPTION_PAIR,     // FIRST:LAST in two doubles, the second not below the first
    OPTION_COUNTS,   // N:WIDTH in two ints, the width from 1 to `high_second`
    OPTION_CHOICE,   // one of `words`: int, its index
    OPTION_SEED,     // whole number from `low` to `high`: uint64_t
    OPTION_CALL,     // `take` reads it
    OPTION_SHOW,     // no value: `show` prints, and the command ends with its exit code
} ernn_option_kind;

typedef struct ernn_option {
    const char *name;
    ernn_option_kind kind;
    size_t field; // bytes from the start of the fields
    double low;
    double high;
    size_t second;            // PAIR, COUNTS
    double high_second;       // COUNTS
    const char *const *words; // CHOICE: a list that ends with NULL, in the order of the enum
    const char *wanted;       // CHOICE: the words in a usage line, NULL: one after the other
    bool (*take)(const char *verb, const char *text, void *field); // false after a usage line
    int (*show)(void);
    char letter;        // -o beside --output, 0: none
    int marks;          // bits that mean something to the verb alone
    const char *help;   // for a listing: the meaning
    const char *preset; // and the default in words, when the field's own does not say it
} ernn_option;

// The field `name` of the struct `type`; low and high may follow it.
#define OPTION_FIELD(type, name) .field = offsetof(type, name)

// What a verb's command line may hold. Tables end with an entry without a name.
typedef struct ernn_command {
    const char *verb;    // in usage lines
    const char *help;    // the text of --help and -h; NULL: the table has it
    const char *operand; // what must stand once behind the options, NULL: the verb sees to it
    const ernn_option *options; // the verb's own
    void *fields;               // the struct that these set
    const ernn_option *more;    // further ones, where no own one has the name; NULL: none
    void *more_fields;          // the struct that those set
    const char *without;        // the name that is left out of `more`, NULL: none
    // Called with `fields` for every option that was set; `set` is fields or more_fields. False
    // after a usage line. NULL: nothing.
    bool (*then)(void *fields, const void *set, const ernn_option *option, const char *text);
} ernn_command;

// Reads argv[1] and on by the table; afterwards optind is the first operand. Returns -1 to go on,
// else the exit code with which the command ends: after --help, or after one usage line.
int ernn_command_read(const ernn_command *command, int argc, char **argv);

// Sets one option's field. False after a usage line.
bool ernn_option_set(const char *verb, const ernn_option *option, const char *text, void *fields);

// One line for each option that has a help: name, meaning, range and its default, to stdout.
void ernn_option_list(const ernn_option *options, const void *defaults);

// --labels in the order of ernn_phone_set, for OPTION_CHOICE.
extern const char *const ernn_option_labels[];
// --spec TEXT into an ernn_spec, for OPTION_CALL.
bool ernn_option_spec(const char *verb, const char *text, void *spec);

#endif
