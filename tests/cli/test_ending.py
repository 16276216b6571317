"""A command that a signal ends: its exit code, its message, and that no trace of the way it was unwound is shown."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

# A command that is sent a signal while a class is being made, as happens to one in the middle of an import: up to
# Python 3.11 the interpreter replaces whatever is raised there by a RuntimeError.
SCRIPT = """
import os, signal, sys
from neurotool.cli import main

class Signalled:
    def __set_name__(self, owner, name):
        os.kill(os.getpid(), int(sys.argv[2]))
        for _ in range(1000):
            pass

@main.cli.command("make-class")
@main.click.argument("number")
def make_class(number):
    type("Made", (), dict(member=Signalled()))

signal.signal(int(sys.argv[2]), {disposition})
main.main()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_decides_the_exit_code_whatever_its_exception_became(number):
    # Whoever runs the tests may ignore a signal, as nohup does, and its children inherit that.
    command = [sys.executable, "-c", SCRIPT.format(disposition="signal.SIG_DFL"), "make-class", str(int(number))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 128 + number
    assert done.stderr.strip() == ("interrupted" if number == signal.SIGINT else f"ended by {number.name}")
    assert done.stdout == ""


def test_an_ignored_signal_stays_ignored():
    ignoring = SCRIPT.format(disposition="signal.SIG_IGN")
    command = [sys.executable, "-c", ignoring, "make-class", str(int(signal.SIGHUP))]
    assert subprocess.run(command, capture_output=True, timeout=60, check=False).returncode == 0
