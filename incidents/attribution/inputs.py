"""What goes into a run, told so that two states of the evidence can be compared and their difference explained.

`inputs_of` is cheap: the tables are digested by the database, the change log is listed as it stands.
"""

import datetime as dt
import hashlib
from collections.abc import Mapping
from typing import Any

import orjson
from django.db import connection

from incidents.attribution.axis import TimeAxis
from incidents.attribution.casefile import case_axis, logged_changes
from incidents.attribution.evaluations import judging_runs
from incidents.attribution.tallies import TICKETS, case_parameters
from incidents.catalog.models import Symptom
from incidents.changes.models import Change
from incidents.response.models import Incident
from incidents.response.queries import publicity_of

# The shape of what `inputs_of` returns: states of different shapes cannot be compared.
FORMAT = 2
# Members that are told but move no number: they stay out of the hash.
SILENT = frozenset({"title", "id", "discovered_at", "recorded_at"})

# Rows are hashed one by one and joined by exclusive or: no order, no sort, one pass.
_DIGESTS = f"""with inside as (
    select id, segment_id, weight, at, is_whole, reported_at, channel
    from ({TICKETS}) t where at >= %(start)s and at < %(end)s)
select
    (select row(count(*) filter (where is_whole), coalesce(sum(weight), 0),
        coalesce(bit_xor(hash_record_extended(row(id, segment_id, weight, at, reported_at, channel), 0)), 0))::text
        from inside),
    (select row(count(*), 0,
        coalesce(bit_xor(hash_record_extended(row(ticket_id, symptom_id, confidence), 0)), 0))::text
        from incidents_ticketsymptom l join inside on inside.id = l.ticket_id and is_whole and l.confidence > 0),
    (select row(count(*), 0, coalesce(bit_xor(hash_record_extended(row(segment_id, at, day_only, count), 0)), 0))::text
        from incidents_exposurecount
        where product_id = %(product)s and (at is null or (at >= %(start)s - interval '1 day' and at < %(end)s))),
    (select row(count(*), 0,
        coalesce(bit_xor(hash_record_extended(row(m.id, s.segment_id, p.at, p.value, p.n, m.better), 0)), 0))::text
        from incidents_metric m join incidents_metricseries s on s.metric_id = m.id
        join incidents_metricpoint p on p.series_id = s.id
        where m.product_id = %(product)s and p.at >= %(start)s - interval '30 days' and p.at < %(end)s)"""  # noqa: S608


def inputs_of(incident: Incident) -> dict[str, Any]:
    """Return what a run of the case would read at this moment."""
    axis = case_axis(incident)
    tickets, labels, use, metrics = _digests(incident, axis)
    return {
        "format": FORMAT,
        "window": {
            "starts_at": incident.starts_at.isoformat(),
            "ends_at": incident.ends_at.isoformat(),
            "timezone": incident.timezone,
            "bucket": incident.bucket,
        },
        "tickets": {
            "n": int(tickets[0]),
            "weight": float(tickets[1]),
            "n_labels": int(labels[0]),
            "digest": f"{tickets[2]}/{labels[2]}",
        },
        "usage": {"n": int(use[0]), "digest": use[2]},
        "metrics": {"n": int(metrics[0]), "digest": metrics[2]},
        "evaluations": _evaluations(incident),
        "symptoms": list(
            Symptom.objects.filter(product=incident.product, retired_at=None).values_list("key", flat=True)
        ),
        "publicity": [[event.at.isoformat(), event.day_only] for event in publicity_of(incident)],
        "changes": {str(change.pk): _change(change) for change in logged_changes(incident)},
    }


def _digests(incident: Incident, axis: TimeAxis) -> list[list[str]]:
    with connection.cursor() as cursor:
        cursor.execute(_DIGESTS, case_parameters(incident, axis))
        return [told.strip("()").split(",") for told in cursor.fetchone()]


def _evaluations(incident: Incident) -> dict[str, Any]:
    rows = list(
        judging_runs(incident).values_list(
            "source_id", "external_id", "suite", "subject", "n", "score", "baseline_score", "discordant"
        )
    )
    return {"n": len(rows), "digest": hashlib.sha256(orjson.dumps(rows)).hexdigest()[:16]}


def _change(change: Change) -> dict[str, Any]:
    def told(moment: dt.datetime | None) -> str | None:
        return None if moment is None else moment.isoformat()

    return {
        "id": change.external_id,
        "title": change.title,
        "kind": change.kind,
        "started_at": told(change.started_at),
        "rollout": [[step.at.isoformat(), step.share] for step in change.rollout_steps.all()],
        "rollout_shape": change.rollout_shape,
        "ended_at": told(change.ended_at),
        "end_kind": change.end_kind,
        "scope": {name: sorted(values) for name, values in sorted(change.scope.items())},
        "carried_by_version": change.carried_by_version,
        "fixed_in_version": change.fixed_in_version,
        "visibility": change.visibility,
        "day_fields": sorted(set(change.day_fields) & {"started_at", "ended_at"}),
        "links": sorted([link.kind, link.other_id] for link in change.links.all()),
        "discovered_at": told(change.discovered_at),
        "recorded_at": told(change.recorded_at),
    }


def input_hash(inputs: Mapping[str, Any]) -> str:
    """Return the hash of all that moves a number."""
    heard = {
        **inputs,
        "changes": {
            key: {name: value for name, value in change.items() if name not in SILENT}
            for key, change in inputs["changes"].items()
        },
    }
    return hashlib.sha256(orjson.dumps(heard, option=orjson.OPT_SORT_KEYS)).hexdigest()


def case_fingerprint(incident: Incident) -> str:
    """Return the hash of the case's present evidence: a run with another one is out of date."""
    return input_hash(inputs_of(incident))
