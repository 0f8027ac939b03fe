"""How a loader puts windows together to batches, and what its processes share."""

from __future__ import annotations

import sys
from functools import partial
from typing import Any

from lightning.pytorch import Trainer

from ..data.corpus_storage import CorpusStorage
from ..data.dataset import collate


def loader_settings(batch_size: int, workers: int, storage: CorpusStorage, trainer: Trainer | None) -> dict[str, Any]:
    """Arguments of a DataLoader.

    batch_size  windows a batch;   workers: processes that cut windows, 0: the main one
    storage     whose bound on decoded sound all processes share
    trainer     on whose device the batches go; None: on the host
    """
    return {
        "batch_size": batch_size,
        "collate_fn": collate,
        "num_workers": workers,
        "worker_init_fn": partial(_own_cache, storage, workers) if workers else None,
        # joblib's processes start others by a method that workers do not take; macOS cannot fork safely
        "multiprocessing_context": "fork" if workers and sys.platform == "linux" else None,
        "pin_memory": trainer is not None and trainer.strategy.root_device.type == "cuda",  # else copies wait
    }


def _own_cache(storage: CorpusStorage, workers: int, worker: int) -> None:
    """Every process holds decoded sound of its own: all together as much as one."""
    storage.cache.divide(workers)
