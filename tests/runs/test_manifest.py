"""The manifest of a selected model."""

from __future__ import annotations

import copy
import math
from pathlib import Path
from typing import Any

import pytest

from syrinx_lab.runs.manifest import Manifest, build_manifest

NAN = float("nan")


def clip(
    label: str, raw: float, rescaled: float, f0_cents: float | None = 10.0, recording: str = "a.wav"
) -> dict[str, Any]:
    return {
        "recording": recording,
        "label": label,
        "start_s": 0.1,
        "onset_s": 0.145,
        "offset_s": 0.2,
        "raw": {"tf_corr": raw, "f0_cents": f0_cents, "bounded_frac": 1.0},
        "rescaled": {"tf_corr": rescaled, "f0_cents": f0_cents, "bounded_frac": 1.0},
    }


ARGUMENTS: dict[str, Any] = {
    "config": {"seed": 3, "data": {"label": ["e", "d"]}},
    "key": "0123456789ab",
    "data_fingerprint": "f00d",
    "seed": 3,
    "epoch": 45,
    "checkpoint": "checkpoints/epoch00045.ckpt",
    "vocalisations": {
        "val": [clip("e", 0.1, 0.2, NAN), clip("e", 0.3, 0.5, 30.0), clip("d", 0.8, 0.9, None)],
        "test": [clip("d", 0.25, 0.75)],
    },
    "rendition": {"tf_corr": 0.71, "pairs": 12},
    "analytic": {"tf_corr": 0.5},
    "provenance": {"versions": {"python": "3.11.1"}, "git": None, "created_at": "2026-01-02T03:04:05+00:00"},
}


def paths_of(node: Any, prefix: str = "") -> set[str]:
    """Dotted paths of all leaves; a list counts by its first element."""
    if isinstance(node, dict):
        return {path for name, inner in node.items() for path in paths_of(inner, f"{prefix}.{name}")}
    if isinstance(node, list) and node and isinstance(node[0], dict):
        return paths_of(node[0], f"{prefix}[]")
    return {prefix[1:]}


def test_the_keys_are_these_and_no_others() -> None:
    metrics = ("tf_corr", "f0_cents", "bounded_frac")
    expected = {
        "schema",
        "kind",
        "key",
        "seed",
        "epoch",
        "checkpoint",
        "created_at",
        "data_fingerprint",
        "git",
        "counts",
    }
    expected |= {"versions.python", "config.seed", "config.data.label"}
    expected |= {"anchors.rendition.tf_corr", "anchors.rendition.pairs", "anchors.analytic.tf_corr", "flags"}
    expected |= {"anchors.changes"}
    for split, labels in (("val", "de"), ("test", "d")):
        of = f"scores.{split}"
        expected |= {f"{of}.count", f"{of}.clips", f"{of}.changes", f"{of}.sets"} | {
            f"{of}.per_label.{label}.count" for label in labels
        }
        expected |= {
            f"{of}.per_vocalisation[].{name}" for name in ("recording", "label", "start_s", "onset_s", "offset_s")
        }
        for variant in ("raw", "rescaled"):
            for metric in metrics:
                expected |= {f"{of}.{variant}.{metric}", f"{of}.per_vocalisation[].{variant}.{metric}"}
                expected |= {f"{of}.per_label.{label}.{variant}.{metric}" for label in labels}
                expected |= {f"{of}.intervals.{variant}.{metric}"}
    assert paths_of(build_manifest(**ARGUMENTS).to_json()) == expected


def test_means_are_over_vocalisations_and_leave_out_what_is_not_defined() -> None:
    scores = build_manifest(**ARGUMENTS).scores
    val = scores["val"]
    assert val["raw"]["tf_corr"] == pytest.approx((0.1 + 0.3 + 0.8) / 3, abs=1e-15)
    assert val["rescaled"]["tf_corr"] == pytest.approx((0.2 + 0.5 + 0.9) / 3, abs=1e-15)
    assert val["per_label"]["e"]["raw"]["tf_corr"] == pytest.approx(0.2, abs=1e-15)
    assert val["per_label"]["d"]["rescaled"]["tf_corr"] == 0.9
    assert val["raw"]["f0_cents"] == 30.0
    assert val["per_label"]["d"]["raw"]["f0_cents"] is None
    assert (val["count"], val["per_label"]["e"]["count"], scores["test"]["count"]) == (3, 2, 1)
    assert [entry["raw"]["tf_corr"] for entry in val["per_vocalisation"]] == [0.1, 0.3, 0.8]
    assert list(val["per_label"]) == ["d", "e"]


def test_an_infinite_score_is_not_hidden_in_the_mean() -> None:
    vocalisations = {"val": [clip("e", 0.1, 0.2, math.inf), clip("e", 0.3, 0.5, 1.0)]}
    assert build_manifest(**{**ARGUMENTS, "vocalisations": vocalisations}).scores["val"]["raw"]["f0_cents"] == math.inf


def test_arguments_are_left_alone_and_the_manifest_survives_the_file(tmp_path: Path) -> None:
    before = copy.deepcopy({name: value for name, value in ARGUMENTS.items() if name != "vocalisations"})
    manifest = build_manifest(**ARGUMENTS)
    assert before == {name: value for name, value in ARGUMENTS.items() if name != "vocalisations"}
    manifest.write(tmp_path / "selected_model.json")
    back = Manifest.read(tmp_path / "selected_model.json")
    assert back.scores["val"]["per_vocalisation"][0]["raw"]["f0_cents"] is None  # NaN is no JSON
    assert back.scores["test"] == manifest.scores["test"]
    assert back.anchors["rendition"] == {"tf_corr": 0.71, "pairs": 12}


def test_a_split_that_has_not_been_read_is_absent_and_an_empty_one_is_empty() -> None:
    assert list(build_manifest(**{**ARGUMENTS, "vocalisations": {"val": []}}).scores) == ["val"]
    scores = build_manifest(**{**ARGUMENTS, "vocalisations": {"val": []}}).scores["val"]
    empty = {"count": 0, "raw": {}, "rescaled": {}, "per_label": {}, "per_vocalisation": []}
    assert scores == empty | {"clips": None, "changes": [], "sets": None, "intervals": {"raw": {}, "rescaled": {}}}


def test_a_vocalisation_without_its_times_is_refused() -> None:
    broken = {name: value for name, value in clip("e", 0.1, 0.2).items() if name not in ("onset_s", "raw")}
    with pytest.raises(ValueError, match="vocalisation 1 of the scores lacks onset_s, raw"):
        build_manifest(**{**ARGUMENTS, "vocalisations": {"val": [clip("e", 0.1, 0.2), broken]}})


def test_scores_that_the_oscillator_did_not_earn_are_flagged() -> None:
    def flags(*shares: float | None) -> list[str]:
        clips = [clip("e", 0.9, 0.9) for _ in shares]
        for entry, share in zip(clips, shares):
            entry["raw"]["oscillator_share"] = share
        return build_manifest(**{**ARGUMENTS, "vocalisations": {"val": clips}}).flags

    assert flags(0.9, 0.2) == flags(0.5, None) == flags(None) == []
    (line,) = flags(0.6, 0.38)
    assert line.startswith("val: oscillator_share is 0.49")
