"""Where an oscillator starts: near silence, or in the recording's own state."""

from __future__ import annotations

from ..model import Ouroboros

STARTS = ("cold", "data")


def checked_start(value: str, key: str, model: Ouroboros) -> str:
    """`value`, cold or data; ValueError for others, and for data where the state is not in a recording."""
    if value not in STARTS:
        raise ValueError(f"{key} is {value!r}: use cold (noise) or data (the recording's own state)")
    if value == "data" and not model.oscillator.state_is_observed:
        raise ValueError(
            f"{key} is data, but this oscillator's state is not in a recording: use cold, or oscillator=poly"
        )
    return value
