"""Speaks digits: a formant synthesiser with speakers who differ, and the spectral features of what they say.

Source and filter, as in Klatt, "Software for a cascade/parallel formant synthesizer", JASA 67 (1980): a train of
glottal pulses with jitter and shimmer, or noise, passes three resonators whose frequencies glide from phoneme to
phoneme. Vowel formants are the men's averages of Peterson and Barney, "Control methods used in a study of the vowels",
JASA 24 (1952); those of consonants are rounded textbook values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numba
import numpy as np
import numpy.typing as npt

from .attributes import WORDS
from .task import FloatArray

RATE = 12_000
"""Samples of sound per second."""

FRAME, HOP, BANDS = 300, 240, 24
"""Length and distance of analysis frames (25 ms and 20 ms), and number of mel bands."""

Wave = npt.NDArray[np.float64]
Bandwidths = (80.0, 110.0, 160.0)


@dataclass(frozen=True)
class Phoneme:
    """How a phoneme sounds.

    Attributes:
        formants: First three formant frequencies in Hz.
        seconds: Length at a normal rate.
        voice: Loudness of the glottal source.
        noise: Loudness of the friction.
        glide: Formants at its end, for diphthongs.
        closure: Share of its length that is silent at the beginning, for stops.
    """

    formants: tuple[float, float, float]
    seconds: float
    voice: float = 1.0
    noise: float = 0.0
    glide: tuple[float, float, float] | None = None
    closure: float = 0.0


PHONEMES: dict[str, Phoneme] = {
    "IY": Phoneme((270, 2290, 3010), 0.14),
    "IH": Phoneme((390, 1990, 2550), 0.10),
    "EH": Phoneme((530, 1840, 2480), 0.11),
    "AH": Phoneme((640, 1190, 2390), 0.11),
    "AO": Phoneme((570, 840, 2410), 0.15),
    "UW": Phoneme((300, 870, 2240), 0.16),
    "AY": Phoneme((730, 1090, 2440), 0.19, glide=(390, 1990, 2550)),
    "EY": Phoneme((530, 1840, 2480), 0.18, glide=(300, 2200, 2900)),
    "OW": Phoneme((570, 840, 2410), 0.17, glide=(320, 800, 2240)),
    "W": Phoneme((300, 610, 2200), 0.07, voice=0.6),
    "R": Phoneme((310, 1060, 1380), 0.08, voice=0.6),
    "N": Phoneme((280, 1700, 2600), 0.09, voice=0.4),
    "V": Phoneme((300, 1100, 2300), 0.07, voice=0.3, noise=0.10),
    "Z": Phoneme((300, 4300, 5200), 0.09, voice=0.3, noise=0.25),
    "S": Phoneme((2600, 4500, 5400), 0.12, voice=0.0, noise=0.40),
    "F": Phoneme((1000, 2900, 4600), 0.10, voice=0.0, noise=0.16),
    "TH": Phoneme((1400, 3600, 5000), 0.09, voice=0.0, noise=0.10),
    "T": Phoneme((1800, 3900, 5000), 0.09, voice=0.0, noise=0.45, closure=0.55),
    "K": Phoneme((1500, 1900, 2800), 0.09, voice=0.0, noise=0.45, closure=0.55),
}


@dataclass(frozen=True)
class Speaker:
    """What stays the same while one person speaks.

    Attributes:
        pitch: Fundamental frequency in Hz.
        tract: Factor on all formants; a shorter vocal tract has a larger one.
        rate: Factor on all lengths.
        jitter: Relative deviation of the length of a glottal period.
        breath: Noise in voiced sounds.
        accent: Factor per phoneme and formant, ``[phoneme, 3]``.
    """

    pitch: float
    tract: float
    rate: float
    jitter: float
    breath: float
    accent: npt.NDArray[np.float64]


def draw_speaker(rng: np.random.Generator) -> Speaker:
    """Draw a speaker: low and high voices alike."""
    high = rng.uniform()
    return Speaker(
        pitch=90 + 130 * high + rng.normal(0, 8),
        tract=0.95 + 0.2 * high + rng.normal(0, 0.02),
        rate=rng.uniform(0.8, 1.25),
        jitter=rng.uniform(0.005, 0.03),
        breath=rng.uniform(0.005, 0.03),
        accent=rng.normal(1.0, 0.04, (len(PHONEMES), 3)),
    )


def speak(digits: Sequence[int], speaker: Speaker, rng: np.random.Generator) -> Wave:
    """Speak digits one after another.

    Args:
        digits: What to say.
        speaker: Who says it.
        rng: Source of what differs from one time to the next.

    Returns:
        Sound at :data:`RATE`, with unit power.
    """
    tracks = [_tracks(name, speaker, rng) for digit in digits for name in WORDS[digit]]
    formants = _smooth(np.concatenate([track[0] for track in tracks]), 240)
    voice = _smooth(np.concatenate([track[1] for track in tracks]), 120)
    noise = _smooth(np.concatenate([track[2] for track in tracks]), 60)
    source = voice * (_pulses(len(voice), speaker, rng) + speaker.breath * rng.standard_normal(len(voice)))
    wave = _cascade(source + noise * 0.1 * rng.standard_normal(len(noise)), formants, np.array(Bandwidths), float(RATE))
    return np.asarray(wave / (np.sqrt(np.mean(wave**2)) + 1e-12))


def _tracks(name: str, speaker: Speaker, rng: np.random.Generator) -> tuple[Wave, Wave, Wave]:
    """Formants ``[sample, 3]``, voice and noise of one phoneme, sample by sample."""
    phoneme = PHONEMES[name]
    length = max(int(phoneme.seconds * speaker.rate * rng.uniform(0.8, 1.25) * RATE), 240)
    scale = speaker.tract * speaker.accent[list(PHONEMES).index(name)] * rng.normal(1.0, 0.02, 3)
    start = np.array(phoneme.formants) * scale
    end = np.array(phoneme.glide or phoneme.formants) * scale
    along = np.linspace(0.0, 1.0, length)
    open_now = along >= phoneme.closure
    formants = np.minimum(start + along[:, None] * (end - start), 0.48 * RATE)
    return np.asarray(formants), np.asarray(phoneme.voice * open_now), np.asarray(phoneme.noise * open_now)


def _pulses(length: int, speaker: Speaker, rng: np.random.Generator) -> Wave:
    """Glottal pulses: a falling pitch, each period and each height a little off."""
    count = int(length / RATE * speaker.pitch * 1.5) + 2
    pitch = speaker.pitch * np.linspace(1.08, 0.88, count) * (1 + speaker.jitter * rng.standard_normal(count))
    times = np.cumsum(RATE / np.maximum(pitch, 50.0))
    heights = 1 + 0.1 * rng.standard_normal(count)
    wave = np.zeros(length)
    inside = times < length
    np.add.at(wave, times[inside].astype(np.int64), heights[inside])
    return wave


def _smooth(track: Wave, samples: int) -> Wave:
    """Moving average over the first axis: articulators take time to move."""
    padded = np.concatenate([np.repeat(track[:1], samples // 2, 0), track, np.repeat(track[-1:], samples // 2, 0)])
    sums = np.concatenate([np.zeros_like(padded[:1]), np.cumsum(padded, 0)])
    return np.asarray((sums[samples:] - sums[:-samples])[: len(track)] / samples)


@numba.njit(cache=True)
def _cascade(source: Wave, formants: Wave, widths: Wave, rate: float) -> Wave:  # pragma: no cover  # compiled
    """Pass a source through second-order resonators one after another (Klatt 1980, equations 1 and 2)."""
    wave = source.copy()
    for number in range(len(widths)):
        c = -np.exp(-2 * np.pi * widths[number] / rate)
        before, last = 0.0, 0.0
        for i in range(len(wave)):
            b = 2 * np.exp(-np.pi * widths[number] / rate) * np.cos(2 * np.pi * formants[i, number] / rate)
            now = (1 - b - c) * wave[i] + b * last + c * before
            before, last = last, now
            wave[i] = now
    return wave


def spectrum(wave: Wave) -> FloatArray:
    """Log energies in mel bands, ``[frame, band]``: what an ear, or a front end, hands on."""
    frames = np.lib.stride_tricks.sliding_window_view(wave, FRAME)[::HOP]
    power = np.abs(np.fft.rfft(frames * np.hanning(FRAME), axis=1)) ** 2
    return np.log(power @ _mel().T + 1e-3).astype(np.float32)


def _mel() -> Wave:
    """Triangular bands ``[band, bin]``, equally wide on the mel scale from 100 Hz to 6 kHz."""
    lowest, highest = (2595 * np.log10(1 + hertz / 700) for hertz in (100.0, RATE / 2))
    edges = 700 * (10 ** (np.linspace(lowest, highest, BANDS + 2) / 2595) - 1)
    bins = np.fft.rfftfreq(FRAME, 1 / RATE)
    rise = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    fall = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    return np.asarray(np.clip(np.minimum(rise, fall), 0.0, None))
