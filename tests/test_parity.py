"""docs/parity.md against the configuration: keys, defaults, overrides, and the experiment that has them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from hydra import compose, initialize_config_dir

from syrinx_lab.cli import config_directory
from syrinx_lab.instantiation import plain

REPOSITORY = Path(__file__).resolve().parents[1]
HEAD = ["what", "published", "here", "as published", "why"]
GROUPS = {path.name for path in config_directory().iterdir() if path.is_dir()}


class Row(NamedTuple):
    base: tuple[str, ...]
    what: str
    published: str
    here: str
    wanted: str
    why: str


def rows() -> list[Row]:
    """The rows of every table; a heading names what its defaults are composed with."""
    found: list[Row] = []
    base: tuple[str, ...] = ()
    for line in (REPOSITORY / "docs" / "parity.md").read_text().splitlines():
        if line.startswith("## "):
            base = tuple(re.findall(r"`([^`]+)`", line))
        elif line.startswith("|") and not line.startswith("|---"):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            assert len(cells) == 5, line
            if cells != HEAD:
                found.append(Row(base, *cells))
    return found


def settings(cell: str) -> list[tuple[str, Any]]:
    """The `key=value` of a cell."""
    pairs = [text.split("=", 1) for text in re.findall(r"`([^`]+)`", cell)]
    return [(key, value if key in GROUPS else _number(yaml.safe_load(value))) for key, value in pairs]


def composed(*overrides: str) -> dict[str, Any]:
    name = next((text.removesuffix(".yaml") for text in overrides if text.endswith(".yaml")), "config")
    given = [text for text in overrides if not text.endswith(".yaml")]
    with initialize_config_dir(version_base="1.3", config_dir=str(config_directory())):
        return plain(compose(name, overrides=[*given, "data.root=song" if name == "config" else "run=there"]))


def value_of(config: dict[str, Any], key: str) -> Any:
    """The value of a dotted key, and the choice of a group."""
    if key in GROUPS:
        return config[key].get("name", "adam" if key == "optim" else None)
    node: Any = config
    for part in key.split("."):
        assert part in node, f"{key} is no key of the configuration"
        node = node[part]
    return _number(node)


def _number(value: Any) -> Any:
    if isinstance(value, list):
        return [_number(item) for item in value]
    if isinstance(value, str) and re.fullmatch(r"[\d.]+e-?\d+", value):  # YAML 1.1 takes 1e-3 for text
        return float(value)
    return value


@pytest.mark.parametrize("base", sorted({row.base for row in rows()}))
def test_our_keys_exist_and_have_the_stated_defaults(base: tuple[str, ...]) -> None:
    config = composed(*base)
    stated = [(row.what, *pair) for row in rows() if row.base == base for pair in settings(row.here)]
    assert stated
    for what, key, value in stated:
        assert value_of(config, key) == value, f"{what}: {key}"


def test_what_differs_can_be_had_as_published_or_says_why_not() -> None:
    for row in rows():
        assert row.what
        assert row.published
        if row.wanted == "the same":
            continue
        assert row.why, f"{row.what}: a difference has a reason"
        if row.wanted == "-":
            continue
        overrides = re.findall(r"`([^`]+)`", row.wanted)
        assert overrides, row.wanted
        config = composed(*row.base, *overrides)
        assert dict(settings(row.wanted)) != dict(settings(row.here)), f"{row.what} is the same"
        for key, value in settings(row.wanted):
            if key not in GROUPS or "name" in config[key]:
                assert value_of(config, key) == value, row.what


def test_the_experiment_takes_all_of_it() -> None:
    config = composed("experiment=published")
    missing = []
    for row in rows():
        if row.base or row.wanted == "-" or "speed" in row.why or "backend" in row.what:
            continue
        for key, value in settings(row.here if row.wanted == "the same" else row.wanted):
            if value_of(config, key) != value:
                missing.append((row.what, key, value_of(config, key), value))
    assert missing == []


def test_every_feature_that_was_published_is_listed() -> None:
    text = (REPOSITORY / "docs" / "parity.md").read_text()
    for feature in (
        *(
            "onset_lead_ms",
            "eval.start",
            "mirrored",
            "_cleaned.wav",
            "mid_start_ms",
            "adam_plateau",
            "experiment=refine",
        ),
        *(
            "pinned",
            "smoothing",
            "overlay",
            "rescaled",
            "counts of files",
            "autonomy_published",
            "terms.weights_sum",
        ),
    ):
        assert feature in text, feature
