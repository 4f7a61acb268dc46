// Stands for the hand-written driver.
