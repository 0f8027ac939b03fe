"""What check_data reports of a folder: counts and lengths by hand, faults by file and line, text through a pipe."""

from __future__ import annotations

import io
import math
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from syrinx_lab.data.audio import write_wav
from syrinx_lab.data.corpus import Corpus, CorpusSettings, Problem, Recording, Syllable, inspect_corpus
from syrinx_lab.data.report import CorpusReport, examples, print_report, summarise
from syrinx_lab.data.segments import Reason, WindowSettings, cut_segments
from syrinx_lab.data.synthetic import SyntheticFinch, write_dataset
from syrinx_lab.types import Category

RATE = 10_000


def recording(name: str, *syllables: Syllable, native: int = RATE) -> Recording:
    """One second: amplitude 1 inside syllables, 0.1 outside, so 20 dB of contrast."""
    samples = np.full(RATE, 0.1, dtype=np.float32)
    for syllable in syllables:
        samples[syllable.onset : syllable.offset] = 1.0
    return Recording(name, Path(f"{name}.wav"), samples, RATE, native, syllables)


@pytest.fixture
def corpus() -> Corpus:
    one = recording("one", Syllable("a", 1_000, 2_000), Syllable("b", 2_500, 3_100), Syllable("a", 6_000, 7_200))
    two = recording("two", Syllable("a", 4_000, 4_800), native=48_000)
    return Corpus({"one": one, "two": two}, RATE)


def text_of(report: CorpusReport, **console: object) -> str:
    stream = io.StringIO()
    print_report(report, Console(file=stream, width=100, **console))  # type: ignore[arg-type]
    return stream.getvalue()


def test_labels_lengths_and_silences_are_those_of_the_annotation(corpus: Corpus) -> None:
    report = summarise(corpus, [], lead_in=2_000)
    a, b = report.labels
    assert (a.label, a.count, a.mean_ms, a.shortest_ms, a.longest_ms) == pytest.approx(("a", 3, 100.0, 80.0, 120.0))
    assert (b.label, b.count, b.mean_ms) == pytest.approx(("b", 1, 60.0))
    assert report.gaps is not None
    gaps = report.gaps
    assert (gaps.count, gaps.shortest_ms, gaps.median_ms, gaps.longest_ms) == pytest.approx((2, 50.0, 170.0, 290.0))
    assert gaps.cold_starts == 2  # the last of one and that of two; a at 1,000 follows the start of the file too soon
    assert report.native_sample_rates() == {10_000: 1, 48_000: 1}
    assert report.duration_s == pytest.approx(2.0)
    assert [row.syllables for row in report.recordings] == [3, 1]
    assert [row.contrast_db for row in report.recordings] == pytest.approx([20.0, 20.0], abs=1e-4)


def test_windows_are_those_of_the_pools(corpus: Corpus) -> None:
    pools = cut_segments(corpus.recordings.values(), WindowSettings(context_s=0.07), sample_rate=RATE)
    report = summarise(corpus, [], pools)
    for row in report.labels:
        for category in Category:
            assert row.windows[category] == sum(s.label == row.label for s in pools[category]), (row.label, category)
    assert report.labels[0].windows[Category.MID] == 2  # of 100 and 120 ms; 80 ms less two edges is too short
    assert report.dropped[Category.MID, Reason.TOO_SHORT] == 2
    assert report.context == 700
    assert "2 MID left out: the syllable is shorter than the window" in text_of(report)


def test_a_synthetic_finch_is_reported_as_rendered(tmp_path: Path) -> None:
    root = write_dataset(tmp_path, SyntheticFinch(n_recordings=3, motifs_per_recording=2))
    corpus, problems = inspect_corpus(str(root))
    report = summarise(corpus, problems, cut_segments(corpus.recordings.values(), sample_rate=44_100))
    assert [problem for problem in problems if problem.severity != "note"] == []
    assert {row.label: row.count for row in report.labels} == dict.fromkeys("abcde", 6)
    assert all(row.windows[Category.ONSET] == row.windows[Category.OFFSET] == 6 for row in report.labels)
    assert sum(row.windows[Category.MID] for row in report.labels) > 15
    assert report.shortened == 0
    assert all(38 < row.contrast_db < 43 for row in report.recordings)


def test_faults_are_reported_with_file_and_line(tmp_path: Path) -> None:
    time = np.arange(RATE) / RATE
    tone = 0.5 * np.sin(2 * np.pi * 440 * time) * np.where((time >= 0.1) & (time < 0.2), 1, 0.05)
    broken = tone.copy()
    broken[4_321] = np.nan
    sounds = {"good": tone, "clipped": np.clip(4 * tone, -1, 1), "silent": 0 * tone, "broken": broken}
    for name, samples in sounds.items():
        write_wav(tmp_path / f"{name}.wav", samples, RATE)
        (tmp_path / f"{name}.txt").write_text("0.1 0.2 a\n")
    (tmp_path / "good.txt").write_text("0.1 0.2 a\n0.5 0.4 a\n")
    corpus, problems = inspect_corpus(str(tmp_path), CorpusSettings(sample_rate=RATE))
    report = summarise(corpus, problems)
    assert report.faults == {
        "clipped": (tmp_path / "clipped.wav",),
        "silent": (tmp_path / "silent.wav",),
        "non-finite": (tmp_path / "broken.wav",),
    }
    assert [problem.severity for problem in report.problems] == ["error"] * 3 + ["warning"]
    lines = text_of(report).splitlines()
    assert "clipped recordings: 1" in lines
    assert any(line.startswith(f"error: {tmp_path / 'good.txt'}, line 2: the offset") for line in lines)
    assert any(line.startswith(f"error: {tmp_path / 'broken.wav'}: sample 4321") for line in lines)
    assert "3 errors, 1 warning:" in lines


def test_text_in_a_pipe_has_no_colour_codes_and_no_broken_paths(
    corpus: Corpus, capsys: pytest.CaptureFixture[str]
) -> None:
    path = Path("/a long folder name", *["and another"] * 12, "song [1].txt")
    long = recording("recording-" * 20, Syllable("a", 1_000, 2_000))
    corpus = Corpus({**corpus.recordings, long.id: long}, RATE)
    report = summarise(corpus, [Problem(path, 7, "what is [red]wrong[/red]")])
    print_report(report)
    printed = capsys.readouterr().out
    assert "\x1b" not in printed
    assert f"error: {path}, line 7: what is [red]wrong[/red]\n" in printed
    tables = [line for line in printed.splitlines() if not line.startswith("error")]
    assert max(map(len, tables)) == 100
    assert "\x1b" in text_of(report, force_terminal=True, color_system="standard")


def test_labels_that_look_like_markup_are_printed_as_they_are() -> None:
    corpus = Corpus(
        {"x": recording("x", Syllable("[bold]", 1_000, 2_000, 1.0, False), Syllable("b", 4_000, 5_000))}, RATE
    )
    text = text_of(summarise(corpus, []))
    assert any(line.split() == ["[bold]", "no", "1", "100.0", "100.0", "100.0"] for line in text.splitlines())
    assert any(line.split() == ["b", "yes", "1", "100.0", "100.0", "100.0"] for line in text.splitlines())


def test_an_empty_corpus_is_reported_too() -> None:
    problem = Problem(Path("nowhere"), None, "there is no such folder")
    report = summarise(Corpus({}, RATE), [problem])
    assert report.duration_s == 0
    assert report.gaps is None
    assert text_of(report).splitlines()[0] == "no recordings"
    assert "error: nowhere: there is no such folder" in text_of(report)


def test_a_recording_without_syllables_has_no_contrast() -> None:
    report = summarise(Corpus({"x": recording("x")}, RATE), [])
    assert math.isnan(report.recordings[0].contrast_db)
    assert report.labels == ()
    assert report.gaps is None


def test_examples_are_typical_renditions_of_the_selected_labels(corpus: Corpus) -> None:
    clips = examples(corpus)
    assert [title for title, _ in clips] == ["a  one at 0.10 s", "a  one at 0.60 s", "b  one at 0.25 s"]
    assert [len(samples) for _, samples in clips] == [1_400, 1_600, 1_000]
    np.testing.assert_array_equal(clips[0][1], corpus.recordings["one"].samples[800:2_200])

    loud = recording("x", Syllable("a", 100, 200, 0.5, True), Syllable("b", 400, 500, 1.0, False))
    (clip,) = examples(Corpus({"x": loud}, RATE))
    assert clip[1].max() == pytest.approx(0.5)
    assert len(clip[1]) == 400  # 20 ms before the onset lie beyond the start of the file


def test_many_labels_give_one_example_each_of_the_commonest() -> None:
    syllables = [Syllable(f"{k % 20:02d}", 100 * k, 100 * k + 50) for k in range(90)]
    clips = examples(Corpus({"x": recording("x", *syllables)}, RATE))
    assert [title.split()[0] for title, _ in clips] == [f"{k:02d}" for k in range(16)]
