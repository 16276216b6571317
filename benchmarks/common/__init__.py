"""What the benchmarks share: networks, the peers' forms of them, and ways to time them side by side."""
