"""The scores of one split: means over the vocalisations, means by label, and every vocalisation."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .intervals import bootstrap_intervals

VARIANTS = ("raw", "rescaled")
LEAST_SHARE = 0.5
CLIP = ("recording", "label", "start_s", "onset_s", "offset_s")


def split_scores(vocalisations: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The scores of one split, as `build_manifest` describes them: means, means by label, and every vocalisation.

        count, raw, rescaled   number of vocalisations, and the mean of every metric
        intervals              the 95 % interval of those means, see `bootstrap_intervals`
        per_label              the same means of the vocalisations of one label
        per_vocalisation       every vocalisation as it was given

    Means leave out None and NaN ("not defined for this clip") and are None where nothing is left; `count` beside them
    is the number of vocalisations. Raises ValueError when a vocalisation lacks one of its keys.
    """
    for number, clip in enumerate(vocalisations):
        missing = [name for name in (*CLIP, *VARIANTS) if name not in clip]
        if missing:
            raise ValueError(f"vocalisation {number} of the scores lacks {', '.join(missing)}")
    labels = sorted({clip["label"] for clip in vocalisations})
    return {
        **_means(vocalisations),
        "intervals": _intervals(vocalisations),
        "per_label": {label: _means([clip for clip in vocalisations if clip["label"] == label]) for label in labels},
        "per_vocalisation": [dict(clip) for clip in vocalisations],
    }


def group_scores(
    vocalisations: Sequence[Mapping[str, Any]], groups: Mapping[str, Mapping[str, str]]
) -> dict[str, dict[str, Any]]:
    """Means by kind (bird, day, session, root) and name: per_group[kind][name][count|raw|rescaled][metric].

    vocalisations  as `split_scores` takes them
    groups         recording -> kind -> name; what is not known of a recording has the name "unknown"
    """
    kinds = sorted({kind for one in groups.values() for kind in one})
    found: dict[str, dict[str, Any]] = {}
    for kind in kinds:
        names = [groups.get(clip["recording"], {}).get(kind, "unknown") for clip in vocalisations]
        found[kind] = {
            name: _means([clip for clip, of in zip(vocalisations, names) if of == name])
            for name in sorted(set(names), key=_by_number)
        }
    return found


def _by_number(name: str) -> tuple[int, str]:
    """+9 before +10, and names in order of their letters."""
    return (int(name), "") if re.fullmatch(r"[+-]\d+", name) else (0, name)


def flags(scores: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What must be known before scores are believed, a line each: changed recordings, a low share of the oscillator."""
    lines = [line for means in scores.values() for line in means.get("changes", ())]
    for split, means in scores.items():
        share = means["raw"].get("oscillator_share")
        if share is not None and share < LEAST_SHARE:
            lines.append(
                f"{split}: oscillator_share is {share:.2f}, under {LEAST_SHARE:g}: "
                "noise or a filter earned these scores, not the oscillator"
            )
    return lines


def _means(vocalisations: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Mean of every metric over the vocalisations, raw and rescaled, and how many they are."""
    means: dict[str, Any] = {"count": len(vocalisations)}
    for variant in VARIANTS:
        metrics = dict.fromkeys(metric for clip in vocalisations for metric in clip[variant])
        means[variant] = {metric: _mean(clip[variant].get(metric) for clip in vocalisations) for metric in metrics}
    return means


def _intervals(vocalisations: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """raw and rescaled, metric -> (low, high) or None."""
    groups = [clip["recording"] for clip in vocalisations]
    found = {}
    for variant in VARIANTS:
        metrics = dict.fromkeys(metric for clip in vocalisations for metric in clip[variant])
        values = {metric: [clip[variant].get(metric) for clip in vocalisations] for metric in metrics}
        found[variant] = bootstrap_intervals(values, groups)
    return found


def _mean(values: Iterable[float | None]) -> float | None:
    """Mean of the values that are defined, None when none is."""
    defined = [float(value) for value in values if value is not None and not math.isnan(value)]
    return math.fsum(defined) / len(defined) if defined else None
