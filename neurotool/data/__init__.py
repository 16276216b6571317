"""Input data: one file format for inputs, calibration sets and labels, and the encoders that turn values into spikes.

A leaf: it knows numpy and h5py, and nothing of models.
"""

from neurotool.data.dataset import Dataset, Samples
from neurotool.data.digest import file_sha256
from neurotool.data.encode import ENCODINGS, STATIC
from neurotool.data.files import input_fields, load, load_samples, sample_shape, save
from neurotool.data.reading import Reading

__all__ = [
    "ENCODINGS",
    "STATIC",
    "Dataset",
    "Reading",
    "Samples",
    "file_sha256",
    "input_fields",
    "load",
    "load_samples",
    "sample_shape",
    "save",
]
