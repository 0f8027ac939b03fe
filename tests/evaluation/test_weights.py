"""Weights come from our own checkpoints and from the published ones."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from syrinx_lab.encoders.samples import SamplesEncoder
from syrinx_lab.evaluation.weights import load_weights, read_checkpoint
from syrinx_lab.model import Ouroboros
from syrinx_lab.ode.polynomial import Polynomial
from syrinx_lab.ode.tract import NoTract


def model(degree: int = 3) -> Ouroboros:
    return Ouroboros(
        SamplesEncoder(degree=degree, n_layers=1, expand=2), Polynomial(sample_rate=44100, degree=degree), NoTract()
    )


def published(source: Ouroboros) -> dict[str, torch.Tensor]:
    """The names that the published code gives to the same parameters."""
    state = source.encoder.state_dict()
    renamed = {name.replace("weights_net.", "kernel.weights."): value for name, value in state.items()}
    return renamed | {"kernel.deg_exp": torch.zeros(4, 4)}


def test_a_published_checkpoint_gives_the_same_acceleration(tmp_path: Path) -> None:
    torch.manual_seed(0)
    theirs, ours = model(), model()
    path = tmp_path / "checkpoint_50.tar"
    torch.save({"ouroboros": published(theirs), "opt": {}, "tau": 1 / 44100}, path)
    x = 0.2 * torch.randn(2, 300)
    dx = torch.gradient(x, dim=1)[0]
    wanted = theirs.acceleration(x, dx, theirs(x, dx))
    assert not torch.allclose(ours.acceleration(x, dx, ours(x, dx)), wanted, atol=1e-3)
    load_weights(ours, path)
    assert torch.equal(ours.acceleration(x, dx, ours(x, dx)), wanted)


def test_another_degree_is_named(tmp_path: Path) -> None:
    path = tmp_path / "other.tar"
    torch.save({"ouroboros": published(model(degree=3))}, path)
    with pytest.raises(ValueError, match=r"another model: encoder\.weights_net\.\w+ is \(16"):
        load_weights(model(degree=2), path)


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"hello\nworld", b"PK\x03\x04 half a zip", b"RIFF"])
def test_what_is_no_checkpoint_is_said_in_one_line(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "epoch00001.ckpt"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="not a readable checkpoint") as error:
        read_checkpoint(path)
    assert "\n" not in str(error.value)
