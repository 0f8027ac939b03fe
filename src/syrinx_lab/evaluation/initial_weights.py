"""`init_from`: start from trained weights, under the settings that they were trained with."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..model import Ouroboros
from ..runs.directory import find_run
from .published import published_settings
from .weights import load_weights, read_checkpoint

_GROUPS = ("encoder", "oscillator", "tract", "noise")  # compared, but for what changes no sound and what other keys say
_LEFT_OUT = (
    *("backend", "chunk_samples", "chunk_knots", "detach_heads"),
    *("degree", "keep_const", "sample_rate", "tau", "init", "spin_up_ms"),
)
_WHOLE = ("degree", "keep_const")  # what the encoder takes from the oscillator's group
_POLYNOMIAL = "syrinx_lab.ode.polynomial.Polynomial"


def start_from(model: Ouroboros, config: Mapping[str, Any], path: Path) -> None:
    """Load the weights of a checkpoint, ours or a published one, if `config` makes of them the model that they were.

    The same weights under another tau, low-pass or constant are another model, without any error: so the settings that
    the file holds are compared first. `init_settings: ignore` leaves the comparison out.

    config  the resolved configuration that `model` was built from
    Raises ValueError with the overrides to add when settings differ, or as `load_weights`.
    """
    if config["init_settings"] == "check":
        differing = differing_settings(model, config, trained_settings(path))
        rate, tau = differing.get("data.sample_rate"), differing.get("oscillator.tau")
        if rate and tau and _same(rate * tau, 1.0):
            del differing["oscillator.tau"]  # one sample: null says so
        if differing:
            raise ValueError(
                f"init_from={path}: trained with other settings, under which its weights are another model; add "
                f"{overrides(differing)}{_hint(differing)} (or init_settings=ignore to load them as they are)"
            )
    load_weights(model, path, first=True)


def weights_hash(source: str) -> str:
    """16 hexadecimal digits of the file behind `init_from`; raises ValueError with one line when there is none."""
    return hashlib.sha256(weights_file(source).read_bytes()).hexdigest()[:16]


def weights_file(source: str) -> Path:
    """The file behind `init_from`: itself, or the latest checkpoint of a run; raises ValueError when there is none."""
    path = Path(source)
    file = path if path.is_file() else find_run(path).latest_checkpoint()
    assert file is not None, "find_run answers only runs with checkpoints"
    return file


def differing_settings(model: Ouroboros, config: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the `trained_settings` of a checkpoint that `config`, which `model` was built from, has otherwise."""
    given = _settings(config) | {"oscillator.tau": model.oscillator.tau}
    differing = {key: value for key, value in wanted.items() if not _same(given.get(key), value)}
    differing.pop("oscillator.name", None)  # files of one class differ in nothing but keys
    if differing.pop("oscillator._target_", None) is not None:
        differing["oscillator.name"] = wanted["oscillator.name"]
    return differing


def trained_settings(path: Path) -> dict[str, Any]:
    """What the model of a checkpoint depends on besides its weights, by dotted key, tau in s; {} where it does not say.

    Raises ValueError as `read_checkpoint` and `published_settings`, and for a configuration of another version.
    """
    content = read_checkpoint(path)
    if "ouroboros" in content:
        return published_settings(content, path)
    stored = content.get("syrinx_lab_config")
    if stored is None:
        return {}
    config = json.loads(stored)
    try:
        settings, tau = _settings(config), config["oscillator"].get("tau")
    except KeyError as error:
        raise ValueError(
            f"{path}: its configuration has no {error.args[0]}: it is of another version of the lab; train it again"
        ) from None
    if tau is None and settings["oscillator._target_"] == _POLYNOMIAL:
        tau = 1.0 / config["data"]["sample_rate"]
    return settings if tau is None else settings | {"oscillator.tau": tau}


def overrides(settings: Mapping[str, Any]) -> str:
    """Settings as they are given on a command line: a group's choice first, its keys only where that is right."""
    names = {key.split(".")[0]: value for key, value in settings.items() if key.endswith(".name")}
    chosen = [f"{group}={name}" for group, name in names.items()]
    keys = [f"{key}={_written(value)}" for key, value in settings.items() if key.split(".")[0] not in names]
    return " ".join([*chosen, *keys])


def _settings(config: Mapping[str, Any]) -> dict[str, Any]:
    """What a configuration says of its model, by dotted key."""
    oscillator = config["oscillator"]
    settings = {"data.sample_rate": config["data"]["sample_rate"], "oscillator._target_": oscillator["_target_"]}
    settings |= {f"oscillator.{key}": oscillator[key] for key in _WHOLE if key in oscillator}
    for group in _GROUPS:
        items = config[group].items()
        settings |= {f"{group}.{k}": value for k, value in items if k not in _LEFT_OUT and k[0] != "_"}
    return settings


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, bool) or isinstance(b, bool) or not isinstance(a, int | float) or not isinstance(b, int | float):
        return bool(a == b)
    return math.isclose(a, b, rel_tol=1e-6)


def _written(value: Any) -> str:
    return json.dumps(value) if value is None or isinstance(value, bool) else str(value)


def _hint(differing: Mapping[str, Any]) -> str:
    """What an experiment sets of another group's keys outlives the choice of a group. And published models take one
    sample as tau: then the recordings' rate may be what differs."""
    if any(key.endswith(".name") for key in differing):
        return " (and leave out an experiment or arm of another model)"
    tau = differing.get("oscillator.tau")
    if tau is None or "data.sample_rate" in differing:
        return ""
    rate = round(1 / tau)
    if rate < 8000 or not math.isclose(rate * tau, 1.0, rel_tol=1e-6):
        return ""
    return f" (tau is one sample at {rate} Hz: data.sample_rate={rate} instead, if that is its rate)"
