"""Data for audio-visual zero-shot learning: the default numbers, and loaders for the published layouts."""
