"""Voices: packed bit for bit, checked, found by name, and never written to."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import yaml

from syrinx_lab.evaluation.weights import model_state
from syrinx_lab.runs.directory import RunDirectory, find_run
from syrinx_lab.voices import finding
from syrinx_lab.voices.finding import model_folder, own_copy, voice_folder
from syrinx_lab.voices.packing import pack_voice
from syrinx_lab.voices.record import check_voice, is_voice

ABOUT = {"about": "two numbers", "command": "by hand", "data": "none", "licence": "MIT"}
CONFIG = {
    "seed": 7,
    "run_dir": "/home/somebody/run",
    "init_from": "/home/somebody/other",
    "paths": {"outputs": "/home/somebody/outputs", "registry": "/home/somebody/r.sqlite"},
    "data": {"root": ["/home/somebody/songs"], "annotation_root": None, "synthetic": {"seed": 0}},
    "checkpoint": {"rule": "best", "metric": "tf_corr"},
}


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    run = RunDirectory(tmp_path / "run")
    run.checkpoints_path.mkdir(parents=True)
    run.config_path.write_text(yaml.safe_dump(CONFIG))
    run.state_path.write_text('{"key": "abc", "data_fingerprint": "def", "status": "finished"}')
    weights = {"model.a": torch.tensor([1 / 3, -0.0]), "model.b": torch.arange(6.0)[::2]}
    optimiser = {"optimizer_states": [{"exp_avg": torch.randn(20_000)}], "epoch": 3, "global_step": 40}
    torch.save({"state_dict": weights, **optimiser}, run.checkpoint_path(4))
    return run


@pytest.fixture
def voice(run: RunDirectory, tmp_path: Path) -> Path:
    pack_voice(run, run.checkpoint_path(4), tmp_path / "finch", epoch=4, **ABOUT)
    return tmp_path / "finch"


def test_a_voice_has_the_weights_of_its_run_bit_for_bit_and_nothing_of_the_machine(
    run: RunDirectory, voice: Path
) -> None:
    before, after = model_state(run.checkpoint_path(4)), model_state(find_run(voice).checkpoint_path(4))
    assert {name: value.numpy().tobytes() for name, value in before.items()} == {
        name: value.numpy().tobytes() for name, value in after.items()
    }
    files = [path for path in voice.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 20_000, "without the optimiser"
    assert not any(b"somebody" in path.read_bytes() for path in files)
    config = find_run(voice).config()
    assert config["checkpoint"]["rule"] == "last"
    assert config["data"] == {"root": "SONGS", "annotation_root": None}
    record = check_voice(voice)
    assert (record.name, record.seed, record.data) == ("finch", 7, "none")
    assert set(record.sha256) == {"config.yaml", "state.json", "checkpoints/epoch00004.ckpt"}


def test_a_damaged_file_is_refused_and_so_is_one_that_is_gone(voice: Path) -> None:
    path = find_run(voice).checkpoint_path(4)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(
        ValueError, match=r"epoch00004\.ckpt: damaged: its checksum is not the one in voice\.json; pack"
    ):
        check_voice(voice)
    path.unlink()
    with pytest.raises(ValueError, match=r"epoch00004\.ckpt: this file of the voice is gone"):
        check_voice(voice)


def test_a_folder_that_is_there_and_a_voice_too_large_are_refused(
    run: RunDirectory, voice: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ValueError, match=r"finch is there already: remove it, or give out=OTHER"):
        pack_voice(run, run.checkpoint_path(4), voice, epoch=4, **ABOUT)
    monkeypatch.setattr("syrinx_lab.voices.packing.MOST_BYTES", 100)
    with pytest.raises(ValueError, match=r"the voice takes \d+ bytes, more than 100"):
        pack_voice(run, run.checkpoint_path(4), tmp_path / "big", epoch=4, **ABOUT)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["finch", "run"]


def test_a_voice_is_found_by_name_or_folder_from_anywhere(
    voice: Path, run: RunDirectory, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(finding, "SHIPPED", voice.parent)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert voice_folder("finch") == voice
    assert voice_folder(run.path / "config.yaml") == run.path
    with pytest.raises(
        ValueError, match=r"^voice is 'crow': there is no such voice and no such run; shipped are: finch$"
    ):
        voice_folder("crow")
    assert model_folder(None, None, "finch") == (voice, True)
    assert model_folder("outputs/RUN", None, "finch") == (Path("outputs/RUN"), False)
    with pytest.raises(ValueError, match=r"^run and voice are both given"):
        model_folder("a", "finch")
    with pytest.raises(
        ValueError, match=r"^run is not set: give it on the command line, as run=outputs/RUN, or voice="
    ):
        model_folder(None, None)


def test_results_of_a_shipped_voice_go_to_a_copy_that_is_made_once(
    voice: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert own_copy(voice, tmp_path / "outputs") == voice, "one's own folder can be written to"
    monkeypatch.setattr(finding, "SHIPPED", voice.parent)
    copy = own_copy(voice, tmp_path / "outputs")
    assert copy.parent == tmp_path / "outputs" / "voices"
    assert copy.name.startswith("finch-")
    check_voice(copy)
    (copy / "evaluations").mkdir()
    assert own_copy(voice, tmp_path / "outputs") == copy
    assert (copy / "evaluations").is_dir()
    assert not (voice / "evaluations").exists()


def test_the_shipped_voices_are_what_was_packed_small_and_of_known_origin() -> None:
    for name in finding.shipped_voices():
        folder = voice_folder(name)
        record = check_voice(folder)
        assert record.name == name
        assert record.command.startswith("python -m syrinx_lab.train ")
        assert record.data
        assert record.licence
        assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) <= 2_000_000
        assert is_voice(find_run(folder).path)
