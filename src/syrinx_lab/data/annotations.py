"""Annotation files of every kind: finding out the format, and reading."""

from __future__ import annotations

import re
from pathlib import Path

from scipy.io import whosmat

from .annotation_crowsetta import crowsetta_formats, read_crowsetta
from .annotation_csv import read_columns, read_csv
from .annotation_encoding import decode
from .annotation_json import holds_syllables
from .annotation_matlab import read_notmat, read_yarden
from .annotation_numbers import is_number
from .annotation_records import Annotation, AnnotationFile, NativeRate
from .annotation_rules import AS_WRITTEN, AnnotationRules
from .annotation_svl import read_svl
from .annotation_text import data_lines, is_header, read_text, split_line
from .annotation_textgrid import read_textgrid

__all__ = [
    "ORDER",
    "Annotation",
    "AnnotationFile",
    "available_formats",
    "canonical",
    "detect_format",
    "format_endings",
    "own_names",
    "read_annotation_file",
]

ORDER = ("csv", "birdsong-recognition-dataset", "yarden", "notmat", "textgrid", "raven", "text", "aud-bbox", "timit",
         "json", "svl")  # fmt: skip
"""Which format is believed when a recording is annotated in several: the first of these."""

_OWN_FORMATS: dict[str, tuple[str, ...]] = {
    "text": (".txt",),
    "aud-seq": (".txt",),
    "aud-txt": (".txt",),
    "csv": (".csv", ".tsv", ".table"),
    "simple-seq": (".csv", ".txt"),
    "generic-seq": (".csv",),
    "raven": (".txt", ".csv", ".tsv"),
    "aud-bbox": (".txt",),
    "textgrid": (".TextGrid",),
    "timit": (".phn", ".PHN", ".wrd", ".WRD"),
    "notmat": (".not.mat",),
    "yarden": (".mat",),
    "json": (".json",),
    "svl": (".svl",),
}
_SAME_AS = {"aud-seq": "text", "aud-txt": "text", "simple-seq": "csv", "generic-seq": "csv"}
_DETECTABLE = (".mat", ".TextGrid", ".xml", ".phn", ".wrd")
_SNIFFED = 4096  # bytes
_TAGS = re.compile(
    r"(\.BirdNET\.(results|selection\.table)(\.\w+)?|(\.Table\.\d+)?\.selections|\.cbin"
    r"|[._-](annotations?|annots?|labels?|syllables?|segments?|segs?))$",
    re.IGNORECASE,
)


def available_formats() -> dict[str, tuple[str, ...]]:
    """Every format that can be asked for, those of the installed crowsetta among them: name -> endings of its files."""
    return {**crowsetta_formats(), **_OWN_FORMATS}


def canonical(name: str) -> str:
    """The one name of a format that the lab reads itself and that goes by several: aud-seq is text, simple-seq csv."""
    return _SAME_AS.get(name, name)


def format_endings(name: str) -> tuple[str, ...]:
    """The endings of the files of a format; for "auto", of every format that can be detected.

    Raises ValueError when there is no such format.
    """
    if name == "auto":
        return tuple({ending for endings in (*_OWN_FORMATS.values(), _DETECTABLE) for ending in endings})
    formats = _OWN_FORMATS if name in _OWN_FORMATS else available_formats()
    if name not in formats:
        raise ValueError(f"data.annotations is {name!r}: give auto or one of {', '.join(sorted(formats))}")
    return formats[name]


def detect_format(path: Path) -> tuple[str, bool] | None:
    """The format of a file, and whether its contents confirm it; None when it holds no annotations.

    A text or csv file whose contents do not look like annotations may still be a damaged one: named, not confirmed.
    """
    name = path.name.lower()
    if name.endswith(".not.mat"):
        return "notmat", True
    if name.endswith(".textgrid"):
        return "textgrid", True
    if name.endswith((".phn", ".wrd")):
        return "timit", True
    if name.endswith(".xml"):
        return ("birdsong-recognition-dataset", True) if b"<WaveFileName>" in _head(path) else None
    if name.endswith(".svl"):
        return ("svl", True) if b"<point " in path.read_bytes() else None
    if name.endswith(".json"):
        return ("json", True) if holds_syllables(path) else None
    if name.endswith(".mat"):
        return ("yarden", True) if _is_yarden(path) else None
    if name.endswith((".csv", ".tsv", ".txt", ".table")):
        return _detect_in_text(path)
    return None


def own_names(path: Path) -> list[str]:
    """What the recording may be called that a file annotates by its own name, most literal first.

    x.wav.not.mat -> x.wav; x.Table.1.selections.txt -> x.Table.1.selections, x; x_annotations.csv -> x_annotations, x;
    x.BirdNET.results.csv -> x.BirdNET.results, x.
    """
    name = path.name
    base = name[: -len(".not.mat")] if name.lower().endswith(".not.mat") else path.stem
    names = [base]
    while (bare := _TAGS.sub("", names[-1])) not in (names[-1], ""):
        names.append(bare)
    return names


def read_annotation_file(
    path: Path,
    name: str,
    native_rate: NativeRate = lambda audio: None,
    rules: AnnotationRules = AS_WRITTEN,
) -> AnnotationFile:
    """Read one file in the format called `name`; what cannot be used stands in the result's `problems`.

    native_rate  gives the sample rate in Hz of an audio file by its name in the annotation ("" for the file's own
                 recording), for formats that count in samples
    rules        what a format leaves open, and what a fault does
    """
    name = canonical(name)
    if name in ("text", "aud-bbox", "timit"):
        return read_text(path, native_rate, rules, name)
    if name in ("csv", "raven", "json"):
        return read_csv(path, native_rate, name, rules)
    if name in ("textgrid", "svl"):
        return read_textgrid(path, rules) if name == "textgrid" else read_svl(path, rules)
    if name in ("notmat", "yarden"):
        return read_notmat(path, native_rate, rules) if name == "notmat" else read_yarden(path, rules)
    return read_crowsetta(path, name, native_rate, rules)


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_SNIFFED)


def _is_yarden(path: Path) -> bool:
    try:
        return {"keys", "elements"} <= {name for name, _, _ in whosmat(path)}
    except Exception:  # any .mat file at all may lie in the folder
        return False


def _detect_in_text(path: Path) -> tuple[str, bool] | None:
    """Distinguish tables, Audacity's two layouts and plain lines."""
    plain = "text" if path.suffix.lower() == ".txt" else "csv"
    try:
        text = decode(path).text
    except ValueError:
        return plain, False
    columns, table = read_columns(text)
    if plain == "csv" and (columns.complete or not table.names or not is_number(table.names[0])):
        return plain, columns.complete
    if columns.complete and columns.is_raven and table.delimiter == "\t":
        return "raven", True
    lines = data_lines(text[:_SNIFFED])
    if not lines:
        return plain, False
    if plain == "text" and len(lines) > 1 and lines[1][1].startswith("\\"):
        return "aud-bbox", True
    fields = split_line(lines[0][1])
    if plain == "text" and is_header(fields):
        return plain, True
    if columns.complete:
        return "csv", True
    looks = len(fields) >= 2 and all(map(is_number, fields[:2]))
    # a csv without a header may hold anything: it counts where a recording bears its name
    return ("text" if looks and len(fields) <= 3 else "csv", False) if plain == "csv" else (plain, looks)
