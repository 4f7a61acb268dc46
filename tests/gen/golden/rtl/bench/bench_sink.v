// Stands for the hand-written bench.
module bench_sink;
endmodule
