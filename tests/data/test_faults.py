"""Annotations as people really have them: every case of shared/faults against its truth, and small copies of each."""

from __future__ import annotations

import csv
import math
import re
import shutil
from pathlib import Path

import pytest

from syrinx_lab.data.corpus import Corpus, CorpusSettings, Problem, inspect_corpus

Truth = dict[str, list[tuple[float, float, str]]]


@pytest.fixture(scope="session")
def truth(faults_root: Path) -> Truth:
    found: Truth = {}
    with (faults_root / "truth.csv").open() as file:
        for row in csv.DictReader(file):
            found.setdefault(row["recording"], []).append((float(row["onset_s"]), float(row["offset_s"]), row["label"]))
    assert sum(map(len, found.values())) == 25
    return found


def read_case(
    faults_root: Path, root: Path, case: str, recordings: str = "01234", **options: object
) -> tuple[Corpus, list[Problem]]:
    root.mkdir(exist_ok=True)
    for number in recordings:
        (root / f"rec{number}.wav").symlink_to(faults_root / "audio" / f"rec{number}.wav")
    for path in (faults_root / case).iterdir():
        shutil.copy(path, root)
    return inspect_corpus(root, CorpusSettings(**options))  # type: ignore[arg-type]


def check(corpus: Corpus, truth: Truth, **renamed: str) -> None:
    """Every onset and offset to the file's rounding, every label as written."""
    for name, recording in corpus.recordings.items():
        rate = recording.sample_rate
        assert [s.label for s in recording.syllables] == [renamed.get(label, label) for *_, label in truth[name]], name
        for syllable, (onset_s, offset_s, _) in zip(recording.syllables, truth[name], strict=True):
            assert abs(syllable.onset - onset_s * rate) <= 0.55, name
            assert abs(syllable.offset - offset_s * rate) <= 0.55, name


@pytest.mark.parametrize(
    ("case", "options", "renamed", "noted"),
    [
        ("raven_multifile_silent", {}, {}, ""),
        ("csv_hash_label_first", {}, {"c": "#"}, ""),
        ("pandas_tsv_index", {}, {}, ""),
        ("csv_utf16", {}, {}, ""),
        ("warbler", {}, {}, ""),
        (
            "raven_labelcol",
            {},
            dict.fromkeys("abc", "voc"),
            "no column of labels was found.*label_column.*Syllable Type",
        ),
        ("raven_labelcol", {"label_column": "Syllable Type"}, {}, ""),
        ("raven_labelcol", {"label_column": "syllable_type"}, {}, ""),
        ("das_nan", {}, {}, r"2 row\(s\) without times, .* left out \(and so 4 more files\)"),
        ("sil_labels", {"silence_labels": []}, {"c": "sil"}, ""),
        ("sil_labels", {"label": ["a", "sil"]}, {"c": "sil"}, ""),
    ],
)
def test_a_case_reads_as_it_should(
    faults_root: Path, truth: Truth, tmp_path: Path, case: str, options: dict, renamed: dict, noted: str
) -> None:
    corpus, problems = read_case(faults_root, tmp_path, case, **options)
    check(corpus, truth, **renamed)
    assert len(corpus.recordings) == 5
    assert [p.severity for p in problems] == (["note"] if noted else []), [str(p) for p in problems]
    if noted:
        assert re.search(noted, problems[0].message), problems[0].message


def test_a_label_that_is_a_quotation_mark_is_kept(faults_root: Path, truth: Truth, tmp_path: Path) -> None:
    corpus, problems = read_case(faults_root, tmp_path, "quote_own_csv")
    assert problems == []
    assert [s.label for s in corpus.recordings["rec1"].syllables] == ["a", '"', "c", "a", "b"]
    assert sum(len(r.syllables) for r in corpus.recordings.values()) == 25
    changed = {
        **truth,
        "rec1": [(on, off, '"' if k == 1 else label) for k, (on, off, label) in enumerate(truth["rec1"])],
    }
    check(corpus, changed)


def test_silences_are_left_out_with_a_note_and_counts(faults_root: Path, truth: Truth, tmp_path: Path) -> None:
    corpus, problems = read_case(faults_root, tmp_path, "sil_labels")
    check(corpus, {name: [s for s in rows if s[2] != "c"] for name, rows in truth.items()})
    assert [p.severity for p in problems] == ["note"]
    assert "5 stretches left out as silence: sil (5); data.silence_labels=[] keeps them" in problems[0].message


def test_every_tier_can_be_read_and_the_one_that_was_is_named(faults_root: Path, truth: Truth, tmp_path: Path) -> None:
    corpus, problems = read_case(faults_root, tmp_path, "tg_tiers", "0123")
    assert corpus.labels() == {"song": 4}
    assert [p.severity for p in problems] == ["warning"]
    message = "the tier 'bout' was read; data.tier chooses another: 'syllables' (and so 3 more files)"
    assert problems[0].message == message
    for tier in ("syllables", "2", 2):
        corpus, problems = inspect_corpus(tmp_path, CorpusSettings(tier=tier))
        assert problems == []
        assert len(corpus.recordings) == 4
        check(corpus, truth)
    _, problems = inspect_corpus(tmp_path, CorpusSettings(tier="notes"))
    assert "no tier 'notes', as data.tier asks; its tiers are: 'bout', 'syllables'" in problems[0].message


def test_faults_of_published_notmat_files(faults_root: Path, truth: Truth, tmp_path: Path) -> None:
    _, problems = read_case(faults_root, tmp_path, "notmat_real_faults")
    assert [(p.path.name, p.severity) for p in problems] == [
        ("rec1.wav.not.mat", "warning"),
        ("rec2.wav.not.mat", "error"),
    ]
    assert problems[0].message == "the onset is negative, -0.0011678 s, of syllable 1, s; it was moved to 0"
    fault = "the offset, 1.562 s, must come after the onset, 1.6 s, of syllable 6, s; correct or delete it"
    assert problems[1].message == f"{fault} (data.faulty=skip leaves it out)"
    with_s = {**truth, "rec1": [(0.0, 0.04, "s"), *truth["rec1"]]}
    for options in ({"faulty": "skip"}, {"label": ["a", "b", "c"]}):
        corpus, problems = inspect_corpus(tmp_path, CorpusSettings(**options))  # type: ignore[arg-type]
        assert [(p.severity, p.message) for p in problems][1:] == [("warning", f"{fault}; left out")]
        check(corpus, with_s)
        assert math.isclose(corpus.recordings["rec1"].syllables[0].offset, 0.04 * 44100, abs_tol=0.5)
    _, problems = inspect_corpus(tmp_path, CorpusSettings(label=["a", "s"]))
    assert [p.severity for p in problems] == ["warning", "error"]


def test_rows_of_a_folder_that_is_not_there_are_refused(faults_root: Path, tmp_path: Path) -> None:
    (tmp_path / "d1").mkdir()
    for number in range(5):
        (tmp_path / "d1" / f"rec{number}.wav").symlink_to(faults_root / "audio" / f"rec{number}.wav")
    shutil.copy(faults_root / "days_wrong_folder" / "syllables.csv", tmp_path)
    _, problems = inspect_corpus(tmp_path)
    assert "there is no recording 'd3/rec0.wav'" in problems[0].message
    assert problems[0].severity == "error"
