"""Where things are in the folder of a published data set, for both of its layouts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from neurotool.errors import UsageError

from .task import FloatArray, Samples, SplitName, Task, join
from .words import class_texts, read_classes, read_mapping

Kind = Literal["main", "cls"]

STAGES: dict[SplitName, str] = {
    "train": "stage_1_train",
    "val_seen": "stage_1_val_seen",
    "val_unseen": "stage_1_val_unseen",
    "full_train": "stage_2_train",
    "test_seen": "stage_2_test_seen",
    "test_unseen": "stage_2_test_unseen",
}

HOW_TO_GET = (
    "get avgzsl_benchmark_datasets.zip by the link in the README of github.com/ExplainableML/AVCA-GZSL (features"
    " averaged over time) or of github.com/ExplainableML/TCAF-GZSL (sequences), unpack it, and give the folder of one"
    " data set,"
    " such as avgzsl_benchmark_datasets/UCF. It holds class-split/all_class.txt,"
    " class-split/{main_split,cls_split}/stage_*.txt, class-split/*_w2v_class_names.csv, and"
    " features/{main_features,cls_features}/{audio,video}/STAGE/CLASS.h5 (or .pkl) and text/*.npy"
)


@dataclass(frozen=True)
class Layout:
    """Folders of a data set.

    Attributes:
        root: Folder of the data set, such as ``.../UCF``.
        kind: ``main`` for SeLaVi features, ``cls`` for VGGish and C3D features.
    """

    root: Path
    kind: Kind

    @property
    def classes(self) -> Path:
        """The folder with names and splits; both spellings occur."""
        plain = self.root / "class_split"
        return plain if plain.is_dir() else self.root / "class-split"

    def check(self) -> None:
        """Raise a :class:`UsageError` that names what is missing and where it can be had."""
        needed = [
            self.classes / "all_class.txt",
            self.split_folder,
            *(self.features / n for n in ("audio", "video", "text")),
        ]
        missing = [str(path.relative_to(self.root)) for path in needed if not path.exists()]
        if missing:
            raise UsageError(f"{self.root}: no data set here; missing: {', '.join(missing)}", hint=HOW_TO_GET)

    @property
    def split_folder(self) -> Path:
        """Lists of classes and recordings of each stage."""
        return self.classes / f"{self.kind}_split"

    @property
    def features(self) -> Path:
        """Folder of the features."""
        return self.root / "features" / f"{self.kind}_features"

    def files(self, modality: str, split: SplitName, suffix: str) -> dict[str, Path]:
        """Feature files of a split by class name, lower-cased, for the classes that its ``.txt`` file lists.

        The lists of ``cls_split`` leave out classes that the feature networks were trained on, while its CSV files and
        folders may still hold them; hence the list decides.
        """
        folder = self.features / modality / STAGES[split]
        listed = self.split_folder / f"{STAGES[split]}.txt"
        try:
            wanted = {line.strip().lower() for line in listed.read_text(encoding="utf-8").splitlines() if line.strip()}
            found = {path.stem.lower(): path for path in sorted(folder.glob(f"*{suffix}"))}
        except OSError as error:
            raise UsageError(f"{listed}: cannot be read ({error.strerror})", hint=HOW_TO_GET) from error
        missing = sorted(wanted - set(found))
        if missing:
            raise UsageError(f"{folder}: no {suffix} file for {len(missing)} class(es): {', '.join(missing[:5])}")
        return {name: found[name] for name in sorted(wanted)}

    def words(self, *, legacy_text_order: bool) -> tuple[tuple[str, ...], FloatArray]:
        """Class names in the order of their numbers, and their embeddings."""
        classes = read_classes(self.classes)
        tables, vectors = list(self.classes.glob("*_w2v_class_names.csv")), list((self.features / "text").glob("*.npy"))
        if len(tables) != 1 or len(vectors) != 1:
            raise UsageError(
                f"{self.root}: expected one *_w2v_class_names.csv and one .npy file of embeddings,"
                f" found {len(tables)} and {len(vectors)}",
                hint=HOW_TO_GET,
            )
        return classes, class_texts(classes, read_mapping(tables[0]), vectors[0], legacy_text_order=legacy_text_order)

    def task(self, splits: dict[SplitName, Samples], classes: tuple[str, ...], text: FloatArray) -> Task:
        """Put a task together; without features of ``stage_2_train``, that split is the three of stage 1."""
        if "full_train" not in splits:
            splits = splits | {"full_train": join([splits["train"], splits["val_seen"], splits["val_unseen"]])}
        return Task(f"{self.root.name}-{self.kind}", classes, text, splits)

    def present(self) -> list[SplitName]:
        """Splits that have features."""
        return [s for s, stage in STAGES.items() if s != "full_train" or (self.features / "audio" / stage).is_dir()]
