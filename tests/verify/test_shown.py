"""What a reader is shown of a certificate: end to end without labels, in 80 columns, by every command alike."""

from __future__ import annotations

import io

import nir
import numpy as np
import pytest
from rich.console import Console

from neurotool import data, pipeline
from neurotool.cli import answers
from neurotool.cli.summary import certificate
from neurotool.pipeline.verification.tables import proof_tables
from neurotool.verify import Arithmetic, NamedRun, certify


def text_of(*shown, width=80):
    text = io.StringIO()
    console = Console(width=width, file=text, color_system=None)
    for each in shown:
        console.print(each)
    return text.getvalue()


@pytest.fixture
def proof():
    """Scores of two samples: the engine's are half as large again, and one argmax has moved."""
    scores = np.array([[3.0, 4.0], [0.0, 5.0]])
    rounded = np.array([[4.5, 4.0], [0.0, 5.0]])
    kinds = {"source": "float", "float": "float", "loihi": "integer"}
    runs = [
        NamedRun(name, Arithmetic(kind), 2, {}, outputs={"head": scores if kind == "float" else rounded})
        for name, kind in kinds.items()
    ]
    return certify(runs)


def test_outputs_are_shown_without_labels(proof):
    table = text_of(certificate.outputs(proof))
    # The root mean square of the difference is 1.5 / 2, that of the scores sqrt(50 / 4).
    assert [" ".join(line.split()) for line in table.splitlines()[1:]] == [
        "runs output largest relative may be same argmax",
        "agree source → float head 0 0 0.01 100.00%",
        "differ float → loihi head 1.5 0.21 0.2 50.00%",
        "differ source → loihi head 1.5 0.21 0.2 50.00%",
    ]
    assert table in text_of(*certificate.summary(proof))


def test_outputs_fit_80_columns(proof):
    assert max(map(len, text_of(certificate.outputs(proof), width=300).rstrip().splitlines())) <= 80


def test_a_certificate_in_python_shows_outputs_too(proof):
    pairs, outputs = proof_tables(proof)  # without spikes there are no layers
    assert [row[:2] for row in pairs[1]] == [
        ("source → float", "agree"), ("float → loihi", "DIFFER"), ("source → loihi", "DIFFER"),
    ]  # fmt: skip
    assert outputs[1][1] == ("float → loihi", "head", "DIFFER", "1.5", "0.21", "0.2", "50.00%")


def test_nearly_all_is_not_all():
    many = np.tile([1.0, 0.0], (20_000, 1))
    other = many.copy()
    other[0] = [0.999, 1.0]
    runs = [
        NamedRun(name, Arithmetic.FLOAT, len(many), {}, outputs={"y": x}) for name, x in (("a", many), ("b", other))
    ]
    assert [row.argmax for row in certify(runs).outputs()] == ["99.99%"]


def lif(size):
    values = {"tau": 0.02, "r": 1.0, "v_leak": 0.0, "v_threshold": 0.2, "v_reset": 0.0}
    return nir.LIF(**{name: np.full(size, value) for name, value in values.items()})


@pytest.fixture(scope="module")
def hybrid(tmp_path_factory):
    """A network whose read-out is left to torch, converted and verified at once on labelled samples."""
    folder, rng = tmp_path_factory.mktemp("shown"), np.random.default_rng(3)
    nodes = {
        "x": nir.Input(np.array([12])),
        "w1": nir.Affine(rng.normal(0.4, 0.8, (16, 12)), rng.normal(0, 0.1, 16)),
        "n1": lif(16),
        "w2": nir.Linear(rng.normal(0.5, 1.2, (10, 16))),
        "n2": lif(10),
        "y": nir.Output(np.array([10])),
    }
    nir.write(folder / "net.nir", nir.NIRGraph(nodes, list(zip(nodes, list(nodes)[1:], strict=False))))
    data.save(folder / "x.npz", rng.random((12, 6, 12)) < 0.5, rng.integers(0, 10, 6))
    options = pipeline.ConvertOptions(dt=1e-3, weight_bits=5, calib=folder / "x.npz", dense=("w2", "n2"))
    return pipeline.convert_and_verify(str(folder / "net.nir"), folder / "b", options)


def test_convert_says_of_the_proof_what_verify_says(hybrid):
    converted, proof = hybrid
    bundle = converted.bundle.path
    alone, by_itself = answers.verified(bundle, bundle.parent / "x.npz", proof)
    both, (*_, at_once, _) = answers.checked(converted, proof)
    assert both["verify"] == alone
    assert [check["value"] for check in alone["boundaries"]] == ["x", "n1"]
    said, shown = text_of(*by_itself[:-1], width=200), text_of(*answers.checked(converted, proof)[1], width=200)
    assert said in shown
    assert all(title in said for title in ("Outputs of the whole model", "At the boundaries", "certificate kept in"))
    assert text_of(at_once) == text_of(by_itself[-2])


def test_the_result_shows_accuracy_outputs_and_the_stage(hybrid):
    _, proof = hybrid
    lines = repr(proof).splitlines()
    right = proof.certificate.pairs[0].correct
    assert lines[0].split() == ["runs", "within", "tolerance", "samples", "accuracy", "may", "differ", "by"]
    assert " → ".join(f"{each / 6:.2%}" for each in right) in lines[1]
    assert lines[4].split()[3:6] == ["y", "agree", "1"]
    culprit = proof.certificate.bisection.culprit()
    assert culprit is not None
    last = lines[-1]
    assert last.startswith(culprit.stage)
    assert "changes most" in last
    assert f"layer {culprit.layer}, step {culprit.point.step}" in last
