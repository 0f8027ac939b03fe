"""Simulated songs as recordings, and the windows of an epoch: new in every epoch, the same for every worker."""

import numpy as np
import pytest
import torch

from syrinx_lab.data.corpus_settings import CorpusSettings
from syrinx_lab.data.sampler import EdgeBiasedSampler
from syrinx_lab.simulation.recordings import SimulatedRecordings
from syrinx_lab.training.datamodule import SongDataModule
from syrinx_lab.training.inspection import inspect_data

RATE = 22_050


def simulated(**changes):
    return SimulatedRecordings(sample_rate=RATE, songs=6, held_out=3, seconds=0.8, **changes)


def datamodule(**changes):
    return SongDataModule(
        root=[],
        sampler=EdgeBiasedSampler(max_segments=12),
        seed=3,
        reading=CorpusSettings(sample_rate=RATE, highpass_hz=300.0),
        batch_size=4,
        simulated=simulated(),
        **changes,
    )


class Now:
    """Stands for the trainer: what the loader asks it."""

    def __init__(self, epoch):
        self.current_epoch = epoch
        self.strategy = type("Strategy", (), {"root_device": torch.device("cpu")})


def windows(data, epoch):
    data.trainer = Now(epoch)
    return torch.cat([batch.x for batch in data.train_dataloader()])


@pytest.fixture(scope="module")
def data():
    found = datamodule()
    found.prepare(512)
    return found


def test_recordings_are_at_the_level_and_behind_the_high_pass_of_folders():
    reading = CorpusSettings(sample_rate=RATE, highpass_hz=300.0)
    for recording in simulated().train(0, reading).values():
        loudest = max(abs(recording.samples[s.onset : s.offset]).max() for s in recording.syllables)
        assert loudest == pytest.approx(0.4, rel=1e-5)
        power = abs(np.fft.rfft(recording.samples * np.hanning(len(recording.samples)))) ** 2
        hz = np.fft.rfftfreq(len(recording.samples), 1 / RATE)
        assert power[hz < 60].sum() < 1e-4 * power.sum()


def test_val_and_test_stay_and_share_no_bird_with_training(data):
    again = datamodule()
    again.prepare(512)
    assert again.fingerprint() == data.fingerprint()
    assert len(data.splits.val) == len(data.splits.test) == 3
    assert all(name.startswith("aviary/val/") for name in data.splits.val)
    clips = data.clips("val")
    assert {clip.vocalisation.label for clip in clips} <= {"rich", "whistle"}
    other = SimulatedRecordings(sample_rate=RATE, songs=6, held_out=3, seconds=0.8, seed=1)
    mine = [r.audio_hash for r in simulated().held_out("val", data.reading).values()]
    assert not set(mine) & {r.audio_hash for r in other.held_out("val", data.reading).values()}


def test_every_epoch_has_new_windows_which_depend_on_seed_and_epoch_alone(data):
    first, second = windows(data, 0), windows(data, 1)
    assert first.shape == second.shape == (12, round(0.05 * RATE))
    assert not torch.allclose(first, second, atol=1e-2)
    assert torch.equal(second, windows(data, 1))
    assert torch.equal(first, windows(data, 0))


def test_an_inspection_lists_what_is_made():
    found = inspect_data(datamodule(), 512)
    assert len(found.corpus.recordings) == 12
    assert not found.problems
    assert any("windows an epoch" in line for line in found.training)


def test_workers_cut_the_same_windows(data):
    alone = windows(data, 2)
    data.num_workers = 2
    try:
        assert torch.equal(alone, windows(data, 2))
    finally:
        data.num_workers = 0


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"songs": 0}, "songs"), ({"seconds": 0.1}, "seconds"), ({"pitch_hz": [50.0, 900.0]}, "data.simulated.pitch_hz")],
)
def test_what_is_out_of_range_is_refused(changes, said):
    with pytest.raises(ValueError, match=said):
        SimulatedRecordings(**{"sample_rate": RATE, **changes})
