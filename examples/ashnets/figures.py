"""Figures of the example: pictures with what was asked about them, and the activity of the spiking layers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from neurotool.report import files, style

from .corpus.sentences import ANSWERS, Entailment
from .model import AshNet
from .runs import Data
from .scores import Layer
from .training.finetune import answers, seen

SHOWN = 6


@torch.no_grad()
def draw_examples(network: AshNet, data: Data, path: Path) -> None:
    """Unseen pictures with question and hypothesis, what the network answers, and what is right where it errs."""
    test = data.splits["test"]
    chosen = torch.arange(SHOWN, device=test.pictures.device)
    both = seen(network, test.pictures[torch.cat([chosen, test.partners[chosen]])])
    found = answers(network, test, chosen, both[:SHOWN], both[SHOWN:])
    choices = {"answer": ANSWERS, "entailment": [label.name.lower() for label in Entailment]}
    figure = style.new_figure(680)
    for number, axes in enumerate(figure.subplots(2, SHOWN // 2).flat):
        axes.imshow(test.pictures[number].permute(1, 2, 0).cpu())
        axes.set_axis_off()
        lines = []
        for task, names in choices.items():
            text = data.words.decode(test.texts[task][number])
            said, right = int(found[task][number].argmax()), int(test.labels[task][number])
            lines.append(f"{text}\n→ {names[said]}" + ("" if said == right else f"  (right: {names[right]})"))
        axes.set_title("\n".join(lines), fontsize=8, loc="center")
    files.save(figure, path)


def draw_layers(layers: Sequence[Layer], steps: int, path: Path) -> None:
    """Firing rates and code usage by layer."""
    figure = style.new_figure(440)
    left, right = figure.subplots(1, 2)
    names = [f"layer {number}" for number, _ in enumerate(layers, 1)]
    left.bar(names, [100 * layer.rate for layer in layers], color=style.colour(0), label="mean")
    left.plot(names, [100 * layer.least for layer in layers], "v", color=style.colour(1), label="most silent unit")
    left.axhspan(5, 30, color=style.LIGHT, zorder=0, label="wanted: 5 to 30 %")
    left.set_ylabel("firing rate (%)")
    right.bar(names, [layer.usage for layer in layers], color=style.colour(2))
    most = float(torch.log2(torch.tensor(steps + 1.0)))
    right.axhline(most, color=style.VERMILLION, linestyle=":", label=f"most possible: {most:.2f} bits")
    right.set_ylabel("code usage (bits per unit)")
    right.set_ylim(top=1.2 * most)
    right.legend(frameon=False)
    left.set_ylim(top=1.7 * max(30.0, *(100 * layer.rate for layer in layers)))
    left.legend(frameon=False)
    for axes in (left, right):
        style.tidy(axes, "y")
    files.save(figure, path)
