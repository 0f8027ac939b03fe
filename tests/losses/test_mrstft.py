"""The spectral loss against a closed form, auraloss and finite differences."""

from __future__ import annotations

import math

import auraloss
import pytest
import torch

from syrinx_lab.losses.mrstft import MultiResolutionStft

HORIZON = 4097


def cosine(amplitude: float) -> torch.Tensor:
    """Bin 8 of 256, 16 of 512 and 32 of 1024; even about both ends, so that reflection continues it exactly."""
    n = torch.arange(HORIZON, dtype=torch.float64)
    return amplitude * torch.cos(2 * math.pi * n / 32)[None]


def closed_form(a: float, g: float, sc_floor: float, log_floor: float) -> tuple[float, float]:
    """The loss of amplitude a against g, and its slope in a < g: magnitudes a n / 4 at the bin, half beside."""
    value = slope = 0.0
    for n_fft, hop in ((256, 64), (512, 128), (1024, 256)):
        frames, bins = 1 + HORIZON // hop, n_fft // 2 + 1
        scale = n_fft / 4 * math.sqrt(1.5 * frames)
        value += (g - a) * scale / (g * scale + sc_floor) / 3
        slope -= scale / (g * scale + sc_floor) / 3
        for share in (0.125, 0.25, 0.125):
            value += math.log((g * n_fft * share + log_floor) / (a * n_fft * share + log_floor)) / bins / 3
            slope -= n_fft * share / (a * n_fft * share + log_floor) / bins / 3
    return value, slope


@pytest.mark.parametrize(("a", "g"), [(0.05, 0.2), (1e-5, 0.1), (1e-5, 1e-4)])
def test_closed_form_of_one_bin_and_its_gradient(prediction, a, g):
    gain = torch.tensor(a, dtype=torch.float64, requires_grad=True)
    loss = MultiResolutionStft()(prediction(output=gain * cosine(1.0), target=cosine(g)))
    value, slope = closed_form(a, g, 1e-2, 1e-3)
    assert loss.shape == (1,)
    assert loss.item() == pytest.approx(value, rel=1e-5)
    loss.sum().backward()
    assert gain.grad is not None
    assert gain.grad.item() == pytest.approx(slope, rel=1e-5)


def test_closed_form_in_float32(prediction):
    loss = MultiResolutionStft()(prediction(output=cosine(0.05).float(), target=cosine(0.2).float()))
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(closed_form(0.05, 0.2, 1e-2, 1e-3)[0], rel=1e-3)


def test_agreement_with_auraloss_on_one_item(prediction):
    # auraloss has no floors and clamps the power at 1e-8: with ours at zero, noise without empty bins meets both
    generator = torch.Generator().manual_seed(3)
    output, target = torch.randn(2, 1, 2048, dtype=torch.float64, generator=generator)
    for n_fft, hop in ((256, 64), (512, 128), (1024, 256)):
        theirs = auraloss.freq.STFTLoss(n_fft, hop, n_fft, w_sc=1.0, w_log_mag=1.0)
        theirs.window = theirs.window.double()
        ours = MultiResolutionStft([(n_fft, hop)], convergence_floor=0.0, log_floor=0.0)
        assert ours(prediction(output=output, target=target)).item() == pytest.approx(
            theirs(output[None], target[None]).item(), rel=1e-6
        )


def test_agreement_with_auraloss_over_resolutions_and_a_batch(prediction):
    # the log term of a batch is the mean over items in both; the convergence is not: theirs is one norm of the batch
    generator = torch.Generator().manual_seed(4)
    output = torch.randn(3, 2048, dtype=torch.float64, generator=generator)
    target = torch.tensor([[1.0], [0.1], [0.01]]) * torch.randn(3, 2048, dtype=torch.float64, generator=generator)
    ours = MultiResolutionStft(convergence_floor=0.0, log_floor=0.0)
    per_item = ours(prediction(output=output, target=target))
    theirs = auraloss.freq.MultiResolutionSTFTLoss((256, 512, 1024), (64, 128, 256), (256, 512, 1024))
    for part in theirs.stft_losses:
        part.window = part.window.double()
    one_by_one = torch.stack([theirs(o[None, None], t[None, None]) for o, t in zip(output, target)])
    torch.testing.assert_close(per_item, one_by_one, rtol=1e-6, atol=0)
    together = theirs(output[:, None], target[:, None])
    assert abs(per_item.mean().item() - together.item()) > 10


def test_identical_signals_score_zero_with_zero_gradient(prediction):
    x = torch.randn(2, 1024, generator=torch.Generator().manual_seed(5))
    output = x.clone().requires_grad_()
    loss = MultiResolutionStft()(prediction(output=output, target=x))
    assert loss.tolist() == [0.0, 0.0]
    loss.sum().backward()
    assert output.grad is not None
    assert output.grad.count_nonzero().item() == 0


def test_silence_scores_by_the_floors_and_its_gradient_is_finite(prediction):
    target = 0.1 * torch.randn(2, 2048, generator=torch.Generator().manual_seed(6))
    output = torch.zeros(2, 2048, requires_grad=True)
    loss_of = MultiResolutionStft()
    loss = loss_of(prediction(output=output, target=target))
    # A = 0: convergence ||G|| / (||G|| + 1e-2), close to 1, and log(G + 1e-3) - log(1e-3)
    expected = torch.zeros(2)
    for spectrum in loss_of.target_spectra(target):
        expected += 1 + (spectrum.log_magnitude - math.log(1e-3)).mean((1, 2))
    torch.testing.assert_close(loss, expected / 3, rtol=2e-3, atol=0)
    loss.sum().backward()
    assert output.grad is not None
    assert bool(output.grad.isfinite().all())
    both = loss_of(prediction(output=torch.zeros(1, 2048), target=torch.zeros(1, 2048)))
    assert both.item() == 0.0


def test_values_are_per_item(prediction):
    generator = torch.Generator().manual_seed(7)
    output, target = torch.randn(2, 4, 1024, generator=generator)
    loss_of = MultiResolutionStft()
    whole = loss_of(prediction(output=output, target=target))
    alone = torch.cat([loss_of(prediction(output=output[b : b + 1], target=target[b : b + 1])) for b in range(4)])
    torch.testing.assert_close(whole, alone)
    assert whole.unique().numel() == 4


def test_resolutions_longer_than_the_rollout_are_dropped():
    loss = MultiResolutionStft()
    assert loss.resolutions_for(2048) == ((256, 64), (512, 128), (1024, 256))
    assert loss.resolutions_for(1024) == ((256, 64), (512, 128), (1024, 256))
    assert loss.resolutions_for(1023) == ((256, 64), (512, 128))
    assert loss.resolutions_for(256) == ((256, 64),)
    assert loss.resolutions_for(255) == ((128, 32),)
    assert loss.resolutions_for(16) == ((16, 4),)
    with pytest.raises(ValueError, match="rollout of 15 samples"):
        loss.resolutions_for(15)


def test_a_short_rollout_is_scored_at_the_fitted_resolution(prediction):
    generator = torch.Generator().manual_seed(8)
    output, target = torch.randn(2, 2, 100, dtype=torch.float64, generator=generator)
    fitted = MultiResolutionStft()(prediction(output=output, target=target))
    explicit = MultiResolutionStft([(64, 16)])(prediction(output=output, target=target))
    torch.testing.assert_close(fitted, explicit, rtol=0, atol=0)


def test_gradcheck(prediction):
    generator = torch.Generator().manual_seed(9)
    output, target = torch.randn(2, 2, 70, dtype=torch.float64, generator=generator)
    loss = MultiResolutionStft([(32, 8), (64, 16)])
    output.requires_grad_()
    assert torch.autograd.gradcheck(lambda output: loss(prediction(output=output, target=target)), (output,))


def test_the_targets_spectra_are_made_without_a_graph_and_serve_many_outputs(prediction):
    generator = torch.Generator().manual_seed(10)
    output, target = torch.randn(2, 2, 1024, generator=generator)
    loss = MultiResolutionStft()
    target.requires_grad_()
    spectra = loss.target_spectra(target)
    assert not any(s.magnitude.requires_grad or s.log_magnitude.requires_grad or s.norm.requires_grad for s in spectra)
    for gain in (1.0, 0.5):
        torch.testing.assert_close(
            loss.compare(gain * output, spectra), loss(prediction(output=gain * output, target=target)), rtol=0, atol=0
        )


def test_slope_of_the_log_term_stays_below_its_floors_bound(prediction):
    # three bins hold the signal, at 0.1 and 0.05 of the floor f: -d/dA of each is 1 / (129 (A + f)) < 1 / (129 f)
    gain = torch.tensor(1.5625e-6, dtype=torch.float64, requires_grad=True)
    loss = MultiResolutionStft([(256, 64)], convergence_floor=1e6)
    loss(prediction(output=gain * cosine(1.0), target=cosine(0.1))).sum().backward()
    bound = 64 * (1 + 0.5 + 0.5) / 129 / 1e-3
    assert gain.grad is not None
    assert -gain.grad.item() == pytest.approx(64 * (1 / 1.1e-3 + 1 / 1.05e-3) / 129, rel=1e-3)
    assert 0.9 * bound < -gain.grad.item() < bound


@pytest.mark.parametrize(
    "options",
    [
        {"resolutions": []},
        {"resolutions": [(256, 0)]},
        {"resolutions": [(257, 64)]},
        {"resolutions": [(8, 2)]},
        {"resolutions": [(256,)]},
        {"convergence_floor": -1e-2},
        {"log_floor": float("nan")},
    ],
)
def test_bad_options_are_refused_in_one_line(options):
    with pytest.raises(ValueError, match="mrstft") as error:
        MultiResolutionStft(**options)
    assert "\n" not in str(error.value)


def test_bins_above_the_highest_do_not_count() -> None:
    t = torch.arange(2048, dtype=torch.float64) / 44100
    base = 1e-3 * torch.randn(1, 2048, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    tones = {hz: base + torch.sin(2 * torch.pi * hz * t) for hz in (3000.0, 16000.0)}
    cut, whole = MultiResolutionStft(highest_hz=12000.0), MultiResolutionStft()
    low, high = (float(cut.compare(x, cut.target_spectra(base))) for x in tones.values())
    assert high < 0.02 * low
    assert float(whole.compare(tones[16000.0], whole.target_spectra(base))) > 0.5 * low
    edge = MultiResolutionStft(highest_hz=22050.0)
    assert torch.equal(
        edge.compare(tones[3000.0], edge.target_spectra(base)), whole.compare(tones[3000.0], whole.target_spectra(base))
    )
    above = MultiResolutionStft(highest_hz=30000.0)  # as a recipe's is at a low rate: all bins count
    assert torch.equal(
        above.compare(tones[3000.0], above.target_spectra(base)),
        whole.compare(tones[3000.0], whole.target_spectra(base)),
    )
    with pytest.raises(ValueError, match="highest_hz"):
        MultiResolutionStft(highest_hz=0.0)
