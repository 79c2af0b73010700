"""What pairs of changes did together, in sentences: linked pairs with their verdict, and candidates of the scan."""

import math
from dataclasses import dataclass

from incidents.attribution.queries import StoredFindings
from incidents.charts import labels
from incidents.stats.attribution.findings import Estimate, Interaction
from incidents.web.attribution.ranking import Ranking, Row

RELATIONS = {"masks": "may mask", "interacts_with": "with", "candidate": "with"}
VERDICTS = {
    "stronger": ("More than the sum", "bad"),
    "weaker": ("Less than the sum", "warn"),
    "additive": ("Just the sum", "ok"),
    "cannot tell": ("Cannot tell", ""),
}
ICONS = {"stronger": "trending-up", "weaker": "trending-down", "additive": "check", "cannot tell": "split"}
_PLAIN = {
    "cannot tell": (
        "The data cannot tell: the two were too rarely in force one without the other, or too few complaints came "
        "meanwhile."
    ),
    "weaker": "Together they raised less than the two by themselves.",
    "additive": "Together they raised what each raised by itself, and no more.",
    "stronger": "Where and while both were in force, more complaints came than the two raised by themselves.",
}
_MASKING = {"weaker": ("Masked", "warn"), "additive": ("Not masked", "ok"), "stronger": ("Not masked", "ok")}


@dataclass(frozen=True, slots=True, kw_only=True)
class TogetherRow:
    """A pair of changes, and what can be said of the two."""

    first: Row
    second: Row
    relation: str
    verdict: tuple[str, str]
    icon: str
    sentence: str
    how: str
    excess: Estimate

    @property
    def is_bounded(self) -> bool:
        """Whether the excess has an interval at all."""
        return math.isfinite(self.excess.low) and math.isfinite(self.excess.high)


def together(found: StoredFindings, ranking: Ranking) -> list[TogetherRow]:
    """Return the pairs that a run tested, those with a clear answer first."""
    rows = {row.finding.key: row for row in _every_row(ranking)}
    order = list(VERDICTS)
    return [
        _row(one, rows[one.first], rows[one.second])
        for one in sorted(found.interactions, key=lambda one: order.index(one.outcome))
        if one.first in rows and one.second in rows
    ]


def _every_row(ranking: Ranking) -> list[Row]:
    return [*ranking.attributed, *(row for one in ranking.sets for row in one.rows), *ranking.unsupported]


def _row(one: Interaction, first: Row, second: Row) -> TogetherRow:
    masks = one.relation == "masks"
    return TogetherRow(
        first=first,
        second=second,
        relation=RELATIONS[one.relation],
        verdict=_MASKING.get(one.outcome, VERDICTS[one.outcome]) if masks else VERDICTS[one.outcome],
        icon=ICONS[one.outcome],
        sentence=_sentence(one, first.title, second.title),
        how=_how(one),
        excess=one.excess,
    )


def _sentence(one: Interaction, first: str, second: str) -> str:
    if one.kept is None:
        return _PLAIN[one.outcome]
    kept = f"{labels.percent(one.kept.value)} {_range(one.kept)} of what it raised without it"
    told = f"While “{first}” was in force, “{second}” raised"
    return {
        "cannot tell": f"The data cannot tell: {told[0].lower()}{told[1:]} {kept}, which is too unsure.",
        "weaker": f"{told} only {kept}.",
        "additive": f"{told} about as much as before: {kept}.",
        "stronger": f"{told} more, not less: {kept}.",
    }[one.outcome]


def _range(kept: Estimate) -> str:
    if not (math.isfinite(kept.low) and math.isfinite(kept.high)):
        return "(no bounds)"
    return labels.share_bounds(max(kept.low, 0.0), kept.high)


def _how(one: Interaction) -> str:
    if one.relation == "candidate":
        factor = labels.count(math.exp(min(one.threshold, 50.0)))
        return (
            f"A candidate: the change log links them not. Of {labels.plural(one.n_scanned, 'pair')} that were scanned, "
            f"only those with a Bayes factor above {factor} are named, so that all of them together raise a false "
            "alarm once in twenty times. An event that nobody logged, at the same place and time, would look the same."
        )
    return "Tested because the change log links the two."
