"""What a run says of itself, for those who show it beside others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .activity import UNDER_WAY, being_trained
from .directory import RunDirectory


def run_facts(run: RunDirectory | None) -> dict[str, Any]:
    """run (its folder), status, config, fingerprint, rows of its history and units of its losses, for `SeedResult`.

    run  None, or one whose folder is gone, says nothing: the result is empty
    A run that died without a word is "stopped". Raises ValueError with one line when a file in it is broken.
    """
    if run is None or not run.config_path.is_file():
        return {}
    state = run.state()
    status = state.get("status", "claimed")
    if status in UNDER_WAY and being_trained(run) is None:
        status = "stopped"
    return {
        "run": run.path,
        "status": status,
        "config": run.config(),
        "fingerprint": state.get("data_fingerprint"),
        "rows": run.history.read(),
        "units": run.units(),
    }


def counts_in_words(counts: Mapping[str, Mapping[str, Any]] | None) -> dict[str, str]:
    """Split -> `6 recordings, 24 vocalisations, windows 20 onset, 18 offset, 12 mid`, from a manifest's `counts`.

    counts  None, of a run from before they were stored, says nothing: the result is empty
    """
    said = {}
    for split, held in (counts or {}).items():
        parts = [f"{held['recordings']} recordings", f"{held['vocalisations']} vocalisations"]
        if "windows" in held:
            parts.append("windows " + ", ".join(f"{count} {name}" for name, count in held["windows"].items()))
        if "scored" in held:
            parts.append(f"{held['scored']} scored")
        said[split] = ", ".join(parts)
    return said
