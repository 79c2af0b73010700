"""The simulator's cases are what they say, and a release that does no harm is not accused."""

import numpy as np
import pytest

from benchmarks import scoring
from benchmarks.simulated import TROUBLES, Trouble, simulate
from incidents.stats.attribution import attribute

BY_KEY = {trouble.key: trouble for trouble in TROUBLES}


@pytest.mark.parametrize("trouble", [t for t in TROUBLES if t.key != "many"], ids=lambda t: t.key)
def test_every_trouble_gives_evidence_that_agrees_with_its_truth(trouble: Trouble) -> None:
    case = simulate(trouble, 7)
    case.evidence.check()
    n_changes = len(case.evidence.changes)
    assert [c.key for c in case.evidence.changes] == list(case.truth.keys)
    assert len(case.truth.cause) == len(case.ticket_ids) == case.evidence.n_tickets
    counted = np.bincount(case.truth.cause, minlength=n_changes + 1)[:n_changes]
    np.testing.assert_array_equal(counted, case.truth.tickets)
    assert not case.truth.tickets[~case.truth.harmful].any()
    again = simulate(trouble, 7)
    np.testing.assert_array_equal(again.evidence.cell_count, case.evidence.cell_count)
    assert again.evidence.changes[0].scope == case.evidence.changes[0].scope


def test_troubles_of_the_log_leave_the_complaints_alone() -> None:
    plain = simulate(BY_KEY["none"], 3)
    for key in ("edges", "ramp", "scope"):
        told = simulate(BY_KEY[key], 3)
        np.testing.assert_array_equal(told.evidence.cell_count, plain.evidence.cell_count)
        assert told.evidence.changes != plain.evidence.changes


@pytest.mark.parametrize("seed", [9000, 9003, 9006])
def test_a_release_that_spreads_and_does_no_harm_is_not_named(seed: int) -> None:
    case = simulate(BY_KEY["versions"], seed, n_harmful=0)
    found = attribute(case.evidence)
    carried = [change.key for change in case.evidence.changes if change.carrier is not None]
    assert len(carried) == 1
    assert [c.verdict for c in found.changes if c.key in carried] == ["not supported"]


def test_the_true_causes_score_full_marks_and_silence_does_not() -> None:
    case = simulate(BY_KEY["none"], 1, n_harmful=2)
    truth = case.truth
    n, n_changes = len(truth.cause), len(truth.keys)
    knowing = scoring.Answer(
        keys=truth.keys,
        probability=truth.harmful.astype(float),
        verdict=tuple("contributing" if harm else "not supported" for harm in truth.harmful),
        estimate=truth.tickets,
        low=truth.tickets,
        high=truth.tickets,
        alike=(frozenset(),) * n_changes,
        tickets=np.eye(n_changes + 1)[truth.cause],
    )
    best = scoring.figures([scoring.score_case(truth, knowing)])
    assert best["average_precision"] == best["coverage_90_harmful"] == best["top1"] == 1.0
    assert best["ticket_log_loss"] == pytest.approx(0.0)
    assert best["none_share_error"] == pytest.approx(0.0)
    silent = scoring.Answer(
        keys=truth.keys,
        probability=np.zeros(n_changes),
        verdict=("not supported",) * n_changes,
        estimate=np.zeros(n_changes),
        low=np.zeros(n_changes),
        high=np.zeros(n_changes),
        alike=(frozenset(),) * n_changes,
        tickets=np.tile(np.eye(n_changes + 1)[-1], (n, 1)),
    )
    worst = scoring.figures([scoring.score_case(truth, silent)])
    assert worst["recall_detectable"] == worst["coverage_90_harmful"] == 0.0
    assert worst["none_share_error"] == pytest.approx(truth.tickets.sum() / n)
