"""Whether the parts of a model are what they should be, and fit each other."""

from __future__ import annotations

from typing import cast

from torch import nn

from .controls.analyser import Analyser
from .encoders import Encoder
from .ode.oscillator import Oscillator


def fit_together(
    encoder: Encoder, oscillator: Oscillator, tract: nn.Module, noise: nn.Module, analyser: Analyser | None
) -> None:
    """Raise ValueError with one line for a part that is not derived from its contract, or does not go with another.

    So do an encoder, an oscillator or a noise that reads pitch or loudness without an analyser, two sides that are read
    with a lookahead, and a tract that follows the pitch of an oscillator that gives none.
    """
    for key, part, kind in (("encoder", encoder, Encoder), ("oscillator", oscillator, Oscillator)):
        if not isinstance(part, kind):
            raise ValueError(f"{key} is a {type(part).__name__}: derive it from {kind.__module__}.{kind.__name__}")
    for key, module in (("tract", tract), ("noise", noise)):
        if not isinstance(module, nn.Module):
            raise ValueError(f"{key} is a {type(module).__name__}: derive it from torch.nn.Module")
    needs = {"encoder": encoder.needs_analysis, "oscillator": oscillator.needs_analysis}
    needing = [name for name, does in (needs | {"noise": bool(noise.channels)}).items() if does]
    if analyser is None and needing:
        raise ValueError(f"{needing[0]} reads pitch or envelope: use controls=analytic")
    if oscillator.sides == 2 and analyser is not None and analyser.lookahead_ms is not None:
        said = "has two sides, whose pitches are read off the whole recording: use an encoder without lookahead"
        raise ValueError(f"{type(oscillator).__name__} {said}")
    if follows_pitch(tract) and not oscillator.gives_pitch:
        raise ValueError(
            f"tract follows the pitch, which {type(oscillator).__name__} does not give: use oscillator=syrinx, or "
            "tract.follows_pitch=false"
        )


def follows_pitch(tract: nn.Module) -> bool:
    """Whether a tract is given the pitch, see `ode.tract`."""
    return bool(getattr(tract, "needs_pitch", False))


def channels_of(encoder: Encoder, tract: nn.Module, noise: nn.Module) -> dict[str, int]:
    """How many raw controls a knot every part has, by the names of `birds.PARTS`; features that nothing reads are 0."""
    after = {"tract": cast(int, tract.channels), "noise": cast(int, noise.channels)}
    features = encoder.width if any(after.values()) else 0
    return {"features": features, "omega": 1, "gamma": 1, "code": encoder.code_size, **after}
