"""What unit times are in that do not fit their recording as seconds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .annotation_records import ROUNDING_S, Annotation

_NEARLY_ALL = 0.9
_SHORTEST_S, _LONGEST_S = 2e-3, 30.0  # of a syllable, or it is none


def unit_hint(syllables: Sequence[Annotation], duration_s: float, rate: int, recording: str) -> str | None:
    """One line where nearly all times lie beyond the end of their recording, or all syllables are shorter than 2 ms.

    syllables   as read, in seconds
    duration_s  of the recording
    rate        Hz, of the file
    recording   its name

    The unit named is the one in which they fit. None where the times can be seconds, or where no unit fits.
    """
    if not syllables:
        return None
    onsets = np.array([one.onset_s for one in syllables])
    offsets = np.array([one.offset_s for one in syllables])
    lengths = offsets - onsets
    if np.mean(onsets > duration_s) >= _NEARLY_ALL:
        for unit, scale, says in (("ms", 1e-3, "milliseconds"), ("samples", 1.0 / rate, f"samples at {rate} Hz")):
            fits = offsets.max() * scale <= duration_s + ROUNDING_S
            if fits and _SHORTEST_S <= np.median(lengths) * scale <= _LONGEST_S:
                return (
                    f"nearly all of {len(onsets)} times lie beyond the end of {recording}, {duration_s:.4f} s, but fit "
                    f"as {says}: set data.time_unit={unit}, or convert them to seconds"
                )
    elif len(onsets) > 1 and lengths.max() < _SHORTEST_S and offsets.max() * 1e3 <= duration_s + ROUNDING_S:
        return (
            f"the longest of {len(onsets)} syllables of {recording} lasts {lengths.max() * 1e3:.2g} ms, so the times "
            "were read as milliseconds but seem to be seconds: set data.time_unit=s"
        )
    return None
