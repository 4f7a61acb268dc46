// Reading the text forms of a spec. SPDX-License-Identifier: Apache-2.0
#include "nn/cursor.h"

#include <stdio.h>
#include <string.h>

ernn_status ernn_cursor_refuse(const ernn_cursor *c, const char *wanted)
{
    const char *rest = c->text + c->at;
    if (!*rest)
        return ernn_error_set(c->err, ERNN_BAD_ARG, "'%.100s': ends where %s is wanted", c->text,
                              wanted);
    return ernn_error_set(c->err, ERNN_BAD_ARG, "'%.100s': '%.30s' at character %zu, %s is wanted",
                          c->text, rest, c->at + 1, wanted);
}

bool ernn_cursor_take(ernn_cursor *c, const char *word)
{
    const size_t n = strlen(word);
    if (strncmp(c->text + c->at, word, n) != 0)
        return false;
    c->at += n;
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

ernn_status ernn_cursor_number(ernn_cursor *c, int low, int high, const char *what, int *number)
{
    char wanted[80];
    snprintf(wanted, sizeof wanted, "%s from %d to %d", what, low, high);
    const ernn_cursor start = *c;
    int value = 0;
    while (is_digit(c->text[c->at]) && value <= high)
        value = 10 * value + (c->text[c->at++] - '0');
    const bool is_padded = c->text[start.at] == '0' && c->at > start.at + 1;
    if (c->at == start.at || is_padded || value < low || value > high)
        return ernn_cursor_refuse(&start, wanted);
    *number = value;
    return ERNN_OK;
}

void ernn_decimal_print(int number, int digits, char *text)
{
    int unit = 1;
    for (int d = 0; d < digits; d++)
        unit *= 10;
    size_t used = (size_t)snprintf(text, 16, number % unit ? "%d." : "%d", number / unit);
    for (int rest = number % unit; rest; rest %= unit) {
        unit /= 10;
        text[used++] = (char)('0' + rest / unit);
    }
    text[used] = 0;
}

ernn_status ernn_cursor_decimal(ernn_cursor *c, int digits, int low, int high, const char *what,
                                int *number)
{
    char first[16];
    char last[16];
    char wanted[100];
    ernn_decimal_print(low, digits, first);
    ernn_decimal_print(high, digits, last);
    snprintf(wanted, sizeof wanted, "%s from %s to %s in at most %d decimal places", what, first,
             last, digits);
    const ernn_cursor start = *c;
    int64_t value = 0;
    while (is_digit(c->text[c->at]) && value <= high)
        value = 10 * value + (c->text[c->at++] - '0');
    const bool is_padded = c->text[start.at] == '0' && c->at > start.at + 1;
    bool is_good = c->at > start.at && !is_padded;
    int places = 0;
    if (is_good && ernn_cursor_take(c, ".")) {
        is_good = is_digit(c->text[c->at]);
        for (; is_digit(c->text[c->at]) && places <= digits; places++)
            value = 10 * value + (c->text[c->at++] - '0');
    }
    is_good = is_good && places <= digits;
    for (; is_good && places < digits; places++)
        value *= 10;
    if (!is_good || value < low || value > high)
        return ernn_cursor_refuse(&start, wanted);
    *number = (int)value;
    return ERNN_OK;
}
