"""Every file of conf/ and sweeps/ composes, and what it describes can be built."""

from __future__ import annotations

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf

from syrinx_lab.assembly import (
    build_datamodule,
    build_horizon,
    build_model,
    build_module,
    build_objective,
    build_search,
)
from syrinx_lab.cli import check, config_directory, sweeps_directory
from syrinx_lab.data.corpus_settings import CorpusSettings
from syrinx_lab.data.segments import WindowSettings
from syrinx_lab.data.splits import SplitSettings
from syrinx_lab.data.vocalisations import ClipSettings
from syrinx_lab.instantiation import build, plain

CONF = config_directory()
GROUPS = sorted(path.name for path in CONF.iterdir() if path.is_dir() and path.name not in ("hydra", "system"))
CHOICES = [(group, path.stem) for group in GROUPS for path in sorted((CONF / group).glob("*.yaml"))]
SWEEPS = sorted(path.stem for path in sweeps_directory().glob("*.yaml"))


def composed(*overrides: str, name: str = "config") -> DictConfig:
    with initialize_config_dir(version_base="1.3", config_dir=str(CONF)):
        return compose(name, overrides=list(overrides))


def test_groups_are_those_of_the_house() -> None:
    assert set(GROUPS) == {
        *("data", "encoder", "oscillator", "tract", "loss", "rollout", "sampler", "horizon", "backend", "optim"),
        *("trainer", "callbacks", "logger", "search", "checkpoint", "experiment", "debug", "eval", "noise", "controls"),
        *("arm", "ear", "segmenter", "birds", "model"),
    }


@pytest.mark.parametrize(("group", "choice"), CHOICES, ids=lambda value: value)
def test_every_choice_composes_and_builds(group: str, choice: str, tmp_path) -> None:
    more = ["loss=spectral_song"] if choice.startswith(("syrinx", "cycle")) else []  # its state is hidden
    if group == "oscillator" and choice in ("shplrnn", "al_rnn", "linear_recurrence", "pulses"):
        more = ["loss=spectral_song"]  # no acceleration
    if choice == "whitened":  # it follows the pitch
        more = ["oscillator=syrinx", "loss=spectral_song"]
    cfg = composed(f"{group}={choice}", *more, "data.root=song", f"paths.outputs={tmp_path}")
    assert all(name in cfg for name in ("seed", "n_epochs", "data", "loss"))
    check(cfg)
    config = plain(cfg)
    if group not in ("experiment", "debug", "arm", "model", "trainer", "callbacks", "eval", "optim"):
        named = "rule" if group == "checkpoint" else "name"
        assert config[group][named] == choice, "a YAML's stem is its name"
    build_datamodule(cfg)
    model, objective, horizon = build_model(cfg), build_objective(cfg), build_horizon(cfg)
    module = build_module(cfg, model, objective, horizon)
    module.configure_optimizers()
    assert all(build(node) is not None for node in cfg.callbacks.values())
    assert horizon(cfg.n_epochs - 1, cfg.n_epochs) == horizon.max
    assert not list(tmp_path.iterdir()), "building writes nothing"


def test_the_settings_of_the_data_are_the_keys_with_their_defaults() -> None:
    data = build_datamodule(composed("data=folder", "data.root=song"))
    assert data.reading == CorpusSettings(silence_labels=[*CorpusSettings.silence_labels])
    assert (data.cutting, data.splitting, data.held_out) == (WindowSettings(), SplitSettings(), ClipSettings())
    assert (data.root, data.batch_size, data.num_workers, data.synthetic) == ("song", 8, 0, None)


def test_every_setting_of_the_data_arrives() -> None:
    overrides = ["sample_rate=22050", "label=[b,a]", "scale_to=0.2", "context_s=0.06", "window_edges=mirrored"]
    clips = ["eval.val_count=3", "eval.mid_start_ms=40", "eval.renditions_per_clip=2"]
    cfg = composed("data.root=song", *(f"data.{one}" for one in overrides), "data.split_seed=7", *clips)
    data = build_datamodule(cfg)
    assert (data.reading.sample_rate, data.reading.labels, data.reading.scale_to) == (22050, ["a", "b"], 0.2)
    assert (data.cutting.context_s, data.cutting.mirrored, data.splitting.split_seed) == (0.06, True, 7)
    assert data.held_out == ClipSettings(val_count=3, mid_start_ms=40, renditions_per_clip=2)


def test_a_stored_configuration_without_a_setting_is_refused_in_a_line() -> None:
    cfg = composed("data.root=song")
    del cfg.eval.mid_samples
    with pytest.raises(ValueError, match=r"^eval\.mid_samples is not set: this configuration is of another version"):
        build_datamodule(cfg)


@pytest.mark.parametrize("sweep", SWEEPS)
def test_every_sweep_composes(sweep: str) -> None:
    path = sweeps_directory() / f"{sweep}.yaml"
    params = OmegaConf.load(path).hydra.sweeper.params
    parser = OverridesParser.create()
    overrides = [parser.parse_override(f"{key}={values}") for key, values in params.items()]
    swept = [override for override in overrides if override.is_sweep_override()]
    assert {override.key_or_group for override in swept} > {"seed"} or sweep == "seeds"
    for override in overrides:
        values = list(override.sweep_string_iterator()) if override in swept else [override.get_value_string()]
        for value in values:
            composed(f"{override.key_or_group}={value}")
    question = path.read_text().splitlines()[1]
    assert question.startswith("# ")
    assert "?" in question


def test_published_defaults_hold() -> None:
    config = plain(composed())
    data, oscillator, encoder, loss = (config[name] for name in ("data", "oscillator", "encoder", "loss"))
    assert (data["context_s"], data["edge_ms"], data["batch_size"]) == (0.05, 10.0, 8)
    assert (data["silence_prefix_ms"], data["silence_suffix_ms"]) == (25.0, 25.0)
    assert (data["val_fraction"], data["test_fraction"]) == (0.1, 0.1)
    assert config["sampler"]["max_segments"] == 6000
    assert config["sampler"]["ratios"] == [0.4, 0.4, 0.2]
    assert (oscillator["degree"], oscillator["keep_const"], oscillator["drive_lowpass_ms"]) == (15, True, 1.0)
    assert (encoder["n_layers"], encoder["d_state"], encoder["d_conv"], encoder["expand"]) == (3, 4, 4, 10)
    terms = loss["terms"]
    assert {name: terms[name]["weight"] for name in terms if terms[name]["weight"]} == {"spec": 1, "accel": 1}
    assert [terms[name]["warmup_epochs"] for name in ("spec", "accel", "env", "env_log")] == [5, 0, 5, 5]
    assert (config["rollout"]["ic_noise_rms"], loss["lam"]) == (1e-3, 1.068)
    assert (config["horizon"]["min"], config["horizon"]["max"]) == (512, 2048)
    assert (config["optim"]["optimizer"]["lr"], config["optim"]["grad_clip"]) == (1e-3, 5.0)
    assert (config["n_epochs"], config["seed"]) == (50, 1234)
    assert config["trainer"]["save_every"] == 5
    assert [config["eval"][k] for k in ("val_count", "test_count", "lead_in")] == [8, 8, 2000]
    assert config["logger"]["mode"] == "offline"


@pytest.mark.parametrize("override", ["loss.terms.spek.weight=1", "nonsense=1", "loss=nonsense", "data.sampel_rate=1"])
def test_unknown_keys_and_choices_fail(override: str) -> None:
    with pytest.raises(HydraException):
        composed(override)


def test_a_missing_root_is_named() -> None:
    with pytest.raises(ValueError, match=r"data\.root is not set"):
        plain(composed("data=folder"))


def test_every_default_has_a_comment() -> None:
    for path in CONF.rglob("*.yaml"):
        lines = path.read_text().splitlines()
        assert lines[0].startswith("#"), f"{path.name} begins with a comment that says what it is"
        assert any(not line.startswith("# @package") for line in lines if line.startswith("#")), path.name


@pytest.mark.parametrize(("recipe", "rungs"), [("zebra_finch", [(3, 2), (6, 1)]), ("synthetic_demo", [(3, 2), (6, 1)])])
def test_the_choice_of_a_checkpoint_leaves_the_search_as_it_is(recipe: str, rungs: list[tuple[int, int]]) -> None:
    cfg = composed(f"experiment={recipe}", "data.root=song")
    assert (cfg.checkpoint.rule, cfg.checkpoint.metric, cfg.search.name) == ("best", "tf_corr", "cull_resume")
    assert [(rung.epochs, rung.keep) for rung in build_search(cfg).planned(cfg.n_epochs, 4)] == rungs


def test_what_is_no_search_is_refused() -> None:
    cfg = composed("search._target_=syrinx_lab.runs.rungs.Rung", "~search.cull_frac", "~search.cull_keep",
                   "+search.epochs=1", "+search.keep=1")  # fmt: skip
    with pytest.raises(ValueError, match=r"^search\._target_ is syrinx_lab\.runs\.rungs\.Rung: derive it from "):
        build_search(cfg)


def test_an_oscillator_without_the_keys_of_the_model_is_refused() -> None:
    cfg = composed()
    OmegaConf.set_struct(cfg, False)
    del cfg.oscillator["knots_per_second"]
    with pytest.raises(
        ValueError, match=r"^oscillator\.knots_per_second is not set: an oscillator's YAML holds keys of the whole"
    ):
        build_model(cfg)
