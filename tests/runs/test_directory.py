"""A run's folder belongs to one configuration, and is found again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from syrinx_lab.runs.atomic import read_json
from syrinx_lab.runs.directory import RunDirectory, find_run
from syrinx_lab.runs.identity import run_key
from syrinx_lab.runs.manifest import SweepManifest, build_manifest

CONFIG: dict[str, Any] = {
    "seed": 1,
    "n_epochs": 50,
    "run_dir": None,
    "data": {"root": "G402", "label": "é", "num_workers": 0},
    "optim": {"lr": 1e-05},
    "loss": {"resolutions": [[256, 64], [512, 128]]},
    "trainer": {"max_epochs": 50},
}


def files_in(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def trained(path: Path, epochs: tuple[int, ...] = (5, 10)) -> RunDirectory:
    run = RunDirectory(path)
    run.claim(CONFIG, "f00d")
    for epoch in epochs:
        run.checkpoint_path(epoch).write_bytes(b"")
    return run


def test_a_claim_makes_the_folder_and_writes_what_it_is(tmp_path: Path) -> None:
    run = RunDirectory(tmp_path / "outputs" / "run")
    key = run.claim(CONFIG, "f00d")
    assert key == run_key(CONFIG, "f00d")
    assert run.config() == CONFIG
    assert "label: é" in run.config_path.read_text(encoding="utf-8")
    assert run.state() == {"key": key, "data_fingerprint": "f00d", "status": "claimed"}
    assert sorted(files_in(run.path)) == ["config.yaml", "state.json"]
    assert run.checkpoints_path.is_dir()


def test_the_same_configuration_goes_on_and_the_newest_rung_is_written(tmp_path: Path) -> None:
    run = trained(tmp_path / "run")
    longer = {
        **CONFIG,
        "trainer": {"max_epochs": 80},
        "run_dir": "elsewhere",
        "data": {**CONFIG["data"], "root": "/copy"},
    }
    assert RunDirectory(run.path).claim(longer, "f00d") == run_key(CONFIG, "f00d")
    assert run.config() == longer
    assert [epoch for epoch, _ in run.checkpoints()] == [5, 10]


def test_another_configuration_is_refused_with_both_values_and_nothing_is_written(tmp_path: Path) -> None:
    run = trained(tmp_path / "run")
    before = files_in(run.path)
    other = {**CONFIG, "seed": 2, "optim": {"lr": 1e-4}, "init_weights": "x"}
    with pytest.raises(ValueError, match="another configuration's run") as caught:
        run.claim(other, "f00d")
    message = str(caught.value)
    assert "seed (there 1, now 2)" in message
    assert "optim.lr (there 1e-05, now 0.0001)" in message
    assert "init_weights (there absent, now 'x')" in message
    assert "n_epochs" not in message
    assert str(run.path) in message
    assert "\n" not in message
    assert files_in(run.path) == before


def test_other_data_are_refused_even_at_the_same_place(tmp_path: Path) -> None:
    run = trained(tmp_path / "run")
    with pytest.raises(ValueError, match=r"data_fingerprint \(there 'f00d', now 'beef'\)"):
        run.claim(CONFIG, "beef")


def test_only_five_of_many_differences_are_spelt_out(tmp_path: Path) -> None:
    def config(value: int) -> dict[str, Any]:
        return {"loss": {f"lam{n}": value for n in range(7)}, "seed": value}

    run = RunDirectory(tmp_path / "run")
    run.claim(config(0))
    with pytest.raises(ValueError, match="3 more") as caught:
        run.claim(config(1))
    assert str(caught.value).count("(there 0, now 1)") == 5
    assert "run: seed (there" in str(caught.value)  # the shortest names first


def test_a_folder_with_foreign_checkpoints_or_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run" / "checkpoints").mkdir(parents=True)
    (tmp_path / "run" / "checkpoints" / "epoch00005.ckpt").write_bytes(b"")
    with pytest.raises(ValueError, match=r"no config\.yaml"):
        RunDirectory(tmp_path / "run").claim(CONFIG)
    assert not (tmp_path / "run" / "config.yaml").exists()
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="is a file"):
        RunDirectory(tmp_path / "file").claim(CONFIG)


def test_a_folder_with_nothing_of_a_run_in_it_is_taken(tmp_path: Path) -> None:
    (tmp_path / "train.log").write_text("begun\n")
    assert RunDirectory(tmp_path).claim(CONFIG) == run_key(CONFIG)


@pytest.mark.parametrize("content", [b"seed: [1\n", b"- 1\n", b"\xff\xfe"])
def test_a_corrupt_config_is_one_line_that_names_the_file(tmp_path: Path, content: bytes) -> None:
    run = trained(tmp_path / "run")
    run.config_path.write_bytes(content)
    with pytest.raises(ValueError, match=r"config\.yaml") as caught:
        run.claim(CONFIG, "f00d")
    assert "\n" not in str(caught.value)


def test_checkpoints_go_by_number_and_other_files_do_not_count(tmp_path: Path) -> None:
    run = trained(tmp_path / "run", epochs=(10, 5, 100000, 99999))
    for name in (
        "epoch00200.partial",
        "epoch=300.ckpt",
        "last.ckpt",
        "epoch00400-v1.ckpt",
        "epoch00400.ckpt.tmp",
        ".epoch00500.ckpt",
    ):
        (run.checkpoints_path / name).write_bytes(b"")
    (run.checkpoints_path / "epoch7.ckpt").write_bytes(b"")
    assert [epoch for epoch, _ in run.checkpoints()] == [5, 7, 10, 99999, 100000]
    assert run.latest_checkpoint() == run.checkpoints_path / "epoch100000.ckpt"
    assert run.checkpoint_path(5).name == "epoch00005.ckpt"
    assert RunDirectory(tmp_path / "none").checkpoints() == []
    assert RunDirectory(tmp_path / "none").latest_checkpoint() is None


def test_status_is_kept_beside_the_key(tmp_path: Path) -> None:
    run = trained(tmp_path / "run")
    run.set_status("failed", epoch=7, message="disk full")
    assert read_json(run.state_path) == {
        "key": run_key(CONFIG, "f00d"),
        "data_fingerprint": "f00d",
        "status": "failed",
        "epoch": 7,
        "message": "disk full",
    }
    with pytest.raises(AssertionError):
        run.set_status("done")


@pytest.mark.parametrize(
    "inside", [".", "config.yaml", "checkpoints", "checkpoints/epoch00005.ckpt", ".hydra/config.yaml"]
)
def test_a_run_is_found_from_anything_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inside: str) -> None:
    run = trained(tmp_path / "outputs" / "run")
    (run.path / ".hydra").mkdir()
    (run.path / ".hydra" / "config.yaml").write_text("")
    assert find_run(run.path / inside).path.resolve() == run.path.resolve()
    monkeypatch.chdir(tmp_path)
    assert find_run(Path("outputs") / "run" / inside).path.resolve() == run.path.resolve()


def test_what_is_no_run_is_refused_with_what_it_lacks(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no such run"):
        find_run(tmp_path / "typo")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match=r"no config\.yaml and no checkpoints/epoch\*\.ckpt"):
        find_run(tmp_path / "empty")
    RunDirectory(tmp_path / "outputs" / "begun").claim(CONFIG)
    with pytest.raises(ValueError, match="begun is not a trained run: it has no checkpoints") as caught:
        find_run(tmp_path / "outputs" / "begun" / "config.yaml")
    assert "config.yaml" not in str(caught.value)
    trained(tmp_path / "outputs" / "done")
    with pytest.raises(ValueError, match=r"give one of the runs in it: .*outputs/done$"):
        find_run(tmp_path / "outputs")


def test_a_sweeps_folder_leads_to_the_run_that_was_selected(tmp_path: Path) -> None:
    run = trained(tmp_path / "outputs" / "run")
    sweep = tmp_path / "outputs" / "sweeps" / "question"
    sweep.mkdir(parents=True)
    with pytest.raises(ValueError, match="is not a trained run"):
        find_run(sweep)
    manifest = build_manifest(
        config=run.config(),
        key="k",
        data_fingerprint="f00d",
        seed=0,
        epoch=5,
        checkpoint="checkpoints/epoch00005.ckpt",
        vocalisations={},
        rendition={"tf_corr": None, "pairs": 0},
        analytic=None,
        provenance={"versions": {}, "git": None, "created_at": "then"},
    )
    swept = SweepManifest.of(manifest, run="../../run", sweep_name="question", overrides=())
    swept.write(sweep / "selected_model.json")
    assert find_run(sweep).path == find_run(sweep / "selected_model.json").path == run.path
