"""Every suite runs on tiny sizes, does the same work in all its backends, and gives rows with sane numbers."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
import torch

from syrinx_lab.bench import published_trainee
from syrinx_lab.benchmarking import backends
from syrinx_lab.benchmarking.curve_suite import DEGREES, HOPS, curve_rows
from syrinx_lab.benchmarking.encoder_suite import encoder_rows
from syrinx_lab.benchmarking.floor import Rates
from syrinx_lab.benchmarking.public_mamba import with_public_stacks
from syrinx_lab.benchmarking.race import Bench, race
from syrinx_lab.benchmarking.rollout_suite import rollout_case, rollout_rows
from syrinx_lab.benchmarking.row import Row
from syrinx_lab.benchmarking.singing import compose_song
from syrinx_lab.benchmarking.step_suite import optimisation_step, song_like_batch, step_rows
from syrinx_lab.benchmarking.synthesis_suite import synthesis_rows
from syrinx_lab.benchmarking.timing import Effort
from syrinx_lab.types import Category

CPU = torch.device("cpu")
FEW = ("eager", "fused")  # the others take long to compile, or are Python loops as eager is
SMALL = ("oscillator.degree=3", "horizon.max=256", "data.context_s=0.007", "loss.terms.spec.loss.resolutions=[[64,16]]")


@pytest.fixture
def bench() -> Bench:
    rates = Rates(multiply_adds=1e11, bandwidths=((2**20, 1e11), (2**28, 1e10)), latency=1e-9)
    return Bench(CPU, torch.float32, rates, Effort(2, 0.0, 1), note=lambda _: None)


def sane(rows: Iterable[Row]) -> list[Row]:
    rows = list(rows)
    for row in rows:
        assert 0 < row.floor_s < row.median_s < 60, row
        assert row.spread_s >= 0
        assert row.repeats >= 1
        assert row.stored_bytes > 0
        assert row.peak_bytes is None or row.peak_bytes > 0.4 * row.stored_bytes, "no less than the inputs"
        assert (row.device, row.dtype) == ("cpu", "float32")
    return rows


def test_the_rollout_suite(bench: Bench) -> None:
    rows = {
        (row.degree, row.hop, row.backend): row for row in sane(rollout_rows(bench, batch=2, horizon=65, backends=FEW))
    }
    assert {
        (1, 1, "fused"),
        (3, 1, "eager"),
        (3, 1, "fused"),
        (3, 32, "fused"),
        (15, 1, "eager"),
        (15, 32, "fused"),
    } <= set(rows)
    assert all(rows[degree, 1, "eager"].ratio_to_eager == 1 for degree in (3, 15))
    for hop in (1, 32):
        fused, eager = rows[15, hop, "fused"], rows[15, hop, "eager"]
        assert fused.ratio_to_eager == pytest.approx(eager.median_s / fused.median_s)
    fused = rows[15, 1, "fused"]
    assert fused.stored_bytes == 2 * 4 * (2 * 65 * 258 + 4)


def test_one_case_of_the_rollout(bench: Bench) -> None:
    rows = sane(rollout_case(bench, batch=1, horizon=40, degree=2, hops=(4,), backends=FEW))
    assert [row.backend for row in rows] == list(FEW)
    assert {(row.degree, row.hop) for row in rows} == {(2, 4)}
    assert all(row.ratio_to_eager is not None for row in rows)


def test_gradients_count_as_memory(bench: Bench) -> None:
    """Also where a backend keeps the memory of its gradients for the next call."""
    song = compose_song(8, 2048, 15)
    (row,) = race([backends.contender("rollout", "fused", song, backward=True, bench=bench)], bench)
    if row.peak_bytes is not None:
        assert 0.95 < row.peak_bytes / row.stored_bytes < 1.5


def test_the_curves(bench: Bench) -> None:
    rows = sane(curve_rows(bench, backend="fused", longest=512, widest=4))
    sizes = [(row.batch, row.horizon, row.degree, row.hop) for row in rows]
    assert len(set(sizes)) == len(sizes)
    assert {(8, 256, 15, 1), (8, 512, 15, 1), (8, 256, 3, 1), (8, 512, 3, 1), (1, 512, 15, 1), (4, 512, 15, 1)} <= set(
        sizes
    )
    assert {degree for _, _, degree, _ in sizes} == set(DEGREES)
    assert {hop for *_, hop in sizes} == set(HOPS)


def test_synthesis_runs_on_one_thread(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    monkeypatch.setattr("syrinx_lab.benchmarking.singing.Song.forward", lambda *_: seen.append(torch.get_num_threads()))
    rows = list(synthesis_rows(bench, backend="fused", horizon=500))
    assert [row.hop for row in rows] == [1, 32]
    assert seen
    assert set(seen) == {1}
    assert rows[0].stored_bytes == 4 * (500 * 258 + 2), "forward there are no gradients"


def test_the_encoder(bench: Bench) -> None:
    pytest.importorskip("mambapy")
    rows = {row.backend: row for row in sane(encoder_rows(bench, batch=2, length=130))}
    assert set(rows) == {"auto", "parallel", "mambapy"}
    assert rows["mambapy"].ratio_to_eager == 1
    assert rows["auto"].ratio_to_eager is not None


def test_the_step(bench: Bench) -> None:
    pytest.importorskip("mambapy")
    rows = {
        row.backend: row for row in sane(step_rows(bench, lambda name: published_trainee(name, 0, *SMALL), batch=3))
    }
    assert set(rows) == {"auto", "eager+mambapy"}
    assert (rows["auto"].horizon, rows["auto"].degree, rows["auto"].batch) == (256, 3, 3)


def test_both_steps_are_the_same_training() -> None:
    """Three updates: the losses agree, and they fall."""
    pytest.importorskip("mambapy")
    fast, plain = (published_trainee(name, 0, *SMALL) for name in ("auto", "eager"))
    with_public_stacks(plain.model)
    audio = song_like_batch(3, fast.window, fast.model.sample_rate)
    steps = [optimisation_step(trainee, audio, CPU) for trainee in (fast, plain)]
    losses = [[float(step()) for _ in range(3)] for step in steps]
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)
    assert losses[0][2] < losses[0][0]


def test_the_published_step_has_the_published_sizes() -> None:
    trainee = published_trainee("auto", 0)
    assert (trainee.horizon, trainee.window, trainee.grad_clip, trainee.rollout.onset_lead_ms) == (2048, 2205, 5.0, 5.0)
    assert trainee.model.encoder.degree == 15
    assert trainee.model.backend == "auto"


def test_windows_hold_every_category_and_silence_before_an_onset() -> None:
    batch = song_like_batch(8, 400, 44_100)
    assert set(batch.category.tolist()) == set(Category)
    first = batch.x[0]
    assert int(batch.onset[0]) == 100
    assert float(first[:100].std()) < 2e-3 < float(first[120:].std())


def test_a_backend_that_gives_way_is_named_once_and_left_out(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    notes: list[str] = []
    bench = Bench(CPU, torch.float32, bench.rates, bench.effort, note=notes.append)
    tried: list[str] = []

    def forward_backward(self: object, name: str, horizon: int) -> None:
        tried.append(name)
        if name == "scan":
            raise ValueError("backend scan takes\nfloat64")

    monkeypatch.setattr("syrinx_lab.benchmarking.singing.Song.forward_backward", forward_backward)
    song = compose_song(1, 20, 1)
    for _ in range(2):
        assert backends.running_backends(song, bench, ("eager", "cudagraph", "scan")) == ["eager"]
    assert tried == ["eager", "scan", "eager"], "cudagraph needs a GPU, and what failed once is not tried again"
    assert notes == [
        "backend cudagraph is left out: it falls back to eager here",
        "backend scan is left out: backend scan takes float64",
    ]
