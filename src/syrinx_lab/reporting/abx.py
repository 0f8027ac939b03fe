"""The rounds of a blind listening test: the bird, ours and theirs in random order, and the key."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..rivals.outcome import Comparison, Outcome
from .sounds import sound

KINDS = ("bird", "ours", "theirs")


def rounds(comparison: Comparison, ours: Outcome, theirs: Outcome, *, most: int, seed: int) -> list[dict[str, Any]]:
    """A round a clip, in random order: `clip`, its three `sounds` as data URIs, and their `key` in the same order.

    All three are at the bird's rms, as 16-bit wav; a sound that would clip turns all three down alike.

    most  clips, from the first on
    seed  of the orders
    """
    generator = np.random.default_rng(seed)
    made = []
    for number in generator.permutation(min(most, len(comparison.targets))):
        target = comparison.targets[number]
        heard = {"bird": target.x, "ours": ours.at_level[number], "theirs": theirs.at_level[number]}
        clean = {kind: np.nan_to_num(x, nan=0.0, posinf=0.0, neginf=0.0) for kind, x in heard.items()}
        loudest = max(1.0, *(float(np.abs(x).max()) for x in clean.values()))
        key = [KINDS[place] for place in generator.permutation(len(KINDS))]
        uris = [sound("", clean[kind] / loudest, comparison.sample_rate).uri for kind in key]
        made.append({"clip": f"{target.label} {number + 1}", "sounds": uris, "key": key})
    return made
