"""A split that was stored holds for the recordings that it was drawn from, whatever has become of the folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from syrinx_lab.data.corpus import Corpus, Recording, Syllable
from syrinx_lab.data.splits import Splits, split_recordings
from syrinx_lab.data.stored_split import Changes, difference, listed, restore_split, split_record, under_stored_names


def recording(name: str, seed: int) -> Recording:
    samples = np.random.default_rng(seed).standard_normal(400).astype(np.float32)
    syllables = (Syllable("a", 10, 100), Syllable("b", 150, 300))
    return Recording(name, Path(f"{name}.wav"), samples, 44100, 44100, syllables)


def corpus(*recordings: Recording) -> Corpus:
    return Corpus({one.id: one for one in sorted(recordings, key=lambda one: one.id)}, 44100)


SONGS = [recording(f"song{n}", n) for n in range(8)]
BEFORE = corpus(*SONGS)
SPLITS = split_recordings(BEFORE)
RECORD = split_record(SPLITS, BEFORE)
HELD_OUT = BEFORE.recordings[SPLITS.test[0]]


def test_an_unchanged_folder_has_the_split_that_was_drawn() -> None:
    none = dict.fromkeys(("train", "val", "test"), ())
    assert restore_split(RECORD, BEFORE) == (SPLITS, Changes(missing=none, changed=none))
    assert difference(RECORD, RECORD) == ""


def test_what_is_new_is_in_no_split() -> None:
    added = [recording(f"added{n}", 100 + n) for n in range(30)]
    grown = corpus(*SONGS, *added)
    anew = split_recordings(grown)
    assert {*anew.val, *anew.test} & {*SPLITS.train}, "drawn anew, trained recordings would be held out"
    splits, changes = restore_split(RECORD, grown)
    assert (splits.train, splits.val, splits.test) == (SPLITS.train, SPLITS.val, SPLITS.test)
    assert changes.new == tuple(sorted(one.id for one in added))
    assert changes.flags("test") == []
    (line,) = changes.lines()
    assert line.startswith("30 recordings (added0, added1, added10, added11, added12, and 25 more) new since")
    assert difference(RECORD, split_record(anew, grown)).startswith("30 recordings (added0, ")


def test_a_copy_of_a_trained_recording_is_no_new_one() -> None:
    trained = BEFORE.recordings[SPLITS.train[0]]
    splits, changes = restore_split(RECORD, corpus(*SONGS, replace(trained, id="another name")))
    assert changes.new == ()
    assert changes.copies == {"another name": trained.id}
    assert splits.train == SPLITS.train
    assert changes.lines() == [f"left out as copies of recordings of the split: another name of {trained.id}"]


@pytest.mark.parametrize("there", [True, False], ids=["beside it", "in its place"])
def test_a_copy_that_is_annotated_anew_is_no_new_one(there: bool) -> None:
    trained = BEFORE.recordings[SPLITS.train[0]]
    # the level is measured within the syllables, so that another annotation is another gain
    anew = replace(
        trained, id="copy", audio=trained.audio_hash, samples=2 * trained.samples, syllables=trained.syllables[:1]
    )
    now = corpus(*(song for song in SONGS if there or song is not trained), anew)
    splits, changes = restore_split(RECORD, now)
    assert (changes.new, changes.copies) == ((), {"copy": trained.id})
    assert ("copy" in splits.train, trained.id in splits.train) == (False, there)
    old = {name: part for name, part in RECORD.items() if name != "audio"}
    assert restore_split(old, now)[1].new == (() if there else ("copy",))


def test_of_two_recordings_of_one_sound_the_one_that_is_left_counts_once() -> None:
    twins = [replace(SONGS[0], id=name) for name in ("a", "b")]
    before = corpus(*twins, *SONGS[1:3])
    record = split_record(Splits(("a", "b"), ("song1",), ("song2",), {}), before)
    now = under_stored_names(record, corpus(replace(SONGS[0], id="c"), *SONGS[1:3]))
    splits, changes = restore_split(record, now)
    assert (splits.train, changes.missing["train"]) == (("a",), ("b",))


def test_a_list_of_recordings_names_five() -> None:
    assert listed(["b"]) == "1 recording (b)"
    assert listed(list("edcba")) == "5 recordings (a, b, c, d, e)"
    assert listed(list("fedcba")) == "6 recordings (a, b, c, d, e, and 1 more)"


def test_a_renamed_recording_keeps_its_split_and_its_name() -> None:
    renamed = replace(HELD_OUT, id="day1/x")
    now = under_stored_names(RECORD, corpus(*(s for s in SONGS if s is not HELD_OUT), renamed))
    assert list(now.recordings) == list(BEFORE.recordings), "what is drawn in the order of names stays what it was"
    assert now.fingerprint() == BEFORE.fingerprint()
    splits, changes = restore_split(RECORD, now)
    assert splits.test == SPLITS.test
    assert changes.lines() == changes.anchor_flags("test") == []


@pytest.mark.parametrize("kind", ["samples", "annotation"])
def test_a_changed_recording_is_flagged_in_its_split_alone(kind: str) -> None:
    if kind == "samples":
        changed = replace(HELD_OUT, samples=HELD_OUT.samples * np.float32(1.001))
    else:
        changed = replace(HELD_OUT, syllables=HELD_OUT.syllables[:1])
    now = corpus(*(s for s in SONGS if s is not HELD_OUT), changed)
    splits, changes = restore_split(RECORD, now)
    assert splits.test == SPLITS.test
    what = f"1 recording ({HELD_OUT.id}) changed"
    assert changes.flags("test") == [f"test: {what} since the training (samples or annotation)"]
    assert changes.flags("val") == changes.flags("train") == []
    assert changes.lines() == changes.flags("test")
    assert changes.anchor_flags("test") == []
    (line,) = changes.anchor_flags("val")
    assert line.startswith(f"anchors: 1 recording ({HELD_OUT.id}) of the other splits changed since the training")
    assert difference(RECORD, split_record(splits, now)) == what


def test_a_missing_recording_is_flagged() -> None:
    now = corpus(*(s for s in SONGS if s is not HELD_OUT))
    splits, changes = restore_split(RECORD, now)
    assert splits.test == ()
    assert splits.missing["test"] == ("a", "b")
    assert changes.flags("test")[0].startswith(f"test: 1 recording ({HELD_OUT.id}) of the training's split missing")
    assert difference(RECORD, split_record(splits, now)) == f"1 recording ({HELD_OUT.id}) missing"
