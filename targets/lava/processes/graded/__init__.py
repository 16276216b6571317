"""Lava's graded vectors, GradedVec, GradedReluVec, ProdNeuron and InvSqrt, with a window."""

from __future__ import annotations

import numpy as np
from lava.magma.core.decorator import implements
from lava.proc.graded.models import InvSqrtModelFP, PyGradedReluVecModelFixed, PyGradedVecModelFixed, inv_sqrt
from lava.proc.graded.process import GradedReluVec, GradedVec, InvSqrt
from lava.proc.prodneuron.models import PyProdNeuronModelFixed
from lava.proc.prodneuron.process import ProdNeuron

from neurotool.targets.lava.windowed import Windowed, WindowedModel

# Lava carries no types, so its classes are Any to mypy and every subclass has to say so.


class WindowedGradedVec(Windowed, GradedVec):  # type: ignore[misc]
    """GradedVec."""


@implements(proc=WindowedGradedVec)
class PyWindowedGradedVecModel(WindowedModel, PyGradedVecModelFixed):  # type: ignore[misc]
    """The fixed-point step."""


class WindowedGradedReluVec(Windowed, GradedReluVec):  # type: ignore[misc]
    """GradedReluVec."""


@implements(proc=WindowedGradedReluVec)
class PyWindowedGradedReluVecModel(WindowedModel, PyGradedReluVecModelFixed):  # type: ignore[misc]
    """The fixed-point step."""


class WindowedProdNeuron(Windowed, ProdNeuron):  # type: ignore[misc]
    """ProdNeuron."""


@implements(proc=WindowedProdNeuron)
class PyWindowedProdNeuronModel(WindowedModel, PyProdNeuronModelFixed):  # type: ignore[misc]
    """The fixed-point step."""


class PyInvSqrtOfEachModel(InvSqrtModelFP):  # type: ignore[misc]
    """The fixed-point step for any number of neurons. Lava's own takes one, and stops at a negative number."""

    implements_process = None

    def run_spk(self) -> None:
        """Send what Lava's function gives for each number, and zero where there is no inverse root."""
        arrived = self.a_in.recv()
        self.s_out.send(np.array([inv_sqrt(value) if value > 0 else 0 for value in arrived], np.int64))


class WindowedInvSqrt(Windowed, InvSqrt):  # type: ignore[misc]
    """InvSqrt of each neuron."""


@implements(proc=WindowedInvSqrt)
class PyWindowedInvSqrtModel(WindowedModel, PyInvSqrtOfEachModel):
    """The same step."""
