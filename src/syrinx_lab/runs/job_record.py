"""What every job of a sweep says of itself when it has ended."""

from __future__ import annotations

from dataclasses import dataclass

# how a job can end, from best to worst: only the first can be kept
STATUSES = ("trained", "diverged", "failed", "lost")


@dataclass(frozen=True)
class JobRecord:
    """How a job ended.

    seed, epochs      that it was to train, and to which epoch
    status            one of `STATUSES`; lost: its process died and left no word
    reason            why it did not come through, one line
    run               the folder of its run, below outputs/; None where it came to none, and so are the next two
    key               of the run, see `run_key`
    data_fingerprint  of its recordings
    """

    seed: int
    epochs: int
    status: str
    reason: str | None = None
    run: str | None = None
    key: str | None = None
    data_fingerprint: str | None = None

    def __post_init__(self) -> None:
        if self.status not in STATUSES:
            raise ValueError(f"has the status {self.status!r}, none of {', '.join(STATUSES)}")
        if self.has_model and None in (self.run, self.data_fingerprint):
            raise ValueError(f"is {self.status} and names no run or data_fingerprint")

    @property
    def has_model(self) -> bool:
        """Whether something was trained, be it of use or not."""
        return self.status in ("trained", "diverged")

    @property
    def came_through(self) -> bool:
        """Whether what was trained can be ranked."""
        return self.status == "trained"
