# Stands for the hand-written bench.
