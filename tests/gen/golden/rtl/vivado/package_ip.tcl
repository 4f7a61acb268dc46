# Stands for the hand-written packaging.
