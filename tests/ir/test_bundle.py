"""Bundles: whole or not there, checked on opening, never overwritten unasked."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import bundle_samples as samples
import pytest

from neurotool.errors import UsageError
from neurotool.ir import bundle_writer
from neurotool.ir.bundle import Bundle, BundleWriter, check_output

OLD, NEW = samples.contents_of(1), samples.contents_of(2)


@pytest.fixture
def out(tmp_path):
    place = tmp_path / "model.bundle"
    samples.write(place, OLD)
    return place


def contents(place):
    bundle = Bundle.open(place)
    return {key: bundle.file(key).read_bytes() for key in bundle.manifest.files}


def listing(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_bundle_holds_what_was_added(out, tmp_path):
    assert contents(out) == OLD
    assert listing(tmp_path) == ["model.bundle"]
    record = Bundle.open(out).manifest.files["graph"]
    assert record.path == f"graph.{record.sha256[:12]}.bin"
    assert listing(out) == sorted([f.path for f in Bundle.open(out).manifest.files.values()] + ["manifest.json"])


def test_files_can_be_made_in_the_scratch_directory(tmp_path):
    with BundleWriter(tmp_path / "deep" / "er" / "b") as writer:
        (writer.scratch / "program").write_bytes(b"12")
        writer.add("spiking-0.program", writer.scratch / "program", ".h5")
        writer.commit(samples.manifest(writer.files))
    assert contents(tmp_path / "deep" / "er" / "b") == {"spiking-0.program": b"12"}


def test_force_replaces_the_content_and_keeps_runs_and_foreign_files(out):
    with Bundle.open(out).new_run("verify") as writer:
        writer.write_json("answer.json", {"passed": True})
    (out / "notes.txt").write_text("mine")
    samples.write(out, NEW, force=True)
    assert contents(out) == NEW
    assert len(listing(out)) == 3 + len(["manifest.json", "notes.txt", "runs"])
    (run,) = Bundle.open(out).runs()
    assert json.loads((run.path / "answer.json").read_text()) == {"passed": True}
    assert run.record.manifest_sha256 != Bundle.open(out).sha256


def test_force_repairs_a_damaged_file(out):
    file = Bundle.open(out).file("shared")
    file.write_bytes(b"xxxx")
    samples.write(out, OLD, force=True)
    assert contents(out) == OLD


def make_file(place):
    place.write_text("precious")


def make_directory(place):
    place.mkdir()
    (place / "thesis.tex").write_text("precious")


def make_damaged_bundle(place):
    samples.write(place, OLD)
    (place / "manifest.json").write_text("{")


@pytest.mark.parametrize("make", [make_file, make_directory, make_damaged_bundle, Path.mkdir])
@pytest.mark.parametrize(("force", "message"), [(False, "exists already"), (True, "is not a whole bundle")])
def test_what_is_no_bundle_is_never_overwritten(tmp_path, make, force, message):
    place = tmp_path / "out"
    make(place)
    before = listing(tmp_path), listing(place) if place.is_dir() else place.read_text()
    with pytest.raises(UsageError, match=message) as caught:
        check_output(place, force)
    assert str(place) in caught.value.message
    with pytest.raises(UsageError, match=message):
        BundleWriter(place, force)
    assert before == (listing(tmp_path), listing(place) if place.is_dir() else place.read_text())


def test_a_bundle_is_not_overwritten_unasked(out):
    with pytest.raises(UsageError, match="exists already") as caught:
        check_output(out, force=False)
    assert "--force" in caught.value.hint


def test_output_below_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="is not a directory"):
        check_output(tmp_path / "file" / "b" / "c", force=False)


def test_output_where_nothing_can_be_written_is_refused():
    with pytest.raises(UsageError, match="cannot be written to"):
        check_output(Path("/proc/self/bundle"), force=False)


def test_an_exception_leaves_everything_as_it_was(out, tmp_path):
    before = listing(tmp_path), listing(out)
    with pytest.raises(KeyboardInterrupt), BundleWriter(tmp_path / "new" / "b") as writer:
        writer.add("a", b"1", ".bin")
        raise KeyboardInterrupt
    with pytest.raises(ValueError, match="other files"), BundleWriter(out, force=True) as writer:
        writer.add("a", b"1", ".bin")
        writer.commit(samples.manifest({}))
    assert before == (listing(tmp_path), listing(out))


@pytest.mark.parametrize("key", ["", "a/b", "..", "a b", "shared"])
def test_keys_are_file_names_and_unique(tmp_path, key):
    with BundleWriter(tmp_path / "b") as writer:
        writer.add("shared", b"1", ".bin")
        with pytest.raises(ValueError, match="no file name or was added before"):
            writer.add(key, b"1", "")


def test_the_second_of_two_writers_is_refused(tmp_path):
    place = tmp_path / "b"
    with BundleWriter(place) as first, BundleWriter(place) as second:
        first.commit(samples.manifest(first.files))
        second.add("late", b"1", ".bin")
        # An existing bundle is only replaced when asked for, also if it came late.
        with pytest.raises(UsageError, match="exists"):
            second.commit(samples.manifest(second.files))
    assert contents(place) == {}


@pytest.mark.parametrize("calls", range(1, 5))
def test_a_failure_at_any_step_of_a_replacement_leaves_one_whole_version(out, monkeypatch, calls):
    """Four replacements are made: three files, then the manifest."""
    made = []

    def replace(file, place):
        made.append(place.name)
        if len(made) == calls:
            raise OSError("power cut")
        file.replace(place)

    monkeypatch.setattr(bundle_writer, "replace", replace)
    with pytest.raises(OSError, match="power cut"):
        samples.write(out, NEW, force=True)
    assert contents(out) == OLD
    monkeypatch.undo()
    samples.write(out, NEW, force=True)
    assert contents(out) == NEW
    assert len(listing(out)) == 4


def test_killing_a_writer_at_any_moment_leaves_a_whole_bundle(out, tmp_path):
    with Bundle.open(out).new_run("run"):
        pass
    moments = random.Random(7)
    for _ in range(10):
        writer = subprocess.Popen([sys.executable, samples.__file__, out], stdout=subprocess.PIPE, text=True)
        assert writer.stdout.readline() == "writing\n"
        time.sleep(moments.uniform(0.0, 0.03))
        writer.send_signal(signal.SIGKILL)
        writer.communicate()
        found = contents(out)
        version = int(found["graph"].split()[1])
        assert found == samples.contents_of(version)
        assert len(Bundle.open(out).runs()) == 1
    samples.write(out, NEW, force=True)
    assert listing(tmp_path) == ["model.bundle"]
    assert len(listing(out)) == 5


def test_clearing_up_spares_a_writer_at_work(tmp_path):
    with BundleWriter(tmp_path / "b") as first:
        with BundleWriter(tmp_path / "b"):
            assert len(listing(tmp_path)) == 2
        first.commit(samples.manifest({}))
    assert listing(tmp_path) == ["b"]


def edit_manifest(**changes):
    def change(place):
        path = place / "manifest.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    return change


def program(place):
    return next(place.glob("program.*"))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda p: (p / "manifest.json").unlink(), "is not a bundle, it has no manifest.json"),
        (lambda p: (p / "manifest.json").write_bytes(b"\xff"), "manifest.json: cannot be read"),
        (lambda p: os.truncate(p / "manifest.json", 700), "manifest.json: is damaged, not JSON"),
        (lambda p: (p / "manifest.json").write_text("[]"), "its schema is not declared"),
        (edit_manifest(schema="neurotool.bundle/3"), "its schema is neurotool.bundle/3, this version reads"),
        (edit_manifest(dt=-1.0), "manifest.json: field dt: Input should be greater than 0"),
        (edit_manifest(surprise=1), "manifest.json: field surprise: Extra inputs"),
        (edit_manifest(files={}), "file shared of part spiking-0 is 'shared', which is not listed"),
        (
            edit_manifest(files={"a": {"path": "../x", "sha256": "0" * 64, "bytes": 1}}),
            "field files.a.path: String should match pattern",
        ),
        (lambda p: program(p).unlink(), "is missing, the manifest lists it"),
        (lambda p: os.truncate(program(p), 100), "is truncated: 100 of 9000 bytes"),
        (lambda p: program(p).write_bytes(OLD["program"] + b"!"), "is edited: 9001 bytes, expected 9000"),
        (lambda p: program(p).write_bytes(b"x" * 9000), "is edited: its SHA-256 begins"),
    ],
)
def test_damage_is_named(out, damage, message):
    damage(out)
    with pytest.raises(UsageError) as caught:
        Bundle.open(out)
    assert message in caught.value.message
    assert str(out) in caught.value.message


@pytest.mark.parametrize(("make", "message"), [(make_file, "is a file"), (lambda p: None, "not found")])
def test_what_is_no_directory_is_named(tmp_path, make, message):
    make(tmp_path / "b")
    with pytest.raises(UsageError, match=message):
        Bundle.open(tmp_path / "b")


def test_runs_only_grow_and_sort_by_time(out):
    bundle = Bundle.open(out)
    assert bundle.runs() == ()
    for kind in ("run", "energy", "verify"):
        with bundle.new_run(kind) as writer:
            writer.path("trace.h5").write_bytes(b"1")
            assert len(bundle.runs()) < 3
    assert [run.record.kind for run in bundle.runs()] == ["run", "energy", "verify"]
    assert listing(bundle.runs()[0].path) == ["record.json", "trace.h5"]
    assert {run.record.manifest_sha256 for run in bundle.runs()} == {bundle.sha256}


def test_a_failed_run_leaves_nothing(out):
    bundle = Bundle.open(out)
    with pytest.raises(KeyboardInterrupt), bundle.new_run("run") as writer:
        writer.path("trace.h5").write_bytes(b"half")
        raise KeyboardInterrupt
    assert listing(out / "runs") == []


def test_json_of_a_run_is_json(out):
    with pytest.raises(ValueError, match="not JSON compliant"), Bundle.open(out).new_run("run") as writer:
        writer.write_json("answer.json", {"rate": float("nan")})


def test_a_damaged_run_record_is_named(out):
    with Bundle.open(out).new_run("run") as writer:
        pass
    (writer.run.path / "record.json").write_text("{")
    with pytest.raises(UsageError, match=r"record\.json: is missing or damaged"):
        Bundle.open(out).runs()
