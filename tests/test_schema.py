"""Every key of conf/ has its kind, and every wrong value of every key is one line that names it."""

from __future__ import annotations

import copy
import math
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, OmegaConf

from syrinx_lab.assembly import build_horizon, build_model, build_objective
from syrinx_lab.cli import check, config_directory
from syrinx_lab.schema import TABLES
from syrinx_lab.schema.check import checked, keys
from syrinx_lab.schema.kinds import Anything, Flag, Listed, Number, OneOf, Text, Whole, or_null
from syrinx_lab.schema.signatures import arguments

CONF = config_directory()
COMMANDS = sorted(file.stem for file in CONF.glob("*.yaml"))
NOT_COMPOSED = ("hydra", "experiment", "model", "arm", "debug", "system")
CHOICES = [
    (folder.name, file.stem)
    for folder in sorted(CONF.iterdir())
    if folder.is_dir() and folder.name not in NOT_COMPOSED
    for file in sorted(folder.glob("*.yaml"))
]


def composed(*overrides: str, name: str = "config") -> DictConfig:
    with initialize_config_dir(version_base="1.3", config_dir=str(CONF)):
        return compose(name, overrides=list(overrides))


BASE = composed("noise=filtered")
WRONG: list[Any] = [
    *("abc", "", [], ["abc"], [1.5], [[]], {}, {"a": 1}),
    *(-1, 0, 1, 2, -1.5, 0.5, 2.5, math.nan, math.inf, -math.inf, None, True, False, 10**12, 1e300, -(10**30)),
]

Plain = dict[str, Any]


def containers(cfg: DictConfig) -> tuple[Plain, Plain]:
    return OmegaConf.to_container(cfg, resolve=False), OmegaConf.to_container(cfg, resolve=True)  # type: ignore


def refusal(raw: Plain, resolved: Plain) -> str | None:
    try:
        checked("config", raw, resolved)
    except ValueError as error:
        return str(error)
    return None


def built(cfg: DictConfig) -> None:
    check(cfg)
    build_horizon(cfg)
    build_objective(cfg)
    build_model(cfg)


def put(node: Plain, path: str, value: Any) -> None:
    *parents, last = path.split(".")
    for part in parents:
        node = node[part]
    node[last] = value


@pytest.mark.parametrize(("group", "choice"), CHOICES, ids=lambda value: value)
def test_every_key_of_every_file_is_known(group: str, choice: str) -> None:
    content = OmegaConf.to_container(OmegaConf.load(CONF / group / f"{choice}.yaml"))
    assert isinstance(content, dict)
    content.pop("defaults", None)
    raw = {group: content}
    found = list(keys("config", raw, raw))
    assert found
    unknown = [key.path for key in found if key.kind is None or isinstance(key.kind, Anything)]
    assert unknown == [], "add them to schema/"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_key_of_every_command_is_known(name: str) -> None:
    raw, resolved = containers(composed(name=name))
    assert [key.path for key in keys(name, raw, resolved) if key.kind is None] == []
    assert checked(name, raw, resolved) == {}
    assert set(COMMANDS) == set(TABLES)


@pytest.mark.parametrize("base", [["experiment=zebra_finch", "data.root=song"], ["search=halving", "tract=formants"]])
def test_wrong_values_of_any_key_are_one_line_that_names_it(base: list[str]) -> None:
    raw, resolved = containers(composed("debug=tiny", *base))
    refused = 0
    for key in list(keys("config", raw, resolved)):
        accepted = []
        top = key.path.split(".")[0]
        typed, seen = copy.deepcopy({top: raw[top]}), copy.deepcopy({top: resolved[top]})
        for wrong in WRONG:
            for node in (typed, seen):
                put(node, key.path, wrong)
            line = refusal(typed, seen)
            if line is None:
                accepted.append(wrong)
                continue
            assert line.startswith(f"{key.path} is "), (key.path, wrong, line)
            assert "\n" not in line
            refused += 1
        # no key takes everything: neither a group nor a number of any size is ever right
        assert not any(isinstance(value, dict) for value in accepted), (key.path, accepted)
        assert not any(isinstance(value, float) and not math.isfinite(value) for value in accepted), key.path
        kinds = {type(value) for value in accepted} - {type(None)}
        assert not ({str, bool} <= kinds), key.path
    assert refused > 2000


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("seed", 1.5, "a whole number from 0 to 4294967295"),
        ("seed", None, "a whole number"),
        ("seed", [0, 1], "a whole number"),
        ("n_epochs", "abc", "a whole number from 1 to 1000000"),
        ("optim.optimizer.lr", 0, "a number above 0, up to 10"),
        ("trainer.accelerator", "quantum", "auto, cpu, gpu, cuda or mps"),
        ("data.label", 1.0, 'in a file write it in quotes, as "1.0"'),
        ("data.label", [7], 'in a file write it in quotes, as "7"'),
        ("noise.background_taps", 1024, "an odd number from 3 to 65535"),
        ("force", "yes", "true or false"),
        ("tract", "abc", "a group of keys"),
        ("optim.optimizer", None, "a group of keys"),
        ("logger.mode", "wrong", "offline, online or disabled"),
        ("sampler.ratios", [0.5, 0.5], "a list [...] of 3 items, each a number from 0 to 1"),
        ("run_dir", "", "a path, or null"),
    ],
)
def test_the_line_says_what_it_may_be(key: str, value: Any, words: str) -> None:
    cfg = BASE.copy()
    OmegaConf.update(cfg, key, value, merge=False)
    with pytest.raises(ValueError) as caught:
        check(cfg)
    assert str(caught.value).startswith(f"{key} is ")
    assert words in str(caught.value)


def test_one_name_is_a_list_where_a_list_is_wanted() -> None:
    cfg = composed("eval.splits=val")
    check(cfg)
    assert cfg.eval.splits == ["val"]
    bench = composed("backends=fused", name="bench")
    check(bench, "bench")
    assert bench.backends == ["fused"]
    with pytest.raises(ValueError, match=r"eval\.splits is 'train': use a list \[\.\.\.\] of items, each val or test"):
        check(composed("eval.splits=train"))


def test_groups_that_may_be_absent() -> None:
    check(
        composed("oscillator=poly_osc_init", "oscillator.init=null", "optim.scheduler=null", "callbacks.progress=null")
    )


def test_keys_that_nothing_reads_are_refused_and_references_count_as_reading() -> None:
    with pytest.raises(ValueError, match=r"^n_epoch: nothing reads a key of this name"):
        check(composed("+n_epoch=3"))
    with pytest.raises(ValueError, match=r"^data\.labels: nothing reads a key of this name; use data\.label, or"):
        check(composed("+data.labels=a"))
    check(composed("+loss.mine=3", "loss.terms.env.weight=${loss.mine}"))
    with pytest.raises(ValueError, match=r"^oscillator\.degree is 'abc'"):  # not encoder.degree, which refers to it
        check(composed("oscillator.degree=abc"))


STRANGER = """
from collections.abc import Sequence
from typing import Literal

class Tract:
    def __init__(self, *, taps: int, gain: float = 1.0, kind: Literal["wide", "narrow"] = "wide", notes=None,
                 edges: Sequence[float] = (), open: bool | None = None) -> None:
        self.taps = taps

class Anything:
    def __init__(self, **settings) -> None:
        pass
"""


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"taps": 3}, None),
        ({"taps": 2, "gain": 2, "kind": "narrow", "notes": {"a": [1]}, "edges": [1, 2.5], "open": None}, None),
        ({"taps": 2.5}, "tract.taps is 2.5: use a whole number"),
        ({"taps": "abc"}, "tract.taps is 'abc': use a whole number"),
        ({"taps": {}}, "tract.taps is {}: use a whole number"),
        ({"taps": 3, "gain": math.nan}, "tract.gain is nan: use a number"),
        ({"taps": 3, "kind": "round"}, "tract.kind is 'round': use wide or narrow"),
        ({"taps": 3, "edges": 1}, "tract.edges is 1: use a list"),
        ({"taps": 3, "open": 1}, "tract.open is 1: use true or false, or null"),
        ({"tapes": 3}, "tract.tapes is no setting of strangers_tract.Tract: use taps"),
        (
            {"_target_": "strangers_tract.Nothing"},
            "tract._target_ is strangers_tract.Nothing: Python finds no such class",
        ),
        ({"_target_": 5}, "tract._target_ is 5: use the dotted name of a class"),
        ({"_target_": "strangers_tract.Anything", "whatever": math.nan}, None),
    ],
)
def test_a_strangers_class_is_checked_by_its_annotations(
    settings: Mapping[str, Any], said: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "strangers_tract.py").write_text(STRANGER)
    monkeypatch.syspath_prepend(tmp_path)
    sys.modules.pop("strangers_tract", None)
    arguments.cache_clear()
    cfg = BASE.copy()
    tract = {"name": "mine", "_target_": "strangers_tract.Tract", **settings}
    OmegaConf.update(cfg, "tract", tract, merge=False)
    if said is None:
        check(cfg)
        return
    with pytest.raises(ValueError) as caught:
        check(cfg)
    assert str(caught.value).startswith(said)


def test_kinds_take_and_word_what_they_say() -> None:
    assert Whole(1).words == "a whole number of 1 or more"
    assert Number().words == "a number"
    assert Number(low=0, below=1).words == "a number from 0, below 1"
    assert or_null(Text("a path"), Flag()).words == "a path, or true or false, or null"
    assert Listed(OneOf("a"), single=True).taken("a") == ["a"]
    assert or_null(Text()).text
    assert not OneOf("a").text


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["horizon.min=4096"], "horizon.min is 4096"),
        (["tract=fir_mixture", "tract.high_hz=100"], "tract.high_hz is 100"),
        (["encoder=frames", "encoder.n_fft=511"], "encoder.n_fft is 511"),
        (["loss.terms.spec.loss.resolutions=[[15,4]]"], "loss.terms.spec"),
        (["backend.name=warp"], "backend.name is 'warp'"),
        (["oscillator=syrinx", "encoder=frames", "oscillator.degree=2"], "oscillator.degree is 2"),
    ],
)
def test_what_only_the_classes_know_names_the_key_too(overrides: list[str], said: str) -> None:
    with pytest.raises(ValueError) as caught:
        built(composed(*overrides))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
