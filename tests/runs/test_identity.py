"""What is a model's identity, and what is not."""

from __future__ import annotations

import copy
import hashlib
import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syrinx_lab.runs.identity import ABSENT, differing_keys, identity, run_key

CONFIG: dict[str, Any] = {
    "seed": 1234,
    "n_epochs": 50,
    "force": False,
    "run_dir": None,
    "paths": {"outputs": "outputs"},
    "data": {"root": "birds/G402", "label": "e", "sample_rate": 44100, "num_workers": 0},
    "optim": {"lr": 1e-3},
    "horizon": {"min": 512, "max": 2048},
    "trainer": {"max_epochs": 50, "accelerator": "auto", "limit_batches": None, "enable_progress_bar": True},
    "loss": {"terms": {"spec": {"weight": 1.0, "warmup_epochs": 5}, "env": {"weight": 0.0, "warmup_epochs": 5}}},
    "callbacks": {"mine": {"rate": 5}, "progress": {"_target_": "p"}},
    "eval": {"max_audio": 16, "val_count": 8},
    "logger": {"condition": "offline"},
}


def changed(**dotted: Any) -> dict[str, Any]:
    """CONFIG with some keys changed; two underscores stand for a dot."""
    config = copy.deepcopy(CONFIG)
    for name, value in dotted.items():
        *groups, leaf = name.split("__")
        node = config
        for group in groups:
            node = node.setdefault(group, {})
        node[leaf] = value
    return config


VOLATILE_CHANGES = [
    {"trainer__max_epochs": 10},
    {"trainer__accelerator": "gpu"},
    {"trainer__threads": 1},
    {"trainer__enable_progress_bar": False},
    {"data__num_workers": 4},
    {"eval__max_audio": 2},
    {"trainer__keep_checkpoints": 2},
    {"trainer__save_every": 1},
    {"callbacks__progress": {"_target_": "q"}},
    {"logger": {"condition": "online", "group": "g"}},
    {"run_dir": "elsewhere"},
    {"paths__outputs": "elsewhere"},
    {"sweep_name": "seeds"},
    {"sweep_job": "train"},
    {"loss__terms__env__warmup_epochs": 0},
    {"loss__terms__env": None},
    {"loss__terms__mine": {"weight": 0.0, "loss": {"_target_": "mine.Mine"}}},
    {"force": True},
]
IDENTITY_CHANGES = [
    {"seed": 1235},
    {"n_epochs": 51},
    {"optim__lr": 1.1e-3},
    {"horizon__max": 1024},
    {"data__label": "d"},
    {"callbacks__mine__rate": 6},
    {"loss__terms__spec__warmup_epochs": 6},
    {"loss__terms__env__weight": 0.1},
    {"loss__terms__spec__weight": 0.0},
    {"loss__terms__mine": {"weight": 0.1}},
    {"trainer__limit_batches": 3},
    {"init_weights": "5d41402abc4b2a76"},
    {"eval_of_mine": 1},  # a name that only begins like a volatile one
]


@pytest.mark.parametrize("change", VOLATILE_CHANGES, ids=lambda change: next(iter(change)))
def test_what_cannot_change_the_weights_leaves_the_key(change: dict[str, Any]) -> None:
    assert run_key(changed(**change)) == run_key(CONFIG)


@pytest.mark.parametrize("change", IDENTITY_CHANGES, ids=lambda change: next(iter(change)))
def test_what_changes_the_weights_changes_the_key(change: dict[str, Any]) -> None:
    assert run_key(changed(**change)) != run_key(CONFIG)


def test_identity_is_the_rest_of_the_config_and_leaves_the_config_alone() -> None:
    before = copy.deepcopy(CONFIG)
    assert identity(CONFIG, data_fingerprint="f00d") == {
        "seed": 1234,
        "n_epochs": 50,
        "data": {"label": "e", "sample_rate": 44100},
        "optim": {"lr": 1e-3},
        "horizon": {"min": 512, "max": 2048},
        "trainer": {"limit_batches": None},
        "loss": {"terms": {"spec": {"weight": 1, "warmup_epochs": 5}}},
        "callbacks": {"mine": {"rate": 5}},
        "data_fingerprint": "f00d",
    }
    assert before == CONFIG


def test_the_data_are_named_by_their_fingerprint_or_else_by_their_place() -> None:
    moved = changed(data__root="/mnt/copy/of/G402")
    assert run_key(moved, "f00d") == run_key(CONFIG, "f00d")
    assert run_key(CONFIG, "f00d") != run_key(CONFIG, "beef")
    assert run_key(moved) != run_key(CONFIG)


def test_key_is_twelve_hex_digits_of_the_canonical_json() -> None:
    # worked by hand: sorted keys, no spaces, the shortest float, an integral float as an integer
    canonical = '{"a":[1,2.5],"b":{"c":0.001,"d":null}}'
    expected = hashlib.sha256(canonical.encode()).hexdigest()[:12]
    assert run_key({"b": {"d": None, "c": 1e-3}, "a": [1.0, 2.5]}) == expected


def test_equal_numbers_agree_and_a_bool_is_no_number() -> None:
    assert run_key({"a": 5}) == run_key({"a": 5.0})
    assert run_key({"a": [5, 1e-3]}) == run_key({"a": (5.0, 0.001)})
    assert run_key({"a": 1}) != run_key({"a": True})
    assert run_key({"a": 1}) != run_key({"a": "1"})
    assert run_key({"a": 5}) != run_key({"a": 5.000001})
    assert run_key({"a": 1, "group": {}}) == run_key({"a": 1})


scalars = st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.floats(allow_nan=False) | st.text(max_size=4)
names = st.text("abcdefg", min_size=1, max_size=3)
trees = st.dictionaries(
    names, st.recursive(scalars, lambda inner: st.dictionaries(names, inner, max_size=3)), max_size=4
)


@settings(max_examples=60, deadline=None)
@given(trees)
def test_key_survives_any_order_and_a_round_trip_through_json(config: dict[str, Any]) -> None:
    def backwards(node: Any) -> Any:
        return {k: backwards(node[k]) for k in reversed(node)} if isinstance(node, dict) else node

    assert run_key(backwards(config)) == run_key(config)
    assert run_key(json.loads(json.dumps(config))) == run_key(config)
    assert differing_keys(config, backwards(config)) == []


def test_differing_keys_are_named_with_both_values() -> None:
    a = {"loss": {"lam": 1.0, "terms": ["spec", "tf"]}, "seed": 1, "flag": True, "same": 3}
    b = {"loss": {"lam": 2, "terms": ["spec"]}, "same": 3.0, "flag": 1, "data": {"label": "e"}}
    assert differing_keys(a, b) == [
        ("data.label", ABSENT, "e"),
        ("flag", True, 1),
        ("loss.lam", 1, 2),
        ("loss.terms", ["spec", "tf"], ["spec"]),
        ("seed", 1, ABSENT),
    ]


def test_the_room_imports_no_torch() -> None:
    program = (
        "import importlib, pkgutil, sys, syrinx_lab.runs as room\n"
        "names = [m.name for m in pkgutil.iter_modules(room.__path__)]\n"
        "for name in names: importlib.import_module(f'syrinx_lab.runs.{name}')\n"
        "heavy = sorted({'torch', 'lightning', 'hydra', 'omegaconf', 'wandb', 'pandas'} & set(sys.modules))\n"
        "print(len(names), heavy)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    count, heavy = done.stdout.split(" ", 1)
    assert int(count) >= 7
    assert heavy.strip() == "[]"
