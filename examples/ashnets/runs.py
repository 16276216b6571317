"""Runs: data, network and training of one seed, in memory or in a folder that a stopped run goes on from."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch

from neurotool.errors import UsageError
from neurotool.ir.atomic_file import replacing

from ..common import loop
from .corpus import build_corpus
from .corpus.sentences import ANSWERS, vocabulary
from .model import AshNet, Config
from .model.vocabulary import Vocabulary
from .training.examples import Examples, examples
from .training.finetune import FinetuneOptions, Finetuning
from .training.pretrain import Pretraining, PretrainOptions

OPTIONS = "options.json"
STAGES = ("pretrain", "finetune")

Progress = Callable[[str, int, int, Mapping[str, float]], None]
"""Told after each epoch: name of the stage, epochs done, epochs in all, and the entry of the history."""


@dataclass(frozen=True)
class RunOptions:
    """Everything that decides a run.

    Attributes:
        seed: Of weights, order, masks, negatives and views. The corpus is the same for all seeds.
        train: Pictures to train with.
        validation: Pictures that an epoch is judged on.
        test: Pictures that results are reported on.
        model: The network.
        pretrain: The first stage.
        finetune: The second stage.
    """

    seed: int = 0
    train: int = 4000
    validation: int = 250
    test: int = 1000
    model: Config = field(default_factory=Config)
    pretrain: PretrainOptions = field(default_factory=PretrainOptions)
    finetune: FinetuneOptions = field(default_factory=FinetuneOptions)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> RunOptions:
        """The reverse of ``dataclasses.asdict``, also from lists in place of tuples."""
        model = dict(values["model"])
        return cls(
            **{name: values[name] for name in ("seed", "train", "validation", "test")},
            model=Config(**model | {"strides": tuple(model["strides"])}),
            pretrain=PretrainOptions(**values["pretrain"]),
            finetune=FinetuneOptions(**values["finetune"]),
        )


QUICK = RunOptions(
    train=512,
    validation=50,
    test=100,
    model=Config(width=32),
    pretrain=PretrainOptions(epochs=4),
    finetune=FinetuneOptions(epochs=2),
)
"""Goes through everything in seconds and learns next to nothing."""


@dataclass(frozen=True, eq=False)
class Data:
    """Splits as tensors, and the words that they are made of."""

    words: Vocabulary
    splits: dict[str, Examples]


def load_data(options: RunOptions) -> Data:
    """Draw the corpus of a run."""
    device = _device()
    corpus, words = build_corpus(options.train, options.validation, options.test), Vocabulary(vocabulary())
    return Data(words, {name: examples(split, words, options.model, device) for name, split in corpus.splits.items()})


def _device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def build(options: RunOptions) -> AshNet:
    """Make an untrained network; the seed decides its weights."""
    with torch.random.fork_rng():
        torch.manual_seed(options.seed)
        network = AshNet(options.model, len(Vocabulary(vocabulary())), len(ANSWERS))
    return network.to(_device())


def train(
    stage: str, network: AshNet, options: RunOptions, data: Data, folder: Path | None, progress: Progress | None = None
) -> loop.History:
    """Train one stage, or go on with it.

    Args:
        stage: ``pretrain`` or ``finetune``.
        network: What is trained, in place: untrained, or pre-trained.
        options: How.
        data: What with.
        folder: Folder of the run, or None to keep nothing.
        progress: Told of each epoch.
    """
    own = options.pretrain if stage == "pretrain" else options.finetune
    with torch.random.fork_rng():
        torch.manual_seed(1 + options.seed)
        learned, judged = data.splits["train"], data.splits["validation"]
        job: loop.Job
        if stage == "pretrain":
            job = Pretraining(network, learned, judged, options.pretrain)
        else:
            job = Finetuning(network, learned, judged, options.finetune)
        where = None if folder is None else folder / stage

        def tell(done: int, total: int, entry: Mapping[str, float]) -> None:
            if progress is not None:
                progress(stage, done, total, entry)

        history = loop.run(job, own.epochs, {"stage": stage, **asdict(options)}, where, tell)
    network.eval()
    return history


def keep_options(folder: Path, options: RunOptions) -> None:
    """Write the options of a run.

    Raises:
        UsageError: The folder holds a run with others.
    """
    text, path = json.dumps(asdict(options), indent=1), folder / OPTIONS
    if path.is_file() and path.read_text() != text:
        raise UsageError(f"{folder}: it holds a run with other options", hint="remove it, or give another --out")
    with replacing(path, parents=True) as file:
        file.write_text(text)


def load_options(folder: Path) -> RunOptions:
    """Options of a run.

    Raises:
        UsageError: There is none.
    """
    try:
        return RunOptions.from_json(json.loads((folder / OPTIONS).read_text()))
    except (OSError, ValueError, KeyError, TypeError) as error:
        hint = f"python -m neurotool.examples.ashnets pretrain --out {folder} makes one"
        raise UsageError(f"{folder}: no run ({error})", hint=hint) from error


def trained(folder: Path, stage: str, options: RunOptions) -> tuple[AshNet, loop.History]:
    """Network and history of a finished stage.

    Raises:
        UsageError: It is not finished.
    """
    path = folder / stage / loop.STATE
    epochs = (options.pretrain if stage == "pretrain" else options.finetune).epochs
    network = build(options)
    try:
        kept = torch.load(path, weights_only=True, map_location="cpu")
        network.load_state_dict(kept["job"]["network"])
        history: loop.History = kept["history"]
    except Exception as error:  # whatever a missing or damaged file makes torch raise
        hint = f"python -m neurotool.examples.ashnets {stage} --out {folder}"
        raise UsageError(f"{folder}: stage {stage} is not there ({type(error).__name__})", hint=hint) from error
    if len(history) < epochs:
        raise UsageError(f"{folder}: stage {stage} is at epoch {len(history)} of {epochs}", hint="run it again")
    return network.eval(), history
