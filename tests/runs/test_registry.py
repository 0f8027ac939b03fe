"""The registry says what the folders say, and is made again from them."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from made_runs import make_run

from syrinx_lab.runs.directory import RunDirectory
from syrinx_lab.runs.registry import Registry, record_quietly, recorded, run_folders
from syrinx_lab.runs.registry_database import refuse_registry, registry_url
from syrinx_lab.runs.rung_score import RungScore


def content(registry: Registry) -> list[Any]:
    """All that is recorded, less the hour of recording and the rows' numbers."""
    entries: list[Any] = []
    for row in registry.models():
        evaluations = registry.evaluations(row["key"])
        places = {entry["id"]: (entry["source"], entry["split"]) for entry in evaluations}
        figures = [{**entry, "id": 0, "evaluation_id": places.get(entry["evaluation_id"])}
                   for entry in registry.figures(row["key"])]  # fmt: skip
        entries.append(({**row, "recorded_at": ""}, [{**entry, "id": 0} for entry in evaluations], figures))
    return entries


def test_a_row_says_what_the_folder_says(tmp_path: Path) -> None:
    run, registry = make_run(tmp_path / "sweep", seed=3), Registry(tmp_path)
    key = registry.record(run)
    (row,) = registry.models()
    assert row["key"] == key == run.state()["key"]
    assert row["path"] == "sweep/spectral_rollout-s3-0.001"
    assert (row["seed"], row["status"], row["epochs"], row["scored_epoch"]) == (3, "finished", 10, 10)
    assert row["seconds"] == 20.0
    assert row["config"] == run.config()
    assert row["val"] == {"tf_corr": 0.5, "autonomy": -1.0, "bounded_frac": 1.0, "rescaled_tf_corr": 0.6,
                          "rescaled_autonomy": -1.0, "rescaled_bounded_frac": 1.0}  # fmt: skip
    assert row["test"]["tf_corr"] == 0.25
    assert row["checkpoint"] == "checkpoints/epoch00010.ckpt"
    assert (row["data_fingerprint"], row["git_commit"], row["git_dirty"]) == ("f00d", "c0ffee" * 6, True)
    entries = [(e["source"], e["split"], e["epoch"], e["scores"]["tf_corr"], e["vocalisations"])
            for e in registry.evaluations(key)]  # fmt: skip
    assert entries == [
        ("training", "val", 5, 0.25, None),
        ("training", "val", 10, 0.5, None),
        ("selected", "val", 10, 0.5, 1),
        ("selected", "test", 10, 0.25, 3),
    ]
    splits = {e["id"]: e["split"] for e in registry.evaluations(key) if e["source"] == "selected"}
    figures = {f["path"]: (f["kind"], f["split"], f["vocalisation"], f["label"]) for f in registry.figures(key)}
    assert figures == {
        "figures/by_hand-x.png": ("by_hand-x", None, None, None),
        "figures/losses.png": ("losses", None, None, None),
        "figures/test-001-a-b-drives.png": ("drives", "test", 1, "a-b"),
        "figures/val-spectrograms.png": ("spectrograms", "val", None, None),
    }
    assert [splits.get(f["evaluation_id"]) for f in registry.figures(key)] == [None, None, "test", "val"]


def test_what_the_atlas_leaves_is_among_the_figures(tmp_path: Path) -> None:
    run, registry = make_run(tmp_path), Registry(tmp_path)
    run.dynamics_path.mkdir()
    for name in (
        "dynamics.html",
        "val-003-a-b-over_time.png",
        "val-003-a-b-movie.gif",
        "moments.csv",
        ".val-x.tmp.png",
    ):
        (run.dynamics_path / name).touch()
    found = {
        f["path"]: (f["kind"], f["split"], f["vocalisation"], f["label"])
        for f in registry.figures(registry.record(run))
    }
    assert {path: row for path, row in found.items() if path.startswith("dynamics/")} == {
        "dynamics/dynamics.html": ("dynamics", None, None, None),
        "dynamics/val-003-a-b-movie.gif": ("movie", "val", 3, "a-b"),
        "dynamics/val-003-a-b-over_time.png": ("over_time", "val", 3, "a-b"),
    }


def test_before_it_is_finished_a_run_scores_what_its_last_evaluated_epoch_did(tmp_path: Path) -> None:
    run, registry = make_run(tmp_path, epochs=5), Registry(tmp_path)
    run.history.append({"epoch": 10, "seconds": 1.0, "val/tf_corr": 0.75})
    run.checkpoint_path(10).write_bytes(b"")
    run.set_status("running")
    registry.record(run)
    (row,) = registry.models()
    assert (row["scored_epoch"], row["epochs"], row["val"], row["test"]) == (10, 10, {"tf_corr": 0.75}, {})
    assert row["checkpoint"] == "checkpoints/epoch00010.ckpt"
    fresh = RunDirectory(tmp_path / "fresh")
    fresh.claim({"seed": 9}, None)
    registry.record(fresh)
    row = next(row for row in registry.models() if row["seed"] == 9)
    assert (row["status"], row["epochs"], row["val"], row["checkpoint"]) == ("claimed", 0, {}, None)


def test_a_seed_that_its_sweep_did_not_select_scores_what_its_last_rung_did(tmp_path: Path) -> None:
    run, registry = make_run(tmp_path, evaluated=False, status="paused"), Registry(tmp_path)
    (run.path / "rungs").mkdir()
    for rung, model_epoch, tf_corr in ((5, 5, 0.2), (8, 5, 0.2), (10, 9, 0.8)):
        score = RungScore(
            settings={},
            model_epoch=model_epoch,
            checkpoint=f"checkpoints/epoch{model_epoch:05d}.ckpt",
            clips="c11b5",
            vocalisations=4,
            raw={"tf_corr": tf_corr},
            rescaled={"tf_corr": tf_corr / 2},
            wall_s=1.0,
        )
        score.write(run.rung_path(rung))
    key = registry.record(run)
    assert registry.models()[0]["scored_epoch"] == 10  # of the history: the rung's model is not the newest
    run.set_status("finished")
    registry.record(run)
    (row,) = registry.models()
    assert (row["scored_epoch"], row["checkpoint"]) == (9, "checkpoints/epoch00009.ckpt")
    assert row["val"] == {"tf_corr": 0.8, "rescaled_tf_corr": 0.4}
    entries = [(e["epoch"], e["vocalisations"]) for e in registry.evaluations(key) if e["source"] == "rung"]
    assert entries == [(5, 4), (9, 4)]


def test_recording_twice_changes_nothing_and_the_newest_state_stands(tmp_path: Path) -> None:
    run, registry = make_run(tmp_path), Registry(tmp_path)
    registry.record(run)
    once = content(registry)
    registry.record(run)
    assert content(registry) == once
    run.set_status("failed", epoch=10, message="disk full")
    (run.figures_path / "losses.png").unlink()
    registry.record(run)
    (row,) = registry.models()
    assert (row["status"], row["message"]) == ("failed", "disk full")
    assert len(registry.figures(row["key"])) == 3


def test_a_lost_registry_is_made_again_from_the_folders(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    for seed in range(3):
        for loss in ("spectral_rollout", "mse_accel"):
            run = make_run(tmp_path / "deep" / loss, seed, loss, evaluated=seed > 0, status="finished")
            registry.record(run)
    written = content(registry)
    for file in tmp_path.glob("registry.sqlite*"):
        file.unlink()
    keys, faults = registry.scan()
    assert (sorted(keys), faults) == ([row["key"] for row, _, _ in written], [])
    assert content(Registry(tmp_path)) == written
    assert len(written) == 6


def test_a_scan_names_what_it_cannot_read_and_goes_on(tmp_path: Path) -> None:
    for seed in range(3):
        make_run(tmp_path, seed)
    (tmp_path / "spectral_rollout-s1-0.001" / "config.yaml").write_text("seed: [1\n")
    (tmp_path / "spectral_rollout-s2-0.001" / ".hydra").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "config.yaml").write_text("")
    keys, faults = Registry(tmp_path).scan()
    assert len(keys) == 2
    assert len(faults) == 1
    assert "s1-0.001" in faults[0]
    assert [run.path.name[:19] for run in run_folders(tmp_path)] == [f"spectral_rollout-s{n}" for n in range(3)]


def test_of_two_folders_of_one_model_the_better_stands_whatever_the_order(tmp_path: Path) -> None:
    short = make_run(tmp_path, epochs=5, evaluated=False, name="a")
    long = make_run(tmp_path, name="b")
    for order in ((short, long), (long, short)):
        registry = Registry(tmp_path, str(tmp_path / f"{order[0].path.name}.sqlite"))
        keys = {registry.record(run) for run in order}
        (row,) = registry.models()
        assert (len(keys), row["path"], row["epochs"]) == (1, "b", 10)
    shutil.rmtree(long.path)
    registry.record(short)
    assert registry.models()[0]["path"] == "a"


def test_the_outputs_folder_moves_with_its_registry(tmp_path: Path) -> None:
    Registry(tmp_path / "outputs").record(make_run(tmp_path / "outputs"))
    (tmp_path / "outputs").rename(tmp_path / "moved")
    registry = Registry(tmp_path / "moved")
    (row,) = registry.models()
    folder = registry.folder(row)
    assert folder == tmp_path / "moved" / "spectral_rollout-s0-0.001"
    # a shared registry does not take another person's outputs for ours
    shared = str(tmp_path / "shared.sqlite")
    Registry(tmp_path / "moved", shared).record(RunDirectory(folder))
    (row,) = Registry(tmp_path / "elsewhere", shared).models()
    assert Registry(tmp_path / "elsewhere", shared).folder(row) is None
    outside = make_run(tmp_path / "outside")
    registry.record(outside)
    assert str(outside.path.resolve()) in [row["path"] for row in registry.models()]


def test_the_address_is_given_or_of_the_environment_or_in_the_outputs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SYRINX_REGISTRY", raising=False)
    assert registry_url("outputs").render_as_string() == "sqlite:///outputs/registry.sqlite"
    monkeypatch.setenv("SYRINX_REGISTRY", "postgresql+psycopg://lab:secret@host/lab")
    assert registry_url("outputs").database == "lab"
    assert registry_url("outputs", "mine.sqlite").render_as_string() == "sqlite:///mine.sqlite"
    with pytest.raises(ValueError, match="no SQLAlchemy URL"):
        registry_url("outputs", "://x")
    with pytest.raises(ValueError, match=r"no driver for nosuch"):
        Registry("outputs", "nosuch://host/lab")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("foo://bar", "no driver for foo .*: install it, or correct paths.registry or SYRINX_REGISTRY"),
        ("sqlite://", "names no file"),
        ("FOLDER", "is a folder: correct paths.registry"),
        ("FOLDER/text/new.sqlite", "text is no folder: the registry cannot be made in it, correct paths.registry"),
        pytest.param(
            "/proc/new.sqlite",
            "/proc cannot be written to",
            marks=pytest.mark.skipif(not Path("/proc/self").exists(), reason="no such folder on this system"),
        ),
    ],
)
def test_an_address_where_no_registry_can_be_is_refused(
    url: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "text").touch()
    given = url.replace("FOLDER", str(tmp_path))
    with pytest.raises(ValueError, match=said):
        refuse_registry(tmp_path, given)
    monkeypatch.setenv("SYRINX_REGISTRY", given)
    with pytest.raises(ValueError, match=said):
        refuse_registry(tmp_path)


def test_a_new_file_is_no_wrong_address(tmp_path: Path) -> None:
    for given in (None, str(tmp_path / "new" / "file.sqlite")):
        refuse_registry(tmp_path / "outputs", given)
    assert list(tmp_path.iterdir()) == []


def test_a_locked_or_foreign_registry_is_a_warning_to_training(tmp_path: Path) -> None:
    run, registry = make_run(tmp_path), Registry(tmp_path)
    registry.record(run)
    other = sqlite3.connect(tmp_path / "registry.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.warns(UserWarning, match=r"not in the registry: .*locked.*runs scan"):
        record_quietly(run, tmp_path, timeout_s=0.2)
    assert len(registry.models()) == 1  # a reader does not wait
    other.execute("ROLLBACK")
    other.execute("ALTER TABLE models DROP COLUMN backend_used")
    with pytest.raises(ValueError, match="another version of the lab"):
        registry.record(run)
    (tmp_path / "text.sqlite").write_text("this is no database, and never was one" * 10)
    with pytest.warns(UserWarning, match="not a database"):
        record_quietly(run, tmp_path, str(tmp_path / "text.sqlite"))
    with pytest.warns(UserWarning, match="is not a run"):
        record_quietly(RunDirectory(tmp_path / "none"), tmp_path)


def test_a_run_is_recorded_however_it_ends(tmp_path: Path) -> None:
    run, registry = RunDirectory(tmp_path / "run"), Registry(tmp_path)
    with pytest.raises(ValueError, match="refused"), recorded(run, tmp_path):
        raise ValueError("refused")
    assert not list(tmp_path.iterdir())

    def train() -> None:
        with recorded(run, tmp_path):
            run.claim({"seed": 4})
            run.set_status("interrupted", epoch=3)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train()
    assert [(row["seed"], row["status"], row["epochs"]) for row in registry.models()] == [(4, "interrupted", 3)]


def test_a_run_is_recorded_where_it_lies_whatever_the_working_directory(tmp_path: Path) -> None:
    run = make_run(tmp_path / "outputs" / "deep")
    Registry(tmp_path / "outputs").forget([])
    record_quietly(run, tmp_path / "cwd" / "outputs")
    assert not (tmp_path / "cwd").exists()
    assert [row["path"] for row in Registry(tmp_path / "outputs").models()] == ["deep/spectral_rollout-s0-0.001"]
    record_quietly(run, tmp_path / "outputs" / "deep")  # below the outputs that are meant
    assert [row["path"] for row in Registry(tmp_path / "outputs" / "deep").models()] == ["spectral_rollout-s0-0.001"]


def test_reading_makes_no_registry(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no registry at .*runs scan"):
        Registry(tmp_path).models()
    assert not list(tmp_path.iterdir())


def test_forgetting_leaves_nothing_behind(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    keys = [registry.record(make_run(tmp_path, seed)) for seed in range(2)]
    registry.forget(keys[:1])
    assert [row["key"] for row in registry.models()] == keys[1:]
    with sqlite3.connect(tmp_path / "registry.sqlite") as connection:
        for table in ("evaluations", "figures"):
            assert connection.execute(f"SELECT DISTINCT model_key FROM {table}").fetchall() == [(keys[1],)]
