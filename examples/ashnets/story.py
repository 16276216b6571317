"""The story of one network: trained, judged on the four tasks, taken to the chip, verified and costed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from ..common.publish import PAGE, home
from ..common.tables import put
from .deploy import RUN
from .deploy.encoder import Deployed
from .deploy.ladder import host_side, latents_of, rounded, scores_with
from .deploy.tool import CALIBRATION, Chip, converted, costed, latents, verified
from .figures import draw_examples, draw_layers
from .model import AshNet
from .runs import Data, Progress, RunOptions, keep_options, load_data
from .scores import activity, judge, priors
from .stages import run_stage
from .tables import agreement_table, energy_table, ladder_table, layer_table, task_table, work_table
from .training.pretrain import matching_accuracy

LAVA_PICTURES = 10
"""Examples whose pictures, and their partners, run on Lava."""


@dataclass(frozen=True, eq=False)
class Ladder:
    """Scores of each form of the encoder, by name, and the tokens that Lava ran."""

    rungs: dict[str, dict[str, float]]
    few: dict[str, dict[str, float]]
    path: Path
    tokens: int


def tell(
    folder: Path,
    options: RunOptions,
    *,
    publish: bool,
    note: Callable[[str], None],
    progress: Progress | None = None,
    pictures: int = LAVA_PICTURES,
) -> str:
    """Run everything and write tables and figures into a folder.

    Args:
        folder: Where; a stopped training in it goes on.
        options: Of network and training.
        publish: Whether the tables go into the example's README.
        note: Told what comes next.
        progress: Told of each epoch.
        pictures: Examples whose pictures, and their partners, run on Lava.

    Returns:
        The tables in Markdown.
    """
    page = home(__file__) / PAGE if publish else None
    keep_options(folder, options)
    note("draws the corpus")
    data = load_data(options)
    network = run_stage("pretrain", folder, options, progress, data)
    matching = matching_accuracy(network, data.splits["test"], 250)
    network = run_stage("finetune", folder, options, progress, data)
    tables = told(network, data, folder, matching, note)
    with RUN.at(folder):
        tables |= deployed(network, data, folder, pictures, note)
    for name, table in tables.items():
        (folder / f"{name}.md").write_text(table, encoding="utf-8")
        if page is not None:
            put(page, name, table)
    return "\n".join(tables.values())


def told(network: AshNet, data: Data, folder: Path, matching: float, note: Callable[[str], None]) -> dict[str, str]:
    """Tables of tasks, layers and work; figures of examples and layers."""
    note("judges the tasks")
    test, layers = data.splits["test"], activity(network, data.splits["test"])
    scores = judge(network, test) | {"matching after pre-training": matching}
    draw_examples(network, data, folder / "examples.png")
    draw_layers(layers, network.config.steps, folder / "layers.png")
    return {
        "tasks": task_table(scores, priors(data.splits["train"], test)),
        "layers": layer_table(layers, network.config.steps),
        "work": work_table(network, test),
    }


def deployed(network: AshNet, data: Data, folder: Path, pictures: int, note: Callable[[str], None]) -> dict[str, str]:
    """Tables of what happens on the way to the chip, and of what it costs."""
    place = folder / "chip"
    place.mkdir(exist_ok=True)
    train, test = data.splits["train"], data.splits["test"]
    count = network.config.tokens**2
    some = host_side(network, train.pictures[: CALIBRATION // count])[1]
    concrete, tokens = host_side(network, test.pictures)
    note("converts the encoder")
    chip = converted("encoder", some.flatten(0, 1), place)
    ladder = climbed(network, data, chip, concrete, tokens, pictures, place, note)
    note("compares source, float reference, engine and Lava")
    proof = verified(chip, ladder.path, ladder.tokens, folder)
    note("converts a copy for each token, and costs both")
    many = converted("replicated", some.flatten(1), place)
    latents(many, tokens[:50].flatten(1), place / "pictures.npz", "loihi")
    one, all_at_once = costed(chip, ladder.path, ladder.tokens, folder), costed(many, place / "pictures.npz", 50, None)
    return {
        "ladder": ladder_table(ladder.rungs, ladder.few, pictures),
        "agreement": agreement_table(proof),
        "energy": energy_table(one, all_at_once, count, (chip.cores, many.cores)),
    }


def climbed(
    network: AshNet,
    data: Data,
    chip: Chip,
    concrete: torch.Tensor,
    tokens: torch.Tensor,
    pictures: int,
    place: Path,
    note: Callable[[str], None],
) -> Ladder:
    """Score the tasks with the latents of each form; Lava's for a few examples and the pictures that they need."""
    test, encoder = data.splits["test"], Deployed(network.cpu())
    asked = torch.arange(pictures)
    needed = torch.unique(torch.cat([asked, test.partners[asked]]))
    note("runs all test pictures on the integer engine")
    engine = torch.as_tensor(latents(chip, tokens.flatten(0, 1), place / "tokens.npz", "loihi")).view_as(tokens)
    note(f"runs {len(needed)} pictures on Lava")
    path = place / "lava-tokens.npz"
    lava = engine.clone()
    lava[needed] = torch.as_tensor(latents(chip, tokens[needed].flatten(0, 1), path, "lava")).view_as(tokens[needed])
    own = network.abstract
    assert own is not None
    forms = {
        "float": own(tokens).latent.detach(),
        "normalisation folded": latents_of(encoder, tokens),
        "weights of 8 bits": latents_of(rounded(encoder, chip.program), tokens),
        "integer engine": engine,
        # Without these nobody could tell whether the tasks need the latents at all.
        "control: none, E = 0": torch.zeros_like(engine),
        "control: another picture's": engine.roll(1, 0),
    }
    rungs = {name: scores_with(network, test, concrete, made) for name, made in forms.items()}
    for name, made in forms.items():
        rungs[name]["latents"] = float((made - forms["float"]).norm() / forms["float"].norm())
    few = {
        name: scores_with(network, test, concrete, made, asked)
        for name, made in (("float", forms["float"]), ("integer engine", engine), ("Lava", lava))
    }
    return Ladder(rungs, few, path, len(needed) * tokens.shape[1])
