// The table of control registers: addresses and fields are in order and do not overlap, names are
// what every printed form needs. SPDX-License-Identifier: Apache-2.0
#include "base/file.h"
#include "base/memory.h"
#include "check.h"
#include "gen/registers.h"

#include <ctype.h>

static void test_addresses(void **state)
{
    (void)state;
    int n;
    const ernn_register *registers = ernn_registers(&n);
    assert_true(n >= 20);
    for (int i = 0; i < n; i++) {
        assert_int_equal(registers[i].offset % 4, 0);
        assert_true(registers[i].offset < ERNN_REGISTERS_BYTES);
        assert_true(i == 0 || registers[i].offset > registers[i - 1].offset);
        for (int j = 0; j < i; j++)
            assert_string_not_equal(registers[i].name, registers[j].name);
    }
}

// The first four addresses and the bits of CTRL are those of an HLS core.
static void test_control_map(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"CTRL", "GIE", "IER", "ISR"};
    static const int BITS[] = {0, 1, 2, 3, 7};
    int n;
    const ernn_register *registers = ernn_registers(&n);
    for (int i = 0; i < 4; i++) {
        assert_string_equal(registers[i].name, NAMES[i]);
        assert_int_equal(registers[i].offset, 4 * i);
    }
    for (int f = 0; f < 5; f++)
        assert_int_equal(registers[0].fields[f].low, BITS[f]);
}

static void check_fields(const ernn_register *reg)
{
    int end = 0;
    for (int f = 0; f < reg->n_fields; f++) {
        const ernn_field *field = &reg->fields[f];
        assert_true(field->low >= end);
        assert_true(field->bits >= 1);
        end = field->low + field->bits;
        assert_true(end <= 32);
        for (const char *c = field->name; *c; c++)
            assert_true(islower((unsigned char)*c) || *c == '_');
        assert_null(strpbrk(field->text, "\"|"));
    }
    assert_null(strpbrk(reg->text, "\"|"));
}

static void test_fields(void **state)
{
    (void)state;
    int n;
    const ernn_register *registers = ernn_registers(&n);
    for (int i = 0; i < n; i++)
        check_fields(&registers[i]);
}

// The addresses in rtl/axi_control.v are those of the table.
static void test_verilog(void **state)
{
    (void)state;
    ernn_error err = {0};
    ernn_buffer lines = {0};
    char *module = NULL;
    size_t size = 0;
    ernn_print_registers_verilog(&lines);
    check_ok(ernn_file_load(RTL_FOLDER "/axi_control.v", 1 << 20, &module, &size, &err), err);
    assert_non_null(strstr(module, lines.data));
    ernn_mem_free(module);
    ernn_buffer_free(&lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_control_map),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_verilog),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
