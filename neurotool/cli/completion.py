"""``neurotool completion``: prints what a shell needs to complete verbs and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

_HELP = {
    "bash": 'Add to ~/.bashrc:  eval "$(neurotool completion bash)"',
    "zsh": 'Add to ~/.zshrc:  eval "$(neurotool completion zsh)"',
    "fish": "Run:  neurotool completion fish > ~/.config/fish/completions/neurotool.fish",
}


@click.command(epilog="\n\n".join(_HELP.values()))
@click.argument("shell", type=click.Choice(list(_HELP)))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the completion script for SHELL."""
    maker = get_completion_class(shell)
    assert maker is not None  # the choices are click's own shells
    root = ctx.find_root().command
    click.echo(maker(root, {}, "neurotool", "_NEUROTOOL_COMPLETE").source())
