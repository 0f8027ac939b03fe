"""A known system from outside: one class, one YAML file."""

from __future__ import annotations

from pathlib import Path

import pytest
from forks import Forks

from syrinx_lab.dynamics.system_atlas import check_system, system_atlas, system_facts

HERE = Path(__file__).resolve().parent
FIRST = f"import sys; sys.path.insert(0, {str(HERE)!r})"


def test_a_strangers_system_has_an_atlas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(HERE))
    from stranger_lab.system import Duffing

    system = check_system(Duffing(damping=0.25))
    facts = dict(system_facts(system))
    assert facts["fixed points"] == "x = -1, stable focus; x = 0, saddle; x = 1, stable focus"
    assert facts["cycles"] == "silent: orbits come to rest at a stable focus"
    atlas = system_atlas(system, name="duffing", stem="duffing", moments=4)
    assert atlas.map is not None
    assert atlas.map.names == ("stiffness", "gamma")
    assert not atlas.remarks


def test_a_number_that_cannot_be_is_one_line(forks: Forks, tmp_path: Path) -> None:
    own = ("--config-dir", str(HERE / "conf"), "system=duffing", "system.damping=inf", f"out={tmp_path}")
    done = forks.completed(tmp_path, "dynamics.__main__", *own, first=FIRST)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "system.damping is inf: use a number" in line
