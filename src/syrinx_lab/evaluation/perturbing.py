"""Perturb a model while it sings, and measure what comes of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from ..data.derivatives import derivatives
from ..dynamics.perturbation import Perturbation, Scheduled
from ..dynamics.response import Course, Response, response
from ..ode.parameters import Parameters
from .encoder_units import EncoderUnits
from .performance import Performance

SCHEDULE = (
    Scheduled("state", "x", 0.1),
    Scheduled("state", "v", 0.1),
    Scheduled("drive", "pressure", 1.1, 20.0, "scale"),
    Scheduled("drive", "tension", 50.0, 20.0, "cents"),
    Scheduled("input", "sound", 1.1, 20.0, "scale", places=(0.5,)),
    Scheduled("input", "noise", 0.1, 20.0, places=(0.5,)),
)
"""What every clip is asked: kicks by a tenth of the orbit, pressure +10 %, tension +50 cents, and what is heard."""
_LARGEST = 2**25  # numbers in the weights of a batch that is decoded at once
_DRIVING = ("pressure", "loudness", "gamma")  # the first that an oscillator has is what makes it louder


def battery(performance: Performance, schedule: Sequence[Scheduled] = SCHEDULE) -> list[Perturbation]:
    """What a schedule does to one clip, in the order of the schedule.

    An oscillator without a pressure is given more of its loudness instead, or of its damping gamma, and the
    perturbation says so; one that cannot change its pitch alone is spared the tension.
    """
    clip, ms = performance.clip, performance.interval_ms
    named = performance.encoded.oscillator.named()
    driving = next((name for name in _DRIVING if name in named), None)
    found = []
    for one in schedule:
        if one.kind == "drive" and one.target == "pressure":
            if driving is None:
                continue
            one = replace(one, target=driving)
        if one.kind == "drive" and one.target == "tension" and not _transposes(performance):
            continue
        found += one.on(clip.onset * ms, clip.offset * ms)
    return found


def perturb(performance: Performance, perturbations: Sequence[Perturbation]) -> list[Response]:
    """The responses of one performance to perturbations, each by itself, in their order.

    Kicks begin at the drives' knot nearest in time. Raises ValueError with one line for a target that there is not, and
    for a performance that is `silent`.
    """
    if performance.silent:
        raise ValueError(
            f"{performance.clip.vocalisation.recording}: the oscillator diverged or does not move within the syllable, "
            "so that there is nothing to perturb"
        )
    order: dict[str, list[int]] = defaultdict(list)
    for number, one in enumerate(perturbations):
        order[one.kind].append(number)
    ways: dict[str, Callable[[Performance, Sequence[Perturbation]], Iterator[Course]]] = {
        "state": _kicked,
        "drive": _driven,
        "channel": _stimulated,
        "input": _heard,
    }
    clip = performance.clip
    settings: dict[str, Any] = {
        "sample_rate": performance.model.sample_rate,
        "size": performance.size,
        "label": clip.vocalisation.label,
        "onset": clip.onset,
        "offset": clip.offset,
    }
    together = max(1, _LARGEST // performance.drives.weights[0].numel())
    found: dict[int, Response] = {}
    with torch.no_grad():
        for kind, numbers in order.items():
            for first in range(0, len(numbers), together):
                some = numbers[first : first + together]
                several = [perturbations[number] for number in some]
                for number, one, after in zip(some, several, ways[kind](performance, several)):
                    found[number] = response(one, performance.course, after, **settings)
    return [found[number] for number in range(len(perturbations))]


def _kicked(performance: Performance, kicks: Sequence[Perturbation]) -> Iterator[Course]:
    hop, length = performance.drives.hop, len(performance.clip.x)
    for one in kicks:
        sample = min(round(one.at_ms / performance.interval_ms / hop), (length - 1) // hop) * hop
        y = [performance.course.x[sample], performance.course.v[sample]]
        y["xv".index(one.target)] += one.size * performance.size
        yield performance.sung_from(sample, *y)


def _driven(performance: Performance, several: Sequence[Perturbation]) -> Iterator[Course]:
    parameters = performance.parameters(len(several))
    columns = parameters.named()
    for row, one in enumerate(several):
        if one.target == "tension":
            raised = _transposed(performance, one.size)
            for name, y in raised.named().items():
                window = one.window(y.shape[1], _knot_ms(performance, y))
                columns[name][row, window] = y[0, window]
            continue
        if one.target not in columns:
            raise ValueError(f"perturbation.target is {one.target!r}: use tension, {', '.join(columns)}")
        y = columns[one.target]
        window = one.window(y.shape[1], _knot_ms(performance, y))
        facts = type(parameters).facts()[one.target]
        factor = 2 ** (one.size / 1200) if one.mode == "cents" else one.size
        y[row, window] = y[row, window] + one.size if one.mode == "add" else y[row, window] * factor
        y[row, window] = y[row, window].clamp(facts.low, facts.high)
    yield from performance.sung_again(performance.model.decode(performance.encoded_with(parameters)))


def _stimulated(performance: Performance, several: Sequence[Perturbation]) -> Iterator[Course]:
    units = EncoderUnits.of(performance)
    encoded = performance.encoded_from(units.perturbed(several, performance.controls.hop * performance.interval_ms))
    yield from performance.sung_again(performance.model.decode(encoded))


def _heard(performance: Performance, several: Sequence[Perturbation]) -> Iterator[Course]:
    for number, one in enumerate(several):
        if one.target not in ("sound", "noise"):
            raise ValueError(f"perturbation.target is {one.target!r}, of an input: use sound or noise")
        x = performance.x.clone()
        window = one.window(x.shape[1], performance.interval_ms)
        if one.target == "noise":
            noise = torch.randn(x[:, window].shape, generator=torch.Generator().manual_seed(number))
            x[:, window] += one.size * float(x.std()) * noise
        else:
            x[:, window] = x[:, window] * one.size if one.mode == "scale" else x[:, window] + one.size
        # the slope of the clip itself knows what comes before and after it
        slope = performance.dx + derivatives(x - performance.x)[0]
        encoded = performance.model.encode(x, slope, [performance.clip.bird])
        yield from performance.sung_again(performance.model.decode(encoded))


def _knot_ms(performance: Performance, y: Tensor) -> float:
    """Ms between the T knots of y (B, T, ...): 1 sample, or the hop of what was encoded."""
    hop = 1 if y.shape[1] == performance.x.shape[1] else performance.model.control_hop
    return hop * performance.interval_ms


def _transposed(performance: Performance, cents: float) -> Parameters:
    return performance.model.oscillator.transposed(performance.encoded.oscillator, 2 ** (cents / 1200))


def _transposes(performance: Performance) -> bool:
    try:
        _transposed(performance, 1.0)
    except ValueError:
        return False
    return True
