"""The atlas of a held-out clip: what a model's oscillator does under the drives that are read off it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ..dynamics.atlas import MapRequest, atlas_of, empty_atlas
from ..dynamics.axes import natural_axes
from ..dynamics.clip_atlas import Array, ClipAtlas, Course, Sound
from ..dynamics.path import DrivenPath
from ..metrics.audible import is_audible
from ..metrics.fundamental import HOP_MS, search_range, track_f0
from ..model import Ouroboros
from ..ode.tract import NoTract
from ..runs.file_name import file_name
from ..types import Drives, Trajectory
from .along_the_path import along_the_path
from .clip_faults import what_is_wrong
from .clip_responses import with_responses
from .clips import Clip, Samples
from .takes import cold_start, read_encoded
from .tract_effect import tract_effect


@torch.no_grad()
def clip_atlas(
    model: Ouroboros, clip: Clip, *, split: str, number: int, ic_noise_rms: float, seed: int, moments: int
) -> ClipAtlas:
    """Read a clip, sing it from a cold start, and take apart what the oscillator does on the way.

    split, number  of the clip, for names
    ic_noise_rms   rms of x and v at the cold start
    seed           of its noise
    moments        at which the drives are frozen, at most

    A model that has diverged or is silent gives an atlas that says so; nothing is raised for it.
    """
    voc = clip.vocalisation
    label = voc.label
    named: dict[str, Any] = {
        "stem": f"{split}-{number:03d}-{file_name(label) or 'voc'}",
        "name": label,
        "number": number,
        "where": f"{Path(voc.recording).name} at {voc.onset / model.sample_rate:.2f} s",
    }
    encoded = read_encoded(model, clip)
    drives = model.decode(encoded)
    finite = all(bool(torch.isfinite(y).all()) for y in (drives.stiffness, drives.gamma, drives.weights))
    if not finite:
        return empty_atlas(**named, remark="the drives are not finite: the model has diverged, there is nothing to see")
    output, without, trajectory = cold_start(model, clip, drives, ic_noise_rms=ic_noise_rms, seed=seed)
    oscillator = model.oscillator
    path = DrivenPath.of(drives, step=oscillator.step, sample_rate=model.sample_rate, clamp=oscillator.clamp)
    seconds = path.thinned(moments).seconds
    sound = _sound(model, clip, drives, trajectory, output, without, seconds)
    facts = type(encoded.oscillator).facts()
    atlas = atlas_of(
        path,
        **named,
        request=MapRequest(natural_axes(oscillator)),
        gestures={
            name: Course(y[0].double().cpu().numpy(), facts[name].unit)
            for name, y in encoded.oscillator.named().items()
            if y.dim() == 2 and name != "gamma"
        },
        state=np.stack((_array(trajectory.x), _array(trajectory.v)), -1),
        sound=sound,
        moments=moments,
        as_stepped=True,
    )
    wrong = what_is_wrong(atlas, slice(clip.onset, clip.offset), oscillator.clamp)
    more = along_the_path(atlas, path, drives, clip, ic_noise_rms=ic_noise_rms, seed=seed)
    more = with_responses(more, model, clip, ic_noise_rms=ic_noise_rms, seed=seed)
    return replace(more, remarks=(*wrong, *more.remarks))


def _sound(
    model: Ouroboros,
    clip: Clip,
    drives: Drives,
    trajectory: Trajectory,
    output: Samples,
    without: Samples,
    seconds: Array,
) -> Sound:
    """The clip and what is sung, with their pitches and the energies of the parts."""
    rate = model.sample_rate
    target, sung = clip.x.astype(np.float64), output.astype(np.float64)
    range_hz = search_range(target, sample_rate=rate, onset=clip.onset, offset=clip.offset)
    shares: dict[str, float] = {}
    if is_audible(sung) and np.isfinite(sung).all():
        noise = float(np.sum(without.astype(np.float64) ** 2) / np.sum(sung**2))
        shares["oscillator"] = 1.0 - noise
        if model.noise_net is not None:
            shares["noise"] = noise
        if not isinstance(model.tract, NoTract):
            source = model.oscillator.source(trajectory, drives)
            radiated = model.radiate(trajectory, drives)
            shares |= tract_effect(_array(source), _array(radiated), rate)
    return Sound(
        target=target,
        output=sung,
        sample_rate=rate,
        onset_s=clip.onset / rate,
        offset_s=clip.offset / rate,
        hz=_pitch(sung, rate, range_hz, seconds),
        target_hz=_pitch(target, rate, range_hz, seconds),
        shares=shares,
    )


def _pitch(signal: Array, rate: int, range_hz: tuple[float, float], seconds: Array) -> Array:
    """The pitch in Hz of the frame nearest to each moment, NaN where it is unvoiced."""
    if not is_audible(signal):
        return np.full(len(seconds), np.nan)
    found = track_f0(signal, sample_rate=rate, lowest_hz=range_hz[0], highest_hz=range_hz[1])
    hop = max(1, round(HOP_MS * 1e-3 * rate)) / rate
    return found[np.clip(np.round(seconds / hop).astype(int), 0, len(found) - 1)]


def _array(tensor: torch.Tensor) -> NDArray[np.float64]:
    return tensor.detach().cpu().double().numpy()[0]
