"""A step of training waits for the device once; batches come from page-locked memory, without waiting."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest
import torch
from hydra import compose, initialize_config_dir
from test_module import batches, fit, module
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import _disable_current_modes
from without_cuda import made_up_cuda, move

from syrinx_lab.assembly import build_horizon, build_model, build_module, build_objective
from syrinx_lab.benchmarking.step_suite import song_like_batch
from syrinx_lab.cli import config_directory
from syrinx_lab.controls.analyser import Analyser
from syrinx_lab.controls.pitch_range import PitchRange
from syrinx_lab.encoders import selective_scan
from syrinx_lab.losses.acceleration_error import AccelerationError
from syrinx_lab.losses.mrstft import MultiResolutionStft
from syrinx_lab.training import prediction
from syrinx_lab.training.datamodule import SongDataModule
from syrinx_lab.training.finite import finite_or_nan, read_update
from syrinx_lab.training.module import OuroborosModule
from syrinx_lab.types import Batch, Category, Drives

INF, NAN = math.inf, math.nan


def lit(*overrides: str) -> OuroborosModule:
    with initialize_config_dir(version_base="1.3", config_dir=str(config_directory())):
        cfg = compose("config", overrides=[*overrides, "debug=tiny", "backend=eager"])
    torch.manual_seed(0)
    return build_module(cfg, build_model(cfg), build_objective(cfg), build_horizon(cfg))


@pytest.mark.parametrize(
    "overrides",
    [
        ("loss.terms.env_log.weight=1", "loss.terms.weights.weight=1"),
        ("experiment=zebra_finch", "data=synthetic", "oscillator.spin_up_ms=0.1"),
    ],
    ids=["published", "recipe"],
)
def test_nothing_before_the_backward_pass_waits_for_the_device(
    monkeypatch: pytest.MonkeyPatch, overrides: tuple[str, ...]
) -> None:
    trained = lit(*overrides)
    monkeypatch.setattr(trained, "current_horizon", lambda: 17)
    monkeypatch.setattr(selective_scan, "_fastest", lambda u: "parallel")
    host, start = song_like_batch(3, 480, 44100), prediction.rollout_start

    def on_the_host(batch: Batch, *arguments: int) -> Tensor:
        with _disable_current_modes():
            assert batch.onset.device.type == batch.category.device.type == "cpu"
            return start(Batch(torch.empty(batch.x.shape), None, None, batch.category, batch.onset), *arguments)

    monkeypatch.setattr(prediction, "rollout_start", on_the_host)
    if "accel" in trained.objective.terms:
        trained.objective.terms["accel"].set_variance(1.0)
    with made_up_cuda(monkeypatch) as waits:
        move(trained)
        batch = trained.transfer_batch_to_device(host, torch.device("cuda"), 0)
        if trained.model.analyser is not None:
            monkeypatch.setattr(trained.model.analyser, "pitch_range", lambda: PitchRange(300.0, 3000.0))
        total = trained.training_step(batch, 0)
    assert total.device.type == "cuda", "else nothing was tested"
    assert waits.found == []


class Reads(TorchFunctionMode):
    """Counts how often numbers of a tensor are read."""

    KINDS = ("tolist", "item", "__bool__", "__float__", "__int__", "numpy", "cpu", "__index__")

    def __init__(self, *kinds: str) -> None:
        super().__init__()
        self.count, self.kinds = 0, kinds or self.KINDS

    def __torch_function__(self, func, types, args=(), kwargs=None):
        self.count += getattr(func, "__name__", "") in self.kinds
        return func(*args, **(kwargs or {}))


def test_after_the_backward_pass_everything_is_read_at_once() -> None:
    trained = module({"spec": MultiResolutionStft([[32, 8]]), "accel": AccelerationError(1.0)})
    logged: dict[str, Tensor] = {}
    trained.log = lambda name, value, **_: logged.update({name: value})
    trained._trainer = SimpleNamespace(current_epoch=0, global_step=0)
    trained.training_step(next(iter(batches(1))), 0).backward()
    trained._device = torch.device("meta")  # what `device` answers: another one than the host's
    with Reads() as reads:
        trained.on_after_backward()
    assert reads.count == 1
    assert logged.keys() == {"loss/total", "loss/spec", "loss/accel", "loss/nan_skip"}
    assert all(value.device.type == "cpu" for value in logged.values()), "a number that is sent is waited for"
    assert float(logged["loss/total"]) == pytest.approx(float(logged["loss/spec"] + logged["loss/accel"]), rel=1e-6)


@pytest.mark.parametrize(
    ("values", "finite"),
    [([3e38, -3e38], True), ([0.0, -0.0], True), ([1.0, INF], False), ([-INF, 1.0], False), ([NAN, 1.0], False)],
)
def test_finite_or_nan_of_all_gradients(values: list[float], finite: bool) -> None:
    many = [torch.full((2, 3), 3e38), torch.tensor(values), torch.tensor(1e-45)]
    assert float(finite_or_nan(many)) == 0 if finite else math.isnan(finite_or_nan(many))
    assert read_update({"total": torch.tensor(0.5)}, many) == ({"total": 0.5}, finite)


def test_an_update_without_gradients_is_finite() -> None:
    values, finite = read_update({"total": torch.tensor(2.0), "a": torch.tensor(NAN)}, [])
    assert values["total"] == 2.0
    assert math.isnan(values["a"])
    assert finite


class _OneByOne(OuroborosModule):
    """The slow twin: every term and every gradient is read by itself."""

    def on_after_backward(self) -> None:
        gradients = [p.grad for p in self.parameters() if p.grad is not None]
        finite = bool(torch.isfinite(self._parts["total"])) and all(bool(g.isfinite().all()) for g in gradients)
        for name, value in self._parts.items():
            if math.isfinite(value := float(value)):
                self.log(f"loss/{name}", value, on_step=False, on_epoch=True, batch_size=self._items)
        if not finite:
            for parameter in self.parameters():
                parameter.grad = None
        self.log("loss/nan_skip", float(not finite), on_step=False, on_epoch=True, reduce_fx="sum", batch_size=1)


def test_weights_and_losses_are_those_of_the_slow_twin() -> None:
    fast = module({"spec": MultiResolutionStft([[32, 8]]), "accel": AccelerationError(1.0)})
    slow = module({"spec": MultiResolutionStft([[32, 8]]), "accel": AccelerationError(1.0)})
    slow.__class__ = _OneByOne
    metrics = [fit(trained, 2, 3).callback_metrics for trained in (fast, slow)]
    assert all(torch.equal(a, b) for a, b in zip(fast.parameters(), slow.parameters()))
    assert {k: float(v) for k, v in metrics[0].items()} == {k: float(v) for k, v in metrics[1].items()}


@pytest.mark.parametrize(("device", "pinned"), [("cuda", True), ("cpu", False)])
def test_batches_are_pinned_for_cuda(device: str, pinned: bool) -> None:
    counts = SimpleNamespace(draw=lambda *_: [0], counts=lambda _: {Category.MID: 1})
    data = SongDataModule(root=".", sampler=counts, seed=0)
    data.corpus, data.pools = (
        SimpleNamespace(recordings={}),
        SimpleNamespace(segments=[], sizes=lambda: {Category.MID: 1}),
    )
    data.trainer = SimpleNamespace(strategy=SimpleNamespace(root_device=torch.device(device)), current_epoch=0)
    assert data.train_dataloader().pin_memory is pinned


def test_the_sound_moves_without_waiting_and_the_rest_stays() -> None:
    class Recorder:
        def to(self, device: torch.device, non_blocking: bool = False) -> tuple[torch.device, bool]:
            return device, non_blocking

    category, onset = torch.tensor([0]), torch.tensor([40])
    cuda = torch.device("cuda")
    trained = module({"accel": AccelerationError(1.0)})
    moved = trained.transfer_batch_to_device(Batch(Recorder(), Recorder(), Recorder(), category, onset), cuda, 0)
    assert (moved.x, moved.dx, moved.d2x) == ((cuda, True),) * 3
    assert moved.category is category
    assert moved.onset is onset


def test_the_range_of_pitch_is_read_once_after_every_change() -> None:
    analyser = Analyser(sample_rate=44100, pitch_range_hz=(500.0, 1000.0))
    x = torch.zeros(1, 2000)
    with Reads("tolist") as reads:
        analyser(x, 100)
        analyser(x, 100)
    assert reads.count == 1
    other = Analyser(sample_rate=44100, pitch_range_hz=(600.0, 2000.0))
    analyser.load_state_dict(other.state_dict())
    with Reads("tolist") as reads:
        assert analyser.pitch_range() == PitchRange(600.0, 2000.0)
        assert reads.count == 1
        assert analyser.pitch_range() == PitchRange(600.0, 2000.0)
        assert reads.count == 1
    analyser.range_hz = torch.tensor([700.0, 900.0])
    assert analyser.pitch_range() == PitchRange(700.0, 900.0)


def test_windows_of_drives_are_the_same_wherever_their_starts_lie() -> None:
    knots = torch.arange(24.0).reshape(2, 12)
    drives = Drives(knots, knots, knots[..., None, None], hop=4)
    cut = drives.window(torch.tensor([4, 12]), 9)
    assert cut.gamma.tolist() == [[1.0, 2.0, 3.0], [15.0, 16.0, 17.0]]
    with pytest.raises(ValueError, match=r"windows from \[4, 6\]: drives of hop 4"):
        drives.window(torch.tensor([4, 6]), 9)
    with pytest.raises(ValueError, match=r"windows of 9 samples from \[4, 40\] leave drives of 45 samples"):
        drives.window(torch.tensor([4, 40]), 9)
