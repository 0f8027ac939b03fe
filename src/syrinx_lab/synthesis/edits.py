"""What can be changed about a song before it is sung: pitch, tempo and loudness."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..model import Ouroboros
from ..ode.syrinx.prior import SyrinxPrior
from .table import Columns, DriveTable, knots

_MOST = {"pitch": 8.0, "tempo": 16.0, "loudness": 1e3}


@dataclass(frozen=True)
class Edit:
    """Factors on pitch, speed and loudness; 1 changes nothing.

    With a prior:
        pitch     the pitch that the tension is set for; the gain follows, so that loudness stays. The tract does not
                  move. Exact within the range of the prior's map, at whose ends pitch stops, but for the learned part
                  of the weights: that shifts the pitch by a percent or two, and not in proportion.
        loudness  the gain of the song and of its breath; the background does not change. Exact.
    Without:
        pitch     the stiffness, by the square of the factor: exact for small oscillations, approximate for large ones.
        loudness  the output. Exact.
    tempo stretches the drives in time by 1 / tempo, on the straight lines between knots; pitch stays. What the
    oscillator does by itself, such as its ignition, takes as long as before.

    Raises ValueError for a factor that is not a number between 1 / m and m: m = 8 (pitch), 16 (tempo), 1000 (loudness).
    """

    pitch: float = 1.0
    tempo: float = 1.0
    loudness: float = 1.0

    def __post_init__(self) -> None:
        for name, most in _MOST.items():
            factor = getattr(self, name)
            number = isinstance(factor, int | float) and not isinstance(factor, bool)
            if not number or not 1 / most <= factor <= most:
                raise ValueError(
                    f"edit.{name} is {factor}: use a factor from {1 / most:g} to {most:g}, 1 for no change"
                )

    def __bool__(self) -> bool:
        return (self.pitch, self.tempo, self.loudness) != (1, 1, 1)


def edited(table: DriveTable, edit: Edit, model: Ouroboros) -> DriveTable:
    """The table of a model with an `Edit` applied; of L samples, round(L / tempo) remain."""
    parts, samples = dict(table.parts), table.samples
    if edit.pitch != 1:
        parts |= _repitched(parts, edit.pitch, model.prior)
    if edit.loudness != 1:
        names = ("level",) if model.prior is None else ("gain", "envelope")
        parts |= {name: np.float32(edit.loudness) * parts[name] for name in names}
    if edit.tempo != 1:
        samples = max(1, round(samples / edit.tempo))
        at = np.arange(knots(samples, table.hop)) * edit.tempo
        parts = {name: _between(values, at) for name, values in parts.items()}
    return DriveTable(parts, samples, table.hop, table.sample_rate)


def _repitched(parts: dict[str, Columns], factor: float, prior: SyrinxPrior | None) -> dict[str, Columns]:
    if prior is None:
        return {"stiffness": np.float32(factor**2) * parts["stiffness"]}
    before = parts["pitch_hz"]
    after = np.float32(factor) * before
    return {"pitch_hz": after, "gain": parts["gain"] * _rms_of_v(before, prior) / _rms_of_v(after, prior)}


def _rms_of_v(hz: Columns, prior: SyrinxPrior) -> Columns:
    """By how much gain = envelope / rms depends on the pitch."""
    log_hz, log_rms = prior.log_hz.cpu().numpy(), prior.log_rms.cpu().numpy()
    return np.exp(np.interp(np.log(hz), log_hz, log_rms)).astype(np.float32)


def _between(values: Columns, at: np.ndarray) -> Columns:
    """Rows at places between rows, on straight lines; the last row beyond the last."""
    at = np.minimum(at, len(values) - 1)
    first = np.minimum(at.astype(np.int64), max(len(values) - 2, 0))
    share = (at - first).astype(np.float32)[:, None]
    following = values[np.minimum(first + 1, len(values) - 1)]
    return values[first] + share * (following - values[first])
