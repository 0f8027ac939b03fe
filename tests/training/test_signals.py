"""Signals and the variables of a cluster's job: a run stops cleanly, and goes on as if nothing had been."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from forks import Forks

TINY = [
    "debug=tiny",
    "data=folder",
    "logger=none",
    "trainer.accelerator=cpu",
    "optim=adam_cosine",
    "n_epochs=3",
    "eval.splits=[]",
]
SLURM = {  # the second of four tasks of a step, as srun sets it
    "SLURM_JOB_ID": "71",
    "SLURM_JOB_NAME": "song",
    "SLURM_NTASKS": "4",
    "SLURM_PROCID": "1",
    "SLURM_LOCALID": "1",
    "SLURM_NODEID": "0",
    "SLURM_NNODES": "1",
    "SLURM_JOB_NODELIST": "node1",
    "SLURM_NTASKS_PER_NODE": "4",
    "SRUN_DEBUG": "3",
}


@pytest.fixture(scope="module")
def forks() -> Iterator[Forks]:
    """Commands in a task of a Slurm job of four tasks; what Lightning reads at import it has read there."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SLURM.items():
            patch.setenv(name, value)
        forks = Forks()
        yield forks
        forks.close()


@pytest.fixture(scope="module")
def undisturbed(forks: Forks, tiny_song: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    cwd = tmp_path_factory.mktemp("undisturbed")
    assert forks.run(cwd, "train", *TINY, f"data.root={tiny_song}", "run_dir=run") == 0, said(cwd)
    return cwd / "run"


def said(cwd: Path) -> str:
    return (cwd / "log.txt").read_text()


def wait_until(there: Callable[[], object], what: str) -> None:
    limit = time.monotonic() + 120
    while not there():
        assert time.monotonic() < limit, f"waited 120 s in vain: {what}"
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except OSError:
        return False


def below(parent: int) -> set[int]:
    """The processes that `parent` has started, and those that they have."""
    found: set[int] = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(stat.read_text().rpartition(") ")[2].split()[1]) == parent:
                found |= {int(stat.parent.name)} | below(int(stat.parent.name))
        except OSError:
            continue
    return found


def weights(run: Path, epoch: int = 3) -> dict[str, torch.Tensor]:
    return torch.load(run / "checkpoints" / f"epoch{epoch:05d}.ckpt", weights_only=True)["state_dict"]


def equal(run: Path, other: Path) -> bool:
    a, b = weights(run), weights(other)
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def state(run: Path) -> dict[str, object]:
    return json.loads((run / "state.json").read_text())


def test_a_task_of_a_slurm_step_trains_alone(undisturbed: Path) -> None:
    assert state(undisturbed)["status"] == "finished"
    assert sorted(p.name for p in (undisturbed / "checkpoints").iterdir()) == [
        f"epoch{epoch:05d}.ckpt" for epoch in (1, 2, 3)
    ]


def test_the_next_tasks_of_the_step_are_refused_in_a_line(forks: Forks, undisturbed: Path, tiny_song: Path) -> None:
    from syrinx_lab.runs.lock import folder_lock

    with folder_lock(undisturbed, busy=""):
        done = forks.completed(undisturbed.parent, "train", *TINY, f"data.root={tiny_song}", "run_dir=run")
    assert (done.returncode, done.stderr) == (1, "error: another process trains run: wait until it has ended\n")


# the signal comes within an epoch, after its first update
WITHIN = """
import os
from syrinx_lab.training.module import OuroborosModule
step = OuroborosModule.training_step
def signalled(self, batch, batch_index):
    if (self.current_epoch, batch_index) == (AFTER, 1):
        os.kill(os.getpid(), SIGNUM)
    return step(self, batch, batch_index)
OuroborosModule.training_step = signalled
"""


@pytest.mark.parametrize(("name", "after"), [("SIGUSR1", 0), ("SIGTERM", 1)])
def test_a_signal_within_an_epoch_interrupts_and_the_same_command_goes_on(
    forks: Forks, undisturbed: Path, tiny_song: Path, tmp_path: Path, name: str, after: int
) -> None:
    arguments = [*TINY, f"data.root={tiny_song}", "run_dir=run"]
    run, signum = tmp_path / "run", signal.Signals[name]
    within = WITHIN.replace("AFTER", str(after)).replace("SIGNUM", str(int(signum)))
    child = forks.start(tmp_path, "train", *arguments, err="err.txt", first=within)
    assert forks.end(child) == 128 + signum, said(tmp_path)
    text = (tmp_path / "err.txt").read_text()
    assert text == f"interrupted ({name}): run the same command again to go on from the last checkpoint\n"
    assert (state(run)["status"], state(run)["epoch"]) == ("interrupted", after)
    assert list(run.glob("**/hpc_ckpt*")) == []
    for old in ("hpc_ckpt_1.ckpt", "hpc_ckpt_2.ckpt"):  # as Lightning left them when it was asked
        (run / old).write_bytes((undisturbed / "checkpoints" / "epoch00002.ckpt").read_bytes())
    assert forks.run(tmp_path, "train", *arguments) == 0, said(tmp_path)
    assert f"epoch {after + 1}/3" in said(tmp_path)
    assert state(run)["status"] == "finished"
    assert equal(run, undisturbed)


def test_a_run_that_is_killed_leaves_no_process(forks: Forks, tiny_song: Path, tmp_path: Path) -> None:
    arguments = [*TINY, f"data.root={tiny_song}", "run_dir=run", "n_epochs=500", "data.num_workers=2"]
    child = forks.start(tmp_path, "train", *arguments)
    wait_until(lambda: (tmp_path / "run" / "checkpoints" / "epoch00001.ckpt").exists(), "a checkpoint")
    workers = below(child)
    assert len(workers) >= 2
    os.kill(child, signal.SIGKILL)
    assert forks.end(child) == -signal.SIGKILL
    wait_until(lambda: not any(map(is_alive, workers)), f"workers of data end: {workers}")


@pytest.mark.slow
@pytest.mark.skipif(find_spec("hydra_plugins.hydra_joblib_launcher") is None, reason="needs hydra-joblib-launcher")
@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM"])
def test_workers_of_a_sweep_end_with_it(forks: Forks, tiny_song: Path, tmp_path: Path, name: str) -> None:
    arguments = [*TINY, f"data.root={tiny_song}", "n_epochs=500", "seed=0,1", "sweep_name=question", "eval.splits=val"]
    parallel = ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2"]
    child = forks.start(tmp_path, "train", "-m", *arguments, *parallel, err="err.txt")
    outputs, signum = tmp_path / "outputs", signal.Signals[name]
    wait_until(lambda: len(list(outputs.glob("*/checkpoints/*1.ckpt"))) == 2, "both seeds train")
    workers = below(child)
    assert len(workers) >= 2
    os.kill(child, signum)
    assert forks.end(child) == (-signum if name == "SIGKILL" else 128 + signum), said(tmp_path)
    wait_until(lambda: not any(map(is_alive, workers)), f"workers end: {workers}")
    assert [state(file.parent)["status"] for file in sorted(outputs.glob("*/state.json"))] == ["interrupted"] * 2
