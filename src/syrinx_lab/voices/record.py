"""What is known of a voice, `voice.json` in its folder, and the check that its files are what was packed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..runs.atomic import read_json, write_json_atomic

FILE = "voice.json"
SCHEMA = 1


@dataclass(frozen=True)
class VoiceRecord:
    """The provenance of a voice.

    name         what `voice=` calls it
    about        a line on what it is
    command      that trained the run it was packed from
    seed         of that training
    data         what it was trained on
    licence      of the weights, with whom to name
    created_at   UTC, ISO 8601, of the packing;   git: commit of the code, None outside a checkout
    versions     distribution -> version, of the packing
    scores       split -> metric -> mean as sung, of the run's own evaluation
    sha256       file, relative to the folder -> 64 hexadecimal digits
    """

    name: str
    about: str
    command: str
    seed: int
    data: str
    licence: str
    created_at: str
    git: Mapping[str, Any] | None
    versions: Mapping[str, str | None]
    scores: Mapping[str, Mapping[str, float | None]]
    sha256: Mapping[str, str]

    def write(self, folder: Path) -> None:
        """Write it to voice.json in `folder`."""
        write_json_atomic(folder / FILE, {"schema": SCHEMA, **asdict(self)})

    @classmethod
    def read(cls, folder: Path) -> VoiceRecord:
        """The record in `folder`; raises ValueError with one line where it cannot be read or lacks something."""
        path = folder / FILE
        content = read_json(path)
        if not isinstance(content, dict) or content.get("schema") != SCHEMA:
            raise ValueError(f"{path}: not the record of a voice; {_REMEDY}")
        names = cls.__dataclass_fields__
        missing = [name for name in names if name not in content]
        if missing:
            raise ValueError(f"{path}: it lacks {missing[0]}; {_REMEDY}")
        return cls(**{name: content[name] for name in names})


_REMEDY = "pack the voice again (python -m syrinx_lab.pack_voice), or install the package again"


def digest(path: Path) -> str:
    """The SHA-256 of a file, 64 hexadecimal digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def is_voice(folder: Path) -> bool:
    """Whether a run's folder was packed as a voice."""
    return (folder / FILE).is_file()


def check_voice(folder: Path) -> VoiceRecord:
    """The record of a voice whose files are those that were packed.

    Raises ValueError with one line for a file that is gone or has another checksum, and as `VoiceRecord.read`.
    """
    record = VoiceRecord.read(folder)
    for name, wanted in record.sha256.items():
        path = folder / name
        if not path.is_file():
            raise ValueError(f"{path}: this file of the voice is gone; {_REMEDY}")
        if digest(path) != wanted:
            raise ValueError(f"{path}: damaged: its checksum is not the one in {FILE}; {_REMEDY}")
    return record
