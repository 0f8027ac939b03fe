"""The contract of a rival: what a class lacks is one line, on construction."""

from __future__ import annotations

from typing import Any

import pytest

from syrinx_lab.rivals.rival import Rival, check_rival

WHOLE: dict[str, Any] = {
    "about": "the recording itself",
    "resynthesise": lambda self, clip, seed: clip.x,
    "numbers_per_second": property(lambda self: float(self.sample_rate)),
}


@pytest.mark.parametrize(
    ("lacking", "advice"),
    [
        ("about", r'Echo has no about: add the class attribute about = "'),
        (
            "resynthesise",
            r"Echo has no resynthesise: add the method resynthesise\(self, clip, seed\) -> samples",
        ),
        ("numbers_per_second", r"Echo has no numbers_per_second: add the property numbers_per_second -> float"),
    ],
)
def test_what_is_lacking_is_named_with_what_to_add(lacking: str, advice: str) -> None:
    made = type("Echo", (Rival,), {name: value for name, value in WHOLE.items() if name != lacking})
    with pytest.raises(ValueError, match=advice):
        made(sample_rate=8000)


def test_a_whole_one_is_taken_and_a_stranger_refused() -> None:
    echo = type("Echo", (Rival,), WHOLE)(sample_rate=8000)
    assert check_rival("rivals.echo", echo).numbers_per_second == 8000
    with pytest.raises(ValueError, match=r"rivals\.echo: builtins\.dict is no rival: derive it from "):
        check_rival("rivals.echo", {})
