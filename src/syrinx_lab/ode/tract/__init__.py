"""Vocal tracts: what lies between the oscillator and the microphone, one a file.

A tract is an `nn.Module` chosen by `_target_` with plain keyword arguments. It filters the source and adds nothing:
linear in the source, so silence stays silence. What varies along a song comes in as raw controls, unbounded reals of a
linear head that were low-passed; one method of the tract turns them into bounded physical numbers, another applies
those (two steps as in Engel et al. 2020, DDSP, section 3). Raw controls of zero are a sensible tract.

    channels  raw controls a knot, 0 for a tract that does not vary
    responses a parameter (filters, taps), where there are impulse responses: they learn at a rate of their own
    reach     samples of source on either side that one sample of output depends on: a long song may be filtered in
              pieces that begin on a knot, with `reach` more samples at each end
    forward(source (B, H), controls (B, T, channels) or None, hop) -> (B, H)
              knots lie at samples 0, hop, 2 hop, ..., with straight lines between, and cover at least H samples
    needs_pitch True where the tract follows the pitch: `forward` then gets a fourth argument, pitch_hz (B, T) at the
              same knots, of an oscillator that gives it. It costs no number; without the attribute there is none

    measure_(sources, recordings), where a tract begins as what is missing: before training, with what the oscillator
              sends of syllables and their recordings, lists of (L,)
    initialise_ (head, first, edges_hz), where raw controls may begin as what is heard: it sets the linear head that
              gives them, of features that hold log spectra, see `Encoder.relative_spectra`. Noise may have it as well

Source and result are dimensionless audio on the same samples; both the source and the controls get gradients. Knots
that do not cover the source raise ValueError.
"""

from __future__ import annotations

from typing import Protocol

from torch import Tensor, nn


class Tract(Protocol):
    """What the model asks of a tract, itself an `nn.Module`."""

    channels: int
    reach: int

    def __call__(self, source: Tensor, controls: Tensor | None, hop: int) -> Tensor:
        """Source (B, H) and raw controls (B, T, channels), hop samples apart -> radiated sound (B, H)."""


class NoTract(nn.Module):
    """Radiates the source as it is: y_t = s_t."""

    channels = 0
    reach = 0

    def forward(self, source: Tensor, controls: Tensor | None, hop: int) -> Tensor:
        """The source (B, H) itself; controls and hop are not looked at."""
        return source
