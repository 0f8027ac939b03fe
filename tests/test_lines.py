"""What is wrong reaches the user as a line, whoever says it."""

from __future__ import annotations

import re

import pytest
from hydra import compose, initialize_config_dir
from hydra.errors import HydraException

from syrinx_lab import cli


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("backend=foo", r"Available options in 'backend': auto compile cudagraph eager fused scan$"),
        ("optim.zq=1", r"Could not override 'optim\.zq'\. --cfg job prints the keys that there are; .*\+optim\.zq=1$"),
    ],
)
def test_what_hydra_does_not_know_is_a_line_with_what_there_is(override: str, said: str) -> None:
    with (
        initialize_config_dir(version_base="1.3", config_dir=str(cli.config_directory())),
        pytest.raises(HydraException) as caught,
    ):
        compose("config", overrides=[override])
    assert re.search(said, cli.one_line(caught.value)), cli.one_line(caught.value)


def test_a_warning_of_the_lab_is_a_line_and_others_stay_as_they_are() -> None:
    ours = cli.as_line(UserWarning("not in\nthe registry"), UserWarning, str(cli.PACKAGE / "fit.py"), 161)
    assert ours == "warning: not in the registry\n"
    foreign = cli.as_line(UserWarning("old"), UserWarning, "elsewhere.py", 3)
    assert foreign.startswith("elsewhere.py:3: UserWarning: old")
