"""The tables of a report."""

from __future__ import annotations

from pathlib import Path

from made_sweeps import MadeSweep

from syrinx_lab.reporting.numbers import shown_range, shown_score
from syrinx_lab.reporting.tables import run_table, score_table, summary
from syrinx_lab.runs.study import Study
from syrinx_lab.runs.sweep_study import read_sweep


def study(root: Path, **settings: object) -> Study:
    made = MadeSweep(root, **settings)  # type: ignore[arg-type]
    made.sweep()
    return read_sweep(made.path)


def test_numbers() -> None:
    texts = [shown_score(value) for value in (0.1234, -12.345, 123.45, 2995.3, None, float("nan"))]
    assert texts == ["0.123", "\N{MINUS SIGN}12.35", "123.5", "2995", "\N{EN DASH}", "\N{EN DASH}"]
    assert shown_range([0.6, None, 0.1, 0.2]) == "0.200 [0.100, 0.600]", "the median, not the mean"
    assert shown_range([None]) == "\N{EN DASH}"


def test_the_summary_has_a_row_a_condition(tmp_path: Path) -> None:
    table = summary(study(tmp_path, share={"mse_accel": 0.2}))
    assert table.heads[:5] == (
        "condition",
        "seeds",
        "val tf_corr, median\N{NO-BREAK SPACE}[range] of\N{NO-BREAK SPACE}seeds",
        "selected",
        "test tf_corr",
    )
    first, second = ([cell.text for cell in row] for row in table.rows)
    assert first[:5] == ["mse_accel", "4, 2 culled", "0.220 [0.040, 0.400]", "seed 3", "0.433"]
    assert second[2] == "0.420 [0.240, 0.600]"
    assert [row[0].strong for row in table.rows] == [False, True]
    assert [row[-1].flag for row in table.rows] == [True, False]
    assert first[-1] == "0.200"


def test_every_score_of_every_condition(tmp_path: Path) -> None:
    table = score_table(study(tmp_path))
    assert len(table.rows) == 12 * 2
    assert [cell.text for cell in table.rows[0]] == [
        *("tf_corr", "correlation", "mse_accel", "0.220 [0.040, 0.400]", "0.400", "0.433", "0.500"),
    ]
    assert {row[1].text for row in table.rows if row[0].text == "amp_pen"} == {"|log ratio|, less is better"}


def test_every_run_and_every_key_that_differs(tmp_path: Path) -> None:
    table = run_table(study(tmp_path))
    assert table.heads == ("condition", "seed", "status", "val tf_corr", "bounded_frac", "epochs", "loss.name",
                           "loss.terms.spec.weight", "run")  # fmt: skip
    rows = [[cell.text for cell in row] for row in table.rows]
    assert rows[0] == ["mse_accel", "0", "culled after epoch 4", "0.040", "1.000", "4/10", "mse_accel", "0.5", "mse_accel-s0"]  # noqa: E501  # fmt: skip
    assert rows[7][1:4] == ["3", "selected", "0.600"]
    assert len(rows) == 8
    assert 7 in table.numeric
    assert 6 not in table.numeric


def test_a_seed_that_has_not_begun_has_a_row(tmp_path: Path) -> None:
    made = MadeSweep(tmp_path, act=lambda job: "failed" if job.seed == 1 else None)
    made.sweep()
    rows = [[cell.text for cell in row] for row in run_table(read_sweep(made.path)).rows]
    assert rows[1][2:] == ["failed by epoch 4: ValueError: out of luck", *["\N{EN DASH}"] * 2, "0/10", *["\N{EN DASH}"] * 3]  # noqa: E501  # fmt: skip
