"""Seconds and memory of `check_data` on made-up folders: python benchmarks/corpus.py 100 1000 10000

A folder holds so many recordings of 5 s (13 syllables, text annotations, 30 folders of days). Each is checked twice:
when nothing is known of it, and when nothing has changed since. Folders are made where the system keeps temporary
files, and deleted.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

RATE, SYLLABLE_S, EVERY_S = 44_100, 0.1, 0.35


def write_corpus(root: Path, files: int, seconds: float) -> None:
    """Recordings of tones in noise with their annotations, no two alike."""
    generator = np.random.default_rng(0)
    size, length = round(seconds * RATE), round(SYLLABLE_S * RATE)
    noise = (0.003 * generator.standard_normal(4 * size)).astype(np.float32)
    onsets = np.arange(0.3, seconds - 0.3, EVERY_S)
    time_s = np.arange(length) / RATE
    tones = [0.3 * np.sin(2 * np.pi * hz * time_s) * np.hanning(length) for hz in (600, 800, 1000, 1200, 1400)]
    lines = [f"{onset:.4f} {onset + SYLLABLE_S:.4f} {'abcde'[k % 5]}\n" for k, onset in enumerate(onsets)]
    for number in range(files):
        folder = root / f"2026-05-{1 + number % 30:02d}"
        folder.mkdir(parents=True, exist_ok=True)
        start = int(generator.integers(3 * size))
        samples = noise[start : start + size].copy()
        samples[:8] = 0.01 * generator.standard_normal(8)
        for k, onset in enumerate(onsets):
            place = round(onset * RATE)
            samples[place : place + length] += tones[k % 5]
        soundfile.write(folder / f"bird_{number:06d}.wav", samples, RATE, subtype="PCM_16")
        (folder / f"bird_{number:06d}.txt").write_text("".join(lines))


def measured(command: list[str]) -> tuple[float, float, float, float]:
    """Wall-clock s, processor s, and MB at the most of a command: resident, and with shared pages divided (PSS)."""
    begun, shared = time.monotonic(), 0.0
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not (ended := os.wait4(process.pid, os.WNOHANG))[0]:
        shared = max(shared, _pss_mb(process.pid))
        time.sleep(0.5)
    _, status, used = ended
    if status:
        raise SystemExit(f"{' '.join(command)} failed")
    return time.monotonic() - begun, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, shared


def _pss_mb(process: int) -> float:
    """Proportional set size of a process and all below it, MB; 0 where the system does not say it."""
    try:
        below = Path(f"/proc/{process}/task/{process}/children").read_text().split()
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    own = sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
    return own + sum(_pss_mb(int(child)) for child in below)


def main() -> None:
    """The table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", type=int, nargs="+", help="how many recordings a folder holds")
    parser.add_argument("--seconds", type=float, default=5.0, help="length of a recording")
    given = parser.parse_args()
    print(
        "| files | check | wall-clock s | processor s | resident MB | PSS MB |\n|---|---|---|---|---|---|", flush=True
    )
    for files in given.files:
        folder = Path(tempfile.mkdtemp(prefix="syrinx_lab-corpus-"))
        try:
            write_corpus(folder / "song", files, given.seconds)
            (folder / "out").mkdir()
            time.sleep(2.5)  # what changed a moment ago is not remembered
            arguments = ["data=folder", f"data.root={folder / 'song'}", f"paths.outputs={folder / 'out'}"]
            for name in ("first", "unchanged"):
                wall, processor, peak, pss = measured([sys.executable, "-m", "syrinx_lab.check_data", *arguments])
                print(f"| {files} | {name} | {wall:.1f} | {processor:.1f} | {peak:.0f} | {pss:.0f} |", flush=True)
        finally:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
