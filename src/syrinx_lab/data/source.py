"""The annotation of one recording, once it is known which that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .annotation_records import Annotation


@dataclass(frozen=True)
class Source:
    """The annotation of one recording.

    path       the file
    format     the name of its format
    syllables  in order of onset
    silences   how many stretches of each silence label were left out
    usable     False where the file cannot be read, or nobody can say what it means
    """

    path: Path
    format: str
    syllables: tuple[Annotation, ...]
    silences: Mapping[str, int] = field(default_factory=dict)
    usable: bool = True
