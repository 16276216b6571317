"""``python -m examples.ashnets``."""

from .command import main

main(prog_name="python -m examples.ashnets")
