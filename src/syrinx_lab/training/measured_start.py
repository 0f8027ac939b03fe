"""What a model measures in the training song before it is trained: an encoder's thresholds, then a tract."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from ..model import Ouroboros
from ..ode.sides import source_of

_COLD = 1e-3  # full scale
_ENOUGH = 60  # syllables


@torch.no_grad()
def measure(model: Ouroboros, material: Callable[[], tuple[Sequence[Tensor], Sequence[Tensor]]]) -> None:
    """Call `measure_` of the parts that have it: of an encoder with recordings, of a tract with sources and recordings.

    A source is what the oscillator sends into the tract for a syllable, from a cold start, under drives as they are.

    material  gives recordings (L,) with their silence and syllables (L,) without, of which the first 60 count; it is
              called where a part measures
    """
    encoder, tract = (getattr(part, "measure_", None) for part in (model.encoder, model.tract))
    if encoder is None and tract is None:
        return
    recordings, syllables = ([x.to(model.device, torch.float32) for x in several] for several in material())
    if encoder is not None:
        encoder(recordings)
    if tract is not None:
        heard = syllables[:_ENOUGH]
        tract([_source(model, syllable) for syllable in heard], heard)


def _source(model: Ouroboros, syllable: Tensor) -> Tensor:
    """(L,) of a syllable (L,)."""
    x = syllable[None]
    drives = model(x, torch.zeros_like(x))
    quiet = torch.full((1,), _COLD, device=x.device)
    return source_of(model.oscillator, model.sing(drives, (quiet, quiet), x.shape[1]), drives)[0]
