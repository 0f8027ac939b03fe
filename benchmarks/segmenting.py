"""Segmenters against songs whose truth is known: `python benchmarks/segmenting.py [SEGMENTER]`, a table on stdout."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import numpy as np
from hydra import compose, initialize_config_dir

from syrinx_lab.assembly import build_segmenter
from syrinx_lab.cli import config_directory
from syrinx_lab.data.segmentation.comparison import boundary_score
from syrinx_lab.data.synthetic import SyntheticFinch, render_song
from syrinx_lab.simulation.aviary import Aviary

RATE = 44_100
Song = tuple[np.ndarray, np.ndarray]  # samples, (onset, offset) in seconds


def finch(snr_db: float) -> list[Song]:
    """Eight recordings of the synthetic finch with white noise."""
    songs = []
    for k in range(8):
        rng = np.random.default_rng([7, k])
        song = render_song(SyntheticFinch(noise_db=-60.0, seed=7), rng)
        level = np.sqrt(np.mean(song.samples**2)) * 10 ** (-snr_db / 20)
        heard = (song.samples + level * rng.standard_normal(len(song.samples))).astype(np.float32)
        songs.append((heard, np.array([(s.onset, s.offset) for s in song.syllables]) / RATE))
    return songs


def aviary(snr_db: float, birds: int = 8) -> list[list[Song]]:
    """Four recordings of 4 s each of several simulated birds."""
    keeper = Aviary(sample_rate=RATE, seed=100, snr_db=(snr_db, snr_db), peak_db=(0.0, 30.0), songs_per_bird=4)
    song = keeper.draw(range(4 * birds), 4.0)
    audio = song.audio.numpy()
    truth = [np.column_stack([on, off]).reshape(-1, 2) for on, off in zip(song.onsets, song.offsets)]
    return [[(audio[k], truth[k]) for k in range(4 * b, 4 * b + 4)] for b in range(birds)]


def line(name: str, groups: Sequence[list[Song]], segmenter: str) -> str:
    """Scores of onsets and offsets within 10 ms; a segmenter is fitted to each group, a bird."""
    with initialize_config_dir(version_base="1.3", config_dir=str(config_directory())):
        plain = build_segmenter(compose("segment", [f"segmenter={segmenter}", "data.root=none"]))
    theirs: list[np.ndarray] = []
    ours: list[np.ndarray] = []
    for songs in groups:
        fitted = plain.fitted([(samples, RATE) for samples, _ in songs])
        for samples, truth in songs:
            found = fitted.segment(samples, RATE).syllables
            theirs.append(truth)
            ours.append(np.array([(s.onset_s, s.offset_s) for s in found]).reshape(-1, 2))
    cells = []
    for column in (0, 1):
        score = boundary_score([t[:, column] for t in theirs], [t[:, column] for t in ours], 10.0)
        cells.append(f"{score.precision:.3f} | {score.recall:.3f} | {score.f1:.3f} | {score.error_ms:.2f}")
    return f"| {name} | {' | '.join(cells)} |"


def main() -> None:
    """Print the table."""
    segmenter = sys.argv[1] if len(sys.argv) > 1 else "threshold"
    print(
        "| song | onsets P | R | F1 | error ms | offsets P | R | F1 | error ms |\n|---|---|---|---|---|---|---|---|---|"
    )
    for snr_db in (40.0, 20.0, 10.0, 5.0):
        print(line(f"finch, {snr_db:.0f} dB", [finch(snr_db)], segmenter), flush=True)
    for snr_db in (40.0, 20.0, 10.0, 5.0):
        print(line(f"aviary, {snr_db:.0f} dB", aviary(snr_db), segmenter), flush=True)


if __name__ == "__main__":
    main()
