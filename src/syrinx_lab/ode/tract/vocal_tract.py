"""The vocal tract of a songbird in physical numbers: trachea, oro-esophageal cavity, beak."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from scipy.fft import next_fast_len
from torch import Tensor, nn

from ..bounded import bounded_gain
from ..control_rate import interpolate
from ..fir_bank import check_taps, convolve
from ..resonance import peak_of_real_part, resonate
from ..span import span

SOUND_CM_S = 35_000.0  # cm/s, speed of sound in the warm air of a bird
CAVITY_HZ = 2000.0  # Hz, where a cavity that does not follow the pitch rests
NARROWEST_HZ, WIDEST_HZ = 150.0, 3000.0
STRONGEST_REFLECTION = 0.85
_LENGTH_FACTOR, _CORNER_FACTOR = 1.6, 2.0  # how far learning moves a constant, either way
_OCTAVES = 2.0  # how far the cavity moves, either way
_TAIL = 1e-4  # what is left after `reach` samples


class VocalTract(nn.Module):
    """Trachea, oro-esophageal cavity and beak, in five numbers a knot; what is anatomy is learned once.

        trachea   X = S (1 + r) / (1 + r l(f) exp(-2 pi i f 2 L / c)),   l(f) = cos^2(pi f / rate)
        cavity    y[t] = (1 - q) x[t] + (q / k) Re z[t],   z[t] = exp((-pi B + 2 pi i F) / rate) z[t - 1] + x[t]
        beak      u = low + b (y - low),   LOW = Y / (1 + (sin(pi f / rate) / sin(pi f_b / rate))^2)
        head      out[t] = g sum_j h[j] u[t - j]

    The end of the trachea reflects an inverted part r of the sound, which is back after the way to the syrinx and up
    again, 2 L / c: resonances at c / (4 L) and its odd multiples, while low frequencies pass as they are. An open end
    reflects high frequencies less; l is a loss that keeps echoes between two samples short. The cavity is a resonance F
    of bandwidth B through which the part q of the sound goes; k makes its gain at F one, so that only what lies beside
    F is weakened. The beak lets what is above f_b pass by b times as much; at b = 1 it changes nothing. h is what does
    not move: head, room and microphone.

    Five numbers a knot, raw ones of zero giving the start:

        | number | unit | start | bounds |
        |---|---|---|---|
        | centre F of the cavity | Hz | cavity_octaves above the pitch, or 2 kHz | 2 octaves, low_hz to high_hz |
        | its bandwidth B | Hz | 671 | 150 to 3,000 |
        | part q that passes through it | 1 | cavity_share | 0 to 1 |
        | beak b | 1 | 1 | +-beak_range_db |
        | gain g | 1 | 1 | +-gain_range_db |

    Learned constants: L from length_cm / 1.6 to 1.6 length_cm, r from 0 to 0.85, f_b within an octave of beak_hz, the
    taps of h, which begin as the unit pulse, and where the five numbers rest.

    sample_rate     Hz
    length_cm       cm, of the trachea
    reflection      r, dimensionless
    follows_pitch   whether F follows the pitch that is sung; False: its own course around 2 kHz
    cavity_octaves  octaves of the resting F above the pitch, or above 2 kHz
    cavity_share    q at rest
    low_hz, high_hz Hz, bounds of F; they end below half the sample rate, see `span`
    beak_hz         Hz, f_b
    taps            of h, odd
    beak_range_db, gain_range_db  dB
    Raises ValueError for numbers out of range, and for a call without the pitch where it follows it.

    `reach` is where trachea and cavity have fallen to 1e-4: that closely pieces of a song agree with the whole.

    Source: Perl, Arneodo, Amador, Goller and Mindlin, Reconstruction of physiological instructions from zebra finch
    song, Phys. Rev. E 84, 051909, 2011 (trachea and cavity after the normal form); Riede, Suthers, Fletcher and
    Blevins, Songbirds tune their vocal tract to the fundamental frequency of their song, PNAS 103, 5543, 2006;
    Fletcher, Riede and Suthers, Model for vocalization by a bird with distensible vocal cavity and open beak,
    J. Acoust. Soc. Am. 119, 1005, 2006.
    """

    channels = 5

    def __init__(
        self,
        *,
        sample_rate: int,
        length_cm: float = 3.0,
        reflection: float = 0.3,
        follows_pitch: bool = False,
        cavity_octaves: float = 0.0,
        cavity_share: float = 0.15,
        low_hz: float = 400.0,
        high_hz: float = 11000.0,
        beak_hz: float = 3500.0,
        taps: int = 129,
        beak_range_db: float = 30.0,
        gain_range_db: float = 30.0,
    ) -> None:
        super().__init__()
        check_taps(taps)
        low_hz, high_hz = span("tract", low_hz, high_hz, sample_rate, below=True)
        if low_hz == 0:
            raise ValueError("tract.low_hz is 0: a resonance needs a centre above 0 Hz")
        if not 0 < length_cm < math.inf:
            raise ValueError(f"tract.length_cm is {length_cm}: use cm above 0")
        if not 0 < reflection < STRONGEST_REFLECTION:
            raise ValueError(f"tract.reflection is {reflection}: use more than 0 and less than {STRONGEST_REFLECTION}")
        if not 0 < cavity_share < 1:
            raise ValueError(f"tract.cavity_share is {cavity_share}: use more than 0 and less than 1")
        if not 0 < _CORNER_FACTOR * beak_hz < sample_rate / 2:
            raise ValueError(f"tract.beak_hz is {beak_hz}: use more than 0 and less than {sample_rate / 4:g}")
        for name, value in (("beak_range_db", beak_range_db), ("gain_range_db", gain_range_db)):
            if not value > 0:
                raise ValueError(f"tract.{name} is {value}: use dB above 0")
        self.sample_rate, self.needs_pitch = sample_rate, follows_pitch
        self.length_cm, self.reflection, self.beak_hz = length_cm, reflection, beak_hz
        self.cavity_octaves, self.cavity_share = cavity_octaves, cavity_share
        self.low_hz, self.high_hz = low_hz, high_hz
        self.beak_range_db, self.gain_range_db = beak_range_db, gain_range_db
        self.anatomy = nn.Parameter(torch.zeros(3))
        self.resting = nn.Parameter(torch.zeros(self.channels))
        self.responses = nn.Parameter(torch.zeros(1, taps))
        with torch.no_grad():
            self.responses[0, taps // 2] = 1
        faded = -math.log(_TAIL)
        echoes = math.ceil(faded / -math.log(STRONGEST_REFLECTION))
        trachea = echoes * 2 * _LENGTH_FACTOR * length_cm / SOUND_CM_S * sample_rate
        cavity = faded * sample_rate / (math.pi * NARROWEST_HZ)
        beak = faded * sample_rate / (2 * math.pi * beak_hz / _CORNER_FACTOR)
        self._padding = math.ceil(trachea + beak)
        self.reach = self._padding + math.ceil(cavity) + taps // 2

    def constants(self) -> tuple[Tensor, Tensor, Tensor]:
        """Length of the trachea in cm, reflection, and corner of the beak in Hz, () each."""
        length, reflection, corner = self.anatomy
        start = math.log(self.reflection / (STRONGEST_REFLECTION - self.reflection))
        return (
            self.length_cm * _LENGTH_FACTOR ** torch.tanh(length),
            STRONGEST_REFLECTION * torch.sigmoid(start + reflection),
            self.beak_hz * _CORNER_FACTOR ** torch.tanh(corner),
        )

    def gestures(self, controls: Tensor, pitch_hz: Tensor | None) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Raw controls (B, T, 5) and pitch (B, T) in Hz -> F, B in Hz, q, b and g, (B, T) each."""
        place, width, share, beak, gain = (self.resting + controls).unbind(-1)
        around = torch.full_like(place, CAVITY_HZ) if pitch_hz is None else pitch_hz
        centre = around * torch.exp2(self.cavity_octaves + _OCTAVES * torch.tanh(place / _OCTAVES))
        bandwidth = NARROWEST_HZ * torch.exp(math.log(WIDEST_HZ / NARROWEST_HZ) * torch.sigmoid(width))
        start = math.log(self.cavity_share / (1 - self.cavity_share))
        return (
            centre.clamp(self.low_hz, self.high_hz),
            bandwidth,
            torch.sigmoid(start + share),
            bounded_gain(beak, self.beak_range_db),
            bounded_gain(gain, self.gain_range_db),
        )

    def forward(self, source: Tensor, controls: Tensor | None, hop: int, pitch_hz: Tensor | None = None) -> Tensor:
        """Source (B, H), raw controls (B, T, 5) with knots `hop` samples apart, pitch (B, T) -> sound (B, H)."""
        assert controls is not None
        assert controls.shape[-1] == self.channels
        if self.needs_pitch and pitch_hz is None:
            raise ValueError("tract.follows_pitch is true, but no pitch was given: give pitch_hz (B, T)")
        samples = source.shape[1]
        centre, bandwidth, share, beak, gain = self.gestures(controls, pitch_hz if self.needs_pitch else None)
        exponent = torch.complex(-math.pi * bandwidth, 2 * math.pi * centre) / self.sample_rate
        passed = share / peak_of_real_part(exponent)
        knots = torch.stack((exponent.real, exponent.imag, share, passed, beak, gain), -1)
        decay, turn, share, passed, beak, gain = interpolate(knots, hop, samples).unbind(-1)
        sound = self._filtered(source, self.trachea)
        ringing = resonate(sound, torch.complex(decay, turn)[:, None]).real[:, 0]
        sound = (1 - share) * sound + passed * ringing
        low = self._filtered(sound, self.closed_beak)
        sound = low + beak * (sound - low)
        return gain * convolve(sound, self.responses)[:, 0]

    def trachea(self, hz: Tensor) -> Tensor:
        """Frequencies (F,) in Hz -> the response of the trachea (F,), complex, dimensionless."""
        length, reflection, _ = self.constants()
        loss = torch.cos(math.pi / self.sample_rate * hz).square()  # so that an echo between two samples stays short
        echo = torch.polar(reflection * loss, -2 * math.pi * hz * 2 * length / SOUND_CM_S)
        return (1 + reflection) / (1 + echo)

    def closed_beak(self, hz: Tensor) -> Tensor:
        """Frequencies (F,) in Hz -> what of them is below the beak's corner (F,), from 1 down to 0."""
        _, _, corner = self.constants()
        ratio = torch.sin(math.pi / self.sample_rate * hz) / torch.sin(math.pi / self.sample_rate * corner)
        return 1 / (1 + ratio.square())

    def _filtered(self, sound: Tensor, response: Callable[[Tensor], Tensor]) -> Tensor:
        """Sound (B, H) through a response of the frequency that has died away after `_padding` samples."""
        samples = sound.shape[1]
        size = next_fast_len(samples + self._padding, real=True)
        bins = torch.arange(size // 2 + 1, device=sound.device, dtype=sound.dtype)
        spectrum = torch.fft.rfft(sound, n=size) * response(bins * (self.sample_rate / size))
        return torch.fft.irfft(spectrum, n=size)[:, :samples]
