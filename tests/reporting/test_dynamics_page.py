"""The page of the atlas: what it says, its tables, its figures, and its player without a browser."""

from __future__ import annotations

import base64
import csv
import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from syrinx_lab.dynamics.clip_atlas import ClipAtlas, EveryCycle
from syrinx_lab.figures.dynamics_movie import _figure, write_movie
from syrinx_lab.figures.dynamics_over_time import gestures_shown, over_time_figure, stability
from syrinx_lab.figures.dynamics_planes import moments_shown, planes_figure
from syrinx_lab.figures.unit_responses import unit_responses_figure
from syrinx_lab.reporting.dynamics_data import packed, player_data
from syrinx_lab.reporting.dynamics_page import write_dynamics_page
from syrinx_lab.reporting.dynamics_tables import all_tables, averaged, label_rows, named_rows, sensitivity_rows
from syrinx_lab.reporting.dynamics_words import clip_words, pitch_error_cents

from made_atlas import HZ, MOMENTS, RATE, made_atlas, silent_atlas  # isort: skip

SCRIPT = Path(__file__).resolve().parents[2] / "src/syrinx_lab/reporting/page/dynamics.js"
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    atlases = [made_atlas(), made_atlas("b", 1), silent_atlas()]
    return write_dynamics_page(atlases, tmp_path_factory.mktemp("page"), title="toy", question="what?")[0]


def unpacked(found: dict) -> np.ndarray:
    whole = np.frombuffer(base64.b64decode(found["data"]), "<i2").astype(float)
    values = found["low"] + (whole + 32767) / 65534 * (found["high"] - found["low"])
    return np.where(whole == -32768, np.nan, values)


def test_sixteen_bits_are_enough_and_gaps_stay_gaps() -> None:
    values = np.random.default_rng(0).normal(size=500)
    values[7] = np.nan
    values[9] = np.inf
    found = unpacked(packed(values))
    assert np.isnan(found[[7, 9]]).all()
    kept = np.isfinite(values)
    assert np.abs(found[kept] - values[kept]).max() <= np.ptp(values[kept]) / 65534
    np.testing.assert_array_equal(unpacked(packed(np.full(3, 2.5))), 2.5)
    assert np.isnan(unpacked(packed(np.full(3, np.nan)))).all()


def test_the_page_needs_nothing_beside_it(page: Path) -> None:
    text = page.read_text()
    outside = re.findall(r"""(?:src|href)=["']?([^"'> ]+)""", text)
    assert all(one.startswith(("data:", "#")) for one in outside), set(outside)
    assert "http://" not in text.replace("http://www.w3.org", "")
    assert "https://" not in text
    assert text.count("<canvas") == 3 + 3 + 2, "the silent clip has no map"
    assert text.count('class="player"') == 3


def test_it_says_how_the_clip_begins_ends_and_sings() -> None:
    said = " ".join(clip_words(made_atlas()))
    assert "It ignites through a hopf at 20.5 ms, +0.5 ms from the onset of the syllable." in said
    assert "It dies through a hopf at 79.5 ms, -0.5 ms from the offset" in said
    assert "at 1000 to 1000 Hz; the median Floquet multiplier is 0.15" in said
    assert "With the oscillator at rest 20.0 % of the output's energy remain" in said
    assert "the oscillator carries it" in said
    assert "by 7.0 dB" in said
    assert "Pressure +10 % does the most at 30 ms (distance 0.5 of the orbit, forgotten after 12 ms), the least" in said
    assert pitch_error_cents(made_atlas()) == pytest.approx(1200 * np.log2(1.01))


def test_a_sound_of_noise_is_not_the_oscillators() -> None:
    atlas = made_atlas()
    assert atlas.sound is not None
    noisy = replace(atlas, sound=replace(atlas.sound, shares={"oscillator": 0.1, "noise": 0.9}))
    assert "most of the sound is not the oscillator's" in " ".join(clip_words(noisy))
    plain = replace(atlas, sound=replace(atlas.sound, shares={"oscillator": 1.0}))
    assert "All of the sound is the oscillator's" in " ".join(clip_words(plain))
    said = " ".join(clip_words(silent_atlas()))
    assert "the oscillator does not sing (silent: rest attracts)" in said
    assert "The model is silent" in said


def test_a_clip_that_begins_inside_song_sings_from_the_first_sample_on() -> None:
    atlas = made_atlas()
    assert atlas.map is not None
    none = replace(atlas, map=replace(atlas.map, crossings=()))
    assert "No bifurcation is crossed near the onset" in " ".join(clip_words(none))
    singing = replace(none, cycles=replace(atlas.cycles, hz=np.full(MOMENTS, HZ)))
    said = " ".join(clip_words(singing))
    assert "It sings from the first sample on" in said
    assert "It sings to the last sample" in said
    assert "No bifurcation" not in said


def test_of_a_push_that_outlasts_the_note_nothing_is_forgotten() -> None:
    atlas = made_atlas()
    assert "(distance 0.5 of the orbit, forgotten after 12 ms)" in " ".join(clip_words(atlas))
    late, least = atlas.responses
    for at_ms, recovery, said in (
        (70.0, 0.0, "pushed until the note's end"),
        (55.0, 9.0, "not forgotten before the note's end"),
    ):
        push = replace(late, perturbation=replace(late.perturbation, at_ms=at_ms), recovery_ms=recovery)
        assert f"of the orbit, {said})" in " ".join(clip_words(replace(atlas, responses=(push, least))))


def test_tables_hold_the_numbers_and_labels_their_means(page: Path) -> None:
    rows = {file.stem: list(csv.DictReader(file.open())) for file in page.parent.glob("*.csv")}
    assert set(rows) == set(all_tables([made_atlas(), made_atlas("b", 1), silent_atlas()]))
    assert [row["label"] for row in rows["labels"]] == ["a", "b", "s"]
    assert len(rows["moments"]) == 3 * MOMENTS
    sung = [row for row in rows["moments"] if row["stem"] == "test-000-a" and row["cycle_hz"]]
    assert {float(row["cycle_hz"]) for row in sung} == {1000.0}
    assert {row["why_no_cycle"] for row in rows["moments"] if not row["cycle_hz"]} == {"silent: rest attracts"}
    assert [(row["bifurcation"], row["event"]) for row in rows["crossings"][:2]] == [
        ("hopf", "onset"),
        ("hopf", "offset"),
    ]
    assert {row["type"] for row in rows["fixed_points"]} == {"stable focus", "unstable focus"}
    (twice,) = label_rows([made_atlas(), made_atlas()])
    assert (twice["clips"], twice["onset"]) == (2, "hopf 2")
    assert twice["share_oscillator"] == pytest.approx(0.8)


def test_a_clip_is_named_by_the_number_that_asks_for_it(tmp_path: Path) -> None:
    atlases = [made_atlas("a", 12), made_atlas("b", 35)]
    for name, rows in all_tables(atlases).items():
        if name not in ("labels", "sensitivity"):
            assert {(row["clip"], row["stem"]) for row in rows} == {(12, "test-012-a"), (35, "test-035-b")}, name
    text = write_dynamics_page(atlases, tmp_path, title="t", question="q")[0].read_text()
    assert "b 35" in text
    assert "test-035-b" in text


def test_a_multiplier_too_small_for_the_monodromy_is_written_by_its_logarithm() -> None:
    atlas = made_atlas()
    small = np.where(atlas.where_it_sings(), -60.0, np.nan)
    faint = replace(atlas, cycles=replace(atlas.cycles, log_multiplier=small))
    sung = [row for row in all_tables([faint])["moments"] if np.isfinite(row["cycle_hz"])]
    assert [row["floquet_multiplier"] for row in sung] == pytest.approx([np.exp(-60.0)] * len(sung), rel=1e-12)
    assert {row["log_floquet_multiplier"] for row in sung} == {-60.0}
    assert "Floquet multiplier is 8.8e-27" in " ".join(clip_words(faint))
    assert "Floquet multiplier 8.76e-27" in " ".join(player_data(faint)["said"])


def test_every_cycle_of_every_moment_has_a_row() -> None:
    rows = all_tables([made_atlas(), silent_atlas()])["cycles"]
    assert len(rows) == 2 * int(made_atlas().where_it_sings().sum())
    assert [(row["hz"], row["amplitude"], row["stability"], row["sung"]) for row in rows[:2]] == [
        (1000.0, 2.0, "stable", "yes"),
        (900.0, 3.0, "unstable", "no"),
    ]
    assert rows[0]["moment"] == np.flatnonzero(made_atlas().where_it_sings())[0]
    assert rows[1]["floquet_multiplier"] == pytest.approx(np.exp(40.0))
    (first, *_) = all_tables([made_atlas()])["fixed_points"]
    assert [first[f"hessian_{name}"] for name in ("xx", "xv", "vv")] == [0.5, -0.25, 0.125]
    assert first["potential_hessian"] == first["determinant"]


def test_units_are_seen_by_context_and_sensitivity_by_label() -> None:
    atlases = [made_atlas(), made_atlas("b", 1)]
    rows = sensitivity_rows(atlases)
    assert [(row["label"], row["place"], row["count"]) for row in rows] == [
        *(("a", 0.1, 1), ("b", 0.1, 1)),
        *(("a", 0.9, 1), ("b", 0.9, 1)),
    ]
    responses = all_tables(atlases)["responses"]
    assert [(row["clip"], row["at_ms"], row["size"]) for row in responses[:2]] == [(0, 30.0, 0.5), (0, 70.0, 0.1)]
    figure = unit_responses_figure(named_rows(atlases, "units"))
    scatter, preference = figure.axes
    assert {tuple(np.ravel(line.get_xydata())) for line in scatter.lines[:2]} == {(2.0, 10.0, -1.0, 50.0)}
    assert [tick.get_text() for tick in preference.get_yticklabels()] == ["5", "3"], "the strongest first"
    np.testing.assert_allclose([line.get_xdata() for line in preference.lines], [[0.2, 0.4], [0.2, 0.1]])
    with pytest.raises(ValueError, match="no unit was stimulated"):
        unit_responses_figure([])


def test_layers_are_averaged_over_clips() -> None:
    rows = [{"clip": n, "label": "a", "layer": n % 2, "ms": float(n), "scenario": "xy"[n // 2]} for n in range(4)]
    assert averaged(rows, ("layer",)) == [
        {"layer": 0, "clips": 2, "ms": 1.0, "scenario": "x, y"},
        {"layer": 1, "clips": 2, "ms": 2.0, "scenario": "x, y"},
    ]


def test_figures_show_what_there_is() -> None:
    atlas = made_atlas()
    time, planes = over_time_figure(atlas), planes_figure(atlas)
    assert len(time.axes) == 2 + 1 + 1 + 1 + 1 + 1, "stiffness does not move"
    assert len(planes.axes) == 3 + 4
    assert len(over_time_figure(silent_atlas()).axes) == 2 + 1 + 1 + 1, "neither multiplier nor distance"
    moments = moments_shown(atlas)
    assert np.isfinite(atlas.cycles.hz[moments]).all()
    assert stability(atlas.branches[0]) == ["unstable" if one else "stable" for one in atlas.where_it_sings()]
    assert list(gestures_shown(atlas.gestures, 1)) == ["gamma"]


def test_a_clip_of_which_nothing_is_known_has_a_line(tmp_path: Path) -> None:
    none = np.empty(0)
    atlas = made_atlas()
    every = EveryCycle(*[np.empty((0, 0))] * 3, np.empty(0, dtype=np.int64))
    cycles = replace(
        atlas.cycles, hz=none, amplitude=none, log_multiplier=none, trivial=none, every=every,
        orbits=np.empty((0, 4, 2)), harmonics=np.empty((0, 3)), others=np.empty((0, 0, 4, 2)), reasons=(),
    )  # fmt: skip
    empty = ClipAtlas(
        stem="test-000-x", name="x", where="", times_s=none, state=np.empty((0, 2)), state_rate=1.0, gestures={},
        branches=(), cycles=cycles, nullclines=(), remarks=("the model has diverged",),
    )  # fmt: skip
    path, _ = write_dynamics_page([empty], tmp_path, title="t", question="q")
    text = path.read_text()
    assert "the model has diverged" in text
    assert "There is nothing to draw." in text
    assert not list(tmp_path.glob("*.png"))
    with pytest.raises(ValueError, match="there is no moment to show"):
        write_movie(empty, tmp_path / "x.gif")


def test_what_comes_from_data_is_text(tmp_path: Path) -> None:
    hostile = replace(made_atlas(), name=HOSTILE, where=HOSTILE, remarks=(HOSTILE,))
    path, _ = write_dynamics_page([hostile], tmp_path, title=HOSTILE, question=HOSTILE, facts=[(HOSTILE, HOSTILE)])
    assert "<script>alert" not in path.read_text()


def test_a_movie_has_a_frame_a_moment(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    from PIL import Image

    atlas = made_atlas()
    few = replace(
        atlas,
        times_s=atlas.times_s[:6],
        nullclines=atlas.nullclines[:6],
        sound=None,
        map=None,
        gestures={name: replace(one, values=one.values[:6]) for name, one in atlas.gestures.items()},
    )
    with Image.open(write_movie(few, tmp_path / "one.gif")) as movie:
        assert movie.n_frames == 6
    assert [file.name for file in tmp_path.iterdir()] == ["one.gif"]
    assert not caplog.records, "the console of the command is its own"


def test_what_stays_in_a_movie_is_drawn_once() -> None:
    figure, _ = _figure(made_atlas())
    _, *still = figure.axes
    assert [sum(part.get_visible() for part in axes.get_children()) for axes in still] == [1, 1]
    assert len(figure.images) == 1


@pytest.fixture(scope="module")
def node() -> str:
    found = shutil.which("node")
    if found is None:
        pytest.skip("no node on this machine")
    return found


@pytest.fixture(scope="module")
def played(node: str, tmp_path_factory: pytest.TempPathFactory) -> dict:
    data = tmp_path_factory.mktemp("data") / "clip.json"
    data.write_text(json.dumps(player_data(made_atlas())))
    command = [node, str(Path(__file__).parent / "fake_canvas.js"), str(SCRIPT), str(data)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def strokes(state: dict, color: str) -> list[list]:
    return [one["points"] for one in state["phase"]["strokes"] if one["color"] == color]


def test_the_player_shows_the_moment_that_the_slider_is_at(played: dict) -> None:
    at_first, early = played["seen"][:2]
    assert 20 < at_first["time"] < 80, "it stands in the middle of the sound at first"
    assert "the cycle has 1000 Hz, Floquet multiplier 0.15, +6.0 dB of pressure from the hopf" in at_first["said"]
    (orbit,) = (one for one in strokes(at_first, "#00855f") if one[-1] == "closed" and len(one) > 2)
    assert len(orbit) == 32 + 1
    # a circle of radius 2 within a window that reaches 3 to each side, on 346 by 278 pixels
    width, height = (np.ptp([point[k] for point in orbit[:-1]]) for k in (0, 1))
    assert width == pytest.approx(2 / 3 * 346, rel=0.01)
    assert height == pytest.approx(2 / 3 * 278, rel=0.01)
    (trail,) = (one for one in strokes(at_first, "#111111"))
    assert len(trail) == pytest.approx(3 / HZ * RATE, abs=2)
    assert early["said"] == "5.0 ms: silent: rest attracts"
    assert [one for one in strokes(early, "#00855f") if len(one) > 2] == []
    # the fixed point: hollow where it repels, filled where it attracts
    assert [dot["full"] for dot in at_first["phase"]["arcs"]] == [False, True]
    assert [dot["full"] for dot in early["phase"]["arcs"]] == [True, True]


def test_of_two_moments_the_nearer_one_is_shown(played: dict) -> None:
    assert played["near"] == [0, 0, 1, 1, 2, 2]


def test_the_map_shows_curve_gesture_and_events(played: dict) -> None:
    on_map = played["seen"][0]["map"]
    assert {"onset", "offset", "damping", "stiffness"} <= set(on_map["words"])
    assert len(on_map["arcs"]) == 3, "two crossings and the moment"
    assert sum(one["color"] == "#d55e00" for one in on_map["strokes"]) == 1


def test_it_plays_at_the_chosen_speed_stops_and_ends(played: dict) -> None:
    _, early, playing, stopped, end = played["seen"]
    assert (early["time"], playing["time"]) == (5.0, pytest.approx(15.0, abs=0.01))
    assert playing["button"] == "stop"
    assert (stopped["time"], stopped["button"]) == (pytest.approx(15.0, abs=0.01), "play")
    assert (end["time"], end["button"]) == (pytest.approx(player_data(made_atlas())["duration_ms"]), "play")
    assert played["ratio"] == 800, "as many pixels as the screen has"


def test_colours_are_the_machines_or_chosen(played: dict) -> None:
    assert played["themes"] == [
        ["all", "dark", "colours: dark"],
        ["not all", "light", "colours: light"],
        ["(prefers-color-scheme: dark)", "", "colours: as the machine"],
    ]
    assert played["drawn"] == 3
    assert all(color.startswith("dark ") for color in played["dark"])


def test_time_is_the_colour_of_paths(played: dict) -> None:
    colors = [one["color"] for one in played["seen"][0]["map"]["strokes"] if one["color"].startswith("hsl")]
    assert len(colors) == MOMENTS - 1
    assert (colors[0], len(set(colors))) == ("hsl(280, 65%, 48%)", MOMENTS - 1)


def test_the_script_of_the_page_reads(node: str, page: Path, tmp_path: Path) -> None:
    script = re.findall(r"<script>(.*?)</script>", page.read_text(), re.S)[-1]
    (tmp_path / "page.js").write_text(script)
    done = subprocess.run([node, "--check", str(tmp_path / "page.js")], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
