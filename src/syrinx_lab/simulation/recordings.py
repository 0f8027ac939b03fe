"""Songs of the aviary as annotated recordings: new ones in every epoch, and the same ones to be scored."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfiltfilt

from ..data.audio import scale_factor
from ..data.corpus_settings import CorpusSettings
from ..data.recording import Recording, Syllable
from .aviary import Aviary

MADE = "aviary/"  # how the ids of simulated recordings begin
LABELS = ("rich", "whistle")  # of birds with partials, and of pure tones
_HELD_OUT = {"val": 1, "test": 2}
_SEEDS = 3  # in a row belong to one aviary: training, val, test
_SHORTEST_S = 0.012
_AT_A_TIME = 64


class SimulatedRecordings:
    """Recordings of simulated birds with their syllables, labelled rich or whistle.

    Song k of epoch e is index e songs + k of the aviary of seed 3 s; val and test are the first indices of those of
    seeds 3 s + 1 and 3 s + 2, so that no bird is in two of them. Syllables below 12 ms are no syllables here.

    sample_rate  Hz
    seed         s, 0 or more
    songs        an epoch
    held_out     songs of val, and of test
    seconds      of every song
    pitch_hz, snr_db, tonal, damage   as `Aviary`
    Raises ValueError for values out of range, as the aviary does.
    """

    def __init__(
        self,
        *,
        sample_rate: int,
        seed: int = 0,
        songs: int = 200,
        held_out: int = 24,
        seconds: float = 1.5,
        pitch_hz: Sequence[float] = (300.0, 9000.0),
        snr_db: Sequence[float] = (15.0, 40.0),
        tonal: bool | None = None,
        damage: bool = True,
    ) -> None:
        for name, value in (("songs", songs), ("held_out", held_out)):
            if value < 1:
                raise ValueError(f"data.simulated.{name} is {value}: use 1 or more")
        if not seconds >= 0.3:
            raise ValueError(f"data.simulated.seconds is {seconds}: use 0.3 s or more")
        if seed < 0:
            raise ValueError(f"data.simulated.seed is {seed}: use 0 or more")
        for name, pair in (("pitch_hz", pitch_hz), ("snr_db", snr_db)):
            if len(pair) != 2:
                raise ValueError(f"data.simulated.{name} is {list(pair)}: give the lowest and the highest")
        self.songs, self.held_out_songs, self.seconds = songs, held_out, seconds
        self.sample_rate = sample_rate
        try:
            self.aviaries = [
                Aviary(
                    sample_rate=sample_rate,
                    seed=_SEEDS * seed + k,
                    pitch_hz=(pitch_hz[0], pitch_hz[1]),
                    snr_db=(snr_db[0], snr_db[1]),
                    peak_db=(0.0, 0.0),
                    tonal=tonal,
                    damage=damage,
                )
                for k in range(_SEEDS)
            ]
        except ValueError as error:
            raise ValueError(str(error).replace("the aviary's ", "data.simulated.", 1)) from error

    def train(self, epoch: int, reading: CorpusSettings) -> dict[str, Recording]:
        """The recordings of an epoch from 0, by id."""
        return self._recordings("train", 0, range(epoch * self.songs, (epoch + 1) * self.songs), reading)

    def held_out(self, split: str, reading: CorpusSettings) -> dict[str, Recording]:
        """The recordings of val or test, by id, always the same; each of another bird."""
        step = self.aviaries[0].songs_per_bird
        return self._recordings(split, _HELD_OUT[split], range(0, self.held_out_songs * step, step), reading)

    def _recordings(self, split: str, which: int, indices: range, reading: CorpusSettings) -> dict[str, Recording]:
        aviary = self.aviaries[which]
        out: dict[str, Recording] = {}
        for first in range(0, len(indices), _AT_A_TIME):
            some = indices[first : first + _AT_A_TIME]
            song = aviary.draw(some, self.seconds)
            for k, index in enumerate(some):
                spans = list(zip(song.onsets[k], song.offsets[k]))
                name = f"{MADE}{split}/{index:08d}"
                label = LABELS[bool(song.tonal[k])]
                recording = self._recording(name, label, song.audio[k].numpy(), spans, int(song.rate_hz[k]), reading)
                if recording is not None:
                    out[name] = recording
        return out

    def _recording(
        self,
        name: str,
        label: str,
        samples: NDArray[np.float32],
        spans: list[tuple[float, float]],
        rate_hz: int,
        reading: CorpusSettings,
    ) -> Recording | None:
        """The recording behind the high-pass and at the level that folders are read with; None without a syllable."""
        if reading.highpass_hz is not None:
            sections = butter(4, reading.highpass_hz, "highpass", fs=self.sample_rate, output="sos")
            samples = sosfiltfilt(sections, samples.astype(np.float64)).astype(np.float32)
        syllables = tuple(
            Syllable(label, round(a * self.sample_rate), min(round(b * self.sample_rate), len(samples)))
            for a, b in spans
            if b - a >= _SHORTEST_S
        )
        if not syllables:
            return None
        gain = 1.0
        if reading.scale_per == "recording":
            cuts = np.concatenate([samples[one.onset : one.offset] for one in syllables])
            gain = scale_factor(cuts, reading.scale_to, reading.scale)
        return Recording(name, Path(name), samples * np.float32(gain), self.sample_rate, rate_hz, syllables, gain=gain)
