"""Input data: one file format for inputs, calibration sets and labels, and the encoders that turn values into spikes.

A leaf: it knows numpy and h5py, and nothing of models.
"""

from neurotool.data.dataset import Dataset
from neurotool.data.digest import file_sha256
from neurotool.data.encode import ENCODINGS
from neurotool.data.files import load, sample_shape, save

__all__ = ["ENCODINGS", "Dataset", "file_sha256", "load", "sample_shape", "save"]
