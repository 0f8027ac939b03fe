"""Long recordings: what is known of them is found in pieces, with the numbers of the whole and without copies of it."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile

from syrinx_lab.data.annotation_records import Annotation
from syrinx_lab.data.audio import large_offset, read_audio
from syrinx_lab.data.blocks import BLOCK, blocks
from syrinx_lab.data.contrast import contrast_db
from syrinx_lab.data.corpus_settings import CorpusSettings
from syrinx_lab.data.layout import AudioFile
from syrinx_lab.data.reading import read_recording
from syrinx_lab.data.sample_cache import SampleCache
from syrinx_lab.data.source import Source

RATE, SECONDS = 8_000, 400  # 12 pieces and a rest


@pytest.fixture(scope="module")
def long_wav(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("long") / "x.wav"
    noise = 0.1 * np.random.default_rng(0).standard_normal(RATE * SECONDS)
    noise[(np.arange(len(noise)) % RATE) < RATE // 2] *= 0.1
    soundfile.write(path, noise, RATE, subtype="FLOAT")
    return path


def test_pieces_give_what_the_whole_gives(long_wav: Path) -> None:
    samples = read_audio(long_wav, sample_rate=RATE).samples
    assert [len(block) for block in blocks(samples)] == [BLOCK] * 12 + [len(samples) - 12 * BLOCK]
    inside = (np.arange(len(samples)) % RATE) >= RATE // 2
    power = samples.astype(np.float64) ** 2
    whole = 10 * np.log10(power[inside].mean() / power[~inside].mean())
    assert contrast_db(samples, inside) == pytest.approx(whole, abs=1e-9)
    deviation = float(samples.std(dtype=np.float64))
    for share in (0.99, 1.01):  # of the deviation
        moved = samples - np.float32(samples.mean()) + np.float32(share * deviation)
        assert (large_offset(moved) > 0) == (share > 1)


def test_what_is_no_number_is_named_in_any_piece(long_wav: Path, tmp_path: Path) -> None:
    samples, rate = soundfile.read(long_wav, dtype="float32")
    samples[BLOCK + 7] = np.nan
    samples[2 * BLOCK + 1] = np.inf
    soundfile.write(tmp_path / "y.wav", samples, rate, subtype="FLOAT")
    with pytest.raises(ValueError, match=rf"sample {BLOCK + 7} .* is nan, one of 2"):
        read_audio(tmp_path / "y.wav", sample_rate=rate)


def test_the_first_reading_of_a_long_recording_holds_little_more_than_its_samples(long_wav: Path) -> None:
    sung = tuple(Annotation(k + 0.5, k + 0.99, "a") for k in range(0, SECONDS, 2))
    source = Source(long_wav.with_suffix(".txt"), "text", sung, {}, True)
    tracemalloc.start()
    recording, problems = read_recording(
        AudioFile("x", long_wav, ()), source, CorpusSettings(sample_rate=RATE), SampleCache(1.0)
    )
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert recording is not None
    assert not problems
    assert most < 1.8 * 4 * RATE * SECONDS  # they are scaled where they are
