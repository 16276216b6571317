"""Tables of a story."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch.utils.flop_counter import FlopCounterMode

from neurotool import pipeline
from neurotool.energy.bands import Band
from neurotool.units import format_si

from ..common.tables import markdown
from .model import AshNet
from .scores import GALLERY, Layer
from .training.examples import Examples, trim
from .training.finetune import TASKS

NAMES = {"answer": "visual question answering", "entailment": "visual entailment", "pair": "pairs of pictures"}


def task_table(scores: Mapping[str, float], prior: Mapping[str, float]) -> str:
    """Accuracy of the tasks beside what language alone gives, and the recalls of retrieval."""
    rows = [[NAMES[task], percent(scores[task]), percent(prior[task])] for task in TASKS]
    rows.append(["is it the caption? after pre-training", percent(scores["matching after pre-training"]), "50.0"])
    rows.append(["is it the caption? after fine-tuning", percent(scores["match"]), "50.0"])
    for way in ("text", "picture"):
        for k in (1, 5, 10):
            rows.append([f"{way} retrieval, R@{k} of {GALLERY}", percent(scores[f"{way} R@{k}"]), percent(k / GALLERY)])
    return markdown(["task", "unseen pictures %", "language alone, or chance %"], rows)


def layer_table(layers: Sequence[Layer], steps: int) -> str:
    """Rates and code usage."""
    most = float(torch.log2(torch.tensor(steps + 1.0)))
    rows = [
        [f"layer {n}", percent(x.rate), percent(x.least), percent(x.silent), f"{x.usage:.2f}"]
        for n, x in enumerate(layers, 1)
    ]
    usage = f"code usage in bits, of {most:.2f}"
    return markdown(["layer", "firing rate %", "of the most silent unit %", "silent units %", usage], rows)


def work_table(network: AshNet, data: Examples) -> str:
    """Multiply-accumulates of a picture with a question, by part, counted by torch.

    Without gradients torch would run transformer layers as one operation, which its counter does not know.
    """
    pictures, texts = data.pictures[:1], trim(data.texts["answer"][:1])
    parts = {"backbone": 0.0, "concrete encoder": 0.0, "abstract encoder (all steps)": 0.0, "text and heads": 0.0}
    tokens = network.backbone(pictures)
    parts["backbone"] = macs(lambda: network.backbone(pictures))
    if network.concrete is not None:
        parts["concrete encoder"] = macs(lambda: network.enter(pictures)) - parts["backbone"]
    abstract = network.abstract
    if abstract is not None:
        parts["abstract encoder (all steps)"] = macs(lambda: abstract(tokens))
    visual = network.see(pictures).visual
    parts["text and heads"] = macs(lambda: network.answer("answer", texts, visual))
    total = sum(parts.values())
    rows = [[name, f"{count / 1e6:.3f}", percent(count / total)] for name, count in parts.items()]
    return markdown(["part of the network", "million multiply-accumulates", "share %"], rows)


def macs(run: Callable[[], object]) -> float:
    """Multiply-accumulates of matrix products and convolutions."""
    with FlopCounterMode(display=False) as counter:
        run()
    return float(counter.get_total_flops()) / 2


def ladder_table(
    rungs: Mapping[str, Mapping[str, float]], few: Mapping[str, Mapping[str, float]], pictures: int
) -> str:
    """Scores with the latents of each form of the encoder."""
    rows = [
        [name, *(percent(found[task]) for task in TASKS), percent(found["R@1"]), percent(found["latents"])]
        for name, found in rungs.items()
    ]
    rows += [
        [f"{name}, first {pictures} examples", *(percent(found[task]) for task in TASKS), "", ""]
        for name, found in few.items()
    ]
    return markdown(
        ["latents from", "questions %", "entailment %", "pairs %", "R@1 %", "latents differ by (relative RMS) %"], rows
    )


def agreement_table(proof: pipeline.VerifyResult) -> str:
    """Spikes that differ between the forms, by layer."""
    samples = {run.name: run.samples for run in proof.certificate.runs}
    rows = []
    for pair in proof.certificate.pairs:
        compared = min(samples[pair.a], samples[pair.b])
        for name, layer in pair.layers.items():
            verdict = "agree" if pair.passed else "differ"
            rows.append(
                [
                    f"{pair.a} → {pair.b}",
                    name,
                    compared,
                    layer.differing,
                    layer.spikes_a,
                    f"{layer.cosine:.4f}",
                    verdict,
                ]
            )
    return markdown(["forms", "layer", "tokens", "slots that differ", "spikes", "cosine", "verdict"], rows)


def energy_table(one: pipeline.EnergyResult, many: pipeline.EnergyResult, tokens: int, cores: tuple[int, int]) -> str:
    """Energy and latency of the encoder per picture: on the chip both ways, and on a GPU.

    Args:
        one: Of a token on one copy.
        many: Of all tokens of a picture on a copy each.
        tokens: Tokens of a picture.
        cores: Cores of the two.
    """
    report = one.report
    rows = [
        [
            "one copy, a token after the other",
            f"loihi2, {cores[0]} core(s), and cpu-generic",
            band(scaled(report.total, tokens), "J"),
            band(scaled(report.latency, tokens), "s"),
        ],
        [
            f"{tokens} copies at once",
            f"loihi2, {cores[1]} core(s), and cpu-generic",
            band(many.report.total, "J"),
            band(many.report.latency, "s"),
        ],
    ]
    for other in many.comparison.alternatives[1:] if many.comparison is not None else ():
        rows.append(
            [other.name, f"{other.where}, batch {other.batch}", band(other.energy, "J"), band(other.latency, "s")]
        )
    return markdown(["abstract encoder of a picture", "on", "energy", "latency"], rows)


def scaled(found: Band, factor: float) -> Band:
    """A band times a number."""
    return Band(factor * found.low, factor * found.nominal, factor * found.high)


def band(found: Band, unit: str) -> str:
    """``1.2 mJ (0.8 mJ to 3 mJ)``."""
    low, nominal, high = (format_si(value, unit) for value in (found.low, found.nominal, found.high))
    return f"{nominal} ({low} to {high})"


def percent(share: float) -> str:
    """A share of one in percent."""
    return f"{100 * share:.1f}"
