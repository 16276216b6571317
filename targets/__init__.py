"""Things that run programs, graphs and dense parts."""
