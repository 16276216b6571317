"""Draws an energy report: layers by event, parts by term, alternatives, and what moves the total most."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from neurotool.energy import Band, EnergyReport, EnergyRow, Term
from neurotool.energy.comparison import Comparison

Place = Callable[[str], Path]
"""Gives the path of a file in the folder of the figures."""

FIGURES = ("energy-layers.png", "energy-terms.png", "energy-devices.png", "energy-tornado.png")
"""All that :func:`draw_energy` may draw."""

SWINGS = 10
"""Constants in the tornado; the rest together moves less than any of them."""

VISIBLE = 0.005
"""Share of the largest bar below which a bar would be thinner than a line."""

KINDS = {
    "synapses": ("synop",),
    "neuron updates": ("update",),
    "firing": ("firing",),
    "messages": ("message", "hop"),
}
"""What the events of a layer are shown as, by how the names of their constants begin."""


def draw_energy(report: EnergyReport, place: Place, comparison: Comparison | None = None) -> tuple[str, ...]:
    """Draw the figures of a report.

    Returns:
        Names of the files.
    """
    names = [*_layers(report, place), *_terms(report, place), *_alternatives(report, place, comparison)]
    return (*names, *_tornado(report, place))


def _layers(report: EnergyReport, place: Place) -> tuple[str, ...]:
    """Events of each layer, by kind."""
    from neurotool.report.energy_bars import energy_per_layer
    from neurotool.report.files import save

    rows = [row for row in report.rows() if row.terms[Term.STATIC].nominal == row.terms[Term.HOST].nominal == 0.0]
    rows = [row for row in rows if row.terms[Term.DYNAMIC].nominal > 0.0]
    if not rows:
        return ()
    kinds = {kind: [_energy_of(row, prefixes) for row in rows] for kind, prefixes in KINDS.items()}
    used = {kind: joules for kind, joules in kinds.items() if any(joules)}
    title = "Energy of events on the chip per inference, by layer"
    bands = [row.terms[Term.DYNAMIC] for row in rows]
    bounds = [band.low for band in bands], [band.high for band in bands]
    save(energy_per_layer([row.name for row in rows], used, *bounds, title), place("energy-layers.png"))
    return ("energy-layers.png",)


def _energy_of(row: EnergyRow, prefixes: tuple[str, ...]) -> float:
    return sum(p.energy.nominal for p in row.arithmetic if p.constant.rpartition(".")[2].startswith(prefixes))


def _terms(report: EnergyReport, place: Place) -> tuple[str, ...]:
    """Each part by what its energy is spent for."""
    from neurotool.report.energy_bars import energy_per_layer
    from neurotool.report.files import save

    parts = {f"{part.part}\non {part.where}": part for part in report.charged}
    terms: dict[str, list[float]] = {
        "events (dynamic)": [p.terms[Term.DYNAMIC].nominal for p in parts.values()],
        **{f"static, {what}": [p.standing[what].nominal for p in parts.values()] for what in _standing(report)},
        "idle device": [
            p.terms[Term.STATIC].nominal - sum(p.standing[what].nominal for what in _standing(report))
            for p in parts.values()
        ],
        "host": [p.terms[Term.HOST].nominal for p in parts.values()],
        "boundary": [p.terms[Term.BOUNDARY].nominal for p in parts.values()],
        "waiting": [p.terms[Term.WAITING].nominal for p in parts.values()],
    }
    largest = max((p.total.nominal for p in parts.values()), default=0.0)
    used = {name: joules for name, joules in terms.items() if max(joules, default=0.0) > VISIBLE * largest}
    if not used:
        return ()
    # Bars too thin to see stand together, so that a part's bar is as long as its total.
    rest = [p.total.nominal - sum(joules[i] for joules in used.values()) for i, p in enumerate(parts.values())]
    if len(used) < sum(max(joules) > 0.0 for joules in terms.values()):
        used["the rest"] = [max(joules, 0.0) for joules in rest]
    bounds = [p.total.low for p in parts.values()], [p.total.high for p in parts.values()]
    title = "Energy per inference, by part and what it is spent for"
    save(energy_per_layer(list(parts), used, *bounds, title), place("energy-terms.png"))
    return ("energy-terms.png",)


def _standing(report: EnergyReport) -> Sequence[str]:
    return tuple(dict.fromkeys(what for part in report.parts for what in part.standing))


def _alternatives(report: EnergyReport, place: Place, comparison: Comparison | None) -> tuple[str, ...]:
    """The split model, its parts and what it is compared with, as points with bands."""
    from neurotool.report.energy_bars import energy_of_devices
    from neurotool.report.files import save

    totals = {"split model": report.total} | {f"{p.part} on {p.where}": p.total for p in report.parts}
    if report.whole is not None:
        totals[f"all in torch, unfused, on {report.whole.where}"] = report.whole.total
    if comparison is not None:
        others = comparison.alternatives[1:]
        totals |= {f"{other.name},\n{other.where}, batch {other.batch}": other.energy for other in others}
    bands: Mapping[str, Band] = {name: band for name, band in totals.items() if band.nominal > 0.0}
    if not bands:
        return ()
    nominal = [band.nominal for band in bands.values()]
    bounds = [band.low for band in bands.values()], [band.high for band in bands.values()]
    save(energy_of_devices(list(bands), nominal, *bounds, "Energy per inference"), place("energy-devices.png"))
    return ("energy-devices.png",)


def _tornado(report: EnergyReport, place: Place) -> tuple[str, ...]:
    """What moves the total most."""
    from neurotool.report.energy_tornado import tornado
    from neurotool.report.files import save

    if not report.tornado:
        return ()
    shown = [swing for swing in report.tornado[:SWINGS] if swing.width > VISIBLE * report.tornado[0].width]
    names = [f"{s.constant}\n{s.low:g} to {s.high:g} {'' if s.unit == '1' else s.unit}".rstrip() for s in shown]
    ends = [s.energy_low for s in shown], [s.energy_high for s in shown]
    title = "What moves the total: one constant at a time"
    save(tornado(names, *ends, report.total.nominal, title), place("energy-tornado.png"))
    return ("energy-tornado.png",)
