"""What makes two runs the same model: the resolved config less everything that cannot change the weights."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import PurePath
from typing import Any

from .loss_terms import loss_terms, switched_on

# Dotted patterns of keys that cannot change a model's weights. A pattern that names a group drops all of it; `*` stands
# for any part of ONE name. What is not listed is identity: a key forgotten here costs a new directory, never a mix-up.
VOLATILE: tuple[str, ...] = (
    # where files go, and who reads them
    "paths",
    "run_dir",
    "logger",
    "hydra",
    "sweep_name",  # the question that a run answers; the same run may answer two
    "sweep_job",  # what a sweep does with it at the moment
    "init_from",  # where the first weights lay; their hash, init_weights, is identity
    "voice",  # as init_from
    "init_settings",  # whether their settings are compared
    # what an entry point does with a run that exists
    "force",
    "resume",
    # how far this command goes (the rung); n_epochs, over which the curricula are planned, IS identity
    "trainer.max_epochs",
    "trainer.budget_s",
    # where it is computed: the same to rounding, and a run may move to another machine
    "trainer.accelerator",
    "trainer.threads",
    "data.cache_mb",
    "data.num_workers",  # the draws depend on (seed, epoch, index) alone
    # what is shown and saved on the way
    "trainer.enable_*",  # progress bar, model summary
    "callbacks.progress",
    "trainer.save_every",
    "trainer.keep_checkpoints",
    "debug",  # what a debug config changes stands under its own keys, and those count
    # how a trained model is scored and chosen: validation has its own generators and steers no weight
    "eval",
    "callbacks.evaluation",
    "search",
    "checkpoint",
)

# Where the recordings lie on this machine, and who annotated them. The fingerprint of what was read takes their place;
# they count as long as there is none: two birds must never share a key.
DATA_LOCATIONS: tuple[str, ...] = ("data.root", "data.annotation_root", "data.segmenter", "segmenter")


# Keys that came later, with the value that means what was done before: runs of old keep their names.
AS_BEFORE: dict[str, Any] = {
    "data.hold_out": None,
    "data.hold_out_val": None,
    "data.groups": None,
    "data.denoise": "none",
    "data.denoise_db": 20.0,
    "loss.causal": 0.0,
    "loss.terms.spec.loss.causal": 0.0,
    "loss.terms.env.loss.causal": 0.0,
    "loss.terms.env_log.loss.causal": 0.0,
    "birds.name": "none",
    "optim.learn": "all",
}


class _Absent:
    """The value, in `differing_keys`, of a key that one side lacks."""

    def __repr__(self) -> str:
        return "absent"


ABSENT = _Absent()


def identity(config: Mapping[str, Any], data_fingerprint: str | None = None) -> dict[str, Any]:
    """What decides a model's weights: `config` less `VOLATILE`, with the data named by their fingerprint.

    config            the resolved config: nested mappings and lists of plain values; it is left as it is
    data_fingerprint  a hash of the recordings and annotations that are read. When given it stands in the result as
                      `data_fingerprint` and the keys of `DATA_LOCATIONS` are dropped, so that two copies of the same
                      data are the same model; when None the paths count as they are written

    Returns a new nested dict without empty groups; equal numbers are one value in it (5.0 is 5) and paths are strings.
    """
    patterns = VOLATILE if data_fingerprint is None else VOLATILE + DATA_LOCATIONS
    # a term that is added to a file and not used changes no model
    unused: list[tuple[str, ...]] = [
        ("loss", "terms", name) for name in loss_terms(config).keys() - switched_on(config).keys()
    ]
    unused += [path for key, value in AS_BEFORE.items() if _at(config, path := tuple(key.split("."))) == value]
    kept = _prune(config, (), (*(tuple(pattern.split(".")) for pattern in patterns), *unused))
    return kept if data_fingerprint is None else {**kept, "data_fingerprint": data_fingerprint}


def run_key(config: Mapping[str, Any], data_fingerprint: str | None = None) -> str:
    """The name of a model: the first 12 hex digits of sha256(canonical JSON of its `identity`).

    Arguments as in `identity`. The order of keys does not matter; 1e-3 and 0.001 agree, so do 5 and 5.0; 1 and true do
    not.
    """
    canonical = json.dumps(
        identity(config, data_fingerprint), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    return hashlib.sha256(canonical.encode()).hexdigest()[:12]


def differing_keys(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """The leaves in which two nested configs differ: (dotted key, value in `a`, value in `b`), sorted by key.

    Lists are leaves. `ABSENT` is the value on the side that lacks the key. Values are compared as `run_key` does it.
    """
    left, right = _leaves(_plain(a)), _leaves(_plain(b))
    differing = []
    for key in sorted(left.keys() | right.keys()):
        values = left.get(key, ABSENT), right.get(key, ABSENT)
        # the JSON text distinguishes true from 1, which Python's == does not
        if ABSENT in values or json.dumps(values[0], sort_keys=True) != json.dumps(values[1], sort_keys=True):
            differing.append((key, *values))
    return differing


def in_words(differing: Sequence[tuple[str, Any, Any]], most: int = 5) -> str:
    """`seed (there 1, now 2), 3 more`, from `differing_keys`: what a person types, as seed, before loss.objective..."""
    shallow_first = sorted(differing, key=lambda entry: entry[0].count("."))
    named = [f"{key} (there {there!r:.60}, now {now!r:.60})" for key, there, now in shallow_first[:most]]
    return ", ".join([*named, f"{len(differing) - most} more"] if len(differing) > most else named)


def _at(config: Mapping[str, Any], path: Sequence[str]) -> Any:
    """The value of a key; `ABSENT` where it is not there."""
    found: Any = config
    for name in path:
        if not isinstance(found, Mapping) or name not in found:
            return ABSENT
        found = found[name]
    return found


def _prune(node: Mapping[str, Any], path: tuple[str, ...], patterns: tuple[tuple[str, ...], ...]) -> dict[str, Any]:
    """`node`, which lies at `path`, without the keys that match a pattern and without the groups that this empties."""
    kept = {}
    for name, value in node.items():
        here = (*path, str(name))
        if any(_matches(here, pattern) for pattern in patterns):
            continue
        inner = _prune(value, here, patterns) if isinstance(value, Mapping) else _plain(value)
        if inner != {}:
            kept[str(name)] = inner
    return kept


def _matches(path: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    """Whether every name of `path` matches its part of `pattern`."""
    return len(path) == len(pattern) and all(fnmatchcase(name, part) for name, part in zip(path, pattern))


def _plain(value: Any) -> Any:
    """A value of a config in the one form that equal values share."""
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, PurePath):
        return str(value)
    assert value is None or isinstance(value, bool | int | float | str), f"not a plain config value: {value!r}"
    return value


def _leaves(node: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """The leaves of a nested dict by dotted key; an empty group is a leaf."""
    leaves: dict[str, Any] = {}
    for name, value in node.items():
        if isinstance(value, dict) and value:
            leaves |= _leaves(value, f"{prefix}{name}.")
        else:
            leaves[f"{prefix}{name}"] = value
    return leaves
