"""Evidence of a change as cards: a sentence a person can check, its number with interval, a small figure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

from django.utils.safestring import SafeString

from incidents.charts import labels
from incidents.stats.attribution.findings import ChangeFinding, EvidenceItem
from incidents.web.attribution.figures import evidence_figure

TITLES = {
    "onset": "Onset",
    "scope": "In scope against out of scope",
    "dose": "In step with the rollout",
    "revert": "After the end",
    "return": "Switched on again",
    "prior": "Before the start",
    "alternative": "Other changes",
    "metric": "Metric",
    "evaluation": "Evaluation",
}
QUESTIONS = {
    "onset": "Did complaints in its scope rise once it took effect?",
    "scope": "Did they rise where it was, more than where it was not?",
    "dose": "Did they grow as the rollout grew?",
    "revert": "Did they fall once it ended?",
    "return": "Did they come back when it was switched on again?",
    "prior": "Was the symptom there before it?",
    "alternative": "Could another change be behind the same complaints?",
    "metric": "Did a measurement move in its scope?",
    "evaluation": "Did an evaluation see a fall, and could it have?",
}
DIRECTIONS = {
    "supports": ("Supports", "info", "check"),
    "contradicts": ("Speaks against", "warn", "x"),
    "neutral": ("Decides nothing", "", "minus"),
}
ENDED = {"revert": "it was reverted", "fix": "it was fixed", "mitigation": "it was mitigated"}
# Natural-log Bayes factors in words, after Kass and Raftery (1995).
_STRENGTHS = ((1.0, "hardly worth a mention"), (3.0, "positive"), (5.0, "strong"), (float("inf"), "very strong"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One check as the page shows it."""

    kind: str
    title: str
    question: str
    direction: tuple[str, str, str]  # words, tone, icon
    sentence: str
    number: str
    strength: str
    facts: tuple[tuple[str, str], ...]
    figure: SafeString | None
    value: float
    low: float
    high: float
    scale: tuple[float, float]
    reference: float


def cards(
    finding: ChangeFinding, *, end_kind: str, names: Mapping[str, str], start: datetime, zone: tzinfo
) -> list[Card]:
    """Return the cards of one change; `names` gives titles of changes (by id as text) and of metrics (by key)."""
    return [_card(item, end_kind=end_kind, names=names, start=start, zone=zone) for item in finding.evidence]


def _card(item: EvidenceItem, *, end_kind: str, names: Mapping[str, str], start: datetime, zone: tzinfo) -> Card:
    is_ratio = item.kind in {"onset", "scope", "return", "prior"}
    e = item.estimate
    zero = {"dose", "alternative", "metric", "evaluation"}
    reference = 0.0 if item.kind in zero else 1.0
    return Card(
        kind=item.kind,
        title=TITLES[item.kind],
        question=QUESTIONS[item.kind],
        direction=DIRECTIONS[item.direction],
        sentence=sentence(item, end_kind=end_kind, names=names),
        number=number(item),
        strength=strength(item.log_bayes_factor) if item.direction != "neutral" else "",
        facts=facts(item),
        figure=evidence_figure(item, start=start, zone=zone),
        value=e.value,
        low=e.low,
        high=e.high,
        scale=_scale(item, 2.0 if is_ratio else 1.0),
        reference=reference,
    )


def _scale(item: EvidenceItem, least: float) -> tuple[float, float]:
    """Return the ends of the bar; an evaluation's also shows the smallest drop that it could have seen."""
    e = item.estimate
    if item.kind == "evaluation":
        reach = max(abs(e.low), abs(e.high), dict(item.facts).get("detectable", 0.0), 0.01)
        return (-reach, reach)
    return (min(0.0, e.low), max(e.high, e.value, least))


def facts(item: EvidenceItem) -> tuple[tuple[str, str], ...]:
    """Return the further numbers of a check as (name, value)."""
    told = dict(item.facts)
    if item.kind != "evaluation" or not told:
        return ()
    drop = points(told["drop"])
    seen = points(told["detectable"]) if "detectable" in told else "none: it is too small for any"
    return (
        ("Tasks", labels.count(told["n"])),
        ("Smallest drop it could have seen", seen),
        (f"Chance to see {drop}", labels.percent(told["power"])),
    )


def points(share: float) -> str:
    """Return a difference of two pass rates in points of a hundred."""
    return f"{labels.decimal(100 * share, 1)} points"


def number(item: EvidenceItem) -> str:
    """Return the number of a check with its interval and unit."""
    e = item.estimate
    if item.kind in {"onset", "scope", "return", "prior"}:
        return " ".join(labels.ratio_bounds(e.value, e.low, e.high))
    if item.kind == "evaluation":
        return labels.interval(100 * e.value, 100 * e.low, 100 * e.high, 1) + " points"
    if item.kind == "alternative":
        return labels.percent(max(e.value, 0.0))
    if item.kind == "revert":
        low, high = max(e.low, 0.0), max(e.high, 0.0)
        return f"{labels.percent(max(e.value, 0.0))} {labels.share_bounds(low, high)}"
    unit = " standard errors" if item.kind == "metric" else ""
    return labels.interval(e.value, e.low, e.high, 1 if item.kind == "metric" else 2) + unit


def strength(log_bayes_factor: float | None) -> str:
    """Return how much a check weighs, in words; nothing where it is not weighed."""
    if log_bayes_factor is None:
        return ""
    word = next(word for limit, word in _STRENGTHS if abs(log_bayes_factor) < limit)
    side = "for" if log_bayes_factor >= 0 else "against"
    return f"{word} {side}" if abs(log_bayes_factor) >= 1.0 else word


def _blind(item: EvidenceItem) -> str:
    if item.kind != "evaluation" or item.log_bayes_factor or not item.facts:
        return ""
    told = dict(item.facts)
    drop = points(told["drop"])
    return f" It had a chance of {labels.percent(told['power'])} to see {drop}, so it counts for nothing."


def sentence(item: EvidenceItem, *, end_kind: str, names: Mapping[str, str]) -> str:
    """Return one check in plain words, as its direction has it."""
    told = number(item)
    other = f"“{names.get(item.other, item.other)}”" if item.other else "an event that nobody logged"
    ended = ENDED.get(end_kind, "it ended")
    words = {
        ("onset", "supports"): f"Once it took effect, complaints in its scope rose to {told} of what was expected.",
        ("onset", "contradicts"): f"Complaints in its scope did not rise when it took effect: {told} of the expected.",
        ("onset", "neutral"): f"Complaints in its scope came to {told} of the expected: too few to tell a rise.",
        ("scope", "supports"): f"In its scope complaints rose {told} as much as elsewhere over the same time.",
        ("scope", "contradicts"): f"Complaints rose no more in its scope than elsewhere: {told}.",
        ("scope", "neutral"): f"Against the rest, its scope came to {told}: the data cannot tell a difference.",
        ("dose", "supports"): f"Complaints grew with the rollout: slope {told}, where 1 is exactly in step.",
        ("dose", "contradicts"): f"Complaints did not follow the rollout: slope {told}, where 1 is exactly in step.",
        ("dose", "neutral"): f"The rollout was too quick, or complaints too few, to compare: slope {told}.",
        ("revert", "supports"): f"After {ended}, {told} of the excess remained.",
        ("revert", "contradicts"): f"After {ended} the excess stayed: {told} of it remained.",
        ("revert", "neutral"): f"After {ended}, {told} of the excess remained: too unsure to tell.",
        ("return", "supports"): f"When it was switched on again, complaints rose again: {told}.",
        ("return", "contradicts"): f"When it was switched on again, complaints did not come back: {told}.",
        ("return", "neutral"): f"When it was switched on again, complaints came to {told}: too few to tell.",
        ("prior", "supports"): f"In the days before it, its scope was as quiet as expected: {told}.",
        ("prior", "contradicts"): f"The symptom was there first: {told} of the expected in the days before it.",
        ("prior", "neutral"): f"In the days before it, its scope came to {told} of the expected.",
        ("alternative", "supports"): f"Nothing else explains these complaints as well: the others hold {told}.",
        ("alternative", "contradicts"): f"The same excess fits {other} better, with a probability of {told}.",
        ("alternative", "neutral"): f"The same excess could be that of {other}, with a probability of {told}.",
        ("metric", "supports"): f"{other} moved the wrong way in its scope, against segments it did not reach: {told}.",
        (
            "metric",
            "contradicts",
        ): f"{other} moved the right way in its scope, against segments it did not reach: {told}.",
        ("evaluation", "supports"): f"{other} saw the pass rate fall with it: {told}.",
        ("evaluation", "contradicts"): f"{other} would have seen a fall, and saw none: {told}.",
        ("evaluation", "neutral"): f"{other} saw no clear fall: {told}.{_blind(item)}",
        ("metric", "neutral"): f"{other} in its scope, against segments it did not reach: {told}.",
    }
    return words[item.kind, item.direction]
