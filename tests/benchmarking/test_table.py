"""Tables and verdicts from rows whose numbers are known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syrinx_lab.benchmarking.row import Row
from syrinx_lab.benchmarking.table import HEADINGS, LEGEND, as_markdown, as_text, number, seconds
from syrinx_lab.benchmarking.verdicts import Verdict, verdicts

ROW = Row(
    suite="rollout",
    case="P=15 B=32 H=2048 fwd+bwd",
    backend="fused",
    device="cpu",
    median_s=0.02,
    spread_s=0.001,
    ratio_to_eager=400.0,
    peak_bytes=150_000_000,
    floor_s=0.005,
    floor_bound="memory",
    stored_bytes=120_000_000,
    repeats=15,
    batch=32,
    horizon=2048,
    degree=15,
    hop=1,
    dtype="float32",
)


def test_a_row_of_the_table() -> None:
    suite, headings, line = as_text([ROW]).splitlines()
    assert suite == "rollout"
    cells = [cell.strip() for cell in line.split("  ") if cell.strip()]
    case = "P=15 B=32 H=2048 fwd+bwd"
    assert cells == [case, "fused", "20.0 ms", "5 %", "400", "150", "120", "5.00 ms", "4.00", "memory"]
    assert [cell.strip() for cell in headings.split("  ") if cell.strip()] == list(HEADINGS)
    assert "NaN" not in LEGEND


def test_the_widest_case_fits_a_page() -> None:
    widest = replace(ROW, case="P=15 B=256 H=32768 hop=128 fwd+bwd", backend="cudagraph", peak_bytes=None)
    step = replace(ROW, suite="step", case="P=15 B=8 L=2205 H=2048", backend="eager+mambapy", median_s=7.914)
    assert max(map(len, as_text([widest, step]).splitlines())) <= 120


def test_markdown_has_a_cell_for_every_heading() -> None:
    lines = as_markdown([ROW, replace(ROW, suite="step")]).splitlines()
    assert len(lines) == 4
    assert {line.count("|") for line in lines} == {len(HEADINGS) + 2}
    assert lines[3].startswith("| step | P=15")


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "-"), (0.0123, "0.0123"), (1.5, "1.50"), (12.34, "12.3"), (99.97, "100.0"), (12345.6, "12,346")],
)
def test_numbers(value: float | None, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(("value", "text"), [(7.914, "7.91 s"), (0.0132, "13.2 ms"), (2.5e-6, "2.50 us")])
def test_seconds(value: float, text: str) -> None:
    assert seconds(value) == text


def test_verdicts_of_the_rollout() -> None:
    control = replace(ROW, hop=32, median_s=0.005, peak_bytes=20_000_000, stored_bytes=10_000_000, ratio_to_eager=None)
    found = {verdict.what.removeprefix("rollout P=15 B=32 H=2048"): verdict for verdict in verdicts([ROW, control])}
    assert {what: (verdict.measured, verdict.kept) for what, verdict in found.items()} == {
        ": fused, times faster than eager": (400.0, True),
        ": peak memory over stored drives and gradients": (1.25, True),
        " hop=32: peak memory over stored drives and gradients": (2.0, False),
        " hop=32: time over that at audio rate": (0.25, True),
        " hop=32: memory over that at audio rate": (pytest.approx(2 / 15), False),
    }


def test_verdicts_of_the_other_suites() -> None:
    curve = replace(ROW, suite="curves", batch=8)
    rows = [
        curve,
        replace(curve, horizon=32768, median_s=0.48),
        replace(ROW, suite="synthesis", batch=1, horizon=88_200, median_s=0.1),
        replace(ROW, suite="encoder", backend="auto", ratio_to_eager=25.0),
        replace(ROW, suite="encoder", backend="mambapy", ratio_to_eager=1.0),
        replace(ROW, suite="step", backend="auto", ratio_to_eager=30.0),
    ]
    assert [round(verdict.measured, 6) for verdict in verdicts(rows)] == [1.5, 20.0, 25.0, 30.0]


def test_a_verdict_says_what_was_asked() -> None:
    assert str(Verdict("this", 2.0, (None, 1.5))).endswith("2.00   asked: at most 1.50: NO")
    assert str(Verdict("this", 2.0, (1.5, None))).endswith("2.00   asked: at least 1.50: yes")
    assert str(Verdict("this", 2.0)).endswith("2.00   nothing asked")
