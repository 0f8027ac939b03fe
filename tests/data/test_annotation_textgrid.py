"""Praat's TextGrids: long, short, UTF-16, tiers of points, and which tier is read."""

from __future__ import annotations

from pathlib import Path

import pytest
from folders import times
from reading_annotations import read_annotations

from syrinx_lab.data.annotation_rules import AnnotationRules
from syrinx_lab.data.annotations import read_annotation_file

Intervals = list[tuple[float | str, float | str, str]]
SYLLABLES: Intervals = [(0, 0.1, ""), (0.1, 0.25, "a"), (0.25, 0.3, " "), (0.3, 0.4, "b"), (0.4, 1, "")]
TWO = [(0.1, 0.25, "a"), (0.3, 0.4, "b")]


def long(tiers: dict[str, Intervals], points: str = "") -> str:
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "xmin = 0 ", "xmax = 1 ", "tiers? <exists> "]
    lines += [f"size = {len(tiers) + bool(points)} ", "item []: "]
    number = 0
    if points:
        lines += ["    item [1]:", '        class = "TextTier" ', f'        name = "{points}" ']
        lines += ["        xmin = 0 ", "        xmax = 1 ", "        points: size = 1 ", "        points [1]:"]
        lines += ["            number = 0.5 ", '            mark = "x" ']
        number = 1
    for name, intervals in tiers.items():
        number += 1
        lines += [f"    item [{number}]:", '        class = "IntervalTier" ', f'        name = "{name}" ']
        lines += ["        xmin = 0 ", "        xmax = 1 ", f"        intervals: size = {len(intervals)} "]
        for k, (onset, offset, text) in enumerate(intervals, 1):
            lines += [f"        intervals [{k}]:", f"            xmin = {onset} ", f"            xmax = {offset} "]
            lines += [f'            text = "{text}" ']
    return "\n".join(lines) + "\n"


def short(tiers: dict[str, Intervals]) -> str:
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "0", "1", "<exists>", str(len(tiers))]
    for name, intervals in tiers.items():
        lines += ['"IntervalTier"', f'"{name}"', "0", "1", str(len(intervals))]
        lines += [f"{part}" if k < 2 else f'"{part}"' for one in intervals for k, part in enumerate(one)]
    return "\n".join(lines) + "\n"


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("form", [long, short])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_every_form_and_encoding(tmp_path: Path, form: type, encoding: str, ends: str) -> None:
    text = form({"syl": [(*SYLLABLES[1][:2], "é"), SYLLABLES[3]]}).replace("\n", ends)
    path = write(tmp_path / "x.TextGrid", ("\ufeff" if encoding == "utf-16-be" else "") + text, encoding)
    assert times(read_annotations(path)) == [(0.1, 0.25, "é"), (0.3, 0.4, "b")]


def test_texts_and_numbers_that_praat_writes(tmp_path: Path) -> None:
    odd: Intervals = [("-0.001", "4.5e-02", 'say ""a""'), (0.1, 0.25, "two\nlines"), (0.3, 0.4, "xmin = 7")]
    path = write(tmp_path / "x.TextGrid", long({'the "x" tier'.replace('"', '""'): odd}))
    labels = [('say "a"', 0.0, 0.045), ("two lines", 0.1, 0.25), ("xmin = 7", 0.3, 0.4)]
    assert [(one.label, one.onset_s, one.offset_s) for one in read_annotations(path)[""]] == labels
    assert read_annotations(write(path, long({"syl": []}))) == {"": ()}
    assert read_annotations(write(path, long({}))) == {"": ()}


def test_which_tier_is_read(tmp_path: Path) -> None:
    path = write(
        tmp_path / "x.TextGrid", long({"none": [(0, 1, "")], "bout": [(0, 1, "song")], "syl": SYLLABLES}, "pt")
    )
    found = read_annotation_file(path, "textgrid")
    assert [one.label for one in found.recordings[""]] == ["song"]
    assert [str(p.message) for p in found.problems] == ["the tier 'bout' was read; data.tier chooses another: 'syl'"]
    for tier in ("syl", "4"):
        assert times(read_annotations(path, rules=AnnotationRules(tier=tier))) == TWO
    assert read_annotations(path, rules=AnnotationRules(tier="none")) == {"": ()}
    tiers = "'pt', 'none', 'bout', 'syl'"
    for tier, said in (
        ("Syl", f"there is no tier 'Syl', as data.tier asks; its tiers are: {tiers}"),
        ("9", f"there is no tier '9', as data.tier asks; its tiers are: {tiers}"),
        ("pt", "the tier 'pt' holds points, which have no length; choose another"),
    ):
        with pytest.raises(ValueError, match=said):
            read_annotations(path, rules=AnnotationRules(tier=tier))
    assert read_annotation_file(write(path, long({"syl": SYLLABLES}, "pt")), "textgrid").problems == []
    only_points = read_annotation_file(write(path, long({}, "pt")), "textgrid").problems
    assert [(p.severity, p.message.split(",")[0]) for p in only_points] == [("warning", "its tiers hold points alone")]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (long({"syl": SYLLABLES})[:-40].encode(), r"cannot be read as textgrid \(a .* is missing\)"),
        (b"ooBinaryFile\x08TextGrid\x00\x00", r"not a text file|it is binary"),
        (
            b'"Praat chronological TextGrid text file"\n0 1\n',
            r"does not begin as a TextGrid: save it in Praat as a text",
        ),
        (b'File type = "ooTextFile"\nObject class = "PitchTier"\n\n0\n1\n', "does not begin as a TextGrid"),
    ],
)
def test_what_is_no_whole_textgrid(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "x.TextGrid").write_bytes(content)
    with pytest.raises(ValueError, match=said) as caught:
        read_annotations(tmp_path / "x.TextGrid")
    assert "\n" not in str(caught.value)
