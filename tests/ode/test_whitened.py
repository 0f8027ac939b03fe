"""The tract that takes the source's own spectrum out: what its controls ask for is what is heard."""

import math

import pytest
import torch

from syrinx_lab.encoders.frames import FramesEncoder
from syrinx_lab.ode.rollout import InitialValueProblem, rollout
from syrinx_lab.ode.syrinx.normal_form import DEGREE, alpha_at, fixed_weights, numerical_damping_correction
from syrinx_lab.ode.syrinx.oscillator import piecewise_linear
from syrinx_lab.ode.syrinx.pitch_map import pitch_map
from syrinx_lab.ode.tract.whitened import WhitenedMixture
from syrinx_lab.types import Drives

RATE, TAU = 44_100, 1 / 24_000
STEP = 1 / (RATE * TAU)


def source(hz: float, samples: int = 22_050) -> torch.Tensor:
    """The settled source at a pitch, of rms 1."""
    table = pitch_map(TAU, STEP)
    log_hz = torch.tensor([math.log(hz)])
    beta = piecewise_linear(log_hz, table.hz.log().float(), table.beta.float())[:, None].expand(1, 2).clone()
    weights = fixed_weights(DEGREE).expand(1, 2, -1, -1).clone()
    weights[..., 0, 0] = alpha_at(1.0, beta)
    drives = Drives(beta, numerical_damping_correction(beta, STEP), weights, 2 * samples)
    start = torch.full((1,), 1e-3)
    v = rollout(InitialValueProblem(drives, (start, start), 2 * samples, step=STEP)).v[:, samples:]
    return v / v.square().mean().sqrt()


def partials(x: torch.Tensor, hz: float, count: int) -> list[float]:
    """Amplitudes of the first partials."""
    window = torch.hann_window(x.shape[1])
    spectrum = torch.fft.rfft(x[0] * window).abs() * (2 / window.sum())
    at = [round(n * hz * x.shape[1] / RATE) for n in range(1, count + 1)]
    return [float(spectrum[k - 8 : k + 9].max()) for k in at]


@pytest.mark.parametrize("hz", [620.0, 1400.0, 3100.0])
def test_a_flat_request_makes_all_partials_alike(hz):
    tract, x = WhitenedMixture(sample_rate=RATE), source(hz)
    knots = torch.full((1, 2, tract.channels), math.log(0.3))
    count = int(10_000 / hz)
    before = partials(x, hz, count)
    with torch.no_grad():
        after = partials(tract(x, knots, x.shape[1], torch.full((1, 2), hz)), hz, count)
    assert max(before) / min(before) > 5
    for amplitude in after:
        assert abs(20 * math.log10(amplitude / 0.3)) < 1.5


def test_what_the_source_lacks_is_not_raised_beyond_the_floor():
    tract = WhitenedMixture(sample_rate=RATE, floor_db=20.0)
    zeros = torch.zeros(1, 1, tract.channels)
    loudest = float(tract.mix(zeros, torch.tensor([[3500.0]])).detach().max())
    assert 20 * math.log10(loudest * math.sqrt(2)) == pytest.approx(20.0, abs=0.6)  # the bound bends a little


def test_the_head_begins_as_the_levels_that_are_heard():
    encoder = FramesEncoder(3, True, RATE, n_bands=48, d_model=8, n_layers=1)
    found = encoder.relative_spectra
    assert found is not None
    first, edges = found
    tract, head = WhitenedMixture(sample_rate=RATE), torch.nn.Linear(encoder.width, 48)
    tract.initialise_(head, first, edges)
    features = torch.randn(encoder.width)
    asked = head(features)
    torch.testing.assert_close(asked, math.log(10) * (features[first : first + 48] - 1))


def test_it_is_silent_for_silence_and_wants_a_pitch():
    tract = WhitenedMixture(sample_rate=RATE, filters=12)
    knots, pitch = torch.randn(1, 3, 12), torch.full((1, 3), 900.0)
    assert bool((tract(torch.zeros(1, 65), knots, 32, pitch) == 0).all())
    with pytest.raises(ValueError, match="pitch"):
        tract(torch.zeros(1, 65), knots, 32)
    with pytest.raises(ValueError, match="floor_db"):
        WhitenedMixture(sample_rate=RATE, floor_db=0.0)


def test_at_a_low_rate_the_bands_end_below_half_of_it():
    tract = WhitenedMixture(sample_rate=16_000, filters=24)
    assert float(tract.edges_hz[-1]) == pytest.approx(7600.0)
    assert bool(tract.level.isfinite().all())
