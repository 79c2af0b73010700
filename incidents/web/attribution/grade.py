"""The structured reading of a change's checks, in words; it explains, and is no estimate."""

from dataclasses import dataclass

from incidents.charts import labels
from incidents.stats.attribution.findings import ChangeFinding
from incidents.stats.causality_grade import causality_grade

QUESTIONS = {
    "onset": "Did complaints rise after it took effect? (temporality)",
    "scope": "Did they rise where it was, and not elsewhere? (specificity)",
    "dose": "Did they grow as the rollout grew? (gradient)",
    "revert": "Did they fall after its end? (reversibility)",
    "return": "Did they come back with it? (reappearance)",
    "prior": "Was it quiet before? (a “no” is a veto)",
    "alternative": "Does nothing else explain them? (alternatives)",
    "measured": "Did a metric or an evaluation move the same way? (coherence)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeLine:
    """One question with its answer and points."""

    question: str
    answer: str
    points: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeWords:
    """The grade as the page shows it."""

    name: str
    points: str
    most: str
    vetoed: bool
    lines: tuple[GradeLine, ...]


def grade_of(finding: ChangeFinding) -> GradeWords:
    """Return the grade of a change's checks."""
    grade = causality_grade((item.kind, item.direction) for item in finding.evidence)
    return GradeWords(
        name=grade.name,
        points=labels.decimal(grade.points),
        most=labels.decimal(grade.most),
        vetoed=grade.vetoed,
        lines=tuple(
            GradeLine(question=QUESTIONS[one.kind], answer=one.answer, points=labels.decimal(one.points))
            for one in grade.criteria
        ),
    )
