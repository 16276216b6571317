"""Checks that the integers of a program fit the registers of its neuron models."""

from __future__ import annotations

from collections.abc import Iterator

from neurotool.diagnostics import Diagnostic, Severity
from neurotool.ir.program import ChipProgram, OutputKind, Population
from neurotool.neurons.model import Parameter
from neurotool.neurons.models import MODELS


def check_populations(program: ChipProgram) -> Iterator[Diagnostic]:
    """Yield a finding for every unknown neuron model, wrong parameter and membrane output of a model that has none."""
    for population in program.populations.values():
        if population.model not in MODELS:
            message = f"unknown neuron model {population.model!r}"
            yield _error("NT-PROG-001", population, message, population.model, ", ".join(MODELS))
            continue
        for parameter in MODELS[population.model].parameters:
            yield from _check(population, parameter)
    yield from _check_outputs(program)


def _check_outputs(program: ChipProgram) -> Iterator[Diagnostic]:
    for port in program.outputs:
        population = program.populations[port.population]
        model = MODELS.get(population.model)
        if port.kind is OutputKind.MEMBRANE and model is not None and "v" not in model.states:
            message = f"its membrane potential is an output, but {population.model} has none"
            yield _error("NT-PROG-011", population, message, "v", ", ".join(model.states) or "no state")


def _check(population: Population, parameter: Parameter) -> Iterator[Diagnostic]:
    values = population.parameters.get(parameter.name)
    limit = f"{parameter.low}..{parameter.high}"
    if values is None or values.shape != (population.size,):
        shape = "nothing" if values is None else f"shape {values.shape}"
        message = f"parameter {parameter.name} needs one value for each of {population.size} neurons"
        yield _error("NT-PROG-002", population, message, shape, f"shape ({population.size},)")
    elif values.size and not parameter.low <= values.min() <= values.max() <= parameter.high:
        span = f"{values.min()}..{values.max()}"
        yield _error("NT-PROG-003", population, f"parameter {parameter.name} is out of range", span, limit)
    elif parameter.uniform and values.min() != values.max():
        message = f"parameter {parameter.name} differs between neurons; {population.model} holds one for all of them"
        yield _error("NT-PROG-004", population, message, f"{values.min()}..{values.max()}", "one value")


def _error(rule: str, population: Population, message: str, found: str, limit: str) -> Diagnostic:
    fix = "quantise the model again"
    return Diagnostic(rule, Severity.ERROR, population.name, message, found, limit, fix, population.origin)
