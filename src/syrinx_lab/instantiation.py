"""Hydra's nodes made into plain containers and into objects, with errors of one line that name the key."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, TypeVar

from hydra.errors import HydraException, InstantiationException
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from .schema.signatures import found

S = TypeVar("S")  # of settings


def plain(cfg: DictConfig) -> dict[str, Any]:
    """The resolved configuration in plain containers.

    Raises:
        ValueError: a mandatory value (???) is missing, with its name.
    """
    missing = sorted(OmegaConf.missing_keys(cfg))
    if missing:
        raise ValueError(f"{missing[0]} is not set: give it on the command line, as {missing[0]}=VALUE")
    container = OmegaConf.to_container(cfg, resolve=True)
    assert isinstance(container, dict)
    return {str(key): value for key, value in container.items()}


def build(node: Any, *, less: Sequence[str] = (), **extra: Any) -> Any:
    """Instantiate a group's YAML: its `_target_` with its keys, less `name`, which only says which file it was.

    less   further keys that the class does not take
    extra  arguments that no configuration holds
    Raises ValueError for what a class refuses, with the group whose key it is.
    """
    try:
        return _built(node, less, **extra)
    except InstantiationException as error:
        cause: BaseException | None = error
        while isinstance(cause, InstantiationException):
            cause = cause.__cause__
        if not isinstance(cause, ValueError | TypeError):
            _refuse_unfound(node)
            raise
        raise ValueError(_with_key(node, error, str(cause))) from cause


def _refuse_unfound(node: Any) -> None:
    """Raise ValueError with one line for the first `_target_` of a group that Python does not find."""
    for name in ("_target_", *(f"{name}._target_" for name in node)):
        if isinstance(target := OmegaConf.select(node, name), str):
            try:
                found(target)
            except ValueError as error:
                place = ".".join(filter(None, (node._get_full_key(None), name)))
                raise ValueError(f"{place} is {target}: {error}") from None


def _with_key(node: Any, error: InstantiationException, reason: str) -> str:
    """`reason` with the dotted key of what could not be built, unless it names a key itself."""
    inner = re.search(r"full_key: ([\w.]+)", str(error))
    place = ".".join(filter(None, (node._get_full_key(None), inner[1] if inner else None)))
    own = OmegaConf.select(node, inner[1]) if inner else node
    named = re.match(r"(\w+) is ", reason)
    if not place or re.match(r"[a-z_]+\.[\w.]+ (is|=)", reason):
        return reason
    return f"{place}.{reason}" if named and named[1] in own else f"{place}: {reason}"


def _built(node: Any, less: Sequence[str], **extra: Any) -> Any:
    # resolved while still in its tree: what it refers to lies in other groups
    arguments = OmegaConf.to_container(node, resolve=True)
    assert isinstance(arguments, dict)
    for key in ("name", *less):
        arguments.pop(key, None)
    if not extra:
        return instantiate(arguments, _convert_="all")
    # objects are handed over by a call: Hydra would look for _target_s within them
    return instantiate(arguments | {"_partial_": True}, _convert_="all")(**extra)


def settings_of(node: Any) -> dict[str, Any]:
    """The keys of a group without a `_target_`, resolved, less its name."""
    settings = OmegaConf.to_container(node, resolve=True)
    assert isinstance(settings, dict)
    return {str(key): value for key, value in settings.items() if key != "name"}


def chosen(kind: type[S], settings: Mapping[str, Any], group: str) -> S:
    """A dataclass of those settings of a group that it has a field for; ValueError where a stored one lacks some."""
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    missing = [name for name in names if name not in settings]
    if missing:
        raise ValueError(f"{group}.{missing[0]} is not set: this configuration is of another version of the lab")
    return kind(**{name: settings[name] for name in names})


def partial_of(node: Any, key: str) -> Any:
    """What a key of the optimiser's group names, still to be called; ValueError where there is nothing of the name."""
    if "_target_" not in node:
        raise ValueError(f"{key} has no _target_: give the path of a torch class, as torch.optim.Adam")
    if not node.get("_partial_"):
        raise ValueError(f"{key} has no _partial_: true, which leaves its first argument to training")
    try:
        return build(node)
    except (HydraException, ValueError) as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"{key}._target_ is {node['_target_']}, which cannot be taken: {reason[:200]}") from None


def reason_of(error: BaseException) -> str:
    """What a class raised while it was built, in a line; Hydra's account is around it."""
    while isinstance(error, InstantiationException) and error.__cause__ is not None:
        error = error.__cause__
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
