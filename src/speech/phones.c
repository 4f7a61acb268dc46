// TIMIT's 61 labels and Lee and Hon's classes (1989): 61 -> 48 for models, 48 -> 39 for scoring.
// SPDX-License-Identifier: Apache-2.0
#include "ernn/speech.h"

#include <string.h>

enum { N_61 = 61, N_48 = 48, N_39 = 39 };

// Every TIMIT label with its class among the 48; the glottal stop q has none.
static const struct {
    const char *name;
    const char *class_48;
} TIMIT[N_61] = {
    {"aa", "aa"},   {"ae", "ae"},   {"ah", "ah"},   {"ao", "ao"},   {"aw", "aw"},   {"ax", "ax"},
    {"ax-h", "ax"}, {"axr", "er"},  {"ay", "ay"},   {"b", "b"},     {"bcl", "vcl"}, {"ch", "ch"},
    {"d", "d"},     {"dcl", "vcl"}, {"dh", "dh"},   {"dx", "dx"},   {"eh", "eh"},   {"el", "el"},
    {"em", "m"},    {"en", "en"},   {"eng", "ng"},  {"epi", "epi"}, {"er", "er"},   {"ey", "ey"},
    {"f", "f"},     {"g", "g"},     {"gcl", "vcl"}, {"h#", "sil"},  {"hh", "hh"},   {"hv", "hh"},
    {"ih", "ih"},   {"ix", "ix"},   {"iy", "iy"},   {"jh", "jh"},   {"k", "k"},     {"kcl", "cl"},
    {"l", "l"},     {"m", "m"},     {"n", "n"},     {"ng", "ng"},   {"nx", "n"},    {"ow", "ow"},
    {"oy", "oy"},   {"p", "p"},     {"pau", "sil"}, {"pcl", "cl"},  {"q", NULL},    {"r", "r"},
    {"s", "s"},     {"sh", "sh"},   {"t", "t"},     {"tcl", "cl"},  {"th", "th"},   {"uh", "uh"},
    {"uw", "uw"},   {"ux", "uw"},   {"v", "v"},     {"w", "w"},     {"y", "y"},     {"z", "z"},
    {"zh", "zh"},
};

static const struct {
    const char *name;
    const char *class_39;
} CLASSES_48[N_48] = {
    {"aa", "aa"}, {"ae", "ae"},   {"ah", "ah"}, {"ao", "aa"},  {"aw", "aw"},   {"ax", "ah"},
    {"ay", "ay"}, {"b", "b"},     {"ch", "ch"}, {"cl", "sil"}, {"d", "d"},     {"dh", "dh"},
    {"dx", "dx"}, {"eh", "eh"},   {"el", "l"},  {"en", "n"},   {"epi", "sil"}, {"er", "er"},
    {"ey", "ey"}, {"f", "f"},     {"g", "g"},   {"hh", "hh"},  {"ih", "ih"},   {"ix", "ih"},
    {"iy", "iy"}, {"jh", "jh"},   {"k", "k"},   {"l", "l"},    {"m", "m"},     {"n", "n"},
    {"ng", "ng"}, {"ow", "ow"},   {"oy", "oy"}, {"p", "p"},    {"r", "r"},     {"s", "s"},
    {"sh", "sh"}, {"sil", "sil"}, {"t", "t"},   {"th", "th"},  {"uh", "uh"},   {"uw", "uw"},
    {"v", "v"},   {"vcl", "sil"}, {"w", "w"},   {"y", "y"},    {"z", "z"},     {"zh", "sh"},
};

static const char *const CLASSES_39[N_39] = {
    "aa", "ae", "ah", "aw", "ay",  "b",  "ch", "d",  "dh", "dx", "eh", "er", "ey",
    "f",  "g",  "hh", "ih", "iy",  "jh", "k",  "l",  "m",  "n",  "ng", "ow", "oy",
    "p",  "r",  "s",  "sh", "sil", "t",  "th", "uh", "uw", "v",  "w",  "y",  "z",
};

int ernn_phones_count(ernn_phone_set set)
{
    return set == ERNN_PHONES_61 ? N_61 : set == ERNN_PHONES_48 ? N_48 : N_39;
}

const char *ernn_phones_name(ernn_phone_set set, int phone)
{
    if (phone < 0 || phone >= ernn_phones_count(set))
        return NULL;
    if (set == ERNN_PHONES_61)
        return TIMIT[phone].name;
    return set == ERNN_PHONES_48 ? CLASSES_48[phone].name : CLASSES_39[phone];
}

int ernn_phones_find(ernn_phone_set set, const char *name)
{
    const int n = ernn_phones_count(set);
    for (int phone = 0; phone < n; phone++)
        if (strcmp(ernn_phones_name(set, phone), name) == 0)
            return phone;
    return -1;
}

int ernn_phones_fold(ernn_phone_set from, int phone, ernn_phone_set to)
{
    if (phone < 0 || phone >= ernn_phones_count(from) || to < from)
        return -1;
    if (from == to)
        return phone;
    if (from == ERNN_PHONES_48)
        return ernn_phones_find(ERNN_PHONES_39, CLASSES_48[phone].class_39);
    if (!TIMIT[phone].class_48)
        return -1;
    const int class_48 = ernn_phones_find(ERNN_PHONES_48, TIMIT[phone].class_48);
    return ernn_phones_fold(ERNN_PHONES_48, class_48, to);
}
