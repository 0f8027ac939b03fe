"""Suite `curves`: how the rollout with its gradient grows with horizon, batch, degree and hop."""

from __future__ import annotations

from collections.abc import Iterator

from .backends import contender, running_backends
from .race import Bench, race
from .row import Row
from .singing import compose_song

SUITE = "curves"
BATCH, HORIZON, DEGREE = 8, 2048, 15
HORIZONS = tuple(2**k for k in range(8, 16))  # 256 to 32,768
BATCHES = tuple(2**k for k in range(9))  # 1 to 256
DEGREES = (1, 2, 3, 5, 7, 9, 11, 13, 15)
HOPS = (1, 8, 32, 128)


def curve_rows(bench: Bench, *, backend: str, longest: int = HORIZONS[-1], widest: int = BATCHES[-1]) -> Iterator[Row]:
    """Five curves of one backend, the points of each interleaved; `longest` and `widest` cut them short."""
    horizons = [horizon for horizon in HORIZONS if horizon <= longest]
    batches = [batch for batch in BATCHES if batch <= widest]
    base = min(HORIZON, longest)
    curves = [
        [(BATCH, horizon, DEGREE, 1) for horizon in horizons],
        [(BATCH, horizon, 3, 1) for horizon in horizons],
        [(batch, base, DEGREE, 1) for batch in batches],
        [(BATCH, base, degree, 1) for degree in DEGREES],
        [(BATCH, base, DEGREE, hop) for hop in HOPS],
    ]
    seen: set[tuple[int, int, int, int]] = set()
    for curve in curves:
        fresh = [sizes for sizes in curve if sizes not in seen]
        seen.update(fresh)
        songs = [compose_song(*sizes, device=bench.device, dtype=bench.dtype) for sizes in fresh]
        if not songs or not running_backends(songs[0], bench, (backend,)):
            continue
        yield from race([contender(SUITE, backend, song, backward=True, bench=bench) for song in songs], bench)
