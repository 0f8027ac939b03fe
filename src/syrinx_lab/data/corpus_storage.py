"""How much of a corpus is held in memory and what is remembered of it, and the reading of all its recordings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from .corpus_index import NAME, CorpusIndex, Outcome
from .corpus_settings import CorpusSettings
from .in_order import in_order
from .layout import AudioFile
from .pairing import Source
from .progress import tracked
from .reading import read_recording
from .sample_cache import SampleCache

_BATCH = 500  # recordings that are remembered in one go


@dataclass(frozen=True)
class CorpusStorage:
    """What of the sound is held, and where it is remembered what reading a file gave.

    cache_mb  MB of decoded sound that are held at most, above 0; what is dropped is read again when it is looked at
    folder    the folder of the index, see `CorpusIndex`; None, or one that does not exist: nothing is remembered
    Raises ValueError when cache_mb is out of range.
    """

    cache_mb: float = 512.0
    folder: Path | None = None
    cache: SampleCache = field(init=False)

    def __post_init__(self) -> None:
        if not self.cache_mb > 0:
            raise ValueError(f"data.cache_mb is {self.cache_mb}: give MB above 0")
        object.__setattr__(self, "cache", SampleCache(self.cache_mb))

    def within(self, cache_mb: float) -> CorpusStorage:
        """The same, with at most so many MB held."""
        return replace(self, cache_mb=min(self.cache_mb, cache_mb))

    def index(self, settings: CorpusSettings) -> CorpusIndex | None:
        """The index for recordings that are read in this way."""
        if self.folder is None:
            return None
        kept = {name: value for name, value in vars(settings).items() if name in settings.__dataclass_fields__}
        return CorpusIndex(self.folder / NAME, repr(sorted(kept.items(), key=lambda item: item[0])))


def read_all(
    files: Sequence[tuple[AudioFile, Source | None]],
    settings: CorpusSettings,
    storage: CorpusStorage | None,
    index: CorpusIndex | None,
) -> Iterator[tuple[AudioFile, Outcome]]:
    """`read_recording` of all files in their order, by several threads, but for those that the index remembers.

    It must be taken to its end: then the last outcomes are remembered.
    """
    cache = None if storage is None else storage.cache
    known = {} if index is None or cache is None else index.outcomes(files, cache)
    unknown = [pair for pair in files if pair[0].id not in known]
    read = in_order(lambda pair: read_recording(*pair, settings, cache), unknown)
    fresh: list[tuple[AudioFile, Source | None, Outcome]] = []
    for file, source in tracked(files, "reading recordings"):
        if (outcome := known.pop(file.id, None)) is None:
            outcome = next(read)
            fresh.append((file, source, outcome))
            if index is not None and len(fresh) >= _BATCH:
                index.remember(fresh)
                fresh.clear()
        yield file, outcome
    if index is not None:
        index.remember(fresh)
