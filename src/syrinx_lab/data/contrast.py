"""How far the annotated syllables of a recording stand above the rest of it, and what is wrong where they do not."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from .audio import large_offset
from .blocks import blocks
from .recording import Syllable

LEAST_DB = 3.0
"""A recording with less contrast is doubtful; the least in sets labelled by hand are 10 and 19 dB."""
CLEARER_DB, LOUDER_DB = 6.0, 20.0
"""By how much more contrast, or more level at no less contrast, another channel carries the song."""
_LEAST_GAP_S = 0.01  # of samples outside syllables, for a contrast to mean anything


def inside_syllables(size: int, syllables: Sequence[Syllable], per_sample: float = 1.0) -> np.ndarray:
    """(size,) which samples lie in syllables; per_sample is the factor from the syllables' rate to that of samples."""
    inside = np.zeros(size, dtype=bool)
    for syllable in syllables:
        inside[round(syllable.onset * per_sample) : round(syllable.offset * per_sample)] = True
    return inside


def contrast_db(samples: np.ndarray, inside: np.ndarray) -> float:
    """10 log10 of the mean power inside syllables over that outside, dB; NaN where either is missing or zero.

    samples, inside  (n,)
    """
    within, without = 0.0, 0.0
    for sound, sung in zip(blocks(samples), blocks(inside)):  # of half an hour every copy is 0.6 GB
        power = np.square(sound, dtype=np.float64)
        within += float(power[sung].sum())
        without += float(power[~sung].sum())
    count = int(np.count_nonzero(inside))
    if not (within > 0 and without > 0):
        return math.nan
    return 10.0 * math.log10(within / count / (without / (len(inside) - count)))


def contrast_warning(samples: np.ndarray, syllables: Sequence[Syllable], sample_rate: int) -> str | None:
    """That the syllables of a recording hardly stand above its gaps, in words; None where they do.

    samples    (n,) at sample_rate Hz, as are the syllables
    """
    inside = inside_syllables(len(samples), syllables)
    if len(inside) - np.count_nonzero(inside) < _LEAST_GAP_S * sample_rate:
        return None
    contrast = contrast_db(samples, inside)
    if not contrast < LEAST_DB:
        return None
    contrast = round(contrast, 1) + 0.0  # no -0.0
    return (
        f"contrast {contrast:.1f} dB: the annotated syllables {_level(contrast)} the gaps between them, where 10 dB or "
        "more are usual: the times may be shifted, in another unit or of another recording, or syllables are not "
        "annotated; look at check_data's figure"
    )


def channel_warning(
    native: np.ndarray, channel: int | str, syllables: Sequence[Syllable], per_sample: float, fixed: bool
) -> str | None:
    """That another channel carries the song than the one that is read, and which; None where it does not.

    native      (n, channels) as stored
    channel     the one that is read, or "mean"
    per_sample  native samples for each of the syllables' samples
    fixed       whether the annotation names the channel
    """
    count = native.shape[1]
    inside = inside_syllables(len(native), syllables, per_sample)
    if count < 2 or not inside.any() or inside.all():
        return None
    read = native.mean(axis=1) if channel == "mean" else native[:, int(channel)]
    ours, our_level = _measured(read, inside)
    others = {k: _measured(native[:, k], inside) for k in range(count) if k != channel}
    best, (theirs, level) = max(others.items(), key=lambda item: (item[1][0], item[1][1]))
    clearer = theirs - ours >= CLEARER_DB and theirs >= LEAST_DB
    if not clearer:
        loud = {
            k: both for k, both in others.items() if both[1] - our_level >= LOUDER_DB and both[0] >= ours - LEAST_DB
        }
        if channel == "mean" or not loud:
            return None
        best, (theirs, level) = max(loud.items(), key=lambda item: item[1][1])
    name = "the mean of all" if channel == "mean" else f"channel {channel}"
    more = f", and {level - our_level:.0f} dB louder" if level - our_level >= LEAST_DB else ""
    advice = "correct the channel in the annotation" if fixed else f"set data.channel={best}"
    return (
        f"another channel carries the song: channel {best} stands {theirs:.1f} dB above the gaps{more}, and {name}, "
        f"which is read, {ours:.1f} dB; {advice}"
    )


def louder_channel(native: np.ndarray, channel: int | str) -> str | None:
    """That another channel is far louder than the one that is read, where no annotation says which carries the song.

    native   (n, channels) as stored
    channel  the one that is read, or "mean"
    """
    if native.shape[1] < 2 or channel == "mean":
        return None
    finite = np.nan_to_num(native.astype(np.float64), posinf=0.0, neginf=0.0)
    levels = [float(np.std(finite[:, k])) for k in range(native.shape[1])]
    best, read = int(np.argmax(levels)), int(channel)
    if not levels[best] > levels[read] * 10 ** (LOUDER_DB / 20):
        return None
    more = 20 * math.log10(levels[best] / levels[read])
    return (
        f"another channel may carry the song: channel {best} is {more:.0f} dB louder than channel {read}, which is read"
    )


def _measured(samples: np.ndarray, inside: np.ndarray) -> tuple[float, float]:
    """Contrast and level inside syllables in dB, -inf for silence."""
    finite = np.nan_to_num(samples.astype(np.float64), posinf=0.0, neginf=0.0)
    centred = finite - large_offset(finite)
    power = float(np.mean(centred[inside] ** 2))
    contrast = contrast_db(centred, inside)
    if power == 0:
        return -math.inf, -math.inf
    return (math.inf if math.isnan(contrast) else contrast), 10.0 * math.log10(power)


def _level(contrast: float) -> str:
    return "lie below" if contrast < 0 else "hardly rise above"
