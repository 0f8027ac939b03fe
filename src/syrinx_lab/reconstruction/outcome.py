"""How alike a system and its reconstruction are: the model let go, and every measure of what it then does."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..metrics.state_space_divergence import state_space_divergence
from ..runs.atomic import write_text_atomic
from .exponents import lyapunov_spectrum
from .models.model import Reconstruction
from .prediction import forecast
from .spectra import path_hellinger
from .systems.flow import Array, Flow

_EXPONENTS = 20_000  # steps
_SETTLING = 0.25  # of the path's length, before a free run counts


@dataclass(frozen=True)
class Outcome:
    """One model on one system.

    system, model, seed
    d_stsp      divergence of where the free run goes, nats; see `state_space_divergence`
    d_h         distance of its spectra; see `path_hellinger`
    valid_time  for how long it predicts, in the system's unit of time; see `forecast`
    pe_20       mean squared error after 20 steps
    lyapunov    its largest exponent per unit of time
    published   that of the system, NaN where none is
    sum_lyapunov  of its leading exponents, as many as the path has channels
    largest     of the free run, in standard deviations of the path
    seconds     of fitting
    """

    system: str
    model: str
    seed: int
    d_stsp: float
    d_h: float
    valid_time: float
    pe_20: float
    lyapunov: float
    published: float
    sum_lyapunov: float
    largest: float
    seconds: float


def reconstructed(
    system: Flow, model: Reconstruction, seed: int, *, samples: int, noise: float, names: tuple[str, str]
) -> tuple[Outcome, Array, Array]:
    """Fit a model to one path of a system and measure its free run against another.

    samples  of each path
    noise    standard deviation of what is added to the path that is fitted, of channels of unit variance
    names    of system and model
    Returns the outcome, the free run and the other path, both (samples, N) of unit variance.

    Both paths are scaled by the first one's mean and standard deviation. D_stsp is taken in 30 boxes along every axis
    that reach a tenth of a standard deviation beyond the path, as the published code does, and one more outside. The
    free run begins at the first sample of the other path; its first quarter of `samples` more is left out.
    """
    learned, other = (system.path(samples, 2 * seed + number) for number in (0, 1))
    middle, spread = learned.mean(0), learned.std(0)
    learned, other = (learned - middle) / spread, (other - middle) / spread
    generator = np.random.default_rng(seed)
    began = time.process_time()
    model.fit(learned + noise * generator.normal(size=learned.shape), system.interval, seed)
    seconds = time.process_time() - began
    settling = round(_SETTLING * samples)
    states = model.states(model.begun(other[: model.memory])[None], settling + samples)[1 + settling :, 0]
    free = model.seen(states)
    finite = bool(np.isfinite(free).all())
    exponents = lyapunov_spectrum(model.jacobian, states[-_EXPONENTS:], system.interval, most=other.shape[1])
    predicted = forecast(model, other, system.interval, longest=min(1_000, samples // 4))
    margin = 0.1 * other.std(0)
    box = (other.min(0) - margin, other.max(0) + margin)
    outcome = Outcome(
        *names,
        seed,
        d_stsp=state_space_divergence(free, other, box=box) if finite else float("nan"),
        d_h=path_hellinger(free, other) if finite else float("nan"),
        valid_time=predicted.valid_time,
        pe_20=predicted.error,
        lyapunov=float(exponents[0]),
        published=system.lyapunov[0] if len(system.lyapunov) else float("nan"),
        sum_lyapunov=float(exponents.sum()),
        largest=float(np.abs(free).max()) if finite else float("inf"),
        seconds=seconds,
    )
    return outcome, free, other


def write_csv(outcomes: Sequence[Outcome], path: Path) -> Path:
    """A row a model and seed; makes the folder, returns the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = io.StringIO()
    writer = csv.DictWriter(text, list(vars(outcomes[0])), lineterminator="\n")
    writer.writeheader()
    writer.writerows(vars(one) for one in outcomes)
    write_text_atomic(path, text.getvalue())
    return path
