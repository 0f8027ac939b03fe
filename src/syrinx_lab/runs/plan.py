"""What a sweep will do: conditions (settings of what is compared) x seeds, each with its rungs."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import Any, ClassVar

from ..metrics.facts import MetricFacts, metrics_of
from .file_name import file_name
from .identity import DATA_LOCATIONS, differing_keys, identity
from .rungs import Rung
from .stored_record import StoredRecord, required

# what the sweep decides for its jobs, or what would put all of them in one folder
RESERVED = (
    *("search", "checkpoint", "sweep_name", "run_dir", "force", "trainer.max_epochs", "paths", "hydra", "eval.splits"),
    "sweep_job",
)
# what the scores depend on besides the weights
SCORING = ("search", "checkpoint", "eval", "callbacks.evaluation", "trainer.save_every", "trainer.keep_checkpoints")
_LONGEST = 80
_KEPT = "=,"  # in names of folders


@dataclass(frozen=True)
class Condition:
    """One choice of the compared values.

    label      its folder within the sweep's, for example `loss=mse_accel`; empty when nothing but seeds is compared
    overrides  the choice as it is written on a command line
    n_epochs   planned epochs
    rungs      in order
    config     the identity of its models, less the seed
    """

    label: str
    overrides: tuple[str, ...]
    n_epochs: int
    rungs: tuple[Rung, ...]
    config: Mapping[str, Any]


@dataclass(frozen=True)
class SweepPlan(StoredRecord):
    """A sweep, complete: what is compared, over which seeds, by which rule.

    compared      swept key -> its values as they are written, less the seeds
    seeds         of every condition, ascending
    conditions    in the order of the command line
    metric        val score by which seeds are ranked
    scoring       the configuration that the scores depend on, see `SCORING`
    """

    kind: ClassVar[str] = "sweep plan"
    schema: ClassVar[int] = 2
    remedy: ClassVar[str] = "choose another sweep_name, or remove the folder of the sweep and repeat its command"

    compared: Mapping[str, Sequence[str]]
    seeds: tuple[int, ...]
    conditions: tuple[Condition, ...]
    metric: str
    scoring: Mapping[str, Any]

    @property
    def known(self) -> dict[str, MetricFacts]:
        """The metrics of its models."""
        return metrics_of(self.scoring)

    def to_json(self) -> dict[str, Any]:
        """The plan in plain values, as plan.json holds it and as two plans are compared: its conditions by label."""
        return {
            "schema": self.schema,
            "kind": self.kind,
            "compared": {key: list(values) for key, values in self.compared.items()},
            "seeds": list(self.seeds),
            "metric": self.metric,
            "scoring": dict(self.scoring),
            "conditions": {
                condition.label or "seeds": {
                    "overrides": list(condition.overrides),
                    "n_epochs": condition.n_epochs,
                    "rungs": [asdict(rung) for rung in condition.rungs],
                    "config": dict(condition.config),
                }
                for condition in self.conditions
            },
        }

    @classmethod
    def parse(cls, given: dict[str, Any], source: str | Path) -> dict[str, Any]:
        """With the conditions as what they are."""
        conditions = []
        for label, node in given["conditions"].items():
            own = required(Condition, {"label": label, **node}, f"{source}: a condition of a {cls.kind}", cls.remedy)
            rungs = tuple(Rung(**rung) for rung in own["rungs"])
            named = label if own["overrides"] else ""
            conditions.append(
                Condition(**{**own, "label": named, "overrides": tuple(own["overrides"]), "rungs": rungs})
            )
        return {**given, "seeds": tuple(given["seeds"]), "conditions": tuple(conditions)}

    def name(self, question: str | None = None) -> str:
        """What the sweep's folder is called unless it is given: what is compared, and a hash of the whole plan.

        question  stands for what is compared, where the sweep has a name of its own
        """
        compared = "-".join([key.rsplit(".", 1)[-1] for key in self.compared] + ["seed"])
        canonical = json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"))
        return f"{file_name(question or compared, _KEPT)}-{hashlib.sha256(canonical.encode()).hexdigest()[:8]}"


def split_swept(swept: Mapping[str, Sequence[str]], seed: int) -> tuple[list[tuple[str, ...]], list[int]]:
    """Swept key -> values, into (overrides of every condition of the others, seeds).

    swept  the values as they are written on a command line; keys may carry Hydra's +
    seed   the one that is used where no seeds are swept
    Raises ValueError on a key that the sweep decides itself, and on seeds that are no whole numbers or stand twice.
    """
    for key in swept:
        bare = key.lstrip("+~")
        if any(bare == name or bare.startswith((f"{name}.", f"{name}/", f"{name}@")) for name in RESERVED):
            raise ValueError(f"{bare} cannot be swept: the sweep decides it for all of its jobs; give one value")
        if not swept[key]:
            raise ValueError(f"{bare} has no value to compare: give one or more, as {bare}=A,B")
    typed = list(swept["seed"]) if "seed" in swept else ["null" if seed is None else str(seed)]
    wrong = [value for value in typed if not (value.isascii() and value.isdecimal()) or int(value) >= 2**32]
    if wrong:
        given = ",".join(typed).replace(" ", "")
        advice = (
            f"seeds are separated by commas, as seed={given.strip('[]')}" if given[:1] == "[" and given != "[]" else ""
        )
        raise ValueError(f"seed={given}: {advice or 'use whole numbers from 0 to 4294967295'}")
    seeds = sorted(map(int, typed))
    twice = sorted({value for value in seeds if seeds.count(value) > 1})
    if twice:
        raise ValueError(f"seed {twice[0]} stands twice in the sweep: give every seed once")
    others = [[f"{key}={value}" for value in values] for key, values in swept.items() if key != "seed"]
    return list(product(*others)), seeds


def label(overrides: Sequence[str]) -> str:
    """The folder of a condition: its overrides, with a short hash where a folder's name cannot hold them."""
    text = re.sub(r'"([^"\\]*)"', r"\1", ",".join(override.lstrip("+") for override in overrides))
    safe = file_name(text, _KEPT)
    if safe == text and len(text) <= _LONGEST:
        return text
    return f"{safe[:_LONGEST]}-{hashlib.sha256(text.encode()).hexdigest()[:6]}"


def condition(
    overrides: Sequence[str], config: Mapping[str, Any], rungs: Sequence[Rung]
) -> tuple[Condition, dict[str, Any]]:
    """A condition from its resolved configuration, and the part of that which its scores depend on.

    config  with `init_weights`, the hash of the first weights, where they come from a file, as the runs have it
    """
    models = identity(config)
    models.pop("seed", None)
    scoring: dict[str, Any] = {}
    for name in SCORING:
        node: Any = config
        for part in name.split("."):
            node = node.get(part, {})
        scoring[name] = node
    return Condition(label(overrides), tuple(overrides), config["n_epochs"], tuple(rungs), models), scoring


def check_distinct(conditions: Sequence[Condition]) -> None:
    """Raise ValueError when two conditions describe the same models: what is compared changes no weight."""
    for number, one in enumerate(conditions):
        for other in conditions[:number]:
            if not differing_keys(one.config, other.config):
                raise ValueError(
                    f"{other.label or 'one job'} and {one.label or 'another'} are the same model: what differs between "
                    "them changes no weight; take it out of the sweep"
                )


def is_location(key: str) -> bool:
    """Whether a key of a plan's content says where recordings lie, not which they are."""
    return any(key == name or key.endswith(f".config.{name}") for name in DATA_LOCATIONS)


def belongs(planned: Mapping[str, Any], config: Mapping[str, Any], compared: Iterable[str]) -> bool:
    """Whether a run is one of a condition, with whatever seed: its folder and its recordings may have been moved.

    planned   the condition's `config`
    config    the run's
    compared  the swept keys: where one of them is of `data`, the recordings' place counts
    """
    differing = {key for key, *_ in differing_keys(planned, identity(config))} - {"seed"}
    if not any(key.lstrip("+").partition(".")[0] == "data" for key in compared):
        differing = {key for key in differing if not is_location(key)}
    return not differing
