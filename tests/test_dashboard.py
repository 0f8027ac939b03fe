"""The workspace: a condition a line and seeds averaged, every name a logged one, and no network unless it is saved."""

from __future__ import annotations

import copy
import json
import socket
from pathlib import Path
from typing import Any

import pytest
import wandb
from hydra import compose, initialize_config_dir
from wandb_workspaces.workspaces import internal

from syrinx_lab.cli import config_directory
from syrinx_lab.dashboard import configured_terms, dashboard
from syrinx_lab.metrics.facts import METRICS
from syrinx_lab.workspace.checking import check_references, checked_spec, panels
from syrinx_lab.workspace.definition import build_workspace
from syrinx_lab.workspace.logged_names import LoggedNames, logged_names


@pytest.fixture(autouse=True)
def no_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nobody is logged in."""
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "no-netrc"))
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")
    wandb.teardown()


@pytest.fixture(scope="module")
def names() -> LoggedNames:
    return logged_names(configured_terms())


@pytest.fixture(scope="module")
def spec(names: LoggedNames) -> dict[str, Any]:
    return checked_spec(build_workspace(names, group="question"), names)


def run(*overrides: str) -> None:
    with initialize_config_dir(version_base="1.3", config_dir=str(config_directory())):
        cfg = compose("dashboard", overrides=list(overrides))
    dashboard(cfg)


def curves(spec: dict[str, Any], section: str) -> list[str]:
    return [name for where, panel in panels(spec) if where == section for name in panel["config"].get("metrics", ())]


def test_the_names_are_those_of_the_code(names: LoggedNames) -> None:
    assert {"loss/total", "loss/spec", "loss/accel", "loss/env", "loss/env_log", "loss/weights"} <= set(names.losses)
    assert {"train/horizon", "train/lam_spec", "train/lam_env", "train/lam_env_log", "train/lam_ltas"} <= set(
        names.curriculum
    )
    metrics = set(METRICS)
    rescaled = {f"rescaled_{metric}" for metric in metrics - {"accel_r2", "numbers_per_second"}}
    assert set(names.val) == {f"val/{metric}" for metric in metrics | rescaled}
    assert {f"eval/test/{metric}" for metric in metrics | rescaled} < set(names.scores)


def test_metrics_from_outside_get_panels_where_they_are_named() -> None:
    names = logged_names(["spec"], outside=["distance"])
    assert {"val/distance", "val/rescaled_distance"} <= set(names.val)
    assert "eval/test/distance" in names.scores
    assert "distance" not in " ".join(logged_names(["spec"]).val)


def test_the_sections(spec: dict[str, Any], names: LoggedNames) -> None:
    assert curves(spec, "Losses") == list(names.losses)
    assert curves(spec, "Scores on val")[:3] == ["val/tf_corr", "val/autonomy", "val/bounded_frac"]
    assert set(curves(spec, "Horizon and warm-ups")) > {"train/horizon", "train/lam_spec", "train/lr"}
    assert {name.split("/")[1] for name in curves(spec, "Scores on test")} == {"test"}
    assert {name.split("/")[1] for name in curves(spec, "Scores at the rungs")} == {"val"}
    shown = {name for where, panel in panels(spec) for name in panel["config"].get("mediaKeys", ())}
    assert shown == {
        f"{prefix}/{kind}" for prefix in ("val", "eval/val", "eval/test") for kind in ("audio", "spectrogram")
    }


def test_seeds_are_averaged_over_epochs_with_their_range(spec: dict[str, Any]) -> None:
    grouped = [panel["config"] for _, panel in panels(spec) if "metrics" in panel["config"]]
    assert len(grouped) > 60
    for config in grouped:
        assert config["groupBy"].startswith("loss_mode")
        assert (config["groupAgg"], config["groupArea"], config["aggregate"]) == ("mean", "minmax", True)
        assert config["limit"] >= 100, "W&B's own limit would leave seeds out of the mean"
        assert config.get("xAxis", "epoch") == "epoch"
    settings = [section["localPanelSettings"] for section in spec["section"]["panelBankConfig"]["sections"]]
    assert {one["xAxis"] for one in (*settings, spec["section"]["settings"])} == {"epoch"}
    assert {one["smoothingType"] for one in (*settings, spec["section"]["settings"])} == {"none"}


def test_a_sweep_is_shown_by_its_group(spec: dict[str, Any]) -> None:
    (condition,) = spec["section"]["runSets"][0]["filters"]["filters"]
    assert condition["key"] == {"section": "run", "name": "group"}
    assert (condition["op"], condition["value"]) == ("=", "question")


@pytest.mark.parametrize(
    ("key", "value"), [("metrics", ["val/tf_cor"]), ("mediaKeys", ["val/tf_corr"]), ("xAxis", "_step")]
)
def test_a_panel_of_what_nothing_logs_is_refused(
    key: str, value: Any, spec: dict[str, Any], names: LoggedNames
) -> None:
    broken = copy.deepcopy(spec)
    section, panel = next((where, p) for where, p in panels(broken) if key in p["config"])
    panel["config"][key] = value
    with pytest.raises(ValueError, match=section):
        check_references(broken, names)


def test_a_table_of_what_nothing_logs_is_refused(spec: dict[str, Any], names: LoggedNames) -> None:
    renamed = LoggedNames(**{**vars(names), "tables": ("eval/test/clips",)})
    with pytest.raises(ValueError, match="eval/test/vocalisations, which nothing logs"):
        check_references(spec, renamed)


def test_printing_asks_no_server(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(*where: Any) -> None:
        raise AssertionError(f"a connection to {where}")

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(internal, "execute_graphql", connect)
    monkeypatch.setattr(wandb, "login", connect)
    run("by=sampler")
    printed = json.loads(capsys.readouterr().out)
    internal.WorkspaceViewspec.model_validate(printed)
    assert {panel["config"]["groupBy"] for _, panel in panels(printed) if "metrics" in panel["config"]} == {
        "sampler.value"
    }


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["by=loss_modes"], "by is 'loss_modes'"),
        (["save=true"], "entity is not set"),
        (["save=true", "entity=lab", "project=null"], "project is not set"),
        (["save=true", "entity=lab"], "`wandb login`"),
    ],
)
def test_what_is_missing_is_said(overrides: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match=said):
        run(*overrides)
    assert capsys.readouterr().out == ""


def test_saving_sends_the_view_that_is_printed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[Any] = []

    def upsert(view: Any) -> dict[str, Any]:
        sent.append(view)
        return {"upsertView": {"view": {"name": "nw-abc-v", "id": "1"}}}

    monkeypatch.setattr(wandb, "login", lambda **how: True)
    monkeypatch.setattr(internal, "upsert_view2", upsert)
    monkeypatch.setattr("wandb_workspaces.workspaces.interface.Workspace.url", "https://wandb.ai/lab/birds?nw=abc")
    run("save=true", "entity=lab", "project=birds", "group=question")
    printed = capsys.readouterr()
    (view,) = sent
    assert (view.entity, view.project, view.display_name) == ("lab", "birds", "syrinx_lab: loss_mode in question")
    assert json.loads(view.spec.model_dump_json(by_alias=True, exclude_none=True)) == json.loads(printed.out)
    assert "https://wandb.ai/lab/birds?nw=abc" in printed.err


def test_a_server_that_is_out_of_reach_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(view: Any) -> None:
        raise wandb.errors.CommError("no route\nto host")

    monkeypatch.setattr(wandb, "login", lambda **how: True)
    monkeypatch.setattr(internal, "upsert_view2", refuse)
    with pytest.raises(ValueError, match=r"lab/syrinx_lab: no route to host"):
        run("save=true", "entity=lab")
