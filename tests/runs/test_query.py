"""Conditions mean what they say, and keys are found or named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from made_runs import make_run

from syrinx_lab.runs.fields import fields, find_key, plain_keys, settling_keys, varying
from syrinx_lab.runs.identity import ABSENT
from syrinx_lab.runs.query import Condition, matching, parse
from syrinx_lab.runs.registry_record import read_record


def row(tmp_path: Path, **run: Any) -> dict[str, Any]:
    return {**read_record(make_run(tmp_path, **run)).model, "path": f"deep/{run.get('seed', 0)}", "outputs": None}


def test_modes_are_read_with_their_types() -> None:
    parsed = parse(
        "loss.name=mse_accel and val.tf_corr>=0.6 and lr != 1e-3 and keep==true and name~'a and b' and x=null"
    )
    assert parsed == [
        Condition("loss.name", "=", "mse_accel"),
        Condition("val.tf_corr", ">=", 0.6),
        Condition("lr", "!=", 0.001),
        Condition("keep", "=", True),
        Condition("name", "~", "a and b"),
        Condition("x", "=", None),
    ]
    assert parse("a=[1, 2]")[0].value == [1, 2]
    assert parse("created_at>2026-01-01")[0].value == "2026-01-01"
    assert parse(" ") == []


@pytest.mark.parametrize(
    "text", ["seed", "seed=", "seed in 3", "=3", "seed=1 and", "seed=1 or seed=2", "a<true", "a=[1", "a<1,2", "a~b,c"]
)
def test_what_is_no_condition_is_one_line(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a condition|is not a value|no order|`and` alone|one text") as caught:
        parse(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("condition", "value", "holds"),
    [
        ("a=1", 1.0, True),
        ("a=1", True, False),
        ("a=true", True, True),
        ("a='1'", 1, False),
        ("a=null", None, True),
        ("a!=1", None, True),
        ("a!=1", 1, False),
        ("a<0.5", None, False),
        ("a<0.5", 0.5, False),
        ("a<=0.5", 0.5, True),
        ("a>0.5", 0.75, True),
        ("a>=1", True, False),
        ("a<5", "4", False),
        ("a<b", "a", True),
        ("a~ROLL", "spectral_rollout", True),
        ("a~roll", None, False),
        ("a~b", ["ab", "c"], True),
        ("a~d", ["ab", "c"], False),
        ("a=0,1", 1, True),
        ("a=0, 2", 1, False),
        ("a!=0,1", 1, False),
        ("a!=0,2", 1, True),
        ("a=x,null", None, True),
        ("a='0,1'", "0,1", True),
        ("a=[0,1]", [0, 1], True),
        ("a=[0,1],[2]", [2], True),
        ("a=1.0", "1.0", True),
        ("a=1", "1.0", False),
        ("a=007,1e3", "1e3", True),
    ],
)
def test_modes_hold_or_do_not(condition: str, value: Any, holds: bool) -> None:
    assert parse(condition)[0].holds(value) is holds


def test_all_conditions_must_hold(tmp_path: Path) -> None:
    rows = [row(tmp_path, seed=n, tf_corr=n / 4, epochs=5 * (n + 1)) for n in range(4)]
    pairs = [(entry, fields(entry)) for entry in rows]

    def seeds(text: str) -> list[int]:
        return [entry["seed"] for entry in matching(pairs, parse(text))]

    assert seeds("val.tf_corr>=0.25 and val/tf_corr<0.75") == [1, 2]
    assert seeds("epochs=20") == [3]
    assert seeds("loss=spectral_rollout and seed!=0") == [1, 2, 3]
    assert seeds("test.tf_corr<0") == [0]
    assert seeds("optim.optimizer.lr=1e-3 and status=finished and path~DEEP and name='2'") == [2]
    assert seeds("data.label=null") == [0, 1, 2, 3]
    with pytest.raises(ValueError, match=r"loss.name is 'spectral_rollout' and cannot be compared with 3"):
        seeds("loss.name>3")


def test_an_unknown_key_lists_close_matches_the_closest_first() -> None:
    known = ["seed", "loss.name", "logger.name", "optim.optimizer.lr", "val.tf_corr", "data.root"]
    assert find_key("loss", known) == "loss.name"
    assert find_key("test/tf_corr", known) == "test.tf_corr"  # no model has been tested yet
    for typo, meant in (("los.name", "loss.name"), ("lr", "optim.optimizer.lr"), ("sed", "seed")):
        with pytest.raises(ValueError, match=rf"no model has a key '{typo}'; close to it: {meant}"):
            find_key(typo, known)
    with pytest.raises(ValueError, match=r"close to it: val\.tf_corr"):
        find_key("val.tf_cor", known)


def test_keys_that_vary_come_with_what_a_person_types_first(tmp_path: Path) -> None:
    rows = [row(tmp_path, seed=seed, loss=loss) for loss in ("mse_accel", "spectral_rollout") for seed in (1, 2)]
    found = varying(rows)
    term = [f"loss.terms.spec.{key}" for key in ("weight", "loss._target_", "loss.resolutions")]
    assert list(found) == ["seed", "loss.name", *sorted(term, key=lambda key: (key.count("."), key))]
    assert found["loss.terms.spec.weight"] == [ABSENT, ABSENT, 1, 1], "a term of weight 0 is no part of a model"
    assert plain_keys(found) == ["seed", "loss.name"]  # the weight follows from the name
    assert settling_keys(rows) == "seed (1, 2) and loss.name (mse_accel, spectral_rollout)"
    assert settling_keys(rows[:2]) == "seed (1, 2)"
    one_each = [rows[0], row(tmp_path, seed=1, loss="mse_accel", lr=0.01)]
    assert plain_keys(varying(one_each)) == ["optim.optimizer.lr"]
    elsewhere = [rows[0], row(tmp_path, seed=1, loss="mse_accel", fingerprint="beef", name="x")]
    assert list(varying(elsewhere)) == ["data_fingerprint"]
    # a weight that was set against the choice of the group is a column of its own
    rows[0]["config"]["loss"]["terms"]["spec"]["weight"] = 0.5
    assert plain_keys(varying(rows)) == ["seed", "loss.name", "loss.terms.spec.weight"]
