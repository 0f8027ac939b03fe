"""The page as text: what it holds, what it escapes, and that it needs nothing beside it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from made_sweeps import MadeSweep

from syrinx_lab.reporting.page import split_facts, write_report
from syrinx_lab.runs.sweep import Job
from syrinx_lab.runs.sweep_study import read_sweep

HOSTILE = '<script>alert("x")</script>&'


class Page(HTMLParser):
    """Tags with their attributes, the ids, and the cells of every table."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._inside: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._inside and self._inside.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self._inside and self._inside[-1] not in ("style", "script"):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def report(made: MadeSweep, question: str | None = None) -> Page:
    path = write_report(read_sweep(made.path), made.path / "report", question=question)
    return Page(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[MadeSweep, Page]:
    made = MadeSweep(tmp_path_factory.mktemp("whole"))
    made.sweep()
    return made, report(made, "Which loss sings?")


def test_a_whole_sweep_is_one_page(whole: tuple[MadeSweep, Page]) -> None:
    made, page = whole
    assert {path.name for path in (made.path / "report").iterdir()} == {
        *("report.html", "scores.png", "curves.png", "culling.png"),
        *(f"condition{number}-{which}.png" for number in (1, 2) for which in ("best", "worst")),
    }
    assert "Which loss sings?" in page.text
    assert "Read with care" not in page.text
    assert "to epoch 4, the best 2 go on, to epoch 10, the best is selected" in page.text
    assert "c0ffeec0ff" in page.text
    assert "f00d" in page.text
    assert "python 3.11.9" in page.text
    assert "wandb" not in page.text
    assert "0.220 [0.040, 0.400]" in page.text, "median of 0.04, 0.14, 0.30 and 0.40"
    assert len(page.all("table")) == 3
    assert len(page.all("audio")) == 2 * 2 * 3
    assert page.all("html") == [{"lang": "en"}]


def test_the_page_needs_nothing_beside_it(whole: tuple[MadeSweep, Page]) -> None:
    made, page = whole
    for tag, attributes in page.tags:
        for name in ("src", "href", "xlink:href", "srcset", "data", "action"):
            value = attributes.get(name)
            assert value is None or value.startswith(("#", "data:")), (tag, name, value[:80])
    text = (made.path / "report" / "report.html").read_text()
    assert set(re.findall(r"url\(([^)]{0,9})", text)) <= {f"#{name}"[:9] for name in re.findall(r'id="([^"]+)"', text)}
    assert "@import" not in text
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids)), "figures must not share ids"
    for link in page.all("a"):
        assert str(link["href"]).removeprefix("#") in ids
    assert str(made.folder.outputs) not in text, "a page that is sent away names no folder of this machine"


def test_what_comes_from_data_is_text(tmp_path: Path) -> None:
    made = MadeSweep(tmp_path, losses=(HOSTILE, "mse_accel"), label=HOSTILE, sounds=1)
    made.sweep()
    page = report(made, HOSTILE)
    assert len(page.all("script")) == 1, "the page's own"
    assert HOSTILE in page.text
    text = (made.path / "report" / "report.html").read_text()
    assert "<script>alert" not in text


def test_a_sweep_that_has_hardly_begun_is_described_in_words(tmp_path: Path) -> None:
    made = MadeSweep(tmp_path, act=lambda job: KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        made.sweep()
    (made.path / "report").mkdir()
    for old in ("scores", "condition1-best"):
        (made.path / "report" / f"{old}.png").write_bytes(b"of an earlier report")
    page = report(made)
    assert "ended before it selected a model (0 of 8 seeds have begun" in page.text
    assert "no seed has been scored on val yet" in page.text
    assert "train for at least one epoch" in page.text
    assert page.text.count("there is nothing to hear") == 2
    assert {path.name for path in (made.path / "report").iterdir()} == {"report.html", "culling.png"}


def test_a_mode_that_failed_and_one_without_sound(tmp_path: Path) -> None:
    def act(job: Job) -> str | None:
        return "failed" if "mse" in job.condition.label else None

    made = MadeSweep(tmp_path, act=act, sounds=0)
    with pytest.raises(ValueError, match="no seed came through"):
        made.sweep()
    page = report(made)
    assert "1 mse_accel: no seed came through." in page.text
    assert "There is no audio of test" in page.text
    assert "4, 4 failed" in page.text
    assert not page.all("audio")


def test_how_much_each_split_held_stands_once_where_all_agree() -> None:
    def study(*counts: dict[str, Any] | None) -> Any:
        manifests = [None if one is None else SimpleNamespace(counts=one) for one in counts]
        return SimpleNamespace(conditions=[SimpleNamespace(manifest=manifest) for manifest in manifests])

    some = {"train": {"recordings": 6, "vocalisations": 24, "windows": {"onset": 20, "mid": 3}}}
    said = [("recordings of train", "6 recordings, 24 vocalisations, windows 20 onset, 3 mid")]
    assert split_facts(study(some, None, some)) == said
    assert split_facts(study(None)) == []
    other = {"train": {"recordings": 7, "vocalisations": 24}}
    assert split_facts(study(some, other)) == [
        ("recordings", "differ from condition to condition: see selected_model.json")
    ]
