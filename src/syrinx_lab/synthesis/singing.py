"""A song from its table of drives: one oscillator from a cold start to the end, then tract and noise, in chunks."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..model import Ouroboros
from ..ode.control_rate import interpolate
from ..ode.sides import last_state, source_of
from ..types import Drives, knot_count
from .excitation import white_noise
from .table import LEVEL, Columns, DriveTable, Rows, encoded_of, parameters_of, radiation_of

CHUNK = 2**15


@torch.no_grad()
def sing(
    model: Ouroboros, table: Rows, *, seed: int, ic_noise_rms: float, chunk: int = CHUNK
) -> Iterator[NDArray[np.float32]]:
    """The sound of a table, about `chunk` samples after another; together L samples, in the unit of the recording.

    out = level sound(source),   source and sound as in `Ouroboros`

    The state of the oscillator is carried from chunk to chunk: nothing but the drives is given after the cold start, a
    draw from N(0, ic_noise_rms^2). It runs in float64, for its phase adds up every rounding of the drives; so the cut
    does not matter, nor does it to what follows, which sees its effective support twice over at either end of a chunk.
    The noise is drawn by its place in the song. Memory does not depend on the length of the song.

    seed          of the cold start and of the noise
    ic_noise_rms  dimensionless, of x and v
    Raises ValueError when the table is of another hop or sample rate than the model, or the model holds more than x and
    v from a chunk to the next.
    """
    if not model.oscillator.state_is_whole:
        raise ValueError(
            "this model's state is more than x and v, which is what a song is sung on from: use another one"
        )
    if (table.hop, table.sample_rate) != (model.control_hop, model.sample_rate):
        raise ValueError(
            f"drives with a row every {table.hop} samples at {table.sample_rate} Hz: "
            f"the model wants one every {model.control_hop} samples at {model.sample_rate} Hz"
        )
    hop, samples = table.hop, table.samples
    margin = -(-2 * model.effective_support // hop) * hop
    size = max(-(-chunk // hop) * hop, margin)
    sources = _sources(model, table, size, seed, ic_noise_rms)
    before, here = torch.empty(1, 0), next(sources)
    for start in range(0, samples, size):
        after = next(sources, torch.empty(1, 0))
        around = torch.cat(
            (before[:, before.shape[1] - margin :] if margin else before[:, :0], here, after[:, :margin]), 1
        )
        low = max(start - margin, 0)
        sound = _radiate(model, table, around, low, seed)[:, start - low :][:, : here.shape[1]]
        rows = torch.from_numpy(_rows(table, start, here.shape[1])[LEVEL])
        level = interpolate(rows[None, :, 0], hop, here.shape[1])
        yield (level * sound)[0].numpy()
        before, here = here, after


def sing_whole(
    model: Ouroboros, table: DriveTable, *, seed: int, ic_noise_rms: float, chunk: int = CHUNK
) -> NDArray[np.float32]:
    """All that `sing` gives, (L,)."""
    sound = np.empty(table.samples, np.float32)
    place = 0
    for part in sing(model, table, seed=seed, ic_noise_rms=ic_noise_rms, chunk=chunk):
        sound[place : place + len(part)] = part
        place += len(part)
    assert place == table.samples
    return sound


def first_state(seed: int, ic_noise_rms: float) -> tuple[Tensor, Tensor]:
    """The cold start (x (1,), v (1,)) of a seed, float64."""
    x, v = (torch.randn(2, 1, generator=torch.Generator().manual_seed(seed)) * ic_noise_rms).double()
    return x, v


@torch.no_grad()
def carried(
    exact: Ouroboros, table: Rows, state: tuple[Tensor, Tensor], start: int, stop: int, size: int
) -> tuple[Tensor, Tensor]:
    """The state at sample `stop` of an oscillator that is in `state` at sample `start`, `size` samples at a time.

    exact  the model in float64
    """
    for low in range(start, stop, size):
        count = min(size, stop - low)
        trajectory = exact.sing(_drives(exact, table, low, count + 1), state, count + 1)
        state = last_state(trajectory)
    return state


def _sources(model: Ouroboros, table: Rows, size: int, seed: int, ic_noise_rms: float) -> Iterator[Tensor]:
    """What the oscillator sends into the tract, (1, size) after (1, size)."""
    exact = copy.deepcopy(model).double()
    x, v = first_state(seed, ic_noise_rms)
    for start in range(0, table.samples, size):
        count = min(size, table.samples - start)
        more = start + count < table.samples  # then the state after the chunk is the next one's first
        drives = _drives(exact, table, start, count + more)
        trajectory = exact.sing(drives, (x, v), count + more)
        x, v = last_state(trajectory)
        yield source_of(exact.oscillator, trajectory, drives)[:, :count].float()


def _drives(exact: Ouroboros, table: Rows, start: int, count: int) -> Drives:
    """The drives of `count` samples from `start` on, in float64; the low-pass after the maps sees what is around."""
    hop = table.hop
    sigma = exact.drive_lowpass_ms * 1e-3 * exact.sample_rate / hop
    reach = math.ceil(3 * sigma) + 1 if exact.oscillator.nonlinear_maps else 0
    first, stop = start // hop, start // hop + knot_count(count, hop)
    low = max(first - reach, 0)
    around = table.between(low, stop + reach)
    cut = torch.tensor([(first - low) * hop])
    return exact.decode(encoded_of(exact, around, torch.float64)).window(cut, (stop - first - 1) * hop + 1)


def _radiate(model: Ouroboros, table: Rows, source: Tensor, start: int, seed: int) -> Tensor:
    """(1, H) the sound of a source that begins at sample `start`."""
    count = source.shape[1]
    rows = _rows(table, start, count)
    excitation = None if model.noise_net is None else white_noise(seed, start, start + count)
    radiation = model.radiation(parameters_of(model, rows), radiation_of(rows))
    return model.sound(source, radiation, table.hop, excitation)


def _rows(table: Rows, start: int, count: int) -> dict[str, Columns]:
    """The knots of `count` samples from `start` on."""
    first = start // table.hop
    return table.between(first, first + knot_count(count, table.hop))
