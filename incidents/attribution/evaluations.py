"""Evaluation runs of a case's changes, from the tables."""

from collections.abc import Sequence

from django.db.models import Q, QuerySet

from incidents.changes.models import Change
from incidents.metrics.models import EvalRun
from incidents.response.models import Incident
from incidents.stats.attribution.evidence import Evaluation
from incidents.stats.evaluation import SuiteRun


def judging_runs(incident: Incident) -> QuerySet[EvalRun]:
    """Return the runs that could judge a change of the case: inside its window, or delivered with it."""
    inside = Q(at__gte=incident.starts_at, at__lt=incident.ends_at)
    rows = EvalRun.objects.filter(inside | Q(source=incident.source_id), product=incident.product)
    return rows.exclude(subject="").order_by("at", "id")


def read_evaluations(incident: Incident, changes: Sequence[Change]) -> tuple[Evaluation, ...]:
    """Return the runs with both pass rates, by the row id of the change that they judged.

    A subject is the change log's own id; where two sources use the same one, that of the run's source is meant.
    """
    own = {(change.source_id, change.external_id): change.pk for change in changes}
    any_source = {change.external_id: change.pk for change in changes}
    out = []
    for row in judging_runs(incident):
        key = own.get((row.source_id, row.subject), any_source.get(row.subject))
        if key is None or not row.n or row.score is None or row.baseline_score is None:
            continue
        run = SuiteRun(
            suite=row.suite,
            n=float(row.n),
            score=row.score,
            baseline=row.baseline_score,
            discordant=row.discordant,
        )
        out.append(Evaluation(subject=str(key), run=run))
    return tuple(out)
