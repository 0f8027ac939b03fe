"""The tables of the registry: models, what they scored, what was drawn of them."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Float, ForeignKey, Integer, MetaData, Table, Text, UniqueConstraint

METADATA = MetaData()

MODELS = Table(
    "models",
    METADATA,
    Column("key", Text, primary_key=True),  # the hash of the identity, see `run_key`
    Column("path", Text, nullable=False),  # the run's folder, relative to the outputs folder where it lies below it
    Column("outputs", Text),  # absolute outputs folder; null: the folder that holds the registry, and moves with it
    Column("seed", Integer),
    Column("status", Text, nullable=False),  # see `directory.STATUSES`
    Column("message", Text),  # why it failed
    Column("epochs", Integer, nullable=False),  # finished epochs that a checkpoint holds
    Column("scored_epoch", Integer),  # the epoch of `val` and `test`
    Column("val", JSON, nullable=False),  # {metric: mean}, rescaled_{metric} beside it; empty before an evaluation
    Column("test", JSON, nullable=False),
    Column("checkpoint", Text),  # of the selected model, else the newest; relative to the run's folder
    Column("config", JSON, nullable=False),  # resolved
    Column("data_fingerprint", Text),
    Column("git_commit", Text),
    Column("git_dirty", Boolean),
    Column("backend_used", Text),
    Column("seconds", Float, nullable=False),  # of training, over the epochs that count
    Column("created_at", Text, nullable=False),  # UTC, ISO 8601, of the run's first file
    Column("updated_at", Text, nullable=False),  # of its last change
    Column("recorded_at", Text, nullable=False),  # of this row
)

EVALUATIONS = Table(
    "evaluations",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("model_key", ForeignKey("models.key", ondelete="CASCADE"), nullable=False, index=True),
    Column(
        "source", Text, nullable=False
    ),  # training: val on the way; rung: of a sweep; selected: of the selected model; other: see evaluations/
    Column("split", Text, nullable=False),  # val, test or new
    Column("epoch", Integer, nullable=False),  # of the scored checkpoint
    Column("scores", JSON, nullable=False),  # as models.val
    Column("vocalisations", Integer),  # how many the means are over, where it is known
    Column("checkpoint", Text),
    UniqueConstraint("model_key", "source", "split", "epoch"),
)

FIGURES = Table(
    "figures",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("model_key", ForeignKey("models.key", ondelete="CASCADE"), nullable=False, index=True),
    Column("evaluation_id", ForeignKey("evaluations.id", ondelete="SET NULL")),  # null: of no evaluation
    Column("path", Text, nullable=False),  # relative to the run's folder
    Column("kind", Text, nullable=False),  # losses, spectrograms, comparison, drives, ...
    Column("split", Text),
    Column("vocalisation", Integer),  # its number in the split
    Column("label", Text),
    UniqueConstraint("model_key", "path"),
)
