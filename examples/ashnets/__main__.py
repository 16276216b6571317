"""``python -m neurotool.examples.ashnets``."""

from .command import main

main(prog_name="python -m neurotool.examples.ashnets")
