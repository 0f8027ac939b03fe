"""The LightningDataModule: from a folder of song to batches of windows and held-out clips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import Any

import torch
from lightning.pytorch import LightningDataModule
from torch import Tensor
from torch.utils.data import DataLoader

from ..data.corpus import Corpus, CorpusStorage, Recording, load_corpus
from ..data.corpus_settings import CorpusSettings
from ..data.dataset import SegmentDataset, acceleration_variance, cut_window, syllable_gain
from ..data.draws import check_sampler, epoch_draw, epoch_length
from ..data.groups import Group, by_whole, group_recordings, telling_groups, with_days_after
from ..data.sampler import SegmentSampler
from ..data.segmentation.on_the_way import SegmentsOnTheWay
from ..data.segments import Pools, WindowSettings, check_horizon, cut_segments
from ..data.split_counts import count_lines, split_counts
from ..data.splits import Splits, SplitSettings, check_leaks, split_recordings
from ..data.stored_split import NEW, Changes, SplitRecord, restore_split, split_record, under_stored_names
from ..data.summary import channels_line
from ..data.vocalisations import ClipSettings, choose_vocalisations, rendition_pairs
from ..evaluation.clips import Clip
from ..types import Segment, Vocalisation
from .epoch_draws import EpochDraws
from .epoch_windows import EpochLoader, EpochWindows
from .loading import loader_settings
from .simulated_corpus import DataSource, SimulatedCorpus, Simulation


class SongDataModule(LightningDataModule):
    """Recordings -> split -> windows of train, clips of val and test.

    Args:
        root: folder or folders of the recordings.
        sampler: which windows make an epoch.
        seed: of the draws.
        reading: how the folders are read.
        cutting: how windows are cut.
        splitting: how recordings are split.
        held_out: which clips are scored.
        batch_size: windows a batch.
        num_workers: processes that cut windows; 0 is the main one.
        storage: how much of the sound is held in memory, and where it is remembered what reading gave.
        synthetic: renders the folder first; None: it is there.
        simulated: recordings that are new in every epoch, with val and test of their own; folders under `root` are all
            trained on beside them. None: there are folders alone.
        segmenting: finds the syllables; None: they are annotated.
        named: whether it must be known which bird every recording is of.

    Raises:
        ValueError: from `prepare`, on anything that is wrong with the folder; nothing is written then.
    """

    def __init__(
        self,
        *,
        root: str | Sequence[str],
        sampler: SegmentSampler,
        seed: int,
        reading: CorpusSettings = CorpusSettings(),
        cutting: WindowSettings = WindowSettings(),
        splitting: SplitSettings = SplitSettings(),
        held_out: ClipSettings = ClipSettings(),
        batch_size: int = 8,
        num_workers: int = 0,
        storage: CorpusStorage | None = None,
        synthetic: DataSource | None = None,
        simulated: Simulation | None = None,
        segmenting: SegmentsOnTheWay | None = None,
        named: bool = False,
    ) -> None:
        super().__init__()
        self.named = named
        self.root = root
        self.sampler = sampler
        self.seed = seed
        self.reading, self.cutting, self.splitting, self.held_out = reading, cutting, splitting, held_out
        self.sample_rate = reading.sample_rate
        self.batch_size, self.num_workers = batch_size, num_workers
        self.storage = CorpusStorage() if storage is None else storage
        self.synthetic, self.simulated, self.segmenting = synthetic, simulated, segmenting
        self.corpus: Corpus | None = None
        self.groups: dict[str, Group] = {}
        self.birds: dict[str, str] = {}
        self._prepared = False

    def read(self) -> None:
        """Read the folder; raises ValueError with one line on the first thing that is wrong with it."""
        if self.corpus is None:
            self.provide()
            self.corpus = self._load()

    def prepare(self, horizon: int | None = None, *, stored: SplitRecord | None = None, training: bool = True) -> None:
        """Read, split, cut and check everything, once.

        Args:
            horizon: the longest rollout in samples.
            stored: the split of a run that has begun, see `split_record`; None: the recordings are split anew.
            training: whether windows of train are wanted; without, recordings of train may be missing.

        Raises:
            ValueError: one line on the first thing that is wrong.
        """
        if self._prepared:
            return
        self.read()
        corpus = self.corpus
        assert corpus is not None
        self.splits: Splits
        self.groups = self._grouped(corpus)
        self.birds = self._birds(stored)
        if stored is None:
            self.splits, self.changes = self._split(corpus), Changes()
        else:
            corpus = self.corpus = under_stored_names(stored, corpus)
            self.splits, self.changes = restore_split(stored, corpus)
        if training:
            self.pools: Pools = cut_segments(
                [corpus.recordings[i] for i in self.splits.train], self.cutting, sample_rate=self.sample_rate
            )
            check_sampler(self.sampler, self.pools, self.seed)
            if horizon is not None:
                check_horizon(self.pools, horizon, self.sample_rate)
        parts = {"val": self.splits.val, "test": self.splits.test, NEW: self.changes.new}
        self.vocalisations = {split: self._chosen(split, ids) for split, ids in parts.items()}
        if training and (silent := [split for split in ("val", "test") if not self.vocalisations[split]]):
            raise ValueError(f"{silent[0]} has no vocalisation to score: add recordings, or raise its fraction")
        used: dict[str, Sequence[Segment | Vocalisation]] = {
            "val": self.vocalisations["val"],
            "test": self.vocalisations["test"],
        }
        used["train"] = self.pools.segments if training else []
        check_leaks(self.splits, corpus, used, self.groups, self.splitting.held)
        self._prepared = True

    def _split(self, corpus: Corpus) -> Splits:
        if self.simulated is not None:
            return self._made.splits()
        return split_recordings(corpus, self.splitting, self.groups)

    def split_record(self) -> dict[str, Any]:
        """The split in plain values, as a run stores it: what it holds, under `counts` how much, and of what groups."""
        corpus = Corpus(self.recordings, self.sample_rate)
        counts = split_counts(self.splits, corpus, getattr(self, "pools", None), self.vocalisations)
        groups = {key: group.named() for key, group in self.groups.items()}
        return {**split_record(self.splits, corpus), "counts": counts, "groups": groups}

    def groups_of(self, split: str) -> dict[str, dict[str, str]]:
        """Recording -> bird, day and session, of the clips of a split; of kinds that tell them apart."""
        held = self.splitting.held.get(split)
        ids = [voc.recording for voc in self.vocalisations[split]]
        named = telling_groups(self.groups, ids, held.kind if held else None)
        return with_days_after(named, self.groups, self.splits.train)

    def _grouped(self, corpus: Corpus) -> dict[str, Group]:
        """Birds, days and sessions; nothing where they contradict each other and nobody asked for them."""
        if not self.root:  # all are simulated
            return {}
        try:
            return group_recordings(corpus, self.root, self.splitting.groups)
        except ValueError:
            if self.named or self.splitting.held or self.splitting.groups is not None:
                raise
            return {}

    def _birds(self, stored: SplitRecord | None = None) -> dict[str, str]:
        """Recording -> its bird, as a stored split has it; what is simulated is of none that comes again."""
        named = {key: group.named() for key, group in self.groups.items()} | dict((stored or {}).get("groups", {}))
        there = named if self.simulated is None else named.keys() & self._made.real.keys()
        return {key: named[key]["bird"] for key in there if "bird" in named[key]}

    def birds_of_train(self) -> list[str]:
        """The birds that are trained on where the recordings are split anew, in alphabetical order; none may be known.

        Raises ValueError with one line as `read`.
        """
        self.read()
        assert self.corpus is not None
        self.groups = self._grouped(self.corpus)
        birds = self._birds()
        return sorted({birds[key] for key in self._split(self.corpus).train if key in birds})

    def _chosen(self, split: str, ids: Sequence[str]) -> list[Vocalisation]:
        """The clips of a split, in turn of all wholes that are held out; so many of each day of new recordings."""
        held = self.splitting.held.get(split)
        kind = "day" if split == NEW else None if held is None or held.share is not None else held.kind
        wholes = by_whole([self.recordings[key] for key in ids], self.groups, kind)
        count, seed = self.held_out.count(split), self.splitting.split_seed
        several = [choose_vocalisations(whole, self.held_out, count=count, seed=seed) for whole in wholes]
        clips = [clip for row in zip_longest(*several) for clip in row if clip is not None]
        return clips if split == NEW else clips[: count or None]

    def setup(self, stage: str | None = None) -> None:
        """Lightning's hook; the data are prepared once."""
        self.prepare()

    def train_dataloader(self) -> DataLoader:
        """Batches of the current epoch's draw."""
        trainer = self.trainer

        def epoch() -> int:
            return 0 if trainer is None else trainer.current_epoch

        length = epoch_length(self.sampler, self.pools)
        settings = loader_settings(self.batch_size, self.num_workers, self.storage, trainer)
        if self.simulated is not None:
            windows = EpochWindows(
                self._made.of_epoch, self.sampler, self.cutting, self.sample_rate, self.seed, length, self.birds
            )
            return EpochLoader(windows, epoch, sampler=EpochDraws(windows.draw, length, epoch), **settings)
        draws = EpochDraws(lambda e: epoch_draw(self.sampler, self.pools, e, self.seed), length, epoch)
        windows_of_all = SegmentDataset(
            self.recordings, self.pools.segments, mirrored=self.cutting.mirrored, birds=self.birds
        )
        return DataLoader(windows_of_all, sampler=draws, **settings)

    def _load(self) -> Corpus:
        """What lies in the folders, and what is simulated for val, test and the first epoch."""
        if self.simulated is None:
            return load_corpus(self.root, self.reading, self.storage)
        real = load_corpus(self.root, self.reading, self.storage).recordings if self.root else {}
        self._made = SimulatedCorpus(self.simulated, self.reading, real)
        return self._made.corpus()

    @property
    def val_clips(self) -> list[Clip]:
        """The clips that are scored during training."""
        return self.clips("val")

    def clips(self, split: str) -> list[Clip]:
        """The held-out clips of "val" or "test", or those of "new" recordings, which a stored split does not know."""
        return [self._clip(voc) for voc in self.vocalisations[split]]

    def renditions(self, split: str) -> list[tuple[Clip, Clip]]:
        """Pairs of renditions of one syllable: each clip of the split with others of its label by the same bird."""
        own = {voc.recording for voc in self.vocalisations[split]}
        of_the_run = own.union(self.splits.train, self.splits.val, self.splits.test)
        candidates = choose_vocalisations([self.recordings[i] for i in sorted(of_the_run)], self.held_out, count=None)
        per_clip = self.held_out.renditions_per_clip
        pairs = rendition_pairs(self.vocalisations[split], candidates, per_clip=per_clip)
        return [(self._clip(a), self._clip(b)) for a, b in pairs]

    def calibration_material(self, most: int = 200) -> tuple[list[Tensor], list[Tensor]]:
        """Up to `most` vocalisations of train, of all labels in turn: each with its silence, and the syllable alone."""
        clips = self._clips_of_train(most)
        whole = [torch.from_numpy(clip.x) for clip in clips]
        return whole, [x[clip.onset : clip.offset] for x, clip in zip(whole, clips)]

    def labelled_syllables(self, most: int = 200) -> list[tuple[str, Tensor]]:
        """Up to `most` syllables of train alone, of all labels in turn, with their labels."""
        clips = self._clips_of_train(most)
        return [(clip.vocalisation.label, torch.from_numpy(clip.x[clip.onset : clip.offset])) for clip in clips]

    def _clips_of_train(self, most: int) -> list[Clip]:
        recordings = [self.recordings[i] for i in self.splits.train]
        found = choose_vocalisations(recordings, replace(self.held_out, mid_start_ms=None), count=most)
        return [self._clip(voc) for voc in found]

    def acceleration_variance(self) -> float:
        """Variance of dt^2 x'' over all windows of the training set."""
        return acceleration_variance(self.recordings, self.pools.segments, mirrored=self.cutting.mirrored)

    def fingerprint(self) -> str:
        """Hash of what was read."""
        assert self.corpus is not None, "read() reads the corpus"
        return self.corpus.fingerprint()

    def describe(self) -> list[str]:
        """A few lines: recordings and vocalisations per split, windows per category and epoch, and what is odd."""
        corpus = Corpus(self.recordings, self.sample_rate)
        counts = split_counts(self.splits, corpus, self.pools, self.vocalisations)
        lines = [*count_lines(counts), channels_line(corpus.recordings.values())]
        lines += [f"held out as {split}: {one}" for split, one in self.splitting.held.items()]
        return [*lines, *self.splits.notes(), *self.sampler.notes(self.pools), *self.pools.notes]

    def provide(self) -> None:
        """Render the synthetic finch's folder and find the syllables, where the configuration says so."""
        if self.synthetic is not None:
            assert isinstance(self.root, str), "the synthetic finch lives in one folder"
            self.synthetic.write(self.root)
        if self.segmenting is not None and self.root:
            self.reading, self.segmenting = self.segmenting.reading(self.root, self.reading), None

    def _clip(self, voc: Vocalisation) -> Clip:
        recording = self.recordings[voc.recording]
        gain = syllable_gain(recording, voc.onset)
        window = cut_window(recording, voc.start, voc.stop, gain, mirrored=self.cutting.mirrored)
        return Clip(voc, *window, bird=self.birds.get(voc.recording))

    @property
    def recordings(self) -> dict[str, Recording]:
        """What was read, by id."""
        assert self.corpus is not None, "prepare() reads the corpus"
        return self.corpus.recordings
