"""From folders of raw recordings to annotations: fitted, found, named and written, file by file."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import numpy as np

from ..annotation_problem import Problem
from ..annotation_records import Annotation
from ..annotation_writing import annotation_path, encode, ending
from ..audio import read_audio
from ..audio_file import sound_info
from ..layout import AudioFile, expand
from ..progress import tracked
from ..roots import choose_audio, find_audio, missing_folder
from ..whole_file import write_whole
from .embedding import SIZE
from .found_file import FoundFile, Unreadable, find_in, load_found
from .labels import Names, first_names, labels_of, more_names
from .marks import Written, refuse_other_audio, write_own
from .segmenter import Segmenter
from .sole import sole
from .stored_names import read_names, write_names

DEFAULT_LABEL = "voc"
_FITTED = 40  # recordings, evenly spread, from which the parameters are found
_FITTED_S = 20.0  # s of each
_CLUSTERED = 20_000  # syllables, evenly spread


@dataclass(frozen=True)
class SegmentSettings:
    """How folders are segmented.

    channel        which channel is read, a number from 0 or "mean"
    audio_pattern  shell pattern of the files to take, None for all
    labels         whether syllables are named by clusters; else all are "voc"
    format         of the annotations, see `annotation_writing`
    workers        threads; None: one a core, eight at most
    faulty         "skip" files that cannot be read, or "error"
    """

    channel: int | str = 0
    audio_pattern: str | None = None
    labels: bool = True
    format: str = "simple-seq"
    workers: int | None = None
    faulty: str = "skip"


@dataclass(frozen=True, eq=False)
class SegmentedFolder:
    """What `segment_folder` found and wrote.

    files        (recording, what was found in it), in order of id
    labels       id -> label of each syllable
    unreadable   (file, reason)
    problems     what is wrong with the folders
    names        the clusters, None without labels
    parameters   what the segmenter found of the recordings
    annotations  id -> where the annotation of a recording with song lies
    written      what became of these files
    kept         recordings of which everything was known before
    """

    files: tuple[tuple[AudioFile, FoundFile], ...]
    labels: dict[str, list[str]]
    unreadable: tuple[tuple[Path, str], ...]
    problems: tuple[Problem, ...]
    names: Names | None
    parameters: dict[str, object]
    annotations: dict[str, Path]
    written: Written
    kept: int


def segment_folder(
    root: str | Sequence[str],
    out: Path,
    segmenter: Segmenter,
    described: dict[str, object],
    settings: SegmentSettings = SegmentSettings(),
    *,
    beside: bool = False,
    write: bool = True,
) -> SegmentedFolder:
    """Segment every recording below the roots and write an annotation for each that holds song.

    root       folder or folders
    out        where the lab keeps what it found; the annotations lie in `out/annotations`, in the folders of the
               recordings' ids
    described  the segmenter's settings in plain values: with others everything is found anew
    beside     write each annotation beside its audio instead
    write      False: find and name only

    What is in `out` already is used again: the parameters that were found, the segments of files whose bytes are the
    same, and the names of clusters, so that a killed command goes on, without the files that were in work,
    and a later day gets the old names. Memory does not grow with the sound.
    Raises ValueError where there is no folder, or no recording in it that can be read, for an unknown format, and where
    an annotation in `out` is that of another recording of the same name.
    """
    ending(settings.format)  # refuses a format that is not known before anything is read
    roots = expand(root)
    if absent := [problem for folder in roots if (problem := missing_folder(folder, "root"))]:
        raise ValueError(str(absent[0]))
    found, problems = find_audio(roots, settings.audio_pattern)
    wanted = choose_audio(found, settings.audio_pattern)
    if not wanted:
        errors = [problem for problem in problems if problem.severity == "error"]
        raise ValueError(str(errors[0]) if errors else f"{roots[0]}: no recording matches {settings.audio_pattern}")
    places = {
        file.id: annotation_path(
            settings.format,
            file.path.absolute(),
            None if beside else out / "annotations" / PurePosixPath(file.id).parent,
        )
        for file in wanted
    }
    with sole(out):  # another process that segments to it is waited for
        return _segmented(wanted, places, out, segmenter, described, settings, problems, write)


def _segmented(
    wanted: Sequence[AudioFile],
    places: dict[str, Path],
    out: Path,
    segmenter: Segmenter,
    described: dict[str, object],
    settings: SegmentSettings,
    problems: Sequence[Problem],
    write: bool,
) -> SegmentedFolder:
    if write:
        refuse_other_audio({places[file.id]: file.path.resolve() for file in wanted}, out / "marks.json")
    segmenter = _fitted(segmenter, out / "parameters.json", described, wanted, settings.channel)
    key = json.dumps([described, segmenter.found()], sort_keys=True)
    files: list[tuple[AudioFile, FoundFile]] = []
    unreadable, kept = [], 0
    for file, (result, known) in _all_found(wanted, out, segmenter, key, settings):
        if isinstance(result, Unreadable):
            if settings.faulty == "error":
                raise ValueError(f"{Problem(file.path, None, result.reason)} (data.faulty=skip leaves it out)")
            unreadable.append((file.path, result.reason))
            continue
        kept += known
        files.append((file, replace(result, points=result.points[:0])))  # on disk they are, in memory too many
    if not files:
        raise ValueError(
            f"none of the {len(unreadable)} recordings can be read; {unreadable[0][0]}: {unreadable[0][1]}"
        )
    names, labels = _named(files, out, settings.labels)
    annotations = {}
    contents: dict[Path, bytes | None] = {}
    for file, one in files:
        path = places[file.id]
        if not one.result.syllables:
            contents[path] = None
            continue
        annotations[file.id] = path
        rows = [Annotation(s.onset_s, s.offset_s, name) for s, name in zip(one.result.syllables, labels[file.id])]
        contents[path] = encode(settings.format, rows, file.path, one.sample_rate)
    audio = {places[file.id]: (file.path.resolve(), one.audio) for file, one in files}
    written = write_own(contents, out / "marks.json", audio) if write else Written()
    return SegmentedFolder(
        tuple(files),
        labels,
        tuple(unreadable),
        tuple(problems),
        names,
        segmenter.found(),
        annotations,
        written,
        kept,
    )


def store_of(out: Path, file: AudioFile) -> Path:
    """Where what was found in a recording is kept."""
    return out / "found" / f"{hashlib.sha256(file.id.encode()).hexdigest()[:24]}.npz"


def _fitted(
    segmenter: Segmenter, path: Path, described: dict[str, object], wanted: Sequence[AudioFile], channel: int | str
) -> Segmenter:
    """The segmenter with the parameters that were found before by the same settings, or are found now."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        if stored["segmenter"] == json.loads(json.dumps(described)):
            return segmenter.with_found(stored["found"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    chosen = [wanted[k] for k in np.unique(np.linspace(0, len(wanted) - 1, _FITTED).astype(int))]
    recordings = []
    for file in chosen:
        info = sound_info(file.path)
        try:
            clip = read_audio(file.path, sample_rate=info.samplerate if info else 44_100, channel=channel)
        except ValueError:
            continue
        recordings.append((clip.samples[: round(_FITTED_S * clip.sample_rate)], clip.sample_rate))
    fitted = segmenter.fitted(recordings)
    card = {"segmenter": described, "found": fitted.found()}
    write_whole(path, (json.dumps(card, indent=2) + "\n").encode())
    return fitted


def _all_found(
    wanted: Sequence[AudioFile], out: Path, segmenter: Segmenter, key: str, settings: SegmentSettings
) -> Iterator[tuple[AudioFile, tuple[FoundFile | Unreadable, bool]]]:
    """Every recording with what was found in it, in order, by several threads."""
    jobs = [(file.path, store_of(out, file), segmenter, key, settings.channel) for file in wanted]
    workers = settings.workers or min(os.cpu_count() or 1, 8)
    # threads: nearly all of the time is spent in transforms and files, which do not hold the interpreter
    with ThreadPoolExecutor(min(workers, len(wanted))) as pool:
        try:
            yield from zip(tracked(wanted, "segmenting recordings"), pool.map(find_in, *zip(*jobs)))
        finally:
            pool.shutdown(cancel_futures=True)


def _named(
    files: Sequence[tuple[AudioFile, FoundFile]], out: Path, named: bool
) -> tuple[Names | None, dict[str, list[str]]]:
    """The clusters, those of `out` first, and the label of every syllable."""
    if not named:
        return None, {file.id: [DEFAULT_LABEL] * len(one.result.syllables) for file, one in files}
    place = out / "names.npz"
    names, seen = read_names(place)
    here = hashlib.sha256("".join(sorted(one.key for _, one in files)).encode()).hexdigest()
    if names is None or seen != here:
        points = _sample(files, out)
        names = more_names(names, points) if names is not None and names.names else first_names(points)
        write_names(place, names, here)
    return names, {file.id: labels_of(names, _points(out, file)) for file, _ in files}


def _sample(files: Sequence[tuple[AudioFile, FoundFile]], out: Path) -> np.ndarray:
    """The points of all syllables, or of so many as can be clustered, evenly spread."""
    every = max(1, -(-sum(len(one.result.syllables) for _, one in files) // _CLUSTERED))
    counted, chosen = 0, [np.zeros((0, SIZE), np.float32)]
    for file, _ in files:
        points = _points(out, file)
        chosen.append(points[-counted % every :: every])
        counted += len(points)
    return np.concatenate(chosen)


def _points(out: Path, file: AudioFile) -> np.ndarray:
    found = load_found(store_of(out, file))
    assert found is not None, "it was written a moment ago"
    return found.points.astype(np.float32)
