"""A folder a bird, to train on several: `python benchmarks/birds.py OUT [SONG ...]`, simulated and real ones.

In each are train, val and test, so that `data.hold_out=session:test data.hold_out_val=session:val` hold out the same
songs whichever birds are read together. Where one bird's folder is read by itself, data.groups=OUT/BIRD.csv names it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from syrinx_lab.data.audio import write_wav
from syrinx_lab.data.corpus import load_corpus
from syrinx_lab.data.corpus_settings import CorpusSettings
from syrinx_lab.simulation.aviary import Aviary

RATE = 44_100
BIRDS, SONGS, SECONDS = 6, 24, 2.0
SPLITS = ("train",) * 5 + ("val", "test", "test")  # over and over
Song = tuple[np.ndarray, list[tuple[float, float, str]]]


def simulated() -> Iterator[tuple[str, Song]]:
    """Songs of birds with tracts of their own, each the same in all its songs, at 30 dB, without room and recorder."""
    aviary = Aviary(
        sample_rate=RATE,
        seed=900,
        snr_db=(30.0, 30.0),
        peak_db=(0.0, 0.0),
        songs_per_bird=SONGS,
        tonal=False,
        damage=False,
    )
    for bird in range(BIRDS):
        song = aviary.draw(range(bird * SONGS, (bird + 1) * SONGS), SECONDS)
        for k in range(SONGS):
            spans = [(on, off, "song") for on, off in zip(song.onsets[k], song.offsets[k]) if off - on > 0.015]
            yield f"S{bird + 1}", (song.audio[k].numpy(), spans)


def real(root: str) -> Iterator[tuple[str, Song]]:
    """So many annotated recordings of a bird, as they are."""
    corpus = load_corpus(root, CorpusSettings(sample_rate=RATE, scale="none", unannotated="skip", faulty="skip"))
    for one in list(corpus.recordings.values())[:SONGS]:
        spans = [(s.onset / RATE, s.offset / RATE, s.label) for s in one.syllables]
        yield Path(root).resolve().name.rpartition("_")[2], (np.asarray(one.samples), spans)


def main() -> None:
    """Write the folders."""
    out = Path(sys.argv[1])
    seen: dict[str, int] = {}
    tables: dict[str, list[str]] = {}
    for songs in (simulated(), *(real(root) for root in sys.argv[2:])):
        for bird, (samples, spans) in songs:
            number = seen[bird] = seen.get(bird, 0) + 1
            split = SPLITS[number % len(SPLITS)]
            file = out / bird / split / f"song{number:02d}"
            write_wav(file.with_suffix(".wav"), samples, RATE)
            tables.setdefault(bird, ["file,bird,session\n"]).append(f"{split}/{file.name}.wav,{bird},{split}\n")
            file.with_suffix(".txt").write_text("".join(f"{on:.6f} {off:.6f} {label}\n" for on, off, label in spans))
    for bird, lines in tables.items():
        (out / f"{bird}.csv").write_text("".join(lines))
    print({bird: number for bird, number in seen.items()})


if __name__ == "__main__":
    main()
