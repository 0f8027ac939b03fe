"""A van der Pol oscillator that is pushed through its Hopf bifurcation and back, as an atlas, without the analyses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from syrinx_lab.dynamics.clip_atlas import (
    BifurcationMap,
    Branch,
    ClipAtlas,
    Course,
    Crossing,
    Cycles,
    EveryCycle,
    MapCurve,
    PhaseCurve,
    Sound,
)
from syrinx_lab.dynamics.perturbation import Perturbation
from syrinx_lab.dynamics.response import Response

RATE, MOMENTS, HZ = 22_050, 20, 1000.0


def made_atlas(label: str = "a", number: int = 0) -> ClipAtlas:
    """100 ms of which the middle 60 sing at 1 kHz: what is drawn from it is known beforehand."""
    times = np.linspace(0.0, 0.1, MOMENTS)
    damping = np.where((times > 0.02) & (times < 0.08), -0.3, 0.3)
    sings = damping < 0
    turn = 2 * np.pi * np.arange(32) / 32
    circle = np.stack((2 * np.cos(turn), -2 * np.sin(turn)), -1)
    orbits = np.where(sings[:, None, None], circle, np.nan)
    whole = np.arange(round(0.1 * RATE)) / RATE
    loud = ((whole > 0.02) & (whole < 0.08)) * 1.0
    phase = 2 * np.pi * HZ * whole
    state = 2 * loud[:, None] * np.stack((np.cos(phase), -np.sin(phase)), -1)
    target = 0.1 * loud * np.sin(phase)
    lines = tuple((np.stack((np.linspace(-3, 3, 40), np.linspace(-3, 3, 40) / (d + 1.5)), -1),) for d in damping)
    path = np.stack((-damping, np.full(MOMENTS, 1.0)), -1)
    hopf = MapCurve("hopf", np.stack((np.zeros(5), np.linspace(0.5, 1.5, 5)), -1))
    cycles = Cycles(
        hz=np.where(sings, HZ, np.nan),
        amplitude=np.where(sings, 2.0, np.nan),
        log_multiplier=np.where(sings, np.log(0.15), np.nan),
        trivial=np.where(sings, 1.0, np.nan),
        orbits=orbits,
        harmonics=np.where(sings[:, None], np.array([0.9, 0.0, 0.1]), np.nan),
        others=np.empty((MOMENTS, 0, 32, 2)),
        reasons=tuple("" if one else "silent: rest attracts" for one in sings),
        every=EveryCycle(  # with one around it that repels
            np.where(sings[:, None], (HZ, 900.0), np.nan),
            np.where(sings[:, None], (2.0, 3.0), np.nan),
            np.where(sings[:, None], (np.log(0.15), 40.0), np.nan),
            np.where(sings, 0, -1),
        ),
    )
    return ClipAtlas(
        stem=f"test-{number:03d}-{label}",
        name=label,
        number=number,
        where="song.wav at 1.00 s",
        times_s=times,
        state=state,
        state_rate=float(RATE),
        gestures={"gamma": Course(damping), "stiffness": Course(np.full(MOMENTS, 1.0))},
        branches=(
            Branch(
                np.zeros(MOMENTS),
                -damping,
                np.ones(MOMENTS),
                tuple("unstable focus" if one else "stable focus" for one in sings),
                np.broadcast_to([[0.5, -0.25], [-0.25, 0.125]], (MOMENTS, 2, 2)),
            ),
        ),
        cycles=cycles,
        nullclines=lines,
        map=BifurcationMap(
            names=("damping", "stiffness"),
            units=("1", "1"),
            curves=(hopf,),
            path=path,
            crossings=(Crossing(0.0205, "hopf", "onset"), Crossing(0.0795, "hopf", "offset")),
            distance_db=np.where(sings, 6.0, -6.0),
            nearest=("hopf",) * MOMENTS,
        ),
        sound=Sound(
            target=target,
            output=1.1 * target,
            sample_rate=RATE,
            onset_s=0.02,
            offset_s=0.08,
            hz=np.where(sings, 1010.0, np.nan),
            target_hz=np.where(sings, 1000.0, np.nan),
            shares={"oscillator": 0.8, "noise": 0.2, "tract_shape_db": 7.0, "tract_level_db": -3.0},
        ),
        courses={"largest exponent": Course(np.where(sings, 0.0, -300.0), "1/s")},
        phase_curve=PhaseCurve(0.05, turn / (2 * np.pi), -np.sin(turn), -np.cos(turn)),
        responses=tuple(
            Response(
                perturbation=Perturbation("drive", "pressure", at_ms, 1.1, 20.0, "scale"),
                label=label,
                place=place,
                distance=np.zeros(1),
                size=size,
                peak_ms=5.0,
                recovery_ms=recovery,
                level_recovery_ms=recovery,
                level_db=1.0,
                pitch_cents=0.0,
                brightness_cents=0.0,
            )
            for at_ms, place, size, recovery in ((30.0, 0.1, 0.5, 12.0), (70.0, 0.9, 0.1, np.nan))
        ),
        units=(
            {"unit": "3", "level_db": 2.0, "brightness_cents": 10.0, "amplitude": 0.2},
            {"unit": "5", "level_db": -1.0, "brightness_cents": 50.0, "amplitude": 0.4 if label == "a" else 0.1},
        ),
        layers=({"stack": "forward", "layer": 0, "scenario": "converge"},),
        reaches=({"control": "pitch_hz", "back_ms": 12.0},),
        measures={"d_stsp": 0.3},
    )


def silent_atlas() -> ClipAtlas:
    """The same of which no moment sings and no sound comes."""
    one = made_atlas("s", 1)
    none = np.full(MOMENTS, np.nan)
    assert one.sound is not None
    cycles = Cycles(none, none, none, none, np.full((MOMENTS, 32, 2), np.nan), np.full((MOMENTS, 3), np.nan),
                    np.empty((MOMENTS, 0, 32, 2)), ("silent: rest attracts",) * MOMENTS,
                    EveryCycle(*[np.empty((MOMENTS, 0))] * 3, np.full(MOMENTS, -1)))  # fmt: skip
    sound = replace(one.sound, output=np.zeros_like(one.sound.output), hz=none, shares={"oscillator": 0.0})
    remarks = ("the model is silent here",)
    return replace(
        one, cycles=cycles, sound=sound, phase_curve=None, map=None, state=np.zeros_like(one.state), remarks=remarks
    )
