"""``python -m neurotool.examples.stft``."""

from .command import main

main(prog_name="python -m neurotool.examples.stft")
