"""The Loihi integer engine in torch: the same integers on a GPU, or on the CPU where there is none."""

from neurotool.targets.loihi.torch.target import TARGET

__all__ = ["TARGET"]
