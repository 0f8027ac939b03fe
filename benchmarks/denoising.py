"""How near denoised song comes to the clean one: python benchmarks/denoising.py [--noisereduce]

The synthetic finch with white noise added at some dB below its syllables' RMS; tf_corr of every syllable with 23 ms
about it against the clean recording, before and after. "clean" is the finch as it is rendered, its floor 42 dB below.
"""

from __future__ import annotations

import argparse
import tempfile

import numpy as np

from syrinx_lab.data.corpus import CorpusSettings, load_corpus
from syrinx_lab.data.denoising import Denoising, denoised, removed
from syrinx_lab.data.synthetic import SyntheticFinch
from syrinx_lab.metrics.time_frequency import tf_corr

RATE, ABOUT = 44_100, 1000


def main() -> None:
    """The table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recordings", type=int, default=2)
    parser.add_argument("--strength_db", type=float, default=20.0)
    parser.add_argument(
        "--noisereduce", action="store_true", help="beside it, where the extra [denoising] is installed"
    )
    given = parser.parse_args()
    kinds = ["none", "gate", "wiener", *(["noisereduce"] if given.noisereduce else [])]
    with tempfile.TemporaryDirectory() as folder:
        SyntheticFinch(sample_rate=RATE, n_recordings=given.recordings, motifs_per_recording=2).write(folder)
        corpus = load_corpus(folder, CorpusSettings(sample_rate=RATE, scale="none"))
    generator = np.random.default_rng(0)
    rows: dict[tuple[str, str], list[tuple[float, float, float]]] = {}
    for recording in corpus.recordings.values():
        song = np.asarray(recording.samples)
        sung = [(one.onset, one.offset) for one in recording.syllables]
        silent = np.ones(len(song), bool)
        for onset, offset in sung:
            silent[max(onset - 900, 0) : offset + 900] = False
        level = np.sqrt(np.mean(np.concatenate([song[a:b] for a, b in sung]) ** 2))
        for name, snr_db in (("clean", np.inf), ("20 dB", 20.0), ("10 dB", 10.0), ("5 dB", 5.0)):
            noise = generator.standard_normal(len(song)).astype(np.float32)
            noisy = song + noise * np.float32(level * 10 ** (-snr_db / 20))
            for kind in kinds:
                if kind == "none":
                    after = noisy
                elif kind == "noisereduce":
                    import noisereduce

                    after = noisereduce.reduce_noise(y=noisy, sr=RATE, y_noise=noisy[silent], stationary=True)
                else:
                    after = denoised(noisy, RATE, sung, Denoising(kind, given.strength_db))
                cuts = [slice(a - ABOUT, b + ABOUT) for a, b in sung if a > ABOUT and b + ABOUT < len(song)]
                scores = [tf_corr(after[cut], song[cut], sample_rate=RATE) for cut in cuts]
                taken = removed(noisy, after, sung)
                rows.setdefault((name, kind), []).append((np.mean(scores), taken.song_db, taken.background_db))
    print("| recording | denoise | tf_corr to the clean one | dB taken from song | dB taken from the rest |")
    print("|---|---|---|---|---|")
    for (name, kind), found in rows.items():
        score, song_db, rest_db = np.mean(found, axis=0)
        print(f"| {name} | {kind} | {score:.3f} | {song_db:.2f} | {rest_db:.1f} |")


if __name__ == "__main__":
    main()
