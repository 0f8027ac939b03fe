"""Recordings into train, val and test, and the check that nothing leaks from one into another."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array

from ..types import Segment, Vocalisation
from .corpus import Corpus, Recording
from .group_leaks import check_group_leaks
from .groups import Group
from .hold_out import HoldOut, parse_hold_out
from .stratify import stratify

NAMES = ("train", "val", "test")
# A label that train lacks cannot be learnt, one that val or test lacks is only not scored. A folder's label counts for
# less than the label itself, whatever the number of folders.
LACKING = (2.0, 1.0, 1.0)
FOLDER_SHARE = 1e-3
MOST_COLUMNS = 100
_SHOWN = 20  # labels that a note names


@dataclass(frozen=True)
class Splits:
    """The ids of the recordings of each split, sorted, and the labels that a split could not be given.

    missing  labels, by split, that occur among the selected syllables but in no recording of that split
    rare     labels of fewer than three recordings, which no fractions bring into every split
    """

    train: tuple[str, ...]
    val: tuple[str, ...]
    test: tuple[str, ...]
    missing: Mapping[str, tuple[str, ...]]
    rare: frozenset[str] = frozenset()

    def __getitem__(self, name: str) -> tuple[str, ...]:
        """The recording ids of `train`, `val` or `test`."""
        return {"train": self.train, "val": self.val, "test": self.test}[name]

    def recordings(self, corpus: Corpus, name: str) -> list[Recording]:
        """The recordings of `train`, `val` or `test`."""
        return [corpus.recordings[recording] for recording in self[name]]

    def notes(self) -> tuple[str, ...]:
        """One line for each split that lacks a label."""
        return tuple(self._note(name, labels) for name, labels in self.missing.items() if labels)

    def _note(self, name: str, labels: Sequence[str]) -> str:
        more = f" and {len(labels) - _SHOWN} more labels" if len(labels) > _SHOWN else ""
        larger = ", or raise data.val_fraction and data.test_fraction"
        advice = "" if self.rare.issuperset(labels) else larger
        return f"{name} has no {', '.join(labels[:_SHOWN])}{more}: add recordings that hold it{advice}"


@dataclass(frozen=True)
class SplitSettings:
    """How recordings are split, see `split_recordings`.

    val_fraction, test_fraction  shares of the recordings, above 0, together below 1
    split_seed                   0 or more
    hold_out                     what test holds, see `parse_hold_out`; None: its share of all recordings
    hold_out_val                 what val holds
    groups                       path of a table of birds, days and sessions, see `group_recordings`
    Raises ValueError when a setting is out of range.
    """

    val_fraction: float = 0.1
    test_fraction: float = 0.1
    split_seed: int = 1234
    hold_out: str | Sequence[str] | None = None
    hold_out_val: str | Sequence[str] | None = None
    groups: str | None = None

    def __post_init__(self) -> None:
        val, test = self.val_fraction, self.test_fraction
        if not (val > 0 and test > 0 and val + test < 1):
            raise ValueError(
                f"data.val_fraction {val} and data.test_fraction {test}: give two shares above 0 that add up to less "
                "than 1"
            )
        if self.split_seed < 0:
            raise ValueError(f"data.split_seed is {self.split_seed}: give 0 or more")
        _ = self.held

    @cached_property
    def held(self) -> dict[str, HoldOut]:
        """Split -> what it holds as a whole, and not a share of all recordings."""
        wanted = {"test": ("hold_out", self.hold_out), "val": ("hold_out_val", self.hold_out_val)}
        found = {split: parse_hold_out(text, f"data.{key}") for split, (key, text) in wanted.items()}
        return {split: one for split, one in found.items() if one is not None}


def split_recordings(
    corpus: Corpus, settings: SplitSettings = SplitSettings(), groups: Mapping[str, Group] | None = None
) -> Splits:
    """Split a corpus by recording so that each split has its share of every selected label.

    Of the R recordings that hold a selected syllable, max(1, round(fraction R)) go to val and to test and the rest, at
    least one, to train; `stratify` chooses which. So a split lacks a label only where fewer than three recordings hold
    it or the split is too small, and `Splits.missing` names it. Where recordings lie in several folders (ids
    `folder/recording`: birds, days), each folder's labels are spread as well, or the folders alone when that would be
    over 100 kinds to spread, or neither. Recordings without a selected syllable give no window and go to train.

    Where `settings.held` names birds, days, sessions or roots, all their recordings go to test (or val) and none to
    another split; what is left is split in the same way. A recording that both splits claim is of test.

    groups  what the recordings are of, by id; wanted where something is held out as a whole

    The result depends on the settings and on the corpus, not on its order. Raises ValueError when fewer than three
    recordings hold a selected syllable, and for groups that are not there or leave nothing to train on.
    """
    useful = [name for name, found in sorted(corpus.recordings.items()) if any(s.selected for s in found.syllables)]
    if len(useful) < 3:
        raise ValueError(
            f"{len(useful)} of {len(corpus.recordings)} recordings hold a selected syllable, but train, val and test "
            "need one each: add recordings, cut long ones into files, or select more labels with data.label"
        )
    labels, counts, weights = _label_counts([corpus.recordings[name] for name in useful])
    claimed = _claimed(settings.held, groups)
    _refuse_empty(settings.held, claimed, useful)
    owner = np.array([claimed.get(name, -1) for name in useful])
    drawn = [0, *(k for k in (1, 2) if k not in claimed.values())]
    rest = np.flatnonzero(owner < 0)
    if len(rest) < len(drawn):
        raise ValueError(
            f"{_named(settings.held)} leaves {len(rest)} recordings with a selected syllable for "
            f"{' and '.join(NAMES[k] for k in drawn)}: hold out less, or name data.hold_out_val too"
        )
    shares = dict(enumerate((0.0, settings.val_fraction, settings.test_fraction)))
    shares |= {NAMES.index(split): one.share for split, one in settings.held.items() if one.share is not None}
    if len(drawn) == 1:
        owner[rest] = 0
    else:
        generator = np.random.default_rng(settings.split_seed)
        some = (labels, counts, weights) if len(rest) == len(useful) else _label_counts(
            [corpus.recordings[useful[k]] for k in rest]
        )  # fmt: skip
        sizes = _sizes(len(rest), *(shares[k] if k in drawn else 0.0 for k in (1, 2)))
        dealt = stratify(some[1], some[2], [sizes[k] for k in drawn], [LACKING[k] for k in drawn], generator)
        owner[rest] = np.array(drawn)[dealt]

    parts = [[name for name, split in zip(useful, owner) if split == k] for k in range(3)]
    silent = corpus.recordings.keys() - set(useful)
    parts[0] = sorted([*parts[0], *(name for name in silent if name not in claimed)])
    for k in (1, 2):
        parts[k] = sorted([*parts[k], *(name for name in silent if claimed.get(name) == k)])
    has = np.array([counts[owner == k].sum(axis=0) > 0 for k in range(3)])
    missing = {name: tuple(label for label, found in zip(labels, has[k]) if not found) for k, name in enumerate(NAMES)}
    holders = np.bincount(counts.indices, minlength=counts.shape[1])
    rare = frozenset(label for label, count in zip(labels, holders) if count < len(NAMES))
    return Splits(tuple(parts[0]), tuple(parts[1]), tuple(parts[2]), missing, rare)


def check_leaks(
    splits: Splits,
    corpus: Corpus,
    clips: Mapping[str, Iterable[Segment | Vocalisation]],
    groups: Mapping[str, Group] | None = None,
    held: Mapping[str, HoldOut] | None = None,
) -> None:
    """Raise ValueError when anything of one split can be heard in another.

    Refused are: a recording in two splits; two recordings of different splits with identical samples (a file that lies
    in the folder twice); a window or a clip cut from a recording that is not in its split, whether or not another
    split has windows on the same samples; where wholes are held out, a bird, day, session or root on both sides; and
    two files of one name that were made at one moment, as a name with the time of day tells it.

    clips   by split, every training window (`Pools.segments`) and vocalisation that is used
    groups  what the recordings are of, by id; None: not looked at
    held    split -> what it holds as a whole
    """
    home: dict[str, str] = {}
    content: dict[str, str] = {}
    for split in NAMES:
        for name in splits[split]:
            if name in home:
                raise ValueError(f"{name} is in {home[name]} and in {split}: a recording belongs to one split")
            home[name] = split
            recording = corpus.recordings[name]
            twin = content.setdefault(recording.audio_hash, name)
            if home[twin] != split:
                raise ValueError(
                    f"{twin} in {home[twin]} and {name} in {split} hold the same audio, so that the scores would be "
                    "those of training data: remove one of the two files"
                )
    if groups is not None:
        check_group_leaks(home, corpus, groups, held or {})
    used: dict[str, list[tuple[int, int, str]]] = {}
    for split, cut in clips.items():
        for clip in cut:
            used.setdefault(clip.recording, []).append((clip.start, clip.stop, split))
    for name, spans in used.items():
        _check_overlap(name, sorted(spans))
        strangers = {split for _, _, split in spans if home.get(name) != split}
        if strangers:
            raise ValueError(
                f"{name} is in {home.get(name, 'no split')}, but {min(strangers)} uses its samples: "
                "cut each split's windows from its own recordings"
            )


def _check_overlap(name: str, spans: Sequence[tuple[int, int, str]]) -> None:
    """Raise when spans (start, stop, split), sorted by start, of two splits share a sample."""
    reach: dict[str, int] = {}
    for start, stop, split in spans:
        for other, end in reach.items():
            if other != split and start < end:
                raise ValueError(
                    f"{name}: sample {start} is in a window of {other} and in one of {split}: "
                    "cut each split's windows from its own recordings"
                )
        reach[split] = max(stop, reach.get(split, 0))


def _sizes(recordings: int, val_fraction: float, test_fraction: float) -> tuple[int, int, int]:
    """How many recordings train, val and test get: at least one each, but none for a fraction of 0."""
    val, test = (
        max(1, math.floor(fraction * recordings + 0.5)) if fraction else 0 for fraction in (val_fraction, test_fraction)
    )
    while val + test >= recordings:
        val, test = (val - 1, test) if val > test else (val, test - 1)
    return recordings - val - test, val, test


def _claimed(held: Mapping[str, HoldOut], groups: Mapping[str, Group] | None) -> dict[str, int]:
    """The number of the split, by id, of recordings that are held out as parts of a whole; test before val."""
    keys = {"test": "data.hold_out", "val": "data.hold_out_val"}
    found: dict[str, int] = {}
    for split in ("val", "test"):
        if split in held and held[split].share is None:
            assert groups is not None, "what is held out as a whole needs the recordings' groups"
            found |= dict.fromkeys(held[split].recordings(groups, keys[split]), NAMES.index(split))
    return found


def _refuse_empty(held: Mapping[str, HoldOut], claimed: Mapping[str, int], useful: Sequence[str]) -> None:
    """Raise where what is held out has nothing to be scored on."""
    for split, one in held.items():
        if one.share is None and NAMES.index(split) not in {claimed.get(name) for name in useful}:
            raise ValueError(f"{split} is {one}, and no recording of it holds a selected syllable: hold out another")


def _named(held: Mapping[str, HoldOut]) -> str:
    return " and ".join(f"{split}={one}" for split, one in held.items()) or "the split"


def _label_counts(recordings: Sequence[Recording]) -> tuple[list[str], csr_array, np.ndarray]:
    """Labels, selected syllables by recording and column, and the columns' weights: labels first, then folders."""
    rows = [Counter(s.label for s in recording.syllables if s.selected) for recording in recordings]
    labels = sorted({label for row in rows for label in row})
    table: list[dict[Hashable, int]] = [dict[Hashable, int](row.items()) for row in rows]
    folder_of = [recording.id.rpartition("/")[0] for recording in recordings]
    folders = sorted(set(folder_of))
    spread: list[Hashable] = []
    if 1 < len(folders) <= MOST_COLUMNS:
        pairs = sorted({(folder, label) for folder, row in zip(folder_of, rows) for label in row})
        if len(pairs) <= MOST_COLUMNS:
            spread = [*pairs]
            for folder, row, counted in zip(folder_of, table, rows):
                row |= {(folder, label): count for label, count in counted.items()}
        else:
            spread = [(folder,) for folder in folders]
            for folder, row in zip(folder_of, table):
                row[(folder,)] = 1
    place = {column: k for k, column in enumerate([*labels, *spread])}
    entries = [(k, place[column], count) for k, row in enumerate(table) for column, count in row.items()]
    at, columns, counts = np.array(entries).T
    shape = (len(recordings), len(place))
    weights = np.ones(len(place))
    weights[len(labels) :] = FOLDER_SHARE / max(len(spread), 1)
    return labels, csr_array((counts.astype(float), (at, columns)), shape=shape), weights
