"""Whether a part from a configuration keeps the contract, a Protocol, that the lab has with parts of its kind."""

from __future__ import annotations

from inspect import signature
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
        if not hasattr(part, name):
            lack = f"which has no {shown}"
        elif arguments is not None and not _takes(getattr(part, name), len(arguments)):
            lack = f"whose {name} cannot be called as {shown}"
        else:
            continue
        raise ValueError(f"{key} is a {type(part).__name__}, {lack}: see {contract.__module__}.{contract.__name__}")
    return part


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
