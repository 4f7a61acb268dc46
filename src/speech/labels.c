// The phones of flite (CMU radio set) and of espeak-ng's American English as TIMIT labels.
// SPDX-License-Identifier: Apache-2.0
#include "speech/spoken.h"

#include <string.h>

typedef struct label_row {
    const char phone[6];
    const char labels[2][4];
} label_row;

// flite writes TIMIT's own names but for the schwa-like vowels and closures it does not know.
static const label_row FLITE[] = {
    {"aa", {"aa", ""}}, {"ae", {"ae", ""}},   {"ah", {"ah", ""}}, {"ao", {"ao", ""}},
    {"aw", {"aw", ""}}, {"ax", {"ax", ""}},   {"ay", {"ay", ""}}, {"axr", {"axr", ""}},
    {"b", {"b", ""}},   {"ch", {"ch", ""}},   {"d", {"d", ""}},   {"dh", {"dh", ""}},
    {"eh", {"eh", ""}}, {"er", {"er", ""}},   {"ey", {"ey", ""}}, {"f", {"f", ""}},
    {"g", {"g", ""}},   {"hh", {"hh", ""}},   {"ih", {"ih", ""}}, {"iy", {"iy", ""}},
    {"jh", {"jh", ""}}, {"k", {"k", ""}},     {"l", {"l", ""}},   {"m", {"m", ""}},
    {"n", {"n", ""}},   {"ng", {"ng", ""}},   {"ow", {"ow", ""}}, {"oy", {"oy", ""}},
    {"p", {"p", ""}},   {"pau", {"pau", ""}}, {"r", {"r", ""}},   {"s", {"s", ""}},
    {"sh", {"sh", ""}}, {"t", {"t", ""}},     {"th", {"th", ""}}, {"uh", {"uh", ""}},
    {"uw", {"uw", ""}}, {"v", {"v", ""}},     {"w", {"w", ""}},   {"y", {"y", ""}},
    {"z", {"z", ""}},   {"zh", {"zh", ""}},
};

// espeak-ng's mnemonics. R-coloured vowels are one phone there and two labels here; ';' marks a
// glide that belongs to the vowel before it.
static const label_row ESPEAK[] = {
    {"_", {"pau", ""}},     {"_:", {"pau", ""}},    {"__", {"pau", ""}},    {"_!", {"pau", ""}},
    {"_|", {"pau", ""}},    {"||", {"", ""}},       {";", {"", ""}},        {"a", {"ae", ""}},
    {"aa", {"ae", ""}},     {"a#", {"ax", ""}},     {"A:", {"aa", ""}},     {"A@", {"aa", "r"}},
    {"aI", {"ay", ""}},     {"aI@", {"ay", "axr"}}, {"aI3", {"ay", "axr"}}, {"aU", {"aw", ""}},
    {"aU@", {"aw", "axr"}}, {"b", {"b", ""}},       {"d", {"d", ""}},       {"d#", {"d", ""}},
    {"D", {"dh", ""}},      {"dZ", {"jh", ""}},     {"E", {"eh", ""}},      {"E2", {"eh", ""}},
    {"E#", {"ix", ""}},     {"e@", {"eh", "r"}},    {"eI", {"ey", ""}},     {"f", {"f", ""}},
    {"g", {"g", ""}},       {"h", {"hh", ""}},      {"i", {"iy", ""}},      {"i:", {"iy", ""}},
    {"i@", {"iy", "ax"}},   {"i@3", {"ih", "r"}},   {"I", {"ih", ""}},      {"I2", {"ix", ""}},
    {"I#", {"ix", ""}},     {"IR", {"ih", "r"}},    {"j", {"y", ""}},       {"k", {"k", ""}},
    {"l", {"l", ""}},       {"m", {"m", ""}},       {"m-", {"em", ""}},     {"n", {"n", ""}},
    {"n-", {"en", ""}},     {"N", {"ng", ""}},      {"0", {"aa", ""}},      {"0#", {"aa", ""}},
    {"O", {"ao", ""}},      {"O2", {"ao", ""}},     {"O:", {"ao", ""}},     {"o@", {"ao", "r"}},
    {"O@", {"ao", "r"}},    {"OI", {"oy", ""}},     {"oU", {"ow", ""}},     {"oU#", {"ow", ""}},
    {"p", {"p", ""}},       {"r", {"r", ""}},       {"r-", {"r", ""}},      {"s", {"s", ""}},
    {"S", {"sh", ""}},      {"t", {"t", ""}},       {"t2", {"t", ""}},      {"t#", {"dx", ""}},
    {"T", {"th", ""}},      {"tS", {"ch", ""}},     {"u:", {"uw", ""}},     {"U", {"uh", ""}},
    {"U@", {"uh", "r"}},    {"v", {"v", ""}},       {"V", {"ah", ""}},      {"VR", {"er", ""}},
    {"w", {"w", ""}},       {"z", {"z", ""}},       {"z#", {"z", ""}},      {"Z", {"zh", ""}},
    {"3", {"axr", ""}},     {"3:", {"er", ""}},     {"@", {"ax", ""}},      {"@2", {"ax", ""}},
    {"@5", {"ax", ""}},     {"@-", {"ix", ""}},     {"@L", {"el", ""}},     {"?", {"q", ""}},
};

int ernn_labels_find(ernn_engine engine, const char *phone, const char *labels[2])
{
    const bool is_flite = engine == ERNN_ENGINE_FLITE;
    const label_row *rows = is_flite ? FLITE : ESPEAK;
    const size_t n = is_flite ? sizeof FLITE / sizeof *FLITE : sizeof ESPEAK / sizeof *ESPEAK;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(rows[i].phone, phone) != 0)
            continue;
        int n_labels = 0;
        for (; n_labels < 2 && rows[i].labels[n_labels][0]; n_labels++)
            labels[n_labels] = rows[i].labels[n_labels];
        return n_labels;
    }
    return -1;
}

bool ernn_label_is_silence(const char *label)
{
    return strcmp(label, "pau") == 0;
}

const char *ernn_label_closure(const char *label)
{
    static const char CLOSURES[][2][4] = {{"b", "bcl"}, {"d", "dcl"}, {"g", "gcl"},  {"p", "pcl"},
                                          {"t", "tcl"}, {"k", "kcl"}, {"jh", "dcl"}, {"ch", "tcl"}};
    for (size_t i = 0; i < sizeof CLOSURES / sizeof *CLOSURES; i++)
        if (strcmp(CLOSURES[i][0], label) == 0)
            return CLOSURES[i][1];
    return NULL;
}
