"""Which rollout backends run here as themselves, and how to time each of them."""

from __future__ import annotations

import warnings
from collections.abc import Iterable

import torch

from ..ode.rollout import BACKENDS, resolve_backend
from .race import ONCE, SLOW, Bench, Contender
from .singing import Song
from .work import rollout_work

REFERENCE = "eager"
FAST = "fused"
_SHORT = 9  # samples: enough to find out whether a backend runs, and to warm a Python loop up


def running_backends(song: Song, bench: Bench, names: Iterable[str] = BACKENDS) -> list[str]:
    """Those of `names` that run `song` by their own means; of the others a note says, once, why they are left out."""
    running = []
    for name in names:
        if name in bench.objections:
            continue
        objection = _objection(name, song, bench)
        if objection is None:
            running.append(name)
        else:
            bench.objections[name] = objection
            bench.note(f"backend {name} is left out: {objection}")
    return running


def _objection(name: str, song: Song, bench: Bench) -> str | None:
    """Why a backend is not timed as itself, found by a few samples there and back, which warm it up as well."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of fallbacks, which the note names
        try:
            settled = resolve_backend(name, bench.device, bench.dtype)
            if settled.name != name:
                return f"it falls back to {settled.name} here"
            song.forward_backward(name, min(_SHORT, song.horizon))
        except (ValueError, RuntimeError, ImportError) as error:
            return " ".join(str(error).split())[:200]
    return None


def contender(suite: str, backend: str, song: Song, *, backward: bool, bench: Bench) -> Contender:
    """A rollout of `song` by `backend`, with its gradient or without; its case is named by its sizes."""
    batch, horizon = song.returning[0].shape
    degree, hop = song.drives.degree, song.drives.hop
    slow = is_loop(backend, bench.device)
    glance = slow and backend != REFERENCE
    return Contender(
        suite=suite,
        case=case_name(batch, horizon, degree, hop, backward=backward),
        backend=backend,
        run=song.run(backend, backward),
        work=rollout_work(batch, horizon, degree, hop, backward=backward, itemsize=bench.dtype.itemsize),
        inputs_bytes=song.inputs_bytes,
        stored_bytes=song.inputs_bytes * (2 if backward else 1),
        batch=batch,
        horizon=horizon,
        degree=degree,
        hop=hop,
        warm_up=song.run(backend, backward, min(_SHORT, horizon)) if slow else None,
        effort=ONCE if glance else SLOW if slow else None,
        reference=backend == REFERENCE,
        weighed=not glance,
    )


def is_loop(backend: str, device: torch.device) -> bool:
    """Whether a backend is a Python loop on this device, which takes seconds: on a CPU all but fused are."""
    return backend == REFERENCE or (device.type == "cpu" and backend != FAST)


def case_name(batch: int, horizon: int, degree: int, hop: int, *, backward: bool) -> str:
    """For example `P=15 B=32 H=2048 fwd+bwd`, with the hop where it is not 1."""
    between = f" hop={hop}" if hop > 1 else ""
    return f"P={degree} B={batch} H={horizon}{between} {'fwd+bwd' if backward else 'fwd'}"
