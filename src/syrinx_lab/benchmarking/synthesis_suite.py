"""Suite `synthesis`: one voice sung forward on one core, as playing a trained model back does."""

from __future__ import annotations

from collections.abc import Iterator

from .backends import contender, running_backends
from .race import Bench, race
from .row import Row
from .singing import compose_song
from .timing import threads

SUITE = "synthesis"
SAMPLE_RATE = 44_100  # Hz: a case of as many samples is a second of sound
DEGREE = 15
HOPS = (1, 32)


def synthesis_rows(bench: Bench, *, backend: str, horizon: int = SAMPLE_RATE) -> Iterator[Row]:
    """`horizon` samples of one item, at audio rate and at control rate, on one thread."""
    with threads(1):
        contenders = []
        for hop in HOPS:
            song = compose_song(1, horizon, DEGREE, hop, device=bench.device, dtype=bench.dtype)
            for name in running_backends(song, bench, (backend,)):
                contenders.append(contender(SUITE, name, song, backward=False, bench=bench))
        yield from race(contenders, bench) if contenders else []
