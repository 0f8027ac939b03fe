"""What reads the drives off a recording, one encoder a file."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Self

from torch import Tensor, nn

from ..contracts import complete
from ..controls.analytic import AnalyticControls
from ..types import Controls, Heads


class Encoder(nn.Module, ABC):
    """What every encoder is: recordings in, raw controls out.

    A subclass calls `super().__init__(...)` with every fact about itself: none has a default, so none is forgotten.

    One that takes what is the bird's from its recordings has `measure_(recordings)`, lists of (L,), called once before
    training.

    Args:
        hop: samples between the knots of its controls; 1 is audio rate.
        width: features a knot for heads that it does not know of (tract, noise); 0: it gives none.
        code_size: C, numbers in the code of the weights.
        lookahead_ms: ms after its knot that a control may depend on, so that analytic controls keep to it too; None:
            every knot may see the whole recording.
        needs_analysis: whether it reads pitch and loudness, `AnalyticControls`.

    Raises:
        ValueError: one of them is out of range.
    """

    def __new__(cls, *args: Any, **settings: Any) -> Self:
        """Check the class before its own constructor runs."""
        complete(cls, Encoder)
        return super().__new__(cls)

    def __init__(
        self, *, hop: int, width: int, code_size: int, lookahead_ms: float | None, needs_analysis: bool
    ) -> None:
        super().__init__()
        for name, value, least in (("hop", hop, 1), ("width", width, 0), ("code_size", code_size, 1)):
            if value < least:
                raise ValueError(f"{name} is {value}: it must be at least {least}")
        if lookahead_ms is not None and not 0 <= lookahead_ms < float("inf"):
            raise ValueError(f"lookahead_ms is {lookahead_ms}: it must be 0 or more, or None for the whole recording")
        self.hop, self.width, self.code_size = hop, width, code_size
        self.lookahead_ms = lookahead_ms
        self.needs_analysis = needs_analysis

    @abstractmethod
    def forward(self, x: Tensor, v: Tensor, analytic: AnalyticControls | None = None) -> Controls:
        """Recordings to controls.

        x, v      (B, L) audio and tau x'
        analytic  at the same knots, where the model has them
        Returns controls of ceil((L - 1) / hop) + 1 knots: omega and gamma (B, T), weight_code (B, T, code_size), and
        features (B, T, width) where width is above 0.
        """

    @abstractmethod
    def weights(self, code: Tensor) -> Tensor:
        """Low-passed codes (B, T, code_size) -> raw weights (B, T, P+1, P+1), a linear function (with a bias)."""

    @property
    def relative_spectra(self) -> tuple[int, Tensor] | None:
        """Where the features hold log spectra against the loudness: the first one, and the edges (n + 1,) in Hz.

        They are log10 of an amplitude over the loudness, plus 1; a tract may begin from them. None: nowhere.
        """
        return None

    @property
    def heads(self) -> Heads | None:
        """The linear heads that an initialisation may set; None: there are none, and no initialisation fits."""
        return None
