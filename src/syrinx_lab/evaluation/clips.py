"""Held-out vocalisations as arrays, and what the model makes of them from a cold start."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ..metrics.autonomy import mean_score, rescaling, score_clip
from ..metrics.teacher_forced import teacher_forced_r2
from ..model import Ouroboros
from ..transfer import normal
from ..types import Drives, Score, Trajectory, Vocalisation

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Clip:
    """A held-out vocalisation: x, dx = dt x' and d2x = dt^2 x'', each (L,) float32."""

    vocalisation: Vocalisation
    x: Samples
    dx: Samples
    d2x: Samples

    @property
    def onset(self) -> int:
        """Sample of the clip at which the syllable begins; 0 where the clip begins within it."""
        return max(self.vocalisation.onset - self.vocalisation.start, 0)

    @property
    def offset(self) -> int:
        """Sample of the clip at which the syllable ends; its end where it goes on."""
        return min(self.vocalisation.offset, self.vocalisation.stop) - self.vocalisation.start


@dataclass(frozen=True)
class Take:
    """One cold-started performance of a clip, as sung and rescaled to the target's RMS, with its scores."""

    clip: Clip
    raw: Samples
    rescaled: Samples
    raw_score: Score
    rescaled_score: Score
    accel_r2: float

    def scores(self, which: str) -> dict[str, float]:
        """The metrics of "raw" or "rescaled" with the teacher-forced R^2 beside them."""
        score = self.raw_score if which == "raw" else self.rescaled_score
        return asdict(score) | {"accel_r2": self.accel_r2}


@torch.no_grad()
def perform(model: Ouroboros, clip: Clip, *, ic_noise_rms: float, seed: int, start: str = "cold") -> Take:
    """Cold-start the model on a clip and score what it sings.

    The state begins as a draw from N(0, ic_noise_rms^2) that depends on `seed` alone; the drives are read off the clip.
    start="data" begins in the recording's state at the clip's first sample instead, as published.
    """
    output, without, trajectory, drives = cold_start(model, clip, ic_noise_rms=ic_noise_rms, seed=seed, start=start)
    gain = np.float32(rescaling(output, clip.x))
    clamp = model.oscillator.clamp
    raw_score, rescaled_score = (
        score_clip(
            scale * output,
            clip.x,
            sample_rate=model.sample_rate,
            onset=clip.onset,
            offset=clip.offset,
            state_x=_array(trajectory.x),
            state_v=_array(trajectory.v),
            clamp_x=None if clamp is None else clamp.x,
            clamp_v=None if clamp is None else clamp.v,
            without_oscillator=scale * without,
        )
        for scale in (np.float32(1), gain)
    )
    return Take(clip, output, gain * output, raw_score, rescaled_score, _accel_r2(model, clip, drives))


def cold_start(
    model: Ouroboros, clip: Clip, *, ic_noise_rms: float, seed: int, start: str = "cold"
) -> tuple[Samples, Samples, Trajectory, Drives]:
    """What the model radiates (L,) over the clip from near silence (start="data": in the
    data's state), the same with the oscillator's state at zero, the state's trajectory (1, L) and the drives."""
    drives = read_drives(model, clip)
    generator = torch.Generator().manual_seed(seed)
    noise = normal((2, 1), generator, drives.gamma) * ic_noise_rms
    state = (noise[0], noise[1])
    if start == "data":
        first = torch.tensor([[clip.x[0]], [clip.dx[0]]]).to(noise)
        state = (first[0], model.velocity(first[1]))
    trajectory = model.sing(drives, state, len(clip.x))
    silent = Trajectory(torch.zeros_like(trajectory.x), torch.zeros_like(trajectory.v))
    excitation = model.excitation(trajectory.x, generator)
    output, without = (_array(model.radiate(state, drives, excitation)) for state in (trajectory, silent))
    return output, without, trajectory, drives


def read_drives(model: Ouroboros, clip: Clip) -> Drives:
    """The drives (1, L) that the model reads off a clip."""
    device = model.device
    x, dx = (torch.as_tensor(a, device=device)[None] for a in (clip.x, clip.dx))
    return model(x, dx)


def perform_all(
    model: Ouroboros, clips: Sequence[Clip], *, ic_noise_rms: float, seed: int, start: str = "cold"
) -> list[Take]:
    """`perform` on every clip in evaluation mode; clip i is seeded by (seed, i)."""
    was_training = model.training
    model.eval()
    try:
        seeds = (seed * 10_007 + i for i in range(len(clips)))
        return [perform(model, c, ic_noise_rms=ic_noise_rms, seed=s, start=start) for c, s in zip(clips, seeds)]
    finally:
        model.train(was_training)


def mean_scores(takes: Sequence[Take], which: str) -> dict[str, float]:
    """The mean of every metric over takes, NaN ("not defined for this clip") left out."""
    means = mean_score(take.raw_score if which == "raw" else take.rescaled_score for take in takes)
    fits = [take.accel_r2 for take in takes if not np.isnan(take.accel_r2)]
    return means | {"accel_r2": float(np.mean(fits)) if fits else float("nan")}


def clips_hash(clips: Sequence[Clip]) -> str:
    """12 hexadecimal digits that change with any sound, label or syllable of the clips, not with their files' names."""
    digest = hashlib.sha256()
    for clip in clips:
        digest.update(repr((clip.vocalisation.label, clip.onset, clip.offset, len(clip.x))).encode())
        digest.update(np.ascontiguousarray(clip.x, dtype="<f4").tobytes())
    return digest.hexdigest()[:12]


def score_rows(takes: Sequence[Take], sample_rate: int) -> list[dict[str, Any]]:
    """One plain row a take, as the manifest wants it: recording, label, times in s, metrics raw and rescaled."""
    return [
        {
            "recording": take.clip.vocalisation.recording,
            "label": take.clip.vocalisation.label,
            "start_s": take.clip.vocalisation.start / sample_rate,
            "onset_s": take.clip.vocalisation.onset / sample_rate,
            "offset_s": take.clip.vocalisation.offset / sample_rate,
            "raw": take.scores("raw"),
            "rescaled": take.scores("rescaled"),
        }
        for take in takes
    ]


def _accel_r2(model: Ouroboros, clip: Clip, drives: Drives) -> float:
    device = model.device
    x, dx, d2x = (torch.as_tensor(a, device=device)[None] for a in (clip.x, clip.dx, clip.d2x))
    acceleration = model.acceleration(x, dx, drives)
    if acceleration is None:
        return float("nan")
    return teacher_forced_r2(_array(acceleration), _array(model.target_acceleration(d2x)))


def _array(tensor: torch.Tensor) -> Samples:
    return tensor.detach().to("cpu", torch.float32).numpy()[0]
