"""What reading a recording gave, remembered in a file until the recording or its annotation changes."""

from __future__ import annotations

import hashlib
import json
import logging
import sqlite3
import time
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

from .annotation_problem import Problem
from .denoising import Denoising
from .layout import AudioFile
from .pairing import Source
from .recording import Recording, Syllable
from .sample_cache import SampleCache
from .stored_samples import Known, SoundSource, StoredSamples, stamp_of

NAME = ".recordings.sqlite"
SCHEMA = 2  # raise it whenever reading gives something else: what was remembered is then read anew
_FRESH_NS = 2_000_000_000  # a file that changed so shortly ago may change again within one tick of its clock
_WAIT_S = 20.0  # for another process that writes

Outcome = tuple[Recording | None, list[Problem]]
_log = logging.getLogger(__name__)


class CorpusIndex:
    """Outcomes of `read_recording` by file and settings, in an SQLite file that several processes may share.

    A recording is taken from it where path, size and time of change of the audio file, its annotation and the settings
    are those of then. Where the file cannot be read or written, everything is read anew, and nothing else happens.

    path      the SQLite file; its folder must exist for anything to be remembered
    settings  text that stands for all settings of reading
    """

    def __init__(self, path: Path, settings: str) -> None:
        self.path, self.settings = path, settings
        self._broken = not path.parent.is_dir()

    def outcomes(self, files: Sequence[tuple[AudioFile, Source | None]], cache: SampleCache) -> dict[str, Outcome]:
        """What is remembered of these files, by the recordings' ids; the sound is decoded when it is looked at."""
        found: dict[str, Outcome] = {}
        with _Connection(self) as rows:
            for file, source in files:
                try:
                    stamp = stamp_of(file.path)
                except OSError:
                    continue
                row = rows.one("SELECT size, mtime, value FROM recordings WHERE key = ?", (self._key(file, source),))
                if row is not None and (row[0], row[1]) == stamp:
                    value = json.loads(zlib.decompress(row[2]))
                    found[file.id] = _outcome(value, file, source, stamp, cache)
        return found

    def remember(self, read: Iterable[tuple[AudioFile, Source | None, Outcome]]) -> None:
        """Store outcomes in one transaction, of files that did not change just now."""
        rows = []
        for file, source, (recording, problems) in read:
            if recording is None or not isinstance(recording.samples, StoredSamples):
                continue
            size, mtime = recording.samples.source.stamp
            if recording.samples.known is None or time.time_ns() - mtime < _FRESH_NS:
                continue
            value = zlib.compress(json.dumps(_value(recording, problems)).encode(), 1)
            rows.append((self._key(file, source), _digest(str(file.path.absolute())), size, mtime, value))
        if rows:
            with _Connection(self, write=True) as connection:
                outdated = "DELETE FROM recordings WHERE path = ? AND NOT (size = ? AND mtime = ?)"
                connection.many(outdated, [row[1:4] for row in rows])
                connection.many("INSERT OR REPLACE INTO recordings VALUES (?, ?, ?, ?, ?)", rows)

    def fingerprint(self, key: str) -> str | None:
        """The fingerprint of a corpus, by a digest of what its recordings hold."""
        with _Connection(self) as rows:
            row = rows.one("SELECT value FROM fingerprints WHERE key = ?", (key,))
        return None if row is None else str(row[0])

    def remember_fingerprint(self, key: str, value: str) -> None:
        """Store the fingerprint of a corpus."""
        with _Connection(self, write=True) as connection:
            connection.many("INSERT OR REPLACE INTO fingerprints VALUES (?, ?)", [(key, value)])

    def _key(self, file: AudioFile, source: Source | None) -> str:
        annotated = None if source is None else (str(source.path), source.format, source.syllables)
        return _digest(repr((SCHEMA, str(file.path.absolute()), file.id, self.settings, annotated)))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()


class _Connection:
    """A connection for one question or one transaction; whatever SQLite says, the index is then passed over."""

    def __init__(self, index: CorpusIndex, *, write: bool = False) -> None:
        self.index, self.write = index, write
        self.connection: sqlite3.Connection | None = None

    def __enter__(self) -> _Connection:
        if self.index._broken or not (self.write or self.index.path.is_file()):
            return self
        try:
            self.connection = sqlite3.connect(self.index.path, timeout=_WAIT_S)
            if self.write:
                self.connection.execute("BEGIN IMMEDIATE")
                self.connection.execute(
                    "CREATE TABLE IF NOT EXISTS recordings "
                    "(key TEXT PRIMARY KEY, path TEXT, size INTEGER, mtime INTEGER, value BLOB)"
                )
                self.connection.execute("CREATE INDEX IF NOT EXISTS paths ON recordings (path)")
                self.connection.execute("CREATE TABLE IF NOT EXISTS fingerprints (key TEXT PRIMARY KEY, value TEXT)")
        except sqlite3.Error as error:
            self._fail(error)
        return self

    def __exit__(self, kind: object, *rest: object) -> None:
        if self.connection is not None:
            try:
                if self.write and kind is None:
                    self.connection.commit()
                self.connection.close()
            except sqlite3.Error as error:
                self._fail(error)

    def one(self, query: str, values: Sequence[Any]) -> tuple[Any, ...] | None:
        """The first row, None where there is none."""
        if self.connection is None:
            return None
        try:
            row: tuple[Any, ...] | None = self.connection.execute(query, values).fetchone()
            return row
        except sqlite3.Error as error:
            self._fail(error)
            return None

    def many(self, query: str, rows: Sequence[Sequence[Any]]) -> None:
        """A statement for each row."""
        if self.connection is not None:
            try:
                self.connection.executemany(query, rows)
            except sqlite3.Error as error:
                self._fail(error)

    def _fail(self, error: sqlite3.Error) -> None:
        if not self.index._broken:
            _log.info("%s: %s; nothing is remembered of the recordings, delete the file", self.index.path, error)
        self.index._broken = True
        if self.connection is not None:
            self.connection.close()
            self.connection = None


def _value(recording: Recording, problems: Sequence[Problem]) -> dict[str, Any]:
    """A recording and its problems in plain values."""
    samples = recording.samples
    assert isinstance(samples, StoredSamples)
    assert samples.known is not None
    source = samples.source
    return {
        "size": samples.size,
        "rate": recording.sample_rate,
        "native": recording.native_sample_rate,
        "syllables": [astuple(syllable) for syllable in recording.syllables],
        "gain": recording.gain,
        "channel": recording.channel,
        "channels": recording.channels,
        "audio": recording.audio,
        "source": [source.divisor, source.offset, source.seekable, source.highpass_hz],
        "denoising": None if source.denoising is None else astuple(source.denoising),
        "known": [samples.known.content, samples.known.contrast_db, samples.known.removed],
        "problems": [[str(one.path), one.line, one.message, one.severity] for one in problems],
    }


def _outcome(
    value: dict[str, Any], file: AudioFile, annotated: Source | None, stamp: tuple[int, int], cache: SampleCache
) -> Outcome:
    """The recording and its problems again."""
    syllables = tuple(Syllable(*one) for one in value["syllables"])
    sung = tuple((one.onset, one.offset) for one in syllables)
    divisor, offset, seekable, highpass_hz = value["source"]
    how = None if value["denoising"] is None else Denoising(*value["denoising"])
    source = SoundSource(
        file.path,
        stamp,
        value["rate"],
        value["channel"],
        highpass_hz,
        divisor,
        offset,
        seekable,
        how,
        () if how is None else sung,
    )
    samples = StoredSamples(source, value["size"], value["gain"], cache)
    samples.known = Known(syllables, *value["known"])
    recording = Recording(
        file.id,
        file.path,
        samples,
        value["rate"],
        value["native"],
        syllables,
        value["gain"],
        annotated.path if annotated else None,
        value["channel"],
        value["channels"],
        value["audio"],
    )
    return recording, [Problem(Path(path), *rest) for path, *rest in value["problems"]]
