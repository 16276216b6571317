"""Artificial-spiking hierarchical networks (ASH-Nets style): a vision-language model with a spiking encoder.

After Chen, Zhang, Sun, Liang and Wang, arXiv 2308.09455 (2023), of which the abstract is public; README.md says what
the paper fixes and what is a reading. ``python -m neurotool.examples.ashnets --help`` shows the commands.
"""
