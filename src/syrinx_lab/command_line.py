"""What is typed after `python -m syrinx_lab.X`: text stays text, and what Hydra cannot read comes back quoted."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Collection, Mapping, Sequence

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException, OverrideParseException

from .schema import TYPED, holds, nearest_keys, takes_list
from .schema.kinds import Names

_SETTING = re.compile(r"(\+{0,2})([A-Za-z_$][\w.$@:/-]*)=(.*)", re.DOTALL)
_PIECE = re.compile(r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\$\{[^}]*\}|[\[\](){},"'])""", re.DOTALL)
_COMPUTED = re.compile(r"\s*(range|interval|int|float|bool|sort|shuffle|glob|tag)\s*\(")  # what is in them is no text
_ODD = re.compile(r"[^\w/\\+.$%*@?|,: \t-]|[^\x00-\x7f]")  # what Hydra does not take outside quotes
_EMPTY = re.compile(r"""\s*(choice|range|interval|shuffle|sort)\(\s*\)\s*""")


def with_text(arguments: Sequence[str], is_text: Callable[[str], bool]) -> list[str]:
    """The arguments, in which the values of keys that hold text are quoted where Hydra would make numbers of them.

    `data.label=1.0` becomes `data.label="1.0"`, since the number would be written 1.0, 1e3 as 1000.0; so in lists and
    in values that are swept. null stays null.

    Args:
        arguments: as they are typed, KEY=VALUE among options.
        is_text: whether a dotted key holds text.
    """
    return [_with_text(argument, is_text) for argument in arguments]


def _with_text(argument: str, is_text: Callable[[str], bool]) -> str:
    match = _SETTING.fullmatch(argument)
    if match is None or not is_text(match[2]) or _COMPUTED.match(match[3]):
        return argument
    pieces = _PIECE.split(match[3])
    # an even piece stands between two quoted ones, brackets or commas
    pieces[::2] = [_quoted_number(piece) for piece in pieces[::2]]
    return f"{match[1]}{match[2]}={''.join(pieces)}"


def _quoted_number(piece: str) -> str:
    bare = piece.strip()
    try:
        value = OverridesParser.create().parse_rule(bare, "primitive") if bare else ""
    except HydraException:
        return piece  # the error comes when the whole is read
    if not isinstance(value, bool | int | float):
        return piece
    before, _, after = piece.partition(bare)
    return f'{before}"{bare}"{after}'


def with_names(arguments: Sequence[str], command: str) -> list[str]:
    """The arguments, in which `encoder=mamba,lstm` is one text where the key holds names with commas between them."""
    found = []
    for argument in arguments:
        match = _SETTING.fullmatch(argument)
        plain = match is not None and "," in match[3] and not _PIECE.search(match[3].replace(",", ""))
        if match is not None and plain and isinstance(holds(command, match[2]), Names):
            argument = f"{match[1]}{match[2]}={quoted(match[3])}"
        found.append(argument)
    return found


def in_full(arguments: Sequence[str], typed: Mapping[str, str]) -> list[str]:
    """The arguments with the keys of `typed` (full name -> as it is typed) written in full."""
    full = {short: name for name, short in typed.items()}
    settings = [(argument, _SETTING.fullmatch(argument)) for argument in arguments]
    return [
        argument if match is None or match[2] not in full else f"{match[1]}{full[match[2]]}={match[3]}"
        for argument, match in settings
    ]


def choices_of_groups(arguments: Sequence[str], groups: Collection[str]) -> list[str]:
    """The arguments, in which `+experiment=mine` is `experiment=mine`, for groups that have a place in the defaults.

    Many Hydra programs add such a group with a plus; here it stands in the defaults as null, and Hydra refuses a plus.
    """
    plus = re.compile(rf"\+({'|'.join(map(re.escape, groups))})=")
    return [argument[1:] if plus.match(argument) else argument for argument in arguments]


def unreadable(argument: str, *, swept: bool = False) -> str | None:
    """One line on why Hydra cannot read `argument` and how to write it; None where it can.

    Args:
        argument: KEY=VALUE as the shell hands it over.
        swept: whether commas stand between values that are compared.
    """
    if _reads(argument):
        return None
    match = _SETTING.fullmatch(argument)
    if match is None:
        if "=" in argument:
            return f"{argument}: {argument.split('=')[0]!r} is no name of a key; write KEY=VALUE, as n_epochs=20"
        return f"{argument}: this is no setting; write KEY=VALUE, as n_epochs=20 (--help shows the keys)"
    prefix, key, value = match.groups()
    if _EMPTY.fullmatch(value):
        return f"{argument}: there is nothing between the brackets; give values, as {key}=1,2"
    odd = _ODD.search(value[1:-1] if value[:1] == "[" and value[-1:] == "]" else value)
    reason = f"{odd[0]!r} has a meaning of its own, or none, outside quotes" if odd else "it is not as Hydra writes it"
    for rewritten in (_rewritten(value, swept), quoted(value)):
        whole = f"{prefix}{key}={rewritten}"
        if _reads(whole):
            return f"{argument} cannot be read: {reason}; quote the value, for the shell as well: {_for_shell(whole)}"
    return f"{argument} cannot be read: {reason}; quote the value, as '{key}=\"...\"'"


def _reads(argument: str) -> bool:
    try:
        OverridesParser.create().parse_override(argument)
    except HydraException:
        return False
    return True


def _rewritten(value: str, swept: bool) -> str:
    """The value with quotes around what needs them: the items of a list, the values of a sweep, or the whole."""
    inner = value.strip()
    if len(inner) > 1 and inner[0] == "[" and inner[-1] == "]" and "[" not in inner[1:]:
        return f"[{','.join(_rewritten(item, False) for item in inner[1:-1].split(','))}]"
    if swept and "," in value:
        return ",".join(_rewritten(item, False) for item in value.split(","))
    return inner if _reads(f"key={inner}") else quoted(inner)


def quoted(text: str) -> str:
    """`text` between the double quotes of Hydra's grammar."""
    # backslashes count where a quote follows them
    escaped = re.sub(r'(\\*)("|$)', lambda m: m[1] * 2 + ('\\"' if m[2] else ""), text)
    return f'"{escaped}"'


def _for_shell(argument: str) -> str:
    """The argument as a shell hands it over unchanged."""
    if "'" not in argument:
        return shlex.quote(argument)
    return '"' + re.sub(r'([\\"$`])', r"\\\1", argument) + '"'


def of_hydra(error: HydraException, command: str = "config") -> str | None:
    """The line for an error of Hydra's grammar, or for a key that `command` does not have; None for its other errors.

    command  the stem of its file in conf/
    """
    if isinstance(error, OverrideParseException):
        return unreadable(error.override) or str(error)
    unknown = re.match(r"Could not override '([^']+)'", str(error))
    if unknown is not None:
        if holds(command, unknown[1]) is not None:
            short, group = TYPED.get(unknown[1], unknown[1]), unknown[1].split(".")[0]
            return f"{short} belongs to a choice of {group}: give {group}=NAME as well, one that has it"
        near = nearest_keys(command, unknown[1])
        there = "--cfg job prints the keys that there are"
        return f"there is no key {unknown[1]}; like it is {' or '.join(near)} ({there})" if near else None
    ambiguous = re.match(r"Ambiguous value for argument '(.*?)'\n", str(error))
    if ambiguous is None:
        return None
    key, _, value = re.sub(r'"([^",]*)"', r"\1", ambiguous[1]).partition("=")  # as it was typed
    return f"{key}={value} holds several values: {_ways(command, key, value)}"


def _ways(command: str, key: str, value: str) -> str:
    """How several values are given to a key, as far as it takes them."""
    kind = holds(command, key.lstrip("+"))
    ways = [f"{_for_shell(f'{key}=[{value}]')} is a list"] if kind is None or takes_list(kind) else []
    ways += ["with -m each of them is tried"] if command == "config" else []
    ways += [f"{_for_shell(f'{key}={quoted(value)}')} is one text"] if kind is None or kind.text else []
    if not ways:
        assert kind is not None
        return f"it takes one, use {kind.words}"
    return ways[0] if len(ways) == 1 else f"{', '.join(ways[:-1])}, and {ways[-1]}"
