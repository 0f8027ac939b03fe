"""From a voice to one bird's own, in one command and without annotation; and what cannot be had of a voice."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from forks import Forks
from hydra import compose, initialize_config_dir

from syrinx_lab import from_voice
from syrinx_lab.cli import config_directory
from syrinx_lab.trial import check_parts
from syrinx_lab.voice_assembly import build_model

RATE = 44_100


def toy_bird(path: Path) -> None:
    """Harmonic syllables of 0.12 s at 700 to 1,100 Hz, every 0.2 s, for 6 s."""
    path.parent.mkdir()
    t = np.arange(6 * RATE) / RATE
    phase = 2 * np.pi * np.cumsum(700 + 400 * (t / 0.2 % 1)) / RATE
    x = sum(np.sin(k * phase) / k for k in (1, 2, 3)) * np.sin(np.pi * np.clip(t % 0.2 - 0.05, 0, 0.12) / 0.12)
    soundfile.write(path, 0.1 * x + 1e-4 * np.random.default_rng(0).standard_normal(len(t)), RATE)


def test_adapting_to_a_toy_bird_improves_on_the_voice(forks: Forks, tmp_path: Path) -> None:
    toy_bird(tmp_path / "songs" / "day.wav")
    small = ["n_epochs=3", "sampler.max_segments=64", "eval.test_count=2", "eval.max_audio=0"]
    done = forks.completed(tmp_path, "train", "experiment=adapt", "data.root=songs", *small, "run_dir=run")
    assert done.returncode == 0, done.stderr
    assert "30 syllables found in 6 s of 1 files, not annotated" in done.stdout
    found = json.loads((tmp_path / "run" / "adapted" / "rivals.json").read_text())
    before, after = (found["rivals"][name]["raw"]["tf_corr"] for name in ("unheard", "adapted"))
    assert before > 0.95, "a song of a few partials is easily sung unheard"
    assert 1 - after < 0.75 * (1 - before)


def test_a_voice_hears_at_its_own_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    typed = ["data.root=songs", "data.sample_rate=22050"]
    monkeypatch.setattr(from_voice, "_typed", lambda: typed)
    with initialize_config_dir(version_base="1.3", config_dir=str(config_directory())):
        cfg = compose("config", overrides=["experiment=adapt", *typed])
    with pytest.raises(ValueError, match=r"^data\.sample_rate is 22050: voice=any_bird hears songs at 44100 Hz"):
        from_voice.of_voice(cfg)


def test_a_voice_can_be_trained_at_another_rate() -> None:
    with initialize_config_dir(version_base="1.3", config_dir=str(config_directory())):
        cfg = compose("config", overrides=["experiment=voice", "data.sample_rate=22050"])
    model = build_model(cfg)
    check_parts(model)
    assert model.sample_rate == 22_050
