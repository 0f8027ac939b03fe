"""Segmenters against songs whose truth is known, in noise: a table on stdout.

    python benchmarks/segmenting.py [--segmenter threshold] [--song FOLDER]

FOLDER holds recordings with annotations by hand, clean enough to add noise to.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np
from cage_noise import with_cage_noise
from hydra import compose, initialize_config_dir

from syrinx_lab.assembly import build_segmenter
from syrinx_lab.cli import config_directory
from syrinx_lab.data.corpus import CorpusSettings, load_corpus
from syrinx_lab.data.segmentation.comparison import boundary_score, syllables_found
from syrinx_lab.data.segmentation.signal_to_noise import FAINT_SNR_DB, snr_of
from syrinx_lab.data.synthetic import SyntheticFinch, render_song
from syrinx_lab.simulation.aviary import Aviary

RATE = 44_100
Song = tuple[np.ndarray, np.ndarray]  # samples, (onset, offset) in seconds


def finch() -> list[Song]:
    """Eight recordings of the synthetic finch."""
    songs = [render_song(SyntheticFinch(noise_db=-60.0, seed=7), np.random.default_rng([7, k])) for k in range(8)]
    return [(song.samples, np.array([(s.onset, s.offset) for s in song.syllables]) / RATE) for song in songs]


def recorded(folder: str) -> list[Song]:
    """Recordings with the syllables that a hand annotated."""
    corpus = load_corpus(folder, CorpusSettings(sample_rate=RATE, scale="none", unannotated="skip"))
    return [
        (np.asarray(one.samples), np.array([(s.onset, s.offset) for s in one.syllables]) / RATE)
        for one in corpus.recordings.values()
    ]


def noisy(songs: Sequence[Song], snr_db: float) -> list[Song]:
    """With noise as of a cage, see `cage_noise`."""
    return [
        (with_cage_noise(samples, sung, RATE, snr_db, np.random.default_rng([1, k])), sung)
        for k, (samples, sung) in enumerate(songs)
    ]


def aviary(snr_db: float, birds: int = 8) -> list[list[Song]]:
    """Four recordings of 4 s each of several simulated birds."""
    keeper = Aviary(sample_rate=RATE, seed=100, snr_db=(snr_db, snr_db), peak_db=(0.0, 30.0), songs_per_bird=4)
    song = keeper.draw(range(4 * birds), 4.0)
    audio = song.audio.numpy()
    truth = [np.column_stack([on, off]).reshape(-1, 2) for on, off in zip(song.onsets, song.offsets)]
    return [[(audio[k], truth[k]) for k in range(4 * b, 4 * b + 4)] for b in range(birds)]


def line(name: str, groups: Sequence[list[Song]], segmenter: str) -> str:
    """Scores of syllables, onsets and offsets within 10 ms; a segmenter is fitted to each group, a bird."""
    with initialize_config_dir(version_base="1.3", config_dir=str(config_directory())):
        plain = build_segmenter(compose("segment", [f"segmenter={segmenter}", "data.root=none"]))
    theirs: list[np.ndarray] = []
    ours: list[np.ndarray] = []
    ratios: list[float] = []
    for songs in groups:
        fitted = plain.fitted([(samples, RATE) for samples, _ in songs])
        for samples, truth in songs:
            found = fitted.segment(samples, RATE)
            theirs.append(truth)
            ours.append(np.array([(s.onset_s, s.offset_s) for s in found.syllables]).reshape(-1, 2))
            ratios.append(snr_of(found, samples, RATE))
    hits = sum(syllables_found(t, o) for t, o in zip(theirs, ours))
    precision, recall = hits / max(sum(map(len, ours)), 1), hits / sum(map(len, theirs))
    cells = [f"{precision:.3f} | {recall:.3f} | {2 * precision * recall / max(precision + recall, 1e-9):.3f}"]
    for column in (0, 1):
        score = boundary_score([t[:, column] for t in theirs], [t[:, column] for t in ours], 10.0)
        cells.append(f"{score.precision:.3f} | {score.recall:.3f} | {score.f1:.3f} | {score.error_ms:.2f}")
    doubtful = np.mean(np.array(ratios) < FAINT_SNR_DB)
    return f"| {name} | {' | '.join(cells)} | {np.nanmedian(ratios):.1f} | {doubtful:.0%} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--segmenter", default="threshold", help="a file of conf/segmenter")
    parser.add_argument("--song", help="a folder of recordings annotated by hand")
    given = parser.parse_args()
    print("| song | syllables P | R | F1 | onsets P | R | F1 | ms | offsets P | R | F1 | ms | SNR found | doubtful |")
    print(f"|{'---|' * 14}", flush=True)
    sets = [("finch", finch())] + ([("song", recorded(given.song))] if given.song else [])
    for name, songs in sets:
        print(line(f"{name}, as it is", [songs], given.segmenter), flush=True)
        for snr_db in (30.0, 20.0, 10.0, 5.0):
            print(line(f"{name}, {snr_db:.0f} dB", [noisy(songs, snr_db)], given.segmenter), flush=True)
    for snr_db in (40.0, 20.0, 10.0, 5.0):
        print(line(f"aviary, {snr_db:.0f} dB", aviary(snr_db), given.segmenter), flush=True)


if __name__ == "__main__":
    main()
