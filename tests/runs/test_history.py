"""The history holds every row that counts, whatever happened while it was written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from syrinx_lab.runs.history import History


def rows_of(history: History) -> list[tuple[int, str, float]]:
    return [(row["epoch"], row["kind"], row["loss"]) for row in history.read()]


def write(history: History, epochs: range, attempt: float, val_every: int = 0) -> None:
    for epoch in epochs:
        history.append({"epoch": epoch, "step": 10 * epoch, "kind": "train", "loss": attempt})
        if val_every and (epoch + 1) % val_every == 0:
            history.append({"epoch": epoch, "step": 10 * epoch, "kind": "val", "loss": attempt})


def test_rows_come_back_as_they_were_written(tmp_path: Path) -> None:
    history = History(tmp_path / "history.jsonl")
    assert history.read() == []
    first = {"epoch": 0, "step": 10, "loss/total": 0.1, "name": "a\nb"}
    history.append(first)
    history.append({"epoch": 1, "step": 20, "loss/total": float("nan")})
    assert history.read() == [first, {"epoch": 1, "step": 20, "loss/total": None}]
    assert history.path.read_text().count("\n") == 2


def test_two_writers_on_one_file_lose_nothing(tmp_path: Path) -> None:
    one, other = History(tmp_path / "h"), History(tmp_path / "h")
    for epoch in range(20):
        (one if epoch % 2 else other).append({"epoch": epoch, "kind": "train", "loss": 0.0})
    assert [row["epoch"] for row in one.read()] == list(range(20))


def test_a_kill_at_any_byte_costs_only_the_line_it_cut(tmp_path: Path) -> None:
    whole = History(tmp_path / "whole")
    write(whole, range(3), 1.0)
    content = whole.path.read_bytes()
    last = content.rindex(b"\n", 0, -1) + 1
    for cut in range(last, len(content)):
        history = History(tmp_path / f"cut{cut}")
        history.path.write_bytes(content[:cut])
        history.append({"epoch": 3, "kind": "train", "loss": 2.0})
        # without its line break the last row is complete all the same
        kept = [(0, "train", 1.0), (1, "train", 1.0)] + [(2, "train", 1.0)] * (cut == len(content) - 1)
        assert rows_of(history) == [*kept, (3, "train", 2.0)], cut


def test_a_later_row_replaces_the_earlier_of_its_epoch_and_kind(tmp_path: Path) -> None:
    history = History(tmp_path / "h")
    write(history, range(2), 1.0, val_every=1)
    write(history, range(1, 3), 2.0)
    assert rows_of(history) == [
        (0, "train", 1.0),
        (0, "val", 1.0),
        (1, "val", 1.0),
        (1, "train", 2.0),
        (2, "train", 2.0),
    ]


def test_a_resume_supersedes_even_what_has_not_been_written_again(tmp_path: Path) -> None:
    history = History(tmp_path / "h")
    write(history, range(8), 1.0, val_every=4)  # val rows at 3 and 7
    history.resume_from(5)
    assert [row["epoch"] for row in history.read()] == [0, 1, 2, 3, 3, 4]
    write(history, range(5, 7), 2.0, val_every=4)  # killed before 7
    expected = [(epoch, "train", 1.0) for epoch in range(5)]
    expected.insert(4, (3, "val", 1.0))
    assert rows_of(history) == [*expected, (5, "train", 2.0), (6, "train", 2.0)]
    assert "resumed" not in {row["kind"] for row in history.read()}


def test_a_late_row_of_another_kind_removes_nothing(tmp_path: Path) -> None:
    history = History(tmp_path / "h")
    write(history, range(4), 1.0)
    history.append({"epoch": 1, "kind": "test", "loss": 9.0})
    assert rows_of(history) == [
        (0, "train", 1.0),
        (1, "train", 1.0),
        (1, "test", 9.0),
        (2, "train", 1.0),
        (3, "train", 1.0),
    ]


@pytest.mark.parametrize("foreign", ["epoch,loss", "[1, 2]", '{"loss": 1.0}', '{"epoch": "1"}'])
def test_a_file_of_another_kind_is_named_with_its_line(tmp_path: Path, foreign: str) -> None:
    history = History(tmp_path / "h.jsonl")
    history.append({"epoch": 0})
    with open(history.path, "a") as file:
        file.write(foreign + "\n")
    with pytest.raises(ValueError, match=r"h\.jsonl, line 2: not a row"):
        history.read()


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere") as caught:
        History(tmp_path / "nowhere" / "h").append({"epoch": 0})
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device that is always full")
def test_a_full_disk_is_one_line_that_names_the_file() -> None:
    with pytest.raises(OSError, match="/dev/full: No space left on device"):
        History("/dev/full").append({"epoch": 0})


def test_a_line_written_in_part_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    history = History(tmp_path / "h")
    history.append({"epoch": 0})
    whole_write = os.write
    monkeypatch.setattr(os, "write", lambda file, line: whole_write(file, line[:5]))
    with pytest.raises(OSError, match="could not append"):
        history.append({"epoch": 1})
    monkeypatch.undo()
    history.append({"epoch": 2})
    assert history.read() == [{"epoch": 0}, {"epoch": 2}]
