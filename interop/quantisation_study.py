"""Measures what quantisation costs and writes ``docs/quantisation.md``.

``--write PAGE`` writes the page from ``quantisation.json`` beside this file; ``--measure`` measures anew before, and
``--lava N`` lets Lava run the first N samples of every network. Takes about half an hour on two cores.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import quantisation_cases as cases

from neurotool.errors import UnsupportedError

RESULTS = Path(__file__).with_name("quantisation.json")
HIDDEN = "1.lif"
Results = dict[str, Any]


def measure(lava: int, only: str) -> Results:
    """Measure all networks whose names contain ``only``."""
    found: Results = {"versions": _versions(), "lava samples": lava, "digits": {}, "rules": {}, "matrix": {}}
    for name in (n for n in cases.digit_names() if only in n):
        network = cases.digit_network(name)
        runs: dict[str, Any] = {s: _measured(network, chosen, lava) for s, chosen in cases.SETTINGS.items()}
        found["digits"][name] = {"facts": cases.facts(name), "runs": runs}
        found["rules"][name] = {rule: _measured(network, chosen, 0) for rule, chosen in cases.RULES.items()}
        _tell(name, runs)
    for network in (n for n in cases.matrix_networks() if only in n.name):
        try:
            runs = {s: _measured(network, chosen, min(lava, 2)) for s, chosen in cases.SETTINGS.items()}
        except UnsupportedError as error:
            runs = {"refused": str(error)}
        found["matrix"][network.name] = runs
        _tell(network.name, runs)
    return found


def _measured(network: cases.Network, setting: dict[str, Any], lava: int) -> dict[str, Any]:
    return cases.to_json(cases.measure(network, setting, lava))


def _tell(name: str, runs: dict[str, Any]) -> None:
    print(name, {s: r if isinstance(r, str) else (r["cosines"], r["accuracy"], r["lava"]) for s, r in runs.items()},
          file=sys.stderr, flush=True)  # fmt: skip


def _versions() -> dict[str, str]:
    return {"python": platform.python_version()} | {n: version(n) for n in ("numpy", "torch", "nir", "lava-nc")}


def page(found: Results) -> str:
    """Return the page in Markdown."""
    head = Path(__file__).with_name("quantisation_head.md").read_text()
    return head + "\n".join([*_digits(found), *_rules(found), *_matrix(found), *_made_with(found)]) + "\n"


def _digits(found: Results) -> Iterator[str]:
    yield "## Recurrent networks trained on digits\n"
    for title, cell in (("Cosine of the hidden spikes to snnTorch's own", _hidden), ("Accuracy in percent", _accuracy)):
        yield f"{title}:\n"
        yield "| network | snnTorch | " + " | ".join(cases.SETTINGS) + " |"
        yield "|---|" + "---|" * (len(cases.SETTINGS) + 1)
        for name, row in found["digits"].items():
            own = "1" if cell is _hidden else f"{100 * row['facts']['accuracy']:.1f}"
            yield f"| {name} | {own} | " + " | ".join(cell(row["runs"][s]) for s in cases.SETTINGS) + " |"
        yield from _summary(found, cell)
        yield ""
    yield from _verdict(found)


def _summary(found: Results, cell: Callable[[dict[str, Any]], str]) -> Iterator[str]:
    for reset in ("zero", "subtract"):
        rows = [row for row in found["digits"].values() if row["facts"]["reset"] == reset]
        if rows:
            means = [
                _mean([float(cell(r["runs"][s])) for r in rows], 4 if cell is _hidden else 1) for s in cases.SETTINGS
            ]
            own = "1" if cell is _hidden else f"{100 * np.mean([r['facts']['accuracy'] for r in rows]):.1f}"
            yield f"| **mean, reset {reset}** | {own} | " + " | ".join(means) + " |"


def _mean(values: list[float], digits: int) -> str:
    spread = np.std(values, ddof=1) if len(values) > 1 else 0.0
    return f"{np.mean(values):.{digits}f} ± {spread:.{digits}f}"


def _hidden(run: dict[str, Any]) -> str:
    return f"{run['cosines'][HIDDEN]:.4f}"


def _accuracy(run: dict[str, Any]) -> str:
    return f"{100 * run['accuracy']:.1f}"


def _verdict(found: Results) -> Iterator[str]:
    rows = found["digits"].values()
    if not rows:
        return
    split = [r["runs"]["16 bits"]["cosines"][HIDDEN] for r in rows]
    yield f"- Smallest hidden cosine with 16-bit weights: {min(split):.4f}; {sum(c >= 0.99 for c in split)} of"
    yield f"  {len(split)} networks reach 0.99."
    for setting in list(cases.SETTINGS)[1:]:
        lost = [100 * (r["facts"]["accuracy"] - r["runs"][setting]["accuracy"]) for r in rows]
        yield f"- Accuracy lost, {setting}: {_mean(lost, 2)} points, at most {max(lost):.2f};"
        yield f"  {sum(x <= 1.0 for x in lost)} of {len(lost)} networks lose at most one point."
    best = [min(100 * (r["facts"]["accuracy"] - r["runs"][s]["accuracy"])
                for s in ("8 bits, calibrated", "8 bits, fine-tuned")) for r in rows]  # fmt: skip
    yield f"- With the better of calibration and fine-tuning, {sum(x <= 1.0 for x in best)} of {len(best)} lose at most"
    yield f"  one point; the most is {max(best):.2f}."
    yield ""


def _rules(found: Results) -> Iterator[str]:
    yield "## Which range, and how long a search\n"
    yield "8-bit weights, mean over the networks above:\n"
    yield "| range | search | hidden cosine | accuracy |\n|---|---|---|---|"
    rows = list(found["rules"].values())
    for rule in cases.RULES if rows else ():
        name, search = rule.split(", ")
        cosines, right = [r[rule]["cosines"][HIDDEN] for r in rows], [100 * r[rule]["accuracy"] for r in rows]
        yield f"| {name} | {search.removesuffix(' search')} | {_mean(cosines, 3)} | {_mean(right, 1)} |"
    yield ""


def _matrix(found: Results) -> Iterator[str]:
    yield "## Recurrent and convolutional networks of the interop matrix\n"
    yield "Cosine of the spikes to the framework's own, mean over the populations, and of the last:\n"
    yield "| network | " + " | ".join(cases.SETTINGS) + " |\n|---|" + "---|" * len(cases.SETTINGS)
    for name, runs in found["matrix"].items():
        cells = [runs["refused"]] if "refused" in runs else [_both(runs[s]) for s in cases.SETTINGS]
        yield f"| {name} | " + " | ".join(cells) + " |"
    yield ""


def _both(run: dict[str, Any]) -> str:
    values = list(run["cosines"].values())
    return f"{np.mean(values):.3f}, {values[-1]:.3f}"


def _made_with(found: Results) -> Iterator[str]:
    runs = [run for row in found["digits"].values() for run in row["runs"].values()]
    runs += [run for row in found["matrix"].values() for run in row.values() if isinstance(run, dict)]
    judged = [run["lava"] for run in runs if run["lava"] is not None]
    yield "## Lava\n"
    yield f"On the first samples (at most {found['lava samples']}) of {len(judged)} programs of these tables, Lava gave"
    yield f"the same spikes and potentials as the engine, integer for integer, for {sum(judged)}.\n"
    yield (
        "Made with " + ", ".join(f"{n} {v}" for n, v in found["versions"].items()) + ". Seeds: 0 to 4 for the networks,"
    )
    yield "0 for conversion and fine-tuning, 7 for the random samples of the matrix."


def main() -> None:
    """Measure, or write the page, or both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--measure", action="store_true", help="measure anew")
    parser.add_argument("--only", default="", help="part of the names to measure")
    parser.add_argument("--lava", type=int, default=3, help="samples that Lava runs")
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--write", type=Path, help="page to write")
    chosen = parser.parse_args()
    if chosen.measure:
        chosen.results.write_text(json.dumps(measure(chosen.lava, chosen.only), indent=1) + "\n")
    text = page(json.loads(chosen.results.read_text()))
    if chosen.write is None:
        sys.stdout.write(text)
    else:
        chosen.write.write_text(text)


if __name__ == "__main__":
    main()
