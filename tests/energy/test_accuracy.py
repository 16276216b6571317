"""Accuracies of alternatives: read with their source, put into the comparison, and judged equal or not."""

import pytest

from neurotool.chips import load_chip, load_device
from neurotool.energy import count_work, estimate
from neurotool.energy.accuracy import Accuracy, Equality, Kind, read_accuracies
from neurotool.energy.compare import ScalingWork
from neurotool.energy.comparison import Task, compare
from neurotool.errors import UsageError

CHIP, CPU, GPU = load_chip("loihi1"), load_device("cpu-generic"), load_device("h100-sxm")


def test_a_file_gives_accuracies_with_their_source(tmp_path):
    path = tmp_path / "accuracies.yaml"
    path.write_text("float-ann: {accuracy: 0.982, source: 'train_ann.py, seed 0'}\n", encoding="utf-8")
    assert read_accuracies(path) == {Kind.ANN: Accuracy(accuracy=0.982, source="train_ann.py, seed 0")}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("float-ann: {accuracy: 0.98}", "float-ann.source"),
        ("float-ann: {accuracy: 0.98, source: ' '}", "without a source is refused"),
        ("float-ann: {accuracy: 98, source: a log}", "float-ann.accuracy"),
        ("annn: {accuracy: 0.98, source: a log}", "annn"),
        ("- 0.98", "--accuracies"),
        ("a: [", "no YAML file"),
    ],
)
def test_other_files_are_refused_by_name_of_the_field(tmp_path, text, said):
    path = tmp_path / "accuracies.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=said):
        read_accuracies(path)
    with pytest.raises(UsageError, match="cannot be read"):
        read_accuracies(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("accuracy", "reference", "text"),
    [(0.97, 0.98, "yes"), (0.99, 0.98, "yes"), (0.95, 0.98, "no: -3.00 points"), (None, 0.98, "not known"),
     (0.98, None, "not known")],
)  # fmt: skip
def test_accuracies_within_one_point_are_equal(accuracy, reference, text):
    assert Equality.of(accuracy, reference).text == text


def test_a_comparison_holds_each_accuracy_and_who_says_so(work):
    counted = [count_work(work, CHIP)]
    scaling = ScalingWork(1e5, 4e4, 1e4, 4)
    known = {Kind.SPLIT: Accuracy(accuracy=0.9, source="a run"), Kind.ANN: Accuracy(accuracy=0.95, source="a log")}
    found = compare(estimate(counted, [], CHIP, CPU), counted, [], (CHIP, CPU), Task(scaling, scaling, 20, known), GPU)
    said = {(each.kind, each.accuracy, each.accuracy_source) for each in found.alternatives}
    assert said == {
        (Kind.SPLIT, 0.9, "a run"),
        (Kind.ANN, 0.95, "a log"),
        (Kind.SPIKING, None, ""),
        (Kind.QUANTISED, None, ""),
    }
    rows = found.to_json()["alternatives"]
    assert [row["accuracy_source"] for row in rows if row["kind"] == "float-ann"] == ["a log", "a log"]
