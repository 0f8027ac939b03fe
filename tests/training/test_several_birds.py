"""Birds that share a model, from folders to songs: who they are, what a new one changes, and how commands name them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
import torch
import yaml
from forks import Forks

TINY = ["debug=tiny", "logger=none", "trainer.accelerator=cpu", "data.sample_rate=22050"]
RATE = 22_050


def sing(root: Path, hz: float, songs: int = 4) -> Path:
    """A folder of a bird that sings two notes a song."""
    root.mkdir(parents=True)
    rng = np.random.default_rng(round(hz))
    for number in range(songs):
        samples = 1e-3 * rng.standard_normal(RATE * 7 // 10)
        lines = []
        for onset in (0.12, 0.42):
            t = np.arange(int(0.12 * RATE)) / RATE
            first = int(onset * RATE)
            samples[first : first + len(t)] += 0.3 * np.sin(2 * np.pi * hz * t) * np.sin(np.pi * t / t[-1]) ** 0.5
            lines.append(f"{first / RATE:.6f} {(first + len(t)) / RATE:.6f} a\n")
        sf.write(root / f"song{number}.wav", samples, RATE)
        (root / f"song{number}.txt").write_text("".join(lines))
    return root


def weights(run: Path) -> dict[str, torch.Tensor]:
    return torch.load(run / "checkpoints" / "epoch00002.ckpt", weights_only=True)["state_dict"]


@pytest.fixture(scope="module")
def cwd(forks: Forks, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two birds that were trained on together, in `run`, and a third one that was not."""
    folder = tmp_path_factory.mktemp("birds")
    for name, hz in (("B1", 900.0), ("B2", 1700.0), ("B3", 1200.0)):
        sing(folder / name, hz)
    done = forks.completed(
        folder, "train", *TINY, "data=folder", "data.root=[B1,B2]", "run_dir=run", "birds=embedding", "birds.size=3",
        "tract=fir", "encoder=frames", "encoder.d_model=8", "eval.splits=[]", "eval.max_audio=0",
        "callbacks.evaluation.eval_every=0",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder


def test_the_birds_of_the_folders_have_embeddings_that_learn(cwd: Path) -> None:
    config = yaml.safe_load((cwd / "run" / "config.yaml").read_text())
    assert config["birds"]["names"] == ["B1", "B2"]
    learned = weights(cwd / "run")
    assert learned["model.birds.maps.features.weight"].abs().max() > 1e-4
    assert sorted(name for name in learned if ".rows." in name) == ["model.birds.rows.of B1", "model.birds.rows.of B2"]


def test_a_new_bird_moves_its_own_embedding_alone(cwd: Path, forks: Forks) -> None:
    done = forks.completed(
        cwd, "train", *TINY, "experiment=adapt_embedding", "voice=run", "data.root=B3", "run_dir=new", "n_epochs=2",
        "horizon.max=256", "eval.test_count=1", "eval.max_audio=0", "sampler.max_segments=8", "loss=spectral_rollout",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    before, after = weights(cwd / "run"), weights(cwd / "new")
    own = "model.birds.rows.of B3"
    assert set(after) - set(before) == {own}
    assert after[own].abs().max() > 1e-3
    learned = [name for name in before if "analyser" not in name and not name.startswith("objective")]
    assert learned
    assert all(torch.equal(before[name], after[name]) for name in learned)
    assert yaml.safe_load((cwd / "new" / "config.yaml").read_text())["birds"]["names"] == ["B1", "B2", "B3"]
    assert "unheard   the voice as it is" in done.stdout


def test_evaluate_sings_every_clip_as_its_bird_or_as_the_one_that_is_asked_for(cwd: Path, forks: Forks) -> None:
    own, asked = (forks.completed(cwd, "evaluate", "run=run", *more) for more in (["split=test"], ["bird=unknown"]))
    assert own.returncode == asked.returncode == 0, own.stderr + asked.stderr
    assert "birds  " not in own.stdout
    assert "birds     all sung as an unknown bird" in asked.stdout
    files = "selected_model.json", "evaluations/epoch00002-test-as-unknown.json"
    scores = [json.loads((cwd / "run" / one).read_text())["scores"]["test"]["raw"]["tf_corr"] for one in files]
    assert scores[0] != scores[1]
    wrong = forks.completed(cwd, "evaluate", "run=run", "bird=B3")
    assert wrong.returncode != 0
    assert "bird is 'B3': the model knows B1, B2; use one of them, or unknown" in wrong.stderr


def test_synthesize_knows_whose_song_it_is(cwd: Path, forks: Forks) -> None:
    sounds = []
    for arguments, said in (
        (["run=run", "song=B2/song0.wav"], "bird      B2\n"),
        (["run=run", "song=B2/song0.wav", "bird=B1"], ""),
        (["voice=run", "song=B3/song0.wav"], "bird      not one of the model's (B1, B2), sung as an unknown one"),
    ):
        done = forks.completed(cwd, "synthesize", *arguments, "picture=none", "drives_out=none", "out=sung.wav")
        assert done.returncode == 0, done.stderr
        assert said in done.stdout
        sounds.append(sf.read(cwd / "sung.wav")[0])
    assert np.abs(sounds[0] - sounds[1]).max() > 0


def test_what_cannot_be_conditioned_is_refused_in_a_line(cwd: Path, forks: Forks) -> None:
    for arguments, said in (
        (
            ["experiment=adapt_embedding", "data.root=B3"],
            "any_bird has embeddings of no bird: give voice=RUN of a training",
        ),
        (
            ["data=folder", "data.root=B3", "optim.learn=embedding"],
            "this model has none: use a voice with birds=embedding",
        ),
    ):
        done = forks.completed(cwd, "train", *TINY[:-1], *arguments)
        assert done.returncode != 0
        assert said in done.stderr
