// Drives the clock of ernn_bench under Verilator. (Icarus uses icarus_clock.v.) A C++ clock needs no
// coroutines, which would triple the time to compile. SPDX-License-Identifier: Apache-2.0
#include "Vernn_bench.h"

int main(int argc, char **argv)
{
    VerilatedContext context;
    context.commandArgs(argc, argv);
    Vernn_bench bench(&context);
    while (!context.gotFinish()) {
        bench.clk = !bench.clk;
        bench.eval();
        context.timeInc(5);
    }
    bench.final();
    return 0;
}
