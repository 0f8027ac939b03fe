"""Which column of a table is which, by its name: the names that programs and people give them, and their units."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

AUDIO_COLUMNS = ("files", "file", "filename", "file_name", "audio_file", "audio_path", "audio_filename", "audio",
                 "wav_file", "wav_filename", "wav_path", "wav", "recording", "recordings", "notated_path",
                 "source_file", "sound_files", "sound_file", "soundfile", "begin_path", "begin_file", "in_file",
                 "filepath", "file_path", "path", "song_file", "song")  # fmt: skip
ONSET_COLUMNS = ("onsets", "onset", "start", "starts", "start_time", "start_times", "onset_time", "onset_times",
                 "begin_time", "begin", "time_start", "t_start", "t_on", "tmin", "xmin", "start_on",
                 "syllable_start")  # fmt: skip
OFFSET_COLUMNS = ("offsets", "offset", "stop", "stops", "stop_time", "stop_times", "end", "ends", "end_time",
                  "end_times", "offset_time", "offset_times", "time_end", "time_stop", "t_end", "t_stop", "t_off",
                  "tmax", "xmax")  # fmt: skip
DURATION_COLUMNS = ("duration", "durations", "dur", "delta_time", "syllable_duration")
LABEL_COLUMNS = ("labels", "label", "annotation", "syllable", "syllables", "syllable_label", "name", "cluster",
                 "text", "manual_id", "common_name", "species", "scientific_name", "type")  # fmt: skip
_INDICES = ("", "unnamed_0", "index", "level_0", "x")
_UNITS = {
    "s": "s", "sec": "s", "secs": "s", "second": "s", "seconds": "s",
    "ms": "ms", "msec": "ms", "msecs": "ms", "millisec": "ms", "millisecs": "ms",
    "millisecond": "ms", "milliseconds": "ms",
    "sample": "samples", "samples": "samples", "samp": "samples", "smp": "samples",
}  # fmt: skip
_UNIT = re.compile(rf"^(.+?)(?:_in)?_({'|'.join(sorted(_UNITS, key=len, reverse=True))})$")
_PREFERRED = ("s", None, "ms", "samples")
# Sound Analysis Pro writes these two in ms and does not say so
_MILLISECONDS = ("start_on", "syllable_start", "syllable_duration")


@dataclass(frozen=True)
class TimeColumn:
    """A column of times: where it stands in a row, and the unit that its name states (None where it states none)."""

    index: int
    unit: str | None


@dataclass(frozen=True)
class Columns:
    """Where in a row the fields stand; None for a column that the table lacks.

    names       the header as written
    audio       of the recording's name; second_audio is the plain name where `audio` is Raven's whole path
    folder      of the folder that the recording lies in (Kaleidoscope's FOLDER)
    onset       of the onset, `offset` of the offset, or `duration` of the length where there is no offset
    onset_samples, offset_samples  the same in samples, beside columns in seconds that may be empty
    label       of the label
    channel     of the channel, counted from 1
    file_offset, end_file, selection  Raven's: the onset within the file, the file of the offset, the number
    is_raven    whether the table is Raven's, in which one selection may have a row for each view
    is_das, is_warbler  whether it is DAS's or warbleR's
    """

    names: tuple[str, ...]
    audio: int | None = None
    second_audio: int | None = None
    folder: int | None = None
    onset: TimeColumn | None = None
    offset: TimeColumn | None = None
    duration: TimeColumn | None = None
    onset_samples: int | None = None
    offset_samples: int | None = None
    label: int | None = None
    channel: int | None = None
    file_offset: int | None = None
    end_file: int | None = None
    selection: int | None = None
    is_raven: bool = False
    is_das: bool = False
    is_warbler: bool = False

    @property
    def count(self) -> int:
        """How many columns there are."""
        return len(self.names)

    @property
    def complete(self) -> bool:
        """Whether the table says when syllables begin and end."""
        return self.onset is not None and (self.offset is not None or self.duration is not None)

    def unstated(self) -> tuple[TimeColumn, TimeColumn] | None:
        """A column of times whose name states no unit, and the other one, which states ms or samples; None without."""
        ending = self.offset or self.duration
        if self.onset is None or ending is None:
            return None
        for one, other in ((self.onset, ending), (ending, self.onset)):
            (base, unit), beside = canonical_name(self.names[one.index]), canonical_name(self.names[other.index])[1]
            if _stated(base, unit) is None and beside in ("ms", "samples"):
                return one, other
        return None

    def unused(self) -> list[str]:
        """The names of the columns that are not read, and may hold labels."""
        times = (self.onset, self.offset, self.duration)
        read = {self.audio, self.second_audio, self.folder, self.label, self.channel, self.file_offset, self.end_file,
                self.selection, self.onset_samples, self.offset_samples, *(t.index for t in times if t)}  # fmt: skip
        return [name for i, name in enumerate(self.names) if i not in read and canonical_name(name)[0] not in _INDICES]


def canonical_name(name: str) -> tuple[str, str | None]:
    """A column's name in lower case with _ between words, and the unit at its end: Begin Time (s) -> begin_time, s."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.strip().strip("'\"`"))
    plain = re.sub(r"[^0-9a-z]+", "_", words.lower()).strip("_")
    plain = re.sub(r"_(hh_mm_ss_ms|ss_msec)$", "_s", plain)  # ELAN's
    match = _UNIT.match(plain)
    return (match[1], _UNITS[match[2]]) if match else (plain, None)


def _stated(base: str, unit: str | None) -> str | None:
    """The unit that a canonical name states, or is known to mean."""
    return unit or ("ms" if base in _MILLISECONDS else None)


def find_columns(
    names: Sequence[str], label_column: str | None = None, empty: Collection[int] = frozenset()
) -> Columns:
    """The columns of a table by the names in its header.

    label_column  the name of the column of labels; None to find it
    empty         where no row holds anything: labels are read from such a column only where there is no other

    Where several columns hold onsets or offsets, those in seconds are read. Raises ValueError when `label_column`
    is no column.
    """
    plain = [canonical_name(name) for name in names]
    bases = [base for base, _ in plain]

    def find(known: Sequence[str]) -> int | None:
        return next((bases.index(name) for name in known if name in bases), None)

    def timed(known: Sequence[str], unit: str | None) -> TimeColumn | None:
        found = ((i, base) for base in known for i, pair in enumerate(plain) if pair == (base, unit))
        return next((TimeColumn(i, _stated(base, unit)) for i, base in found), None)

    def any_unit(known: Sequence[str]) -> TimeColumn | None:
        return next((column for unit in _PREFERRED if (column := timed(known, unit))), None)

    onset = offset = duration = None
    for unit in _PREFERRED:
        onset, offset, duration = (timed(known, unit) for known in (ONSET_COLUMNS, OFFSET_COLUMNS, DURATION_COLUMNS))
        if onset and offset:
            duration = None
            break
    else:
        onset, offset, duration = (any_unit(known) for known in (ONSET_COLUMNS, OFFSET_COLUMNS, DURATION_COLUMNS))
        if onset is None and "in_file" in bases and duration:  # Kaleidoscope's OFFSET is where a detection begins
            onset, offset = offset, None
        elif onset and offset:
            duration = None
    if label_column is None:
        ranked = [i for name in LABEL_COLUMNS for i, base in enumerate(bases) if base == name]
        label = next((i for i in ranked if i not in empty), ranked[0] if ranked else None)
    else:
        label = _named(names, label_column)
    is_delta = "begin_time" in bases and "delta_time" in bases  # Raven's table without its column End Time
    if duration and label is None and not (is_delta or (onset and onset.unit == "ms")):
        duration = None  # of recordings rather than of syllables
    elif duration and onset is None and "time" in bases and "date" not in bases:  # Sonic Visualiser's
        onset = timed(("time",), None)
    if duration and onset and onset.unit == "ms" and duration.unit is None:
        duration = TimeColumn(duration.index, "ms")
    samples = (timed(ONSET_COLUMNS, "samples"), timed(OFFSET_COLUMNS, "samples"))
    in_samples = onset is not None and onset.unit == "samples"
    raven = is_delta or {"begin_time", "end_time"} <= set(bases)
    audio, second = find(AUDIO_COLUMNS), None
    if raven and "begin_file" in bases and "begin_path" in bases:
        audio, second = bases.index("begin_path"), bases.index("begin_file")
    return Columns(
        names=tuple(names),
        audio=audio,
        second_audio=second,
        folder=find(("folder",)) if "in_file" in bases else None,
        onset=onset,
        offset=offset,
        duration=duration,
        onset_samples=samples[0].index if samples[0] and not in_samples else None,
        offset_samples=samples[1].index if samples[1] and not in_samples else None,
        label=label,
        channel=find(("channel",)),
        file_offset=find(("file_offset",)) if raven or "sound_files" in bases else None,
        end_file=find(("end_path", "end_file")) if raven else None,
        selection=find(("selection",)) if raven else None,
        is_raven=raven and bool({"selection", "view", "file_offset"} & set(bases)),
        is_das={("start", "s"), ("stop", "s"), ("name", None)} <= set(plain),
        is_warbler="sound_files" in bases,
    )


def _named(names: Sequence[str], wanted: str) -> int:
    """The column that is called `wanted`, as written or but for case, blanks and punctuation."""
    for same in (str.strip, lambda name: canonical_name(name)[0]):
        if (found := [i for i, name in enumerate(names) if same(name) == same(wanted)]) and same(wanted):
            return found[0]
    raise ValueError(f"there is no column {wanted!r}, as data.label_column asks; it has: {', '.join(names) or 'none'}")
