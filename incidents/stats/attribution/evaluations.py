"""Evaluation runs as evidence: what those that judged a change say of it, and how much they could have seen."""

from dataclasses import dataclass

import numpy as np

from incidents.stats.attribution.evidence import CaseEvidence, Floats
from incidents.stats.attribution.findings import Direction, Estimate, EvidenceItem
from incidents.stats.evaluation import RunReading, SuiteRun, read_run, suite_log_odds

MOST_SHOWN = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationEvidence:
    """Log odds per change (J,), and one check per run that judged it."""

    log_odds: Floats
    items: tuple[tuple[EvidenceItem, ...], ...]


def evaluation_evidence(evidence: CaseEvidence) -> EvaluationEvidence:
    """Read all evaluation runs of a case."""
    settings = evidence.settings
    odds = np.zeros(len(evidence.changes))
    items: list[tuple[EvidenceItem, ...]] = []
    for j, change in enumerate(evidence.changes):
        read = [
            (run, read_run(run.run, drop=settings.evaluation_drop))
            for run in evidence.evaluations
            if run.subject == change.key
        ]
        told = [(run.run, reading) for run, reading in read if reading is not None]
        if settings.use_evaluations:
            odds[j] = suite_log_odds([(run.suite, reading) for run, reading in told], sees=settings.evaluation_sees)
        by_weight = sorted(told, key=lambda pair: -abs(pair[1].log_bayes_factor))
        items.append(tuple(_item(run, reading, settings.evaluation_drop) for run, reading in by_weight[:MOST_SHOWN]))
    return EvaluationEvidence(log_odds=odds, items=tuple(items))


def _item(run: SuiteRun, reading: RunReading, drop: float) -> EvidenceItem:
    direction: Direction = "neutral"
    if not reading.weak and abs(reading.log_bayes_factor) >= 0.1:
        direction = "supports" if reading.log_bayes_factor > 0 else "contradicts"
    facts = [("n", run.n), ("power", reading.power), ("drop", drop)]
    if reading.detectable is not None:
        facts.append(("detectable", reading.detectable))
    return EvidenceItem(
        kind="evaluation",
        direction=direction,
        estimate=Estimate(value=reading.drop, low=reading.low, high=reading.high),
        log_bayes_factor=reading.log_bayes_factor,
        other=run.suite,
        facts=tuple(facts),
    )
