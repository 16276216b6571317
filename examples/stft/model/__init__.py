"""The Spiking Tucker Fusion Transformer of Li et al. (arXiv 2407.08130), one part per file."""
