"""The published schemas are those of the code, and the models read back what they write."""

import json
from pathlib import Path

import bundle_samples as samples
import pytest
from pydantic import ValidationError

from neurotool.errors import (
    BackendFailedError,
    BackendMissingError,
    NegativeAnswerError,
    NeurotoolError,
    UnsupportedError,
    UsageError,
)
from neurotool.ir.envelope import Envelope
from neurotool.ir.manifest import FileRecord, Manifest, content_digest, library_versions
from neurotool.ir.schemas import PUBLISHED, text
from neurotool.status import EXIT_CODES, MEANINGS, Status

SCHEMAS = Path(__file__).parents[2] / "docs" / "schema"


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_schema_is_current(name):
    published = json.loads((SCHEMAS / name).read_text())
    assert published == json.loads(text(PUBLISHED[name])), "run: python -m neurotool.ir.schemas docs/schema"


def test_manifest_reads_back_what_it_writes():
    file = FileRecord(path="program.0123456789ab.h5", sha256="2" * 64, bytes=3)
    manifest = samples.manifest({"program": file})
    read = Manifest.model_validate_json(manifest.to_json())
    assert read.model_copy(update={"sha256": None}) == manifest
    assert read.sha256 == content_digest(json.loads(manifest.to_json()))
    assert json.loads(manifest.to_json())["schema"] == "neurotool.bundle/2"
    assert json.loads(manifest.to_json())["units"]["dt"] == "s"


@pytest.mark.parametrize("path", ["../x", "/x", ".hidden", "a/b", ""])
def test_files_stay_inside_the_bundle(path):
    with pytest.raises(ValidationError):
        FileRecord(path=path, sha256="2" * 64, bytes=3)


def test_versions_name_what_took_part():
    assert {"python", "nir", "numpy", "torch"} <= library_versions().keys()


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NegativeAnswerError, Status.NEGATIVE),
        (UsageError, Status.USAGE),
        (UnsupportedError, Status.UNSUPPORTED),
        (BackendMissingError, Status.BACKEND_MISSING),
        (BackendFailedError, Status.BACKEND_FAILED),
        (NeurotoolError, Status.INTERNAL),
    ],
)
def test_status_of_an_error_is_that_of_its_exit_code(error, status):
    envelope = Envelope.of_error(error("no", hint="try again"))
    assert (envelope.status, envelope.status.exit_code) == (status, error.exit_code)
    assert json.loads(envelope.to_json())["data"] == {"message": "no", "hint": "try again"}


def test_every_status_has_an_exit_code_that_is_explained():
    assert EXIT_CODES.keys() == set(Status)
    assert set(EXIT_CODES.values()) == MEANINGS.keys()
    readme = (SCHEMAS.parents[1] / "README.md").read_text()
    assert all(f"| {code} | {meaning.split()[0]}" in readme for code, meaning in MEANINGS.items())


@pytest.mark.parametrize("code", range(6))
def test_an_answer_keeps_its_exit_code_and_its_fields_their_order(code):
    envelope = Envelope(status=Status.of(code), data={"a": 1})
    assert envelope.status.exit_code == code
    assert list(json.loads(envelope.to_json())) == ["schema", "tool", "status", "data", "diagnostics"]
