"""What the large examples share: spiking layers, the training loop, grids of runs, intervals, tables and figures."""
