"""The page: it needs nothing beside it, data are text in it, and the key of the listening test fits its sounds."""

from __future__ import annotations

import base64
import io
import json
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import soundfile
from made_clips import RATE, stack
from scipy.stats import binom, binomtest

import syrinx_lab.reporting
from syrinx_lab.figures.rivals import rivals_figure
from syrinx_lab.reporting.abx import rounds
from syrinx_lab.reporting.rivals_page import write_rivals_page
from syrinx_lab.rivals.outcome import Comparison, Outcome, Target

ABX = Path(syrinx_lab.reporting.__file__).parent / "page" / "abx.js"
HOSTILE = '</script><script>alert("x")</script>&'


INTERVALS = {"tf_corr": (0.25, 0.75), "amp_pen": (0.125, 0.875)}
SETS = {
    "c2st": {"patches": 0.625, "clips": 0.875},
    "c2st_bird": {"patches": 0.375, "clips": 0.4375},
    "recognition": {"sung": 0.5, "real": 1.0, "ratio": 0.5},
}


def outcome(name: str, kind: str, sounds: list[np.ndarray], tf_corr: float) -> Outcome:
    raw = {"tf_corr": tf_corr, "lsd_db": None, "amp_pen": 0.5}
    rows = tuple({"raw": raw, "rescaled": raw} for _ in sounds)
    level = tuple(2 * x for x in sounds)
    return Outcome(name, f"{name}'s numbers", kind, 1234.4, raw, raw, rows, tuple(sounds), level, INTERVALS, SETS)


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    clips = [stack(0.02 + 0.01 * n).astype(np.float32) for n in range(5)]
    targets = tuple(Target("ab"[n % 2], f"day/rec{n}", x, 1.5, 0.045, 0.06) for n, x in enumerate(clips))
    others = {"noise": "vocoder", "mine": "run", "mel": "vocoder"}
    found = tuple(
        outcome(name, kind, [x * (0.1 + 0.1 * number) for x in clips], 0.9 - 0.1 * number)
        for number, (name, kind) in enumerate(others.items())
    )
    return Comparison("finch", "test", RATE, targets, found, {"tf_corr": 0.81, "pairs": 7})


class Page(HTMLParser):
    """Tags with their attributes, text outside scripts, and what the scripts hold."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.scripts: list[str] = []
        self._tag = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._tag = tag

    def handle_endtag(self, tag: str) -> None:
        self._tag = ""

    def handle_data(self, data: str) -> None:
        (self.scripts if self._tag == "script" else self.words).append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def decoded(uri: str) -> np.ndarray:
    return soundfile.read(io.BytesIO(base64.b64decode(uri.partition(";base64,")[2])))[0]


def test_the_page_needs_nothing_beside_it(comparison: Comparison, tmp_path: Path) -> None:
    path = write_rivals_page(comparison, tmp_path, most=2, seed=3)
    text = path.read_text(encoding="utf-8")
    page = Page(text)
    assert path.name == "rivals.html"
    for tag, attributes in page.tags:
        for name in ("src", "href", "xlink:href"):
            value = attributes.get(name)
            assert value is None or value.startswith(("#", "data:")), (tag, name, str(value)[:80])
    assert "@import" not in text
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {str(link["href"]).removeprefix("#") for link in page.all("a")} <= set(ids)
    assert len(page.all("audio")) == 2 * (1 + 3), "of two clips the bird and three rivals"
    np.testing.assert_allclose(decoded(str(page.all("audio")[5]["src"])), 0.1 * comparison.targets[1].x, atol=2**-15)
    said = " ".join(" ".join(page.words).split())
    assert "tf_corr 0.810 between two renditions, 7 pairs" in said
    assert "2 of 5 clips (eval.max_audio)" in said
    assert "amp_pen (|log ratio|, less is better)" in said
    assert said.count("1234") == 3 * 3, "the rate stands in each of the three tables"
    assert len(json.loads(page.scripts[0])["trials"]) == 2
    assert said.count("0.900 [0.250, 0.750]") == 1, "the headline's interval is seen"
    assert "0.500 [0.125, 0.875]" not in said
    titles = [attributes.get("title") for attributes in page.all("td")]
    assert titles.count("95 % interval over recordings [0.125, 0.875]") == 3
    assert "c2st of patches (0.5 is perfect)" in said
    assert "patches 0.375, clips 0.438" in said


def test_the_key_fits_the_sounds_and_the_orders_differ(comparison: Comparison) -> None:
    ours, theirs = comparison.pair(None, None)
    assert (ours.name, theirs.name) == ("mine", "noise")
    made = rounds(comparison, ours, theirs, most=5, seed=3)
    assert sorted(one["clip"] for one in made) == ["a 1", "a 3", "a 5", "b 2", "b 4"]
    for one in made:
        number = int(one["clip"][2:]) - 1
        heard = {"bird": comparison.targets[number].x, "ours": ours.at_level[number], "theirs": theirs.at_level[number]}
        assert sorted(one["key"]) == ["bird", "ours", "theirs"]
        for uri, kind in zip(one["sounds"], one["key"]):
            np.testing.assert_allclose(decoded(uri), heard[kind], atol=2**-15)
    assert len({tuple(one["key"]) for one in made}) > 1
    assert made == rounds(comparison, ours, theirs, most=5, seed=3)
    assert made != rounds(comparison, ours, theirs, most=5, seed=4)
    places = [one["key"].index("bird") for s in range(200) for one in rounds(comparison, ours, theirs, most=1, seed=s)]
    np.testing.assert_allclose(np.bincount(places) / 200, 1 / 3, atol=0.1)


def test_a_sound_that_would_clip_turns_all_three_down(comparison: Comparison) -> None:
    ours, theirs = comparison.pair(None, None)
    loud = replace(ours, at_level=tuple(50 * x for x in ours.at_level))
    (one,) = rounds(comparison, loud, theirs, most=1, seed=0)
    heard = dict(zip(one["key"], map(decoded, one["sounds"])))
    top = np.abs(loud.at_level[0]).max()
    assert top > 1
    np.testing.assert_allclose(heard["bird"], comparison.targets[0].x / top, atol=2**-15)
    assert np.abs(heard["ours"]).max() == pytest.approx(1.0, abs=1e-3)


def test_what_comes_from_data_is_text(comparison: Comparison, tmp_path: Path) -> None:
    targets = tuple(replace(one, label=HOSTILE, recording=HOSTILE) for one in comparison.targets)
    named = tuple(replace(one, name=one.name + HOSTILE) for one in comparison.outcomes)
    hostile = replace(comparison, title=HOSTILE, targets=targets, outcomes=named, left_out={HOSTILE: HOSTILE})
    text = write_rivals_page(hostile, tmp_path, most=1).read_text()
    assert "<script>alert" not in text
    page = Page(text)
    assert len(page.all("script")) == 2, "the page's own, and its data"
    assert json.loads(page.scripts[0])["trials"][0]["clip"] == f"{HOSTILE} 1"


def test_one_rival_alone_cannot_be_told_apart(comparison: Comparison, tmp_path: Path) -> None:
    text = write_rivals_page(replace(comparison, outcomes=comparison.outcomes[:1]), tmp_path, most=1).read_text()
    assert "There is nothing to tell apart: there are not two rivals." in text
    assert "abx-data" not in text


def test_panels_are_the_bird_and_its_rivals_in_order(comparison: Comparison) -> None:
    sounds = {one.name: one.sounds[0] for one in comparison.outcomes}
    broken = {**sounds, "mel": np.where(np.arange(len(sounds["mel"])) > 900, np.nan, sounds["mel"])}
    figure = rivals_figure(comparison.targets[0].x, broken, RATE, onset_s=0.045, columns=2)
    assert [axes.get_title() for axes in figure.axes[:4]] == ["bird", "noise", "mine", "mel"]
    loudest = [axes.images[0].get_array().max() for axes in figure.axes[:3]]
    # 20 dB and 14 dB below the bird, whose 0 dB is theirs
    np.testing.assert_allclose(loudest, [0.0, -20.0, -14.0], atol=0.1)


@pytest.fixture(scope="module")
def node() -> str:
    found = shutil.which("node")
    if found is None:
        pytest.skip("no node on this machine")
    return found


def evaluated(node: str, expression: str) -> object:
    code = f"const abx = require({json.dumps(str(ABX))}); console.log(JSON.stringify({expression}))"
    return json.loads(subprocess.run([node, "-e", code], capture_output=True, text=True, check=True, timeout=60).stdout)


def test_chances_are_those_of_the_binomial_distribution(node: str) -> None:
    cases = [(k, n, p) for n in (1, 7, 16, 60) for k in range(0, n + 1, 3) for p in (1 / 3, 0.5)]
    found = evaluated(node, "[" + ",".join(f"abx.atLeast({k},{n},{p!r})" for k, n, p in cases) + "]")
    np.testing.assert_allclose(found, [binom.sf(k - 1, n, p) for k, n, p in cases], rtol=1e-9)
    pairs = [(k, n) for n in (5, 16) for k in range(n + 1)]
    found = evaluated(node, "[" + ",".join(f"abx.twoSided({k},{n})" for k, n in pairs) + "]")
    np.testing.assert_allclose(found, [binomtest(k, n).pvalue for k, n in pairs], rtol=1e-9)


def test_answers_are_counted_by_the_key(node: str) -> None:
    keys = [["bird", "ours", "theirs"], ["theirs", "bird", "ours"], ["ours", "theirs", "bird"]]
    # the bird found, theirs last; ours taken for the bird; theirs taken for the bird, ours last
    answers = [{"bird": 0, "least": 2}, {"bird": 2, "least": 1}, {"bird": 1, "least": 0}]
    trials = [{"key": key} for key in keys]
    found = evaluated(node, f"abx.verdict({json.dumps(trials)}, {json.dumps(answers)})")
    assert isinstance(found, dict)
    assert (found["n"], found["found"], found["ours"]) == (3, 1, 2)
    assert found["foundByChance"] == pytest.approx(1 - (2 / 3) ** 3)
    assert found["oursByChance"] == pytest.approx(1.0)


def test_the_script_of_the_page_reads(node: str, comparison: Comparison, tmp_path: Path) -> None:
    text = write_rivals_page(comparison, tmp_path, most=1).read_text()
    script = re.findall(r"<script>(.*?)</script>", text, re.S)[-1]
    (tmp_path / "page.js").write_text(script)
    done = subprocess.run([node, "--check", str(tmp_path / "page.js")], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_a_listener_is_led_through_all_rounds_to_the_key(node: str) -> None:
    trials = [
        {"clip": "a 1", "sounds": ["u0", "u1", "u2"], "key": ["bird", "ours", "theirs"]},
        {"clip": "b 2", "sounds": ["u3", "u4", "u5"], "key": ["theirs", "bird", "ours"]},
    ]
    data = json.dumps({"ours": "mine", "theirs": "mel", "trials": trials})
    answers = json.dumps([{"bird": 0, "least": 2}, {"bird": 0, "least": 1}])
    command = [node, str(Path(__file__).parent / "fake_page.js"), str(ABX), data, answers]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [one["sounds"] for one in found["seen"]] == [trial["sounds"] for trial in trials]
    assert all(one["blocked"] == [True, True, True] and one["open"] for one in found["seen"]), "two answers, not alike"
    hidden = " ".join(one["words"] for one in found["seen"])
    assert "mine" not in hidden
    assert "mel" not in hidden
    said = " ".join(found["said"].split())
    assert "You found the bird in 1 of 2 (50 %) rounds" in said
    assert "with p = 0.556" in said
    assert "You put mine before mel in 1 of 2 (50 %) rounds" in said
    assert found["rows"][1:] == [
        ["1", "a 1", "the bird", "mine", "mel", "the bird", "mel"],
        ["2", "b 2", "mel", "the bird", "mine", "mel", "the bird"],
    ]
