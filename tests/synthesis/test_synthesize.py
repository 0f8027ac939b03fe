"""`python -m syrinx_lab.synthesize` on a tiny trained run: from the recording to wav, table and picture, and back."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile as sf
from hydra import compose, initialize_config_dir

from syrinx_lab.cli import config_directory
from syrinx_lab.rate import rate
from syrinx_lab.synthesize import synthesize

RATE = 44100
TRAIN = [
    *("experiment=zebra_finch", "debug=tiny", "logger=none", "trainer.accelerator=cpu", "n_epochs=1"),
    *("sampler.max_segments=8", "eval.splits=[]", "eval.val_count=1", "encoder.d_model=8", "tract.filters=4"),
    *("oscillator=syrinx", "oscillator.knots_per_second=null", "tract=fir_mixture", "noise=filtered"),
]


@pytest.fixture(scope="module")
def run(tiny_song: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    cwd = tmp_path_factory.mktemp("voice")
    command = [sys.executable, "-m", "syrinx_lab.train", *TRAIN, f"data.root={tiny_song}", "run_dir=run"]
    environment = {k: v for k, v in os.environ.items() if k != "SYRINX_TRACEBACK"}
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, env=environment, timeout=300)
    assert done.returncode == 0, done.stderr
    return cwd / "run"


def command(*overrides: str) -> None:
    with initialize_config_dir(version_base="1.3", config_dir=str(config_directory())):
        cfg = compose("synthesize", overrides=list(overrides))
    synthesize(cfg)


def heard(path: Path) -> np.ndarray:
    assert sf.info(path).subtype == "FLOAT"
    sound, rate = sf.read(path, dtype="float32")
    assert rate == RATE
    return sound


def test_a_song_becomes_sound_table_and_picture(run: Path, tiny_song: Path, tmp_path: Path, capsys) -> None:
    recording = heard(tiny_song / "song0.wav")
    command(f"run={run}", f"song={tiny_song / 'song0.wav'}")
    printed = capsys.readouterr().out
    sound = heard(run / "synthesis" / "song0.wav")
    assert len(sound) == len(recording)
    assert 0.1 < sound.std() / recording.std() < 3, "at the loudness of the recording, not of training"
    assert (run / "synthesis" / "song0.png").stat().st_size > 5000
    assert [line.split()[0] for line in printed.splitlines()] == [
        *("duration", "rms", "tf_corr", "speed", "sound", "drives", "look")
    ]
    # its syllables reach 0.3, and training brings them to 0.4
    table = pd.read_csv(run / "synthesis" / "song0.csv")
    peak = np.abs(recording[int(0.1 * RATE) :]).max()
    assert table["level"].to_numpy() == pytest.approx(peak / 0.4, rel=0.02)

    # the table alone gives the same sound
    copied = tmp_path / "drives.csv"
    shutil.copy(run / "synthesis" / "song0.csv", copied)
    out = tmp_path / "again.wav"
    command(f"run={run}", f"drives_in={copied}", f"out={out}", "drives_out=none", "picture=none", "chunk_s=0.1")
    assert np.abs(heard(out) - sound).max() < 1e-6
    assert sorted(file.name for file in tmp_path.iterdir()) == ["again.wav", "drives.csv"]

    # and an edit in a spreadsheet is heard where it was made
    quiet = table.assign(gain=table["gain"].where(table["time_s"] > 0.5, 0.0))
    quiet.to_csv(copied, index=False)
    command(f"run={run}", f"drives_in={copied}", f"out={out}", "drives_out=none", "picture=none")
    edited = heard(out)
    assert np.abs(edited[int(0.6 * RATE) :] - sound[int(0.6 * RATE) :]).max() < 1e-5
    early = slice(0, int(0.45 * RATE))
    assert edited[early].std() < 0.7 * sound[early].std()


def test_refined_controls_bring_the_sound_closer(run: Path, tiny_song: Path, tmp_path: Path, capsys) -> None:
    """Other controls of tract and noise, and slightly another pitch, gain and envelope: a closer spectrum."""
    song = f"song={tiny_song / 'song1.wav'}"
    likeness = []
    for steps in (0, 40):
        files = [f"out={tmp_path / f'{steps}.wav'}", f"drives_out={tmp_path / f'{steps}.csv'}", "picture=none"]
        command(f"run={run}", song, f"refine={steps}", *files)
        lines = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
        likeness.append(float(lines["tf_corr"].split()[0]))
    assert likeness[1] > likeness[0] + 0.02
    plain, refined = (pd.read_csv(tmp_path / f"{steps}.csv") for steps in (0, 40))
    moved = [name for name in plain if not np.array_equal(plain[name], refined[name])]
    assert {name.rstrip("_0123456789") for name in moved} == {"tract", "noise", "gain", "pitch_hz", "envelope"}
    with pytest.raises(ValueError, match=r"^refine is 9, and there is no song to refine for"):
        command(f"run={run}", f"drives_in={tmp_path / '0.csv'}", "refine=9")


def test_edits_name_their_files_and_change_the_length(run: Path, tiny_song: Path, capsys) -> None:
    command(f"run={run}", f"song={tiny_song / 'song1.wav'}", "edit.tempo=0.8", "edit.loudness=2", "drives_out=none")
    sound = heard(run / "synthesis" / "song1-tempo0.8-loudness2.wav")
    assert len(sound) == round(1.2 * RATE / 0.8)
    printed = capsys.readouterr().out
    assert "tf_corr" not in printed
    assert "duration  1.500 s, the recording 1.200 s" in printed


def test_a_stereo_recording_at_another_rate_is_read_as_training_would(
    run: Path, tiny_song: Path, tmp_path: Path, capsys
) -> None:
    mono, _ = sf.read(tiny_song / "song2.wav")
    sf.write(tmp_path / "stereo.wav", np.stack([mono[::2], 0 * mono[::2]], 1), RATE // 2)
    command(f"run={run}", f"song={tmp_path / 'stereo.wav'}", f"out={tmp_path / 'out.wav'}", "picture=none")
    assert len(heard(tmp_path / "out.wav")) == len(mono)
    assert "note: no annotated syllable" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["song=gone.wav"], r"gone\.wav: there is no such file"),
        ([], "there is nothing to sing"),
        (["song=SONG", "run=gone"], "gone: no such run"),
        (["song=SONG", "edit.pitch=0"], r"edit\.pitch is 0"),
        (["song=SONG", "chunk_s=0"], "chunk_s is 0"),
        (["song=SONG", "out=SONG"], "would be written over"),
        (["song=SONG", "out=x.flac"], r"out is x\.flac: it is written as \.wav, so end its name like that"),
        (["song=SONG", "picture=x.doc"], r"picture is x\.doc: it is written as \.png or \.pdf or \.svg"),
        (["drives_in=SONG"], "not a CSV file of drives|no column"),
        (["song=SONG", "checkpoint.file=gone.ckpt"], r"gone\.ckpt: no such checkpoint"),
    ],
)
def test_what_cannot_be_done_is_refused_in_a_line(
    run: Path, tiny_song: Path, overrides: list[str], message: str
) -> None:
    given = [text.replace("SONG", str(tiny_song / "song0.wav")) for text in overrides]
    with pytest.raises(ValueError, match=message) as caught:
        command(*([] if "run=gone" in given else [f"run={run}"]), *given)
    assert "\n" not in str(caught.value)


def test_a_run_without_a_checkpoint_is_refused(run: Path, tiny_song: Path, tmp_path: Path) -> None:
    shutil.copy(run / "config.yaml", tmp_path)
    with pytest.raises(ValueError, match=r"no checkpoints/epoch\*\.ckpt"):
        command(f"run={tmp_path}", f"song={tiny_song / 'song0.wav'}")


def test_fidelity_over_rate_of_a_run(run: Path, capsys) -> None:
    with initialize_config_dir(version_base="1.3", config_dir=str(config_directory())):
        few = ["clips=1", "scale_clips=1", "factors=[1,4]", "shares=[1.0]"]
        rate(compose("rate", overrides=[f"run={run}", *few]))
    stored = json.loads((run / "rate" / "rate.json").read_text())
    whole, slow, refined = (point["numbers_per_second"] for point in stored["points"])
    assert whole == pytest.approx(4 * slow)
    assert refined >= whole
    assert [point["refined"] for point in stored["points"]] == [False, False, True]
    assert set(stored["points"][0]["channels"]) == set(stored["importance"])
    assert (run / "rate" / "rate.png").stat().st_size > 5000
    assert f"look at   {run / 'rate' / 'rate.png'}" in capsys.readouterr().out
