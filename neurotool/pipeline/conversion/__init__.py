"""Source to bundle: load, cut, fold, lower, tune, write."""
