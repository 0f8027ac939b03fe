"""Pitches that are known to be off, and what brings them home."""

from __future__ import annotations

import csv

import pytest
import torch
from hydra import compose, initialize_config_dir

from syrinx_lab.cli import config_directory
from syrinx_lab.gradients.__main__ import gradients
from syrinx_lab.gradients.convergence import Recovery, recoveries, shares, within
from syrinx_lab.gradients.method import Descent, Search
from syrinx_lab.gradients.mistuned import MistunedClips, simulated
from syrinx_lab.gradients.shooting import Shooting, segments
from syrinx_lab.losses.acceleration_error import AccelerationError
from syrinx_lab.losses.cycle_frequency import CycleFrequency, cycle_frequency
from syrinx_lab.losses.mrstft import MultiResolutionStft
from syrinx_lab.losses.transport import SpectralTransport
from syrinx_lab.ode.polynomial import Polynomial
from syrinx_lab.ode.syrinx.oscillator import Syrinx

CYCLE = CycleFrequency(pitch_range_hz=(250.0, 9000.0))


@pytest.fixture(scope="module")
def clips() -> MistunedClips:
    return simulated(
        Syrinx(sample_rate=44100), 2, 1024, 32, (900.0, 3000.0), 0.2, None, torch.Generator().manual_seed(0)
    )


def test_clips_are_sung_at_their_pitch_and_off_it_by_as_much_as_is_asked(clips: MistunedClips) -> None:
    for cents in (0.0, -500.0):
        trajectory = clips.sing(torch.full((2,), cents)).trajectory
        assert trajectory is not None
        found = cycle_frequency(trajectory, 512, 128, 44100).mean(1)
        torch.testing.assert_close(found, clips.pitch_hz * 2 ** (cents / 1200), rtol=0.02, atol=0)
    right = clips.sing(torch.zeros(2))
    torch.testing.assert_close(right.output, right.target)


def test_noise_of_the_asked_level() -> None:
    settings = (Syrinx(sample_rate=44100), 1, 1024, 32, (900.0, 3000.0), 0.0)
    clean, noisy = (simulated(*settings, snr, torch.Generator().manual_seed(0)).target for snr in (None, 20.0))
    ratio = clean.square().mean() / (noisy - clean).square().mean()
    assert 10 * ratio.log10().item() == pytest.approx(20, abs=0.7)


@pytest.mark.parametrize("cents", [-1100.0, 900.0])
def test_counting_turns_comes_home_from_where_spectra_do_not(clips: MistunedClips, cents: float) -> None:
    start, generator = torch.full((2,), cents), torch.Generator().manual_seed(0)
    assert Descent([CYCLE], rate=30.0).recover(clips, start, generator).abs().max() < 50
    assert Descent([MultiResolutionStft()]).recover(clips, start, generator).abs().min() > 50


def test_transport_comes_home_from_a_third(clips: MistunedClips) -> None:
    left = Descent([SpectralTransport()]).recover(clips, torch.tensor([300.0, 300.0]), torch.Generator())
    assert left.abs().max() < 50


def test_the_search_finds_what_the_descent_does_not(clips: MistunedClips) -> None:
    start = torch.full((2,), 700.0)
    left = Search([MultiResolutionStft()], steps=30).recover(clips, start, torch.Generator().manual_seed(0))
    assert left.abs().min() < 50


def test_shooting_comes_home_and_its_segments_join(clips: MistunedClips) -> None:
    with torch.no_grad():
        right = clips.sing(torch.zeros(2))
        assert right.trajectory is not None
        assert right.output is not None
        states = torch.stack((right.trajectory.x, right.trajectory.v), -1)
        sound, ends = segments(clips, torch.zeros(2), states[:, : 31 * 32 : 32], 32)
    torch.testing.assert_close(sound.flatten(1), right.output[:, : 31 * 32], rtol=1e-3, atol=1e-5)
    torch.testing.assert_close(ends, states[:, 32 : 31 * 32 + 1 : 32], rtol=1e-3, atol=1e-4)
    left = Shooting(steps=60).recover(clips, torch.tensor([200.0, -200.0]), torch.Generator())
    assert left.abs().max() < 50
    for settings, said in (({"periods": 0.0}, "periods is 0.0"), ({"penalty": -1.0}, "penalty is -1.0")):
        with pytest.raises(ValueError, match=said):
            Shooting(**settings)


def test_starts_of_every_clip_and_their_shares(clips: MistunedClips) -> None:
    class Nothing(Descent):
        def recover(self, clips: MistunedClips, cents: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
            assert len(clips.target) == 6
            return torch.where(clips.pitch_hz > 2000, 0.0, cents)

    rows = recoveries("none", Nothing([CYCLE]), clips, [-400.0, 20.0, 400.0], torch.Generator())
    assert shares(rows) == {"none": {-400.0: 0.5, 20.0: 1.0, 400.0: 0.5}}
    assert within(rows, 100) == {"none": 1.0}
    assert Recovery("x", 0, 1.0, 0.0, 50.0).home is False


def test_what_cannot_be_tried_is_refused() -> None:
    with pytest.raises(ValueError, match="does not judge a rollout"):
        Descent([AccelerationError()])
    with pytest.raises(ValueError, match="losses is empty"):
        Descent([])
    with pytest.raises(ValueError, match="not read off a recording"):
        simulated(Polynomial(sample_rate=44100, degree=3), 1, 64, 32, (900.0, 3000.0), 0.0, None, torch.Generator())


def test_the_command_writes_table_and_figure(tmp_path, capsys) -> None:
    with initialize_config_dir(str(config_directory()), version_base=None):
        overrides = ["count=1", "length=512", "starts_cents=[-300]", "methods.cycle.steps=2", f"out={tmp_path / 'g'}"]
        names = (
            "stft",
            "stft_damped",
            "stft_search",
            "transport_2",
            "transport_then_stft",
            "cycle_then_stft",
            "shooting",
        )
        cfg = compose(
            "gradients", [*overrides, *(f"methods.{name}=null" for name in names), "methods.transport.steps=1"]
        )
        gradients(cfg)
        rows = list(csv.DictReader((tmp_path / "g" / "gradients.csv").open()))
        assert [row["method"] for row in rows] == ["transport", "cycle"]
        assert (tmp_path / "g" / "gradients.png").stat().st_size > 5_000
        assert "cycle" in capsys.readouterr().out
        with pytest.raises(ValueError, match="there is no chirp: use some of stft, transport"):
            gradients(compose("gradients", ["methods.stft.losses=[chirp]", f"out={tmp_path / 'g'}"]))
