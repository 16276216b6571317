"""The training loop: round, run the integers, follow them, step."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch

from neurotool.errors import UsageError
from neurotool.ir.adapters import Array, Progress
from neurotool.ir.tuning import Objective, Tuned, TuningTask, Weights
from neurotool.targets.gpu.device import to_array, to_tensor
from neurotool.targets.gpu.module import GraphModule, StepObserver
from neurotool.targets.gpu.neuron import Neuron
from neurotool.targets.gpu.tuning.loss import TaskLoss, scores_of, spike_distance
from neurotool.targets.gpu.tuning.neuron import FollowingNeuron
from neurotool.targets.torch_device import choose_device

GRADIENT_LIMIT = 1.0
"""Largest norm of the gradient of a step; surrogate gradients of long recurrences explode now and then."""

Loss = Callable[[torch.Tensor], torch.Tensor]


def tune(task: TuningTask, progress: Progress | None = None) -> Tuned:
    """Train the weights of a rounded model.

    Args:
        task: What to train on what.
        progress: Told of (done, total) steps.

    Returns:
        The weights with the lowest loss of the rounded model on all samples, those it began with included.

    Raises:
        UsageError: The labels do not fit the model, or the loss is not finite.
    """
    return _Training(task).run(progress)


def replay(task: TuningTask, weights: Weights, observe: StepObserver | None = None) -> dict[str, Array]:
    """What the torch model computes with some weights, over all samples.

    Args:
        task: The task.
        weights: Weights, such as those that :func:`tune` found.
        observe: Sees every step of every population.

    Returns:
        Values of the populations and outputs by name, ``[time, batch, *shape]`` where they have a time axis.
    """
    training = _Training(task)
    with torch.no_grad():
        for (name, field), parameter in training.parameters.items():
            parameter.copy_(to_tensor(weights[name][field], training.device))
        values = training.follow(torch.arange(training.samples), observe)
    return {name: to_array(value) for name, value in values.items()}


class _Training:
    def __init__(self, task: TuningTask) -> None:
        self.task = task
        self.device = choose_device()
        self.module = GraphModule(task.graph)
        for name in task.graph.neurons:
            step = self.module.steps[self.module.index[name]]
            assert isinstance(step, Neuron)
            update = task.graph.nodes[name].update
            assert update is not None
            self.module.steps[self.module.index[name]] = FollowingNeuron(update, forgets=step.forgets)
        self.module.to(self.device)
        self.inputs = {name: to_tensor(values, self.device) for name, values in task.inputs.items()}
        self.wanted = {name: to_tensor(values, self.device) for name, values in task.reference.items()}
        self.samples: int = max(v.shape[int(task.graph.nodes[n].timed)] for n, v in task.inputs.items())
        self.parameters = self._trained()
        self.task_loss: TaskLoss | None = None

    def run(self, progress: Progress | None) -> Tuned:
        task, draw = self.task, torch.Generator().manual_seed(self.task.seed)
        groups = [{"params": [p], "lr": task.learning_rate * _size(p)} for p in self.parameters.values()]
        optimiser = torch.optim.Adam(groups)
        steps = task.epochs * -(-self.samples // task.batch_size)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, max(1, steps))
        if task.labels is not None:
            self.task_loss = TaskLoss(task, self._all_scores())
        losses, kept, done = [self._total()], [self._weights()], 0
        for _ in range(task.epochs):
            for chosen in self._batches(torch.randperm(self.samples, generator=draw), task.batch_size):
                optimiser.zero_grad()
                self._loss(chosen).backward()  # type: ignore[no-untyped-call]
                torch.nn.utils.clip_grad_norm_(self.parameters.values(), GRADIENT_LIMIT)
                optimiser.step()
                schedule.step()
                done += 1
                if progress is not None:
                    progress(done, steps)
            losses.append(self._total())
            kept = [kept[0], self._weights()] if losses[-1] <= min(losses[:-1]) else kept
        objective = Objective.DISTILLATION if task.labels is None else Objective.TASK
        if not np.isfinite(losses).all():
            raise UsageError("fine-tuning diverged: its loss is not finite", hint="lower --learning-rate")
        return Tuned(kept[-1], tuple(losses), objective)

    def _trained(self) -> dict[tuple[str, str], torch.nn.Parameter]:
        self.module.requires_grad_(False)
        found = {}
        for name in self.task.trained:
            for field, parameter in self.module.steps[self.module.index[name]].named_parameters():
                if field == "bias" and not parameter.any():
                    continue  # a layer without biases is not given any: on the chip they may cost neurons
                parameter.requires_grad_(True)
                found[name, field] = parameter
        return found

    def _weights(self) -> Weights:
        found: dict[str, dict[str, Array]] = {}
        for (name, field), parameter in self.parameters.items():
            found.setdefault(name, {})[field] = to_array(parameter).copy()
        return found

    def follow(self, chosen: torch.Tensor, observe: StepObserver | None = None) -> dict[str, torch.Tensor]:
        """Outputs of the model and values of its populations on some samples, all as the integers have them."""
        courses = self.task.integers(self._weights(), chosen.numpy())
        for name, course in courses.items():
            neuron = self.module.steps[self.module.index[name]]
            assert isinstance(neuron, FollowingNeuron)
            neuron.set_course(course)
        nodes = self.task.graph.nodes
        inputs = {n: v[:, chosen] if nodes[n].timed else v[chosen] for n, v in self.inputs.items()}
        return self.module.evaluate(inputs, observe, keep=tuple(courses))

    def _loss(self, chosen: torch.Tensor) -> torch.Tensor:
        values = self.follow(chosen)
        names = list(self.wanted)
        loss = spike_distance([values[n] for n in names], [self.wanted[n][:, chosen] for n in names])
        if self.task_loss is not None:
            loss = loss + self.task_loss(scores_of(self.task.graph, values), chosen)
        return loss

    def _total(self) -> float:
        """Loss of the rounded model on all samples."""
        with torch.no_grad():
            parts = [(len(c), float(self._loss(c))) for c in self._every_sample()]
        return math.fsum(n * loss for n, loss in parts) / self.samples

    def _all_scores(self) -> torch.Tensor:
        with torch.no_grad():
            return torch.cat([scores_of(self.task.graph, self.follow(c)) for c in self._every_sample()])

    def _every_sample(self) -> list[torch.Tensor]:
        return self._batches(torch.arange(self.samples), 4 * self.task.batch_size)

    def _batches(self, order: torch.Tensor, size: int) -> list[torch.Tensor]:
        return [order[first : first + size] for first in range(0, self.samples, size)]


def _size(parameter: torch.Tensor) -> float:
    return float(parameter.detach().square().mean().sqrt()) or 1e-3
