"""Sweeps log offline by default: a W&B run a seed and rung, one an evaluation, all of a group and over one axis."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from forks import Forks
from wandb_files import Piece, read_pieces

from syrinx_lab.dashboard import configured_terms
from syrinx_lab.logged import COMPARED
from syrinx_lab.runs.history import History
from syrinx_lab.workspace.logged_names import logged_names

TINY = [
    *("debug=tiny", "data=folder", "trainer.accelerator=cpu", "n_epochs=3", "callbacks.evaluation.eval_every=2"),
    *("sampler.max_segments=4", "eval.val_count=2", "eval.test_count=2", "eval.max_audio=1"),
    *(f"loss.terms.{term}.weight=0.01" for term in configured_terms()),  # so that every term is logged
    *("seed=0,1", "search.cull_frac=0.3", "search.cull_keep=1"),
]


@pytest.fixture(scope="module")
def forks(offline_forks: Forks) -> Forks:
    """Commands without a W&B key."""
    return offline_forks


def said(cwd: Path) -> str:
    """What the commands in a folder have printed."""
    return (cwd / "log.txt").read_text()


@pytest.fixture(scope="module")
def swept(forks: Forks, tiny_song: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    cwd = tmp_path_factory.mktemp("logged")
    assert forks.run(cwd, "train", "-m", *TINY, f"data.root={tiny_song}", "sweep_name=question") == 0, said(cwd)
    return cwd


@pytest.fixture(scope="module")
def selected(swept: Path) -> Path:
    folder = swept / "outputs" / "sweeps" / "question"
    return (folder / json.loads((folder / "selected_model.json").read_text())["run"]).resolve()


@pytest.fixture(scope="module")
def pieces(selected: Path) -> dict[str, Piece]:
    """The pieces of the seed that was selected, by what follows the key in their ids."""
    key = json.loads((selected / "state.json").read_text())["key"]
    return {piece.run["run_id"].removeprefix(f"{key}-"): piece for piece in read_pieces(selected)}


def test_rungs_and_evaluations_are_runs_of_their_own_in_one_group(
    pieces: dict[str, Piece], swept: Path, selected: Path
) -> None:
    assert list(pieces) == ["e00001", "e00001-eval-val", "e00003", "e00003-eval-val", "e00003-eval-val-test"]
    assert [piece.run["job_type"] for piece in pieces.values()] == ["train", "eval", "train", "eval", "eval"]
    assert {piece.run["run_group"] for piece in pieces.values()} == {"question"}
    assert {piece.exit_code for piece in pieces.values()} == {0}
    names = [piece.run["display_name"] for piece in pieces.values()]
    assert len(set(names)) == 5
    assert all("spectral_rollout" in name and f"s{pieces['e00001'].config['seed']}" in name for name in names)
    assert names[0].endswith("to epoch 1")
    assert names[4].endswith("val and test after epoch 3")
    culled = next(path for path in (swept / "outputs").glob("song-*") if path.resolve() != selected)
    assert [piece.run["job_type"] for piece in read_pieces(culled)] == ["train", "eval"]


def test_the_epochs_of_the_rungs_line_up(pieces: dict[str, Piece], selected: Path) -> None:
    rows = [row for name in ("e00001", "e00003") for row in pieces[name].rows]
    history = History(selected / "history.jsonl").read()
    assert [row["epoch"] for row in rows] == [1, 2, 3] == [row["_step"] for row in rows]
    for row, row_of in zip(rows, history):
        logged = {name: value for name, value in row.items() if row_of.get(name) is not None}
        assert logged == pytest.approx({name: row_of[name] for name in logged}, rel=1e-6)
        assert {"loss/total", "train/horizon", "train/lam_spec"} <= logged.keys()
    assert pieces["e00003-eval-val"].rows[0]["epoch"] == 3
    for piece in pieces.values():
        assert piece.axes == dict.fromkeys(("loss/*", "train/*", "val/*", "eval/*"), "epoch")
        assert {name.partition("/")[0] for name in piece.names if "/" in name} <= {"loss", "train", "val", "eval"}


def test_the_configuration_has_flat_keys_beside_the_resolved_one(pieces: dict[str, Piece]) -> None:
    for name, piece in pieces.items():
        assert piece.config.keys() >= set(COMPARED)
        expected: dict[str, Any] = {
            **{"loss_mode": "spectral_rollout", "horizon": "pow2", "sampler": "edge_biased", "encoder": "samples"},
            **{"oscillator": "poly", "bird": "song", "label": "all", "sweep": "question", "n_epochs": 3},
            **{"backend": "fused", "rung": int(name[1:6])},
        }
        assert {key: piece.config[key] for key in expected} == expected
        assert piece.config["backend_used"].startswith("fused (Numba, CPU")
        assert piece.config["resolved"]["horizon"]["max"] == 600
        assert piece.config["resolved"]["seed"] == piece.config["seed"]


def test_an_evaluation_has_sounds_pictures_and_a_table(pieces: dict[str, Piece], selected: Path) -> None:
    piece = pieces["e00003-eval-val-test"]
    (row,) = piece.rows
    manifest = json.loads((selected / "selected_model.json").read_text())
    for split in ("val", "test"):
        scores = manifest["scores"][split]
        assert row[f"eval/{split}/tf_corr"] == pytest.approx(scores["raw"]["tf_corr"], rel=1e-9)
        assert row[f"eval/{split}/rescaled_autonomy"] == pytest.approx(scores["rescaled"]["autonomy"], rel=1e-9)
        kinds = [caption.rpartition(" ")[2] for caption in row[f"eval/{split}/audio.captions"]]
        assert kinds == ["target", "raw", "rescaled"], "of eval.max_audio=1 vocalisation"
        assert row[f"eval/{split}/spectrogram._type"] in ("image-file", "images/separated")
        file = piece.folder / "files" / row[f"eval/{split}/vocalisations.path"]
        table = json.loads(file.read_text())
        rows = [dict(zip(table["columns"], cells)) for cells in table["data"]]
        for row_of, clip in zip(rows, scores["per_vocalisation"], strict=True):
            assert (row_of["recording"], row_of["label"], row_of["onset_s"]) == (
                clip["recording"],
                clip["label"],
                clip["onset_s"],
            )
            assert row_of["raw_autonomy"] == clip["raw"]["autonomy"]
            assert row_of["rescaled_env_corr"] == clip["rescaled"]["env_corr"]
    assert len(list((piece.folder / "files" / "media" / "audio").rglob("*.wav"))) == 6


def test_what_the_dashboard_shows_is_logged(pieces: dict[str, Piece]) -> None:
    logged = set().union(*(piece.names for piece in pieces.values()))
    names = logged_names(configured_terms())
    assert names.numbers - logged == set()
    assert {*names.audio, *names.pictures, *names.tables} - logged == set()
    left = {name for name in logged if name.startswith(("loss/", "train/", "val/", "eval/"))}
    assert left - names.numbers - {*names.audio, *names.pictures, *names.tables} == set(), "logged, and never shown"


def test_a_second_sweep_that_shares_the_models_logs_none_of_them_again(
    forks: Forks, swept: Path, tiny_song: Path
) -> None:
    before = sorted(path.name for path in (swept / "outputs").glob("*/wandb/offline-run-*"))
    keys = {path.name for path in (swept / "outputs").glob("song-*")}
    assert forks.run(swept, "train", "-m", *TINY, f"data.root={tiny_song}", "sweep_name=another") == 0, said(swept)
    assert {path.name for path in (swept / "outputs").glob("song-*")} == keys, "the group is no part of the identity"
    assert sorted(path.name for path in (swept / "outputs").glob("*/wandb/offline-run-*")) == before


def test_the_command_evaluate_logs_a_run_in_the_models_group(forks: Forks, swept: Path, selected: Path) -> None:
    before = {piece.folder for piece in read_pieces(selected)}
    assert forks.run(swept, "evaluate", f"run={selected}", "split=test") == 0, said(swept)
    (piece,) = [piece for piece in read_pieces(selected) if piece.folder not in before]
    assert piece.run["run_id"].endswith("-e00003-eval-test")
    assert (piece.run["job_type"], piece.run["run_group"], piece.exit_code) == ("eval", "question", 0)
    assert {name.split("/")[1] for name in piece.names if name.startswith("eval/")} == {"test"}
