"""The embedded data: a finch that sings as much as one asks for, with the motor gestures that made every sound."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d
from scipy.signal import lfilter

from .gestures import GESTURES, Rendition, controls
from .song_folder import Song, SungSyllable, write_song_folder
from .vocal_organ import sing

__all__ = ["Song", "SungSyllable", "SyntheticFinch", "render_song", "write_dataset"]

# Part of a dataset's identity: raise it whenever the same spec gives other samples.
RENDERING_VERSION = 1

PEAK = 0.4  # of the loudest syllables at gain 1
_LEVEL = 0.42  # brings the loudest syllables, 0.95 at the beak, to PEAK
_AUDIBLE_DB = -30.0  # a syllable begins and ends where its envelope crosses this level, dB below PEAK
_NOISE_POLE_HZ = 2_000.0


@dataclass(frozen=True)
class SyntheticFinch:
    """What the finch sings: every recording holds `motifs_per_recording` renditions of `motif`.

    n_recordings          files
    motifs_per_recording  renditions of the motif in a recording
    sample_rate           Hz, 16,000 to 192,000
    seed                  of everything random; recording k depends on (seed, k) alone
    motif                 labels in the order in which they are sung, out of a, b, c, d, e
    duration_jitter       standard deviation of the logarithm of a rendition's duration
    pitch_jitter          standard deviation of the logarithm of its f0
    loudness_jitter_db    standard deviation of its level, dB
    noise_db              RMS of the noise floor, dB relative to a peak of 0.4; -40 or lower
    A value out of range raises ValueError.
    """

    n_recordings: int = 12
    motifs_per_recording: int = 3
    sample_rate: int = 44_100
    seed: int = 0
    motif: str = "abcde"
    duration_jitter: float = 0.05
    pitch_jitter: float = 0.015
    loudness_jitter_db: float = 1.0
    noise_db: float = -50.0

    def __post_init__(self) -> None:
        unknown = sorted(set(self.motif) - set(GESTURES))
        if unknown or not self.motif:
            raise ValueError(f"motif {self.motif!r}: sing at least one of the labels {', '.join(GESTURES)}")
        if self.n_recordings < 1 or self.motifs_per_recording < 1:
            raise ValueError("a synthetic finch needs n_recordings and motifs_per_recording of at least 1")
        if not 16_000 <= self.sample_rate <= 192_000:
            raise ValueError(f"sample_rate {self.sample_rate} Hz: the synthetic finch sings at 16,000 to 192,000 Hz")
        if not self.noise_db <= -40.0:
            raise ValueError(f"noise_db {self.noise_db}: the noise floor must lie at -40 dB or lower")
        if not (0.0 <= self.duration_jitter <= 0.2 and 0.0 <= self.pitch_jitter <= 0.1):
            raise ValueError("duration_jitter must lie in 0 to 0.2 and pitch_jitter in 0 to 0.1")
        if not 0.0 <= self.loudness_jitter_db <= 3.0:
            raise ValueError(f"loudness_jitter_db {self.loudness_jitter_db} must lie in 0 to 3")

    @property
    def identity(self) -> str:
        """A hash of the spec and of the version of the rendering: equal identities, equal samples."""
        text = json.dumps({"version": RENDERING_VERSION, **asdict(self)}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def write(self, root: str | Path) -> Path:
        """Write the finch's recordings under `root`, see `write_dataset`."""
        return write_dataset(root, self)


def render_song(spec: SyntheticFinch, rng: np.random.Generator) -> Song:
    """One recording of the finch: renditions of its motif with silences between, and a noise floor.

    A syllable is annotated where its own envelope (RMS over 1 ms, without the noise) crosses 30 dB below 0.4, which is
    20 dB above the default noise floor. Four gaps in five last more than 45 ms, the others about 35 ms.
    """
    renditions, duration_s = _plan(spec, rng)
    n_samples = round(duration_s * spec.sample_rate)
    alpha, beta, gain = controls(renditions, n_samples, spec.sample_rate)
    clean = _LEVEL * gain * sing(alpha, beta, spec.sample_rate)
    noise = PEAK * 10.0 ** (spec.noise_db / 20.0) * _room_noise(n_samples, spec.sample_rate, rng)
    syllables = _audible(clean, renditions, spec.sample_rate)
    return Song((clean + noise).astype(np.float32), syllables, alpha, beta, gain)


def write_dataset(root: str | Path, spec: SyntheticFinch) -> Path:
    """Write the finch's recordings under `root` as a folder of song, see `write_song_folder`; returns `root`.

    A complete dataset of the same spec is left as it is; an incomplete one, or one of another spec, is written anew.
    Equal specs give files equal byte for byte. A root that holds files of another kind raises ValueError.
    """
    return write_song_folder(
        Path(root),
        asdict(spec),
        spec.identity,
        spec.n_recordings,
        spec.sample_rate,
        lambda k: render_song(spec, np.random.default_rng([spec.seed, k])),
    )


def _plan(spec: SyntheticFinch, rng: np.random.Generator) -> tuple[list[Rendition], float]:
    """When each syllable of a recording is sung, and the recording's length in seconds."""
    renditions: list[Rendition] = []
    now = rng.uniform(0.15, 0.25)
    for _ in range(spec.motifs_per_recording):
        for label in spec.motif:
            duration, pitch, level = rng.standard_normal(3)
            sung = Rendition(
                label=label,
                start_s=now,
                duration_s=GESTURES[label].duration_ms / 1000.0 * float(np.exp(spec.duration_jitter * duration)),
                pitch=float(np.exp(spec.pitch_jitter * pitch)),
                gain=float(10.0 ** (spec.loudness_jitter_db * level / 20.0)),
            )
            renditions.append(sung)
            short = rng.random() < 0.2
            now = sung.stop_s + rng.uniform(*((0.022, 0.028) if short else (0.038, 0.06)))
        now += rng.uniform(0.08, 0.15)
    return renditions, now


def _room_noise(n_samples: int, sample_rate: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Stationary noise of RMS 1 that falls by 6 dB an octave above 2 kHz."""
    pole = np.exp(-2.0 * np.pi * _NOISE_POLE_HZ / sample_rate)
    innovation = np.sqrt(1.0 - pole**2) * rng.standard_normal(n_samples)
    noise, _ = lfilter([1.0], [1.0, -pole], innovation, zi=[pole * rng.standard_normal()])
    return noise


def _audible(clean: NDArray[np.float64], renditions: list[Rendition], sample_rate: int) -> tuple[SungSyllable, ...]:
    """Each rendition from the first to the last sample of its envelope above the level of audibility."""
    power = uniform_filter1d(clean**2, round(1e-3 * sample_rate))
    loud = power > PEAK**2 * 10.0 ** (_AUDIBLE_DB / 10.0)
    syllables = []
    for sung in renditions:
        first, stop = round(sung.start_s * sample_rate), round((sung.stop_s + 0.01) * sample_rate)
        audible = first + np.flatnonzero(loud[first:stop])
        syllables.append(SungSyllable(sung.label, int(audible[0]), int(audible[-1]) + 1))
    return tuple(syllables)
