"""Songs with known syllables, and sounds of a cage."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from syrinx_lab.data.synthetic import SyntheticFinch, render_song

RATE = 44_100


def finch(
    number: int = 0, *, noise_db: float = -50.0, rate: int = RATE, motif: str = "abcde"
) -> tuple[NDArray[np.float32], NDArray[np.float64], list[str]]:
    """A recording of the synthetic finch: samples, (onset, offset) in seconds, labels."""
    spec = SyntheticFinch(noise_db=noise_db, sample_rate=rate, motif=motif)
    song = render_song(spec, np.random.default_rng([0, number]))
    times = np.array([(s.onset, s.offset) for s in song.syllables]) / rate
    return song.samples, times, [s.label for s in song.syllables]


def with_noise(samples: NDArray[np.float32], snr_db: float, seed: int = 0) -> NDArray[np.float32]:
    """White noise added, `snr_db` below the mean power of the samples."""
    noise = np.random.default_rng(seed).standard_normal(len(samples))
    level = np.sqrt(np.mean(samples.astype(np.float64) ** 2)) * 10 ** (-snr_db / 20)
    return (samples + level * noise).astype(np.float32)


def cage(seed: int, seconds: float = 6.0) -> NDArray[np.float32]:
    """Bangs with a ring, flutters of wings and rustling over a quiet background; nobody sings."""
    rng = np.random.default_rng(seed)
    samples = 1e-3 * rng.standard_normal(round(seconds * RATE))
    for _ in range(8):
        kind, at = rng.choice(["bang", "flutter", "rustle"]), rng.uniform(0.1, seconds - 1.0)
        for beat in range(rng.integers(5, 12) if kind == "flutter" else 1):
            length = rng.uniform(0.02, 0.035) if kind != "rustle" else rng.uniform(0.05, 0.4)
            t = np.arange(round(length * RATE)) / RATE
            noise = rng.standard_normal(len(t))
            if kind == "bang":
                sound = 0.5 * noise * np.exp(-t / 0.003)
                for _ in range(3):
                    sound += rng.uniform(0.2, 1) * np.exp(-t / 0.005) * np.sin(2 * np.pi * rng.uniform(400, 9_000) * t)
            else:
                band = (300, 5_000) if kind == "flutter" else (1_000, 9_000)
                sound = sosfilt(butter(1, band, "bandpass", fs=RATE, output="sos"), noise) * np.hanning(len(t))
            first = round((at + 0.042 * beat) * RATE)
            room = samples[first : first + len(sound)]
            room += (1e-3 * 10 ** (rng.uniform(10, 35) / 20) * sound / sound.std())[: len(room)]
    return samples.astype(np.float32)
