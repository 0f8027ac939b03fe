"""What the keys of an ear and of its training may hold: the group `ear`."""

from __future__ import annotations

from .kinds import Kind, Listed, Number, OneOf, Whole

_HZ = Number(above=0)
_MS = Number(low=0, high=10_000)

EAR: dict[str, Kind] = {
    "network.channels": Whole(1, 1_024),
    "network.d_model": Whole(1, 4_096),
    "network.n_layers": Whole(1, 256),
    "network.d_state": Whole(1, 1_024),
    "network.frequency": OneOf("conv", "mamba", "gru"),
    "aviary.sample_rate": Whole(1_000, 1_000_000),
    "aviary.hop": Whole(1, 65_536),
    "aviary.songs_per_bird": Whole(1, 10**9),
    "aviary.pitch_hz": Listed(_HZ, length=2),
    "aviary.snr_db": Listed(Number(-100, 200), length=2),
    "aviary.peak_db": Listed(Number(-100, 200), length=2),
    "seconds": Number(low=0.1, high=60),
    "batch_size": Whole(1, 65_536),
    "updates": Whole(1, 10**7),
    "lr": Number(above=0, high=10),
    "weight_decay": Number(low=0, high=10),
    "warmup": Whole(0, 10**7),
    "grad_clip": Number(above=0),
    "average": Number(0, 1),
    "causal_share": Number(0, 1),
    "lookahead_ms": _MS,
    "cut_share": Number(0, 1),
    "held_out": Whole(0, 10**6),
}
