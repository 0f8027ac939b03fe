"""How far seeds train, and how many go on."""

from __future__ import annotations

import pytest

from syrinx_lab.runs.rungs import AllToTheEnd, CullResume, Halving, Rung, Search


def pairs(rungs: list[Rung]) -> list[tuple[int, int]]:
    return [(rung.epochs, rung.keep) for rung in rungs]


def test_all_train_to_the_end() -> None:
    assert pairs(AllToTheEnd().rungs(50, 16)) == [(50, 1)]


@pytest.mark.parametrize(
    ("frac", "keep", "n_epochs", "seeds", "expected"),
    [
        (0.4, 2, 50, 4, [(20, 2), (50, 1)]),
        (0.4, 2, 16, 3, [(7, 2), (16, 1)]),  # 6.4 epochs: rounded up
        (0.28, 1, 25, 3, [(7, 1), (25, 1)]),  # 7.000000000000001 in floating point
        (0.4, 2, 50, 2, [(50, 1)]),  # nothing to cull
        (0.4, 1, 50, 1, [(50, 1)]),
        (1.0, 2, 50, 9, [(50, 1)]),
        (0.9, 2, 2, 9, [(2, 1)]),
        (0.4, 2, 1, 9, [(1, 1)]),
    ],
)
def test_cull_and_resume(frac: float, keep: int, n_epochs: int, seeds: int, expected: list[tuple[int, int]]) -> None:
    assert pairs(CullResume(frac, keep).rungs(n_epochs, seeds)) == expected


@pytest.mark.parametrize(
    ("eta", "n_epochs", "seeds", "expected"),
    [
        (2, 48, 8, [(6, 4), (12, 2), (24, 1), (48, 1)]),
        (3, 81, 10, [(9, 3), (27, 1), (81, 1)]),
        (2, 50, 5, [(13, 2), (25, 1), (50, 1)]),
        (2, 50, 1, [(50, 1)]),
        (3, 50, 2, [(50, 1)]),
        (2, 2, 8, [(1, 1), (2, 1)]),  # a quarter of an epoch, half of one and one: the last of them stands
        (2, 1, 8, [(1, 1)]),
    ],
)
def test_halving(eta: int, n_epochs: int, seeds: int, expected: list[tuple[int, int]]) -> None:
    assert pairs(Halving(eta).rungs(n_epochs, seeds)) == expected


def test_numbers_out_of_range_are_named() -> None:
    for frac in (0.0, 1.1, -1.0):
        with pytest.raises(ValueError, match=r"search\.cull_frac"):
            CullResume(cull_frac=frac)
    with pytest.raises(ValueError, match=r"search\.cull_keep is 0"):
        CullResume(cull_keep=0)
    with pytest.raises(ValueError, match=r"search\.eta is 1"):
        Halving(eta=1)


class Fixed(Search):
    """A search from outside the lab."""

    def __init__(self, rungs: list[tuple[int, int]]) -> None:
        self.fixed = [Rung(*rung) for rung in rungs]

    def rungs(self, n_epochs: int, n_seeds: int) -> list[Rung]:
        return self.fixed


def test_what_a_search_plans_is_looked_at() -> None:
    assert pairs(Fixed([(1, 3), (4, 2), (10, 1)]).planned(10, 4)) == [(1, 3), (4, 2), (10, 1)]
    for broken in ([], [(10, 2)], [(4, 2)], [(4, 2), (4, 1), (10, 1)], [(6, 3), (4, 2), (10, 1)], [(0, 2), (10, 1)],
                   [(4, 0), (10, 1)], [(4, 2), (11, 1)]):  # fmt: skip
        with pytest.raises(ValueError, match=r"^the rungs \(epochs, keep\) of search Fixed are .* end with \(10, 1\)$"):
            Fixed(broken).planned(10, 4)


def test_a_search_without_rungs_cannot_be_made() -> None:
    class Nothing(Search):
        pass

    with pytest.raises(TypeError, match="rungs"):
        Nothing()  # type: ignore[abstract]
