"""The field along a clip: the drives of one item at their knots, with their times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..ode.right_hand_side import SoftClamp
from ..types import Drives
from .field import Array, PlanarField


@dataclass(frozen=True, eq=False)
class DrivenPath:
    """The frozen fields at K knots of a clip, in order of time.

    field    of shape (K,)
    seconds  (K,) from the drives' sample 0
    gain     (K,) full scale per unit of v, what the source is multiplied by; None where it is x itself
    """

    field: PlanarField
    seconds: Array
    gain: Array | None = None

    @classmethod
    def of(
        cls, drives: Drives, item: int = 0, *, step: float, sample_rate: float, clamp: SoftClamp | None = None
    ) -> DrivenPath:
        """The knots of one item of a batch.

        drives       of any hop, device and dtype
        item         0 to B - 1
        step         h = dt / tau, as `Oscillator.step`
        sample_rate  Hz
        clamp        the rollout's, as `Oscillator.clamp`
        Raises ValueError when a drive is not finite, see `PlanarField`.
        """
        stiffness, gamma, weights = (
            y[item].detach().cpu().double().numpy() for y in (drives.stiffness, drives.gamma, drives.weights)
        )
        field = PlanarField(stiffness, gamma, weights, step=step, sample_rate=sample_rate, clamp=clamp)
        seconds = np.arange(len(field)) * drives.hop / sample_rate
        gain = None if drives.gain is None else drives.gain[item].detach().cpu().double().numpy()
        return cls(field, seconds, gain)

    def __len__(self) -> int:
        return len(self.seconds)

    def at(self, seconds: ArrayLike) -> PlanarField:
        """The fields at any times (...) in seconds, linear between knots as in a rollout; the ends beyond them."""
        place = np.interp(np.asarray(seconds, dtype=np.float64), self.seconds, np.arange(float(len(self))))
        left = np.clip(place.astype(int), 0, max(len(self) - 2, 0))
        right = np.minimum(left + 1, len(self) - 1)
        return between(self.field[left], self.field[right], place - left)

    def resampled(self, seconds: ArrayLike) -> DrivenPath:
        """The path with knots at these times (K',) alone."""
        at = np.asarray(seconds, dtype=np.float64)
        gain = None if self.gain is None else np.interp(at, self.seconds, self.gain)
        return DrivenPath(self.at(at), at, gain)

    def thinned(self, count: int) -> DrivenPath:
        """The path at `count` times, equally far apart from the first knot to the last; itself where it has no more."""
        if len(self) <= count:
            return self
        return self.resampled(np.linspace(self.seconds[0], self.seconds[-1], count))


def between(a: PlanarField, b: PlanarField, share: ArrayLike) -> PlanarField:
    """The fields a + share (b - a), drive by drive, of a's shape; share () or of that shape."""
    f = np.asarray(share, dtype=np.float64)
    return PlanarField(
        a.stiffness + f * (b.stiffness - a.stiffness),
        a.gamma + f * (b.gamma - a.gamma),
        a.weights + f[..., None, None] * (b.weights - a.weights),
        step=a.step,
        sample_rate=a.sample_rate,
        clamp=a.clamp,
    )
