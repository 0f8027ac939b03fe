"""From swept keys to conditions, seeds, names and refusals."""

from __future__ import annotations

import re
from typing import Any

import pytest

from syrinx_lab.runs.plan import SweepPlan, check_distinct, condition, label, split_swept
from syrinx_lab.runs.rungs import CullResume


def config(**changes: Any) -> dict[str, Any]:
    return {
        "seed": 0,
        "n_epochs": 10,
        "init_from": None,
        "loss": {"name": "spectral_rollout", "lam": 1.0},
        "eval": {"val_count": 8},
        "search": {"name": "cull_resume"},
        "checkpoint": {"rule": "last", "metric": "tf_corr"},
        "logger": {"condition": "offline"},
        "callbacks": {"evaluation": {"eval_every": 5}},
    } | changes


def plan(seeds: tuple[int, ...] = (0, 1, 2), **changes: Any) -> SweepPlan:
    one, scoring = condition((), config(**changes), CullResume().rungs(10, len(seeds)))
    return SweepPlan({}, seeds, (one,), "tf_corr", scoring)


def test_seeds_are_split_from_the_other_keys() -> None:
    swept = {"loss": ["a", "b"], "seed": ["3", "1"], "+optim.lr": ["0.1", "0.2"]}
    conditions, seeds = split_swept(swept, seed=7)
    assert seeds == [1, 3]
    assert conditions == [(f"loss={loss}", f"+optim.lr={lr}") for loss in "ab" for lr in ("0.1", "0.2")]
    assert split_swept({"loss": ["a"]}, seed=7) == ([("loss=a",)], [7]), "no seed swept: the one of the configuration"
    assert split_swept({"seed": ["1", "2"]}, seed=7) == ([()], [1, 2])


@pytest.mark.parametrize(
    "key",
    [
        *("search", "search.cull_keep", "checkpoint", "checkpoint.metric"),
        *("trainer.max_epochs", "run_dir", "sweep_name"),
        *("paths.outputs", "force", "hydra.sweep.dir", "hydra/launcher", "+hydra.job.name", "eval.splits"),
    ],
)
def test_what_the_sweep_decides_is_not_swept(key: str) -> None:
    with pytest.raises(ValueError, match=f"{key.lstrip('+')} cannot be swept"):
        split_swept({key: ["1", "2"]}, seed=0)


def test_seeds_are_whole_numbers_that_stand_once() -> None:
    with pytest.raises(ValueError, match="whole numbers"):
        split_swept({"seed": ["1", "x"]}, seed=0)
    with pytest.raises(ValueError, match="seed 1 stands twice"):
        split_swept({"seed": ["1", "01"]}, seed=0)


def test_folders_are_named_by_the_swept_values() -> None:
    assert label(()) == ""
    assert label(("loss=mse_accel", "+optim.lr=0.1")) == "loss=mse_accel,optim.lr=0.1"
    one, other = label(("data.label=[a,b]",)), label(("data.label=(a,b)",))
    assert re.fullmatch(r"data\.label=_a,b_-[0-9a-f]{6}", one)
    assert one != other, "what a folder's name cannot hold is distinguished by the hash"
    assert len(label((f"loss={'x' * 500}",))) < 100
    assert "/" not in label(("data.root=a/b",))


def test_a_name_is_made_of_what_is_compared_and_a_hash_of_the_models_and_the_rule() -> None:
    name = plan().name()
    assert re.fullmatch(r"seed-[0-9a-f]{8}", name)
    assert plan(logger={"condition": "disabled"}).name() == name, "what changes no model changes no name"
    assert "seed" not in plan().conditions[0].config
    changed = [
        plan(seeds=(0, 1, 3)),
        plan(n_epochs=11),
        plan(loss={"name": "spectral_rollout", "lam": 2.0}),
        plan(eval={"val_count": 4}),
        plan(search={"name": "all"}),
        plan(checkpoint={"rule": "best", "metric": "tf_corr"}),
        plan(checkpoint={"rule": "last", "metric": "f0_cents"}),
        plan(init_weights="ab12"),
    ]
    assert len({name, *(other.name() for other in changed)}) == 9
    assert plan().name("loss_modes").startswith("loss_modes-")


def test_what_changes_no_weight_is_not_compared() -> None:
    def planned(overrides: str, **changes: Any):
        return condition((overrides,), config(**changes), [])[0]

    check_distinct([planned("loss.lam=1"), planned("loss.lam=2", loss={"name": "spectral_rollout", "lam": 2.0})])
    check_distinct([planned("init_from=a", init_weights="a"), planned("init_from=b", init_weights="b")])
    with pytest.raises(ValueError, match=r"eval\.val_count=8 and eval\.val_count=4 are the same model"):
        check_distinct([planned("eval.val_count=8"), planned("eval.val_count=4", eval={"val_count": 4})])
