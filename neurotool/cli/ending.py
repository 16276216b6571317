"""Signals that end a command: it is unwound, so that unfinished files go, and its exit code names the signal."""

from __future__ import annotations

import signal
from types import FrameType

from neurotool.cli.session import Session


def end_on_signals(session: Session) -> None:
    """Let SIGINT, SIGTERM and SIGHUP unwind the command and note in the session which one came.

    The note is what decides the exit code. The exception that unwinds may arrive as another one, since code in between
    can wrap it: Python turns whatever is raised in ``__set_name__`` while a class is made into a ``RuntimeError``.
    """

    def unwind(number: int, _: FrameType | None) -> None:
        session.ended_by = signal.Signals(number)
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup, or a job in the background of a script
            signal.signal(number, unwind)
