"""Suite `rollout`: a free run and its gradient, by every backend that runs here, beside eager."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..ode.rollout import BACKENDS
from .backends import FAST, REFERENCE, contender, is_loop, running_backends
from .race import Bench, race
from .row import Row
from .singing import compose_song

SUITE = "rollout"
DEGREES = (1, 3, 15)
REFERENCE_DEGREES = (3, 15)  # where eager runs too, which takes seconds
GLANCE_DEGREE = 3  # the only one at which the other loops run on a CPU
CONTROL_HOP = 32


def rollout_rows(bench: Bench, *, batch: int, horizon: int, backends: Sequence[str] = BACKENDS) -> Iterator[Row]:
    """Degrees 1, 3 and 15 at audio rate and, by fused, at control rate (a knot every 32 samples)."""
    for degree in DEGREES:
        names = [name for name in backends if _worth_while(name, degree, bench)]
        yield from _one_degree(bench, names, batch, horizon, degree, hops=(1, CONTROL_HOP))


def rollout_case(
    bench: Bench,
    *,
    batch: int,
    horizon: int,
    degree: int,
    hops: Sequence[int],
    backends: Sequence[str] = BACKENDS,
) -> Iterator[Row]:
    """One case: by every backend that runs it at the first hop, and by fused and eager at the others."""
    yield from _one_degree(bench, backends, batch, horizon, degree, hops)


def _worth_while(name: str, degree: int, bench: Bench) -> bool:
    if not is_loop(name, bench.device):
        return True
    return degree in REFERENCE_DEGREES if name == REFERENCE else degree == GLANCE_DEGREE


def _one_degree(
    bench: Bench, names: Sequence[str], batch: int, horizon: int, degree: int, hops: Sequence[int]
) -> list[Row]:
    """All of them at the first hop, the fast one and the reference at the others, in one race."""
    contenders = []
    for hop in hops:
        song = compose_song(batch, horizon, degree, hop, device=bench.device, dtype=bench.dtype)
        wanted = names if hop == hops[0] else [name for name in names if name in (FAST, REFERENCE)]
        chosen = running_backends(song, bench, wanted)
        contenders += [contender(SUITE, name, song, backward=True, bench=bench) for name in chosen]
    return race(contenders, bench) if contenders else []
