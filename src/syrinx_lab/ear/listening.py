"""The ear on recordings of any length: what it says of them, a piece after another, in little memory."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import Tensor

from .decoding import Candidates, Decoded, at_place, decide, find_candidates
from .features import PERIOD_S, knots_of
from .network import Ear, EarOutput, pieces

CHUNK_KNOTS = 2048


@dataclass(frozen=True)
class HeardVoice:
    """One voice at the ear's knots, (B, T) each.

    octaves   log2 of the pitch in Hz, without gaps;   voiced  bool;   sure  0 to 1, see `decoding.Decoded`
    there     probability that this voice sings at all
    pressure  0 to 1;   loudness  dB relative to the local level, both of the pitch that was decided for
    """

    octaves: Tensor
    voiced: Tensor
    sure: Tensor
    there: Tensor
    pressure: Tensor
    loudness: Tensor


@dataclass(frozen=True)
class Heard:
    """Both voices, and what belongs to neither, (B, T) each; see `network.EarOutput`.

    first       the only voice, or the lower one;   second  the higher one of two
    onset, offset  probability that a syllable begins or ends here
    """

    first: HeardVoice
    second: HeardVoice
    breath: Tensor
    background: Tensor
    onset: Tensor
    offset: Tensor


@torch.no_grad()
def listen(
    ear: Ear,
    x: Tensor,
    sample_rate: int,
    range_hz: tuple[float, float] | None = None,
    lookahead_ms: float | None = None,
    chunk_knots: int = CHUNK_KNOTS,
    doubt: float = 0.0,
) -> Heard:
    """What the ear hears in recordings x (B, L) at its knots.

    range_hz      (lowest, highest) pitch, Hz; None: all of the axis
    lookahead_ms  None: every knot has heard the whole recording; else what lies up to so many ms after it
    doubt         nats in favour of a pitch, see `decide`
    chunk_knots   at once: a recording of more is gone through twice, since what follows a knot is heard before it is
                  decided; the result is the same
    """
    count = knots_of(x.shape[1], sample_rate)
    spans = list(pieces(count, chunk_knots))
    whole = ear.front(x, sample_rate, 0, count, lookahead_ms) if len(spans) == 1 else None
    if whole is not None:
        pooled = [whole[1]]
    else:
        pooled = [ear.front(x, sample_rate, first, stop, lookahead_ms)[1] for first, stop in spans]
    m = ear.over_time(pooled, lookahead_ms is None)
    parts = []
    for first, stop in spans:
        u = whole[0] if whole is not None else ear.front(x, sample_rate, first, stop, lookahead_ms)[0]
        parts.append(_reduced(ear.back(u, m[:, first:stop]), range_hz))
    joined = {name: _joined([part[name] for part in parts]) for name in parts[0]}
    online = lookahead_ms is not None
    voices = [
        _voice(
            joined[f"{name}"], joined[f"{name}_pressure"], joined[f"{name}_loudness"], online, doubt * (name == "first")
        )
        for name in ("first", "second")
    ]
    return Heard(voices[0], voices[1], joined["breath"], joined["background"], joined["onset"], joined["offset"])


def _reduced(output: EarOutput, range_hz: tuple[float, float] | None) -> dict[str, Any]:
    """What is kept of a piece: candidates in place of distributions."""
    kept: dict[str, Any] = {}
    for name, logits in (("first", output.first), ("second", output.second)):
        found = find_candidates(logits, range_hz)
        kept[name] = found
        kept[f"{name}_pressure"] = at_place(output.pressure, found.place)
        kept[f"{name}_loudness"] = at_place(output.loudness, found.place)
    return kept | {
        "breath": output.breath,
        "background": output.background,
        "onset": torch.sigmoid(output.onset),
        "offset": torch.sigmoid(output.offset),
    }


def _joined(parts: list[Any]) -> Any:
    """Tensors, or candidates, one after another in time."""
    if isinstance(parts[0], Tensor):
        return torch.cat(parts, 1)
    names = [field.name for field in fields(Candidates)]
    return Candidates(**{name: torch.cat([getattr(part, name) for part in parts], 1) for name in names})


def _voice(found: Candidates, pressure: Tensor, loudness: Tensor, online: bool, doubt: float) -> HeardVoice:
    decided: Decoded = decide(found, online=online, doubt=doubt)

    def chosen(y: Tensor) -> Tensor:
        return y.gather(-1, decided.which[..., None])[..., 0]

    return HeardVoice(decided.octaves, decided.voiced, decided.sure, 1 - found.none, chosen(pressure), chosen(loudness))


def between(y: Tensor, count: int, period: float) -> Tensor:
    """(B, T) at the ear's knots -> (B, count) at knots `period` s apart, on straight lines."""
    at = torch.arange(count, device=y.device, dtype=torch.float64) * (period / PERIOD_S)
    below = (at + 1e-6).floor().long().clamp_max(y.shape[1] - 1)
    share = (at - below).clamp(0, 1).to(y)
    above = (below + 1).clamp_max(y.shape[1] - 1)
    return y[:, below] + share * (y[:, above] - y[:, below])
