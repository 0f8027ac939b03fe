"""What a part lacks is said in one line that names the key, the class and what to add."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from torch import nn

from syrinx_lab.contracts import fulfilling
from syrinx_lab.data.sampler import EdgeBiasedSampler, SegmentSampler, UniformSampler
from syrinx_lab.ode.noise import Noise, NoNoise
from syrinx_lab.ode.noise.filtered import FilteredNoise
from syrinx_lab.ode.tract import NoTract, Tract
from syrinx_lab.training.schedules import ConstHorizon, HorizonSchedule


class Forgetful:
    def counts(self, pools: object) -> dict:
        return {}

    def draw(self, pools: object, epoch: int) -> list[int]:
        return []


class Module(nn.Module):
    channels, reach = 0, 0

    def forward(self, source: object, controls: object, hop: int, more: object = None) -> object:
        return source


def test_the_labs_own_parts_keep_their_contracts() -> None:
    for sampler in (EdgeBiasedSampler(), UniformSampler()):
        assert fulfilling(sampler, SegmentSampler, "sampler") is sampler
    for noise in (NoNoise(), FilteredNoise(sample_rate=44100)):
        assert fulfilling(noise, Noise, "noise") is noise
    tract, horizon = NoTract(), ConstHorizon(512)
    assert fulfilling(tract, Tract, "tract") is tract
    assert fulfilling(horizon, HorizonSchedule, "horizon") is horizon


def test_what_is_missing_is_said_with_its_arguments() -> None:
    where = "see syrinx_lab.data.sampler.SegmentSampler"
    said = f"sampler is a Forgetful, whose draw cannot be called as draw(pools, epoch, seed): {where}"
    with pytest.raises(ValueError) as error:
        fulfilling(Forgetful(), SegmentSampler, "sampler")
    assert str(error.value) == said
    Whole = type("Whole", (Forgetful,), {"draw": lambda self, pools, epoch, seed, more=1: []})
    with pytest.raises(ValueError, match=r"sampler is a Whole, which has no notes\(pools\): see"):
        fulfilling(Whole(), SegmentSampler, "sampler")
    Whole.notes = lambda self, *pools: ()
    assert fulfilling(Whole(), SegmentSampler, "sampler")
    with pytest.raises(ValueError, match="horizon is a SimpleNamespace, which has no bucketed: see"):
        fulfilling(SimpleNamespace(max=5), HorizonSchedule, "horizon")


def test_attributes_and_the_call_of_a_module_count() -> None:
    assert fulfilling(Module(), Tract, "tract")
    with pytest.raises(ValueError, match=r"noise is a Module, which has no background\(excitation\): see"):
        fulfilling(Module(), Noise, "noise")
    bare = SimpleNamespace(channels=0, reach=0)
    with pytest.raises(ValueError, match=r"which has no __call__\(source, controls, hop\)"):
        fulfilling(bare, Tract, "tract")


def test_a_module_is_called_through_its_forward() -> None:
    alone = type("Alone", (Module,), {"forward": lambda self, source: source})()
    with pytest.raises(ValueError, match=r"tract is a Alone, whose forward cannot be called as forward\(source, contr"):
        fulfilling(alone, Tract, "tract")
    none = type("None_", (nn.Module,), {"channels": 0, "reach": 0})()
    with pytest.raises(ValueError, match=r"tract is a None_, which has no forward\(source, controls, hop\)"):
        fulfilling(none, Tract, "tract")
