"""What a command says and where: results on stdout, everything meant for the moment on stderr."""

from __future__ import annotations

import os
import signal
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TextIO

import click
from rich.console import Console, RenderableType
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from neurotool.errors import NeurotoolWarning
from neurotool.status import Status

if TYPE_CHECKING:
    from neurotool.diagnostics import Diagnostic
    from neurotool.pipeline.results import StageProgress

PLAIN_WIDTH = 120
"""Columns where the output is no terminal and nothing tells its width; lines longer than this wrap."""


@dataclass
class Session:
    """One invocation of the command line: how loud it is, and in which form it answers.

    Attributes:
        json: Answer with one JSON envelope instead of text.
        verbosity: -1 for quiet, 0, or the number of times ``-v`` was given.
        ended_by: The signal that asked the command to end, if one did.
    """

    json: bool = False
    verbosity: int = 0
    ended_by: signal.Signals | None = None

    def note(self, text: str) -> None:
        """Say something on stderr, unless quiet."""
        if self.verbosity >= 0:
            stderr().print(escape(text), highlight=False)

    def answer(
        self,
        data: dict[str, Any],
        text: Sequence[RenderableType],
        diagnostics: Sequence[Diagnostic] = (),
        *,
        code: int = 0,
    ) -> None:
        """Print the result of a command.

        Args:
            data: The result as JSON values.
            text: The same for people, one renderable after the other.
            diagnostics: Findings about the model.
            code: Exit code to end with; 1 where the answer is no.
        """
        if self.json:
            from neurotool.ir.envelope import Envelope

            envelope = Envelope(status=Status.of(code), data=data, diagnostics=tuple(diagnostics))
            click.echo(envelope.to_json(), nl=False)
        else:
            from neurotool.cli.summary import findings

            shown = stdout()
            for position, renderable in enumerate(text):
                if position:
                    shown.print()
                shown.print(renderable)
            if diagnostics:
                stderr().print(findings(diagnostics))
        if code:
            raise click.exceptions.Exit(code)

    @contextmanager
    def doubts(self) -> Iterator[None]:
        """Say the tool's own warnings as notes, without the place in the code that Python adds to them."""
        with warnings.catch_warnings():
            shown = warnings.showwarning

            def show(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
                if issubclass(category, NeurotoolWarning):
                    self.note(f"warning: {message}")
                else:
                    shown(message, category, *place, **more)

            warnings.simplefilter("always", NeurotoolWarning)
            warnings.showwarning = show
            yield

    @contextmanager
    def progress(self) -> Iterator[StageProgress | None]:
        """Show how far the stages of a block are: bars on a terminal, a line per stage elsewhere.

        Nothing is shown with ``--json`` or ``-q``.
        """
        if self.json or self.verbosity < 0:
            yield None
        elif not stderr().is_terminal:
            yield self._stage_lines()
        else:
            with _bars() as bars:
                yield _stage_bars(bars)

    def _stage_lines(self) -> StageProgress:
        seen: set[str] = set()

        def report(stage: str, _: int, __: int) -> None:
            if stage not in seen:
                seen.add(stage)
                self.note(f"{stage} ...")

        return report


def _bars() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=stderr(), transient=True)


def _stage_bars(bars: Progress) -> StageProgress:
    tasks: dict[str, TaskID] = {}

    def report(stage: str, done: int, total: int) -> None:
        if stage not in tasks:
            tasks[stage] = bars.add_task(escape(stage))
        bars.update(tasks[stage], completed=done, total=total)

    return report


def stdout() -> Console:
    """Console for results."""
    return _console(sys.stdout)


def stderr() -> Console:
    """Console for notes, progress and errors."""
    return _console(sys.stderr)


class _Console(Console):
    """A console that leaves it to the command what a reader who left means; rich's own ends the process with 1."""

    def on_broken_pipe(self) -> None:
        """Let the error pass, which is being handled when this is called."""
        raise


def _console(file: TextIO) -> Console:
    # Rich reads NO_COLOR, TERM and COLUMNS by itself, and takes 80 columns where it knows none.
    console = _Console(emoji=False, file=file)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = PLAIN_WIDTH
    return console
