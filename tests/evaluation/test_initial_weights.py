"""init_from takes weights only under the settings that they were trained with, whoever wrote the file."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from forks import Forks
from hydra import compose, initialize_config_dir
from mambapy.mamba import Mamba as PublicMamba
from mambapy.mamba import MambaConfig
from torch import Tensor, nn

from syrinx_lab.assembly import build_model
from syrinx_lab.cli import config_directory
from syrinx_lab.evaluation.initial_weights import start_from, trained_settings
from syrinx_lab.evaluation.weights import read_checkpoint
from syrinx_lab.instantiation import plain
from syrinx_lab.model import Ouroboros

SMALL = ("encoder.n_layers=1", "encoder.expand=2", "oscillator.degree=3", "data.root=song")
RATE = 44100


def write_published(path: Path, *, degree: int = 3, numpy: bool = False, **beside: Any) -> dict[str, Tensor]:
    """A file as the published code saves it; `beside` changes or, being None, leaves out what stands beside weights."""
    torch.manual_seed(3)
    config = MambaConfig(d_model=2, n_layers=1, d_state=4, d_conv=4, expand_factor=2)
    parts: dict[str, nn.Module] = {f"{name}_mamba": PublicMamba(config) for name in ("omega", "gamma", "kernel")}
    parts |= {"omega_net": nn.Linear(2, 1), "gamma_net": nn.Linear(2, 1)}
    parts["kernel.weights"] = nn.Linear(2, (degree + 1) ** 2)
    weights = {f"{part}.{name}": p.detach() for part, module in parts.items() for name, p in module.named_parameters()}
    optimizer = torch.optim.Adam(nn.ParameterList(nn.Parameter(w) for w in weights.values()), lr=1e-3)
    content: dict[str, Any] = {
        "ouroboros": weights,
        "opt": optimizer.state_dict(),
        "tau": 1 / RATE,
        "smooth_len": 0.001,
        "n_layers": 1,
        "d_state": 4,
        "d_conv": 4,
        "expand_factor": 2,
        "parameterization": "poly",
        "drive_lowpass_ms": 1.0,
        "keep_const": True,
        "n_kernel": degree,
    } | beside
    content = {name: value for name, value in content.items() if value is not None}
    if numpy:  # as a sample rate or a step that numpy had a hand in leaves them
        content["tau"] = np.float64(content["tau"])
        content["n_kernel"] = np.int64(degree)
        content["opt"]["param_groups"][0]["lr"] = np.float32(1e-3)
    torch.save(content, path)
    return weights


def composed(*overrides: str) -> tuple[Ouroboros, dict[str, Any]]:
    with initialize_config_dir(version_base="1.3", config_dir=str(config_directory())):
        cfg = compose("config", overrides=[*SMALL, *overrides])
    torch.manual_seed(0)
    return build_model(cfg), plain(cfg)


def published_acceleration(
    weights: dict[str, Tensor], x: Tensor, v: Tensor, *, keep_const: bool, sigma: float = 0.0
) -> Tensor:
    """-omega^2 x - gamma v - sum_ij w_ij x^i v^j of a published model, on mambapy; drives low-passed over `sigma`."""
    z = torch.stack([x, v], -1)
    read = {}
    for name in ("omega", "gamma", "kernel"):
        stack = PublicMamba(MambaConfig(d_model=2, n_layers=1, d_state=4, d_conv=4, expand_factor=2))
        prefix = f"{name}_mamba."
        stack.load_state_dict({k.removeprefix(prefix): p for k, p in weights.items() if k.startswith(prefix)})
        read[name] = stack(torch.cat([z.flip(1), z], 1))[:, x.shape[1] :]

    def head(name: str, of: str) -> Tensor:
        rows = read[of] @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]
        rows = rows.abs() if of == "omega" else rows
        if sigma == 0:
            return rows
        taps = np.exp(-0.5 * (np.arange(-round(3 * sigma), round(3 * sigma) + 1) / sigma) ** 2)
        ends = ((0, 0), (len(taps) // 2, len(taps) // 2), (0, 0))
        padded = np.pad(rows.detach().numpy(), ends, mode="reflect")
        return torch.from_numpy(np.apply_along_axis(np.convolve, 1, padded, taps / taps.sum(), "valid")).float()

    rows = head("kernel.weights", "kernel")
    side = round(rows.shape[-1] ** 0.5)
    total = -(head("omega_net", "omega")[..., 0] ** 2) * x - head("gamma_net", "gamma")[..., 0] * v
    for i in range(side):
        for j in range(side):
            if (i, j) not in ((1, 0), (0, 1)) and (keep_const or (i, j) != (0, 0)):
                total = total - rows[..., i * side + j] * x**i * v**j
    return total.detach()


@pytest.mark.parametrize("tau", [1 / RATE, np.float64(1 / RATE), np.array(1 / RATE), torch.tensor([1 / RATE])])
@pytest.mark.parametrize(("keep_const", "lowpass_ms"), [(False, 0.0), (True, 1.0)])
def test_a_published_file_that_fits_is_the_published_model(
    tau: Any, keep_const: bool, lowpass_ms: float, tmp_path: Path
) -> None:
    path = tmp_path / "checkpoint_50.tar"
    numpy = isinstance(tau, np.float64)
    weights = write_published(path, numpy=numpy, drive_lowpass_ms=lowpass_ms, keep_const=keep_const, tau=tau)
    if numpy:
        with pytest.raises(Exception, match="numpy"):
            torch.load(path, weights_only=True)
    model, config = composed(f"oscillator.drive_lowpass_ms={lowpass_ms}", f"oscillator.keep_const={keep_const}")
    start_from(model, config, path)
    x = 0.2 * torch.randn(1, 200)
    dx = torch.gradient(x, dim=1)[0]
    found = model.acceleration(x, dx, model(x, dx)).detach()
    wanted = published_acceleration(weights, x, dx, keep_const=keep_const, sigma=lowpass_ms * 1e-3 * RATE)
    assert (found - wanted).abs().max() < 1e-5 * wanted.abs().max()
    other = published_acceleration(weights, x, dx, keep_const=not keep_const, sigma=lowpass_ms * 1e-3 * RATE)
    assert (other - wanted).abs().max() > 0.02, "the row of the constant is random here, as an untrained one is"


@pytest.mark.parametrize(
    ("beside", "said"),
    [
        ({"keep_const": False}, ["oscillator.keep_const=false"]),
        ({"keep_const": None, "drive_lowpass_ms": None}, ["oscillator.keep_const=false", "drive_lowpass_ms=0.0"]),
        ({"drive_lowpass_ms": 2.5}, ["oscillator.drive_lowpass_ms=2.5"]),
        ({"tau": 1 / 40000}, ["oscillator.tau=2.5e-05", "data.sample_rate=40000"]),
        ({"tau": np.float64(1e-3)}, ["oscillator.tau=0.001"]),
        ({"degree": 5}, ["oscillator.degree=5"]),
        ({"n_layers": None}, ["encoder.n_layers=2"]),
    ],
)
def test_other_settings_are_refused_with_the_overrides_to_paste(
    beside: dict[str, Any], said: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "checkpoint_50.tar"
    write_published(path, **beside)
    model, config = composed()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with pytest.raises(ValueError, match="another model") as error:
        start_from(model, config, path)
    message = str(error.value)
    assert "\n" not in message
    assert all(word in message for word in said), message
    assert message.count("=") == len(said) + 2, f"nothing that agrees is asked for: {message}"
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_what_it_says_to_paste_is_taken(forks: Forks, tiny_song: Path, tmp_path: Path) -> None:
    write_published(tmp_path / "theirs.tar", keep_const=False, drive_lowpass_ms=0.0, numpy=True, tau=1 / 40000)
    arguments = ["debug=tiny", "data=folder", f"data.root={tiny_song}", "logger=none", "loss=mse_accel", "n_epochs=1"]
    arguments += ["init_from=theirs.tar", "run_dir=run", "eval.splits=[]", "callbacks.evaluation.eval_every=0"]
    refused = forks.completed(tmp_path, "train", *arguments)
    assert refused.returncode == 1
    assert not (tmp_path / "run").exists()
    assert "Traceback" not in refused.stderr
    paste = shlex.split(refused.stderr.split("; add ")[1].split(" (")[0])
    assert {key.split("=")[0] for key in paste} == {
        "oscillator.keep_const",
        "oscillator.drive_lowpass_ms",
        "oscillator.tau",
    }
    done = forks.completed(tmp_path, "train", *arguments, *paste)
    assert done.returncode == 0, done.stderr
    stored = trained_settings(tmp_path / "run" / "checkpoints" / "epoch00001.ckpt")
    assert (stored["oscillator.tau"], stored["oscillator.keep_const"]) == (2.5e-5, False)

    again = [*arguments, "init_from=run", "run_dir=next"]  # of our own, the same holds
    refused = forks.completed(tmp_path, "train", *again)
    assert refused.returncode == 1
    assert set(shlex.split(refused.stderr.split("; add ")[1].split(" (")[0])) == set(paste)
    assert forks.completed(tmp_path, "train", *again, *paste).returncode == 0


def test_another_encoder_or_a_physical_prior_is_named_by_its_choice(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint_50.tar"
    write_published(path)
    model, config = composed()
    frames = config | {"encoder": config["encoder"] | {"name": "frames"}}
    with pytest.raises(ValueError, match=r"add encoder=samples \(and leave out an exp"):
        start_from(model, frames, path)
    physical = config | {"oscillator": config["oscillator"] | {"name": "syrinx", "_target_": "x.Syrinx"}}
    with pytest.raises(ValueError, match=r"add oscillator=poly \("):
        start_from(model, physical, path)


def test_the_comparison_can_be_left_out(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint_50.tar"
    weights = write_published(path, keep_const=False)
    model, config = composed("init_settings=ignore")
    start_from(model, config, path)
    assert torch.equal(model.encoder.omega_net.weight, weights["omega_net.weight"])


@pytest.mark.parametrize(
    ("beside", "said"),
    [
        ({"parameterization": "arneodo"}, "parameterization arneodo, which this lab does not have"),
        ({"use_tract": True}, "use_tract"),
        ({"use_noise_branch": np.bool_(True)}, "use_noise_branch"),
        ({"use_envelope": torch.tensor(True)}, "use_envelope"),
        ({"alpha_lowpass_ms": 15.0}, "alpha_lowpass_ms"),
        ({"tau": -1.0}, "tau is -1.0"),
        ({"tau": None}, "tau is None"),
    ],
)
def test_a_model_that_this_lab_cannot_be_is_refused(beside: dict[str, Any], said: str, tmp_path: Path) -> None:
    path = tmp_path / "theirs.tar"
    write_published(path, **beside)
    with pytest.raises(ValueError, match=said) as error:
        trained_settings(path)
    assert str(error.value).startswith(str(path))


def test_what_could_run_code_is_not_unpickled_and_nobody_is_asked_to_delete_a_file(tmp_path: Path) -> None:
    path = tmp_path / "theirs.tar"
    torch.save({"ouroboros": {}, "kernel": nn.Linear(2, 2)}, path)
    with pytest.raises(ValueError, match=r"holds a torch\.nn\.modules\.linear\.Linear, which is not read") as error:
        read_checkpoint(path)
    assert "\n" not in str(error.value)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ValueError, match="not a readable checkpoint") as error:
        read_checkpoint(path)
    assert "delete" not in str(error.value)
    with pytest.raises(ValueError, match="delete it to go on from the one before"):
        read_checkpoint(path, resumed=True)


@pytest.mark.parametrize(
    "weights", ["none", {"kernel.weights.bias": [0.0]}, {"omega_net.bias": torch.tensor([np.nan])}]
)
def test_what_stands_where_weights_should_is_no_model(weights: Any, tmp_path: Path) -> None:
    path = tmp_path / "theirs.tar"
    published = write_published(path, drive_lowpass_ms=0.0, keep_const=False)
    content = torch.load(path, weights_only=True)
    torch.save(content | {"ouroboros": published | weights if "omega_net.bias" in weights else weights}, path)
    model, config = composed("oscillator.drive_lowpass_ms=0.0", "oscillator.keep_const=false")
    with pytest.raises(ValueError, match=r"theirs\.tar: its (ouroboros holds no|.*omega_net.bias is not finite)"):
        start_from(model, config, path)


def test_a_checkpoint_of_ours_without_a_configuration_is_taken_by_its_shapes(tmp_path: Path) -> None:
    model, config = composed()
    path = tmp_path / "epoch00001.ckpt"
    state = {f"model.{name}": value + 1 for name, value in model.state_dict().items()}
    torch.save({"state_dict": state}, path)
    start_from(model, config, path)
    assert torch.equal(model.encoder.gamma_net.bias, state["model.encoder.gamma_net.bias"])
    torch.save({"state_dict": state, "syrinx_lab_config": json.dumps(config | {"data": {"sample_rate": 22050}})}, path)
    with pytest.raises(ValueError, match=r"add data\.sample_rate=22050 \("):
        start_from(model, config, path)


def test_a_checkpoint_of_another_version_is_a_line(tmp_path: Path) -> None:
    path = tmp_path / "old.ckpt"
    _, config = composed()
    config["oscillator"].pop("_target_")
    torch.save({"state_dict": {}, "syrinx_lab_config": json.dumps(config)}, path)
    with pytest.raises(ValueError, match=r"old\.ckpt: its configuration has no _target_: it is of another version"):
        trained_settings(path)
