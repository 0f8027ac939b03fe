"""What a class that nobody has entered in a table may be given: read off the annotations of its arguments."""

from __future__ import annotations

import importlib
import inspect
import types
import typing
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import PurePath
from typing import Any

from .kinds import Anything, Either, Flag, Kind, Listed, Null, Number, OneOf, Text, Whole

_PLAIN: dict[Any, Kind] = {
    int: Whole(low=-(2**63), high=2**63 - 1),
    float: Number(),
    bool: Flag(),
    str: Text(),
    PurePath: Text(),
    type(None): Null(),
}


@cache
def arguments(path: str) -> dict[str, Kind] | None:
    """Name -> kind of what a class or function may be called with; None when it takes any name, or nothing is known.

    `int` is a whole number, `float` a finite one, `X | None` may be null, Literal names its choices; what is not
    annotated, or not with a plain type, may hold anything.

    path  its dotted path
    Raises ValueError when there is nothing of that name.
    """
    target = found(path)
    try:
        parameters = inspect.signature(target).parameters.values()
    except (TypeError, ValueError):  # of builtins
        return None
    if any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters):
        return None
    try:
        hints = typing.get_type_hints(target.__init__ if inspect.isclass(target) else target)  # type: ignore[misc]
    except Exception:  # names that only a type checker can see
        hints = {}
    return {parameter.name: _kind(hints.get(parameter.name, Any)) for parameter in parameters}


def _kind(annotation: Any) -> Kind:
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        kinds = [_kind(one) for one in inner]
        return Anything() if any(isinstance(kind, Anything) for kind in kinds) else Either(*kinds)
    if origin is typing.Literal:
        return OneOf(*inner) if all(isinstance(name, str) for name in inner) else Anything()
    if origin in (list, Sequence) and inner:
        return Listed(_kind(inner[0]))
    if isinstance(annotation, type) and issubclass(annotation, PurePath):
        return Text()
    return _PLAIN.get(annotation, Anything())


def found(path: str) -> Callable[..., Any]:
    """The class or function of a dotted path; raises ValueError when there is none."""
    parts = path.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        try:
            thing: Any = importlib.import_module(".".join(parts[:cut]))
        except ModuleNotFoundError as error:
            if error.name is not None and not f"{path}.".startswith(f"{error.name}."):
                raise ValueError(f"it needs the package {error.name}, which is not installed") from None
            continue
        for part in parts[cut:]:
            thing = getattr(thing, part, None)
        if callable(thing):
            return thing
        break
    raise ValueError("Python finds no such class: correct it, or put its folder on PYTHONPATH")
