"""The contract of a rival: whatever makes a clip again from numbers that are read off it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor

from ..evaluation.clips import Clip, Samples

_WANTED = {
    "about": 'add the class attribute about = "80 mel bands, phase by Griffin and Lim"',
    "resynthesise": "add the method resynthesise(self, clip, seed) -> samples (L,)",
    "numbers_per_second": "add the property numbers_per_second -> float",
}


class MissingExtra(ValueError):
    """A package that a rival needs is not installed; the text says how to install it."""


@dataclass(frozen=True)
class Songs:
    """What a rival may look at before it is scored; nothing of test is among it.

    recordings  of train, (L,) each: vocalisations with their silence
    syllables   of train, (L,) each: the same without
    val         clips of val
    """

    recordings: Sequence[Tensor]
    syllables: Sequence[Tensor]
    val: Sequence[Clip]


class Rival(ABC):
    """Reads numbers off a clip, and makes the clip again from these numbers alone.

    A subclass says with a class attribute what it is, and has two members more:

        class Echo(Rival):
            about = "the recording itself"

            def resynthesise(self, clip, seed):
                return clip.x

            @property
            def numbers_per_second(self):
                return float(self.sample_rate)

    It is named where it is chosen, `rivals: {echo: {_target_: my_module.Echo, sample_rate: ${data.sample_rate}}}`.

    about        one line for tables: what it is given, and how it makes sound
    kind         vocoder, prior, run or change, for tables
    sample_rate  Hz, of the clips
    Raises ValueError with one line, on construction, for a member that a class lacks.
    """

    about: ClassVar[str]
    kind: ClassVar[str] = "vocoder"

    def __new__(cls, *args: Any, **kwargs: Any) -> Rival:
        """Check the class before its own constructor runs."""
        for name, advice in _WANTED.items():
            member = getattr(cls, name, None)
            if member is None or getattr(member, "__isabstractmethod__", False):
                raise ValueError(f"{cls.__name__} has no {name}: {advice}")
        return super().__new__(cls)

    def __init__(self, *, sample_rate: int) -> None:
        self.sample_rate = sample_rate

    def fit(self, songs: Songs) -> None:  # noqa: B027 most have nothing to learn
        """Learn what is needed of train, and choose on val; by default nothing."""

    @abstractmethod
    def resynthesise(self, clip: Clip, seed: int) -> Samples:
        """The clip (L,) float32 once more, at its own level; the same seed gives the same samples."""

    @property
    @abstractmethod
    def numbers_per_second(self) -> float:
        """The rate of the numbers that it is given; known once it was fitted."""


def check_rival(key: str, rival: object) -> Rival:
    """`rival`, chosen by `key`; raises ValueError with one line when it is none."""
    if not isinstance(rival, Rival):
        kind = type(rival)
        raise ValueError(
            f"{key}: {kind.__module__}.{kind.__qualname__} is no rival: derive it from syrinx_lab.rivals.rival.Rival"
        )
    return rival
