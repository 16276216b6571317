"""Plug-ins of third parties: what they are asked, what is recorded of them, what is said of broken ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import net_files
import numpy as np
import pytest

from neurotool import pipeline, plugins
from neurotool.errors import BackendMissingError, UsageError
from neurotool.ir.adapters import (
    Availability,
    GraphWriter,
    ObjectConverter,
    ProgramTarget,
    ScriptWriter,
    SourceOptions,
    TorchTarget,
    limits_time,
)
from neurotool.ir.bundle import Bundle
from neurotool.pipeline import adapters
from neurotool.plugins import CONVERTERS, PROGRAM_FORMATS, TARGETS, load

NETWORK = Path(__file__, "../../interop/fixtures/snntorch/rleaky-subtract-no-bias.nir").resolve()


@dataclass(frozen=True, eq=False)
class Point:
    """An entry point that loads an object, or fails."""

    name: str
    value: Any

    def load(self) -> Any:
        if isinstance(self.value, Exception):
            raise self.value
        return self.value


@pytest.fixture
def plug(monkeypatch):
    """Add a plug-in to a group, in place of one of that name."""

    def add(group: str, name: str, value: Any) -> None:
        before = plugins._points
        monkeypatch.setattr(
            plugins,
            "_points",
            lambda asked: (
                (*(p for p in before(asked) if p.name != name), Point(name, value)) if asked == group else before(asked)
            ),
        )

    return add


def test_the_adapters_that_come_along_keep_their_protocols():
    assert isinstance(load(CONVERTERS, "torch"), ObjectConverter)
    assert isinstance(load(CONVERTERS, "nir"), GraphWriter)
    assert isinstance(load(TARGETS, "lava"), ScriptWriter)
    assert isinstance(load(TARGETS, "gpu"), TorchTarget)
    assert not isinstance(load(CONVERTERS, "torch"), GraphWriter)


def test_a_converter_that_cannot_be_imported_is_named_where_nothing_accepts(plug, neurotool, tmp_path):
    plug(CONVERTERS, "torch", ImportError("no torch here"))
    done = neurotool("convert", "my_models:f", "-o", tmp_path / "b")
    assert done.code == 2
    assert "cannot tell what 'my_models:f' is" in done.err
    assert "torch (ImportError: no torch here)" in done.err
    assert "neurotool doctor" in done.err


def test_a_broken_converter_stops_no_other(plug):
    plug(CONVERTERS, "aaa", ImportError("no"))
    assert adapters.read_source(str(NETWORK), SourceOptions(convention="snntorch-subtract")).converter == "nir"


def test_a_format_that_cannot_be_imported_is_named_where_nothing_reads_a_file(plug, neurotool, tmp_path):
    (tmp_path / "a.net").write_bytes(b"")
    plug(PROGRAM_FORMATS, "netx", ImportError("no h5py here"))
    for command in (("inspect", tmp_path / "a.net"), ("run", tmp_path / "a.net", "--input", "x.npz")):
        done = neurotool(*command)
        assert (done.code, "netx (ImportError: no h5py here)" in done.err) == (2, True), done.err
    assert "not found" in neurotool("inspect", tmp_path / "b").err


@pytest.mark.parametrize(
    ("group", "name", "call", "said"),
    [
        (
            CONVERTERS,
            "torch",
            lambda: adapters.read_source(object(), SourceOptions()),
            "'torch'.*that are objects",
        ),
        (CONVERTERS, "nir", adapters.graph_writer, "'nir'.*write graphs"),
        (TARGETS, "lava", adapters.script_writer, "'lava'.*write scripts"),
        (TARGETS, "gpu", adapters.torch_target, "'gpu'.*float graphs"),
        (PROGRAM_FORMATS, "netx", lambda: adapters.format_named("netx"), "'netx'.*chip programs"),
    ],
)
def test_an_adapter_of_a_known_name_without_what_is_asked_of_it(plug, group, name, call, said):
    plug(group, name, object())
    with pytest.raises(BackendMissingError, match=said):
        call()


def test_the_float_target_runs_no_programs_and_those_that_do_are_listed(neurotool, net, samples):
    done = neurotool("run", net, "--input", samples, "--target", "gpu")
    assert done.code == 2
    assert "target 'gpu' runs no integer programs" in done.err
    (hint,) = (line for line in done.err.splitlines() if line.startswith("hint:"))
    assert "loihi" in hint
    assert "lava" in hint
    assert "gpu" not in hint
    unknown = neurotool("run", net, "--input", samples, "--target", "abacus")
    assert (unknown.code, "no target named 'abacus'" in unknown.err) == (2, True)


@pytest.fixture
def net(tmp_path):
    weights = 2 * np.random.default_rng(8).integers(-60, 61, (6, 8))
    return net_files.save(tmp_path / "small.net", net_files.source(8), net_files.dense(weights))


@pytest.fixture
def samples(tmp_path):
    np.savez(tmp_path / "x.npz", x=np.random.default_rng(8).random((9, 2, 8)) < 0.4)
    return tmp_path / "x.npz"


@pytest.mark.parametrize("target", ["loihi", "loihi-reference", "loihi-torch"])
def test_a_time_limit_that_a_target_does_not_keep_is_refused(net, samples, target):
    with pytest.raises(UsageError, match=f"--timeout has no meaning for --target {target}") as caught:
        pipeline.launch(net, samples, target=target, timeout=1e-6)
    assert caught.value.hint == "it is for lava"
    with pytest.raises(UsageError, match="--timeout has no meaning"):
        pipeline.run_program(net, samples, target=target, timeout=1e-6)


class Abacus:
    """A target that runs what the engine runs."""

    name = "abacus"

    def available(self) -> Availability:
        return Availability(True, "beads")

    def run_program(self, program, inputs, options):
        self.timeout = options.timeout
        return load(TARGETS, "loihi").run_program(program, inputs, replace(options, timeout=None))


class Timed(Abacus):
    """One that says that it keeps a time limit."""

    limits_time = True


def test_a_target_says_itself_whether_it_keeps_a_time_limit(plug, net, samples):
    plain, timed = Abacus(), Timed()
    assert isinstance(plain, ProgramTarget)
    assert (limits_time(plain), limits_time(timed)) == (False, True)
    plug(TARGETS, "abacus", plain)
    assert pipeline.launch(net, samples, target="abacus").samples == 2
    with pytest.raises(UsageError, match="no meaning for --target abacus"):
        pipeline.launch(net, samples, target="abacus", timeout=1.0)
    plug(TARGETS, "abacus", timed)
    pipeline.launch(net, samples, target="abacus", timeout=1.0)
    assert timed.timeout == 1.0


class Beads:
    """A converter for files of its own kind, which hold NIR."""

    name = "beads"

    def accepts(self, spec: str) -> bool:
        return spec.endswith(".beads")

    def load(self, spec, options):
        return replace(load(CONVERTERS, "nir").load(str(NETWORK), options), spec=spec)


def test_the_converter_that_read_a_model_is_recorded(plug, tmp_path):
    plug(CONVERTERS, "beads", Beads())
    options = pipeline.ConvertOptions(convention="snntorch-subtract")
    pipeline.convert("a.beads", tmp_path / "bundle", options)
    source = Bundle.open(tmp_path / "bundle").manifest.source
    assert (source.spec, source.kind, source.runnable, source.can_run) == ("a.beads", "beads", False, False)


def test_what_older_bundles_say_of_their_source_is_still_understood():
    from neurotool.ir.manifest import SourceRecord

    known = {"spec": "a", "sha256": "0" * 64}
    assert SourceRecord(kind="torch", **known).can_run
    assert not SourceRecord(kind="nir", **known).can_run
