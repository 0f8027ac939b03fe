"""The simulated aviary: endless recordings of birds that never were, with the gestures that made them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..types import knot_count
from .backgrounds import draw_noise
from .birds import HIGHEST_HZ, LOWEST_HZ, Bird, draw_bird
from .draws import Stream, chance, generator
from .labia import control_hop, sung_pitch
from .recorders import Recorder, draw_recorder, perfect
from .rooms import draw_room
from .simulated_song import SimulatedSong, audible_syllables, joined, local_rms
from .singing import at_the_beak, breath, sing
from .songs import Gestures, draw_gestures
from .stage import Stage

_SUNG_AT_HZ = 80_000  # at least, of the rollout
_AT_A_TIME = 16
_NEAREST_DB, _FARTHEST_DB = 10.0, 30.0  # of another bird, below this one


class Aviary:
    """Recordings of simulated birds; every one is a pure function of (seed, index) and of the settings.

    sample_rate      Hz of the windows
    hop              samples between the knots of the truth
    seed             0 or more; seeds have no bird in common
    pitch_hz         (lowest, highest) pitch of all birds, Hz, within 150 to 10,000
    snr_db           (lowest, highest) signal-to-noise ratio, dB
    peak_db          (loudest, faintest) peak of a recording, dB below full scale
    songs_per_bird   indices in a row that are recordings of one bird
    tonal            birds of pure tones alone; None: 35 in a hundred are, False: none
    damage           False: no room, and a recorder that keeps everything
    Raises ValueError for a value out of range.
    """

    def __init__(
        self,
        *,
        sample_rate: int = 44_100,
        hop: int = 64,
        seed: int = 0,
        pitch_hz: tuple[float, float] = (LOWEST_HZ, HIGHEST_HZ),
        snr_db: tuple[float, float] = (-5.0, 40.0),
        peak_db: tuple[float, float] = (0.0, 60.0),
        songs_per_bird: int = 4,
        tonal: bool | None = None,
        damage: bool = True,
    ) -> None:
        if not 8_000 <= sample_rate <= 192_000:
            raise ValueError(f"the aviary's sample_rate is {sample_rate}: use 8,000 to 192,000 Hz")
        if hop < 1 or songs_per_bird < 1:
            raise ValueError(f"the aviary's hop is {hop} and songs_per_bird {songs_per_bird}: use 1 or more")
        if not LOWEST_HZ <= pitch_hz[0] < pitch_hz[1] <= HIGHEST_HZ:
            raise ValueError(
                f"the aviary's pitch_hz is {tuple(pitch_hz)}: use two rising numbers from 150 to 10,000 Hz"
            )
        for name, (low, high) in (("snr_db", snr_db), ("peak_db", peak_db)):
            if not -math.inf < low <= high < math.inf:
                raise ValueError(f"the aviary's {name} is ({low}, {high}): use two rising numbers of dB")
        self.sample_rate, self.hop, self.seed = sample_rate, hop, seed
        self.pitch_hz, self.snr_db, self.peak_db = pitch_hz, snr_db, peak_db
        self.songs_per_bird, self.tonal, self.damage = songs_per_bird, tonal, damage
        self.oversampling = math.ceil(_SUNG_AT_HZ / sample_rate)
        self._bird = lru_cache(512)(self._draw_bird)

    def draw(self, indices: Sequence[int], seconds: float) -> SimulatedSong:
        """The recordings of these indices, whole numbers from 0, of `seconds` each, as one batch in their order.

        Raises ValueError for no index, and for less than 50 ms.
        """
        if not len(indices) or seconds < 0.05:
            raise ValueError(
                f"{len(indices)} recordings of {seconds} s: ask the aviary for one or more, of 0.05 s or more"
            )
        cuts = range(0, len(indices), _AT_A_TIME)
        with torch.no_grad():
            return joined([self._batch([int(i) for i in indices[k : k + _AT_A_TIME]], seconds) for k in cuts])

    def _draw_bird(self, index: int) -> Bird:
        low, high = self.pitch_hz
        return draw_bird(self.seed, index, lowest_hz=low, highest_hz=high, tonal=self.tonal)

    def _batch(self, indices: list[int], seconds: float) -> SimulatedSong:
        samples, count = round(seconds * self.sample_rate), len(indices)
        stage = Stage(self.sample_rate, self.oversampling, samples)
        fast = self.oversampling * self.sample_rate
        hop = control_hop(fast)
        times = np.arange(knot_count(samples * self.oversampling, hop)) * (hop / fast)
        numbers = [index // self.songs_per_bird for index in indices]
        birds = [self._bird(number) for number in numbers]
        songs = [draw_gestures(generator(self.seed, Stream.SONG, i), b, times) for i, b in zip(indices, birds)]
        recordings = [self._recording(index, samples, times) for index in indices]
        recorders = [one.recorder for one in recordings]

        double = [k for k, song in enumerate(songs) if song.pressure[1].any()]
        crowded = [k for k, one in enumerate(recordings) if one.stranger is not None]
        strangers = [one.stranger for one in recordings if one.stranger is not None]
        voices = sing(
            [*birds, *(birds[k] for k in double), *(bird for bird, _ in strangers)],
            [*songs, *(songs[k] for k in double), *(song for _, song in strangers)],
            [0] * count + [1] * len(double) + [0] * len(strangers),
            hop,
            stage,
        )
        place = torch.tensor([*range(count), *double, *crowded])  # whose microphone hears a voice
        spectra = at_the_beak(voices, hop, stage)
        white = torch.from_numpy(np.stack([one.white for one in recordings]))
        wind_spectra = breath(birds, songs, white, hop, stage)
        noise = torch.stack([one.noise for one in recordings])
        rooms: Tensor | float = 0.0
        if self.damage:
            heard = stage.responses([recorder.response for recorder in recorders])
            spectra *= heard[place]
            wind_spectra *= heard
            noise = stage.sounds(stage.spectra(noise) * heard)
            rooms = stage.spectra(torch.from_numpy(np.stack([one.room for one in recordings])))
        own = count + len(double)
        single = stage.sounds(spectra[:own])
        sides = torch.zeros(count, 2, samples)
        sides[:, 0] = single[:count]
        sides[double, 1] = single[count:]
        wind = stage.sounds(wind_spectra)
        dry = spectra[:count] + wind_spectra
        dry[double] += spectra[count:own]
        wet = stage.sounds(dry * (1 + rooms))
        foreign = torch.zeros(count, samples)
        if crowded:
            assert isinstance(rooms, Tensor)
            foreign[crowded] = stage.sounds(spectra[own:] * (1 + 2 * rooms[crowded]))

        clean = sides.sum(1) + wind
        spans = [audible_syllables(x.numpy(), song.notes, self.sample_rate) for x, song in zip(clean, songs)]
        loud = torch.tensor([_rms_while(x, *span, self.sample_rate) for x, span in zip(clean, spans)])
        snr_db = torch.tensor([one.snr_db for one in recordings])
        share = torch.tensor([one.stranger_share for one in recordings])[:, None]
        noise = (1 - share.square()).sqrt() * _of_unit_rms(noise) + share * _of_unit_rms(foreign)
        noise = _of_unit_rms(noise)
        power = loud * 10 ** (-snr_db / 20)
        sound = wet + power[:, None] * noise
        scale = 1 / sound.abs().amax(1).clamp_min(1e-9)
        level = scale * torch.tensor([recorder.gain for recorder in recorders])
        audio = torch.stack([recorder.stored(x) for recorder, x in zip(recorders, sound * scale[:, None])])

        knots = np.arange(knot_count(samples, self.hop)) * (self.hop / self.sample_rate)
        pitch, pressure = np.zeros((count, 2, len(knots))), np.zeros((count, 2, len(knots)))
        voiced = np.zeros(pitch.shape, dtype=bool)
        for row, (k, side) in enumerate(zip([*range(count), *double], voices.side)):
            pitch[k, side], voiced[k, side] = sung_pitch(voices.y[row].numpy(), fast, knots)
            pressure[k, side] = np.interp(knots, times, songs[k].pressure[side])
        return SimulatedSong(
            audio=audio,
            clean=clean * level[:, None],
            pitch_hz=torch.from_numpy(pitch).float(),
            pressure=torch.from_numpy(pressure).float(),
            voiced=torch.from_numpy(voiced),
            gain=local_rms(sides * level[:, None, None], self.sample_rate, self.hop),
            breath=local_rms(wind * level[:, None], self.sample_rate, self.hop),
            background=power * level,
            onsets=[onsets for onsets, _ in spans],
            offsets=[offsets for _, offsets in spans],
            snr_db=snr_db,
            tonal=torch.tensor([bird.tonal for bird in birds]),
            rate_hz=torch.tensor([recorder.rate_hz for recorder in recorders]),
            bird=torch.tensor(numbers),
            hop=self.hop,
            sample_rate=self.sample_rate,
        )

    def _recording(self, index: int, samples: int, times: NDArray[np.floating]) -> _Recording:
        rng = generator(self.seed, Stream.RECORDING, index)
        snr_db = rng.uniform(*self.snr_db)
        recorder = draw_recorder(rng, *self.peak_db) if self.damage else perfect(self.sample_rate, *self.peak_db)
        room = draw_room(rng, self.sample_rate) if self.damage else np.zeros(0, dtype=np.float32)
        stranger, share = None, 0.0
        if self.damage and chance(rng, 0.25):
            stream = generator(self.seed, Stream.OTHER, index)
            bird = self._bird(int(stream.integers(2**31)))
            stranger = bird, draw_gestures(stream, bird, times)
            share = 10 ** (-(max(0.0, _NEAREST_DB - snr_db) + rng.uniform(0.0, _FARTHEST_DB - _NEAREST_DB)) / 20)
        white = rng.standard_normal(samples, dtype=np.float32)
        return _Recording(recorder, room, white, draw_noise(rng, samples, self.sample_rate), snr_db, stranger, share)


@dataclass(frozen=True, eq=False)
class _Recording:
    """All that is drawn of a recording beside the song: `white` becomes breath, `noise` is the background."""

    recorder: Recorder
    room: NDArray[np.float32]
    white: NDArray[np.float32]
    noise: Tensor
    snr_db: float
    stranger: tuple[Bird, Gestures] | None
    stranger_share: float  # of the background's rms


def _of_unit_rms(sounds: Tensor) -> Tensor:
    """Sounds (B, n) at an rms of 1; silence stays."""
    return sounds / sounds.square().mean(1, keepdim=True).sqrt().clamp_min(1e-9)


def _rms_while(sound: Tensor, onsets: list[float], offsets: list[float], sample_rate: int) -> float:
    """Root mean square of a sound (n,) within its syllables; of all of it where there are none."""
    parts = [sound[round(a * sample_rate) : round(b * sample_rate)] for a, b in zip(onsets, offsets)]
    together = torch.cat(parts) if parts else sound
    return max(1e-6, float(together.square().mean().sqrt())) if len(together) else 1e-6
