"""Multi-resolution spectral loss between the free run and the recording."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..types import Prediction
from .causal import causal_weights, checked_causal
from .magnitudes import stft_magnitudes
from .term import LossTerm

SHORTEST = 16
"""Samples of the shortest rollout that still has a spectrum."""


@dataclass(frozen=True)
class TargetSpectrum:
    """What the loss needs of the target at one resolution, computed once and without a graph.

    n_fft, hop         samples
    magnitude          (B, F, K)  G
    log_magnitude      (B, F, K)  log(G + log_floor)
    norm               (B,)       ||G||_F + convergence_floor
    """

    n_fft: int
    hop: int
    magnitude: Tensor
    log_magnitude: Tensor
    norm: Tensor


class MultiResolutionStft(LossTerm):
    """Spectral convergence plus L1 of log magnitudes, averaged over STFT resolutions, one value an item.

    loss = mean_r [ ||G - A||_F / (||G||_F + convergence_floor) + mean_tk |log(G + log_floor) - log(A + log_floor)| ]

    with G the magnitudes of the target and A those of the free run (see `stft_magnitudes`: periodic Hann, centred,
    reflected, unnormalised). Both norms are taken over one item, so a loud item does not hide a quiet one.
    Resolutions with n_fft > H are dropped; when none remains, one is fitted to H: n_fft the largest power of two
    that is at most H, hop n_fft / 4.

    resolutions        pairs (n_fft, hop) in samples, n_fft even and at least 16
    convergence_floor  magnitude (signal units times samples), >= 0
    highest_hz         bins above this frequency do not count; None, or half the sample rate and more: all do. Above
                       what a bird sings both terms see the recorder's floor alone, and nearly all of the gradient's
                       energy comes from there
    sample_rate        Hz, for highest_hz and causal
    log_floor          magnitude, >= 0; |d loss / dA| of a bin is at most 1 / log_floor over frames times bins,
                       plus 1 / (||G||_F + convergence_floor), both over the number of resolutions
    causal             eps of `causal_weights` over the frames t, 1/ms; 0: all count alike. The frame's error is

        L_t = sqrt(F) ||G_t - A_t|| / (||G||_F + convergence_floor) + mean_k |log(G + log_floor) - log(A + log_floor)|

                       of F frames, and the loss mean_r [ ||sqrt(w) (G - A)||_F / (...) + mean_tk w_t |log ...| ]

    Raises ValueError for a bad resolution or floor, and in `forward` when H < 16.
    Source: Arik, Jun and Diamos (2018), spectral convergence; Yamamoto, Song and Kim (2020), section 2.2, the mean over
    resolutions. auraloss 0.4 differs in three points: its convergence takes one norm over the whole batch, it has no
    floors, and it clamps the power at 1e-8.
    """

    needs_rollout = True
    needs_acceleration = False

    def __init__(
        self,
        resolutions: Sequence[Sequence[int]] = ((256, 64), (512, 128), (1024, 256)),
        convergence_floor: float = 1e-2,
        log_floor: float = 1e-3,
        highest_hz: float | None = None,
        sample_rate: float = 44100,
        causal: float = 0.0,
    ) -> None:
        super().__init__()
        self.causal, self.sample_rate = checked_causal("mrstft", causal), sample_rate
        if highest_hz is not None and not 0 < highest_hz < float("inf"):
            raise ValueError(f"mrstft: highest_hz {highest_hz} must be above 0 and finite")
        self.highest = 1.0 if highest_hz is None else min(1.0, 2 * highest_hz / sample_rate)
        self.resolutions = tuple(_checked(pair) for pair in resolutions)
        if not self.resolutions:
            raise ValueError("mrstft: no resolution given: name at least one pair (n_fft, hop)")
        for name, floor in (("convergence_floor", convergence_floor), ("log_floor", log_floor)):
            if not 0 <= floor < float("inf"):
                raise ValueError(f"mrstft: {name} {floor} must be finite and not negative")
        self.convergence_floor = float(convergence_floor)
        self.log_floor = float(log_floor)

    def forward(self, prediction: Prediction) -> Tensor:
        """The loss of every item: `output` and `target` (B, H) in, (B,) out, dimensionless."""
        output, target = prediction.output, prediction.target
        assert output is not None, "mrstft looks at the rollout: the prediction holds none"
        assert target is not None, "mrstft compares with the target: the prediction holds none"
        return self.compare(output, self.target_spectra(target))

    @torch.no_grad()
    def target_spectra(self, target: Tensor) -> list[TargetSpectrum]:
        """The spectra of `target` (B, H) at every resolution that fits, to be used with any number of outputs."""
        spectra = []
        for n_fft, hop in self.resolutions_for(target.shape[1]):
            magnitude = self._heard(stft_magnitudes(target, n_fft, hop))
            norm = torch.linalg.vector_norm(magnitude, dim=(1, 2)) + self.convergence_floor
            spectra.append(TargetSpectrum(n_fft, hop, magnitude, (magnitude + self.log_floor).log_(), norm))
        return spectra

    def compare(self, output: Tensor, spectra: Sequence[TargetSpectrum]) -> Tensor:
        """The loss (B,) of `output` (B, H) against the spectra of a target of the same shape."""
        terms = []
        for goal in spectra:
            magnitude = self._heard(stft_magnitudes(output, goal.n_fft, goal.hop))
            if self.causal:
                terms.append(self._causal(magnitude, goal))
                continue
            convergence = torch.linalg.vector_norm(goal.magnitude - magnitude, dim=(1, 2)) / goal.norm
            log_distance = (goal.log_magnitude - (magnitude + self.log_floor).log()).abs().mean((1, 2))
            terms.append(convergence + log_distance)
        return torch.stack(terms).mean(0)

    def _causal(self, magnitude: Tensor, goal: TargetSpectrum) -> Tensor:
        """The loss (B,) at one resolution, every frame under its weight."""
        missing = goal.magnitude - magnitude
        log_distance = (goal.log_magnitude - (magnitude + self.log_floor).log()).abs().mean(2)
        with torch.no_grad():
            share = torch.linalg.vector_norm(missing, dim=2) * missing.shape[1] ** 0.5 / goal.norm[:, None]
        weights = causal_weights(share + log_distance, self.causal, 1e3 * goal.hop / self.sample_rate)
        convergence = torch.linalg.vector_norm(weights.sqrt()[..., None] * missing, dim=(1, 2)) / goal.norm
        return convergence + (weights * log_distance).mean(1)

    def _heard(self, magnitude: Tensor) -> Tensor:
        """The bins up to the highest frequency that counts."""
        bins = magnitude.shape[-1]
        return magnitude[..., : 1 + int(self.highest * (bins - 1))]

    def misfit(self, longest: int) -> str | None:
        """A line where no resolution fits a rollout of `longest` samples, with the one that is taken there."""
        if any(n_fft <= longest for n_fft, _ in self.resolutions):
            return None
        shown = str([list(pair) for pair in self.resolutions]).replace(" ", "")
        ((n_fft, hop),) = self.resolutions_for(longest)
        return (
            f"resolutions is {shown}: none fits a rollout, which lasts {longest} samples at most (horizon.max); "
            f"[{n_fft},{hop}] is taken there instead; give shorter ones, or a longer horizon"
        )

    def resolutions_for(self, horizon: int) -> tuple[tuple[int, int], ...]:
        """The pairs (n_fft, hop) in use for rollouts of `horizon` samples; ValueError when it is below 16."""
        kept = tuple(pair for pair in self.resolutions if pair[0] <= horizon)
        if kept:
            return kept
        if horizon < SHORTEST:
            raise ValueError(
                f"mrstft: a rollout of {horizon} samples has no spectrum: let horizon be {SHORTEST} or more"
            )
        n_fft = 1 << (horizon.bit_length() - 1)
        return ((n_fft, n_fft // 4),)


def _checked(pair: Sequence[int]) -> tuple[int, int]:
    """The resolution as a tuple, or ValueError."""
    n_fft, hop = (int(value) for value in pair) if len(pair) == 2 else (0, 0)
    if n_fft < SHORTEST or n_fft % 2 or not 1 <= hop <= n_fft:
        rule = f"n_fft even, at least {SHORTEST}, and 1 <= hop <= n_fft"
        raise ValueError(f"mrstft: resolution {list(pair)}: give (n_fft, hop) with {rule}")
    return n_fft, hop
