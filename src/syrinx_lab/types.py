"""The dataclasses that travel between the rooms of the lab, with shapes and units.

Shape letters: B batch, L samples of a segment, H samples of a rollout, T control steps of the drives
(T = L at audio rate, hop 1; else T knots, hop samples apart), P degree of the polynomial.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from enum import IntEnum
from typing import Any

import torch
from torch import Tensor, nn

from .transfer import sent


class Category(IntEnum):
    """Where in a syllable a training segment lies."""

    ONSET = 0
    OFFSET = 1
    MID = 2


@dataclass(frozen=True, slots=True)
class Segment:
    """A training window: samples [start, stop) of a recording, cut around the syllable [onset, offset).

    All positions are samples of the recording at the lab's sample rate.
    """

    recording: str
    label: str
    start: int
    stop: int
    category: Category
    onset: int
    offset: int

    def __len__(self) -> int:
        return self.stop - self.start


@dataclass(frozen=True, slots=True)
class Vocalisation:
    """A held-out clip: samples [start, stop) hold a silent lead-in, the syllable [onset, offset) and a silent tail."""

    recording: str
    label: str
    start: int
    stop: int
    onset: int
    offset: int

    def __len__(self) -> int:
        return self.stop - self.start


@dataclass
class Batch:
    """Training windows with their derivatives in units of the sample interval dt.

    The sound is computed with, and goes to the device; category and onset say where rollouts begin, which the host
    decides: it would have to wait for a device to read them there.

    x         (B, L)  audio
    dx        (B, L)  dt dx/dt
    d2x       (B, L)  dt^2 d2x/dt2
    category  (B,)    int64, see Category
    onset     (B,)    int64, sample of the syllable's onset counted from the window's start (may lie outside it)
    birds     B names of the birds that sing, None where nobody knows; None: nobody asked
    """

    x: Tensor
    dx: Tensor
    d2x: Tensor
    category: Tensor
    onset: Tensor
    birds: tuple[str | None, ...] | None = None

    def to(self, device: torch.device | str, non_blocking: bool = False) -> Batch:
        """The batch with its sound on `device`, and category and onset where they are.

        non_blocking: whether the host may go on before the copy from page-locked memory is done.
        """
        sound = {name: getattr(self, name).to(device, non_blocking=non_blocking) for name in ("x", "dx", "d2x")}
        return replace(self, **sound)

    def pin_memory(self) -> Batch:
        """A copy of the batch in page-locked memory, as DataLoader asks for."""
        return Batch(**{f.name: getattr(self, f.name).pin_memory() for f in fields(self)[:-1]}, birds=self.birds)

    def __len__(self) -> int:
        return self.x.shape[0]


@dataclass
class Controls:
    """What an encoder reads off a recording, before the low-pass; the weights are still behind their linear head.

    omega        (B, T)     raw frequency, of any sign: what it means is the oscillator's, see `ode.oscillator`
    gamma        (B, T)     raw damping
    weight_code  (B, T, C)  C numbers a step of which the polynomial weights are a linear function, given by the
                            encoder; a low-pass whose kernel sums to one commutes with that function and is cheaper
                            before it
    hop                     samples from one control step to the next; 1 is audio rate
    features     (B, T, D)  what the encoder knows at every step, for heads beyond the oscillator's; None: nothing more
    All are dimensionless, in rescaled time s = t / tau.
    """

    omega: Tensor
    gamma: Tensor
    weight_code: Tensor
    hop: int = 1
    features: Tensor | None = None


@dataclass(frozen=True)
class Heads:
    """The linear heads of an encoder that the drives come from: what an initialisation may set.

    omega, gamma  one output each
    weights       (P+1)^2 outputs, number i (P+1) + j for the weight of x^i v^j
    code          before `weights`, where the encoder has one
    """

    omega: nn.Linear
    gamma: nn.Linear
    weights: nn.Linear
    code: nn.Linear | None = None

    @property
    def modules(self) -> tuple[nn.Linear, ...]:
        """All that are there, in the order omega, gamma, code, weights."""
        return tuple(head for head in (self.omega, self.gamma, self.code, self.weights) if head is not None)


def knot_count(samples: int, hop: int) -> int:
    """T = ceil((L - 1) / hop) + 1: the knots, `hop` samples apart from sample 0 on, that reach over L samples."""
    return -(-(samples - 1) // hop) + 1


@dataclass
class Drives:
    """What drives the oscillator: x'' tau^2 = -stiffness x - gamma v - sum_ij weights_ij x^i v^j.

    stiffness  (B, T)            linear coefficient: omega^2 (`stiffness: squared`) or any sign (`signed`)
    gamma      (B, T)            damping
    weights    (B, T, P+1, P+1)  weights[..., i, j] multiplies x^i v^j; (1, 0) and (0, 1) are zero
    hop                          samples from one control step to the next; 1 is audio rate
    gain       (B, T)            the source is gain v, full scale per unit of v; None: it is x itself
    envelope   (B, T)            loudness of the recording, full scale, which bounds the noise; None without analysis
    tract      (B, T, C)         raw controls of the tract, low-passed; None where it takes none
    noise      (B, T, C)         raw controls of the noise, low-passed; None where it takes none
    sung_hz    (B, T)            pitch that is sung, Hz; None where the tract does not follow it
    second                       stiffness, gamma, weights and gain of the other side of the syrinx; None: there is one
    The first three are dimensionless, in rescaled time s = t / tau.

    At control rate (hop > 1) the T entries are knots at samples 0, hop, 2 hop, ...: sample t lies between the knots
    a = T[t // hop] and b = T[t // hop + 1] and has a + f (b - a), f = (t mod hop) / hop.
    """

    stiffness: Tensor
    gamma: Tensor
    weights: Tensor
    hop: int = 1
    gain: Tensor | None = None
    envelope: Tensor | None = None
    tract: Tensor | None = None
    noise: Tensor | None = None
    sung_hz: Tensor | None = None
    second: Drives | None = None

    @property
    def degree(self) -> int:
        """P, the highest power of x and of v."""
        return self.weights.shape[-1] - 1

    @property
    def omega(self) -> Tensor:
        """(B, T) sqrt of the stiffness where it is positive, else 0: for display, it carries no gradient."""
        return self.stiffness.detach().clamp_min(0).sqrt()

    def frequency_hz(self, tau: float) -> Tensor:
        """(B, T) small-amplitude frequency omega / (2 pi tau) in Hz, for tau in seconds."""
        return self.omega / (2 * torch.pi * tau)

    @property
    def samples(self) -> int:
        """How many samples the drives cover: T at audio rate, (T - 1) hop + 1 at control rate."""
        return (self.gamma.shape[1] - 1) * self.hop + 1

    def window(self, start: Tensor, length: int) -> Drives:
        """The drives of `length` samples from sample start[b] on, for every item b of the batch.

        start (B,) int64, multiples of hop: at control rate a window begins on a knot, and ends on the first knot that
        is not before its last sample; the host reads it, so it had better lie there. Raises ValueError when a window
        begins elsewhere or leaves the drives.
        """
        places = start.tolist()
        if min(places) < 0 or max(places) + length > self.samples:
            raise ValueError(f"windows of {length} samples from {places} leave drives of {self.samples} samples")
        if any(place % self.hop for place in places):
            raise ValueError(f"windows from {places}: drives of hop {self.hop} are cut at multiples of it")
        first, steps = places[0] // self.hop, knot_count(length, self.hop)
        if len(set(places)) == 1:
            return self.each(lambda knots: knots[:, first : first + steps])
        device = self.gamma.device
        index = sent(start // self.hop, device)[:, None] + torch.arange(steps, device=device)
        item = torch.arange(len(start), device=device)[:, None]
        return self.each(lambda knots: knots[item, index])

    def held(self, samples: int) -> Drives:
        """The first knot's drives for `samples` samples, unchanging."""
        knots = knot_count(samples, self.hop)
        return self.each(lambda y: y[:, :1].expand(-1, knots, *y.shape[2:]))

    def each(self, change: Callable[[Tensor], Tensor]) -> Drives:
        """The same drives with every tensor that is there changed."""
        changed: dict[str, Any] = {}
        for one in fields(self):
            value = getattr(self, one.name)
            if isinstance(value, Drives):
                value = value.each(change)
            changed[one.name] = change(value) if isinstance(value, Tensor) else value
        return Drives(**changed)


@dataclass
class Trajectory:
    """The oscillator's state over a rollout: x (B, H) and v = tau dx/dt (B, H), dimensionless; index 0 is the start.

    second  that of the other side, where there are two
    """

    x: Tensor
    v: Tensor
    second: Trajectory | None = None


@dataclass
class Prediction:
    """All that a loss term may look at.

    acceleration         (B, L)  teacher-forced tau^2 x'' of the model at the data's states; None where the state is not
                                 the sound itself
    target_acceleration  (B, L)  tau^2 x'' of the data
    drives                       the drives of the whole window
    output               (B, H)  what the free-running model radiates, None when no rollout was asked for
    target               (B, H)  the data on the same samples as `output`
    trajectory                   the state of the free run on those samples, None likewise
    forcing_rate                 by which that state was pulled to the data, None where it ran free
    """

    acceleration: Tensor | None
    target_acceleration: Tensor
    drives: Drives
    output: Tensor | None = None
    target: Tensor | None = None
    trajectory: Trajectory | None = None
    forcing_rate: float | None = None


@dataclass(frozen=True)
class RolloutSettings:
    """How rollouts begin and what steers them: the group `rollout` of the configuration.

    ic_noise_rms   rms of x and v at a cold start, dimensionless
    onset_lead_ms  an ONSET rollout begins at most this long before the onset, ms; None: at the window's first sample
    onset_start    of ONSET rollouts: cold (as noise) or data (in the recording's state, as all others)
    forcing_rate   in training the state is pulled to the recording by this share before every step; 0 is a free run;
                   adaptive: as little as keeps errors from growing, see `ode.rollout.growth`
    adjoint_decay  what of the gradient passes from a step to the one before; 1 is all of it

    Raises ValueError for a number that is out of range.
    """

    ic_noise_rms: float = 1e-3
    onset_lead_ms: float | None = 5.0
    onset_start: str = "cold"
    forcing_rate: float | str = 0.0
    adjoint_decay: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.ic_noise_rms < float("inf"):
            raise ValueError(f"rollout.ic_noise_rms is {self.ic_noise_rms}: use 0 or more")
        if self.onset_lead_ms is not None and not 0 <= self.onset_lead_ms < float("inf"):
            raise ValueError(f"rollout.onset_lead_ms is {self.onset_lead_ms}: use ms, 0 or more, or null")
        rate = 0.0 if self.forcing_rate == "adaptive" else self.forcing_rate
        if isinstance(rate, str) or not 0 <= rate <= 1:
            raise ValueError(f"rollout.forcing_rate is {rate}: use 0 (a free run) to 1 (teacher forcing), or adaptive")
        if not 0 < self.adjoint_decay <= 1:
            raise ValueError(f"rollout.adjoint_decay is {self.adjoint_decay}: use more than 0, up to 1 (all of it)")

    def onset_lead(self, sample_rate: float) -> int | None:
        """`onset_lead_ms` in samples of a rate in Hz; None stays None."""
        return None if self.onset_lead_ms is None else round(self.onset_lead_ms * 1e-3 * sample_rate)
