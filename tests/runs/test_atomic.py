"""Files are whole or not at all."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from syrinx_lab.runs.atomic import read_json, write_json_atomic, write_text_atomic


def test_text_is_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    write_text_atomic(path, "erste Zeile: ä\n")
    write_text_atomic(path, "zweite: ü\n")
    assert path.read_bytes() == "zweite: ü\n".encode()
    assert os.listdir(tmp_path) == ["notes.txt"]


def test_a_file_is_as_readable_as_any_other(tmp_path: Path) -> None:
    write_text_atomic(tmp_path / "ours", "x")
    (tmp_path / "plain").write_text("x")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_file_and_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "state.json"
    write_json_atomic(path, {"epoch": 4})

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, step, full)
    with pytest.raises(OSError, match="No space left on device") as caught:
        write_json_atomic(path, {"epoch": 5})
    monkeypatch.undo()
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert os.listdir(tmp_path) == ["state.json"]
    assert read_json(path) == {"epoch": 4}


def test_an_interruption_leaves_no_temporary_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_text_atomic(tmp_path / "a", "x")
    assert os.listdir(tmp_path) == []


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"nowhere.*a\.txt: No such file or directory"):
        write_text_atomic(tmp_path / "nowhere" / "a.txt", "x")


def test_numpy_becomes_plain_and_what_is_not_finite_becomes_null(tmp_path: Path) -> None:
    value = {
        "z": np.float32(0.5),
        "a": [np.int64(3), np.bool_(True), float("nan"), np.float64("-inf")],
        "array": np.array([[1.0, np.nan], [2.0, 3.0]]),
        "path": Path("a") / "b",
        5: (1, "ß", None),
    }
    write_json_atomic(tmp_path / "a.json", value)
    text = (tmp_path / "a.json").read_text(encoding="utf-8")
    assert json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON")) == {
        "z": 0.5,
        "a": [3, True, None, None],
        "array": [[1.0, None], [2.0, 3.0]],
        "path": "a/b",
        "5": [1, "ß", None],
    }
    assert text.startswith('{\n  "z": 0.5,\n  "a"')  # in the order given


def test_an_object_without_json_form_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="object"):
        write_json_atomic(tmp_path / "a.json", {"a": object()})
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("content", "place"), [(b'{"a": 1,\n "b": ', "line 2"), (b"", "line 1"), (b"\xff\xfe\x00", "byte 0")]
)
def test_corrupt_content_is_one_line_with_its_place(tmp_path: Path, content: bytes, place: str) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=place) as caught:
        read_json(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
