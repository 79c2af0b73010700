"""A rerun: where nothing moved it says what the full fit said, and it finds the owners that a full fit finds."""

from dataclasses import replace

import pytest

from incidents.stats.attribution.evidence import CaseEvidence
from incidents.stats.attribution.findings import Attribution
from incidents.stats.attribution.rerun import Finished, attribute_again, attribute_fully
from tests.stats.attribution.world import CACHE, FLAG, PROMPT, World, draw

HARM = {"cache": (500.0, (0.7, 0.2, 0.1)), "prompt": (450.0, (0.1, 0.2, 0.7))}


@pytest.fixture(scope="module")
def evidence() -> CaseEvidence:
    return draw(World(changes=(CACHE, PROMPT, FLAG), harm=HARM)).evidence


@pytest.fixture(scope="module")
def finished(evidence: CaseEvidence) -> Finished:
    return attribute_fully(evidence)


def named(found: Attribution) -> set[str]:
    return {change.key for change in found.changes if change.verdict == "contributing"}


def moved(evidence: CaseEvidence, index: int, **fields: object) -> CaseEvidence:
    changes = list(evidence.changes)
    changes[index] = replace(changes[index], **fields)  # type: ignore[arg-type]
    return replace(evidence, changes=tuple(changes))


def test_where_nothing_moved_the_answer_stays(finished: Finished, evidence: CaseEvidence) -> None:
    again = attribute_again(finished, evidence, moved=(0,))
    assert named(again) == named(finished.result) == {"cache", "prompt"}
    for one, other in zip(again.changes, finished.result.changes, strict=True):
        assert one.excess.low - 1 <= other.excess.value <= one.excess.high + 1


def test_what_no_longer_overlaps_its_complaints_loses_them(finished: Finished, evidence: CaseEvidence) -> None:
    again = attribute_again(finished, moved(evidence, 0, started=20.0, ended=120.0), moved=(0,))
    assert "cache" not in named(again)
    assert "prompt" in named(again)
    full = attribute_fully(moved(evidence, 0, started=20.0, ended=120.0)).result
    assert named(again) == named(full)


def test_a_change_that_is_left_out_owns_nothing_and_the_rise_stays(finished: Finished, evidence: CaseEvidence) -> None:
    again = attribute_again(finished, evidence, moved=(), left_out=(1,))
    assert (again.changes[1].probability, again.changes[1].excess.value) == (0.0, 0.0)
    others = sum(change.excess.value for change in again.changes) + again.unattributed.value
    assert others > 1.3 * again.changes[0].excess.value


def test_a_scope_that_is_too_narrow_owns_less_and_the_rest_is_unexplained(
    finished: Finished, evidence: CaseEvidence
) -> None:
    again = attribute_again(finished, moved(evidence, 0, scope=((0, (2,)), (1, (0,)))), moved=(0,))
    assert again.changes[0].excess.value < 0.6 * finished.result.changes[0].excess.value
    assert again.unattributed.value > finished.result.unattributed.value + 100


def test_where_a_scope_cuts_segments_more_finely_the_case_is_fitted_in_full(evidence: CaseEvidence) -> None:
    coarse = replace(evidence, changes=(replace(evidence.changes[0], scope=()), evidence.changes[1]))
    finer = replace(coarse, changes=(evidence.changes[0], evidence.changes[1]))
    again, full = attribute_again(attribute_fully(coarse), finer, moved=(0,)), attribute_fully(finer).result
    assert [change.excess for change in again.changes] == [change.excess for change in full.changes]


def test_a_rerun_of_another_log_is_refused(finished: Finished, evidence: CaseEvidence) -> None:
    with pytest.raises(ValueError, match="the same changes"):
        attribute_again(finished, replace(evidence, changes=evidence.changes[:2]), moved=(0,))
