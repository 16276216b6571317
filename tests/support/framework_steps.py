"""One step of the neurons of snnTorch, spikingjelly and sinabs, written from their sources in float32."""

from __future__ import annotations

from dataclasses import dataclass

import nir
import numpy as np
import torch


@dataclass
class SnnTorch:
    """A layer of snnTorch 1.0, and the node that its exporter writes in float32 for steps of 0.1 ms."""

    beta: torch.Tensor
    alpha: torch.Tensor | None
    threshold: torch.Tensor
    reset: str

    def node(self):
        dt, beta, vthr = 1e-4, self.beta.numpy(), self.threshold.numpy()
        tau_mem = dt / (1 - beta)
        fields = {"r": tau_mem / dt, "v_leak": np.zeros_like(beta), "v_threshold": vthr}
        if self.alpha is None:
            return nir.LIF(tau=tau_mem, v_reset=np.zeros_like(vthr), **fields)
        tau_syn = dt / (1 - self.alpha.numpy())
        return nir.CubaLIF(tau_syn=tau_syn, tau_mem=tau_mem, w_in=tau_syn / dt, v_reset=np.zeros_like(vthr), **fields)

    def run(self, x, back=None):
        """``forward`` of Leaky, RLeaky, Synaptic and RSynaptic, with ``reset_delay=True``."""
        mem = syn = spk = torch.zeros_like(x[0])
        rows = []
        for row in x:
            reset = (mem - self.threshold > 0).float()
            drive = row if back is None else row + back(spk)
            if self.alpha is None and back is None and self.reset == "zero":
                mem = (1 - reset) * mem  # Leaky alone takes the reset before the input
                reset = torch.zeros_like(reset)
            if self.alpha is not None:
                syn = drive = self.alpha * syn + drive
            mem = self.beta * mem + drive
            mem = mem - reset * (self.threshold if self.reset == "subtract" else mem)
            spk = (mem - self.threshold > 0).float()
            rows.append(spk)
        return torch.stack(rows)


def spikingjelly(charge, threshold, reset, x):
    """``BaseNode`` of spikingjelly 2.0 with hard reset: charge, fire at v >= v_threshold, reset; starts at v_reset."""
    v, rows = torch.full_like(x[0], reset), []
    for row in x:
        v = charge(row, v)
        spike = (v - threshold >= 0).float()
        v = (1.0 - spike) * v + spike * reset
        rows.append(spike)
    return torch.stack(rows)


def sinabs(alpha, drive, threshold, subtract, x):
    """``lif_forward_single`` of sinabs 3.1 with ``SingleSpike``: v_mem - spike_threshold >= 0."""
    v, rows = torch.zeros_like(x[0]), []
    for row in x:
        v = alpha * v + drive * row
        spikes = (v - threshold >= 0).float()
        v = v - spikes * threshold if subtract else v * (spikes == 0).float()
        rows.append(spikes)
    return torch.stack(rows)
