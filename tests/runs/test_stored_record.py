"""Records come back as they were written, and a file that is another thing is one line."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest
from made_runs import make_run

from syrinx_lab.runs.apart import BestOfClips, SelectedApart
from syrinx_lab.runs.atomic import read_json, write_json_atomic
from syrinx_lab.runs.decision import Decision, RankedSeed
from syrinx_lab.runs.directory import find_run, swept_selection
from syrinx_lab.runs.job_files import fingerprints, read_job_record, refuse_other_recordings
from syrinx_lab.runs.manifest import Manifest, SweepManifest, read_manifest
from syrinx_lab.runs.plan import Condition, SweepPlan
from syrinx_lab.runs.registry_record import read_record
from syrinx_lab.runs.rung_record import RungRecord
from syrinx_lab.runs.rung_score import RungScore, scoring_settings
from syrinx_lab.runs.rungs import Rung
from syrinx_lab.runs.selected_record import SelectedRecord
from syrinx_lab.runs.stored_record import StoredRecord
from syrinx_lab.runs.sweep_folder import SweepFolder

SCORE = RungScore({"rule": "last"}, 4, "checkpoints/epoch00004.ckpt", "c11b5", 2, {"tf_corr": 0.5}, {"tf_corr": 1}, 1.5)
MANIFEST = Manifest(
    key="k",
    seed=1,
    epoch=4,
    checkpoint="checkpoints/epoch00004.ckpt",
    created_at="then",
    versions={"python": "3.11"},
    git=None,
    data_fingerprint="f00d",
    counts=None,
    scores={"val": {"raw": {"tf_corr": 0.5}, "rescaled": {}}},
    anchors={"rendition": {}, "analytic": None, "changes": []},
    flags=[],
    config={"checkpoint": {"rule": "last", "metric": "tf_corr"}, "eval": {"val_count": 2, "splits": ["val"]}},
)
WHOSE: dict[str, Any] = {"seed": 1, "epochs": 4, "run": "r", "key": "k", "data_fingerprint": "f00d"}
RECORDS: tuple[StoredRecord, ...] = (
    SCORE,
    RungRecord.scored(**WHOSE, score=SCORE, metric="tf_corr"),
    RungRecord(1, 4, "failed", "out of luck"),
    SelectedRecord(**WHOSE, status="trained", model_epoch=4, checkpoint="checkpoints/epoch00004.ckpt"),
    SelectedRecord(1, 4, "lost", "its process died"),
    Decision(4, "tf_corr", (RankedSeed(1, 1, "trained", {"tf_corr": 0.5, "bounded_frac": None}, None),), (1,), ()),
    MANIFEST,
    SweepManifest.of(MANIFEST, run="../../r", sweep_name="question", overrides=("loss=x",)),
    SelectedApart("why", (BestOfClips("loss=x", ("loss=y",), 1, "../../r", "tf_corr", None),)),
    SweepPlan(
        {"loss": ["x"]}, (0, 1), (Condition("loss=x", ("loss=x",), 4, (Rung(4, 1),), {"n_epochs": 4}),), "tf_corr", {}
    ),
)
NAMES = [f"{type(record).__name__}-{getattr(record, 'status', '')}".strip("-") for record in RECORDS]


def changed(path: Path, change: Callable[[dict[str, Any]], Any]) -> Path:
    content = read_json(path)
    change(content)
    write_json_atomic(path, content)
    return path


@pytest.mark.parametrize("record", RECORDS, ids=NAMES)
def test_a_record_comes_back_as_it_was_written(record: StoredRecord, tmp_path: Path) -> None:
    record.write(tmp_path / "one.json")
    assert type(record).read(tmp_path / "one.json") == record
    stored = read_json(tmp_path / "one.json")
    assert (stored["kind"], stored["schema"]) == (record.kind, record.schema)


@pytest.mark.parametrize("record", RECORDS, ids=NAMES)
def test_another_schema_another_kind_and_a_missing_key_are_a_line_with_the_file(
    record: StoredRecord, tmp_path: Path
) -> None:
    cls, path = type(record), tmp_path / "one.json"
    wanted = list(record.to_json())[2]
    for change, said in (
        (lambda content: content.update(schema=99), f"a {cls.kind} of schema 99, .* reads schema {cls.schema}"),
        (lambda content: content.update(kind="letter"), f"a letter, where a {cls.kind} is looked for"),
        (lambda content: content.pop("kind"), f"no record of this lab, where a {cls.kind} is looked for"),
        (lambda content: content.pop(wanted), f"a {cls.kind} that lacks {wanted}"),
    ):
        record.write(path)
        with pytest.raises(ValueError, match=said) as refused:
            cls.read(changed(path, change))
        assert str(refused.value).startswith(f"{path}: ")
        assert str(refused.value).endswith(f"; {cls.remedy}")
        assert "\n" not in str(refused.value)
    path.write_text("[]")
    with pytest.raises(ValueError, match=f"^{re.escape(str(path))}: no record of this lab"):
        cls.read(path)


def test_what_lies_within_a_record_is_held_as_well(tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    for record, change, said in (
        (RECORDS[1], lambda content: content["score"].pop("clips"), "a rung score that lacks clips"),
        (RECORDS[5], lambda content: content["ranking"][0].pop("rank"), "a rank of a decision that lacks rank"),
        (RECORDS[5], lambda content: content.update(kept=None), "a broken decision"),
        (
            RECORDS[8],
            lambda content: content["selected"][0].pop("seed"),
            "a model of a selection apart that lacks seed",
        ),
        (RECORDS[9], lambda content: content["conditions"]["loss=x"].pop("rungs"), "a condition of a .* lacks rungs"),
        (RECORDS[9], lambda content: content.update(conditions=[1]), "a broken sweep plan"),
    ):
        record.write(path)
        with pytest.raises(ValueError, match=f"^{re.escape(str(path))}: {said}"):
            type(record).read(changed(path, change))


def test_a_record_that_cannot_be_is_refused(tmp_path: Path) -> None:
    for make, said in (
        (lambda: RungRecord(1, 4, "well"), "has the status 'well', none of trained"),
        (lambda: RungRecord(1, 4, "trained"), "is trained and names no run"),
        (lambda: RungRecord(**WHOSE, status="diverged"), "is diverged and has no score"),
        (lambda: SelectedRecord(**WHOSE, status="trained"), "is trained and names no model_epoch"),
    ):
        with pytest.raises(ValueError, match=said):
            make()
    RECORDS[2].write(tmp_path / "one.json")
    with pytest.raises(ValueError, match=r"one\.json: a rung record that has the status 'well', none of"):
        RungRecord.read(changed(tmp_path / "one.json", lambda content: content.update(status="well")))


def test_a_kind_of_record_declares_what_it_is() -> None:
    with pytest.raises(ValueError, match="Letter declares no schema, remedy"):

        @dataclass(frozen=True)
        class Letter(StoredRecord):
            kind: ClassVar[str] = "letter"


def test_a_manifest_says_itself_whether_it_is_a_runs_or_a_sweeps(tmp_path: Path) -> None:
    run = make_run(tmp_path / "outputs")
    manifest = run.manifest()
    assert manifest is not None
    assert swept_selection(run.path) is None
    folder = tmp_path / "outputs" / "sweeps" / "question"
    folder.mkdir(parents=True)
    swept = SweepManifest.of(manifest, run=f"../../{run.path.name}", sweep_name="question", overrides=())
    swept.write(folder / "selected_model.json")
    assert read_manifest(folder / "selected_model.json") == swept_selection(folder) == swept
    assert find_run(folder).path.resolve() == run.path.resolve()
    swept.write(run.manifest_path)
    with pytest.raises(ValueError, match="a sweep manifest, where a run manifest is looked for"):
        run.manifest()


def test_a_manifest_is_current_for_one_model_checkpoint_metric_and_evaluation() -> None:
    asked: dict[str, Any] = {"key": "k", "checkpoint": MANIFEST.checkpoint, "config": MANIFEST.config}
    assert MANIFEST.is_current(**asked, splits=["val"])
    assert not MANIFEST.is_current(**asked, splits=["val", "test"])
    assert not MANIFEST.is_current(**{**asked, "key": "other"}, splits=["val"])
    assert not MANIFEST.is_current(**{**asked, "checkpoint": "other"}, splits=["val"])
    for changes in ({"checkpoint": {"rule": "best", "metric": "tf_corr"}}, {"eval": {"val_count": 3}}):
        assert not MANIFEST.is_current(**{**asked, "config": {**MANIFEST.config, **changes}}, splits=["val"])
    assert MANIFEST.is_current(**{**asked, "config": {**MANIFEST.config, "eval": {"val_count": 2}}}, splits=["val"])


def test_the_splits_are_no_setting_of_the_scores_at_a_rung() -> None:
    config: dict[str, Any] = {"checkpoint": {"rule": "last", "metric": "tf_corr"}, "eval": {"lead_in": 2000}}
    settings = scoring_settings({**config, "eval": {**config["eval"], "splits": ["val", "test"]}})
    assert settings == scoring_settings(config) == {"rule": "last", "metric": "tf_corr", "eval": {"lead_in": 2000}}
    assert settings == json.loads(json.dumps(settings))


def test_of_a_folder_with_a_file_of_another_version_the_file_is_named(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    changed(run.manifest_path, lambda content: content.update(schema=2))
    with pytest.raises(ValueError, match=r"selected_model\.json: a run manifest of schema 2, and"):
        read_record(run)
    folder, plan = SweepFolder(tmp_path / "sweeps" / "question"), RECORDS[9]
    assert isinstance(plan, SweepPlan)
    folder.claim(plan)
    folder.claim(plan)
    changed(folder.plan_path, lambda content: content.update(schema=1))
    with pytest.raises(ValueError, match=r"plan\.json: a sweep plan of schema 1, .* choose another sweep_name"):
        folder.claim(plan)


def test_the_recordings_of_a_condition_are_known_by_the_records_of_its_jobs(tmp_path: Path) -> None:
    for name, record in (("s1/epoch00004.json", RECORDS[1]), ("s1/selected.json", RECORDS[3]),
                         ("s2/epoch00004.json", RECORDS[2])):  # fmt: skip
        (tmp_path / name).parent.mkdir(exist_ok=True)
        record.write(tmp_path / name)
        assert read_job_record(tmp_path / name) == record
    assert fingerprints(tmp_path) == {"f00d"}
    refuse_other_recordings(tmp_path, "f00d")
    with pytest.raises(ValueError, match="data_fingerprint was f00d, and is beef; restore them"):
        refuse_other_recordings(tmp_path, "beef")
