"""What each unit of the encoder does to the song when it is stimulated: amplitude and direction, by context."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..dynamics.perturbation import Perturbation
from ..dynamics.response import Response
from .encoder_units import EncoderUnits
from .performance import Performance
from .perturbing import perturb

MOST = 24
LASTING_MS = 20.0
CENTS_A_DB = 10.0
_FAINT = 1e-3  # dB
_HEARD = ("level_db", "pitch_cents", "brightness_cents")

Values = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class UnitResponses:
    """The responses of U units of one clip at one moment, each (U,); NaN where one is not defined, see `Response`.

    names        of the units that were stimulated, those that move the controls most first
    label, at_ms, amount  the context: of the syllable, ms from the clip's first sample, standard deviations
    size         largest distance of the state, in the orbit's size
    level_db, pitch_cents, brightness_cents  of the sound against the unperturbed, while a unit is stimulated
    silenced_db, silenced_pitch_cents, silenced_brightness_cents  while it is held at its mean over the clip
    directions   (K, every unit) unit vectors in the space of all units that the sound changes most along: the
                 eigenvectors of J' J, J the Jacobian of (dB, pitch and brightness in tenths of a semitone) to the
                 units in their standard deviations
    gains        (K,) singular values of J: change per standard deviation along them
    """

    names: tuple[str, ...]
    label: str
    at_ms: float
    amount: float
    size: Values
    level_db: Values
    pitch_cents: Values
    brightness_cents: Values
    silenced_db: Values
    silenced_pitch_cents: Values
    silenced_brightness_cents: Values
    directions: Values
    gains: Values

    @property
    def amplitude(self) -> Values:
        """(U,) length of the response in the space of dB, and of pitch and brightness in tenths of a semitone."""
        several = self.level_db, self.pitch_cents / CENTS_A_DB, self.brightness_cents / CENTS_A_DB
        return np.sqrt(np.nansum(np.square(several), axis=0))

    @property
    def angle_deg(self) -> Values:
        """(U,) its direction in the plane of level and brightness: 0 louder, 90 brighter, 180 softer, -90 darker."""
        return np.degrees(np.arctan2(self.brightness_cents / CENTS_A_DB, self.level_db))

    def rows(self) -> list[dict[str, str | float]]:
        """A row a unit, by name, for a table."""
        columns = ("size", "level_db", "pitch_cents", "brightness_cents", "amplitude", "angle_deg")
        silenced = ("silenced_db", "silenced_pitch_cents", "silenced_brightness_cents")
        arrays: dict[str, Values] = {name: getattr(self, name) for name in (*columns, *silenced)}
        rows = []
        for i, unit in enumerate(self.names):
            row: dict[str, str | float] = {"unit": unit, "label": self.label, "at_ms": self.at_ms}
            rows.append(row | {"amount": self.amount} | {name: float(y[i]) for name, y in arrays.items()})
        return rows

    def direction_rows(self, along: Sequence[Response]) -> list[dict[str, str | float]]:
        """The same of the responses to `along_directions`, a row each, with the gain that the Jacobian gives it."""
        rows = []
        for one, gain in zip(along, self.gains):
            heard = {name: float(getattr(one, name)) for name in ("size", *_HEARD)}
            loud, pitch, bright = one.level_db, one.pitch_cents / CENTS_A_DB, one.brightness_cents / CENTS_A_DB
            row: dict[str, str | float] = {"unit": one.perturbation.target, "label": self.label, "at_ms": self.at_ms}
            row |= {"amount": self.amount, **heard}
            row |= {"amplitude": float(np.sqrt(np.nansum(np.square((loud, pitch, bright)))))}
            rows.append(row | {"angle_deg": float(np.degrees(np.arctan2(bright, loud))), "gain": float(gain)})
        return rows


def unit_responses(
    performance: Performance,
    *,
    at_ms: float | None = None,
    amount: float = 1.0,
    duration_ms: float = LASTING_MS,
    most: int = MOST,
) -> UnitResponses:
    """Stimulate, and silence, the units of the encoder one at a time.

    at_ms        ms from the clip's first sample; None: a third into the syllable
    amount       standard deviations of a unit over the clip
    duration_ms  how long, ms
    most         units: those that move the raw controls most, in units of their own spread
    """
    clip = performance.clip
    units = EncoderUnits.of(performance)
    if at_ms is None:
        at_ms = (clip.onset + (clip.offset - clip.onset) / 3) * performance.interval_ms
    moved = units.moved.numpy()
    order = np.argsort(-moved, kind="stable")
    order = order[moved[order] > 0][:most]
    names = tuple(units.names[i] for i in order)
    asked = [
        Perturbation("channel", name, at_ms, 0.0 if mode == "ablate" else amount, duration_ms, mode)
        for mode in ("add", "ablate")
        for name in names
    ]
    found = perturb(performance, asked)
    count = len(names)
    stimulated, silenced = found[:count], found[count:]
    level, pitch, brightness = (_each(stimulated, key) for key in _HEARD)
    jacobian = np.zeros((3, len(units.names)))
    jacobian[:, order] = np.nan_to_num(np.stack((level, pitch / CENTS_A_DB, brightness / CENTS_A_DB))) / amount
    _, gains, directions = np.linalg.svd(jacobian, full_matrices=False)
    named: dict[str, Any] = {f"silenced_{key.replace('level_', '')}": _each(silenced, key) for key in _HEARD}
    return UnitResponses(
        names,
        clip.vocalisation.label,
        at_ms,
        amount,
        size=_each(stimulated, "size"),
        level_db=level,
        pitch_cents=pitch,
        brightness_cents=brightness,
        directions=directions[gains > _FAINT],
        gains=gains[gains > _FAINT],
        **named,
    )


def _each(responses: Sequence[Response], key: str) -> Values:
    return np.array([getattr(one, key) for one in responses], dtype=np.float64)


def along_directions(units: UnitResponses) -> list[Perturbation]:
    """Perturbations along the directions of `unit_responses`, at its moment, by one standard deviation each."""
    return [
        Perturbation("channel", f"direction {k + 1}", units.at_ms, units.amount, LASTING_MS, "add", tuple(one.tolist()))
        for k, one in enumerate(units.directions)
    ]
