"""Whether a trained run may stand beside the others: it reads what they read, and has not learned what is scored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

READ = ("sample_rate", "channel", "highpass_hz", "scale", "scale_per", "scale_to")


def refuse_other_reading(run: str, stored: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    """Raise ValueError with one line of overrides when a run's recordings were read otherwise than these clips.

    stored, given  the group `data` of the run and of the comparison
    """
    differing = {name: stored.get(name) for name in READ if stored.get(name) != given.get(name)}
    if differing:
        overrides = " ".join(f"data.{name}={'null' if value is None else value}" for name, value in differing.items())
        raise ValueError(f"{run} reads its recordings otherwise: add {overrides}, so that all hear the same clips")


def refuse_learned(run: str, split: Mapping[str, Any] | None, scored: Mapping[str, str], which: Sequence[str]) -> None:
    """Raise ValueError with one line when a run was trained on a recording that is scored.

    split   of the run, as it stores it
    scored  recording -> hash of its sound, of the clips that are scored
    which   the parts of the run's split that must not be among them
    """
    if split is None:
        raise ValueError(f"{run} stores no split: whether it was trained on these clips is not known; train it again")
    heard = {split["audio"].get(name): part for part in which for name in split[part]}
    for name, sound in scored.items():
        if (part := heard.get(sound)) is not None:
            raise ValueError(
                f"{run} has {name} in its {part}, and it would be scored on it here: give the data and the split "
                "(data.split_seed, data.label, data.val_fraction, data.test_fraction) that it was trained with"
            )
