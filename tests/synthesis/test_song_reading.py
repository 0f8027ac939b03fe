"""What is read off a long song, and how a recording gets the level of training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
import torch
from made_voices import RATE, polynomial_voice, song, syrinx_voice

from syrinx_lab.data.corpus_settings import CorpusSettings
from syrinx_lab.data.derivatives import derivatives
from syrinx_lab.ode.parameters import ParameterFacts
from syrinx_lab.synthesis.reading import read_table
from syrinx_lab.synthesis.song import read_song, song_name
from syrinx_lab.synthesis.table import Part, column_names, columns_of, layout


@pytest.mark.parametrize("voice", [syrinx_voice, polynomial_voice])
@torch.no_grad()
def test_a_song_is_read_whole_and_every_part_is_as_wide_as_the_model_says(voice) -> None:
    model, x = voice(), song()
    table = read_table(model, x, scale=0.8)
    read = columns_of(model.encode(torch.from_numpy(x)[None], derivatives(torch.from_numpy(x)[None])[0]))
    assert {name: y.shape[1] for name, y in table.parts.items()} == {n: p.size for n, p in layout(model).items()}
    assert set(table.parts) == {*read, "level"}
    for name, values in read.items():
        assert np.array_equal(table.parts[name], values), name
    assert np.all(table.parts["level"] == np.float32(1.25))
    assert table.rows == len(read["gamma"])


def test_pieces_agree_with_the_whole_as_far_as_they_see_enough() -> None:
    model, x = syrinx_voice(), song(2.0)
    whole = read_table(model, x)
    pieces = read_table(model, x, piece_s=0.4, overlap_s=1.0)
    for name, values in whole.parts.items():
        scale = np.abs(values).max() or 1.0
        limit = 0.02 if name in ("tract", "noise", "weight_code") else 2e-3  # a Mamba remembers for seconds
        assert np.abs(pieces.parts[name] - values).max() < limit * scale, name
    assert np.abs(pieces.parts["envelope"] - whole.parts["envelope"]).max() < 1e-7


def test_columns_are_named_after_their_parts() -> None:
    one, many = ParameterFacts("1"), ParameterFacts("1", channels=True)
    parts = {"gain": Part(1, one), "weight_code": Part(2, many), "tract": Part(1, many)}
    assert column_names(parts) == ["gain", "weight_code_0", "weight_code_1", "tract_0"]


@pytest.fixture
def bird(tmp_path: Path) -> Path:
    """Two recordings, one annotated: a loud bang at 0.3 s, and a quiet syllable at the start."""
    root = tmp_path / "bird"
    root.mkdir()
    x = 0.1 * np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE)
    x[13000:] = 0
    x[13230] = 0.8
    for name in ("sung.wav", "other.wav"):
        sf.write(root / name, x, RATE, subtype="FLOAT")
    (root / "sung.txt").write_text("0.0 0.25 a\n")
    return root


def reading(root: Path | str, **changed) -> tuple[str, CorpusSettings]:
    return str(root), CorpusSettings(**({"sample_rate": RATE} | changed))


def test_the_level_is_that_of_the_syllables_where_they_are_known(bird: Path) -> None:
    annotated = read_song(bird / "sung.wav", *reading(bird))
    assert (annotated.scale, annotated.annotated) == (pytest.approx(4.0, rel=1e-4), True)
    for path, root in ((bird / "other.wav", bird), (bird / "sung.wav", bird.parent / "elsewhere")):
        whole = read_song(path, *reading(root))
        assert (whole.scale, whole.annotated) == (pytest.approx(0.5), False)
        assert np.abs(whole.samples).max() == pytest.approx(0.4)
        assert np.abs(whole.as_recorded()).max() == pytest.approx(0.8)
    assert read_song(bird / "sung.wav", *reading(bird), scale=2.5).scale == 2.5
    assert read_song(bird / "sung.wav", *reading(bird, scale="none")).scale == 1


def test_songs_that_cannot_be_read_are_refused(bird: Path) -> None:
    with pytest.raises(ValueError, match=r"gone\.wav: there is no such file"):
        read_song(bird / "gone.wav", *reading(bird))
    with pytest.raises(ValueError, match="scale is 0"):
        read_song(bird / "sung.wav", *reading(bird), scale=0)
    sf.write(bird / "blip.wav", np.array([0.0, 0.5, 0.0]), RATE)
    with pytest.raises(ValueError, match="3 samples are no song"):
        read_song(bird / "blip.wav", *reading(bird))


def test_a_song_is_read_from_the_channel_that_its_annotation_names(tmp_path: Path) -> None:
    wave = 0.1 * np.sin(2 * np.pi * 440 * np.arange(RATE // 2) / RATE)
    sf.write(tmp_path / "x.wav", np.stack([wave, 3 * wave], axis=1), RATE, subtype="FLOAT")
    head = "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tAnnotation\n"
    (tmp_path / "x.selections.txt").write_text(f"{head}1\tSpectrogram 2\t2\t0.1\t0.3\ta\n")
    for scale in (None, 1.0):
        found = read_song(tmp_path / "x.wav", *reading(tmp_path, scale="none"), scale=scale)
        assert np.abs(found.samples).max() == pytest.approx(0.3, rel=1e-3)


def test_what_is_odd_about_a_song_is_said(bird: Path, tmp_path: Path) -> None:
    """Hiss on the channel that is read and the song on the other one; an offset above the deviation."""
    n = np.arange(RATE)
    hiss = 1e-4 * np.random.default_rng(0).standard_normal(RATE)
    wave = 0.1 * np.sin(2 * np.pi * 440 * n / RATE) * (n % 4000 < 2000)
    for name in ("stereo.wav", "known.wav"):
        sf.write(bird / name, np.stack([hiss, wave], axis=1), RATE, subtype="FLOAT")
    (bird / "known.txt").write_text("0.0 0.04 a\n")
    sf.write(tmp_path / "offset.wav", 0.3 + 0.1 * wave, RATE, subtype="FLOAT")
    found = read_song(bird / "stereo.wav", *reading(bird))
    assert (found.channel, found.channels) == (0, 2)
    line = found.warnings[-1]
    assert line.startswith("another channel may carry the song: channel 1 is 54 dB louder than channel 0")
    assert read_song(bird / "stereo.wav", *reading(bird, channel=1)).warnings == ()
    assert read_song(bird / "stereo.wav", *reading(bird, channel="mean")).warnings == ()
    known = read_song(bird / "known.wav", *reading(bird))
    assert known.annotated
    assert any("another channel carries the song: channel 1" in line for line in known.warnings)
    (line,) = read_song(tmp_path / "offset.wav", *reading(bird)).warnings
    assert line.startswith("DC offset: the mean, 0.3 of full scale")
    assert read_song(bird / "sung.wav", *reading(bird)).channels == 1


def test_links_to_songs_of_the_corpus_have_their_level(bird: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    store.mkdir()
    (bird / "sung.wav").rename(store / "a1b2.wav")
    (bird / "sung.wav").symlink_to(store / "a1b2.wav")
    (tmp_path / "favourite.wav").symlink_to(bird / "sung.wav")
    (tmp_path / "birds").symlink_to(bird)
    for path in (bird / "sung.wav", store / "a1b2.wav", tmp_path / "favourite.wav", tmp_path / "birds" / "sung.wav"):
        for root in (bird, tmp_path / "birds"):
            found = read_song(path, *reading(root))
            assert (found.scale, found.annotated) == (pytest.approx(4.0, rel=1e-4), True), path
            assert song_name(path, str(root)) == "sung"


def test_songs_of_one_name_have_names_of_their_own(bird: Path, tmp_path: Path) -> None:
    paths = [bird / "day1/x.wav", bird / "day2/x.wav", tmp_path / "one/x.wav", tmp_path / "two/x.wav"]
    for path in paths:
        path.parent.mkdir()
        path.write_bytes((bird / "sung.wav").read_bytes())
    names = [song_name(path, str(bird)) for path in paths]
    assert names[:2] == ["day1/x", "day2/x"]
    assert [name[:2] + name[8:] for name in names[2:]] == ["x-", "x-"]
    assert len(set(names)) == 4
    assert song_name(bird / "sung.wav", str(bird)) == "sung"
    assert song_name(bird / "day1/x.wav", [str(bird / "day1"), str(bird / "day2")]) == "day1/x"


def test_a_song_is_found_however_its_letters_are_encoded(bird: Path) -> None:
    (bird / "sung.wav").rename(bird / "Ma\u0308nnchen.wav")
    (bird / "sung.txt").rename(bird / "Ma\u0308nnchen.txt")
    assert read_song(bird / "M\u00e4nnchen.wav", *reading(bird)).annotated
    assert song_name(bird / "M\u00e4nnchen.wav", str(bird)) == "M\u00e4nnchen"
