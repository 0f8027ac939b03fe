"""A song sung by a voice while it is read: the same as from the whole table, with what is written beside it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from made_song_files import at_rate, written
from made_voices import RATE, song, syrinx_voice
from scipy.io import wavfile

from syrinx_lab.data.wav_writer import WavWriter
from syrinx_lab.synthesis.drive_csv import read_drives
from syrinx_lab.synthesis.edits import Edit, edited
from syrinx_lab.synthesis.reading import read_table
from syrinx_lab.synthesis.singing import sing_whole
from syrinx_lab.synthesis.song_file import SongFile
from syrinx_lab.synthesis.streaming import StreamedTable
from syrinx_lab.synthesis.table import layout
from syrinx_lab.synthesis.unheard import sing_unheard

START = {"seed": 3, "ic_noise_rms": 1e-3}


def test_what_is_streamed_is_what_the_whole_table_sings(tmp_path: Path) -> None:
    model, x = syrinx_voice(), song(3.0)
    file = SongFile(written(tmp_path, "song.wav", x), RATE, None)
    edit = Edit(pitch=1.2, loudness=0.5)
    table = edited(read_table(model, 0.8 * x, scale=0.8), edit, model)
    whole = sing_whole(model, table, **START)
    heard = []
    sung = sing_unheard(
        *(model, file, 0.8, tmp_path / "out.wav"),
        **START,
        chunk_s=0.2,
        edit=edit,
        drives_out=tmp_path / "drives.csv",
        first_s=0.7,
        piece_s=0.9,
        began=lambda: heard.append("now"),
    )
    sound = sf.read(tmp_path / "out.wav", dtype="float32")[0]
    assert len(sound) == len(x)
    assert np.abs(sound - whole).max() < 2e-3 * np.abs(whole).max()
    assert heard == ["now"]
    assert np.array_equal(sung.song.head, x)
    assert sung.sound.rms == pytest.approx(np.sqrt(np.mean(whole**2)), rel=1e-3)
    rows = read_drives(tmp_path / "drives.csv", layout(model), hop=32, sample_rate=RATE)
    assert rows.samples == table.samples
    assert np.abs(rows.parts["pitch_hz"] / table.parts["pitch_hz"] - 1).max() < 1e-3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["drives.csv", "out.wav", "song.wav"]


@pytest.mark.parametrize("rate", [16_000, 22_050, 48_000, 96_000])
def test_the_sound_has_the_rate_and_the_length_of_the_song(rate: int, tmp_path: Path) -> None:
    file = SongFile(at_rate(tmp_path, rate), RATE, 300.0)
    sing_unheard(syrinx_voice(), file, 1.0, tmp_path / "out.wav", **START, chunk_s=0.75)
    made, own = sf.info(tmp_path / "out.wav"), sf.info(file.path)
    assert (made.samplerate, made.frames) == (rate, own.frames)


def test_only_two_pieces_are_held(tmp_path: Path) -> None:
    model = syrinx_voice()
    file = SongFile(written(tmp_path, "song.wav", song(2.0)), RATE, None)
    table = StreamedTable(model, file, 1.0, first_s=0.2, piece_s=0.3, overlap_s=0.05)
    for first in range(0, table.rows, 100):
        rows = table.between(first, first + 150)
        assert all(len(values) == min(150, table.rows - first) for values in rows.values())
        assert len(table._pieces) <= 2
    with pytest.raises(AssertionError):
        table.between(0, 10)


def test_a_song_that_breaks_off_leaves_nothing_behind(tmp_path: Path) -> None:
    x = song(1.0)
    x[40_000] = np.inf
    file = SongFile(written(tmp_path, "song.wav", x), RATE, None)
    with pytest.raises(ValueError, match="sample 40000"):
        sing_unheard(
            *(syrinx_voice(), file, 1.0, tmp_path / "out.wav"),
            **START,
            chunk_s=0.1,
            first_s=0.3,
            piece_s=0.3,
            drives_out=tmp_path / "out.csv",
        )
    assert [path.name for path in tmp_path.iterdir()] == ["song.wav"]


def test_a_wav_that_is_written_in_parts_is_scipys(tmp_path: Path) -> None:
    x = song()
    wavfile.write(tmp_path / "scipy.wav", RATE, x)
    with WavWriter(tmp_path / "ours.wav", RATE) as file:
        file.append(x[:1000])
        file.append(x[1000:])
    assert (tmp_path / "ours.wav").read_bytes() == (tmp_path / "scipy.wav").read_bytes()
