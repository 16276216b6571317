"""Turns whatever ended a command into an exit code and one clear message."""

from __future__ import annotations

import signal
import traceback

import click
from rich.markup import escape

from neurotool.cli.session import Session, stderr
from neurotool.errors import NeurotoolError, UsageError

SIGNALLED = 128
"""Added to the number of the signal that ended a command, as shells count."""
INTERRUPTED = SIGNALLED + signal.SIGINT


class _InternalError(NeurotoolError):
    """A defect of the tool, dressed for the envelope."""


def report(error: BaseException, session: Session, *, asked_for_json: bool = False) -> int:
    """Tell the user what happened.

    Args:
        error: What was raised.
        session: How to say it.
        asked_for_json: Whether ``--json`` is on the command line; options may not have been parsed yet.

    Returns:
        The exit code.
    """
    if session.ended_by is not None:
        stderr().print("interrupted" if session.ended_by is signal.SIGINT else f"ended by {session.ended_by.name}")
        return SIGNALLED + session.ended_by
    if isinstance(error, click.exceptions.Exit):
        return error.exit_code
    if isinstance(error, SystemExit | GeneratorExit | BrokenPipeError):
        raise error
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
        return error.exit_code
    if isinstance(error, KeyboardInterrupt | click.Abort):
        stderr().print("interrupted")
        return INTERRUPTED
    refusal = _refusal(error)
    if session.verbosity >= 2 and (behind := error if isinstance(refusal, _InternalError) else error.__cause__):
        traceback.print_exception(behind)
    _say(refusal, session)
    if session.json or asked_for_json:
        from neurotool.ir.envelope import Envelope

        click.echo(Envelope.of_error(refusal).to_json(), nl=False)
    return refusal.exit_code


def _refusal(error: BaseException) -> NeurotoolError:
    if isinstance(error, NeurotoolError):
        return error
    if isinstance(error, click.ClickException):
        context = getattr(error, "ctx", None)
        return UsageError(error.format_message(), hint=f"{context.command_path} --help" if context else None)
    return _InternalError(
        f"internal error: {type(error).__name__}: {error}",
        hint="this is a defect of neurotool; run the command again with -vv for the traceback",
    )


def _say(refusal: NeurotoolError, session: Session) -> None:
    console = stderr()
    console.print(f"[bold red]error:[/] {escape(refusal.message)}", highlight=False, soft_wrap=True)
    if refusal.diagnostics:
        from neurotool.cli.summary import findings

        console.print(findings(refusal.diagnostics))
    if refusal.hint:
        console.print(f"[bold]hint:[/] {escape(refusal.hint)}", highlight=False, soft_wrap=True)
