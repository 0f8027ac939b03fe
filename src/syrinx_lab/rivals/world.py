"""WORLD: pitch, spectral envelope and aperiodicity of every frame, sung by pulses and noise."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from types import ModuleType

import numpy as np
import torch
from numpy.typing import NDArray

from ..controls.analyser import Analyser
from ..evaluation.clips import Clip, Samples
from ..metrics.time_frequency import tf_corr
from .rival import MissingExtra, Rival, Songs

Array = NDArray[np.float64]
Range = tuple[float, float] | None
_HIGHEST = 0.45
_HOP = 32  # samples from knot to knot of the lab's pitch
_STONEMASK_TOP = 12  # above sample_rate / 12 StoneMask calls every frame unvoiced


class World(Rival):
    """The WORLD vocoder: DIO and StoneMask for the pitch, CheapTrick, D4C, and its own synthesis.

    sample_rate   Hz
    frame_ms      ms from one frame to the next
    f0_ranges_hz  (lowest, highest) pitch to look for; the one with the best mean tf_corr on val is taken. What lies
                  above 0.45 of the sample rate is cut off
    lab_pitch     the lab's own tracker, in the range that it finds in train, is one more choice
    threshold     of D4C, above which a frame with a pitch counts as voiced; 0: always. It looks for energy below 4 kHz,
                  which a bird need not have
    coefficients  mel-cepstral coefficients that the envelope is coded by; None: the whole envelope

    Its numbers: pitch, envelope and aperiodicity of every frame; coded, aperiodicity is a number for each 3 kHz.
    Raises MissingExtra with one line where pyworld is not installed, ValueError for a range that is none.
    Source: Morise, Yokomori and Ozawa (2016), IEICE Trans. Inf. Syst. E99-D, 1877.
    """

    about = "WORLD: pitch, spectral envelope and aperiodicity; pulses and noise"

    def __init__(
        self,
        *,
        sample_rate: int,
        frame_ms: float = 5.0,
        f0_ranges_hz: Sequence[Sequence[float]] = ((71.0, 800.0),),
        lab_pitch: bool = False,
        threshold: float = 0.0,
        coefficients: int | None = None,
    ) -> None:
        super().__init__(sample_rate=sample_rate)
        self._world = _pyworld()
        self._n_fft = self._world.get_cheaptrick_fft_size(sample_rate)
        self._n_bands = self._world.get_num_aperiodicities(sample_rate)  # none below 12 kHz
        top = _HIGHEST * sample_rate
        if not all(0 < low < high for low, high in f0_ranges_hz) or not any(low < top for low, _ in f0_ranges_hz):
            raise ValueError(
                f"f0_ranges_hz is {[list(one) for one in f0_ranges_hz]}: use pairs of Hz with 0 < lowest < highest, "
                f"one at least below {top:g}"
            )
        self.frame_ms, self.threshold, self.coefficients = frame_ms, threshold, coefficients
        self.f0_ranges_hz = [(float(low), float(min(high, top))) for low, high in f0_ranges_hz if low < top]
        self.analyser = Analyser(sample_rate=sample_rate) if lab_pitch else None
        self.f0_range_hz: Range = self.f0_ranges_hz[0]

    def fit(self, songs: Songs) -> None:
        """Choose how the pitch is found by the mean tf_corr of the clips of val; `f0_range_hz` None: by the lab."""
        choices: list[Range] = list(self.f0_ranges_hz)
        if self.analyser is not None:
            with suppress(ValueError):  # a song without a pitch
                self.analyser.calibrate(songs.recordings, songs.syllables)
                choices.append(None)
        if len(choices) > 1 and songs.val:
            self.f0_range_hz = max(choices, key=lambda one: self._on(songs.val, one))

    def resynthesise(self, clip: Clip, seed: int) -> Samples:
        """The clip once more; WORLD's noise is the same at every call, whatever the seed."""
        return self._resynthesised(clip.x, self.f0_range_hz)

    @property
    def numbers_per_second(self) -> float:
        """Frames a second times pitch, envelope and aperiodicity."""
        bins = self._n_fft // 2 + 1
        a_frame = 1 + 2 * bins if self.coefficients is None else 1 + self.coefficients + (self._n_bands or bins)
        return a_frame * 1e3 / self.frame_ms

    def _on(self, clips: Sequence[Clip], choice: Range) -> float:
        scores = [tf_corr(self._resynthesised(clip.x, choice), clip.x, sample_rate=self.sample_rate) for clip in clips]
        return float(np.nanmean(scores))

    def _resynthesised(self, samples: Samples, choice: Range) -> Samples:
        world, rate, size = self._world, self.sample_rate, self._n_fft
        x = np.ascontiguousarray(samples, dtype=np.float64)
        f0, times = self._lab_pitch(x) if choice is None else self._pitch(x, choice)
        envelope = world.cheaptrick(x, f0, times, rate, fft_size=size)
        aperiodicity = world.d4c(x, f0, times, rate, fft_size=size, threshold=self.threshold)
        if self.coefficients is not None:
            coded = world.code_spectral_envelope(envelope, rate, self.coefficients)
            envelope = world.decode_spectral_envelope(coded, rate, size)
        if self.coefficients is not None and self._n_bands:
            aperiodicity = world.decode_aperiodicity(world.code_aperiodicity(aperiodicity, rate), rate, size)
        sung = world.synthesize(f0, envelope, aperiodicity, rate, self.frame_ms)
        whole = np.zeros(len(x), dtype=np.float32)
        whole[: len(sung)] = sung[: len(x)]
        return whole

    def _pitch(self, x: Array, f0_range_hz: tuple[float, float]) -> tuple[Array, NDArray[np.floating]]:
        """Pitch of every frame in Hz, 0 where there is none, and the frames' times in s."""
        low, high = f0_range_hz
        rough, times = self._world.dio(x, self.sample_rate, f0_floor=low, f0_ceil=high, frame_period=self.frame_ms)
        refined = self._world.stonemask(x, rough, times, self.sample_rate)
        return np.where(rough > self.sample_rate / _STONEMASK_TOP, rough, refined), times

    def _lab_pitch(self, x: Array) -> tuple[Array, NDArray[np.floating]]:
        """The same by the lab's tracker, at the knot nearest to every frame."""
        assert self.analyser is not None, "a choice of those with lab_pitch"
        found = self.analyser(torch.as_tensor(x)[None], _HOP)
        hz = torch.where(found.voiced[0] > 0, found.pitch_hz[0], 0.0).numpy()
        times = np.arange(int(len(x) / self.sample_rate / (self.frame_ms * 1e-3)) + 1) * self.frame_ms * 1e-3
        knots = np.minimum(np.rint(times * self.sample_rate / _HOP).astype(int), len(hz) - 1)
        return hz[knots], times


def _pyworld() -> ModuleType:
    try:
        import pyworld  # late: an extra
    except ImportError as error:
        raise MissingExtra("WORLD needs the extra: pip install 'syrinx-lab[rivals]'") from error
    return pyworld
