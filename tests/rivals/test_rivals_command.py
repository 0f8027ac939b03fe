"""`python -m syrinx_lab.rivals` from a folder of song to a page."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest
from forks import Forks
from hydra import compose, initialize_config_dir

from syrinx_lab.cli import check, config_directory
from syrinx_lab.evaluation.clips import Clip, Samples
from syrinx_lab.rivals.__main__ import rivals
from syrinx_lab.rivals.rival import Rival

ALL = ("world", "world_coded", "mel_griffin_lim", "random_phase", "noise_vocoder", "harmonic_noise", "prior")


class Echo(Rival):
    """A rival from outside the lab."""

    about = "the recording itself, softer"

    def __init__(self, *, sample_rate: int, gain: float) -> None:
        super().__init__(sample_rate=sample_rate)
        self.gain = gain

    def resynthesise(self, clip: Clip, seed: int) -> Samples:
        return self.gain * clip.x

    @property
    def numbers_per_second(self) -> float:
        return float(self.sample_rate)


def made(song: Path, out: Path, *overrides: str, but: tuple[str, ...] = ()) -> None:
    given = ["data=folder", f"data.root={song}", f"paths.outputs={out}", "eval.test_count=2", "eval.val_count=2"]
    given += [f"rivals.{name}=null" for name in ALL if name not in but]
    with initialize_config_dir(version_base="1.3", config_dir=str(config_directory())):
        cfg = compose("rivals", overrides=[*given, "eval.renditions_per_clip=1", *overrides])
    check(cfg, "rivals")
    rivals(cfg)


def test_from_a_folder_of_song_to_a_page(tiny_song: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outside = [f"+rivals.echo._target_={Echo.__module__}.Echo", "+rivals.echo.gain=0.5"]
    outside.append("+rivals.echo.sample_rate=${data.sample_rate}")
    made(tiny_song, tmp_path, *outside, "eval.max_audio=1", but=("random_phase", "prior"))
    (folder,) = (tmp_path / "rivals").iterdir()
    assert folder.name == f"{tiny_song.name}-test"
    files = {f"rivals.{kind}" for kind in ("json", "csv", "md", "html")}
    assert {path.name for path in folder.iterdir()} == files | {"audio"}
    stored = json.loads((folder / "rivals.json").read_text())
    assert next(iter(stored["rivals"])) == "echo", "the best first"
    assert stored["rivals"]["echo"]["raw"]["amp_pen"] == pytest.approx(0.693, abs=1e-3)
    assert stored["rivals"]["prior"]["raw"]["ignition_rate"] == 1.0
    assert stored["rendition"]["pairs"] == 2
    assert len(list((folder / "audio").iterdir())) == 1 * 4
    said = capsys.readouterr().out
    assert said.splitlines()[-1] == f"look at   {folder / 'rivals.html'}"
    assert "numbers a second" in said


def test_without_pyworld_the_others_go_on(
    tiny_song: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyworld", None)
    made(tiny_song, tmp_path, f"out={tmp_path / 'here'}", "eval.max_audio=0", but=("world", "random_phase"))
    note = "note: world is left out. WORLD needs the extra: pip install 'syrinx-lab[rivals]'"
    assert note in capsys.readouterr().out.splitlines()
    stored = json.loads((tmp_path / "here" / "rivals.json").read_text())
    assert list(stored["rivals"]) == ["random_phase"]
    assert stored["left_out"] == {"world": "WORLD needs the extra: pip install 'syrinx-lab[rivals]'"}


@pytest.mark.parametrize(
    ("overrides", "but", "said"),
    [
        ([], (), "nobody is left to compare: leave fewer rivals out, or give run=RUN"),
        (["run=nowhere"], (), "nowhere: no such run; give the folder that training named"),
        (["rivals.random_phase.hop=400"], ("random_phase",), r"rivals\.random_phase\.hop is 400: use 1 to 256 "),
        (
            ["rivals.noise_vocoder.bands=1"],
            ("noise_vocoder",),
            r"rivals\.noise_vocoder\.bands is 1: use a ",
        ),
        (["abx.theirs=bird"], ("random_phase", "noise_vocoder"), r"abx\.theirs is 'bird': use one of "),
    ],
)
def test_bad_input_is_one_line(
    tiny_song: Path, tmp_path: Path, overrides: list[str], but: tuple[str, ...], said: str
) -> None:
    with pytest.raises(ValueError, match=said) as raised:
        made(tiny_song, tmp_path, *overrides, but=but)
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "rivals").exists(), "nothing is written before all is known to be right"


@pytest.fixture(scope="module")
def trained(forks: Forks, tiny_song: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a song and a toy's run."""
    cwd = tmp_path_factory.mktemp("trained")
    shutil.copytree(tiny_song, cwd / "song")
    done = forks.completed(
        cwd, "train", *TINY, "run_dir=outputs/mine", "loss=mse_accel", "n_epochs=1", "sampler.max_segments=4"
    )
    assert done.returncode == 0, done.stderr
    return cwd


TINY = ("debug=tiny", "data=folder", "data.root=song", "logger=none", "trainer.accelerator=cpu", "eval.max_audio=0")
ALONE = ("run=outputs/mine", *(f"rivals.{name}=null" for name in ALL if name != "random_phase"))


def test_a_run_scores_what_its_own_evaluation_says(forks: Forks, trained: Path) -> None:
    done = forks.completed(trained, "rivals.__main__", *TINY, *ALONE)
    assert (done.returncode, done.stderr) == (0, "")
    stored = json.loads((trained / "outputs" / "rivals" / "song-test" / "rivals.json").read_text())
    manifest = json.loads((trained / "outputs" / "mine" / "selected_model.json").read_text())
    mine = stored["rivals"]["mine"]
    assert mine["kind"] == "run"
    own = manifest["scores"]["test"]["raw"]
    for name in ("tf_corr", "autonomy", "env_corr", "amp_pen"):
        assert mine["raw"][name] == pytest.approx(own[name], abs=1e-5), name
    # degree 3 has 14 weights that may move, beside omega and gamma, at every sample
    assert 0 < mine["numbers_per_second"] <= 20 * 44100


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (("data.split_seed=5",), "outputs/mine has song"),
        (("data.highpass_hz=300",), "outputs/mine reads its recordings otherwise: add data.highpass_hz=null, so that"),
        (("run=[outputs/mine,outputs/mine]",), "run: two that take part are called mine; rename a folder"),
    ],
)
def test_a_run_that_may_not_take_part(forks: Forks, trained: Path, overrides: tuple[str, ...], said: str) -> None:
    done = forks.completed(trained, "rivals.__main__", *TINY, *ALONE, "out=other", *overrides)
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {said}")
    assert len(done.stderr.splitlines()) == 1
    assert not (trained / "other").exists()
