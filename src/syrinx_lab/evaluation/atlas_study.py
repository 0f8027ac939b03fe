"""The atlases of several clips of a model, shared among processes."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import torch

from ..dynamics.clip_atlas import ClipAtlas
from ..model import Ouroboros
from .clip_dynamics import clip_atlas
from .clips import Clip
from .takes import clip_seed


@dataclass(frozen=True)
class AtlasStudy:
    """How the clips of a split are taken apart, see `clip_atlas`.

    model         in evaluation mode
    split         of the clips
    ic_noise_rms  rms of x and v at a cold start
    seed          of its noise; clip i is seeded by (seed, i)
    moments       at which the drives of a clip are frozen, at most
    """

    model: Ouroboros
    split: str
    ic_noise_rms: float
    seed: int
    moments: int

    def of_clip(self, number: int, clip: Clip) -> ClipAtlas:
        """The atlas of one clip with its number in the split."""
        return clip_atlas(
            self.model,
            clip,
            split=self.split,
            number=number,
            ic_noise_rms=self.ic_noise_rms,
            seed=clip_seed(self.seed, number),
            moments=self.moments,
        )

    def of_clips(
        self, clips: Sequence[tuple[int, Clip]], *, workers: int = 1, say: Callable[[str], None] = lambda line: None
    ) -> Iterator[ClipAtlas]:
        """The atlases of numbered clips in their order, each as soon as it is there.

        workers  processes; 1 does without another
        say      takes a line for a person after each
        """
        if min(workers, len(clips)) < 2:
            for number, clip in clips:
                yield self._said(self.of_clip(number, clip), say)
            return
        context = multiprocessing.get_context("spawn")  # a fork would inherit threads that no longer run
        with ProcessPoolExecutor(min(workers, len(clips)), context, initializer=_one_thread) as pool:
            waiting = [pool.submit(self.of_clip, number, clip) for number, clip in clips]
            for one in waiting:
                yield self._said(one.result(), say)

    def _said(self, atlas: ClipAtlas, say: Callable[[str], None]) -> ClipAtlas:
        sings = atlas.where_it_sings()
        state = f"sings in {100 * sings.mean():.0f} % of the moments" if len(sings) and sings.any() else "has no cycle"
        say(f"analysed  {atlas.stem}: {state}")
        return atlas


def _one_thread() -> None:
    torch.set_num_threads(1)
