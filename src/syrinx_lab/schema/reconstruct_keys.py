"""What the keys of `python -m syrinx_lab.reconstruct` may hold, as they lie in conf/reconstruct.yaml."""

from __future__ import annotations

from .kinds import Flag, Kind, Names, Number, Text, Whole, or_null

RECONSTRUCT: dict[str, Kind] = {
    "pick.system": Names("all, or names with commas"),
    "pick.model": Names("all, or names with commas"),
    "seeds": Whole(1, 10_000),
    "samples": Whole(1_000, 10**8),
    "noise": Number(low=0, high=10),
    "updates": or_null(Whole(1, 10**8)),
    "out": Text("a path"),
    "systems.*.interval": Number(above=0),
    "systems.*.flow": Text("a name"),
    "systems.*.points": Whole(2, 100_000),
    "models.*.hidden": Whole(0, 4_096),
    "models.*.updates": Whole(1, 10**8),
    "models.*.lr": Number(above=0, high=10),
    "models.*.lr_end": Number(above=0, high=10),
    "models.*.noise": Number(low=0, high=10),
    "models.*.recurrence.hidden": Whole(1, 65_536),
    "models.*.recurrence.clipped": Flag(),
    "models.*.recurrence.rectified": Whole(0, 65_536),
    "models.*.forcing.alpha": Number(low=0, high=1),
    "models.*.forcing.adaptive": Flag(),
    "models.*.forcing.every": Whole(1, 10**6),
    "models.*.delays": Whole(1, 10_000),
    "models.*.rank": Whole(0, 10_000),
    "models.*.degree": Whole(1, 10),
    "models.*.threshold": Number(low=0),
    "models.*.window": Whole(5, 10_001, odd=True),
}
