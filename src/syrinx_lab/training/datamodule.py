"""The LightningDataModule: from a folder of song to batches of windows and held-out clips."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from lightning.pytorch import LightningDataModule
from torch.utils.data import DataLoader, Sampler

from ..data.corpus import Corpus, load_corpus
from ..data.dataset import SegmentDataset, acceleration_variance, collate, cut_window
from ..data.segments import Pools, cut_segments, horizon_fits
from ..data.splits import Splits, check_leaks, split_recordings
from ..data.vocalisations import choose_vocalisations, rendition_pairs
from ..types import Batch, Category, Vocalisation
from .clips import Clip


class SegmentSampler(Protocol):
    """Draws the windows of an epoch as a pure function of (seed, epoch)."""

    def draw(self, pools: Pools, epoch: int, seed: int) -> Sequence[int]:
        """Indices into the pools' segments, in the order of training."""

    def counts(self, pools: Pools) -> dict[Category, int]:
        """How many windows of each category an epoch holds."""


class DataSource(Protocol):
    """Something that can write a folder of song."""

    def write(self, root: Path) -> Path:
        """Write the folder unless it is there already."""


class EpochDraws(Sampler[int]):
    """The sampler's draw for the current epoch; the epoch is asked for when iteration begins, not before."""

    def __init__(self, draw: Callable[[int], Sequence[int]], length: int, epoch: Callable[[], int]) -> None:
        self.draw = draw
        self.length = length
        self.epoch = epoch

    def __iter__(self) -> Iterator[int]:
        return iter([int(i) for i in self.draw(self.epoch())])

    def __len__(self) -> int:
        return self.length


class SongDataModule(LightningDataModule):
    """Recordings -> split -> windows of train, clips of val and test.

    The arguments are those of `load_corpus`, `cut_segments`, `split_recordings` and `choose_vocalisations`, where they are
    described; `synthetic` renders the folder first when there is one.

    Args:
        sampler: which windows make an epoch.
        seed: of the draws.
        batch_size: windows a batch.
        num_workers: processes that cut windows; 0 is the main one.

    Raises:
        ValueError: from `prepare`, on anything that is wrong with the folder; nothing is written then.
    """

    def __init__(
        self,
        *,
        root: str | Sequence[str],
        sampler: SegmentSampler,
        seed: int,
        label: str | Sequence[str] | None = None,
        annotations: str = "auto",
        annotation_root: str | Sequence[str] | None = None,
        unannotated: str = "error",
        sample_rate: int = 44100,
        channel: int | str = 0,
        highpass_hz: float | None = None,
        scale: str = "peak",
        scale_per: str = "recording",
        scale_to: float = 0.4,
        context_s: float = 0.05,
        edge_ms: float = 10.0,
        silence_prefix_ms: float = 25.0,
        silence_suffix_ms: float = 25.0,
        short_gap: str = "shorten",
        val_fraction: float = 0.1,
        test_fraction: float = 0.1,
        split_seed: int = 1234,
        batch_size: int = 8,
        num_workers: int = 0,
        val_count: int = 8,
        test_count: int = 8,
        lead_in: int = 2000,
        tail_ms: float = 25.0,
        max_pairs: int = 64,
        synthetic: DataSource | None = None,
    ) -> None:
        super().__init__()
        self.root = root
        self.sampler = sampler
        self.seed = seed
        self.sample_rate = sample_rate
        self.reading = dict(
            sample_rate=sample_rate,
            channel=channel,
            highpass_hz=highpass_hz,
            label=label,
            annotations=annotations,
            annotation_root=annotation_root,
            scale=scale,
            scale_per=scale_per,
            scale_to=scale_to,
            unannotated=unannotated,
        )
        self.cutting = dict(
            sample_rate=sample_rate,
            context_s=context_s,
            edge_ms=edge_ms,
            silence_prefix_ms=silence_prefix_ms,
            silence_suffix_ms=silence_suffix_ms,
            short_gap=short_gap,
        )
        self.splitting = dict(val_fraction=val_fraction, test_fraction=test_fraction, seed=split_seed)
        self.batch_size = batch_size
        self.num_workers = num_workers
        self.counts = {"val": val_count, "test": test_count}
        self.lead_in = lead_in
        self.tail_ms = tail_ms
        self.max_pairs = max_pairs
        self.synthetic = synthetic
        self.corpus: Corpus | None = None

    def prepare(self, horizon: int | None = None) -> None:
        """Read, split, cut and check everything; `horizon` is the longest rollout in samples.

        Raises:
            ValueError: one line on the first thing that is wrong.
        """
        if self.corpus is not None:
            return
        if self.synthetic is not None:
            assert isinstance(self.root, str), "the synthetic finch lives in one folder"
            self.synthetic.write(Path(self.root))
        corpus = load_corpus(self.root, **self.reading)  # type: ignore[arg-type]
        self.splits: Splits = split_recordings(corpus, **self.splitting)  # type: ignore[arg-type]
        self.pools: Pools = cut_segments(
            [corpus.recordings[i] for i in self.splits.train],
            **self.cutting,  # type: ignore[arg-type]
        )
        if horizon is not None:
            horizon_fits(self.pools, horizon)
        self.vocalisations = {
            split: choose_vocalisations(
                [corpus.recordings[i] for i in getattr(self.splits, split)],
                count=self.counts[split],
                lead_in=self.lead_in,
                tail_ms=self.tail_ms,
                seed=self.splitting["seed"],  # type: ignore[arg-type]
            )
            for split in ("val", "test")
        }
        check_leaks(self.splits, corpus, {"train": self.pools.segments, **self.vocalisations})
        self.corpus = corpus

    def setup(self, stage: str | None = None) -> None:
        """Lightning's hook; the data are prepared once."""
        self.prepare()

    def train_dataloader(self) -> DataLoader[Batch]:
        """Batches of the current epoch's draw."""
        trainer = self.trainer

        def epoch() -> int:
            return 0 if trainer is None else trainer.current_epoch

        draws = EpochDraws(
            lambda e: self.sampler.draw(self.pools, e, self.seed), sum(self.sampler.counts(self.pools).values()), epoch
        )
        return DataLoader(
            SegmentDataset(self._recordings(), self.pools.segments),
            batch_size=self.batch_size,
            sampler=draws,
            collate_fn=collate,
            num_workers=self.num_workers,
            pin_memory=False,
        )

    @property
    def val_clips(self) -> list[Clip]:
        """The clips that are scored during training."""
        return self.clips("val")

    def clips(self, split: str) -> list[Clip]:
        """The held-out clips of "val" or "test"."""
        return [self._clip(voc) for voc in self.vocalisations[split]]

    def renditions(self, split: str) -> list[tuple[Clip, Clip]]:
        """Pairs of renditions of the same syllable: each clip of the split with others of its label by the same bird."""
        corpus = self._recordings()
        pairs = rendition_pairs(
            self.vocalisations[split],
            list(corpus.values()),
            lead_in=self.lead_in,
            tail_ms=self.tail_ms,
            max_pairs=self.max_pairs,
            seed=self.splitting["seed"],
        )
        return [(self._clip(a), self._clip(b)) for a, b in pairs]

    def acceleration_variance(self) -> float:
        """Variance of dt^2 x'' over all windows of the training set."""
        return acceleration_variance(self._recordings(), self.pools.segments)

    def fingerprint(self) -> str:
        """Hash of what was read."""
        assert self.corpus is not None
        return self.corpus.fingerprint()

    def describe(self) -> str:
        """One line: recordings and vocalisations per split, windows per category and epoch."""
        pools = Counter(segment.category for segment in self.pools.segments)
        drawn = self.sampler.counts(self.pools)
        windows = ", ".join(f"{c.name} {pools[c]} (draws {drawn.get(c, 0)})" for c in Category)
        sizes = f"{len(self.splits.train)} / {len(self.splits.val)} / {len(self.splits.test)}"
        scored = " + ".join(str(len(v)) for v in self.vocalisations.values())
        return f"recordings train / val / test {sizes}; windows {windows}; vocalisations scored {scored}"

    def _clip(self, voc: Vocalisation) -> Clip:
        return Clip(voc, *cut_window(self._recordings()[voc.recording], voc.start, voc.stop, voc.onset))

    def _recordings(self) -> dict:
        assert self.corpus is not None, "prepare() reads the corpus"
        return self.corpus.recordings
