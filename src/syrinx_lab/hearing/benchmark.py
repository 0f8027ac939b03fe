"""Trackers on the same simulated birds: how often and how far each is wrong, over noise, kind of sound and pitch."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ..ear.features import knots_of
from ..ear.objective import Truth
from ..ear.truth_scores import Voice, correlation, pitch_scores, voice_of
from ..simulation.aviary import Aviary
from ..simulation.simulated_song import SimulatedSong
from .tracker import Tracked, Tracker

BANDS_HZ = ((150, 600), (600, 2000), (2000, 5000), (5000, 10_000))
SCORES = (
    *("gross", "gross_1ms", "octave", "missed", "false", "voicing", "frames", "cents"),
    *("onset_ms", "onsets_missed", "pressure_r", "pressure_error", "sung_pressure_r", "tension_r", "tension_error"),
)
"""Names of the scores, in the order of tables; see `Row`."""

_AT_A_TIME = 16
_NEAR_S = 0.05


@dataclass(frozen=True)
class Row:
    """What one tracker scored at one signal-to-noise ratio, on one kind of sound, in one band of pitch.

    gross, gross_1ms, octave, missed, false, voicing, cents   see `truth_scores.pitch_scores`, shares and cents
    frames          share of all knots that are wrong in any way: pitch, missed or made up (Chu and Alwan 2009)
    onset_ms        median |error| of syllables' onsets that were found within 50 ms;   onsets_missed  share of others
    pressure_r, pressure_error   Pearson's r and mean |error| of the pressure, silence included
    sung_pressure_r   r where the bird sings
    tension_r, tension_error     r and mean |error| of the logarithm of the pitch, octaves, where one was found: the
                    tension of labia whose time scale is known is a function of it
    knots           audible knots that count
    """

    tracker: str
    snr_db: float
    kind: str
    band: str
    knots: int
    scores: Mapping[str, float]


@dataclass
class _Heard:
    """All recordings of one ratio, as one tracker heard them, knots joined in a row."""

    hz: list[Tensor] = field(default_factory=list)
    voiced: list[Tensor] = field(default_factory=list)
    pressure: list[Tensor] = field(default_factory=list)
    onset_errors: list[tuple[bool, float]] = field(default_factory=list)  # tonal, s; infinite: missed


def compare(
    trackers: Mapping[str, Tracker],
    aviary: Callable[[float], Aviary],
    *,
    snr_db: Iterable[float],
    recordings: int,
    seconds: float,
    say: Callable[[str], object],
) -> list[Row]:
    """Rows of every tracker at every ratio: of all sounds, of pure tones, of stacks, and of all in bands of pitch.

    aviary   the birds whose recordings have a ratio in dB
    say      takes a line on the way
    """
    rows = []
    for ratio in snr_db:
        place = aviary(ratio)
        several = range(recordings)
        songs = [place.draw(several[k : k + _AT_A_TIME], seconds) for k in several[::_AT_A_TIME]]
        truths = [voice_of(Truth.of(song)) for song in songs]
        for name, tracker in trackers.items():
            begun = time.process_time()
            heard = _heard(tracker, songs)
            spent = time.process_time() - begun
            found = list(_rows(name, ratio, songs, truths, heard))
            rows += found
            say(
                f"{ratio:5g} dB  {name:12} gross {100 * found[0].scores['gross']:5.1f} %  octave "
                f"{100 * found[0].scores['octave']:5.2f} %  voicing {100 * found[0].scores['voicing']:5.1f} %  "
                f"{recordings * seconds / max(spent, 1e-9):6.1f} s of song a second"
            )
    return rows


def _heard(tracker: Tracker, songs: list[SimulatedSong]) -> _Heard:
    out = _Heard()
    for song in songs:
        for k, x in enumerate(song.audio):
            found = tracker.track(x, song.sample_rate)
            count = knots_of(len(x), song.sample_rate)
            assert found.hz.shape == found.voiced.shape == (count,), f"{tracker} gives other knots than {count}"
            out.hz.append(found.hz)
            out.voiced.append(found.voiced)
            nothing = torch.full((count,), torch.nan)
            out.pressure.append(nothing if found.pressure is None else found.pressure)
            starts = _starts(found, song)
            for onset in song.onsets[k]:
                if 0 < onset < len(x) / song.sample_rate:
                    nearest = min((abs(onset - start) for start in starts), default=torch.inf)
                    out.onset_errors.append((bool(song.tonal[k]), nearest if nearest <= _NEAR_S else torch.inf))
    return out


def _starts(found: Tracked, song: SimulatedSong) -> list[float]:
    if found.onsets is not None:
        return found.onsets
    begins = found.voiced & ~torch.cat([found.voiced.new_zeros(1), found.voiced[:-1]])
    return [k * song.hop / song.sample_rate for k in begins.nonzero()[:, 0].tolist()]


def _rows(name: str, ratio: float, songs: list[SimulatedSong], truths: list[Voice], heard: _Heard) -> Iterable[Row]:
    hz, voiced, pressure = (torch.stack(several) for several in (heard.hz, heard.voiced, heard.pressure))
    truth = Voice(**{name: torch.cat([getattr(one, name) for one in truths]) for name in vars(truths[0])})
    tonal = torch.cat([song.tonal for song in songs])
    for kind, rows in (("all", torch.ones_like(tonal)), ("tonal", tonal), ("stacks", ~tonal)):
        scores = _scored(hz[rows], voiced[rows], pressure[rows], _part(truth, rows))
        errors = torch.tensor(
            [e for is_tonal, e in heard.onset_errors if kind == "all" or is_tonal == (kind == "tonal")]
        )
        near = errors[errors < torch.inf]
        scores["onset_ms"] = 1e3 * float(near.median()) if len(near) else float("nan")
        scores["onsets_missed"] = 1 - len(near) / len(errors) if len(errors) else float("nan")
        yield Row(name, ratio, kind, "all", int(scores.pop("knots")), scores)
    for low, high in BANDS_HZ:
        within = (truth.pitch_hz >= low) & (truth.pitch_hz < high)
        part = Voice(
            truth.pitch_hz, truth.sings & within, truth.audible & within, torch.zeros_like(within), truth.pressure
        )
        scores = _scored(hz, voiced, pressure, part)
        yield Row(name, ratio, "all", f"{low}-{high} Hz", int(scores.pop("knots")), scores)


def _scored(hz: Tensor, voiced: Tensor, pressure: Tensor, truth: Voice) -> dict[str, float]:
    scores = pitch_scores(hz, voiced, truth)
    both = voiced & truth.audible
    octaves, true = torch.log2(hz[both].clamp_min(1.0)), torch.log2(truth.pitch_hz[both])
    all_knots = truth.audible | truth.silent
    scores["frames"] = scores["voicing"] + scores["gross"] * int(both.sum()) / max(1, int(all_knots.sum()))
    scores["tension_r"] = correlation(octaves, true)
    scores["tension_error"] = float((octaves - true).abs().mean()) if len(true) else float("nan")
    given = all_knots & pressure.isfinite()
    scores["pressure_r"] = correlation(pressure[given], truth.pressure[given])
    scores["pressure_error"] = float((pressure - truth.pressure)[given].abs().mean()) if given.any() else float("nan")
    sung = truth.audible & pressure.isfinite()
    scores["sung_pressure_r"] = correlation(pressure[sung], truth.pressure[sung])
    return scores


def _part(truth: Voice, rows: Tensor) -> Voice:
    return Voice(**{name: value[rows] for name, value in vars(truth).items()})
