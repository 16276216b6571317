"""Every choice that the paper's text leaves open or that an ablation changes, with its default and the reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args, get_type_hints

from neurotool.errors import UsageError

Modality = Literal["audio", "video"]
MODALITIES: tuple[Modality, ...] = ("audio", "video")


@dataclass(frozen=True)
class ModelOptions:
    """Options of the model. What the public text of the paper does not settle says so, with the reason of its default.

    Attributes:
        width: Features of every hidden layer (D). The paper's is unknown, 512 is likely; 128 is enough for the numbers.
        steps: Time steps of the spiking branches (T). 10, as in AVMST by the same authors.
        blocks: Spiking blocks per branch. Three, as the paper's equation 6 is read.
        neuron_tau: Membrane time constant in steps. 2, the usual default of such branches.
        slope: Slope of the sigmoid surrogate. Unknown in the paper; 4 is common and is exactly Norse's ``tanh``.
        dropout: Share of features dropped in the semantic encoders, the fusion and the projections.
        rebuild_dropout: Share dropped in the text head and the reconstructions.
        momentum: Momentum of the encoders' batch normalisation. 0.1; the published scripts use 0.99 for some data.
        norm: What stands between weights and neurons. ``layer`` normalises each sample and step by itself and is the
            default, since the paper's choice is unknown and a sample must not depend on its neighbours; ``batch`` has
            fixed statistics after training and folds into the weights, which a chip needs.
        glp: Global-local pooling. ``gate`` multiplies the current by 1 + sigmoid(pooled), which keeps the residual term
            without starving the neurons; ``literal`` squashes current and pooled gain by an outer sigmoid, as the
            equation can be read (use with ``threshold_start`` of 0.5 or less); ``host`` gates the first block, whose
            input is known before the chip runs, and gives the others one learned gain each; ``gain`` is that learned
            gain in all blocks; ``none`` leaves the current alone.
        tsf: Score of a time step. ``activity`` counts spikes and adds a learned bias per step, since the maximum of a
            binary vector is almost always 1; ``max`` and ``mean`` are the other readings; ``uniform`` weighs all alike.
        threshold: ``dynamic`` adapts it to each sample's own last step; ``schedule`` takes one number per step from a
            table, as a chip can; ``fixed`` never changes it.
        threshold_start: Threshold in the first step.
        semantics: What the semantic side sees of a sequence. ``average`` is the mean over time, as the published
            features are averaged; ``frames`` encodes every step and carries the knowledge from step to step.
        lkc: Whether there is a latent knowledge combiner.
        slots: Slots of the combiner. Their number in the paper is unknown; 4 keeps them a small part of the model.
        slot: Shape of a slot: ``matrix`` (D x D, the reading of the equation) or ``vector``, which is far smaller.
        lkc_residual: Adds the combiner to the encoder's output with a learned share instead of replacing it. Off, since
            the equations replace.
        fusion: ``tucker``, or one of the replacements of the ablation: ``concat``, ``hadamard``, ``full``.
        tucker: ``core`` has a full core tensor with ``rank`` modes on each side; ``slices`` restricts each slice of a
            core with ``modes`` modes to rank ``rank``. Both fit the words; the former is what has been run elsewhere.
        rank: See ``tucker``. The paper's best is 60 on ActivityNet at full width; 32 is its like at width 128.
        modes: See ``tucker``.
        streams: ``both``, or only the ``spiking`` or the ``semantic`` one.
        modalities: ``both``, or only ``audio`` or ``video``.
        heads: Attention heads.
        depth: Layers of the joint transformer. One, as in all sibling models.
        output: Features of the joint embedding space. 64, as in AVCA.
    """

    width: int = 128
    steps: int = 10
    blocks: int = 3
    neuron_tau: float = 2.0
    slope: float = 4.0
    dropout: float = 0.0
    rebuild_dropout: float = 0.1
    momentum: float = 0.1
    norm: Literal["layer", "batch"] = "layer"
    glp: Literal["gate", "literal", "host", "gain", "none"] = "gate"
    tsf: Literal["activity", "max", "mean", "uniform"] = "activity"
    threshold: Literal["dynamic", "schedule", "fixed"] = "dynamic"
    threshold_start: float = 1.0
    semantics: Literal["average", "frames"] = "average"
    lkc: bool = True
    slots: int = 4
    slot: Literal["matrix", "vector"] = "matrix"
    lkc_residual: bool = False
    fusion: Literal["tucker", "concat", "hadamard", "full"] = "tucker"
    tucker: Literal["core", "slices"] = "core"
    rank: int = 32
    modes: int = 64
    streams: Literal["both", "spiking", "semantic"] = "both"
    modalities: Literal["both", "audio", "video"] = "both"
    heads: int = 8
    depth: int = 1
    output: int = 64

    def __post_init__(self) -> None:
        """Refuse values that no model can be made of."""
        for name, hint in get_type_hints(type(self)).items():
            value, allowed = getattr(self, name), get_args(hint)
            if allowed and value not in allowed:
                raise UsageError(f"model.{name} is {value!r}", hint=f"it may be {', '.join(map(repr, allowed))}")
        least = ("width", "steps", "blocks", "slots", "rank", "modes", "heads", "depth", "output")
        if low := [name for name in least if getattr(self, name) < 1]:
            raise UsageError(f"model.{low[0]} is {getattr(self, low[0])}", hint="it must be at least 1")
        if self.width % self.heads:
            raise UsageError(f"model.width {self.width} is no multiple of model.heads {self.heads}")
        core = self.rank if self.tucker == "core" else self.modes
        if self.fusion == "tucker" and core > self.width:
            raise UsageError(f"the core has {core} modes for {self.width} features", hint="lower model.rank or modes")

    @property
    def used(self) -> tuple[Modality, ...]:
        """The modalities that the model takes."""
        return MODALITIES if self.modalities == "both" else (self.modalities,)


@dataclass(frozen=True)
class Sizes:
    """Widths that the data decides.

    Attributes:
        audio: Audio features.
        video: Video features.
        text: Features of a class embedding.
    """

    audio: int
    video: int
    text: int

    def of(self, modality: Modality) -> int:
        """Features of a modality."""
        return self.audio if modality == "audio" else self.video
