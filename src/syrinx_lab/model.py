"""The polynomial Ouroboros: an encoder reads the drives, the driven oscillator sings, the tract radiates."""

from __future__ import annotations

from typing import Protocol, cast

import torch
from torch import Tensor, nn

from .ode.control_rate import acceleration_along, to_knots
from .ode.lowpass import gaussian_lowpass
from .ode.oscillator import SoftClamp
from .ode.rollout import BACKENDS, Forcing, rollout
from .types import Controls, Drives, Trajectory


class Encoder(Protocol):
    """What the model asks of an encoder, itself an `nn.Module`."""

    def __call__(self, x: Tensor, v: Tensor) -> Controls:
        """x, v (B, L) -> controls of T steps."""

    def weights(self, control: Tensor) -> Tensor:
        """Smoothed controls (B, T, C) -> weights (B, T, P+1, P+1)."""


class Ouroboros(nn.Module):
    """tau^2 x'' = -k(t) x - gamma(t) v - sum_ij w_ij(t) x^i v^j with v = tau x', drives read off the recording.

    k = omega^2 with `stiffness: squared`, or any sign with `signed`. Every drive passes the zero-phase Gaussian
    low-pass of `drive_lowpass_ms` before it is used, in training and in evaluation alike.

    Args:
        encoder: maps x, v (B, L) to `Controls`, and controls (B, T, C) to weights (B, T, P+1, P+1).
        tract: maps a `Trajectory` to audio (B, H).
        sample_rate: Hz.
        tau: time scale in seconds; None takes one sample interval, as published.
        stiffness: "squared" or "signed".
        drive_lowpass_ms: standard deviation of the Gaussian in ms; 0 switches it off.
        control_hop: samples between the knots of the drives, with straight lines between them; 1 gives every sample
            drives of its own. It thins out the controls of an encoder that works at audio rate, after the low-pass.
        clamp_x, clamp_v: soft clamps of the free-running state; None for either runs unclamped.
        backend: how a rollout is integrated, see `ode.rollout`.

    Raises:
        ValueError: an unknown stiffness or backend, a negative low-pass, a control_hop below 1 or a tau that is not
            positive.
    """

    def __init__(
        self,
        encoder: nn.Module,
        tract: nn.Module,
        *,
        sample_rate: int,
        tau: float | None = None,
        stiffness: str = "squared",
        drive_lowpass_ms: float = 1.0,
        control_hop: int = 1,
        clamp_x: float | None = 0.5,
        clamp_v: float | None = 1.0,
        backend: str = "auto",
    ) -> None:
        super().__init__()
        if stiffness not in ("squared", "signed"):
            raise ValueError(f"oscillator.stiffness is {stiffness!r}: use squared or signed")
        if backend not in ("auto", *BACKENDS):
            raise ValueError(f"backend.name is {backend!r}: use one of {', '.join(('auto', *BACKENDS))}")
        if drive_lowpass_ms < 0:
            raise ValueError(f"oscillator.drive_lowpass_ms is {drive_lowpass_ms}: use 0 or more")
        if control_hop < 1:
            raise ValueError(f"oscillator.control_hop is {control_hop}: use 1 (audio rate) or more samples")
        if tau is not None and tau <= 0:
            raise ValueError(f"oscillator.tau is {tau}: use seconds above 0, or null for one sample")
        self.encoder = encoder
        self.tract = tract
        self.sample_rate = sample_rate
        self.tau = 1.0 / sample_rate if tau is None else float(tau)
        self.stiffness = stiffness
        self.drive_lowpass_ms = drive_lowpass_ms
        self.control_hop = control_hop
        self.clamp = None if clamp_x is None or clamp_v is None else SoftClamp(clamp_x, clamp_v)
        self.backend = backend

    @property
    def step(self) -> float:
        """h = dt / tau, the rollout's step in rescaled time."""
        return 1.0 / (self.sample_rate * self.tau)

    def velocity(self, dx: Tensor) -> Tensor:
        """v = tau x' from dx = dt x', any shape."""
        return dx / self.step

    def target_acceleration(self, d2x: Tensor) -> Tensor:
        """tau^2 x'' from d2x = dt^2 x'', any shape."""
        return d2x / self.step**2

    def drives(self, x: Tensor, dx: Tensor) -> Drives:
        """The low-passed drives of a recording: x (B, L) audio and dx (B, L) = dt x' -> Drives that cover L samples."""
        encoder = cast(Encoder, self.encoder)
        controls = encoder(x, self.velocity(dx))
        sigma = self.drive_lowpass_ms * 1e-3 * self.sample_rate / controls.hop
        smooth = gaussian_lowpass(
            torch.cat([controls.omega[..., None], controls.gamma[..., None], controls.weights], dim=-1), sigma
        )
        hop = controls.hop
        if hop == 1 < self.control_hop:
            smooth, hop = to_knots(smooth, self.control_hop), self.control_hop
        omega, gamma = smooth[..., 0], smooth[..., 1]
        weights = encoder.weights(smooth[..., 2:])
        stiffness = omega.square() if self.stiffness == "squared" else omega
        return Drives(stiffness, gamma, weights, hop)

    def acceleration(self, x: Tensor, dx: Tensor, drives: Drives) -> Tensor:
        """(B, L) teacher-forced tau^2 x'': the right-hand side at the data's own states, unclamped."""
        return acceleration_along(x, self.velocity(dx), drives)

    def sing(
        self,
        drives: Drives,
        ic: tuple[Tensor, Tensor],
        horizon: int,
        forcing: Forcing | None = None,
        adjoint_decay: float = 1.0,
    ) -> Trajectory:
        """The run over `horizon` samples from ic = (x (B,), v (B,)) with only the drives supplied, unless forced."""
        return rollout(
            drives,
            ic,
            horizon,
            backend=self.backend,
            step=self.step,
            clamp=self.clamp,
            forcing=forcing,
            adjoint_decay=adjoint_decay,
        )

    def radiate(self, trajectory: Trajectory) -> Tensor:
        """(B, H) the sound of a trajectory after the tract."""
        return self.tract(trajectory)
