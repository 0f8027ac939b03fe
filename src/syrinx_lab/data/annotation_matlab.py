"""Annotations in MATLAB's files: evsonganaly's .not.mat, and the .mat of SongAnnotationGUI (yarden)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import scipy.io

from .annotation_numbers import seconds
from .annotation_records import AnnotationFile, NativeRate
from .annotation_rules import AnnotationRules


def read_notmat(path: Path, native_rate: NativeRate, rules: AnnotationRules) -> AnnotationFile:
    """Read evsonganaly's .not.mat: onsets and offsets in ms, and a label for each.

    Labels may be a row of characters, rows of characters, a cell array, or numbers. Where there are not as many labels
    or offsets as onsets, nobody knows which belong together, and the file cannot be used.
    """
    found = AnnotationFile(path, "notmat", rules)
    found.name("")
    unit = rules.time_unit or "ms"
    rate = native_rate("") if unit == "samples" else None
    if unit == "samples" and rate is None:
        return found  # there is no such recording, or it cannot be read: said elsewhere
    try:
        loaded = _load(path)
        onsets, offsets = (_numbers(loaded, name) for name in ("onsets", "offsets"))
        labels = _labels(loaded.get("labels"))
    except ValueError as error:
        return found.refuse(f"cannot be read as notmat ({error}); is it complete, and is that its format?", "")
    if labels is None:
        labels = [""] * len(onsets)
        found.fault(None, "it holds no labels; every syllable is called voc", "note")
    onsets, offsets = (np.array([seconds(float(t), unit, rate) for t in times]) for times in (onsets, offsets))
    _add_all(found, "", onsets, offsets, labels)
    return found.finish()


def read_yarden(path: Path, rules: AnnotationRules) -> AnnotationFile:
    """Read SongAnnotationGUI's .mat: `keys`, the names of recordings, and `elements`, their times in s and labels."""
    found = AnnotationFile(path, "yarden", rules)
    try:
        loaded = _load(path)
        keys, elements = [_text(one) for one in np.ravel(loaded["keys"])], np.ravel(loaded["elements"])
        if len(keys) != len(elements):
            raise ValueError(f"{len(keys)} keys for {len(elements)} elements")
    except (ValueError, KeyError) as error:
        reason = f"it has no {error}" if isinstance(error, KeyError) else error
        return found.refuse(f"cannot be read as yarden ({reason}); is it complete, and is that its format?")
    for key, element in zip(keys, elements):
        found.name(key)
        try:
            fields = _fields(element)
            onsets, offsets = (_numbers(fields, name) for name in ("segFileStartTimes", "segFileEndTimes"))
            labels = _labels(fields.get("segType")) or []
        except ValueError as error:
            found.refuse(f"the element of {key} cannot be read ({error}); annotate it again", key)
            continue
        _add_all(found, key, onsets, offsets, labels)
    return found.finish()


def _add_all(found: AnnotationFile, audio: str, onsets: np.ndarray, offsets: np.ndarray, labels: list[str]) -> None:
    if not len(onsets) == len(offsets) == len(labels):
        counts = f"{len(onsets)} onsets, {len(offsets)} offsets and {len(labels)} labels"
        whose = f" of {audio}" if audio else ""
        found.refuse(f"{counts}{whose}: nobody can say which belong together; label it again", audio)
        return
    for index, (onset, offset, label) in enumerate(zip(onsets, offsets, labels), start=1):
        found.add(audio, float(onset), float(offset), label, index=index)


def _load(path: Path) -> dict[str, Any]:
    try:
        return scipy.io.loadmat(path)
    except NotImplementedError:  # version 7.3 is HDF5
        raise ValueError("it is of MATLAB's version 7.3: save it with -v7") from None
    except Exception as error:  # the parser raises whatever it stumbles over
        raise ValueError((str(error).strip() or type(error).__name__).splitlines()[0]) from None


def _fields(element: Any) -> dict[str, Any]:
    """The fields of a struct."""
    record = np.ravel(element)
    if not len(record) or record.dtype.names is None:
        raise ValueError("it is no struct")
    return {name: record[0][name] for name in record.dtype.names}


def _numbers(fields: dict[str, Any], name: str) -> np.ndarray:
    """(n,) float64."""
    if name not in fields:
        raise ValueError(f"it holds no {name}")
    try:
        return np.ravel(fields[name]).astype(np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"its {name} are no numbers") from None


def _labels(value: Any) -> list[str] | None:
    """One label a syllable: a character of a row, a row of several, or a cell; None where there are none at all."""
    if value is None:
        return None
    array = np.asarray(value)
    if array.dtype.kind == "O":
        return [_text(one) for one in np.ravel(array)]
    if array.dtype.kind in "US":
        rows = [str(row) for row in np.ravel(array)]
        return list(rows[0]) if len(rows) == 1 else [row.strip() for row in rows]
    return [_text(one) for one in np.ravel(array)]


def _text(value: Any) -> str:
    """A label or name as text: "a", and 3.0 as "3"."""
    array = np.ravel(np.asarray(value))
    if array.dtype.kind == "O":
        return _text(array[0]) if len(array) else ""
    if array.dtype.kind in "US":
        return "".join(str(part) for part in array).strip()
    if not len(array):
        return ""
    number = float(array[0])
    return str(int(number)) if number.is_integer() else f"{number:g}"
