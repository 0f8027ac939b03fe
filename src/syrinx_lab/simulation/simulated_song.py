"""Simulated recordings with the gestures that made them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..controls.envelope import local_envelope

_BLOCK_S = 5e-4
_BELOW = 10 ** (-25 / 20)
_JOINED_S = 0.003


@dataclass(frozen=True, eq=False)
class SimulatedSong:
    """B windows of L samples, with truth at T = ceil((L - 1) / hop) + 1 knots 0, hop, 2 hop, ...

    audio       (B, L) what the recorder stored, full scale
    clean       (B, L) the bird alone, dry, through the same recorder at the same gain, undamaged
    pitch_hz    (B, 2, T) that each side sings, as measured on its labia; where it is silent, that of the nearest knot
                at which it sings; 0 where it never does. Side 0 is the lower one where both sing
    pressure    (B, 2, T) of the gesture, 0 to 1
    voiced      (B, 2, T) bool: the labia of that side move, at a fifth of their full amplitude or more
    gain        (B, 2, T) local rms of that side in `clean`, over 1 ms
    breath      (B, T) local rms of breath and bursts in `clean`
    background  (B,) rms of all in `audio` that is not this bird; its echoes are
    onsets, offsets  s, of every syllable of every item: where the bird's own sound, rms over 0.5 ms, passes 25 dB below
                the syllable's loudest
    snr_db      (B,) rms of `clean` while the bird sings over the background
    tonal       (B,) bool: a bird of pure tones
    rate_hz     (B,) int64, of the recorder
    bird        (B,) int64
    hop         samples
    sample_rate Hz
    """

    audio: Tensor
    clean: Tensor
    pitch_hz: Tensor
    pressure: Tensor
    voiced: Tensor
    gain: Tensor
    breath: Tensor
    background: Tensor
    onsets: list[list[float]]
    offsets: list[list[float]]
    snr_db: Tensor
    tonal: Tensor
    rate_hz: Tensor
    bird: Tensor
    hop: int
    sample_rate: int


def local_rms(sound: Tensor, sample_rate: int, hop: int) -> Tensor:
    """(..., L) -> (..., T) at the knots."""
    flat = sound.reshape(-1, sound.shape[-1])
    return local_envelope(flat, sample_rate, hop).view(*sound.shape[:-1], -1)


def audible_syllables(
    clean: NDArray[np.float32], notes: NDArray[np.floating], sample_rate: int
) -> tuple[list[float], list[float]]:
    """Beginning and end in s of what can be heard of notes (n, 2) in s, in order, in a dry sound (L,).

    Notes less than 3 ms apart are one syllable; one that began before the window begins with it.
    """
    block = max(1, round(_BLOCK_S * sample_rate))
    count = len(clean) // block
    level = np.sqrt(np.mean(clean[: count * block].reshape(count, block).astype(np.float64) ** 2, axis=1))
    per_s = sample_rate / block
    spans: list[list[float]] = []
    for start, stop in notes:
        first, last = max(0, int((start - 0.002) * per_s)), min(count, int((stop + 0.004) * per_s) + 1)
        if first >= last or not level[first:last].max() > 0:
            continue
        loud = first + np.flatnonzero(level[first:last] >= _BELOW * level[first:last].max())
        begin, end = loud[0] / per_s, (loud[-1] + 1) / per_s
        if spans and begin - spans[-1][1] < _JOINED_S:
            spans[-1][1] = max(end, spans[-1][1])
        else:
            spans.append([begin, end])
    return [span[0] for span in spans], [span[1] for span in spans]


def joined(songs: Sequence[SimulatedSong]) -> SimulatedSong:
    """Several batches of the same settings as one."""
    together: dict[str, Any] = {}
    for name, value in vars(songs[0]).items():
        parts = [getattr(song, name) for song in songs]
        if isinstance(value, Tensor):
            together[name] = torch.cat(parts)
        else:
            together[name] = [item for part in parts for item in part] if isinstance(value, list) else value
    return SimulatedSong(**together)
