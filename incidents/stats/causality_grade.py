"""A structured reading of the checks, in the manner of Naranjo's scale and Bradford Hill's viewpoints.

Question
    Which of the things that speak for a cause are there, which are not, and which could not be looked at?
Method
    One question per viewpoint, answered yes, no or not known from the check's interval alone; points as in Naranjo and
    others (1981, doi:10.1038/clpt.1981.154), with the viewpoints of Hill (1965) that a change log can answer:
    temporality, specificity, gradient, reversibility, reappearance, and alternative explanations. A symptom that was
    there first is a veto: the grade is then doubtful, whatever else speaks for it.
Limits
    It explains and decides nothing. Points of checks that rest on the same complaints are not independent, and the
    weights are convention. The estimate is the posterior probability, which does not know this grade.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Answer = Literal["yes", "no", "not known"]
GradeName = Literal["strong", "probable", "possible", "doubtful"]
STRONG, PROBABLE, POSSIBLE = 8, 5, 2
# check, points where it supports, points where it contradicts; viewpoint by viewpoint
POINTS: tuple[tuple[str, int, int], ...] = (
    ("onset", 2, -1),
    ("scope", 2, -1),
    ("dose", 1, -1),
    ("revert", 2, -1),
    ("return", 2, -1),
    ("prior", 0, -2),
    ("alternative", 2, -1),
    ("measured", 1, -1),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """One viewpoint, how it was answered, and the points that it got."""

    kind: str
    answer: Answer
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """The whole: `name` in words, points out of those that could be had where every viewpoint can be answered."""

    name: GradeName
    points: int
    most: int
    vetoed: bool
    criteria: tuple[Criterion, ...]


def causality_grade(checks: Iterable[tuple[str, str]]) -> Grade:
    """Return the grade of one change.

    Parameters
    ----------
    checks : iterable of (kind, direction)
        The checks of `stats.attribution`: kind such as "onset", direction "supports", "contradicts" or "neutral". Of
        several metrics and evaluations, one that contradicts weighs as much as one that supports. No alternative among
        the checks means that nothing else explains the complaints.

    Returns
    -------
    Grade

    Examples
    --------
    >>> found = causality_grade([("onset", "supports"), ("scope", "supports"), ("revert", "supports")])
    >>> found.name, found.points
    ('strong', 8)
    >>> causality_grade([("onset", "supports"), ("prior", "contradicts")]).name
    'doubtful'
    """
    told: dict[str, list[str]] = {}
    for kind, direction in checks:
        told.setdefault("measured" if kind in {"metric", "evaluation"} else kind, []).append(direction)
    looked_at = bool(told)
    criteria = []
    for kind, gain, loss in POINTS:
        directions = told.get(kind, [])
        answer: Answer = "not known"
        if kind == "alternative":
            if looked_at:
                # yes: nothing else explains them; a rival that is merely possible leaves it open
                answer = "yes" if not directions else "no" if "contradicts" in directions else "not known"
        elif ("supports" in directions) != ("contradicts" in directions):
            answer = "yes" if "supports" in directions else "no"
        criteria.append(Criterion(kind=kind, answer=answer, points={"yes": gain, "no": loss, "not known": 0}[answer]))
    points = sum(one.points for one in criteria)
    vetoed = any(one.kind == "prior" and one.answer == "no" for one in criteria)
    name: GradeName = "doubtful"
    if not vetoed:
        for least, word in ((STRONG, "strong"), (PROBABLE, "probable"), (POSSIBLE, "possible")):
            if points >= least:
                name = word  # type: ignore[assignment]
                break
    return Grade(
        name=name,
        points=points,
        most=sum(gain for _, gain, _ in POINTS),
        vetoed=vetoed,
        criteria=tuple(criteria),
    )
