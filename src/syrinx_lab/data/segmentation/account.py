"""What a segmented folder holds, in numbers and lines."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ..annotation_problem import printable
from .comparison import BoundaryScore, LabelScore
from .folder import SegmentedFolder
from .found_file import FoundFile
from .labels import NOISE

_UNSURE = 0.5  # median confidence
_FEW = 200  # syllables
_SHOWN = 20  # files of a list on the console


def account_of(folder: SegmentedFolder) -> dict[str, Any]:
    """Counts, lengths and doubtful files of a segmented folder, in plain values."""
    results = [one.result for _, one in folder.files]
    lengths = np.array([1e3 * s.duration_s for r in results for s in r.syllables])
    counts = Counter(name for names in folder.labels.values() for name in names)
    ratios = np.array([one.snr_db for _, one in folder.files if np.isfinite(one.snr_db)])
    doubtful = {str(file.path): found for file, one in folder.files if (found := doubts_of(one))}
    return {
        "recordings": len(folder.files),
        "seconds": sum(one.duration_s for _, one in folder.files),
        "with_song": sum(bool(r.syllables) for r in results),
        "syllables": len(lengths),
        "others": sum(len(r.others) for r in results),
        "length_ms": {f"{q}": float(np.quantile(lengths, q / 100)) for q in (5, 50, 95)} if len(lengths) else {},
        "snr_db": {f"{q}": float(np.quantile(ratios, q / 100)) for q in (5, 50, 95)} if len(ratios) else {},
        "labels": dict(sorted(counts.items(), key=lambda item: (item[0] == NOISE, len(item[0]), item[0]))),
        "parameters": folder.parameters,
        "known_before": folder.kept,
        "written": {name: len(paths) for name, paths in asdict(folder.written).items()},
        "not_written_over": [str(path) for path in (*folder.written.edited, *folder.written.foreign)],
        "unreadable": {str(path): reason for path, reason in folder.unreadable},
        "doubtful": doubtful,
        "problems": [str(problem) for problem in folder.problems],
    }


def doubts_of(one: FoundFile) -> list[str]:
    """Lines for all that makes the segments of a recording doubtful."""
    found = list(one.result.doubts)
    syllables, others = one.result.syllables, one.result.others
    sure = [s.confidence for s in syllables]
    if sure and np.median(sure) < _UNSURE:
        found.append(f"faint: the median confidence of its {len(sure)} syllables is {np.median(sure):.2f}")
    if syllables and len(others) > len(syllables):
        found.append(f"{len(others)} sounds that are no song beside {len(syllables)} syllables")
    return found


def table_of(folder: SegmentedFolder) -> bytes:
    """All syllables with their confidence, which simple-seq has no column for: a csv, a line a syllable.

    file, onset_s, offset_s, label, confidence
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("file", "onset_s", "offset_s", "label", "confidence"))
    for file, one in folder.files:
        for s, label in zip(one.result.syllables, folder.labels[file.id]):
            writer.writerow((file.id, f"{s.onset_s:.6f}", f"{s.offset_s:.6f}", label, f"{s.confidence:.4f}"))
    return text.getvalue().encode()


def lines_of(account: dict[str, Any]) -> list[str]:
    """The account for a person."""
    song, all_of_them = account["with_song"], account["recordings"]
    lines = [
        f"recordings  {all_of_them}, {account['seconds']:.1f} s; {song} with song, {all_of_them - song} without, "
        f"{len(account['unreadable'])} not readable; {account['known_before']} known before",
        f"syllables   {account['syllables']} of song; {account['others']} other sounds left out (calls, noise)",
    ]
    if account["length_ms"]:
        low, middle, high = account["length_ms"].values()
        lines.append(f"lengths     5 to 95 %: {low:.0f} to {high:.0f} ms, median {middle:.0f} ms")
        counts = ", ".join(f"{name} {count}" for name, count in account["labels"].items())
        lines.append(f"labels      {counts}")
        if len(account["labels"]) > 1 and account["syllables"] < _FEW:
            lines.append(
                f"note        {account['syllables']} syllables are few to name kinds by, and later ones keep to them: "
                "begin with a day of song, or name afresh with another out=FOLDER"
            )
    if account["snr_db"]:
        low, middle, high = account["snr_db"].values()
        lines.append(f"SNR         5 to 95 %: {low:.0f} to {high:.0f} dB, median {middle:.0f} dB (0.5 to 10 kHz)")
    if account["parameters"]:
        found = ", ".join(f"{name} {value:.4g}" for name, value in account["parameters"].items())
        lines.append(f"found       {found}")
    written = account["written"]
    lines.append(f"written     {written['new']} annotations, {written['same']} there already")
    for name, why in (("edited", "changed by hand"), ("foreign", "not written by this command")):
        if written[name]:
            lines.append(f"kept        {written[name]} as they are: {why}")
    lines += [f"problem     {printable(line)}" for line in account["problems"]]
    for kind, items in (("not read", account["unreadable"]), ("doubtful", account["doubtful"])):
        for path, why in list(items.items())[:_SHOWN]:
            reason = why if isinstance(why, str) else "; ".join(why)
            lines.append(f"{kind:<12}{printable(Path(path))}: {printable(reason)}")
        if len(items) > _SHOWN:
            lines.append(f"{kind:<12}and {len(items) - _SHOWN} more, see report.json")
    return lines


def comparison_lines(scores: Mapping[str, Sequence[BoundaryScore]], label: LabelScore | None) -> list[str]:
    """A table of the scores of onsets and offsets, and a line of labels."""
    lines = ["             within  precision  recall     F1  median error    bias"]
    for name, rows in scores.items():
        for row in rows:
            lines.append(
                f"{name:<12} {row.tolerance_ms:>3.0f} ms  {row.precision:>9.3f}  {row.recall:>6.3f}  {row.f1:>5.3f}  "
                f"{row.error_ms:>9.2f} ms  {row.bias_ms:>+5.2f} ms"
            )
    if label is not None:
        lines.append(
            f"labels       purity {label.purity:.3f}, adjusted mutual information {label.ami:.3f}, "
            f"noise {label.noise:.1%}"
        )
    return lines
