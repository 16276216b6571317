"""Hybrid models of different shape: spiking and dense parts in one module, untrained and small."""

from __future__ import annotations

import norse.torch as norse
import numpy as np
import torch
from torch import Tensor, nn

from neurotool.nn import TuckerFusion

STEPS = 10
SAMPLES = 8
NEURON = norse.LIFParameters(tau_syn_inv=torch.as_tensor(200.0), tau_mem_inv=torch.as_tensor(150.0),
                             v_th=torch.as_tensor(0.4))  # fmt: skip


def spikes(*shape: int, rate: float = 0.3) -> Tensor:
    return (torch.rand(STEPS, 4, *shape, generator=torch.Generator().manual_seed(3)) < rate).float()


def population(inputs: int, size: int) -> norse.SequentialState:
    return norse.SequentialState(nn.Linear(inputs, size), norse.LIF(p=NEURON))


class Encoder(nn.Module):
    """One spiking encoder and a dense classifier on its mean rates."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = norse.SequentialState(
            nn.Linear(16, 32), norse.LIF(p=NEURON), nn.Linear(32, 24), norse.LIF(p=NEURON)
        )
        self.head = nn.Sequential(nn.Linear(24, 16), nn.LayerNorm(16), nn.ReLU(), nn.Linear(16, 5))
        self.example_input = spikes(16)

    def forward(self, x: Tensor) -> Tensor:
        out, _ = self.encoder(x)
        return self.head(out.mean(0))


class Branches(nn.Module):
    """Two spiking branches whose rates a transformer layer fuses."""

    def __init__(self) -> None:
        super().__init__()
        self.audio, self.video = population(12, 16), population(20, 16)
        self.fusion = nn.TransformerEncoderLayer(16, 4, 32, batch_first=True, dropout=0.0)
        self.head = nn.Linear(32, 4)
        self.example_inputs = {"audio": spikes(12), "video": spikes(20, rate=0.2)}

    def forward(self, audio: Tensor, video: Tensor) -> Tensor:
        heard, _ = self.audio(audio)
        seen, _ = self.video(video)
        tokens = torch.stack([heard.mean(0), seen.mean(0)], 1)
        return self.head(self.fusion(tokens).flatten(1))


class Residual(nn.Module):
    """A spiking middle between dense layers, with a residual around it."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Linear(10, 16), nn.LayerNorm(16), nn.ReLU())
        self.middle = population(16, 16)
        self.out = nn.Sequential(nn.LayerNorm(16), nn.Linear(16, 3))
        self.example_input = torch.randn(STEPS, 4, 10, generator=torch.Generator().manual_seed(5))

    def forward(self, x: Tensor) -> Tensor:
        current = self.stem(x)
        fired, _ = self.middle(current)
        return self.out(current + fired)


class Recurrent(nn.Module):
    """A spiking branch that hears itself, and a leaky read-out."""

    def __init__(self) -> None:
        super().__init__()
        self.cell = norse.LIFRecurrentCell(14, 20, p=NEURON)
        self.read = norse.SequentialState(nn.Linear(20, 6), norse.LI())
        self.head = nn.Softmax(-1)
        self.example_input = spikes(14)

    def forward(self, x: Tensor) -> Tensor:
        state, fired = None, []
        for step in x:
            out, state = self.cell(step, state)
            fired.append(out)
        potential, _ = self.read(torch.stack(fired))
        return self.head(potential[-1])


class Held(nn.Module):
    """A static vector that drives every step of a spiking layer as a constant current."""

    def __init__(self) -> None:
        super().__init__()
        self.encode = nn.Sequential(nn.Linear(10, 16), nn.ReLU())
        self.middle = norse.SequentialState(norse.LIF(p=NEURON), nn.Linear(16, 12), norse.LIF(p=NEURON))
        self.head = nn.Linear(12, 3)
        self.example_input = torch.randn(4, 10, generator=torch.Generator().manual_seed(5))

    def forward(self, x: Tensor) -> Tensor:
        current = self.encode(x).unsqueeze(0).expand(STEPS, -1, -1)
        fired, _ = self.middle(current)
        return self.head(fired.mean(0))


class Block(nn.Module):
    """Linear, normalisation and ReLU, twice: a semantic encoder or head."""

    def __init__(self, inputs: int, hidden: int, out: int) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(inputs, hidden), nn.Linear(hidden, out)
        self.norms = nn.ModuleList([nn.BatchNorm1d(hidden), nn.BatchNorm1d(out)])

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.norms[1](self.second(torch.relu(self.norms[0](self.first(x))))))


class SpikingBranch(nn.Module):
    """Three spiking layers that see the same vector in every step, and their mean weighted by each step's activity.

    The pooling gain (global and local) scales the current of the first layer, which is the same in every step. The
    threshold is constant.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.enter = nn.Linear(width, width)
        self.mix = nn.Parameter(torch.tensor(0.5))
        self.blocks = norse.SequentialState(
            norse.LIF(p=NEURON),
            nn.Linear(width, width),
            norse.LIF(p=NEURON),
            nn.Linear(width, width),
            norse.LIF(p=NEURON),
        )
        self.step_bias = nn.Parameter(torch.zeros(STEPS, 1))

    def forward(self, x: Tensor) -> Tensor:
        current = self.enter(x)
        largest, mean = current.amax(-1, keepdim=True), current.mean(-1, keepdim=True)
        pooled = 0.5 * (largest + mean) + self.mix * largest + (1 - self.mix) * mean
        driven = (1 + torch.sigmoid(pooled)) * current
        fired, _ = self.blocks(driven.unsqueeze(0).expand(STEPS, -1, -1))
        factor = torch.softmax(fired.sum(-1) / fired.shape[-1] ** 0.5 + self.step_bias, 0)
        return (factor.unsqueeze(-1) * fired).sum(0)


class Knowledge(nn.Module):
    """Latent knowledge combiner: learned slots, a gate, a learned prior, and attention over the three results."""

    def __init__(self, width: int, slots: int = 2) -> None:
        super().__init__()
        self.slots = nn.Parameter(torch.randn(slots, width, width) / width**0.5)
        self.audio_gate, self.video_gate = nn.Linear(width, width), nn.Linear(width, width)
        self.prior = nn.Parameter(torch.randn(width))
        self.alpha = nn.Parameter(torch.tensor(0.0))
        self.attend = nn.TransformerEncoderLayer(width, 4, 2 * width, norm_first=True, batch_first=True, dropout=0.0)

    def forward(self, audio: Tensor, video: Tensor) -> tuple[Tensor, Tensor]:
        known_audio, known_video = self._known(audio), self._known(video)
        gated_audio = torch.relu(self.audio_gate(known_audio))
        gated_video = torch.relu(self.video_gate(known_video))
        alpha = torch.sigmoid(self.alpha)
        shared = alpha * (gated_audio * known_audio + gated_video * known_video) + (1 - alpha) * self.prior
        tokens = [known_audio + gated_audio + shared, known_video + gated_video + shared, shared]
        attended = self.attend(torch.stack(tokens, 1))
        return attended[:, 0], attended[:, 1]

    def _known(self, x: Tensor) -> Tensor:
        return (torch.sigmoid(torch.einsum("bd,sde->bse", x, self.slots)) * x.unsqueeze(1)).sum(1)


class Skeleton(nn.Module):
    """Spiking Tucker fusion transformer (Li et al., arXiv 2407.08130), untrained and narrow, with all its parts.

    Semantic encoders, two spiking branches, knowledge combiner, Tucker fusion per modality, joint transformer, heads;
    a text branch beside them.
    """

    def __init__(self, audio: int = 12, video: int = 20, text: int = 15, width: int = 16, out: int = 8) -> None:
        super().__init__()
        self.audio_encoder, self.video_encoder = Block(audio, width, width), Block(video, width, width)
        self.audio_branch, self.video_branch = SpikingBranch(width), SpikingBranch(width)
        self.knowledge = Knowledge(width)
        self.audio_fusion, self.video_fusion = (
            TuckerFusion(width, width, width, 5),
            TuckerFusion(width, width, width, 5),
        )
        self.modality = nn.Parameter(torch.randn(2, width))
        self.joint = nn.TransformerEncoderLayer(
            width, 4, 2 * width, activation="gelu", norm_first=True, batch_first=True, dropout=0.0
        )
        self.audio_head, self.video_head = Block(width, width, out), Block(width, width, out)
        self.text_head = nn.Sequential(nn.Linear(text, out), nn.BatchNorm1d(out), nn.ReLU())
        draw = torch.Generator().manual_seed(7)
        sizes = {"audio": audio, "video": video, "text": text}
        self.example_inputs = {name: torch.randn(4, size, generator=draw) for name, size in sizes.items()}

    def forward(self, audio: Tensor, video: Tensor, text: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        heard, seen = self.audio_encoder(audio), self.video_encoder(video)
        rates = self.audio_branch(heard), self.video_branch(seen)
        meaning = self.knowledge(heard, seen)
        fused = self.audio_fusion(meaning[0], rates[0]), self.video_fusion(meaning[1], rates[1])
        joint = self.joint(torch.stack(fused, 1) + self.modality)
        return self.audio_head(joint[:, 0]), self.video_head(joint[:, 1]), self.text_head(text)


class Deciding(nn.Module):
    """Its control flow depends on data, which no graph can hold."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = population(6, 6)
        self.example_input = spikes(6)

    def forward(self, x: Tensor) -> Tensor:
        fired, _ = self.layer(x)
        return fired.mean(0) if fired.sum() > 3 else fired.sum(0)


class InPlace(nn.Module):
    """It changes a tensor that others hold."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = population(6, 6)
        self.example_input = spikes(6)

    def forward(self, x: Tensor) -> Tensor:
        fired, _ = self.layer(x)
        return fired.add_(1.0).mean(0)


class Attending(nn.Module):
    """Neurons between the scores and the values of an attention: they fire along the tokens and not along time."""

    def __init__(self) -> None:
        super().__init__()
        self.keys, self.values = nn.Linear(6, 6), nn.Linear(6, 6)
        self.neuron = norse.LIF(p=NEURON)
        self.example_input = spikes(6)

    def forward(self, x: Tensor) -> Tensor:
        scores = torch.matmul(self.keys(x).transpose(0, 1), x.permute(1, 2, 0))
        fired, _ = self.neuron(scores)
        return torch.matmul(fired, self.values(x).transpose(0, 1)).mean(1)


# What the command line is given: a factory, which a class is.
encoder, branches, residual, recurrent, held, skeleton = Encoder, Branches, Residual, Recurrent, Held, Skeleton
deciding, in_place, attending = Deciding, InPlace, Attending


def samples_of(name: str) -> dict[str, np.ndarray]:
    """More samples of the kind that a model brings along: spikes for spikes, normal numbers for values."""
    model = globals()[name]()
    own = getattr(model, "example_inputs", None) or {"x": model.example_input}
    draw = torch.Generator().manual_seed(11)
    found = {}
    for key, value in own.items():
        shape = (STEPS, SAMPLES, *value.shape[2:]) if value.ndim > 2 else (SAMPLES, *value.shape[1:])
        binary = bool(((value == 0) | (value == 1)).all())
        drawn = torch.rand(shape, generator=draw) < value.mean() if binary else torch.randn(shape, generator=draw)
        found[key] = drawn.numpy()
    return found
