"""Sections and panels of the workspace: everything over epochs, a condition a line, seeds averaged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import wandb_workspaces.reports.v2 as wr
import wandb_workspaces.workspaces as ws

from ..metrics.facts import headline
from .logged_names import LoggedNames

EPOCH = "epoch"
_MOST_RUNS = 200  # W&B would average the first ten


def build_workspace(
    names: LoggedNames, *, entity: str = "", project: str = "", by: str = "loss_mode", group: str | None = None
) -> ws.Workspace:
    """The workspace as an object of wandb-workspaces; nothing is asked of a server.

    Args:
        names: what is logged.
        entity, project: where it will be saved; empty as long as it is only looked at.
        by: the key of the runs' configuration that makes a line; runs that agree in it are averaged.
        group: the W&B group, as a sweep's name, whose runs are shown; None: all.
    """
    sections = [
        _section("Losses", [_curve([name], by) for name in names.losses], open_=True),
        _section("Scores on val", [_curve([name], by) for name in _headline_first(names.val)], open_=True),
        _section("Horizon and warm-ups", [_curve([name], by) for name in (*names.curriculum, *names.progress)]),
        _section("Scores on test", _test_panels(names, by), open_=True),
        _section("Scores at the rungs", [_curve([name], by) for name in _of_split(names.scores, "val")]),
        _section("Listen and look", [_gallery(name) for pair in zip(names.audio, names.pictures) for name in pair]),
    ]
    return ws.Workspace(
        entity=entity,
        project=project,
        name=f"syrinx_lab: {by}" + (f" in {group}" if group else ""),
        sections=sections,
        settings=ws.WorkspaceSettings(x_axis=EPOCH, max_runs=_MOST_RUNS),
        runset_settings=ws.RunsetSettings(
            filters=[ws.Metric("Group") == group] if group else [],
            pinned_columns=[
                *dict.fromkeys((f"config:{by}", "config:loss_mode", "config:seed", "config:rung")),
                *(f"summary:val/{metric}" for metric in headline()),
            ],
        ),
    )


def _section(name: str, panels: Sequence[Any], open_: bool = False) -> ws.Section:
    settings = ws.SectionPanelSettings(x_axis=EPOCH)  # else a section's own default, W&B's step, would win
    return ws.Section(name=name, panels=list(panels), is_open=open_, panel_settings=settings)


def _curve(names: Sequence[str], by: str) -> wr.LinePlot:
    """Over epochs, the mean of the runs that agree in `by` and the range between their least and largest value."""
    return wr.LinePlot(
        title=", ".join(names),
        x=EPOCH,
        y=list(names),
        groupby=wr.Config(by),
        groupby_aggfunc="mean",
        groupby_rangefunc="minmax",
        max_runs_to_show=_MOST_RUNS,
    )


def _test_panels(names: LoggedNames, by: str) -> list[Any]:
    bars = [
        wr.BarPlot(
            title=name,
            metrics=[name],
            groupby=wr.Config(by),
            groupby_aggfunc="mean",
            groupby_rangefunc="minmax",
            max_runs_to_show=_MOST_RUNS,
        )
        for name in _of_split(names.scores, "test")
    ]
    return [*bars, *(wr.WeavePanelSummaryTable(table_name=name) for name in names.tables if "/test/" in name)]


def _of_split(scores: Iterable[str], split: str) -> list[str]:
    return _headline_first(name for name in scores if f"/{split}/" in name)


def _headline_first(names: Iterable[str]) -> list[str]:
    order = {metric: place for place, metric in enumerate(headline())}
    return sorted(names, key=lambda name: order.get(name.rpartition("/")[2], len(order)))


def _gallery(name: str) -> wr.MediaBrowser:
    return wr.MediaBrowser(title=name, media_keys=[name], num_columns=3)
