"""Embeddings of birds: what they change, whom, and what of them a checkpoint keeps."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from syrinx_lab.birds import Birds, BirdSettings, from_weights, known_birds
from syrinx_lab.controls.analyser import Analyser
from syrinx_lab.encoders.frames import FramesEncoder
from syrinx_lab.model import Ouroboros
from syrinx_lab.ode.polynomial import Polynomial
from syrinx_lab.ode.tract.fir import Fir
from syrinx_lab.synthesis.bird import bird_of_song
from syrinx_lab.training.prediction import predict
from syrinx_lab.types import Batch, RolloutSettings

RATE = 22_050
DRIVEN = ("stiffness", "gamma", "weights", "tract")
CHANNELS = {"features": 4, "omega": 1, "gamma": 1, "code": 3, "tract": 2, "noise": 0}


def birds(**changes) -> Birds:
    torch.manual_seed(0)
    found = Birds(BirdSettings(**{"names": ["B1", "B.2"], "size": 2, "parts": ["tract"], **changes}), CHANNELS)
    with torch.no_grad():
        for one in found.maps.values():
            one.weight.copy_(torch.arange(one.weight.numel()).view_as(one.weight) + 1.0)
        found.rows["of B1"].copy_(torch.tensor([1.0, 2.0]))
    return found


def model(settings: BirdSettings | None) -> Ouroboros:
    torch.manual_seed(0)
    encoder = FramesEncoder(2, True, RATE, d_model=4, n_layers=1)
    oscillator = Polynomial(sample_rate=RATE, degree=2)
    found = Ouroboros(
        encoder,
        oscillator,
        Fir(taps=5),
        None,
        Analyser(sample_rate=RATE, pitch_range_hz=(300.0, 3000.0)),
        birds=settings,
    )
    torch.nn.init.normal_(found.tract_net.weight, std=0.02, generator=torch.Generator().manual_seed(1))
    return found.eval()


def batch() -> Batch:
    x = 0.1 * torch.randn(2, 700, generator=torch.Generator().manual_seed(2))
    dx = torch.gradient(x, dim=1)[0]
    return Batch(x, dx, torch.zeros_like(x), torch.tensor([0, 2]), torch.tensor([100, -50]), ("B1", None))


def test_what_film_and_addition_make_of_raw_controls() -> None:
    y = torch.tensor([[[1.0, -1.0]], [[1.0, -1.0]]])
    scaled = birds().changes(["B1", "stranger"], y)("tract", y)
    # S = [[1, 2], [3, 4]] and A = [[5, 6], [7, 8]] of e = (1, 2)
    assert scaled.tolist() == [[[1 + 5 + 17.0, -1 - 11 + 23.0]], [[1.0, -1.0]]]
    shifted = birds(method="add").changes(["B1", None], y)("tract", y)
    assert shifted.tolist() == [[[1 + 5.0, -1 + 11.0]], [[1.0, -1.0]]]
    assert birds().changes(["B1"], y)("noise", y) is y


def test_the_bird_that_is_chosen_takes_every_place() -> None:
    one = birds()
    y = torch.zeros(1, 3, 2)
    one.choose("B1")
    assert torch.equal(one.changes(["B.2"], y)("tract", y), one.changes(None, y)("tract", y))
    assert one.line({"B.2"}) == "all sung as B1"
    one.choose("unknown")
    assert not one.changes(["B1"], y)("tract", y).any()
    one.choose(None)
    assert one.line({"B1", "B.2"}) is None
    assert one.line({"B1", "C", None}) == (
        "C, no name: not among those of the model (B1, B.2), sung as an unknown bird; bird=NAME chooses"
    )
    with pytest.raises(ValueError, match=r"bird is 'C': the model knows B1, B.2; use one of them, or unknown"):
        one.choose("C")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"parts": ["noise"]}, "birds.parts has noise, of which this model has none: use features, omega"),
        ({"parts": ["pitch"]}, "birds.parts is .'pitch'.: use one or more of features"),
        ({"size": 0}, "birds.size is 0"),
        ({"unknown_share": 1.0}, "birds.unknown_share is 1.0"),
        ({"method": "gate"}, "birds.method is 'gate': use film or add"),
        ({"names": ["a", "a"]}, "give every bird once"),
    ],
)
def test_what_cannot_be_is_refused(changes, said) -> None:
    with pytest.raises(ValueError, match=said):
        birds(**changes)


def test_a_model_begins_as_one_without_and_an_unknown_bird_stays_there() -> None:
    plain, several = model(None), model(BirdSettings(["B1"], parts=["features", "omega", "gamma", "code", "tract"]))
    heard = batch()
    for bird in (["B1", "B1"], [None, "C"]):
        before, after = plain(heard.x, heard.dx), several(heard.x, heard.dx, bird)
        assert all(
            torch.equal(getattr(before, n), getattr(after, n)) for n in ("stiffness", "gamma", "weights", "tract")
        )
    with torch.no_grad():
        for one in several.birds.maps.values():
            one.weight.normal_(generator=torch.Generator().manual_seed(3))
    before, after = plain(heard.x, heard.dx), several(heard.x, heard.dx, heard.birds)
    for name in DRIVEN:
        differs = (getattr(before, name) - getattr(after, name)).abs().flatten(1).amax(1)
        assert differs[0] > 1e-3, name
        assert differs[1] == 0, name


def test_of_a_model_whose_embeddings_learn_alone_only_the_bird_that_is_heard_moves() -> None:
    several = model(BirdSettings(["B1", "B2"], unknown_share=0.5))
    torch.nn.init.normal_(several.birds.maps["features"].weight)
    several.birds.learn_alone(several)
    before = {name: value.clone() for name, value in several.state_dict().items()}
    adam = torch.optim.Adam(several.parameters(), lr=0.1)
    rollout, generator = RolloutSettings(), torch.Generator().manual_seed(0)
    output = predict(several, batch(), horizon=64, rollout_grad=True, rollout=rollout, generator=generator).output
    output.square().sum().backward()
    adam.step()
    moved = [name for name, value in several.state_dict().items() if not torch.equal(value, before[name])]
    assert moved == ["birds.rows.of B1"]


def test_so_many_birds_are_withheld_as_the_share_says() -> None:
    found = birds(unknown_share=0.3).withheld(["B1"] * 4000, torch.Generator().manual_seed(0))
    assert found.count(None) == pytest.approx(1200, abs=90)
    assert found.count("B1") == 4000 - found.count(None)
    assert birds(unknown_share=0.0).withheld(["B1"] * 3, torch.Generator()) == ["B1"] * 3


def test_weights_to_start_from_are_completed_by_name() -> None:
    small, large = model(BirdSettings(["B1", "d.3"])), model(BirdSettings(["d.3", "B1", "new"]))
    torch.nn.init.normal_(small.birds.maps["features"].weight)
    state = small.state_dict()
    assert known_birds(state) == ["B1", "d.3"]
    large.load_state_dict(from_weights(state, large.state_dict()))
    assert torch.equal(large.birds.rows["of d%2E3"], small.birds.rows["of d%2E3"])
    assert not large.birds.rows["of new"].any()
    heard = batch()
    one, other = (m(heard.x, heard.dx, ["d.3", "new"]).tract for m in (small, large))
    assert torch.equal(one, other)
    fresh = large.state_dict()
    plain = {name: value for name, value in state.items() if not name.startswith("birds.")}
    assert all(torch.equal(value, fresh[name]) for name, value in from_weights(plain, fresh).items() if "birds" in name)


def test_whose_song_a_file_is(tmp_path: Path) -> None:
    root = tmp_path / "B1" / "raw"
    root.mkdir(parents=True)
    for name in ("a.wav", "b.wav"):
        (root / name).touch()
    groups, names = {"a": {"bird": "B2"}}, ["B1", "B2", "B12"]
    assert bird_of_song(root / "a.wav", [root], groups, names) == "B2", "the split knows it"
    assert bird_of_song(root / "b.wav", [root], groups, names) == "B1", "its folder"
    assert bird_of_song(tmp_path / "B12_day1.wav", [root], groups, names) == "B12", "its name"
    assert bird_of_song(tmp_path / "B13.wav", [root], groups, names) == "unknown"
