"""The whole way from evidence to findings."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from incidents.stats.attribution.evaluations import EvaluationEvidence, evaluation_evidence
from incidents.stats.attribution.evened import evened
from incidents.stats.attribution.evidence import CaseEvidence, Floats
from incidents.stats.attribution.findings import Attribution
from incidents.stats.attribution.frame import Frame, build_frame
from incidents.stats.attribution.interplay import interactions
from incidents.stats.attribution.metrics import MetricEvidence, metric_evidence
from incidents.stats.attribution.posterior import posterior
from incidents.stats.attribution.report import report
from incidents.stats.attribution.search import Found, Search
from incidents.stats.attribution.settle import settled

Progress = Callable[[float], None]


def attribute(evidence: CaseEvidence, *, on_progress: Progress | None = None) -> Attribution:
    """Return which changes raised complaints, by how much, and what cannot be told apart.

    Parameters
    ----------
    evidence
        One case as counted cells; see `CaseEvidence`.
    on_progress
        Called with the done share, 0 to 1, a few times; it may raise to stop the fit.

    Returns
    -------
    Attribution
        One finding per change, in the order of the evidence. The same evidence gives the same answer to
        the bit.

    Raises
    ------
    EvidenceError
        Where the evidence contradicts itself.

    Examples
    --------
    >>> import numpy as np
    >>> from incidents.stats.attribution import CaseEvidence, ChangeExposure
    >>> days = np.arange(28)
    >>> counts = np.where(days < 14, 20.0, 40.0)
    >>> found = attribute(
    ...     CaseEvidence(
    ...         edges=24.0 * np.arange(29), day=days, weekday=days % 7, hour=None, dimensions=(),
    ...         patterns=np.zeros((1, 0), int), symptoms=("slow",), cell_bin=days, cell_pattern=0 * days,
    ...         cell_symptom=0 * days, cell_count=counts,
    ...         changes=(ChangeExposure(key="cache", started=24.0 * 14),),
    ...     )
    ... )
    >>> found.changes[0].verdict
    'contributing'
    """
    tell = on_progress or (lambda _: None)
    tell(0.0)
    ready = prepare(evidence)
    search = Search(ready.frame, ready.prior, on_progress=lambda done: tell(0.05 + 0.85 * done))
    found = search.run()
    tell(0.9)
    result = conclude(search, found, ready)
    tell(1.0)
    return result


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A case laid out for a search, with what metrics and evaluations say beforehand as prior odds."""

    frame: Frame
    metrics: MetricEvidence
    evaluations: EvaluationEvidence
    prior: Floats  # (J,) log odds


def prepare(evidence: CaseEvidence) -> Prepared:
    """Lay out a case; raises EvidenceError where it contradicts itself."""
    frame = build_frame(evidence)
    share = evidence.settings.prior_share(len(evidence.changes))
    metrics = metric_evidence(frame)
    evaluations = evaluation_evidence(evidence)
    prior = np.log(share / (1.0 - share)) + metrics.log_odds + evaluations.log_odds
    return Prepared(frame=frame, metrics=metrics, evaluations=evaluations, prior=prior)


def conclude(search: Search, found: Found, ready: Prepared, *, pairs: bool = True) -> Attribution:
    """Return the findings of a search that ended; without `pairs`, what changes did together is not asked."""
    found = evened(search, settled(search, found))
    summary = posterior(search, found)
    result = report(search, found, summary, ready.metrics, ready.evaluations)
    return replace(result, interactions=interactions(search, found, summary)) if pairs else result
