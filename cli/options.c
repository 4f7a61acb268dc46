// Command lines by a table, with getopt_long underneath. SPDX-License-Identifier: Apache-2.0
#include "options.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { MAX_OPTIONS = 128, FIRST_NUMBER = 256 }; // getopt's numbers lie above the letters

const char *const ernn_option_labels[] = {"61", "48", "39", NULL};

bool ernn_option_spec(const char *verb, const char *text, void *spec)
{
    ernn_error err = {0};
    if (ernn_spec_parse(spec, text, &err) == ERNN_OK)
        return true;
    ernn_cli_usage(verb, "--spec: %s", err.text);
    return false;
}

// ---- Values ----

// Splits at the colon: part[40] has what is before it, the result is what is after. NULL after a
// usage line.
static const char *split(const char *verb, const char *name, const char *form, const char *text,
                         char *part)
{
    const char *colon = strchr(text, ':');
    if (!colon || colon - text >= 40) {
        ernn_cli_usage(verb, "--%s: '%s', two numbers %s are wanted", name, text, form);
        return NULL;
    }
    memcpy(part, text, (size_t)(colon - text));
    part[colon - text] = '\0';
    return colon + 1;
}

static bool set_pair(const char *verb, const ernn_option *o, const char *text, double *first,
                     double *second)
{
    char part[40];
    const char *rest = split(verb, o->name, "FIRST:LAST", text, part);
    return rest && ernn_cli_number(verb, o->name, part, o->low, o->high, first) &&
           ernn_cli_number(verb, o->name, rest, *first, o->high, second);
}

static bool set_counts(const char *verb, const ernn_option *o, const char *text, int *count,
                       int *width)
{
    char part[40];
    const char *rest = split(verb, o->name, "N:WIDTH", text, part);
    return rest && ernn_cli_integer(verb, o->name, part, (long)o->low, (long)o->high, count) &&
           ernn_cli_integer(verb, o->name, rest, 1, (long)o->high_second, width);
}

static bool set_choice(const char *verb, const ernn_option *o, const char *text, int *index)
{
    int n = 0;
    for (; o->words[n]; n++)
        if (strcmp(text, o->words[n]) == 0) {
            *index = n;
            return true;
        }
    char allowed[106] = "one of";
    for (int i = 0; i < n; i++)
        snprintf(allowed + strlen(allowed), sizeof allowed - strlen(allowed), " %s", o->words[i]);
    ernn_cli_usage(verb, "--%s: '%s', %s is wanted", o->name, text,
                   o->wanted ? o->wanted : allowed);
    return false;
}

bool ernn_option_set(const char *verb, const ernn_option *o, const char *text, void *fields)
{
    void *field = (char *)fields + o->field;
    void *second = (char *)fields + o->second;
    int value = 0;
    switch (o->kind) {
    case OPTION_TEXT:
        *(const char **)field = text;
        return true;
    case OPTION_FLAG:
        *(bool *)field = true;
        return true;
    case OPTION_CONSTANT:
        *(int *)field = (int)o->low;
        return true;
    case OPTION_INTEGER:
        return ernn_cli_integer(verb, o->name, text, (long)o->low, (long)o->high, field);
    case OPTION_NUMBER:
        return ernn_cli_number(verb, o->name, text, o->low, o->high, field);
    case OPTION_PAIR:
        return set_pair(verb, o, text, field, second);
    case OPTION_COUNTS:
        return set_counts(verb, o, text, field, second);
    case OPTION_CHOICE:
        return set_choice(verb, o, text, field);
    case OPTION_SEED:
        if (!ernn_cli_integer(verb, o->name, text, (long)o->low, (long)o->high, &value))
            return false;
        *(uint64_t *)field = (uint64_t)value;
        return true;
    case OPTION_CALL:
        return o->take(verb, text, field);
    case OPTION_SHOW:
        break;
    }
    return true;
}

// ---- A listing ----

static void print_range(const ernn_option *o, const void *defaults)
{
    const void *field = (const char *)defaults + o->field;
    const void *second = (const char *)defaults + o->second;
    if (o->preset) {
        printf("%g to %g, default %s", o->low, o->high, o->preset);
        return;
    }
    switch (o->kind) {
    case OPTION_FLAG:
    case OPTION_CONSTANT:
        printf("default off");
        break;
    case OPTION_INTEGER:
        printf("%.0f to %.0f, default %d", o->low, o->high, *(const int *)field);
        break;
    case OPTION_NUMBER:
        printf("%g to %g, default %g", o->low, o->high, *(const double *)field);
        break;
    case OPTION_PAIR:
        printf("FIRST:LAST, %g to %g, default %g:%g", o->low, o->high, *(const double *)field,
               *(const double *)second);
        break;
    case OPTION_COUNTS:
        printf("N:WIDTH, up to %g of 1 to %g, default %d:%d", o->high, o->high_second,
               *(const int *)field, *(const int *)second);
        break;
    case OPTION_CHOICE:
        for (int i = 0; o->words[i]; i++)
            printf("%s%s", i ? "|" : "", o->words[i]);
        printf(", default %s", o->words[*(const int *)field]);
        break;
    case OPTION_SEED:
        printf("%.0f to %.0f, default %" PRIu64, o->low, o->high, *(const uint64_t *)field);
        break;
    case OPTION_TEXT:
    case OPTION_CALL:
    case OPTION_SHOW:
        break;
    }
}

void ernn_option_list(const ernn_option *options, const void *defaults)
{
    for (const ernn_option *o = options; o->name; o++) {
        if (!o->help)
            continue;
        printf("  --%-18s %s (", o->name, o->help);
        print_range(o, defaults);
        printf(")\n");
    }
}

// ---- The command line ----

// The tables as getopt wants them. Entry i has number FIRST_NUMBER + i, or its letter.
typedef struct getopt_table {
    int n;
    struct option names[MAX_OPTIONS + 1]; // one without a name ends them
    char letters[2 * MAX_OPTIONS + 2];
    const ernn_option *options[MAX_OPTIONS];
    void *fields[MAX_OPTIONS];
} getopt_table;

static bool has_value(const ernn_option *o)
{
    return o->kind != OPTION_FLAG && o->kind != OPTION_CONSTANT && o->kind != OPTION_SHOW;
}

static void add(getopt_table *t, const ernn_option *o, void *fields)
{
    for (int i = 0; i < t->n; i++)
        if (strcmp(t->names[i].name, o->name) == 0)
            return;
    assert(t->n < MAX_OPTIONS);
    t->names[t->n] = (struct option){o->name, has_value(o) ? required_argument : no_argument, NULL,
                                     o->letter ? o->letter : FIRST_NUMBER + t->n};
    t->options[t->n] = o;
    t->fields[t->n++] = fields;
    const size_t used = strlen(t->letters);
    if (o->letter)
        snprintf(t->letters + used, sizeof t->letters - used, "%c%s", o->letter,
                 has_value(o) ? ":" : "");
}

// Own options, --help, and those of `more`.
static void fill(getopt_table *t, const ernn_command *c)
{
    static const ernn_option help = {"help", OPTION_SHOW, .letter = 'h'};
    for (const ernn_option *o = c->options; o->name; o++)
        add(t, o, c->fields);
    add(t, &help, NULL);
    for (const ernn_option *o = c->more; o && o->name; o++)
        if (!c->without || strcmp(o->name, c->without) != 0)
            add(t, o, c->more_fields);
}

// Names that `word`, an option with its dashes and perhaps a value, is the beginning of.
static void list_beginning(const getopt_table *t, const char *word, char *names, size_t size)
{
    const size_t n = strcspn(word + 2, "=");
    names[0] = '\0';
    for (int i = 0; i < t->n; i++) {
        const size_t used = strlen(names);
        if (strncmp(t->names[i].name, word + 2, n) == 0)
            snprintf(names + used, size - used, " --%s", t->names[i].name);
    }
}

// What is wrong with the option that getopt did not take. `number` is its answer.
static int complain(const ernn_command *c, const getopt_table *t, int number, char **argv)
{
    const char *word = argv[optind - 1];
    char names[160];
    for (int i = 0; i < t->n; i++)
        if (optopt == t->names[i].val)
            return ernn_cli_usage(c->verb, "--%s: %s", t->names[i].name,
                                  number == ':' ? "a value is wanted" : "it takes no value");
    if (optopt)
        return ernn_cli_usage(c->verb, "'-%c' is no option", optopt);
    list_beginning(t, word, names, sizeof names);
    if (names[0])
        return ernn_cli_usage(c->verb, "'%s' could be one of%s", word, names);
    return ernn_cli_usage(c->verb, "'%s' is no option", word);
}

int ernn_command_read(const ernn_command *c, int argc, char **argv)
{
    getopt_table table = {.letters = ":"}; // a missing value is told apart
    int number;
    opterr = 0; // the line about it is ours
    fill(&table, c);
    while ((number = getopt_long(argc, argv, table.letters, table.names, NULL)) != -1) {
        int i = 0;
        while (i < table.n && table.names[i].val != number)
            i++;
        if (i == table.n)
            return complain(c, &table, number, argv);
        const ernn_option *o = table.options[i];
        if (o->kind == OPTION_SHOW)
            return o->show ? o->show() : fputs(c->help, stdout) < 0;
        if (!ernn_option_set(c->verb, o, optarg, table.fields[i]) ||
            (c->then && !c->then(c->fields, table.fields[i], o, optarg)))
            return ERNN_EXIT_USAGE;
    }
    if (c->operand && optind + 1 != argc)
        return ernn_cli_usage(c->verb, "%d %s given, one is wanted", argc - optind, c->operand);
    return -1;
}
