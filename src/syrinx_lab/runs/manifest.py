"""The manifest of a selected model, selected_model.json: what it is, how it scores, and where it came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, ClassVar, Self

from .atomic import read_json
from .split_scores import flags, split_scores
from .stored_record import StoredRecord, kind_of


@dataclass(frozen=True)
class Manifest(StoredRecord):
    """The model that was selected of a run, see `build_manifest`.

    Metrics may come from outside the lab, so that scores and anchors are nested mappings by name:

        scores[split][raw|rescaled][metric]                    mean over the vocalisations
        scores[split]["per_label"][label][raw|rescaled][metric]  mean over those of one label
        scores[split]["intervals"][raw|rescaled][metric]       95 % interval of the mean, or None
        scores[split]["per_group"][kind][name][raw|rescaled][metric]  mean over those of one bird, day, session or
                                                               root, where they differ; see `group_scores`
        scores[split][clips|changes|count]
        scores[split]["sets"]                                  scores of all clips together, see `SetJudge`, or None
        scores[split]["per_vocalisation"][k]                   the k-th vocalisation as it was given
        anchors["rendition"][tf_corr|autonomy|autonomy_published|pairs]
        anchors["analytic"][metric], or None
        anchors["changes"]

    flags  lines to be read before the scores are believed
    """

    kind: ClassVar[str] = "run manifest"
    schema: ClassVar[int] = 4
    remedy: ClassVar[str] = "remove it and repeat the command that trained the model: it scores it again"

    key: str
    seed: int
    epoch: int
    checkpoint: str
    created_at: str
    versions: Mapping[str, str | None]
    git: Mapping[str, Any] | None
    data_fingerprint: str
    counts: Mapping[str, Mapping[str, Any]] | None
    scores: Mapping[str, Mapping[str, Any]]
    anchors: Mapping[str, Any]
    flags: Sequence[str]
    config: Mapping[str, Any]

    def means(self, split: str, variant: str) -> Mapping[str, float | None]:
        """Metric -> its mean on a split, raw or rescaled; empty where the split was not scored."""
        return self.scores[split][variant] if split in self.scores else {}

    def is_current(self, *, key: str, checkpoint: str, config: Mapping[str, Any], splits: Sequence[str]) -> bool:
        """Whether it holds the scores that are asked for: of this model, checkpoint, metric and evaluation.

        checkpoint  relative to the run's folder
        config      its `checkpoint` (rule and metric) and `eval` are compared with those of the manifest
        splits      that must have been scored
        """
        return (
            self.key == key
            and self.checkpoint == checkpoint
            and self.config["checkpoint"] == config["checkpoint"]
            and same_clips(self.config, config)
            and set(splits) <= self.scores.keys()
        )


@dataclass(frozen=True)
class SweepManifest(Manifest):
    """The manifest of the model that a sweep selected, of all or of one condition: the run's, and

    run         where the run lies, as seen from the folder that the file lies in
    sweep_name  of the sweep
    overrides   what the condition is on a command line
    """

    kind: ClassVar[str] = "sweep manifest"
    remedy: ClassVar[str] = "remove it and repeat the command of the sweep: it writes it anew"

    run: str
    sweep_name: str
    overrides: tuple[str, ...]

    @classmethod
    def of(cls, manifest: Manifest, *, run: str, sweep_name: str, overrides: Sequence[str]) -> Self:
        """The manifest of a run, as that of a sweep."""
        own = {field.name: getattr(manifest, field.name) for field in fields(Manifest)}
        return cls(**own, run=run, sweep_name=sweep_name, overrides=tuple(overrides))

    @classmethod
    def parse(cls, given: dict[str, Any], source: str | Path) -> dict[str, Any]:
        """With the overrides as a tuple."""
        return {**given, "overrides": tuple(given["overrides"])}


def read_manifest(path: Path) -> Manifest | SweepManifest:
    """The manifest in the file `path`, of a run or of a sweep as its `kind` says; raises as `StoredRecord.read`."""
    content = read_json(path)
    cls = SweepManifest if kind_of(content) == SweepManifest.kind else Manifest
    return cls.from_json(content, path)


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
) -> Manifest:
    """The manifest of a model that was scored.

    config            the resolved config
    key               the run's key, see `run_key`
    data_fingerprint  hash of the recordings and annotations
    seed              of the training
    epoch             of the selected checkpoint
    checkpoint        its file, relative to the run's folder
    vocalisations     "val" and, once it has been read, "test" -> one mapping per vocalisation: `recording`, `label`,
                      `start_s`, `onset_s`, `offset_s` (seconds of the recording), and under `raw` and `rescaled` the
                      value of every metric
    recordings        split -> `clips`, a hash by which scores are known to be of the same clips, `changes`, lines on
                      recordings that are not what they were at the training, and `sets`, see `SetJudge`
    counts            split -> `recordings`, `vocalisations`, and `windows` by category or `scored`, as the training
                      found them; None for a run from before they were stored
    rendition         the bird's own reproducibility: `tf_corr`, `autonomy`, `autonomy_published` (None or NaN
                      when no syllable is sung twice), `pairs`
    analytic          mean scores of the untrained physical prior on the same clips; None where no pitch is found
    provenance        `versions`, `git` and `created_at`, see `provenance.provenance`
    anchor_changes    lines on recordings behind the anchors that are not what they were at the training

    Raises ValueError as `split_scores` does, which says what the means are.
    """
    scores = {
        split: {"clips": None, "changes": [], "sets": None, **(recordings or {}).get(split, {}), **split_scores(clips)}
        for split, clips in vocalisations.items()
    }
    return Manifest(
        key=key,
        seed=seed,
        epoch=epoch,
        checkpoint=checkpoint,
        created_at=provenance["created_at"],
        versions=dict(provenance["versions"]),
        git=provenance["git"],
        data_fingerprint=data_fingerprint,
        counts=None if counts is None else dict(counts),
        scores=scores,
        anchors={
            "rendition": dict(rendition),
            "analytic": None if analytic is None else dict(analytic),
            "changes": list(anchor_changes),
        },
        flags=[*flags(scores), *anchor_changes],
        config=dict(config),
    )


def same_clips(config: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two configurations of one model cut the same clips and show as much of them, in whatever splits."""
    return evaluation_settings(config) == evaluation_settings(other)


def evaluation_settings(config: Mapping[str, Any]) -> dict[str, Any]:
    """What scores depend on besides the weights: `eval` less the splits."""
    return {name: value for name, value in config["eval"].items() if name != "splits"}
