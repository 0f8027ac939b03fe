"""What a model makes of held-out clips from a cold start, and how that scores."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..encoded import Encoded
from ..metrics.autonomy import mean_score, rescaling, score_clip
from ..metrics.facts import METRICS, Known
from ..metrics.metric import Metric
from ..metrics.score import Score
from ..metrics.sung_clip import SungClip
from ..model import Ouroboros
from ..ode.sides import silenced
from ..transfer import normal
from ..types import Drives, Trajectory
from .clips import Clip, Samples
from .refinement import Refinement


@dataclass(frozen=True)
class Take:
    """One cold-started performance of a clip, as sung and rescaled to the target's RMS, with its scores."""

    clip: Clip
    raw: Samples
    rescaled: Samples
    raw_score: Score
    rescaled_score: Score

    def scores(self, which: str) -> dict[str, float]:
        """The metrics of "raw" or "rescaled" by name."""
        return (self.raw_score if which == "raw" else self.rescaled_score).values()


@torch.no_grad()
def perform(
    model: Ouroboros,
    clip: Clip,
    *,
    ic_noise_rms: float,
    seed: int,
    start: str = "cold",
    metrics: Mapping[str, Metric] | None = None,
    change: Callable[[Encoded], Encoded] | None = None,
    refinement: Refinement | None = None,
) -> Take:
    """Cold-start the model on a clip and score what it sings.

    The state begins as a draw from N(0, ic_noise_rms^2) that depends on `seed` alone; the drives are read off the clip.
    start="data" begins in the recording's state at the clip's first sample instead, as published.

    metrics     from outside the lab, by name
    change      of what was read off the clip, before it is sung
    refinement  of what was read off the clip, before it is sung
    Raises ValueError with one line that names the recording when one of them fails.
    """
    encoded = read_encoded(model, clip) if change is None else change(read_encoded(model, clip))
    settings: dict[str, Any] = {"ic_noise_rms": ic_noise_rms, "seed": seed, "start": start}
    if refinement is not None:
        encoded = refined(model, clip, encoded, refinement, **settings)
    drives = model.decode(encoded)
    output, without, trajectory = cold_start(model, clip, drives, **settings)
    clamp = model.oscillator.clamp
    acceleration, actual = _accelerations(model, clip, drives)
    sung = SungClip(
        output,
        clip.x,
        sample_rate=model.sample_rate,
        onset=clip.onset,
        offset=clip.offset,
        state_x=_array(trajectory.x),
        state_v=_array(trajectory.v),
        clamp_x=None if clamp is None else clamp.x,
        clamp_v=None if clamp is None else clamp.v,
        without_oscillator=without,
        acceleration=acceleration,
        target_acceleration=actual,
        drives=drives,
        numbers_per_second=model.numbers_per_second(encoded),
    )
    return scored_take(clip, sung, metrics)


def scored_take(clip: Clip, sung: SungClip, metrics: Mapping[str, Metric] | None = None) -> Take:
    """The scores of a sound (L,), as it is and at the target's RMS.

    metrics  from outside the lab, by name
    Raises ValueError with one line that names the recording when one of them fails.
    """
    gain = np.float32(rescaling(sung.output, sung.target))
    without = sung.without_oscillator
    scaled = replace(
        sung,
        output=gain * sung.output,
        without_oscillator=None if without is None else gain * without,
        rescaled=True,
    )
    metrics = metrics or {}
    try:
        raw_score = score_clip(sung, metrics)
        once = {name: value for name, value in raw_score.outside.items() if not metrics[name].rescaled}
        again = score_clip(scaled, {name: metric for name, metric in metrics.items() if metric.rescaled})
    except ValueError as error:
        raise ValueError(f"{_place(clip, sung.sample_rate)}: {error}") from error
    return Take(clip, sung.output, scaled.output, raw_score, replace(again, outside={**once, **again.outside}))


def cold_start(
    model: Ouroboros, clip: Clip, drives: Drives, *, ic_noise_rms: float, seed: int, start: str = "cold"
) -> tuple[Samples, Samples, Trajectory]:
    """What the model radiates (L,) over the clip under `drives` from near silence (start="data": in the data's state),
    the same with the oscillator's state at zero, and the state's trajectory (1, L)."""
    state, excitation = _beginning(model, clip, ic_noise_rms, seed, start)
    trajectory = model.sing(drives, state, len(clip.x))
    several = (trajectory, silenced(trajectory))
    output, without = (_array(model.radiate(one, drives, excitation)) for one in several)
    return output, without, trajectory


def refined(
    model: Ouroboros,
    clip: Clip,
    encoded: Encoded,
    refinement: Refinement,
    *,
    ic_noise_rms: float,
    seed: int,
    start: str = "cold",
) -> Encoded:
    """What was read off a clip, refined for the very start and noise that `cold_start` draws from the same seed."""
    state, excitation = _beginning(model, clip, ic_noise_rms, seed, start)
    target = torch.as_tensor(clip.x, device=model.device)[None]
    return refinement.refined(model, encoded, state, excitation, target)


def _beginning(
    model: Ouroboros, clip: Clip, ic_noise_rms: float, seed: int, start: str
) -> tuple[tuple[Tensor, Tensor], Tensor | None]:
    """The state (x (1,), v (1,)) that a performance begins in, and the noise (2, 1, L) of it; of the seed alone."""
    target = torch.as_tensor(clip.x, device=model.device)[None]
    generator = torch.Generator().manual_seed(seed)
    noise = normal((2, 1), generator, target) * ic_noise_rms
    state = (noise[0], noise[1])
    if start == "data":
        first = torch.tensor([[clip.x[0]], [clip.dx[0]]]).to(noise)
        state = (first[0], model.velocity(first[1]))
    return state, model.excitation(target, generator)


def read_encoded(model: Ouroboros, clip: Clip) -> Encoded:
    """What the model reads off a clip, a batch of one."""
    device = model.device
    x, dx = (torch.as_tensor(a, device=device)[None] for a in (clip.x, clip.dx))
    return model.encode(x, dx, [clip.bird])


def read_drives(model: Ouroboros, clip: Clip) -> Drives:
    """The drives (1, L) that the model reads off a clip."""
    return model.decode(read_encoded(model, clip))


def perform_all(
    model: Ouroboros,
    clips: Sequence[Clip],
    *,
    ic_noise_rms: float,
    seed: int,
    start: str = "cold",
    metrics: Mapping[str, Metric] | None = None,
    refinement: Refinement | None = None,
) -> list[Take]:
    """`perform` on every clip in evaluation mode; clip i is seeded by (seed, i)."""
    was_training = model.training
    model.eval()
    settings: dict[str, Any] = {
        "ic_noise_rms": ic_noise_rms,
        "start": start,
        "metrics": metrics,
        "refinement": refinement,
    }
    try:
        seeds = (clip_seed(seed, i) for i in range(len(clips)))
        return [perform(model, clip, seed=one, **settings) for clip, one in zip(clips, seeds)]
    finally:
        model.train(was_training)


def clip_seed(seed: int, number: int) -> int:
    """Of the start and the noise of a split's clip, by its number in the split."""
    return seed * 10_007 + number


def mean_scores(takes: Sequence[Take], which: str, names: Iterable[str] = METRICS) -> dict[str, float]:
    """The mean of the metrics `names` over takes, NaN ("not defined for this clip") left out.

    which  raw or rescaled
    """
    return mean_score((take.raw_score if which == "raw" else take.rescaled_score for take in takes), names)


def logged_scores(takes: Sequence[Take], prefix: str, known: Known = METRICS) -> dict[str, float]:
    """{prefix}/{metric} as sung and {prefix}/rescaled_{metric}, means over takes; NaN where none is defined.

    known  the metrics, those from outside among them
    """
    raw, scaled = mean_scores(takes, "raw", known), mean_scores(takes, "rescaled", known)
    return {f"{prefix}/{name}": value for name, value in raw.items()} | {
        f"{prefix}/rescaled_{name}": value for name, value in scaled.items() if known[name].rescaled
    }


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


def _accelerations(model: Ouroboros, clip: Clip, drives: Drives) -> tuple[Samples | None, Samples | None]:
    """(L,) tau^2 x'' of the model at the recording's states, and of the recording; None where they are hidden."""
    x, dx, d2x = (torch.as_tensor(a, device=model.device)[None] for a in (clip.x, clip.dx, clip.d2x))
    acceleration = model.acceleration(x, dx, drives)
    return None if acceleration is None else _array(acceleration), _array(model.target_acceleration(d2x))


def _place(clip: Clip, sample_rate: float) -> str:
    """The recording and the syllable's times."""
    voc = clip.vocalisation
    return f"{voc.recording}, syllable at {voc.onset / sample_rate:.3f} to {voc.offset / sample_rate:.3f} s"


def _array(tensor: torch.Tensor) -> Samples:
    return tensor.detach().to("cpu", torch.float32).numpy()[0]
