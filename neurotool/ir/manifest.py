"""``manifest.json``: what a bundle holds, where it comes from, and how to read it.

Field descriptions end up in the published schema, ``docs/schema/manifest.schema.json``.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt, model_validator

import neurotool
from neurotool.ir.coding import Coding
from neurotool.ir.convention import Convention
from neurotool.ir.partition import Boundary, Reason, Side

SCHEMA: Final = "neurotool.bundle/2"

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]*$")]
Count = Annotated[int, Field(ge=0)]
Shape = tuple[Count, ...]

UNITS: Mapping[str, str] = {
    "dt": "s",
    "parts.latency": "time steps",
    "boundaries.steps": "time steps",
    "boundaries.latency": "time steps",
    "boundaries.quantum": "unit of the value",
    "boundaries.error": "share of the value",
    "boundaries.traffic": "byte per sample",
    "inputs.steps": "time steps",
    "inputs.peak": "unit of the data file",
    "inputs.scale": "unit of the data file per integer payload",
    "options.weight_bits": "bit",
    "options.placement_seconds": "s",
    "options.max_latency": "s",
    "options.cut_seconds": "s",
    "inputs.message_bits": "bit",
    "files.bytes": "byte",
}


class Record(BaseModel):
    """Base of everything that is stored as JSON: fixed fields, never changed once made."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_by_name=True, serialize_by_alias=True)


class Tool(Record):
    """The program that wrote a file."""

    name: Literal["neurotool"] = "neurotool"
    version: str = Field(default=neurotool.__version__, description="Version of neurotool.")


class SourceRecord(Record):
    """The model that was converted."""

    spec: str = Field(description="What the user wrote: package.module:factory or a file.")
    kind: str = Field(min_length=1, description="Name of the converter that read it: torch, nir, or a plug-in's.")
    sha256: Sha256 = Field(description="Digest of the file, or of the state of the module.")
    runnable: bool | None = Field(
        default=None,
        description="Whether the source itself can be run, to compare with; null if unknown, then torch modules can.",
    )

    @property
    def can_run(self) -> bool:
        """Whether the source itself can be run, also of bundles from before that was kept."""
        return self.kind == "torch" if self.runnable is None else self.runnable


class InputRecord(Record):
    """How data enters an input, enough to read another file in the same way."""

    name: str = Field(description="Name of the input node.")
    shape: Shape = Field(description="Shape of one step of one sample.")
    timed: bool = Field(default=True, description="Whether samples have a time axis.")
    coding: Coding = Field(description="As on a boundary.")
    encode: str | None = Field(
        default=None, description="Encoder for samples without a time axis; static where they stay without one."
    )
    steps: PositiveInt | None = Field(default=None, description="Number of time steps to encode into.")
    peak: PositiveFloat | None = Field(default=None, description="Value that the encoder takes as full scale.")
    message_bits: Count = Field(default=0, description="Payload width of graded spikes; 0 for binary spikes.")
    scale: PositiveFloat = Field(default=1.0, description="Float value of a payload of one.")
    seed: Count = Field(default=0, description="Seed of a random encoder.")


class PartRecord(Record):
    """A connected group of nodes that runs as one."""

    name: str = Field(description="spiking-0, dense-0, ...")
    side: Side = Field(description="Where it runs.")
    nodes: tuple[str, ...] = Field(description="Nodes in execution order.")
    inputs: tuple[str, ...] = Field(description="Outside nodes whose values it takes.")
    outputs: tuple[str, ...] = Field(description="Its nodes whose values are needed outside.")
    latency: Count = Field(default=0, description="Time steps from an input to the last population that hears of it.")
    over_time: tuple[str, ...] | None = Field(
        default=None,
        description="Nodes of a dense part whose value in a time step depends on more than that step; null if unknown.",
    )
    files: dict[str, str] = Field(
        default_factory=dict, description="Role of a file (nir, program, placement, pt2, ...) to its key in files."
    )


class CalibrationRecord(Record):
    """The samples that scales were chosen with."""

    path: str = Field(description="File as the user named it.")
    sha256: Sha256 = Field(description="Digest of the file.")
    samples: PositiveInt = Field(description="Number of samples used.")
    available: PositiveInt | None = Field(None, description="Number of samples in the file.")


class TuningRecord(Record):
    """How the weights were fine-tuned before they were rounded. The source has the weights from before."""

    path: str = Field(description="Data file as the user named it.")
    sha256: Sha256 = Field(description="Digest of the file.")
    samples: PositiveInt = Field(description="Number of samples used.")
    objective: str = Field(description="What was lowered.")
    epochs: PositiveInt = Field(description="Passes over the samples.")
    best_epoch: Count = Field(description="Passes after which the loss was lowest: the weights of then are kept.")
    learning_rate: PositiveFloat = Field(description="Step as a share of the root mean square of each layer's weights.")
    losses: tuple[float, ...] = Field(description="Loss of the rounded model before the first pass and after each.")


class OptionsRecord(Record):
    """Options of the conversion."""

    weight_bits: Annotated[int, Field(ge=1, le=16)] = Field(
        default=8, description="Width of synaptic weights; above 8 by two synapses each."
    )
    layer_bits: tuple[tuple[str, Annotated[int, Field(ge=1, le=16)]], ...] = Field(
        default=(), description="Node name patterns and another width of the weights of what they match."
    )
    scale_from: str = Field(default="max", description="Range of weights that the mantissas cover.")
    chip: str = Field(description="Chip description that the placement is for.")
    patterns: dict[Side, tuple[str, ...]] = Field(
        default_factory=dict, description="Node name patterns that force a side."
    )
    seed: Count = Field(default=0, description="Seed for everything drawn.")
    chips: PositiveInt | None = Field(default=None, description="Most chips to place on; null for as many as needed.")
    placement_seconds: Annotated[float, Field(ge=0)] = Field(
        default=0.0, description="Time to search for a better placement."
    )
    search_scales: Count | None = Field(
        default=None, description="Scales to try for each recurrent component; null for the usual number."
    )
    sensitivity: bool | None = Field(
        default=None, description="Whether a table of what rounding each layer costs was asked for; null if unknown."
    )
    coding: dict[str, str] | None = Field(
        default=None, description="Node name patterns and the coding asked for what they match; null if unknown."
    )
    objective: str | None = Field(default=None, description="What the cut was chosen by; null if unknown.")
    device: str | None = Field(
        default=None, description="Device description of the dense side in the costs of a cut; null if unknown."
    )
    max_latency: PositiveFloat | None = Field(default=None, description="Time that an inference may take.")
    min_accuracy: Annotated[float, Field(ge=0, le=1)] | None = Field(
        default=None, description="Least share of right answers on the calibration data."
    )
    cut_seconds: Annotated[float, Field(ge=0)] | None = Field(
        default=None, description="Time to search for the best cut; null if unknown."
    )


class FileRecord(Record):
    """One file of the bundle."""

    path: FileName = Field(description="Name in the bundle directory: key, start of the digest, suffix.")
    sha256: Sha256 = Field(description="Digest of the content.")
    bytes: Count = Field(description="Size.")


class Manifest(Record):
    """The table of contents of a bundle, and the point at which a change of the bundle takes effect."""

    schema_id: Literal["neurotool.bundle/2"] = Field(default=SCHEMA, alias="schema", description="Schema and version.")
    tool: Tool = Field(default_factory=Tool)
    versions: dict[str, str] = Field(description="Versions of Python and of the libraries that took part.")
    created: AwareDatetime = Field(description="When the bundle was made, UTC.")
    source: SourceRecord
    dt: PositiveFloat = Field(description="Length of a time step.")
    convention: Convention = Field(description="Discrete meaning of the neuron equations.")
    inputs: tuple[InputRecord, ...] = Field(description="Inputs, in the order of the model.")
    outputs: tuple[str, ...] = Field(description="Output nodes.")
    parts: tuple[PartRecord, ...] = Field(description="Parts in an order in which they can run.")
    boundaries: tuple[Boundary, ...] = Field(description="Every value that crosses into a part.")
    reasons: tuple[Reason, ...] = Field(description="Why each node is on its side.")
    calibration: CalibrationRecord | None = None
    tuning: TuningRecord | None = Field(default=None, description="Fine-tuning, if there was one.")
    options: OptionsRecord
    files: dict[str, FileRecord] = Field(description="Files by key.")
    units: dict[str, str] = Field(default_factory=lambda: dict(UNITS), description="Units of the numbers in here.")
    notes: tuple[str, ...] = Field(default=(), description="What a reader should know, one sentence each.")
    sha256: Sha256 | None = Field(default=None, description="Digest of all other fields, as content_digest makes it.")

    @property
    def input(self) -> InputRecord:
        """The first input: the only one of most models."""
        return self.inputs[0]

    @model_validator(mode="after")
    def _files_exist(self) -> Self:
        for part in self.parts:
            for role, key in part.files.items():
                if key not in self.files:
                    raise ValueError(f"file {role} of part {part.name} is {key!r}, which is not listed under files")
        return self

    def to_json(self) -> str:
        """Return the text of ``manifest.json``, sealed with the digest of its content."""
        content = self.model_dump(mode="json")
        return json.dumps(content | {"sha256": content_digest(content)}, indent=2) + "\n"


def content_digest(content: Mapping[str, Any]) -> str:
    """Digest of a manifest: SHA-256 of its fields but ``sha256`` as JSON, keys sorted, without white space.

    It finds accidents and edits by hand; it is no signature, since anybody can compute it.
    """
    rest = {name: value for name, value in content.items() if name != "sha256"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def library_versions() -> dict[str, str]:
    """Versions of Python and of the libraries whose behaviour a bundle depends on; absent ones are left out."""
    found = {"python": platform.python_version()}
    for name in ("nir", "norse", "numpy", "torch", "lava-nc"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
