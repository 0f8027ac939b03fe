"""The tables of the dynamics page, and the same as CSV: one file a table."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..dynamics.clip_atlas import ClipAtlas
from ..dynamics.sensitivity import sensitivity
from ..figures.dynamics_over_time import stability
from .dynamics_words import pitch_error_cents
from .tables import Cell, Table

_LARGEST_LOG = 700.0  # exp of more leaves float64
Row = Mapping[str, Any]
Rows = Sequence[Row]


def clip_rows(atlases: Sequence[ClipAtlas]) -> Rows:
    """A row a clip: what is worth comparing, NaN or empty where it is not defined."""
    return [_clip_row(atlas) for atlas in atlases]


def label_rows(atlases: Sequence[ClipAtlas]) -> Rows:
    """A row a label: how many clips, means of the numbers of `clip_rows`, and counts of the bifurcations crossed."""
    rows = clip_rows(atlases)
    found: list[Row] = []
    for label in dict.fromkeys(row["label"] for row in rows):
        own = [row for row in rows if row["label"] == label]
        numbers = [name for name, value in own[0].items() if isinstance(value, float)]
        means = {name: _mean([row[name] for row in own]) for name in numbers}
        counts = {event: _counted([row[event] for row in own]) for event in ("onset", "offset")}
        found.append({"label": label, "clips": len(own), **counts, **means})
    return found


def moment_rows(atlases: Sequence[ClipAtlas]) -> Rows:
    """A row a moment of a clip: gestures, cycle, distance, courses."""
    rows: list[Row] = []
    for atlas in atlases:
        for n, time in enumerate(atlas.times_s):
            row: dict[str, Any] = {**_which(atlas), "label": atlas.name, "time_ms": float(time) * 1e3}
            row |= {name: float(course.values[n]) for name, course in atlas.gestures.items()}
            row |= {
                "cycle_hz": float(atlas.cycles.hz[n]),
                "cycle_amplitude": float(atlas.cycles.amplitude[n]),
                "floquet_multiplier": float(atlas.cycles.multiplier[n]),
                "log_floquet_multiplier": float(atlas.cycles.log_multiplier[n]),
                "floquet_trivial": float(atlas.cycles.trivial[n]),
                "why_no_cycle": atlas.cycles.reasons[n],
            }
            if atlas.sound is not None:
                row |= {"sung_hz": float(atlas.sound.hz[n]), "bird_hz": float(atlas.sound.target_hz[n])}
            if atlas.map is not None and len(atlas.map.distance_db):
                row |= {"distance_db": float(atlas.map.distance_db[n]), "nearest": atlas.map.nearest[n]}
            row |= {name: float(course.values[n]) for name, course in atlas.courses.items()}
            rows.append(row)
    return rows


def cycle_rows(atlases: Sequence[ClipAtlas]) -> Rows:
    """A row a limit cycle and moment, the unstable ones too."""
    return [
        {
            **_which(atlas),
            "moment": int(n),
            "time_ms": float(atlas.times_s[n]) * 1e3,
            "hz": float(every.hz[n, j]),
            "amplitude": float(every.amplitude[n, j]),
            "floquet_multiplier": float(np.exp(min(every.log_multiplier[n, j], _LARGEST_LOG))),
            "log_floquet_multiplier": float(every.log_multiplier[n, j]),
            "stability": "stable" if every.log_multiplier[n, j] < 0 else "unstable",
            "sung": "yes" if every.sung[n] == j else "no",
        }
        for atlas in atlases
        for every in [atlas.cycles.every]
        for n, j in np.argwhere(np.isfinite(every.hz))
    ]


def fixed_point_rows(atlases: Sequence[ClipAtlas]) -> Rows:
    """A row a fixed point and moment: trace, determinant and second derivatives of dv/ds and of the potential."""
    rows: list[Row] = []
    for atlas in atlases:
        for which, branch in enumerate(atlas.branches, start=1):
            states = stability(branch)
            rows += [
                {
                    **_which(atlas),
                    "branch": which,
                    "time_ms": float(atlas.times_s[n]) * 1e3,
                    "x": float(branch.x[n]),
                    "trace": float(branch.trace[n]),
                    "determinant": float(branch.determinant[n]),
                    "hessian_xx": float(branch.hessian[n, 0, 0]),
                    "hessian_xv": float(branch.hessian[n, 0, 1]),
                    "hessian_vv": float(branch.hessian[n, 1, 1]),
                    "potential_hessian": float(branch.determinant[n]),
                    "type": branch.kinds[n],
                    "stability": states[n],
                }
                for n in range(len(atlas.times_s))
                if states[n]
            ]
    return rows


def crossing_rows(atlases: Sequence[ClipAtlas]) -> Rows:
    """A row a bifurcation that a gesture crosses."""
    return [
        {**_which(atlas), "label": atlas.name, "time_ms": one.time_s * 1e3, "bifurcation": one.kind, "event": one.event}
        for atlas in atlases
        if atlas.map is not None
        for one in atlas.map.crossings
    ]


def curve_rows(atlases: Sequence[ClipAtlas]) -> Rows:
    """A row a point of a curve of bifurcations."""
    rows: list[Row] = []
    for atlas in atlases:
        for which, curve in enumerate(() if atlas.map is None else atlas.map.curves, start=1):
            assert atlas.map is not None
            names = atlas.map.names
            rows += [
                {**_which(atlas), "curve": which, "bifurcation": curve.kind, names[0]: float(a), names[1]: float(b)}
                for a, b in curve.points
            ]
    return rows


def harmonic_rows(atlases: Sequence[ClipAtlas]) -> Rows:
    """A row a moment with a cycle: the shares of the power of x in its harmonics."""
    return [
        {**_which(atlas), "time_ms": float(atlas.times_s[n]) * 1e3}
        | {f"harmonic_{k}": float(value) for k, value in enumerate(atlas.cycles.harmonics[n], start=1)}
        for atlas in atlases
        for n in np.flatnonzero(atlas.where_it_sings())
    ]


def phase_rows(atlases: Sequence[ClipAtlas]) -> Rows:
    """A row a phase of the cycle whose response to a push is known."""
    return [
        {**_which(atlas), "time_ms": curve.time_s * 1e3, "phase": float(p), "by_x": float(x), "by_v": float(v)}
        for atlas in atlases
        if (curve := atlas.phase_curve) is not None
        for p, x, v in zip(curve.phase, curve.by_x, curve.by_v)
    ]


def named_rows(atlases: Sequence[ClipAtlas], which: str) -> Rows:
    """The rows units, layers or reaches of all clips, with the clip's number, stem and label before them."""
    return [{**_which(atlas), "label": atlas.name, **row} for atlas in atlases for row in getattr(atlas, which)]


def response_rows(atlases: Sequence[ClipAtlas]) -> Rows:
    """A row a perturbation of a clip, see `Response.row`."""
    return [{**_which(atlas), **one.row()} for atlas in atlases for one in atlas.responses]


def sensitivity_rows(atlases: Sequence[ClipAtlas]) -> Rows:
    """A row a perturbation, label and tenth of the syllable, see `sensitivity`."""
    return [one.row() for one in sensitivity(one for atlas in atlases for one in atlas.responses)]


def averaged(rows: Rows, keys: Sequence[str]) -> Rows:
    """A row for each combination of what `keys` hold, with the means of the other numbers and all other values."""
    found: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        found.setdefault(tuple(row.get(key) for key in keys), []).append(row)
    means: list[Row] = []
    for key, several in found.items():
        mean: dict[str, Any] = {**dict(zip(keys, key)), "clips": len(several)}
        for name, first in several[0].items():
            values = [one.get(name) for one in several]
            if name not in (*keys, "clip", "stem", "label"):
                mean[name] = _mean(values) if isinstance(first, float) else ", ".join(dict.fromkeys(map(str, values)))
        means.append(mean)
    return means


def all_tables(atlases: Sequence[ClipAtlas]) -> dict[str, Rows]:
    """Name of the CSV -> its rows; those without any are left out."""
    tables: dict[str, Rows] = {
        "labels": label_rows(atlases),
        "clips": clip_rows(atlases),
        "moments": moment_rows(atlases),
        "cycles": cycle_rows(atlases),
        "fixed_points": fixed_point_rows(atlases),
        "crossings": crossing_rows(atlases),
        "curves": curve_rows(atlases),
        "harmonics": harmonic_rows(atlases),
        "phase_response": phase_rows(atlases),
        "responses": response_rows(atlases),
        "sensitivity": sensitivity_rows(atlases),
        "units": named_rows(atlases, "units"),
        "encoder_layers": named_rows(atlases, "layers"),
        "encoder_reach": named_rows(atlases, "reaches"),
    }
    return {name: rows for name, rows in tables.items() if rows}


def as_csv(rows: Rows) -> str:
    """Rows as CSV with every column that one of them has; empty: not defined."""
    heads = list(dict.fromkeys(name for row in rows for name in row))
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(heads)
    writer.writerows([[_text(row.get(name), "") for name in heads] for row in rows])
    return file.getvalue()


def as_table(rows: Rows, most: int = 200) -> Table:
    """Rows as a table of the page; at most so many."""
    heads = list(dict.fromkeys(name for row in rows for name in row))
    numeric = frozenset(
        n for n, name in enumerate(heads) if any(isinstance(row.get(name), float | int) for row in rows)
    )
    cells = tuple(tuple(Cell(_text(row.get(name), "-")) for name in heads) for row in rows[:most])
    return Table(tuple(name.replace("_", " ") for name in heads), cells, numeric)


def _which(atlas: ClipAtlas) -> dict[str, Any]:
    """What a row is of: the number that clip= takes, and the stem of the clip's files."""
    return {"clip": atlas.number, "stem": atlas.stem}


def _clip_row(atlas: ClipAtlas) -> dict[str, Any]:
    sings = atlas.where_it_sings()
    crossed = {} if atlas.map is None else {one.event: one.kind for one in atlas.map.crossings if one.event}
    row: dict[str, Any] = {**_which(atlas), "label": atlas.name, "where": atlas.where}
    row |= {"onset": crossed.get("onset", ""), "offset": crossed.get("offset", "")}
    row |= {
        "sings_share": float(sings.mean()) if len(sings) else math.nan,
        "cycle_hz": _median(atlas.cycles.hz),
        "pitch_cents": pitch_error_cents(atlas),
        "floquet_multiplier": _median(atlas.cycles.multiplier),
    }
    if atlas.map is not None and len(atlas.map.distance_db):
        row["distance_db"] = _mean(atlas.map.distance_db[sings])
    if atlas.sound is not None:
        row |= {f"share_{name}" if "db" not in name else name: float(v) for name, v in atlas.sound.shares.items()}
    row |= {name: float(value) for name, value in atlas.measures.items()}
    return row


def _mean(values: Any) -> float:
    finite = np.asarray(values, dtype=np.float64)
    finite = finite[np.isfinite(finite)]
    return float(finite.mean()) if len(finite) else math.nan


def _median(values: Any) -> float:
    """Over moments: ignition and death pass through cycles of other sizes."""
    finite = np.asarray(values, dtype=np.float64)
    finite = finite[np.isfinite(finite)]
    return float(np.median(finite)) if len(finite) else math.nan


def _counted(kinds: Sequence[str]) -> str:
    """`snic 3, none 1`."""
    names = [kind or "none" for kind in kinds]
    return ", ".join(f"{name} {names.count(name)}" for name in dict.fromkeys(names))


def _text(value: Any, missing: str) -> str:
    if value is None or value == "" or (isinstance(value, float) and not math.isfinite(value)):
        return missing
    return f"{value:.5g}" if isinstance(value, float) else str(value)
