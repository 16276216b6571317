"""The functions of ``neurotool`` have the options of the commands of the same names, with the same defaults."""

from __future__ import annotations

import inspect

import click
import pytest

import neurotool as package
from neurotool.cli.main import cli
from neurotool.cli.session import Session
from neurotool.pipeline.session import api

WITHOUT_A_FUNCTION = {
    "demo": "a tour for the eyes; neurotool.pipeline.demo gives its results",
    "calibrate": "measures a machine, once; neurotool.pipeline.calibrate_device",
    "explain": "prints a page about a rule",
    "doctor": "mends an installation, before which nothing can be imported",
    "completion": "is for shells",
}
OF_THE_TERMINAL = {
    "json": "results are objects",
    "verbose": "results hold everything, and Python shows tracebacks",
    "quiet": "nothing is printed",
}
ASKED_OF_THE_RESULT = {
    ("run", "explain"): "the facts of a trace",
    ("partition", "node"): "result.explain(node)",
    ("estimate-energy", "explain"): "the arithmetic of result.report.rows()",
    ("estimate-energy", "dynamic"): "result.report.dynamic(name)",
}
ARGUMENTS = {("partition", "source"): "model", ("convert", "source"): "model"}  # may be a module itself
OTHER_DEFAULTS = {("convert", "proof"): "False where the command line has nothing"}
NEEDED = {"out": "OUT", "data": "DATA"}
"""What a command may require beside its arguments."""

VERBS = sorted(set(cli.commands) - set(WITHOUT_A_FUNCTION))


def function_of(verb):
    return getattr(api, verb.replace("-", "_"))


def options_of(verb):
    """Options with a meaning in Python."""
    options = (each for each in cli.commands[verb].params if each.name not in OF_THE_TERMINAL)
    return [each for each in options if (verb, each.name) not in ASKED_OF_THE_RESULT]


def parsed(verb):
    """Values of the options of a command that is given no more than it needs."""
    arguments = []
    for each in cli.commands[verb].params:
        if each.required:
            arguments += ["MODEL"] if isinstance(each, click.Argument) else [each.opts[-1], NEEDED[each.name]]
    return cli.commands[verb].make_context(verb, arguments, obj=Session()).params


def test_every_verb_is_a_function():
    assert {verb.replace("-", "_") for verb in VERBS} == set(package._VERBS)


def name_of(verb, each):
    """Name that a function gives an option: that of the command line, whatever the command calls it within."""
    if isinstance(each, click.Argument):
        return ARGUMENTS.get((verb, each.name), each.name)
    return max(each.opts, key=len).removeprefix("--").replace("-", "_")


@pytest.mark.parametrize("verb", VERBS)
def test_a_function_has_the_options_of_its_command(verb):
    taken = inspect.signature(function_of(verb)).parameters
    assert [name_of(verb, each) for each in options_of(verb) if name_of(verb, each) not in taken] == []


OF_PYTHON = {"progress", "example", "keep_state"}
"""What only a session can give or take."""


@pytest.mark.parametrize("verb", VERBS)
def test_a_function_has_no_other_options(verb):
    taken = {each for each in inspect.signature(function_of(verb)).parameters if each not in OF_PYTHON}
    known = {name_of(verb, each) for each in options_of(verb)}
    if verb == "partition":  # takes what a conversion takes, so that both can be given the same
        known |= {name_of("convert", each) for each in options_of("convert")}
    drawn = {"plot"} if verb == "verify" else set()  # a terminal has no reason to leave the figures out
    assert taken - known == drawn


@pytest.mark.parametrize("verb", VERBS)
def test_defaults_are_those_of_the_command(verb):
    taken, values = inspect.signature(function_of(verb)).parameters, parsed(verb)
    for each in options_of(verb):
        if not each.required and (verb, each.name) not in OTHER_DEFAULTS:
            wanted = values[each.name]
            wanted = wanted["weight_bits"] if each.name == "weight_bits" else wanted
            assert (taken[name_of(verb, each)].default or None) == (wanted or None), each.name


def test_what_is_left_out_exists():
    names = {(verb, each.name) for verb in VERBS for each in cli.commands[verb].params}
    assert {*ASKED_OF_THE_RESULT, *ARGUMENTS, *OTHER_DEFAULTS} <= names
    assert set(WITHOUT_A_FUNCTION) <= set(cli.commands)
