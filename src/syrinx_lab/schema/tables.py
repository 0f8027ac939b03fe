"""What every key of every command may hold: dotted key -> kind, by the stem of the command's file in conf/."""

from __future__ import annotations

from .kinds import Either, Flag, Group, Kind, Listed, Names, Number, OneOf, Text, Whole, or_null
from .reconstruct_keys import RECONSTRUCT
from .train_keys import GROUPS, OWN, PATHS, SEED

OUTPUTS: dict[str, Kind] = {"paths.outputs": Text("a path"), "paths.registry": or_null(Text("a path or a URL"))}

TRAIN: dict[str, Kind] = {
    **OWN,
    **OUTPUTS,
    **{f"{group}.name": Text("a name") for group in GROUPS},
    **{f"{group}.{key}": kind for group, keys in GROUPS.items() for key, kind in keys.items()},
}

_FILE = or_null(Text("a path"))
_VOICE = or_null(Text("a name, or a path"))
_SMOOTH = Either(OneOf("none", "auto"), Whole(1, 10**6))
_FACTOR = Number(above=0, high=100)

_RANGE = Listed(Number(above=0), length=2)

RIVALS: dict[str, Kind] = {
    **TRAIN,
    "run": Listed(Text("a path"), single=True),
    "voice": or_null(Listed(Text("a name, or a path"), single=True)),
    "split": OneOf("val", "test"),
    "out": _FILE,
    "abx.ours": or_null(Text("a name")),
    "abx.theirs": or_null(Text("a name")),
    "rivals.*": Group(),
    "rivals.*.sample_rate": Whole(1_000, 1_000_000),
    "rivals.*.frame_ms": Number(above=0, high=1_000),
    "rivals.*.f0_ranges_hz": Listed(_RANGE, least=1),
    "rivals.*.lab_pitch": Flag(),
    "rivals.*.threshold": Number(low=0, high=1),
    "rivals.*.coefficients": or_null(Whole(2, 1_024)),
    "rivals.*.n_mels": Whole(2, 1_024),
    "rivals.*.n_fft": Whole(16, 65_536),
    "rivals.*.hop": Whole(1, 65_536),
    "rivals.*.low_hz": Number(low=0),
    "rivals.*.high_hz": or_null(Number(above=0)),
    "rivals.*.top_hz": or_null(Number(above=0)),
    "rivals.*.iterations": Whole(1, 10_000),
    "rivals.*.momentum": Number(low=0, below=1),
    "rivals.*.bands": Whole(2, 1_024),
    "rivals.*.harmonics": Whole(1, 1_024),
    "rivals.*.periods": Number(low=1, high=100),
    "rivals.*.pitch_range_hz": or_null(_RANGE),
    "rivals.*.ic_noise_rms": Number(low=0, high=1),
    "rivals.*.gain": Number(low=0, high=1e3),
    "rivals.*.ms": Number(low=0, high=1e4),
    "rivals.*.keep": OneOf("syllable", "silence"),
    "rivals.*.cutoff_hz": Number(above=0),
    "rivals.*.snr_db": Number(-100, 200),
    "rivals.*.factor": Number(0.25, 4),
}

GRADIENTS: dict[str, Kind] = {
    **TRAIN,
    "out": _FILE,
    "recorded": Flag(),
    "count": Whole(1, 10_000),
    "length": Whole(64, 10**6),
    "pitch_hz": _RANGE,
    "sweep_octaves": Number(low=0, high=4),
    "snr_db": or_null(Number(-100, 200)),
    "starts_cents": Listed(Number(-4_800, 4_800), least=1, single=True),
    "terms.*": Group(),
    "terms.*.order": Whole(1, 2),
    "terms.*.sample_rate": Whole(1_000, 1_000_000),
    "terms.*.pitch_range_hz": or_null(_RANGE),
    "methods.*": Group(),
    "methods.*.losses": Listed(Text("a name of `terms`"), least=1, single=True),
    "methods.*.steps": Whole(1, 10**6),
    "methods.*.rate": Number(above=0, high=2_400),
    "methods.*.damping": Number(low=0, high=10),
    "methods.*.candidates": Whole(2, 10**6),
    "methods.*.periods": Number(above=0, high=1e4),
    "methods.*.penalty": Number(low=0, high=1e6),
    "methods.*.state_rate": Number(above=0, high=10),
    "methods.*.reach": Number(above=0, high=4_800),
}

# parameters of the known systems
SYSTEM = ("mu", "alpha", "beta", "gamma", "b_1", "b_2", "tau")

TABLES: dict[str, dict[str, Kind]] = {
    "config": TRAIN,
    "check_data": TRAIN,
    "rivals": RIVALS,
    "blind_spots": RIVALS,
    "gradients": GRADIENTS,
    "evaluate": {
        **OUTPUTS,
        "run": _FILE,
        "voice": _VOICE,
        "split": OneOf("val", "test", "new"),
        "checkpoint.file": _FILE,
        "data_root": or_null(PATHS),
        "bird": or_null(Text("a name")),
    },
    "rate": {
        **OUTPUTS,
        "run": _FILE,
        "voice": _VOICE,
        "split": OneOf("val", "test"),
        "checkpoint.file": _FILE,
        "data_root": or_null(PATHS),
        "clips": Whole(1, 10**6),
        "scale_clips": Whole(1, 10**6),
        "factors": Listed(Whole(1, 4_096), least=1, single=True),
        "rivals": Listed(Text("a path"), single=True),
        "shares": Listed(Number(above=0, high=1), least=1, single=True),
        "out": or_null(Text("a path")),
    },
    "probe": {
        **OUTPUTS,
        "cores.encoder": Names("names, with commas"),
        "task": Names("all, or names with commas"),
        "seeds": Whole(1, 10_000),
        "d_model": Whole(1, 4_096),
        "n_layers": Whole(1, 256),
        "batch": Whole(1, 65_536),
        "lr": Number(above=0, high=10),
        "updates": or_null(Whole(1, 10**7)),
        "out": Text("a path"),
        "tasks.*.updates": Whole(1, 10**7),
        "tasks.*.letters": Whole(2, 16),
        "tasks.*.match": Flag(),
    },
    "reconstruct": {**OUTPUTS, **RECONSTRUCT},
    "segment": {
        "paths.outputs": Text("a path"),
        "data.root": PATHS,
        **{f"data.{key}": GROUPS["data"][key] for key in ("channel", "audio_pattern", "faulty", "annotations")},
        "data.annotation_root": or_null(PATHS),
        "out": or_null(Text("a path, or beside")),
        "format": Text("a format"),
        "labels": Flag(),
        "compare": or_null(OneOf("annotations")),
        "workers": or_null(Whole(1, 4_096)),
        "examples": Whole(0, 100),
        **{f"segmenter.{key}": kind for key, kind in GROUPS["segmenter"].items()},
        "segmenter.name": Text("a name"),
    },
    "hear": {
        **OUTPUTS,
        "seed": SEED,
        "recordings": Whole(1, 10**6),
        "seconds": Number(low=0.1, high=60),
        "snr_db": Listed(Number(-100, 200), least=1, single=True),
        "out": Text("a path"),
        "aviary.sample_rate": Whole(8_000, 192_000),
        "aviary.hop": Whole(1, 65_536),
        "aviary.songs_per_bird": Whole(1, 10**9),
        "trackers.*": Group(),
        "trackers.*.weights": _FILE,
        "trackers.*.lookahead_ms": or_null(Number(low=0, high=10_000)),
        "trackers.*.pitch_range_hz": _RANGE,
        "trackers.*.threshold": Number(low=0, high=1),
    },
    "dynamics": {
        **OUTPUTS,
        "run": _FILE,
        "voice": _VOICE,
        "split": OneOf("val", "test"),
        "clip": or_null(Whole(0, 10**6)),
        "clips": or_null(Whole(1, 10**6)),
        "moments": Whole(4, 10_000),
        "movie": Flag(),
        "workers": Whole(1, 4_096),
        "seed": SEED,
        "checkpoint.file": _FILE,
        "data_root": or_null(PATHS),
        "out": _FILE,
        **{f"system.{name}": Number(low=-1e6, high=1e6) for name in SYSTEM},
    },
    "pack_voice": {
        **OUTPUTS,
        "run": Text("a path"),
        "out": Text("a path"),
        **{name: Text("a line of text") for name in ("about", "command", "trained_on", "licence")},
        "checkpoint.file": _FILE,
    },
    "synthesize": {
        **OUTPUTS,
        "run": _FILE,
        "voice": _VOICE,
        **{name: _FILE for name in ("song", "drives_in", "out", "drives_out", "picture", "checkpoint.file")},
        "data_root": or_null(PATHS),
        "bird": or_null(Text("a name")),
        "scale": or_null(Number(above=0)),
        "refine": Whole(0, 10**6),
        "piece_s": or_null(Number(above=0)),
        "chunk_s": Number(above=0),
        "edit.pitch": _FACTOR,
        "edit.tempo": _FACTOR,
        "edit.loudness": Number(low=0),
    },
    "watch": {
        **OUTPUTS,
        "run": PATHS,
        "once": Flag(),
        "every_s": Number(above=0, high=1e6),
        "overlay": or_null(Text("a path")),
        "smooth": _SMOOTH,
        "events": or_null(Text("a path")),
        "heartbeat_s": Number(above=0, high=1e6),
        "spike_z": Number(above=0),
        "spike_window": Whole(1, 10**6),
        "metric": or_null(Text()),
        "patience": Whole(1, 10**6),
        "min_delta": Number(low=0),
    },
    "report": {
        **OUTPUTS,
        "sweep": or_null(PATHS),
        "run": or_null(PATHS),
        "voice": _VOICE,
        "smooth": _SMOOTH,
        "out": or_null(Text("a path")),
    },
    "dashboard": {
        **OUTPUTS,
        "by": Text("a key"),
        "metrics": Listed(Text("a name"), single=True),
        "group": or_null(Text("a name")),
        "save": Flag(),
        "entity": or_null(Text("a name")),
        "project": or_null(Text("a name")),
    },
    "bench": {
        **OUTPUTS,
        "suite": Text("the name of a suite"),
        "case.batch": Whole(1, 65_536),
        "case.horizon": Whole(1, 10**7),
        "case.degree": or_null(Whole(1, 63)),
        "case.control_hop": or_null(Whole(1, 65_536)),
        "backends": or_null(Listed(Text("a backend"), least=1, single=True)),
        "dtype": OneOf("float32", "float64"),
        "device": Text("a device"),
        "threads": or_null(Whole(1, 4_096)),
        "seed": SEED,
        "markdown": Flag(),
        "effort.rounds": Whole(1, 10**6),
        "effort.round_s": Number(above=0, high=3600),
        "effort.most": Whole(1, 10**6),
        "json": Text("a path"),
    },
}

# keys that the command line knows by a shorter name: Hydra takes `horizon` and `checkpoint` for choices of these groups
TYPED = {f"case.{name}": name for name in ("batch", "horizon", "degree", "control_hop")}
TYPED |= {"checkpoint.file": "checkpoint", "cores.encoder": "encoder"}
TYPED |= {"pick.system": "system", "pick.model": "model"}
TYPED |= {f"system.{name}": name for name in SYSTEM}
# groups of conf/ of which a file is chosen by its name
PLACES = (*GROUPS, "experiment", "model", "arm", "debug")  # of them in the defaults, be it null
CHOSEN = (*PLACES, "sweeps")
# commands that take the choices of these groups
WITH_GROUPS = ("config", "check_data", "rivals", "blind_spots", "gradients")
# and of others
OWN_GROUPS = {"dynamics": ("system",), "segment": ("segmenter",)}
# groups that may be null
OPTIONAL = (
    "oscillator.init",
    "optim.scheduler",
    "callbacks.*",
    "trackers.*",
    "loss.terms.*",
    "rivals.*",
    "terms.*",
    "methods.*",
    "system",
)
# keys of a group that are not its class's, which may be from anywhere
SHARED = tuple(
    f"oscillator.{key}" for key in ("drive_lowpass_ms", "control_hop", "knots_per_second", "highpass_hz", "init")
)
# how a value that must be given is typed
EXAMPLES = {"run": "outputs/RUN", "data.root": "SONGS"}
