"""Recordings of a run are found from any working directory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from syrinx_lab.runs.recordings import recordings_of


def config(root: Any, synthetic: Any = None, annotation_root: Any = None) -> dict[str, Any]:
    data = {"root": root, "annotation_root": annotation_root} | ({"synthetic": synthetic} if synthetic else {})
    return {"data": data, "paths": {"outputs": "outputs"}}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run in home/outputs; the command is started elsewhere."""
    folder = tmp_path / "home" / "outputs" / "run"
    folder.mkdir(parents=True)
    (tmp_path / "home" / "song").mkdir()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    return folder


def test_relative_folders_are_found_from_the_run(run: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    found = recordings_of(config(["song", str(home / "song")], annotation_root="song"), run)
    assert found == {"root": [str(home / "song")] * 2, "annotation_root": str(home / "song")}
    assert recordings_of(config("song"), Path("../home/outputs/run"))["root"] == str(home / "song")
    Path("song").mkdir()
    assert recordings_of(config("song"), run)["root"] == "song"  # as at the training


def test_what_was_rendered_is_taken_from_where_it_was_and_not_made_anew(run: Path, tmp_path: Path) -> None:
    finch = "outputs/data/synthetic"
    assert recordings_of(config(finch, synthetic={"seed": 0}), run)["root"] == str(tmp_path / "home" / finch)
    Path(finch).mkdir(parents=True)  # another lab's, here
    assert recordings_of(config(finch, synthetic={"seed": 0}), run)["root"] == str(tmp_path / "home" / finch)


def test_folders_that_are_gone_advise_a_key_that_there_is(run: Path) -> None:
    with pytest.raises(
        ValueError, match=r"^gone: the recordings of the training are not there: give data_root=FOLDER$"
    ):
        recordings_of(config("gone"), run)
    with pytest.raises(ValueError, match=r"^data_root is 'lost': there is no such folder$"):
        recordings_of(config("gone"), run, "lost")
    assert recordings_of(config("gone"), run, needed=False)["root"] == "gone"
    assert recordings_of(config("gone"), run, str(run))["root"] == str(run)
