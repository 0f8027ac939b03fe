"""What is remembered of recordings that have not changed."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from folders import RATE, TEXT, annotate, write_text, write_tone

import syrinx_lab.data.corpus_storage as corpus_storage
from syrinx_lab.data.corpus import Corpus, CorpusSettings, CorpusStorage, Problem, inspect_corpus
from syrinx_lab.data.corpus_index import NAME


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of the recordings that are read from their files, as they are read."""
    names: list[str] = []
    original = corpus_storage.read_recording

    def counted(file, *rest):  # type: ignore[no-untyped-def]
        names.append(file.id)
        return original(file, *rest)

    monkeypatch.setattr(corpus_storage, "read_recording", counted)
    return names


def old(path: Path, seconds: float = 60.0) -> Path:
    """The file as one that was written some time ago: what has only just changed is not remembered."""
    os.utime(path, (time.time() - seconds,) * 2)
    return path


def folder(root: Path) -> Path:
    for k in range(4):
        annotate(root, f"r{k}.wav", amplitude=0.5 - 0.01 * k)
        old(root / f"r{k}.wav")
    write_tone(root / "r1.wav", amplitude=1.2)  # clipped: a warning
    old(root / "r1.wav")
    return root


def load(root: Path, index: Path, **settings: object) -> tuple[Corpus, list[Problem]]:
    chosen = CorpusSettings(**{"sample_rate": RATE, **settings})  # type: ignore[arg-type]
    return inspect_corpus(str(root), chosen, CorpusStorage(1.0, index))


def facts(found: tuple[Corpus, list[Problem]]) -> object:
    corpus, problems = found
    rows = [
        (key, one.path, len(one.samples), one.native_sample_rate, one.syllables, one.gain, one.annotation, one.channel,
         one.channels, one.audio, one.content_hash(), np.asarray(one.samples).tobytes())
        for key, one in corpus.recordings.items()
    ]  # fmt: skip
    return rows, problems, corpus.fingerprint()


def test_what_is_remembered_is_what_reading_gives(tmp_path: Path, read: list[str]) -> None:
    root = folder(tmp_path / "song")
    fresh = facts(inspect_corpus(str(root), CorpusSettings(sample_rate=RATE)))
    read.clear()
    first = facts(load(root, tmp_path))
    assert sorted(read) == ["r0", "r1", "r2", "r3"]
    again = facts(load(root, tmp_path))
    assert len(read) == 4
    assert first == again == fresh
    assert any("clipped" in str(problem) for problem in load(root, tmp_path)[1])


def test_what_has_changed_is_read_again(tmp_path: Path, read: list[str]) -> None:
    root = folder(tmp_path / "song")
    load(root, tmp_path)
    read.clear()
    old(write_tone(root / "r2.wav", amplitude=0.3), seconds=50)
    assert load(root, tmp_path)[0].recordings["r2"].gain == pytest.approx(0.4 / 0.3, rel=1e-3)
    assert read == ["r2"]
    write_text(root / "r3.txt", TEXT.replace("b", "c"))
    assert load(root, tmp_path)[0].labels() == {"a": 4, "b": 3, "c": 1}
    assert read == ["r2", "r3"]
    load(root, tmp_path, highpass_hz=100.0)
    assert sorted(read[2:]) == ["r0", "r1", "r2", "r3"]
    load(root, tmp_path)
    assert len(read) == 6


def test_what_changed_a_moment_ago_is_not_trusted(tmp_path: Path, read: list[str]) -> None:
    root = folder(tmp_path / "song")
    os.utime(root / "r0.wav")
    load(root, tmp_path)
    read.clear()
    load(root, tmp_path)
    assert read == ["r0"]


def test_several_may_write_at_once_and_a_damaged_index_costs_only_time(tmp_path: Path, read: list[str]) -> None:
    root = folder(tmp_path / "song")
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda _: facts(load(root, tmp_path)), range(6)))
    assert all(one == found[0] for one in found)
    read.clear()
    load(root, tmp_path)
    assert not read
    (tmp_path / NAME).write_bytes(b"no database at all, but text of some length" * 100)
    assert facts(load(root, tmp_path)) == found[0]
    assert len(read) == 4
    assert facts(load(root, tmp_path / "missing")) == found[0]
    assert not (tmp_path / "missing").exists()
