"""The split of a run as it was when the run began, and the same recordings in the folder as it is now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .corpus import Corpus
from .splits import NAMES, Splits

SCHEMA = 1
NEW = "new"
_NAMED = 5

SplitRecord = Mapping[str, Any]
NOTHING: SplitRecord = {"schema": SCHEMA, **{name: {} for name in NAMES}, "audio": {}}
"""The split of a model that learned from no recording: whatever is given is new to it."""


@dataclass(frozen=True)
class Changes:
    """What has become of the recordings of a stored split.

    new      ids of recordings that were not there
    copies   id -> the recording of the split that holds the same sound: neither new nor in a split
    missing  split -> ids that are no longer there
    changed  split -> ids whose samples or annotation differ
    """

    new: tuple[str, ...] = ()
    copies: Mapping[str, str] = field(default_factory=dict)
    missing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    changed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def flags(self, split: str) -> list[str]:
        """Lines on what the scores of a split are not the scores of, none where nothing has happened to it."""
        lines = []
        if ids := self.changed.get(split, ()):
            lines.append(f"{split}: {listed(ids)} changed since the training (samples or annotation)")
        if ids := self.missing.get(split, ()):
            lines.append(f"{split}: {listed(ids)} of the training's split missing; nothing of it is scored")
        return lines

    def anchor_flags(self, split: str) -> list[str]:
        """Lines on other splits, from which the anchors of a split's scores take renditions and calibration."""
        affected = {"changed": self.changed, "missing": self.missing}
        ids = {
            how: sorted(k for name in NAMES if name != split for k in by.get(name, ())) for how, by in affected.items()
        }
        return [
            f"anchors: {listed(found)} of the other splits {how} since the training: they are not those of before"
            for how, found in ids.items()
            if found
        ]

    def lines(self) -> list[str]:
        """All that differs, a line each, for a person."""
        lines = [line for split in NAMES for line in self.flags(split)]
        if self.copies:
            pairs = ", ".join(f"{copy} of {there}" for copy, there in list(self.copies.items())[:_NAMED])
            more = f", and {len(self.copies) - _NAMED} more" if len(self.copies) > _NAMED else ""
            lines.append(f"left out as copies of recordings of the split: {pairs}{more}")
        if self.new:
            lines.append(f"{listed(self.new)} new since the training: in none of its splits, scored by split={NEW}")
        return lines


def listed(ids: Sequence[str]) -> str:
    """`2 recordings (a, b)`, the first five by name."""
    more = f", and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
    return f"{len(ids)} recording{'s' * (len(ids) > 1)} ({', '.join(sorted(ids)[:_NAMED])}{more})"


def split_record(splits: Splits, corpus: Corpus) -> dict[str, Any]:
    """The split in plain values.

    schema            1
    train, val, test  the recordings, id -> hash of samples and annotation
    audio             id -> hash of the sound alone, of all of them
    """
    return {
        "schema": SCHEMA,
        **{name: {key: corpus.recordings[key].content_hash() for key in splits[name]} for name in NAMES},
        "audio": {key: corpus.recordings[key].audio_hash for name in NAMES for key in splits[name]},
    }


def under_stored_names(record: SplitRecord, corpus: Corpus) -> Corpus:
    """The corpus with the ids of the record, for recordings that are missing there under their id and found by content.

    What is drawn from recordings in the order of their ids stays what it was, in a folder that was renamed.
    """
    known = {key for name in NAMES for key in record[name]}
    hashes = {key: corpus.recordings[key].content_hash() for key in sorted(corpus.recordings.keys() - known)}
    strangers = {content: key for key, content in reversed(hashes.items())}
    names: dict[str, str] = {}
    for name in NAMES:
        for key in sorted(record[name].keys() - corpus.recordings.keys()):
            if (found := strangers.pop(record[name][key], None)) is not None:
                names[found] = key
    renamed = [replace(one, id=names.get(key, key)) for key, one in corpus.recordings.items()]
    return Corpus({one.id: one for one in sorted(renamed, key=lambda one: one.id)}, corpus.sample_rate)


def restore_split(record: SplitRecord, corpus: Corpus) -> tuple[Splits, Changes]:
    """The recordings of `corpus` in the splits that they had, and what has changed.

    A recording is known by its id, see `under_stored_names`. What is in no split of the record goes to none, and is new
    unless it holds the sound of one that was (records of old do not name the sounds of those that are missing or
    changed).
    """
    hashes = {key: recording.content_hash() for key, recording in corpus.recordings.items()}
    parts: dict[str, list[str]] = {}
    missing: dict[str, tuple[str, ...]] = {}
    changed: dict[str, tuple[str, ...]] = {}
    for name in NAMES:
        parts[name] = sorted(record[name].keys() & hashes.keys())
        missing[name] = tuple(sorted(record[name].keys() - hashes.keys()))
        changed[name] = tuple(key for key in parts[name] if hashes[key] != record[name][key])
    taken = {key for ids in parts.values() for key in ids}
    sounds = {sound: key for key, sound in sorted(record.get("audio", {}).items(), reverse=True)}
    sounds |= {corpus.recordings[key].audio_hash: key for key in sorted(taken, reverse=True)}
    heard = {key: sounds.get(corpus.recordings[key].audio_hash) for key in sorted(hashes.keys() - taken)}
    copies = {key: there for key, there in heard.items() if there is not None}
    new = tuple(sorted(hashes.keys() - taken - copies.keys()))
    return _splits(parts, corpus), Changes(new, copies, missing, changed)


def difference(record: SplitRecord, now: SplitRecord) -> str:
    """What distinguishes the recordings of two records, in words; empty when nothing does."""
    before, after = ({key: h for name in NAMES for key, h in one[name].items()} for one in (record, now))
    kinds = {
        "new": sorted(after.keys() - before.keys()),
        "missing": sorted(before.keys() - after.keys()),
        "changed": sorted(key for key in before.keys() & after.keys() if before[key] != after[key]),
    }
    return ", ".join(f"{listed(ids)} {kind}" for kind, ids in kinds.items() if ids)


def _splits(parts: Mapping[str, Sequence[str]], corpus: Corpus) -> Splits:
    """The splits, and the labels that each of them lacks."""
    labels = {
        name: {s.label for key in ids for s in corpus.recordings[key].syllables if s.selected}
        for name, ids in parts.items()
    }
    wanted = set().union(*labels.values())
    missing = {name: tuple(sorted(wanted - found)) for name, found in labels.items()}
    return Splits(tuple(parts["train"]), tuple(parts["val"]), tuple(parts["test"]), missing)
