"""Which bird, day, session and root every recording is of: read off a table, folders, or the names of files."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from .annotation_columns import canonical_name
from .annotation_csv import read_columns
from .annotation_encoding import decode
from .audio_index import AudioIndex
from .file_dates import FileDate, FileDates, without_ending
from .layout import AudioFile, expand, root_prefixes, same_text
from .recording import Corpus, Recording

KINDS = ("bird", "day", "session", "root")
_NO_BIRD = frozenset(
    {"audio", "wav", "wavs", "song", "songs", "recordings", "raw", "data", "segments", "undirected", "directed", "und",
     "dir", "screened", "all", "day", "night"}
)  # fmt: skip
_FILES = ("file", "files", "filename", "recording", "audiofile", "audio")
_EXPECTED = "a table of groups has the columns file and one or more of bird, day and session"


@dataclass(frozen=True)
class Group:
    """What a recording is of; None where nothing says it.

    bird, day, session, root  names; a day is 2026-05-03, or day 60 where folders bear ages
    day_number                of the day, so that differences are days apart
    moment                    day and time at which it began, as its name says
    """

    bird: str
    day: str | None
    session: str | None
    root: str
    day_number: int | None = None
    moment: str | None = None

    def named(self) -> dict[str, str]:
        """Kind -> name, of what is known."""
        values = {kind: getattr(self, kind) for kind in KINDS}
        return {kind: value for kind, value in values.items() if value is not None}

    def whole(self, kind: str) -> tuple[str, ...] | None:
        """What makes two recordings of one bird, or of one day or session of one bird; None where it is not known."""
        value = getattr(self, kind)
        return None if value is None else (value,) if kind in ("bird", "root") else (self.bird, value)


def group_recordings(
    corpus: Corpus, root: str | os.PathLike[str] | Sequence[str], table: str | None = None
) -> dict[str, Group]:
    """The group of every recording by id.

        bird     the table; what stands before the date in the file's name, where a folder above bears that name too or
                 all files have such names; else the first folder below the root that is named by no date, or the root
        day      the table; the date in the file's name; the innermost folder that is named by a date or an age
        session  the table; the innermost folder, where recordings lie in folders below the root
        root     the root's own name

    root   as `load_corpus` takes it
    table  a csv with the columns file and bird, day, session; None: there is none
    Raises ValueError with one line for a table that cannot be read or names what is not there, and for a recording
    whose name and folder tell two days.
    """
    roots = expand(root)
    names = [one.name or str(one) for one in (path.resolve() for path in roots)]
    prefixes = root_prefixes(roots)
    placed = {key: _placed(one, prefixes) for key, one in corpus.recordings.items()}
    stems = {key: without_ending(one.path.name) for key, one in corpus.recordings.items()}
    dates = FileDates(stems.values(), {*names, *(folder for _, folders in placed.values() for folder in folders)})
    of_files = {key: dates.of_file(stem) for key, stem in stems.items()}
    named = all(one is not None and one.bird for one in of_files.values())
    found: dict[str, Group] = {}
    for key, one in corpus.recordings.items():
        number, folders = placed[key]
        own = of_files[key]
        above = _day_of_folders(dates, (names[number], *folders), own)
        if own and above and own.number != above.number and not above.day.startswith("day "):
            raise ValueError(
                f"{one.path}: its name is of {own.day} and its folder of {above.day}: say which in a table, "
                "data.groups=TABLE with the columns file and day"
            )
        day = own or above
        bird = _bird(dates, own, named, prefixes[number].rstrip("/").split("/")[0] or None, names[number], folders)
        session = "/".join(folders) or (names[number] if len(roots) > 1 else None)
        group = Group(bird, None, session, names[number], moment=own.moment if own else None)
        found[key] = group if day is None else replace(group, day=day.day, day_number=day.number)
    return found if table is None else _with_table(found, corpus, Path(table).expanduser(), dates)


def telling_groups(groups: Mapping[str, Group], ids: Sequence[str], held: str | None) -> dict[str, dict[str, str]]:
    """Recording -> kind -> name, of the kinds that tell these recordings apart, each in a way of its own.

    ids   of the recordings; those without a group are left out
    held  the kind that is held out, which stands for itself even where all are of one; None: nothing is
    """
    named = {key: groups[key].named() for key in dict.fromkeys(ids) if key in groups}
    kept: dict[str, list[str | None]] = {}
    for kind in sorted(KINDS, key=lambda kind: (kind != held, KINDS.index(kind))):
        column = [one.get(kind) for one in named.values()]
        alike = any(len(set(zip(column, other))) == len(set(column)) == len(set(other)) for other in kept.values())
        if named and (kind == held or (len(set(column)) > 1 and not alike)):
            kept[kind] = column
    if not kept:
        return {}
    return {key: {kind: one[kind] for kind in KINDS if kind in kept and kind in one} for key, one in named.items()}


def by_whole(recordings: Sequence[Recording], groups: Mapping[str, Group], kind: str | None) -> list[list[Recording]]:
    """The recordings of each bird, day, session or root, in order of its name; all in one where kind is None."""
    found: dict[tuple[str, ...], list[Recording]] = {}
    for one in recordings:
        whole = groups[one.id].whole(kind) if kind is not None and one.id in groups else None
        found.setdefault(whole or (), []).append(one)
    return [found[whole] for whole in sorted(found)]


def with_days_after(
    named: Mapping[str, Mapping[str, str]], groups: Mapping[str, Group], trained: Sequence[str]
) -> dict[str, dict[str, str]]:
    """The same with `days_after_training`, as +59, where the recordings are distinguished by days.

    It is 0 from the first to the last day of training, and counts from the nearer of the two elsewhere; ages in days
    and dates are not compared.

    trained  ids of the recordings that a model was trained on
    """
    days = [groups[key] for key in trained if key in groups and groups[key].day_number is not None]
    numbers = [one.day_number for one in days if one.day_number is not None]
    ages = {str(one.day).startswith("day ") for one in days}
    found: dict[str, dict[str, str]] = {}
    for key, kinds in named.items():
        found[key] = dict(kinds)
        number = groups[key].day_number
        if "day" in kinds and numbers and number is not None and ages == {kinds["day"].startswith("day ")}:
            after = max(number - max(numbers), 0) + min(number - min(numbers), 0)
            found[key]["days_after_training"] = f"{after:+d}"
    distinct = {one.get("days_after_training") for one in found.values()}
    if distinct == {"+0"}:
        return {key: dict(kinds) for key, kinds in named.items()}
    return found


def _placed(one: Recording, prefixes: Sequence[str]) -> tuple[int, tuple[str, ...]]:
    """The number of the root that a recording lies in, and the folders from there down to it."""
    fitting = [k for k, prefix in enumerate(prefixes) if one.id.startswith(prefix)]
    number = max(fitting, key=lambda k: len(prefixes[k]), default=0)
    return number, tuple(one.id[len(prefixes[number]) :].split("/")[:-1])


def _day_of_folders(dates: FileDates, folders: Sequence[str], own: FileDate | None) -> FileDate | None:
    """The day of the innermost folder that tells one; `own`, of the file, where it may be that one."""
    for name in reversed(folders):
        if day := dates.of_folder(name):
            return own if own and dates.may_be(name, own.number) else day
    return None


def _bird(
    dates: FileDates, own: FileDate | None, named: bool, prefix: str | None, root: str, folders: Sequence[str]
) -> str:
    """See `group_recordings`; of several roots the name before the date counts only where a folder bears it."""
    if own and own.bird and (own.bird in (root, prefix, *folders) or (named and prefix is None and not folders)):
        return own.bird
    if prefix is not None and not (prefix.lower() in _NO_BIRD or dates.of_folder(prefix)):
        return prefix
    birds = [name for name in folders if name.lower() not in _NO_BIRD and not dates.of_folder(name)]
    return birds[0] if birds else own.bird if own and own.bird and named else root


def _with_table(found: Mapping[str, Group], corpus: Corpus, path: Path, dates: FileDates) -> dict[str, Group]:
    """The groups with what a table says."""
    try:
        _, table = read_columns(decode(path).text)
    except OSError as error:
        raise ValueError(f"{path}: cannot be read ({error.strerror}); set data.groups to a csv, or to null") from error
    except ValueError as error:
        raise ValueError(f"{path}: {error}; {_EXPECTED}") from error
    heads = [canonical_name(name)[0] for name in table.names]
    column = next((heads.index(name) for name in _FILES if name in heads), None)
    kinds = {kind: heads.index(kind) for kind in KINDS[:3] if kind in heads}
    if column is None or not kinds:
        raise ValueError(f"{path}, line {table.line}: its columns are {', '.join(table.names)}; {_EXPECTED}")
    files = [AudioFile(key, one.path, tuple(key.split("/")[:-1])) for key, one in corpus.recordings.items()]
    index, groups = AudioIndex(files, path.parent), dict(found)
    seen: Counter[str] = Counter()
    for line, fields in table.rows():
        cells = [field.strip() for field in fields] + [""] * len(heads)
        recordings = index.find(cells[column], ())
        if len(recordings) > 1:
            several = " and ".join(one.id for one in recordings[:2])
            raise ValueError(f"{path}, line {line}: {cells[column]!r} fits {several}; name the folder too")
        for recording in recordings:
            seen[recording.id] += 1
            if seen[recording.id] > 1:
                raise ValueError(f"{path}, line {line}: {cells[column]!r} is there twice; keep one row a recording")
            values = {kind: same_text(cells[k]) for kind, k in kinds.items() if cells[k]}
            if "day" in values and (day := dates.of_folder(values["day"])):
                groups[recording.id] = replace(groups[recording.id], day_number=day.number)
                values["day"] = day.day
            elif "day" in values:
                groups[recording.id] = replace(groups[recording.id], day_number=None)
            groups[recording.id] = replace(groups[recording.id], **values)  # type: ignore[arg-type]
    if not seen:
        raise ValueError(f"{path}: none of its rows names a recording of data.root; {_EXPECTED}")
    return groups
