"""Annotations as JSON: WhisperSeg's lists of onsets, offsets and clusters, and tables that pandas wrote as JSON."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

from .annotation_columns import find_columns
from .annotation_encoding import decode
from .annotation_table import Table


def holds_syllables(path: Path) -> bool:
    """Whether a JSON file holds columns of onsets and offsets."""
    try:
        return find_columns(tuple(_columns(json.loads(decode(path).text)))).complete
    except (ValueError, RecursionError):
        return False


def json_table(text: str) -> Table:
    """The lists of a JSON object, or its records, as a table; single values (such as a sample rate) are passed over.

    Raises ValueError when it is no JSON, or when its lists differ in length.
    """
    columns = _columns(json.loads(text))
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        counts = ", ".join(f"{count} {name}" for name, count in lengths.items())
        raise ValueError(f"{counts}: nobody can say which belong together; label it again")
    body = []
    for row in zip(*columns.values()):
        line = io.StringIO()
        csv.writer(line, lineterminator="").writerow(["" if value is None else value for value in row])
        body.append(line.getvalue())
    return Table(tuple(columns), 0, ",", '"', tuple(body))


def _columns(value: Any) -> dict[str, list[Any]]:
    """Name -> values, from an object of lists, an object of objects (pandas) or a list of records."""
    if isinstance(value, list) and value and all(isinstance(record, dict) for record in value):
        return {str(name): [record.get(name) for record in value] for name in value[0]}
    if not isinstance(value, dict):
        return {}
    lists = {name: list(one.values()) if isinstance(one, dict) else one for name, one in value.items()}
    return {name: one for name, one in lists.items() if isinstance(one, list)}
