"""The manifest of a selected model, selected_model.json: what it is, how it scores, and where it came from."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

SCHEMA = 2
VARIANTS = ("raw", "rescaled")
LEAST_SHARE = 0.5
CLIP = ("recording", "label", "start_s", "onset_s", "offset_s")


def build_manifest(
    *,
    config: Mapping[str, Any],
    key: str,
    data_fingerprint: str,
    seed: int,
    epoch: int,
    checkpoint: str,
    vocalisations: Mapping[str, Sequence[Mapping[str, Any]]],
    recordings: Mapping[str, Mapping[str, Any]] | None = None,
    counts: Mapping[str, Mapping[str, Any]] | None = None,
    rendition: Mapping[str, Any],
    analytic: Mapping[str, Any] | None,
    provenance: Mapping[str, Any],
    anchor_changes: Sequence[str] = (),
) -> dict[str, Any]:
    """The content of selected_model.json.

    config            the resolved config
    key               the run's key, see `run_key`
    data_fingerprint  hash of the recordings and annotations
    seed              of the training
    epoch             of the selected checkpoint
    checkpoint        its file, relative to the run's folder
    vocalisations     "val" and, once it has been read, "test" -> one mapping per vocalisation: `recording`, `label`,
                      `start_s`, `onset_s`, `offset_s` (seconds of the recording), and under `raw` and `rescaled` the
                      value of every metric
    recordings        split -> `clips`, a hash by which scores are known to be of the same clips, and `changes`, lines
                      on recordings that are not what they were at the training
    counts            split -> `recordings`, `vocalisations`, and `windows` by category or `scored`, as the training
                      found them; None for a run from before they were stored
    rendition         the bird's own reproducibility: `tf_corr`, `autonomy`, `autonomy_published` (None or NaN
                      when no syllable is sung twice), `pairs`
    analytic          mean scores of the untrained physical prior on the same clips; None where no pitch is found
    provenance        `versions`, `git` and `created_at`, see `provenance.provenance`
    anchor_changes    lines on recordings behind the anchors that are not what they were at the training

    Returns a nested dict with, among the above,

        scores.{split}.{raw|rescaled}.{metric}                    mean over the vocalisations
        scores.{split}.per_label.{label}.{raw|rescaled}.{metric}  mean over those of one label
        scores.{split}.{clips|changes}
        scores.{split}.per_vocalisation[k]                        the k-th vocalisation as it was given
        anchors.rendition.{tf_corr|autonomy|autonomy_published|pairs}
        anchors.analytic.{metric}
        anchors.changes
        flags                                                     lines to be read before the scores are believed

    Means leave out None and NaN ("not defined for this clip") and are None where nothing is left; `count` beside them
    is the number of vocalisations. Raises ValueError when a vocalisation lacks one of its keys.
    """
    scores = {
        split: {"clips": None, "changes": [], **(recordings or {}).get(split, {}), **split_scores(clips)}
        for split, clips in vocalisations.items()
    }
    return {
        "schema": SCHEMA,
        "key": key,
        "seed": seed,
        "epoch": epoch,
        "checkpoint": checkpoint,
        "created_at": provenance["created_at"],
        "versions": dict(provenance["versions"]),
        "git": provenance["git"],
        "data_fingerprint": data_fingerprint,
        "counts": None if counts is None else dict(counts),
        "scores": scores,
        "anchors": {
            "rendition": dict(rendition),
            "analytic": None if analytic is None else dict(analytic),
            "changes": list(anchor_changes),
        },
        "flags": [*flags(scores), *anchor_changes],
        "config": dict(config),
    }


def is_current(
    manifest: Mapping[str, Any] | None,
    *,
    key: str,
    checkpoint: str,
    config: Mapping[str, Any],
    splits: Sequence[str],
) -> bool:
    """Whether a manifest holds the scores that are asked for: of this model, checkpoint, metric and evaluation.

    checkpoint  relative to the run's folder
    config      its `checkpoint` (rule and metric) and `eval` are compared with those of the manifest
    splits      that must have been scored
    """
    return (
        manifest is not None
        and manifest["key"] == key
        and manifest["checkpoint"] == checkpoint
        and _terms(manifest["config"]) == _terms(config)
        and set(splits) <= manifest["scores"].keys()
    )


def same_clips(config: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two configurations of one model cut the same clips and show as much of them, in whatever splits."""
    return _evaluation(config) == _evaluation(other)


def _terms(config: Mapping[str, Any]) -> tuple[Any, ...]:
    chosen = config.get("checkpoint") or {}
    return chosen.get("metric"), chosen.get("rule"), _evaluation(config)


def _evaluation(config: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in (config.get("eval") or {}).items() if name != "splits"}


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


def split_scores(vocalisations: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The scores of one split, as `build_manifest` describes them: means, means by label, and every vocalisation."""
    for number, clip in enumerate(vocalisations):
        missing = [name for name in (*CLIP, *VARIANTS) if name not in clip]
        if missing:
            raise ValueError(f"vocalisation {number} of the scores lacks {', '.join(missing)}")
    labels = sorted({clip["label"] for clip in vocalisations})
    return {
        **_means(vocalisations),
        "per_label": {label: _means([clip for clip in vocalisations if clip["label"] == label]) for label in labels},
        "per_vocalisation": [dict(clip) for clip in vocalisations],
    }


def _means(vocalisations: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Mean of every metric over the vocalisations, raw and rescaled, and how many they are."""
    means: dict[str, Any] = {"count": len(vocalisations)}
    for variant in VARIANTS:
        metrics = dict.fromkeys(metric for clip in vocalisations for metric in clip[variant])
        means[variant] = {metric: _mean(clip[variant].get(metric) for clip in vocalisations) for metric in metrics}
    return means


def _mean(values: Iterable[float | None]) -> float | None:
    """Mean of the values that are defined, None when none is."""
    defined = [float(value) for value in values if value is not None and not math.isnan(value)]
    return math.fsum(defined) / len(defined) if defined else None
