"""The voice before and after it was adapted to a bird: both on the same held-out clips, seen and heard side by side."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from .evaluation.anchors import rendition_anchor
from .evaluation.initial_weights import weights_file
from .evaluation.refinement import Refinement
from .evaluation.scoring import Scoring
from .fit import Prepared
from .model import Ouroboros
from .reporting.rivals_page import write_rivals_page
from .rivals.comparison import outcome, targets
from .rivals.files import write_results
from .rivals.outcome import Comparison, Outcome
from .rivals.rival import Songs
from .rivals.sung_model import SungModel
from .rivals.table import print_table
from .runs.provenance import provenance
from .selected_model import trained_model
from .voice_assembly import build_scoring

BEFORE, AFTER, REFINED = "unheard", "adapted", "refined"
AS_READ = Refinement(0)
_SHOWN = ("tf_corr", "spec_corr", "wrong_partial", "onset_error_ms")


def sung_unheard(prepared: Prepared) -> Outcome:
    """What the voice makes of the clips of test before anything is learned of them, printed in a line.

    Of the bird it knows the range of pitch and the background of the training songs, which needs no labels.
    """
    cfg = prepared.cfg
    model = trained_model(cfg, weights_file(cfg.init_from), first=True).eval()
    model.calibrate(*prepared.datamodule.calibration_material())
    found = _outcome(BEFORE, model, prepared)
    print(f"unheard   the voice as it is, on {len(found.rows)} clips of test: {_in_a_line(found.raw)}", flush=True)
    return found


def write_side_by_side(prepared: Prepared, before: Outcome, checkpoint: Path) -> Path:
    """Sing the same clips by the adapted model; print the scores side by side and write scores, sounds and the page.

    As it reads them, and once more with the numbers of each clip refined by `eval.refine` steps, where there are any.

    Returns the page, adapted/rivals.html in the run's folder, which needs nothing beside it.
    """
    cfg, datamodule = prepared.cfg, prepared.datamodule
    model = trained_model(cfg, checkpoint).eval()
    found = {BEFORE: before, AFTER: _outcome(AFTER, model, prepared)}
    if cfg.eval.refine:
        found[REFINED] = _outcome(REFINED, model, prepared, Refinement(cfg.eval.refine, cfg.eval.refine_lr))
    clips, rate = datamodule.clips("test"), datamodule.sample_rate
    comparison = Comparison(
        title="unheard and adapted",
        split="test",
        sample_rate=rate,
        targets=targets(clips, rate),
        outcomes=tuple(found.values()),
        rendition=rendition_anchor(datamodule.renditions("test"), rate),
        known=build_scoring(cfg).known,
    )
    folder, made = prepared.run.path / "adapted", provenance()
    write_results(folder, comparison, made, cfg.eval.max_audio)
    print_table(comparison)
    page = write_rivals_page(comparison, folder, ours=AFTER, theirs=BEFORE, most=cfg.eval.max_audio, provenance=made)
    print("\n".join(f"{name:9} {_in_a_line(one.raw)}" for name, one in found.items()))
    print(f"side by side, to see and to hear: {page}", flush=True)
    return page


def _outcome(name: str, model: Ouroboros, prepared: Prepared, refinement: Refinement = AS_READ) -> Outcome:
    scoring: Scoring = build_scoring(prepared.cfg)
    datamodule = prepared.datamodule
    singer = SungModel(model, sample_rate=model.sample_rate, ic_noise_rms=scoring.ic_noise_rms, refinement=refinement)
    songs = Songs([], [], val=datamodule.clips("val")[:1])
    return outcome(name, singer, songs, datamodule.clips("test"), scoring)


def _in_a_line(means: Mapping[str, float | None]) -> str:
    return ", ".join(f"{name} {value:.3f}" for name in _SHOWN if (value := means.get(name)) is not None)
