"""Whether a part from a configuration keeps the contract, Protocol or base class, that the lab has with its kind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from inspect import getattr_static, signature
from types import FunctionType
from typing import Any, TypeVar

Part = TypeVar("Part")


def fulfilling(part: Part, contract: type, key: str) -> Part:
    """`part`, if it has every attribute of a Protocol, and its methods take the arguments that the Protocol names.

    contract  a Protocol whose methods are called by position
    key       of the configuration, for the error
    Raises ValueError with one line: the key, the class of the part, what it lacks, and where the contract stands.
    """
    for name, arguments in _members(contract).items():
        shown = name if arguments is None else f"{name}({', '.join(arguments)})"
        if name == "__call__" and hasattr(part, "forward"):  # of a torch module, whose own takes anything
            name, shown = "forward", shown.replace("__call__", "forward")
        if not hasattr(part, name) or getattr(getattr(part, name), "__name__", "") == "_forward_unimplemented":
            lack = f"which has no {shown}"
        elif arguments is not None and not _takes(getattr(part, name), len(arguments)):
            lack = f"whose {name} cannot be called as {shown}"
        else:
            continue
        raise ValueError(f"{key} is a {type(part).__name__}, {lack}: see {contract.__module__}.{contract.__name__}")
    return part


def complete(kind: type, contract: type) -> None:
    """Refuse a class that lacks a method of the abstract base `contract`, or whose own takes other arguments.

    Raises ValueError with one line: the class, the method with its arguments, and where the contract stands.
    """
    for name in sorted(contract.__abstractmethods__):  # type: ignore[attr-defined]
        arguments = list(signature(getattr(contract, name)).parameters)
        shown, where = f"{name}({', '.join(arguments)})", f"see {contract.__module__}.{contract.__name__}"
        own = getattr_static(kind, name)
        if getattr(own, "__isabstractmethod__", False):
            raise ValueError(f"{kind.__name__} has no {name}: add the method {shown}, {where}")
        if isinstance(own, FunctionType) and not _takes(own, len(arguments)):
            raise ValueError(f"{kind.__name__}.{name} cannot be called as {shown}: {where}")


@contextmanager
def answering(asked: str, part: object) -> Iterator[None]:
    """Make one line of whatever a part from outside the lab raises in the block; the lab's own raise as they are.

    asked  group and method, for the line
    Raises ValueError with the group, the method, the class, and what it raised.
    """
    try:
        yield
    except Exception as error:  # whatever a stranger's code can think of
        kind = part if hasattr(part, "__name__") else type(part)
        if str(kind.__module__).partition(".")[0] == __name__.partition(".")[0]:
            raise
        text = " ".join(str(error).split())
        raise ValueError(
            f"{asked} of {named(part)} raised {type(error).__name__}{': ' * bool(text)}{text[:200]}"
        ) from error


def named(part: object) -> str:
    """What a part is called in a line: its class, or its own name where it is a function."""
    return str(getattr(part, "__name__", type(part).__name__))


def _members(contract: type) -> dict[str, list[str] | None]:
    """What a Protocol asks for: attributes and properties (None), methods with the names of their arguments."""
    members: dict[str, list[str] | None] = dict.fromkeys(contract.__annotations__)
    for name, member in vars(contract).items():
        if not name.startswith("_") or name == "__call__":
            members[name] = list(signature(member).parameters)[1:] if callable(member) else None
    return members


def _takes(method: Any, count: int) -> bool:
    """Whether `method` can be called with so many arguments by position."""
    try:
        signature(method).bind(*range(count))
    except ValueError:  # a function of C that does not say
        return True
    except TypeError:
        return False
    return True
