"""Figures: pure functions from plain arrays to pictures.

``raster`` (spikes, and where two runs differ), ``membrane``, ``energy_bars`` and ``agreement`` return a matplotlib
figure; ``files.save`` writes it. Importing this package does not import matplotlib; its modules do.
"""
