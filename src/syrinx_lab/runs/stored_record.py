"""What the JSON files of runs and sweeps have in common: a kind, a schema, and one line where a file is another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path
from typing import Any, ClassVar, Self

from .atomic import jsonable, read_json, write_json_atomic


@dataclass(frozen=True)
class StoredRecord:
    """The content of one JSON file, which says what it is in its keys `kind` and `schema`.

    A subclass is a frozen dataclass whose fields are the file's other keys, and declares

    kind    what such a file is called
    schema  whole number that is raised whenever the meaning or the name of a key changes
    remedy  what a person does with a file of another schema, or one that is broken

    It overrides `parse` where a field is more than JSON has. Raises ValueError when a subclass lacks one of the three.
    """

    kind: ClassVar[str]
    schema: ClassVar[int]
    remedy: ClassVar[str]

    def __init_subclass__(cls) -> None:
        missing = [name for name in ("kind", "schema", "remedy") if not hasattr(cls, name)]
        if missing:
            raise ValueError(f"{cls.__name__} declares no {', '.join(missing)}: see {StoredRecord.__name__}")

    @classmethod
    def read(cls, path: Path) -> Self:
        """The record in the file `path`; raises ValueError as `from_json` does, FileNotFoundError without a file."""
        return cls.from_json(read_json(path), path)

    @classmethod
    def from_json(cls, content: Any, source: str | Path) -> Self:
        """The record that `content` is.

        content  of the file, as JSON has it; keys that are no fields are passed over
        source   the file, for messages
        Raises ValueError with one line when it is of another kind or schema, lacks a key, or a value cannot be.
        """
        found = kind_of(content)
        if found != cls.kind:
            what = f"a {found}" if found else "no record of this lab"
            raise ValueError(f"{source}: {what}, where a {cls.kind} is looked for; {cls.remedy}")
        if content.get("schema") != cls.schema:
            raise ValueError(
                f"{source}: a {cls.kind} of schema {content.get('schema')}, and this version of the lab reads schema "
                f"{cls.schema}; {cls.remedy}"
            )
        return cls.from_fields(content, source)

    @classmethod
    def from_fields(cls, content: Mapping[str, Any], source: str | Path) -> Self:
        """As `from_json`, for a record within another one, which has no kind and schema of its own."""
        given = required(cls, content, f"{source}: a {cls.kind}", cls.remedy)
        try:
            parsed = cls.parse(given, source)
        except (TypeError, AttributeError) as error:
            raise ValueError(f"{source}: a broken {cls.kind} ({error}); {cls.remedy}") from error
        try:
            return cls(**parsed)
        except ValueError as error:
            raise ValueError(f"{source}: a {cls.kind} that {error}; {cls.remedy}") from error

    @classmethod
    def parse(cls, given: dict[str, Any], source: str | Path) -> dict[str, Any]:
        """The fields from their JSON values: for those that are records or tuples."""
        return given

    def to_json(self) -> dict[str, Any]:
        """The content of the file: schema, kind and the fields, in plain values."""
        return {"schema": self.schema, "kind": self.kind, **jsonable(asdict(self))}

    def write(self, path: Path) -> None:
        """Write the file, see `write_json_atomic`."""
        write_json_atomic(path, self.to_json())


def required(cls: type[Any], content: Any, what: str, remedy: str) -> dict[str, Any]:
    """The values of `content` for the fields of the dataclass `cls`; raises ValueError when one that has no default
    is not there."""
    if not isinstance(content, Mapping):
        raise ValueError(f"{what} that is no mapping; {remedy}")
    known = fields(cls)
    optional = {f.name for f in known if f.default is not MISSING or f.default_factory is not MISSING}
    missing = [f.name for f in known if f.name not in content and f.name not in optional]
    if missing:
        raise ValueError(f"{what} that lacks {', '.join(missing)}; {remedy}")
    return {f.name: content[f.name] for f in known if f.name in content}


def kind_of(content: Any) -> str | None:
    """What a file says that it is, None for one that says nothing."""
    return str(content["kind"]) if isinstance(content, Mapping) and "kind" in content else None
