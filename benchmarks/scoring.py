"""Answers against the truth of simulated cases: the figures, their intervals and the calibration curve.

The figures are those of ../shared/bench/attribution/score.py, computed from arrays, so that cases can be drawn again
with replacement for an interval; `benchmarks/attribution.py` stops where the two disagree. Definitions: a change is
*declared* when its verdict is `contributing`; precision and recall leave out twins; *detectable* means a true excess of
more than three times the noise in scope.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from incidents.attribution.result import LEAST
from incidents.stats.attribution import Attribution, CaseEvidence
from incidents.stats.attribution.counting import tally

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
DETECTABLE = 3.0
RESAMPLES = 400
FLOOR = 1e-4  # least probability that the log loss counts


class Labelled(Protocol):
    """Tickets in cells: ticket `label_ticket[k]` counts with `label_weight[k]` in cell `label_cell[k]`."""

    @property
    def evidence(self) -> CaseEvidence: ...
    @property
    def ticket_ids(self) -> list[str]: ...
    @property
    def label_ticket(self) -> Ints: ...
    @property
    def label_cell(self) -> Ints: ...
    @property
    def label_weight(self) -> Floats: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a method says about one case: J changes in the order of the log, n tickets."""

    keys: tuple[str, ...]
    probability: Floats  # (J,) any score that ranks
    verdict: tuple[str, ...]
    estimate: Floats  # (J,) tickets
    low: Floats
    high: Floats
    alike: tuple[frozenset[str], ...]  # indistinguishable from
    tickets: Floats  # (n, J + 1), the last column: none of the known changes
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What really happened in one case."""

    keys: tuple[str, ...]
    harmful: Bools  # (J,)
    tickets: Floats  # (J,) complaints that it raised
    detectability: Floats  # (J,)
    twins: tuple[tuple[str, str], ...]
    cause: Ints  # (n,) index of the change, J for none
    oracle_log_loss: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseScore:
    """One case's contribution to the figures."""

    truth: Truth
    answer: Answer
    twin: Bools
    top: bool | None
    twins_named: tuple[bool, ...]
    sets_hold: tuple[bool, ...]
    sets_too_wide: tuple[bool, ...]
    log_loss: float
    brier: float
    correct: float
    correct_caused: float | None
    none_error: float


def truth_of(told: dict[str, Any], ticket_ids: Sequence[str]) -> Truth:
    """Read a truth file of the published set."""
    keys = tuple(change["id"] for change in told["changes"])
    place = {key: j for j, key in enumerate(keys)}
    nobody = len(keys)
    return Truth(
        keys=keys,
        harmful=np.array([change["harmful"] for change in told["changes"]], bool),
        tickets=np.array([change["tickets"] for change in told["changes"]], float),
        detectability=np.array([change["detectability"] for change in told["changes"]], float),
        twins=tuple((a, b) for a, b in told["twins"]),
        cause=np.array([place.get(told["causes"].get(ticket, ""), nobody) for ticket in ticket_ids], np.int64),
        oracle_log_loss=told["oracle"]["log_loss"],
    )


def answer_of(case: Labelled, found: Attribution, seconds: float = 0.0) -> Answer:
    """Return the engine's answer, rounded as the command prints it."""
    changes = found.changes
    n = len(case.ticket_ids)
    table = np.zeros((n, len(changes) + 1))
    for j in range(len(changes)):
        own = case.label_weight * found.cell_probabilities[case.label_cell, j]
        table[:, j] = tally(case.label_ticket, own, n)
    table[table < LEAST] = 0.0
    table[:, -1] = 1.0 - table[:, :-1].sum(1)
    return Answer(
        keys=tuple(change.key for change in changes),
        probability=np.array([round(change.probability, 6) for change in changes]),
        verdict=tuple(change.verdict for change in changes),
        estimate=np.array([round(change.excess.value, 3) for change in changes]),
        low=np.array([round(change.excess.low, 3) for change in changes]),
        high=np.array([round(change.excess.high, 3) for change in changes]),
        alike=tuple(frozenset(change.indistinguishable_from) for change in changes),
        tickets=table,
        seconds=seconds,
    )


def score_case(truth: Truth, answer: Answer) -> CaseScore:
    """Compare one answer with the truth; both must list the same changes in the same order."""
    if truth.keys != answer.keys:
        raise SystemExit(f"The answer lists {answer.keys}, the case {truth.keys}.")
    named = [
        frozenset({key, *answer.alike[j]})
        for j, key in enumerate(answer.keys)
        if answer.verdict[j] in {"contributing", "ambiguous"}
    ]
    in_twins = {key for pair in truth.twins for key in pair}
    harmful = {key for key, harm in zip(truth.keys, truth.harmful, strict=True) if harm}
    own = answer.tickets[np.arange(len(truth.cause)), truth.cause]
    hit = answer.tickets.argmax(1) == truth.cause
    caused = truth.cause < len(truth.keys)
    return CaseScore(
        truth=truth,
        answer=replace(answer, tickets=answer.tickets[:0]),
        twin=np.array([key in in_twins for key in truth.keys], bool),
        top=_top(truth, answer),
        twins_named=tuple(
            any(pair[0] in one and pair[1] in one for one in named)
            for pair in truth.twins
            if any(set(pair) & one for one in named)
        ),
        sets_hold=tuple(bool(one & harmful) for one in named),
        sets_too_wide=tuple(len(one) > 1 for one in named if one & harmful and not one & in_twins),
        log_loss=float(-np.log(np.clip(own, FLOOR, 1)).mean()),
        brier=float(((answer.tickets**2).sum(1) - 2 * own + 1).mean()),
        correct=float(hit.mean()),
        correct_caused=float(hit[caused].mean()) if caused.any() else None,
        none_error=float(abs(1 - caused.mean() - answer.tickets[:, -1].mean())),
    )


def _top(truth: Truth, answer: Answer) -> bool | None:
    """Is the largest cause named as the largest; None where no cause could be seen."""
    if not len(truth.keys):
        return None
    best = int(truth.tickets.argmax())
    if not truth.harmful[best] or truth.detectability.max() <= DETECTABLE:
        return None
    first = max(range(len(answer.keys)), key=lambda j: (answer.estimate[j], answer.probability[j]))
    allowed = {truth.keys[best], *(key for pair in truth.twins if truth.keys[best] in pair for key in pair)}
    return answer.keys[first] in allowed


def average_precision(harmful: Bools, score: Floats) -> float:
    """Mean precision at the places of the harmful changes, ordered by score."""
    hit = harmful[np.argsort(-score, kind="stable")]
    if not hit.any():
        return float("nan")
    precision = np.cumsum(hit) / np.arange(1, len(hit) + 1)
    return float(precision[hit].mean())


def _mean(values: Sequence[float | bool | None]) -> float | None:
    told = [float(value) for value in values if value is not None]
    return float(np.mean(told)) if told else None


def figures(scores: Sequence[CaseScore]) -> dict[str, float | None]:
    """Return the figures over cases; None where no case has anything to tell."""

    def joined(parts: Sequence[Any], kind: type = float) -> NDArray[Any]:
        return np.concatenate([np.asarray(part, kind) for part in parts]) if parts else np.zeros(0, kind)

    harmful = joined([s.truth.harmful for s in scores], bool)
    twin = joined([s.twin for s in scores], bool)
    declared = joined([[v == "contributing" for v in s.answer.verdict] for s in scores], bool)
    probability = joined([s.answer.probability for s in scores])
    estimate, low, high = (joined([getattr(s.answer, name) for s in scores]) for name in ("estimate", "low", "high"))
    true = joined([s.truth.tickets for s in scores])
    seen = joined([s.truth.detectability for s in scores]) > DETECTABLE
    total = joined([np.full(len(s.truth.keys), len(s.truth.cause)) for s in scores])
    inside = (true >= np.floor(low)) & (true <= np.ceil(high))
    precision = float((declared & harmful & ~twin).sum() / max((declared & ~twin).sum(), 1))
    recall = float((declared & harmful & ~twin & seen).sum() / max((harmful & ~twin & seen).sum(), 1))

    def over(values: NDArray[Any], where: Bools) -> float | None:
        return float(values[where].mean()) if where.any() else None

    def middle(values: NDArray[Any], where: Bools) -> float | None:
        return float(np.median(values[where])) if where.any() else None

    return {
        "cases": len(scores),
        "changes": len(harmful),
        "precision": precision,
        "recall_detectable": recall,
        "f1": 2 * precision * recall / max(precision + recall, 1e-9),
        "average_precision": average_precision(harmful, probability),
        "top1": _mean([s.top for s in scores]),
        "coverage_90_harmful": over(inside, harmful),
        "coverage_90_declared": over(inside, declared & harmful),
        "coverage_90_all": over(inside, np.ones(len(inside), bool)),
        "interval_width_share": over((high - low) / total, harmful),
        "relative_error_declared": middle(np.abs(estimate - true) / np.maximum(true, 1), declared & harmful),
        "relative_width_declared": middle((high - low) / np.maximum(true, 1), declared & harmful),
        "share_error_harmful": over(np.abs(estimate - true) / total, harmful),
        "share_error_harmless": over(np.abs(estimate - true) / total, ~harmful),
        "twins_named_as_ambiguous": _mean([named for s in scores for named in s.twins_named]),
        "false_ambiguity": _mean([wide for s in scores for wide in s.sets_too_wide]),
        "named_sets_that_hold_a_harmful_change": _mean([hold for s in scores for hold in s.sets_hold]),
        "seconds_mean": _mean([s.answer.seconds for s in scores]),
        "seconds_p95": float(np.quantile([s.answer.seconds for s in scores], 0.95)),
        "ticket_log_loss": _mean([s.log_loss for s in scores]),
        "oracle_log_loss": _mean([s.truth.oracle_log_loss for s in scores]),
        "ticket_brier": _mean([s.brier for s in scores]),
        "ticket_accuracy": _mean([s.correct for s in scores]),
        "ticket_accuracy_caused": _mean([s.correct_caused for s in scores]),
        "none_share_error": _mean([s.none_error for s in scores]),
        "calibration_error": _calibration_error(probability, harmful),
        "harmless_cases_accused": _mean(
            [any(v == "contributing" for v in s.answer.verdict) for s in scores if not s.truth.harmful.any()]
        ),
    }


def _calibration_error(said: Floats, was: Bools) -> float:
    """Mean distance of stated probabilities from what came true, over ten groups of equal size."""
    edges = np.quantile(said, np.linspace(0, 1, 11))
    group = np.clip(np.searchsorted(edges, said, side="right") - 1, 0, 9)
    return float(
        sum(
            abs(said[group == g].mean() - was[group == g].mean()) * (group == g).mean()
            for g in range(10)
            if (group == g).any()
        )
    )


def intervals(scores: Sequence[CaseScore], names: Sequence[str], *, seed: int = 1) -> dict[str, list[float]]:
    """Return 90 % intervals of figures: whole cases drawn again with replacement (percentile bootstrap)."""
    random = np.random.default_rng(seed)
    drawn: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(RESAMPLES):
        again = figures([scores[k] for k in random.integers(0, len(scores), len(scores))])
        for name in names:
            value = again.get(name)
            if value is not None and np.isfinite(value):
                drawn[name].append(value)
    return {
        name: [round(float(q), 4) for q in np.quantile(values, [0.05, 0.95])]
        for name, values in drawn.items()
        if values
    }


CURVE = (0.0, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 1.0)


def calibration(scores: Sequence[CaseScore]) -> list[list[float]]:
    """Return [said, was, number of changes] for groups of stated probabilities."""
    said = np.concatenate([s.answer.probability for s in scores])
    was = np.concatenate([s.truth.harmful for s in scores])
    group = np.clip(np.searchsorted(CURVE, said, side="right") - 1, 0, len(CURVE) - 2)
    return [
        [round(float(said[group == g].mean()), 4), round(float(was[group == g].mean()), 4), int((group == g).sum())]
        for g in range(len(CURVE) - 1)
        if (group == g).any()
    ]
