"""How much each split holds: recordings, vocalisations, windows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..types import Vocalisation
from .corpus import Corpus
from .segments import Pools
from .splits import NAMES, Splits


def split_counts(
    splits: Splits, corpus: Corpus, pools: Pools | None, scored: Mapping[str, Sequence[Vocalisation]]
) -> dict[str, dict[str, Any]]:
    """Under train, val and test, in plain values:

        recordings     files
        vocalisations  syllables of the selected labels
        windows        of train: category in lower case -> windows that an epoch may draw from
        scored         of val and test: vocalisations that are scored

    pools   the windows of train; None: they were not cut
    scored  split -> its clips
    """
    found: dict[str, dict[str, Any]] = {}
    for name in NAMES:
        recordings = splits.recordings(corpus, name)
        selected = sum(syllable.selected for one in recordings for syllable in one.syllables)
        found[name] = {"recordings": len(recordings), "vocalisations": selected}
        if name == "train" and pools is not None:
            found[name]["windows"] = {category.name.lower(): count for category, count in pools.sizes().items()}
        elif name in scored:
            found[name]["scored"] = len(scored[name])
    return found


def count_lines(counts: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """`split_counts` in two lines, for a person."""

    def row(what: str, names: Sequence[str] = NAMES) -> str:
        return " / ".join(str(counts[name][what]) for name in names)

    scored = row("scored", ("val", "test"))
    return [
        f"recordings train / val / test {row('recordings')}; vocalisations scored val / test {scored}",
        f"syllables train / val / test {row('vocalisations')}",
    ]
