"""One measured case: a line of the benchmark's table and of its JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Row:
    """What one backend took for one case.

    suite, case, backend, device   what was measured; rows of one suite and case did the same work
    median_s, spread_s             median and interquartile range of the repeats, s
    repeats                        timed runs
    ratio_to_eager                 the reference's median over this one in the same process: above 1 is faster. The
                                   reference is backend eager (suite encoder: mambapy; suite step: eager with mambapy's
                                   scan); None where it was not run
    peak_bytes                     most memory held during the run, its inputs and gradients included; None where it
                                   cannot be measured
    stored_bytes                   the inputs (drives, or what an encoder reads) and, with a backward pass, their
                                   gradients: what no implementation does without
    floor_s, floor_bound           no run can be shorter, see `floor`, and which resource says so
    batch, horizon, degree, hop    sizes: items, samples, P (None without a polynomial), samples between knots
    dtype                          of every tensor
    """

    suite: str
    case: str
    backend: str
    device: str
    median_s: float
    spread_s: float
    ratio_to_eager: float | None
    peak_bytes: int | None
    floor_s: float
    floor_bound: str
    stored_bytes: int
    repeats: int
    batch: int
    horizon: int
    degree: int | None
    hop: int
    dtype: str

    def as_json(self) -> dict[str, Any]:
        """The row as plain containers."""
        return asdict(self)
