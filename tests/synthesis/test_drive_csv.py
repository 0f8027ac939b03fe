"""Drives as a table on disk: the same to the last bit, and every mistake named with its line."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from made_voices import RATE, song, syrinx_voice

from syrinx_lab.ode.parameters import ParameterFacts
from syrinx_lab.ode.syrinx.oscillator import Gestures
from syrinx_lab.synthesis import drive_csv
from syrinx_lab.synthesis.drive_csv import read_drives, write_drives
from syrinx_lab.synthesis.reading import read_table
from syrinx_lab.synthesis.singing import sing_whole
from syrinx_lab.synthesis.table import DriveTable, Part, layout

FACTS = Gestures.facts()
PARTS = {name: Part(1, FACTS[name]) for name in ("pitch_hz", "pressure", "gain")}
PARTS |= {"level": Part(1, ParameterFacts("1")), "weight_code": Part(2, ParameterFacts("1", channels=True))}


@cache
def small() -> DriveTable:
    rng = np.random.default_rng(0)
    parts = {name: rng.random((6, part.size), np.float32) for name, part in PARTS.items()}
    parts["pitch_hz"] = parts["pitch_hz"] * 1000 + 500
    parts["weight_code"] = parts["weight_code"] * np.float32(1e-7) - np.float32(3)
    return DriveTable(parts, 5 * 32 - 10, 32, RATE)


def read(path: Path) -> DriveTable:
    return read_drives(path, PARTS, hop=32, sample_rate=RATE)


@pytest.mark.parametrize("samples", [129, 130, 150, 160, 161])
def test_what_is_written_is_read(tmp_path: Path, samples: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drive_csv, "_AT_ONCE", 2)
    rows = -(-(samples - 1) // 32) + 1
    table = DriveTable({name: y[:rows] for name, y in small().parts.items()}, samples, 32, RATE)
    write_drives(tmp_path / "new" / "drives.csv", table, PARTS)
    back = read(tmp_path / "new" / "drives.csv")
    assert back.samples == samples
    assert list(back.parts) == list(PARTS)
    assert all(np.array_equal(back.parts[name], y) for name, y in table.parts.items())
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["drives.csv"]


def test_the_columns_are_these(tmp_path: Path) -> None:
    write_drives(tmp_path / "drives.csv", small(), PARTS)
    lines = (tmp_path / "drives.csv").read_text().splitlines()
    assert lines[0] == "time_s,pitch_hz,pressure,gain,level,weight_code_0,weight_code_1"
    assert [float(line.split(",")[0]) for line in lines[1:]] == pytest.approx(
        [0, 32 / RATE, 64 / RATE, 96 / RATE, 128 / RATE, 149 / RATE], abs=1e-8
    )


def test_the_same_drives_give_the_same_sound(tmp_path: Path) -> None:
    model = syrinx_voice()
    table = read_table(model, song(0.3), scale=0.7)
    write_drives(tmp_path / "drives.csv", table, layout(model))
    back = read_drives(tmp_path / "drives.csv", layout(model), hop=32, sample_rate=RATE)
    one, other = (sing_whole(model, each, seed=1, ic_noise_rms=1e-3) for each in (table, back))
    assert np.array_equal(one, other)


def test_spreadsheets_may_move_columns_add_some_and_end_lines_their_way(tmp_path: Path) -> None:
    write_drives(tmp_path / "drives.csv", small(), PARTS)
    rows = [line.split(",") for line in (tmp_path / "drives.csv").read_text().splitlines()]
    turned = [[*row[::-1], "note" if number == 0 else ""] for number, row in enumerate(rows)]
    text = "\ufeff" + "".join(",".join(row) + "\r\n" for row in turned)
    (tmp_path / "turned.csv").write_bytes(text.encode() + b"\r\n")
    back = read(tmp_path / "turned.csv")
    assert all(np.array_equal(back.parts[name], y) for name, y in small().parts.items())


@pytest.mark.parametrize(
    ("line", "column", "text", "message"),
    [
        (3, "pitch_hz", "high", r"line 3: pitch_hz is 'high'; give a finite number"),
        (4, "gain", "", r"line 4: gain is ''"),
        (7, "weight_code_1", "nan", r"line 7: weight_code_1 is 'nan'"),
        (2, "level", "inf", r"line 2: level is 'inf'"),
        (5, "pitch_hz", "-3", r"line 5: pitch_hz is -3; use 1 or more"),
        (5, "pressure", "1.5", r"line 5: pressure is 1.5; use from 0 to 1"),
        (6, "gain", "-0.1", r"line 6: gain is -0.1; use 0 or more"),
        (4, "time_s", "0.5", r"line 4: time_s is 0.5 where 0.00145124717 is due"),
        (7, "time_s", "0.5", r"line 7: time_s is 0.5"),
        (3, "gain", "1,5", r"line 3: 8 cells for 7 columns"),
        (1, "gain", "loud", r"line 1: no column gain; start from"),
        (1, "gain", "level", r"line 1: no column gain"),
        (1, "time_s", "t", r"line 1: no column time_s"),
    ],
)
def test_mistakes_are_named_with_their_line(tmp_path: Path, line: int, column: str, text: str, message: str) -> None:
    path = tmp_path / "drives.csv"
    write_drives(path, small(), PARTS)
    rows = [row.split(",") for row in path.read_text().splitlines()]
    rows[line - 1][rows[0].index(column)] = text
    path.write_text("\n".join(",".join(row) for row in rows) + "\n")
    with pytest.raises(ValueError, match=rf"drives\.csv, {message}"):
        read(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: "", "line 1: no column time_s and 6 more"),
        (lambda text: text.splitlines()[0] + "\n", "no row of drives"),
        (lambda text: text.replace(",", ";"), "line 1: separated by semicolons"),
        (
            lambda text: text.replace("level,weight_code_0", "gain,level,weight_code_0"),
            "line 1: column gain is there twice",
        ),
        (lambda text: text.replace("\n", "\n\n", 3), "line 2: empty; delete"),
        (lambda text: "\n".join(text.splitlines()[:3] + text.splitlines()[4:]) + "\n", "line 4: time_s is 0.00217"),
    ],
    ids=["empty", "header alone", "semicolons", "twice", "blank line", "row deleted"],
)
def test_files_that_are_no_drives_are_refused(tmp_path: Path, change, message: str) -> None:
    path = tmp_path / "drives.csv"
    write_drives(path, small(), PARTS)
    path.write_text(change(path.read_text()))
    with pytest.raises(ValueError, match=message):
        read(path)


def test_files_that_are_not_there_or_not_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="there is no such file"):
        read(tmp_path / "drives.csv")
    (tmp_path / "drives.csv").write_bytes(bytes(range(128, 256)) * 4)
    with pytest.raises(ValueError, match="line 1: not a CSV file of drives"):
        read(tmp_path / "drives.csv")
