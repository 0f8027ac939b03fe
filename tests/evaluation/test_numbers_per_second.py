"""How many numbers a second a clip's drives hold: channels that vary, times knots a second."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from syrinx_lab.controls.analyser import Analyser
from syrinx_lab.data.derivatives import derivatives
from syrinx_lab.encoded import smooth_curve
from syrinx_lab.encoders.frames import FramesEncoder
from syrinx_lab.evaluation.clips import Clip
from syrinx_lab.evaluation.takes import perform, read_encoded
from syrinx_lab.model import Ouroboros
from syrinx_lab.ode.noise.filtered import FilteredNoise
from syrinx_lab.ode.syrinx.loudness import LoudnessSyrinx
from syrinx_lab.ode.syrinx.oscillator import Syrinx
from syrinx_lab.ode.tract import NoTract
from syrinx_lab.ode.tract.fir_mixture import FirMixture
from syrinx_lab.types import Vocalisation

RATE = 44_100


@pytest.fixture(scope="module")
def clip() -> Clip:
    """A gliding note of 100 ms in faint noise."""
    n = np.arange(8000)
    gate = np.clip(np.minimum(n - 2000, 6400 - n) / 220, 0, 1)
    x = 0.3 * gate * np.sin(2 * np.pi * np.cumsum(900 + 0.05 * n) / RATE)
    x += 1e-3 * np.random.default_rng(0).standard_normal(8000)
    dx, d2x = derivatives(x)
    return Clip(Vocalisation("r", "a", 0, 8000, onset=2000, offset=6400), *(y.astype(np.float32) for y in (x, dx, d2x)))


def voice(clip: Clip, *, rich: bool, knot_hop: int = 32, kind: type[Syrinx] = Syrinx) -> Ouroboros:
    """The analytic gestures; when rich, a tract of two codes and a noise of one that follow the features."""
    torch.manual_seed(0)
    oscillator, encoder = kind(sample_rate=RATE), FramesEncoder(3, True, RATE, d_model=8, n_layers=1)
    oscillator.initialise_(encoder.heads)
    model = Ouroboros(
        encoder,
        oscillator,
        FirMixture(sample_rate=RATE, filters=4, codes=2) if rich else NoTract(),
        FilteredNoise(sample_rate=RATE, bands=4, codes=1) if rich else None,
        Analyser(sample_rate=RATE, pitch_range_hz=(300.0, 3000.0)),
        control_hop=32,
        knots_per_second=RATE / knot_hop,
    )
    model.calibrate([torch.from_numpy(clip.x)], [])
    for head in (model.tract_net, model.noise_net):
        if head is not None:
            torch.nn.init.normal_(head.weight, std=0.2)
    return model.eval()


@pytest.mark.parametrize(
    ("rich", "hop", "kind", "channels"),
    [
        (False, 32, Syrinx, 3),  # pitch, pressure and gain
        (True, 32, Syrinx, 7),  # with noise its envelope, two codes and one
        (True, 224, Syrinx, 7),
        (True, 224, LoudnessSyrinx, 5),  # pitch, loudness and the codes
    ],
)
def test_channels_that_vary_times_knots_a_second(
    clip: Clip, rich: bool, hop: int, kind: type[Syrinx], channels: int
) -> None:
    model = voice(clip, rich=rich, knot_hop=hop, kind=kind)
    take = perform(model, clip, ic_noise_rms=1e-3, seed=0)
    assert take.raw_score.numbers_per_second == pytest.approx(channels * RATE / hop)
    assert take.raw_score.bounded_frac == 1.0


def test_few_knots_say_what_the_song_does_between_them(clip: Clip) -> None:
    """Where the gestures are smooth the curve through every seventh knot is what all knots said."""
    fast, slow = (read_encoded(voice(clip, rich=False, knot_hop=hop), clip).oscillator.named() for hop in (32, 224))
    within = slice(80, 180)  # of the syllable, away from its ends
    for name in ("pitch_hz", "gain"):
        torch.testing.assert_close(slow[name][:, within], fast[name][:, within], rtol=0.03, atol=0)


def test_pressure_and_gain_that_follow_are_those_that_are_given(clip: Clip) -> None:
    """With nothing learned and every knot the two kinds of gestures are one oscillator."""
    free, follows = (voice(clip, rich=True, kind=kind) for kind in (Syrinx, LoudnessSyrinx))
    one, other = (model.decode(read_encoded(model, clip)) for model in (free, follows))
    for name in ("stiffness", "gamma", "weights", "gain", "envelope"):
        torch.testing.assert_close(getattr(other, name), getattr(one, name), rtol=1e-5, atol=1e-7)


def test_edits_of_what_is_heard_alone(clip: Clip) -> None:
    """Twice as loud is twice the gain at the same pressure; a fifth up keeps the loudness."""
    model = voice(clip, rich=False, kind=LoudnessSyrinx)
    encoded = read_encoded(model, clip)
    plain = model.decode(encoded)
    louder = model.oscillator.amplified(encoded.oscillator, 2.0)
    assert louder is not None
    loud = model.decode(replace(encoded, oscillator=louder))
    torch.testing.assert_close(loud.gain, 2 * plain.gain, rtol=1e-5, atol=1e-9)
    # a silence of 1e-6 is added to both levels: alpha moves by as little
    torch.testing.assert_close(loud.weights, plain.weights, rtol=0, atol=1e-3)
    high = model.decode(replace(encoded, oscillator=model.oscillator.transposed(encoded.oscillator, 1.5)))
    within = slice(80, 180)
    before, after = (model.oscillator.pitch_hz(drives)[:, within] for drives in (plain, high))
    torch.testing.assert_close(after, 1.5 * before, rtol=1e-3, atol=0)


def test_the_smooth_curve_goes_through_its_knots_and_keeps_lines() -> None:
    knots = torch.randn(2, 6, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    curve = smooth_curve(knots, 8, 41)
    assert curve.shape == (2, 41, 3)
    torch.testing.assert_close(curve[:, ::8], knots)
    line = torch.arange(6, dtype=torch.float64)[None]
    torch.testing.assert_close(
        smooth_curve(line, 8, 41)[:, 8:33], (torch.arange(41, dtype=torch.float64) / 8)[None, 8:33]
    )


@pytest.mark.parametrize(
    ("wanted", "rate", "hop"),
    [
        (200, 44_100, 224),
        (100, 44_100, 448),
        (200, 48_000, 256),
        (200, 22_050, 128),
        (1e6, 44_100, 32),
        (None, 8_000, 32),
    ],
)
def test_knots_a_second_are_never_more_than_wanted(wanted: float | None, rate: int, hop: int) -> None:
    """A whole number of knots of the drives lies between two that count, the fewest that are slow enough."""
    encoder, oscillator = FramesEncoder(3, True, rate, d_model=8, n_layers=1), Syrinx(sample_rate=rate)
    analyser = Analyser(sample_rate=rate, pitch_range_hz=(300.0, 3000.0))
    made = Ouroboros(encoder, oscillator, NoTract(), None, analyser, knots_per_second=wanted)
    assert made.knot_hop == hop


def test_no_knots_are_refused(clip: Clip) -> None:
    with pytest.raises(ValueError, match=r"^oscillator\.knots_per_second is 0: use a number above 0, or null"):
        Ouroboros(FramesEncoder(3, True, RATE), Syrinx(sample_rate=RATE), NoTract(), knots_per_second=0)
