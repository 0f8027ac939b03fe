"""Which question a sweep answers."""

from __future__ import annotations

from pathlib import Path

from syrinx_lab.reporting.question import question_of

LOSSES = {"loss": ["spectral_rollout", "mse_accel"]}


def folder(root: Path) -> Path:
    def file(name: str, comment: str, params: str) -> None:
        (root / f"{name}.yaml").write_text(
            f"# @package _global_\n# {comment}\nhydra:\n  sweeper:\n    params:\n{params}", encoding="utf-8"
        )

    file("conditions", "Which loss sings?", "      loss: spectral_rollout,mse_accel\n      seed: 0,1\n")
    file("degree", "How many weights?", "      loss: mse_accel\n      loss.lam: 1.0,1.1\n      seed: 0,1\n")
    file("seeds", "Is it luck?", "      seed: range(8)\n")
    return root


def test_by_the_name_of_the_folder(tmp_path: Path) -> None:
    sweeps = folder(tmp_path)
    assert question_of("conditions-0123abcd", {}, sweeps) == "Which loss sings?"
    assert question_of("seeds", {}, sweeps) == "Is it luck?"
    assert question_of("conditions-0123", {}, sweeps) is None


def test_by_what_is_compared(tmp_path: Path) -> None:
    sweeps = folder(tmp_path)
    assert question_of("mine", LOSSES, sweeps) == "Which loss sings?"
    assert question_of("mine", {"loss.lam": ["1.0", "1.1"]}, sweeps) == "How many weights?"
    assert question_of("mine", {"loss": ["mse_accel"]}, sweeps) is None
    assert question_of("mine", {}, sweeps) is None, "seeds alone are compared by every sweep"
    assert question_of("mine", LOSSES, None) is None
