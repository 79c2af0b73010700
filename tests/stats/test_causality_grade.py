"""The structured grade: known answers, the veto, and that what was not looked at weighs nothing."""

import doctest

import pytest

from incidents.stats import causality_grade as module
from incidents.stats.causality_grade import POINTS, causality_grade

ALL = [(kind, "supports") for kind, _, _ in POINTS if kind not in {"alternative", "measured"}] + [
    ("metric", "supports")
]


def test_examples() -> None:
    assert doctest.testmod(module).failed == 0


def test_everything_in_favour_gets_every_point() -> None:
    found = causality_grade(ALL)
    assert (found.name, found.points, found.vetoed) == ("strong", found.most, False)
    assert all(one.answer == "yes" for one in found.criteria)


def test_a_symptom_that_was_there_first_is_a_veto() -> None:
    found = causality_grade([pair for pair in ALL if pair[0] != "prior"] + [("prior", "contradicts")])
    assert found.points >= 8
    assert found.vetoed
    assert found.name == "doubtful"


def test_nothing_looked_at_is_doubtful_and_gets_no_points() -> None:
    found = causality_grade([])
    assert (found.name, found.points) == ("doubtful", 0)
    assert {one.answer for one in found.criteria} == {"not known"}


@pytest.mark.parametrize(
    ("checks", "answer"),
    [
        ([("onset", "neutral")], "yes"),
        ([("alternative", "neutral")], "not known"),
        ([("alternative", "neutral"), ("alternative", "contradicts")], "no"),
    ],
)
def test_rivals_decide_the_question_of_alternatives(checks: list[tuple[str, str]], answer: str) -> None:
    (criterion,) = (one for one in causality_grade(checks).criteria if one.kind == "alternative")
    assert criterion.answer == answer


def test_measurements_that_disagree_cancel() -> None:
    (criterion,) = (
        one
        for one in causality_grade([("metric", "supports"), ("evaluation", "contradicts")]).criteria
        if one.kind == "measured"
    )
    assert (criterion.answer, criterion.points) == ("not known", 0)


def test_neutral_checks_weigh_nothing() -> None:
    kinds = ("onset", "scope", "dose", "revert", "return", "prior", "metric")
    assert causality_grade([(kind, "neutral") for kind in kinds] + [("alternative", "neutral")]).points == 0
