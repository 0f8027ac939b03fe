"""The ear's file, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from syrinx_lab.ear.analyser import EarAnalyser
from syrinx_lab.ear.network import Ear
from syrinx_lab.ear.weights import TRAINED, load_ear, packaged_ear, save_ear


def test_an_ear_comes_back(tmp_path: Path) -> None:
    torch.manual_seed(0)
    ear = Ear(channels=4, d_model=8, n_layers=1, d_state=2, frequency="gru").eval()
    digest = save_ear(ear, tmp_path / "ear.pt", {"seed": 1})
    again = load_ear(tmp_path / "ear.pt", digest)
    assert again.settings == ear.settings
    assert not any(p.requires_grad for p in again.parameters())
    x = 0.1 * torch.randn(1, 4410, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(again(x, 44100).first, ear(x, 44100).first, atol=0.02, rtol=0.01)
    assert save_ear(ear, tmp_path / "other.pt", {"seed": 1}) == digest


def test_what_is_no_ear_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no\.pt: no such ear; give the ear\.pt of a run of experiment=ear"):
        EarAnalyser(sample_rate=44_100, weights=str(tmp_path / "no.pt"))
    (tmp_path / "bad.pt").write_bytes(b"not an ear")
    with pytest.raises(ValueError, match=r"bad\.pt: not an ear, or a damaged one"):
        load_ear(tmp_path / "bad.pt")
    torch.save({"state": {}}, tmp_path / "other.pt")
    with pytest.raises(ValueError, match=r"other\.pt: not an ear, or a damaged one"):
        load_ear(tmp_path / "other.pt")
    torch.save({"format": "syrinx_lab ear 0", "settings": {}, "state": {}}, tmp_path / "old.pt")
    with pytest.raises(ValueError, match="an ear of another version of the lab"):
        load_ear(tmp_path / "old.pt")
    with pytest.raises(ValueError, match=r"its sha256 is [0-9a-f]{12}, not 000000000000: install the lab again"):
        load_ear(TRAINED / "ear.pt", 64 * "0")


def test_the_packaged_ear_is_small_and_whole() -> None:
    ear = packaged_ear()
    assert sum(p.numel() for p in ear.parameters()) <= 220_000
    assert (TRAINED / "ear.pt").stat().st_size <= 900_000
