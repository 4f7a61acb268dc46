// Printing constraints/ernn.xdc: the clock, and nothing that depends on a board.
// SPDX-License-Identifier: Apache-2.0
#include "gen/print.h"

void ernn_print_constraints(ernn_buffer *out, const ernn_plan *plan)
{
    ernn_buffer_print(out,
                      "# The one clock, %.9g MHz: the assumption of every time printed for this "
                      "design.\n"
                      "# Pins and delays at the ports belong to the board's design.\n"
                      "create_clock -name %s -period %.3f [get_ports %s]\n",
                      plan->design->clock_mhz, ERNN_GEN_CLOCK, 1000 / plan->design->clock_mhz,
                      ERNN_GEN_CLOCK);
}
