"""Fidelity over rate: what is left of a song when its drives are given fewer and fewer numbers a second."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ..encoded import Encoded, thinned
from ..metrics.facts import METRICS
from ..model import Ouroboros
from .clips import Clip
from .refinement import Refinement
from .scoring import Scoring
from .takes import Take, clip_seed, mean_scores, perform, read_encoded

RANKED_BY = "tf_corr"


@dataclass(frozen=True)
class RatePoint:
    """One setting of the drives and how the clips score under it.

    knots_per_second    Hz
    channels            names of those that still vary
    numbers_per_second  mean over the clips
    scores              metric -> mean over the clips, as sung
    refined             whether the numbers of every clip were refined, see `Refinement`
    """

    knots_per_second: float
    channels: tuple[str, ...]
    numbers_per_second: float
    scores: dict[str, float]
    refined: bool = False


def channel_names(encoded: Encoded) -> tuple[str, ...]:
    """pitch_hz, pressure, ..., tract_0, ...: every number that is given to a model, less the weights' code.

    A parameter of several channels has a name for each; the code is one, for all weights follow it together.
    """
    names = []
    for name, y in _parts(encoded).items():
        names += [name] if y.dim() == 2 else [f"{name}_{number}" for number in range(y.shape[-1])]
    return (*names, "weight_code")


def held(encoded: Encoded, names: Sequence[str], at: dict[str, Tensor]) -> Encoded:
    """The same with the channels `names` held at the values `at`, so that they need no numbers."""

    def changed(part: str, y: Tensor) -> Tensor:
        if y.dim() == 2:
            return at[part].expand_as(y) if part in names else y
        columns = [f"{part}_{number}" for number in range(y.shape[-1])]
        kept = [at[c].expand_as(y[..., k]) if c in names else y[..., k] for k, c in enumerate(columns)]
        return torch.stack(kept, -1)

    oscillator = replace(encoded.oscillator, **{n: changed(n, y) for n, y in encoded.oscillator.named().items()})
    radiation = replace(encoded.radiation, **{n: changed(n, y) for n, y in encoded.radiation.named().items()})
    code = at["weight_code"].expand_as(encoded.weight_code) if "weight_code" in names else encoded.weight_code
    return Encoded(oscillator, code, radiation)


class RateStudy:
    """Clips sung again under fewer numbers a second.

    model    whose drives are thinned out
    scoring  how clips are sung and scored, see `Scoring`
    scale    the clips of which a channel's constant value is the mean, and on which its importance is measured

    Clips are given with their number in the split, by which the run's own evaluation seeds them.
    """

    def __init__(self, model: Ouroboros, scoring: Scoring, scale: Mapping[int, Clip]) -> None:
        self.model = model
        self.scoring = scoring
        self.scale = scale
        with torch.no_grad():
            several = [read_encoded(model, clip) for clip in scale.values()]
        self.names = channel_names(several[0])
        self.means = _means(several)

    def importance(self, say: Callable[[str], None] = lambda _: None) -> dict[str, float]:
        """Channel -> how much tf_corr falls on the clips `scale` when it alone is held, largest first."""
        whole = self._score(self.scale, 1, ())[RANKED_BY]
        loss = {}
        for name in self.names:
            loss[name] = whole - self._score(self.scale, 1, (name,))[RANKED_BY]
            say(f"{name}  {loss[name]:+.4f}")
        return dict(sorted(loss.items(), key=lambda item: -item[1]))

    def point(self, clips: Mapping[int, Clip], factor: int, kept: Sequence[str]) -> RatePoint:
        """How `clips` score with every `factor`-th knot that counts of the channels `kept`, the others held."""
        dropped = tuple(name for name in self.names if name not in kept)
        scores = self._score(clips, factor, dropped)
        rate = self.model.sample_rate / (self.model.knot_hop * factor)
        return RatePoint(rate, tuple(kept), scores["numbers_per_second"], scores)

    def shipped(self, clips: Mapping[int, Clip], refinement: Refinement) -> RatePoint:
        """How `clips` score with all knots and channels as they are, refined as the run's own evaluation does it."""
        scores = self._score(clips, 1, (), refinement)
        rate = self.model.sample_rate / self.model.knot_hop
        return RatePoint(rate, self.names, scores["numbers_per_second"], scores, refined=True)

    def _score(
        self, clips: Mapping[int, Clip], factor: int, dropped: Sequence[str], refinement: Refinement | None = None
    ) -> dict[str, float]:
        # of the knots that count: between them the drives' own follow a curve already
        every = 1 if factor == 1 else factor * self.model.knot_hop // self.model.control_hop

        def change(encoded: Encoded) -> Encoded:
            return thinned(held(encoded, dropped, self.means), every)

        takes: list[Take] = [
            perform(
                self.model,
                clip,
                ic_noise_rms=self.scoring.ic_noise_rms,
                seed=clip_seed(self.scoring.seed, number),
                change=change,
                refinement=refinement,
            )
            for number, clip in clips.items()
        ]
        scores = mean_scores(takes, "raw", METRICS)
        return scores | {"numbers_per_second": scores["numbers_per_second"] / factor}


def frontier(points: Sequence[RatePoint], metric: str = RANKED_BY) -> list[RatePoint]:
    """The points of which no other has as few numbers a second and scores as well, from few numbers to many."""
    best: list[RatePoint] = []
    for point in sorted(points, key=lambda one: (one.numbers_per_second, -one.scores[metric])):
        if not best or point.scores[metric] > best[-1].scores[metric]:
            best.append(point)
    return best


def _parts(encoded: Encoded) -> dict[str, Tensor]:
    return encoded.oscillator.named() | encoded.radiation.named()


def _means(several: Sequence[Encoded]) -> dict[str, Tensor]:
    """Channel -> its mean over all knots of several clips, the code's (C,)."""
    means = {}
    for name in _parts(several[0]):
        values = torch.cat([_parts(one)[name][0] for one in several])
        if values.dim() == 1:
            means[name] = values.mean()
        else:
            means |= {f"{name}_{number}": values[:, number].mean() for number in range(values.shape[1])}
    return means | {"weight_code": torch.cat([one.weight_code[0] for one in several]).mean(0)}
