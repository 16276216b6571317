"""Entry point of ``neurotool``: the verbs, and what happens to their errors."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

import neurotool
from neurotool.cli.calibrate import calibrate
from neurotool.cli.completion import completion
from neurotool.cli.convert import convert
from neurotool.cli.demo import demo
from neurotool.cli.doctor import doctor
from neurotool.cli.ending import end_on_signals
from neurotool.cli.estimate_energy import estimate_energy
from neurotool.cli.explain import explain
from neurotool.cli.export import export
from neurotool.cli.failures import INTERRUPTED, SIGNALLED, report
from neurotool.cli.inspect import inspect
from neurotool.cli.options import output_options
from neurotool.cli.partition import partition
from neurotool.cli.run import run
from neurotool.cli.session import Session
from neurotool.cli.verify import verify
from neurotool.status import MEANINGS

_VERBS = (
    demo,
    convert,
    inspect,
    partition,
    run,
    verify,
    estimate_energy,
    calibrate,
    export,
    explain,
    doctor,
    completion,
)


class _Verbs(click.Group):
    """Lists the verbs in the order in which they are used, not by name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


def _print_versions(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if not wanted:
        return
    from neurotool.environment import package_version

    click.echo(f"neurotool {neurotool.__version__}")
    for name in ("nir", "torch", "norse", "lava-nc", "lava-dl"):
        click.echo(f"{name} {package_version(name) or 'not installed'}")
    ctx.exit()


@click.group(
    cls=_Verbs,
    commands={verb.name: verb for verb in _VERBS if verb.name},
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=f"Exit codes: {'; '.join(f'{code} {meaning}' for code, meaning in MEANINGS.items())}; "
    f"{INTERRUPTED} interrupted; {SIGNALLED} + n ended by signal n.",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_versions,
    help="Show the versions of neurotool and of what it stands on.",
)
@output_options
def cli() -> None:
    """Deploy hybrid spiking models: convert, run, verify and cost them on Loihi-style hardware."""


def invoke(arguments: Sequence[str], session: Session | None = None) -> int:
    """Run one command line and return its exit code."""
    session, before = session or Session(), sys.stdout
    try:
        with session.doubts():
            result = cli.main(list(arguments), prog_name="neurotool", standalone_mode=False, obj=session)
    except BaseException as error:
        if isinstance(error, SystemExit) and sys.stdout is not before:
            raise BrokenPipeError from None  # click puts another one in its place, and takes it for a failure
        return report(error, session, asked_for_json="--json" in arguments)
    return result if isinstance(result, int) else 0


def main() -> NoReturn:
    """Console script."""
    session = Session()
    end_on_signals(session)
    try:
        code = invoke(sys.argv[1:], session)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader of a pipe left early, as in `neurotool ... | head`. Nothing more can be said to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    sys.exit(code)
