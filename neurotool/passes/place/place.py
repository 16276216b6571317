"""Program and chip to placement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from neurotool.chips import Chip
from neurotool.chips.needs import ASSUMED_RATE, Needs
from neurotool.errors import NegativeAnswerError, UsageError
from neurotool.ir.placement import Placement, Resource
from neurotool.ir.program import ChipProgram
from neurotool.passes.place.cutting import Cutter
from neurotool.passes.place.exchange import near
from neurotool.passes.place.layout import Layout, Layouts
from neurotool.passes.place.limits import CHECKS, Laid, core_limits
from neurotool.passes.place.quality import judge
from neurotool.passes.place.repair import repaired
from neurotool.passes.place.search import search
from neurotool.passes.place.spread import Plan, spread

GREEDY = (
    "greedy: coarsest cuts that fit, finer ones where they pay; first fit in the order of the network; neighbours near"
)


def place(
    program: ChipProgram,
    chip: Chip,
    *,
    rates: Mapping[str, float] | None = None,
    chips: int | None = None,
    optimise_seconds: float = 0.0,
    seed: int = 0,
) -> Placement:
    """Lay a program out on as many chips as it needs.

    Args:
        program: The program.
        chip: The chip.
        rates: Mean spikes of a neuron in a step, by input port and population; where not given, all are taken to be
            alike (:data:`neurotool.chips.needs.ASSUMED_RATE`).
        chips: Most chips to use; None for as many as the largest system has.
        optimise_seconds: Time to search for a better layout than the greedy one.
        seed: Seed of the search.

    Raises:
        UsageError: A rate is negative or of nothing in the program, or there are no chips to use.
        NegativeAnswerError: The program does not fit; ``diagnostics`` lists every limit that binds.
    """
    _check_rates(program, rates or {})
    if chips is not None and chips < 1:
        raise UsageError(f"a program cannot be placed on {chips} chips", hint="use one chip or more")
    most = chip.limits.chips.value if chips is None else chips
    needs = Needs(program, chip.memory, rates)
    cutter, layouts = Cutter(program, chip, needs), Layouts(program, chip, needs)
    coarse = {name: cutter.coarsest(name) for name in program.populations}
    layout, plan = _greedy(coarse, cutter, layouts, chip, most)
    _refuse(Laid(program, chip, layout.uses(chip), most), placed=all(cut.fits for cut in coarse.values()))
    layout, method = near(layout, chip), GREEDY
    if optimise_seconds > 0:
        layout, found = search(plan, layout, cutter, layouts, chip, optimise_seconds, seed)
        method = f"{GREEDY}; then {found}"
    cores = layout.uses(chip)
    _refuse(Laid(program, chip, cores, most), placed=True)
    resources = tuple(_resources(program, chip, layout))
    assumed = tuple(_assumed(program, chip, rates, cores[-1].chip + 1))
    return Placement(chip.name, cores, resources, judge(layout, chip), method, assumed, dict(rates or {}))


def _greedy(coarse: Plan, cutter: Cutter, layouts: Layouts, chip: Chip, most: int) -> tuple[Layout, Plan]:
    """Refine the coarsest plan as far as that pays; where its output axons do not fit then, refine for those alone."""
    room = most * chip.limits.cores.value
    if all(cut.fits for cut in coarse.values()):
        fine = spread(coarse, cutter, chip)
        layout, plan = repaired(fine, cutter, layouts, chip, room)
        if all(layout.out_axons <= chip.limits.out_axons_per_core.value) and len(layout.cores) <= room:
            return layout, plan
    return repaired(coarse, cutter, layouts, chip, room)


def _refuse(laid: Laid, *, placed: bool) -> None:
    found = [finding for check in CHECKS.values() for finding in check(laid)]
    if found:
        others = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise NegativeAnswerError(
            f"the program does not fit {laid.chip.title}: {found[0].message}{others}",
            hint=found[0].fix,
            diagnostics=found,
        )
    if not placed:
        raise AssertionError("a slice does not fit, and no rule says why")


def _resources(program: ChipProgram, chip: Chip, layout: Layout) -> Iterator[Resource]:
    cores, limits = layout.uses(chip), chip.limits
    chips = len({core.chip for core in cores})
    yield Resource("cores", len(cores), chips * limits.cores.value, limits.cores.unit)
    for name, (limit, use) in core_limits(chip).items():
        yield Resource(name, max(map(use, cores), default=0), limit.value, limit.unit)
    bits = max((p.weight_bits for p in program.projections.values()), default=0)
    yield Resource("weight bits", bits, limits.weight_bits.value, limits.weight_bits.unit)


def _assumed(program: ChipProgram, chip: Chip, rates: Mapping[str, float] | None, chips: int) -> Iterator[str]:
    if len({population.model for population in program.populations.values()}) > 1:
        yield f"A core holds neurons of one model: whether one of {chip.name} can hold several is not published."
    missing = [name for name in (*program.inputs, *program.populations) if name not in (rates or {})]
    if missing:
        names = "all neurons" if rates is None else ", ".join(missing)
        yield f"Spike rate of {names} taken to be {ASSUMED_RATE:.0%} of the steps, for the choice of cuts only."
    if chips > 1:
        yield "Chips lie in a line, and messages between them pass those in between."
    yield "Spikes from outside enter the chip at no known place and cross no tiles."


def _check_rates(program: ChipProgram, rates: Mapping[str, float]) -> None:
    known = {*program.inputs, *program.populations}
    for name, rate in rates.items():
        if name not in known:
            raise UsageError(f"there is a spike rate for {name!r}, which is not in the program")
        if not 0 <= rate < float("inf"):
            raise UsageError(f"the spike rate of {name!r} is {rate}", hint="rates are spikes per step, zero or more")
