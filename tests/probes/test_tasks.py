"""Memory tasks: what is drawn, what is asked, what counts as right, and the same bits again."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor

from syrinx_lab.encoders.gru import GRU
from syrinx_lab.encoders.peephole_lstm import PeepholeLSTM
from syrinx_lab.probes.counting import Counting
from syrinx_lab.probes.onset_memory import OnsetMemory
from syrinx_lab.probes.parity import BitMemory
from syrinx_lab.probes.reber import ContinualReber
from syrinx_lab.probes.task import Examples, Task
from syrinx_lab.probes.temporal_order import TemporalOrder
from syrinx_lab.probes.training import Effort, train

TASKS: dict[str, Any] = {
    "temporal_order": TemporalOrder,
    "anbn": Counting,
    "anbncn": partial(Counting, letters=3),
    "parity": BitMemory,
    "delayed_match": partial(BitMemory, match=True),
    "onset_memory": OnsetMemory,
    "reber": ContinualReber,
}
SMALL = Effort(d_model=6, batch=8, check_every=2, quick=16, sure=32)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def answers(task: Task, examples: Examples) -> Tensor:
    """Outputs that are exactly what is wanted."""
    if isinstance(task, OnsetMemory):
        return torch.log2(examples.targets.clamp_min(1)) - 3
    if examples.targets.ndim == 2:
        return 20 * torch.nn.functional.one_hot(examples.targets, task.outputs).float() - 10
    return 20 * examples.targets - 10


@pytest.mark.parametrize("name", TASKS)
def test_the_answers_are_right_and_others_are_not(name: str) -> None:
    task = TASKS[name]()
    examples = task.draw(16, 1, seeded())
    given = answers(task, examples)
    assert examples.inputs.shape[-1] == task.inputs
    assert given.shape == (*examples.inputs.shape[:2], task.outputs)
    assert bool(task.right(given, examples).all())
    assert float(task.loss(given, examples)) < 1e-3
    assert float(task.right(given.roll(1, 0), examples).double().mean()) < 0.9
    assert float(task.right(torch.zeros_like(given), examples).double().mean()) < 0.6
    again = task.draw(16, 1, seeded())
    assert torch.equal(again.inputs, examples.inputs)
    assert not torch.equal(task.draw(16, 1, seeded(1)).inputs, examples.inputs)


def test_three_markers_lie_where_they_were_published_and_their_order_is_the_class() -> None:
    examples = TemporalOrder().draw(400, 1, seeded())
    symbols = examples.inputs.argmax(-1)
    assert bool((symbols[:, 0] == 0).all())
    for row, target, asked in zip(symbols, examples.targets, examples.asked):
        places = ((row == 2) | (row == 3)).nonzero().flatten().tolist()
        assert len(places) == 3
        for place, (low, high) in zip(places, ((10, 20), (33, 43), (66, 76))):
            assert low <= place <= high
        order = sum(int(row[place] - 2) << (2 - number) for number, place in enumerate(places))
        end = int(asked.nonzero())
        assert (int(target[end]), int(row[end])) == (order, 1)
        assert 99 <= end <= 109
    assert sorted(set(examples.targets[:, 0].tolist())) == list(range(8))


def test_strings_of_a_language_and_what_may_follow() -> None:
    examples = Counting(letters=3, trained=2)._strings(torch.tensor([1, 2]))
    names = "SabcT"
    texts = ["".join(names[int(i)] for i in row) for row in examples.inputs.argmax(-1)]
    assert texts == ["SabcTTT", "Saabbcc"]
    following = [["".join(n for n, on in zip(names, step) if on) for step in row] for row in examples.targets]
    assert following[1] == ["a", "ab", "ab", "b", "c", "c", "T"]
    assert following[0][:4] == ["a", "ab", "c", "T"]
    assert examples.asked[0].tolist() == [True] * 4 + [False] * 3


def test_reach_is_the_last_n_before_an_error() -> None:
    task = Counting(furthest=50)

    def wrong_from_23(inputs: Tensor) -> Tensor:
        n = (inputs[..., 1] > 0).sum(1)
        examples = task._strings(n)
        return answers(task, examples) * torch.where(n < 23, 1.0, -1.0)[:, None, None]

    assert task.reach(wrong_from_23) == 22
    assert task.reach(lambda x: answers(task, task._strings((x[..., 1] > 0).sum(1)))) == 50


@pytest.mark.parametrize("match", [False, True])
@pytest.mark.parametrize("level", [1, 4])
def test_bits_and_their_answers(match: bool, level: int) -> None:
    examples = BitMemory(match=match, steps=20).draw(5, level, seeded())
    bits, n = (examples.inputs[..., 0] > 0).long(), level + 1
    for step in range(20):
        assert bool(examples.asked[:, step].all()) is bool(examples.asked[:, step].any()) is (step >= n - 1)
        if step >= n - 1:
            last = bits[:, step - n + 1 : step + 1]
            wanted = (last[:, 0] == last[:, -1]).long() if match else last.sum(1) % 2
            assert torch.equal(examples.targets[:, step], wanted)


def test_the_age_of_a_burst() -> None:
    examples = OnsetMemory(steps=300).draw(50, 1, seeded())
    age, heard = examples.targets[..., 0], examples.inputs[..., 0]
    assert torch.equal(heard > 0, age > 0)
    assert torch.equal(examples.asked, age > 0)
    for row in age:
        for before, after in pairwise(row.tolist()):
            assert after in ((before + 1, 0) if before else (0, 1))
    assert float(age.max()) == 80
    assert 0.15 < float(heard[heard > 0].min()) < 0.2


def test_a_stream_of_the_grammar() -> None:
    examples = ContinualReber().draw(20, 1, seeded())
    for row, allowed in zip(examples.inputs.argmax(-1).tolist(), examples.targets):
        text = "".join("BTPXSVE"[symbol] for symbol in row)
        assert text[:3] in ("BTB", "BPB")
        for step in range(99):
            assert allowed[step, row[step + 1]] == 1, text
        assert int(allowed.sum(1).max()) == 2
        for one in text.split("EB")[1:-1]:
            assert one[0] == one[-1] or "E" not in one


@pytest.mark.parametrize("name", TASKS)
def test_a_training_comes_again_bit_for_bit(name: str) -> None:
    state = torch.random.get_rng_state()
    core = partial(PeepholeLSTM, hidden=4)
    first, again = (train(TASKS[name](updates=4), core, 3, SMALL, names=(name, "p")) for _ in range(2))
    assert (first.course, first.score, str(first.reach)) == (again.course, again.score, str(again.reach))
    assert [update for update, _ in first.course] == [2, 4]
    assert torch.equal(torch.random.get_rng_state(), state)


def test_levels_rise_and_the_last_one_solves() -> None:
    task = BitMemory(match=True, highest=3, steps=16, updates=1500)
    found = train(task, partial(GRU, hidden=16), 0, Effort(d_model=16, lr=1e-2, check_every=20), names=("m", "gru"))
    assert found.solved
    assert (found.level, found.levels) == (2, 2)
    assert found.updates < 1500
    assert found.score >= 0.98


class Silent(Task):
    def __init__(self) -> None:
        super().__init__(inputs=1, outputs=1, levels=1, passing=1, updates=1, criterion="", published="", source="")


def test_what_is_no_task_is_refused() -> None:
    with pytest.raises(ValueError, match=r"Silent has no draw: add the method draw\(self, count, level, generator\)"):
        Silent()
    with pytest.raises(ValueError, match="letters is 1: it must be at least 2"):
        Counting(letters=1)
    with pytest.raises(ValueError, match="highest is 1: it must be at least 2"):
        BitMemory(highest=1)
    with pytest.raises(ValueError, match="updates is 0: it must be at least 1"):
        TemporalOrder(updates=0)
