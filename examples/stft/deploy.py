"""A trained chip variant through the tool: bundle, engine, Lava, certificate, energy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from neurotool import pipeline
from neurotool.data.files import save
from neurotool.verify import Certificate

from ..common.trained import TrainedRun
from .chip import Deployed
from .data.choose import load_task
from .data.task import Samples, Task, join
from .runs import load_run
from .scores import Distances, Scores, score

SPEC = f"{__package__}:trained"
RUN = TrainedRun("NEUROTOOL_STFT", Path("build/stft/story/chip"))
"""The run that the factory loads."""

CALIBRATION = 100
"""Training samples that scales are chosen with."""


def deployed(run: Path) -> Deployed:
    """The module for ``neurotool convert`` of a finished run of the chip variant."""
    options, model, beta = load_run(run)
    return Deployed(model, load_task(options.data), beta)


@dataclass(frozen=True)
class Files:
    """Data files of a deployment.

    Attributes:
        calibration: Training samples.
        test: Test samples, seen classes first.
        mixed: The same in a random order, for whatever looks at the first few only.
        seen: How many samples of ``test`` are of seen classes.
    """

    calibration: Path
    test: Path
    mixed: Path
    seen: int


def write_data(task: Task, folder: Path) -> Files:
    """Write what the command line reads: arrays ``audio``, ``video`` and labels ``y``."""
    rng = np.random.default_rng(0)
    train = task.splits["full_train"]
    test = join([task.splits["test_seen"], task.splits["test_unseen"]])
    files = Files(folder / "calibration.npz", folder / "test.npz", folder / "mixed.npz", len(task.splits["test_seen"]))
    _write(files.calibration, task, train.take(rng.permutation(len(train))[:CALIBRATION]))
    _write(files.test, task, test)
    _write(files.mixed, task, test.take(rng.permutation(len(test))))
    return files


def _write(path: Path, task: Task, samples: Samples) -> None:
    classes = task.present("full_train", "test_unseen")
    save(path, {"audio": samples.audio, "video": samples.video}, np.searchsorted(classes, samples.target))


@dataclass(frozen=True, eq=False)
class Ran:
    """What the tool found.

    Attributes:
        converted: The bundle.
        scores: Test scores with the integers of the engine.
        samples: Test samples.
        certificate: Agreement of source, float reference, engine and Lava.
        lava: Samples that ran on Lava.
        energy: Estimate and comparison by the name of the device of the dense half.
        cuts: The partitioner's answer with its Pareto set.
    """

    converted: pipeline.ConvertResult
    scores: Scores
    samples: int
    certificate: Certificate
    lava: int
    energy: dict[str, pipeline.EnergyResult]
    cuts: pipeline.PartitionResult


def deploy(run: Path, out: Path, *, lava: int, limit: int | None, cuts: int, note: Any) -> Ran:
    """Convert, run, verify and cost a finished run.

    Args:
        run: Folder of the chip variant.
        out: Folder for data, bundle and figures.
        lava: Samples for Lava.
        limit: Samples for the certificate's other forms and the energy; None for all.
        cuts: Samples with which the cuts of the Pareto set are judged.
        note: Told what is done next.
    """
    with RUN.at(run):
        return _deploy(run, out, lava, limit, cuts, note)


def _deploy(run: Path, out: Path, lava: int, limit: int | None, cuts: int, note: Any) -> Ran:
    model = deployed(run)
    task = load_task(load_run(run)[0].data)
    files = write_data(task, out)
    bundle = out / "bundle"
    note("converting")
    converted = pipeline.convert(SPEC, bundle, pipeline.ConvertOptions(calib=files.calibration, force=True))
    note("running all test samples on the integer engine")
    ran = pipeline.run(bundle, files.test)
    (answers,) = ran.outputs.values()
    scores = score(distances_of(answers, model, task, files.seen), float(model.raised.max()))
    note(f"verifying, {lava} samples on Lava")
    forms = {"lava": lava} | ({} if limit is None else dict.fromkeys(("source", "float", "loihi"), limit))
    verified = pipeline.verify(bundle, files.mixed, limits=forms, stages=False, plot=False)
    energy = {}
    for device in ("h100-sxm", "jetson-orin-nano"):
        note(f"estimating energy with {device}")
        options = pipeline.EnergyOptions(device=device, gpu=device, compare=True, plot=False)
        energy[device] = pipeline.estimate_energy(bundle, files.mixed, limit=limit, options=options)
    note("looking for other cuts")
    some = out / "some.npz"
    with np.load(files.mixed) as held:
        parts = {name: held[name][:, :cuts] for name in ("audio", "video")}
        save(some, parts, held["y"][:cuts])
    chosen = pipeline.ConvertOptions(calib=files.calibration, device="jetson-orin-nano", cut_seconds=5.0)
    found = pipeline.partition(SPEC, chosen, pareto=True, data=some, figure=out / "cuts.png")
    return Ran(converted, scores, ran.samples, verified.certificate, lava, energy, found)


def distances_of(answers: npt.NDArray[Any], model: Deployed, task: Task, seen: int) -> Distances:
    """Turn the answers of a deployed model back into distances to all classes.

    Args:
        answers: ``[sample, class]``, samples of seen classes first.
        model: Gives the order of the classes and β.
        task: The data.
        seen: Number of samples of seen classes.
    """
    full = np.full((len(answers), len(task.classes)), np.inf)
    full[:, model.classes] = -answers - model.raised.numpy()
    return Distances(
        full[:seen], task.splits["test_seen"].target, full[seen:], task.splits["test_unseen"].target,
        task.present("full_train"), task.present("test_unseen"),
    )  # fmt: skip
