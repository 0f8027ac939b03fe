"""The console commands `syrinx-train`, `syrinx-evaluate`, ...: help is answered before a command's imports."""

from __future__ import annotations

import importlib

from .cli import answer_early


def _run(command: str, config_name: str | None = None) -> None:
    answer_early(config_name or command)
    importlib.import_module(f"{__package__}.{command}").main()


def train() -> None:
    """As `python -m syrinx_lab.train`."""
    _run("train", "config")


def evaluate() -> None:
    """As `python -m syrinx_lab.evaluate`."""
    _run("evaluate")


def rate() -> None:
    """As `python -m syrinx_lab.rate`."""
    _run("rate")


def check_data() -> None:
    """As `python -m syrinx_lab.check_data`."""
    _run("check_data")


def bench() -> None:
    """As `python -m syrinx_lab.bench`."""
    _run("bench")


def watch() -> None:
    """As `python -m syrinx_lab.watch`."""
    _run("watch")


def dashboard() -> None:
    """As `python -m syrinx_lab.dashboard`."""
    _run("dashboard")


def report() -> None:
    """As `python -m syrinx_lab.report`."""
    _run("report")


def rivals() -> None:
    """As `python -m syrinx_lab.rivals`."""
    _run("rivals.__main__", "rivals")


def blind_spots() -> None:
    """As `python -m syrinx_lab.blind_spots`."""
    _run("blind_spots")


def synthesize() -> None:
    """As `python -m syrinx_lab.synthesize`."""
    answer_early("synthesize")
    importlib.import_module(f"{__package__}.synthesis.compile_ahead").compile_ahead()
    _run("synthesize")


def probe() -> None:
    """As `python -m syrinx_lab.probe`."""
    _run("probe")


def reconstruct() -> None:
    """As `python -m syrinx_lab.reconstruct`."""
    _run("reconstruct")


def segment() -> None:
    """As `python -m syrinx_lab.segment`."""
    _run("segment")


def dynamics() -> None:
    """As `python -m syrinx_lab.dynamics`."""
    _run("dynamics.__main__", "dynamics")


def gradients() -> None:
    """As `python -m syrinx_lab.gradients`."""
    _run("gradients.__main__", "gradients")


def pack_voice() -> None:
    """As `python -m syrinx_lab.pack_voice`."""
    _run("pack_voice")


def hear() -> None:
    """As `python -m syrinx_lab.hear`."""
    _run("hear")
