"""What every oscillator of the lab is: named parameters in, the drives of a polynomial equation out."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from torch import Tensor, nn

from ..contracts import complete
from ..controls.analytic import AnalyticControls
from ..types import Drives, Heads, Trajectory
from .parameters import Parameters
from .right_hand_side import SoftClamp
from .rollout import InitialValueProblem, rollout
from .rollout.growth import adaptive_rate


@dataclass
class Reading:
    """What an oscillator's parameters are made of, at T knots, low-passed.

    omega, gamma  (B, T)  raw outputs of the encoder's heads, dimensionless
    weights       called, gives the raw weights (B, T, P+1, P+1); some oscillators do not look at them here
    analytic      pitch and loudness of the recording; None where nobody asked for them
    background    () amplitude of the bird's background, in the recording's unit; None likewise
    """

    omega: Tensor
    gamma: Tensor
    weights: Callable[[], Tensor]
    analytic: AnalyticControls | None = None
    background: Tensor | None = None


class Oscillator(nn.Module, ABC):
    """tau^2 x'' = -k(t) x - gamma(t) v - sum_ij w_ij(t) x^i v^j, v = tau x', with k, gamma, w from named parameters.

    encode    raw outputs of an encoder, and what can be heard -> parameters
    decode    parameters, and the encoder's raw weights -> stiffness, gamma, weights and gain
    source    the state -> what goes into the tract
    The rollout itself, tract and noise are the model's; a file with a subclass is all that another oscillator takes.

    A subclass says as class attributes
        parameters_type    a dataclass derived from `Parameters`: its unit and bounds a parameter
        state_is_observed  whether x is the sound itself, so that a recording shows state and acceleration
        needs_analysis     whether `encode` looks at pitch and loudness
        gives_loudness     whether its parameters hold the loudness of the song, see `loudness`; by default not
        gives_pitch        whether they hold the pitch, see `sung_hz`; by default not
        sides              2: the sources of two oscillators are added, see `other_side`; by default 1
        is_polynomial      whether the polynomial is what runs; False: `integrated` is overridden by another recurrence
                           under the same drives, which has no acceleration; by default True
        nonlinear_maps     whether `decode` is no linear function of the parameters: then what it gives is low-passed
                           once more, since a bend makes slow parameters fast

    Args:
        sample_rate: Hz.
        degree: P, highest power of x and of v.
        keep_const: whether the encoder has the weight w_00.
        tau: time scale in seconds; None takes one sample interval, as published.
        clamp_x, clamp_v: soft clamps of the free-running state; None for either runs unclamped.
        spin_up_ms: how long the oscillator runs under a window's first drives before a rollout in training that begins
            within a syllable; for a state that is not in the recording.

    Raises:
        ValueError: a class attribute is missing, a parameter has no unit, tau or spin_up_ms is out of range.
    """

    parameters_type: ClassVar[type[Parameters]]
    state_is_observed: ClassVar[bool]
    needs_analysis: ClassVar[bool]
    nonlinear_maps: ClassVar[bool]
    gives_loudness: ClassVar[bool] = False
    gives_pitch: ClassVar[bool] = False
    sides: ClassVar[int] = 1
    is_polynomial: ClassVar[bool] = True

    def __new__(cls, *args: Any, **settings: Any) -> Self:
        """Check the class before its own constructor runs."""
        complete(cls, Oscillator)
        return super().__new__(cls)

    def __init__(
        self,
        *,
        sample_rate: int,
        degree: int,
        keep_const: bool = True,
        tau: float | None = None,
        clamp_x: float | None = None,
        clamp_v: float | None = None,
        spin_up_ms: float = 0.0,
    ) -> None:
        super().__init__()
        kind = type(self)
        for name in ("parameters_type", "state_is_observed", "needs_analysis", "nonlinear_maps"):
            if not hasattr(kind, name):
                raise ValueError(f"{kind.__name__} does not say its {name}: set it as a class attribute")
        if kind.gives_loudness and kind.loudness is Oscillator.loudness:
            raise ValueError(f"{kind.__name__} sets gives_loudness: add loudness(self, parameters) -> Tensor (B, T)")
        if kind.gives_pitch and kind.sung_hz is Oscillator.sung_hz:
            raise ValueError(f"{kind.__name__} sets gives_pitch: add sung_hz(self, parameters) -> Tensor (B, T) in Hz")
        if kind.sides == 2 and kind.other_side is Oscillator.other_side:
            raise ValueError(f"{kind.__name__} has 2 sides: add other_side(self, parameters) -> Parameters")
        if not issubclass(kind.parameters_type, Parameters):
            raise ValueError(f"{kind.__name__}.parameters_type is no dataclass derived from Parameters: derive it")
        kind.parameters_type.facts()
        if tau is not None and not 0 < tau < math.inf:
            raise ValueError(f"oscillator.tau is {tau}: use seconds above 0, or null for one sample")
        if spin_up_ms < 0:
            raise ValueError(f"oscillator.spin_up_ms is {spin_up_ms}: use 0 or more")
        self.sample_rate = sample_rate
        self.degree, self.keep_const = degree, keep_const
        self.tau = 1.0 / sample_rate if tau is None else float(tau)
        self.clamp = None if clamp_x is None or clamp_v is None else SoftClamp(clamp_x, clamp_v)
        self.spin_up = round(spin_up_ms * 1e-3 * sample_rate)

    @property
    def step(self) -> float:
        """h = dt / tau, the rollout's step in rescaled time."""
        return 1.0 / (self.sample_rate * self.tau)

    def initialise_(self, heads: Heads) -> None:
        """Set an encoder's heads so that training begins where this oscillator wants to; here they are left alone."""

    def rectify(self, omega: Tensor) -> Tensor:
        """What of the raw omega (B, T) is low-passed; here omega itself."""
        return omega

    @abstractmethod
    def encode(self, reading: Reading) -> Parameters:
        """The parameters (B, T) of what was read off a recording."""

    @abstractmethod
    def decode(self, parameters: Parameters, weights: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
        """Parameters, maybe edited, and raw weights (B, T, P+1, P+1) -> stiffness, gamma, weights, gain.

        Shapes (B, T), (B, T), (B, T, P+1, P+1), (B, T); gain None where the source has none. Dimensionless, but the
        gain: full scale per unit of the state.
        """

    @abstractmethod
    def source(self, trajectory: Trajectory, drives: Drives) -> Tensor:
        """(B, H) what the oscillator sends into the tract, full scale."""

    def integrated(self, problem: InitialValueProblem, backend: str) -> Trajectory:
        """The run from an initial condition under given drives; here of the polynomial, see `ode.rollout`."""
        return rollout(problem, backend)

    def adaptive_rate(self, drives: Drives, x: Tensor, v: Tensor) -> float:
        """The smallest rate of forcing to data x, v (B, H) that keeps errors from growing; see `ode.rollout.growth`."""
        return adaptive_rate(drives, x, v, self.step, self.clamp)

    @property
    def state_is_whole(self) -> bool:
        """Whether x and v are all of the state, so that a run can be taken up where another one ended."""
        return True

    def pitch_hz(self, drives: Drives) -> Tensor:
        """(B, T) Hz, for display; here the small-amplitude frequency sqrt(k) / (2 pi tau)."""
        return drives.frequency_hz(self.tau)

    @property
    def search_hz(self) -> tuple[float, float] | None:
        """Where the pitch of the bird is looked for, Hz; None: anywhere."""
        return None

    def transposed(self, parameters: Parameters, factor: float) -> Parameters:
        """The parameters of a song whose pitch is `factor` times as high and as loud.

        Raises ValueError where this oscillator has no way to change its pitch alone.
        """
        raise ValueError(f"edit.pitch is {factor:g}, but {type(self).__name__} defines no `transposed`: leave it at 1")

    def loudness(self, parameters: Parameters) -> Tensor:
        """(B, T) the loudness of the song, full scale; asked for with `gives_loudness` alone."""
        raise AssertionError("gives_loudness says that there is none")

    def sung_hz(self, parameters: Parameters) -> Tensor:
        """(B, T) the pitch that is sung, Hz, for a tract that follows it; asked for with `gives_pitch` alone."""
        raise AssertionError("gives_pitch says that there is none")

    def other_side(self, parameters: Parameters) -> Parameters:
        """What `decode` makes the drives of the other side of; asked for with two `sides` alone."""
        raise AssertionError("there is one side")

    def amplified(self, parameters: Parameters, factor: float) -> Parameters | None:
        """The parameters of a song `factor` times as loud; None: they do not hold its loudness, scale the output."""
        return None

    def out_of_reach(self, parameters: Parameters) -> tuple[float, str]:
        """The share of the song that asks for what this oscillator cannot do, and that in words; here 0."""
        return 0.0, ""
