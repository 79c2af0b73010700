"""A case's rows as `CaseFacts`: the one place where documents read the database for evidence."""

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Q

from incidents.attribution.models import AttributionRun
from incidents.attribution.queries import latest_run
from incidents.catalog.models import DimensionValue, Symptom
from incidents.changes.models import Change
from incidents.documents.facts import (
    CaseFacts,
    ChangeFact,
    EvalFact,
    RunFact,
    SilenceFact,
    StatementFact,
    SymptomFact,
)
from incidents.documents.words import Moment, slug_piece
from incidents.metrics.catalogue import smallest_drop_seen
from incidents.metrics.models import EvalRun, Metric
from incidents.response.models import CandidateChange, Incident
from incidents.response.queries import candidates_of, changes_of, statements_of, zone_of
from incidents.tickets.queries import Complaints, symptom_totals

_REF = 20
_LEVEL = 0.9  # of a run that does not state the level of its intervals
# Odds from which a change is told as one that fits a rise whose cause stays open.
_FITS = 0.05


def facts_of(incident: Incident) -> CaseFacts:
    """Return what is known of a case at this moment, with its newest run."""
    rows = list(
        changes_of(incident)
        .select_related("source")
        .prefetch_related("rollout_steps", "artifacts", "links__other")
        .order_by("started_at", "id")
        .distinct()
    )
    keys = _change_keys(rows)
    run = latest_run(incident)
    totals = symptom_totals(Complaints(product=incident.product, start=incident.starts_at, end=incident.ends_at))
    days, zone = incident.day_fields, zone_of(incident)
    return CaseFacts(
        title=incident.title,
        product=incident.product.name,
        zone=zone,
        starts=_edge(incident.starts_at, zone, known_day="starts_at" in days),
        ends=_edge(incident.ends_at, zone, known_day="ends_at" in days, is_end=True),
        n_tickets=round(sum(totals.values())),
        changes=_changes(rows, keys, candidates_of(incident)),
        statements=_statements(incident),
        evals=_evals(incident),
        symptoms=_symptoms(incident, totals),
        silences=_silences(incident),
        run=_run(run, keys) if run else None,
        names=_names(incident, rows),
        metrics=dict(Metric.objects.filter(product=incident.product).values_list("key", "name")),
    )


def facts_stamp(incident: Incident) -> str:
    """Return a mark that moves when the case, its runs, changes, statements or symptoms do; one cheap statement.

    Relabelled tickets alone may leave it: whoever keeps facts under this mark must forget them after a while.
    """
    statement = """
        select
            (select max(id) from incidents_attributionrun where incident_id = %(incident)s),
            (select concat(count(*), max(updated_at)) from incidents_change where product_id = %(product)s),
            (select concat(count(*), max(updated_at)) from incidents_candidatechange where incident_id = %(incident)s),
            (select md5(string_agg(concat(id, at, text, claims), '' order by id))
                from incidents_statement where incident_id = %(incident)s),
            (select concat(count(*), max(id)) from incidents_evalrun where product_id = %(product)s),
            (select concat(count(*), max(updated_at)) from incidents_symptom where product_id = %(product)s),
            (select max(id) from incidents_ticket where product_id = %(product)s),
            (select concat(updated_at, status) from incidents_incident where id = %(incident)s)
    """
    with connection.cursor() as cursor:
        cursor.execute(statement, {"incident": incident.pk, "product": incident.product_id})
        row = cursor.fetchone()
    return hashlib.md5(repr(row).encode(), usedforsecurity=False).hexdigest()


def _edge(at: dt.datetime, zone: ZoneInfo, *, known_day: bool, is_end: bool = False) -> Moment:
    """Return an edge of the window; one at a local midnight is told by its day."""
    return Moment(at=at, day_only=known_day or at.astimezone(zone).time() == dt.time(), is_end=is_end)


def _change_keys(rows: Iterable[Change]) -> dict[int, str]:
    """Return each change's key in the facts: its external id, told apart where two sources use the same."""
    rows = list(rows)
    told = [row.external_id for row in rows]
    return {
        row.pk: row.external_id if told.count(row.external_id) == 1 else f"{row.external_id}#{row.pk}" for row in rows
    }


class _Refs:
    """Short names inside claim keys: readable, stable, and each given once."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def take(self, key: str) -> str:
        """Return the short name of a key."""
        ref = slug_piece(key) or "x"
        if len(ref) > _REF or ref in self._given:
            digest = hashlib.md5(key.encode(), usedforsecurity=False).hexdigest()[:5]
            ref = f"{ref[: _REF - 6].strip('-')}-{digest}"
        self._given.add(ref)
        return ref


def _changes(
    rows: Iterable[Change], keys: Mapping[int, str], candidates: Mapping[int, CandidateChange]
) -> tuple[ChangeFact, ...]:
    refs = _Refs()
    return tuple(_change(row, refs.take(keys[row.pk]), keys, candidates.get(row.pk)) for row in rows)


def _change(row: Change, ref: str, keys: Mapping[int, str], candidate: CandidateChange | None) -> ChangeFact:
    def moment(name: str, *, is_end: bool = False) -> Moment | None:
        value = getattr(row, name)
        return None if value is None else Moment(at=value, day_only=name in row.day_fields, is_end=is_end)

    linked: dict[str, list[str]] = {"masks": [], "interacts_with": []}
    for link in row.links.all():
        if link.other_id in keys:
            linked[link.kind].append(keys[link.other_id])
    return ChangeFact(
        pk=row.pk,
        key=keys[row.pk],
        ref=ref,
        title=row.title,
        kind=row.kind,
        kind_name=row.get_kind_display(),
        description=row.description,
        scope={dimension: tuple(map(str, values)) for dimension, values in row.scope.items()},
        started=Moment(at=row.started_at, day_only="started_at" in row.day_fields),
        ended=moment("ended_at", is_end=True),
        end_kind=row.end_kind,
        carried_by=row.carried_by_version,
        fixed_in=row.fixed_in_version,
        discovered=moment("discovered_at"),
        announced=moment("announced_at"),
        user_facing=row.user_facing,
        visibility=row.visibility,
        steps=tuple((step.at, step.share) for step in row.rollout_steps.all()),
        artifacts=tuple(
            (one.name, one.before, one.after) for one in sorted(row.artifacts.all(), key=lambda one: one.pk)
        ),
        masks=tuple(linked["masks"]),
        interacts_with=tuple(linked["interacts_with"]),
        status=candidate.status if candidate else "candidate",
    )


def _statements(incident: Incident) -> tuple[StatementFact, ...]:
    refs = _Refs()
    return tuple(
        StatementFact(
            pk=row.pk,
            key=row.external_id,
            ref=refs.take(row.external_id),
            at=Moment(at=row.at, day_only="at" in row.day_fields),
            channel=row.channel,
            audience=row.audience,
            text=row.text,
            claims=tuple(
                (str(claim.get("about") or ""), str(claim.get("says") or ""))
                for claim in row.claims
                if isinstance(claim, dict)
            ),
        )
        for row in statements_of(incident)
    )


def _evals(incident: Incident) -> tuple[EvalFact, ...]:
    refs = _Refs()
    inside = Q(at__gte=incident.starts_at, at__lt=incident.ends_at)
    rows = EvalRun.objects.filter(inside | Q(source=incident.source_id), product=incident.product)
    return tuple(
        EvalFact(
            key=row.external_id,
            ref=refs.take(row.external_id),
            suite=row.suite,
            at=Moment(at=row.at, day_only="at" in row.day_fields),
            n=row.n,
            paired=row.paired,
            score=row.score,
            baseline=row.baseline_score,
            discordant=row.discordant,
            subject=row.subject,
            verdict=row.verdict,
            detectable=smallest_drop_seen(row),
        )
        for row in rows.order_by("at", "id")
    )


def _symptoms(incident: Incident, totals: Mapping[int, float]) -> tuple[SymptomFact, ...]:
    refs = _Refs()
    rows = Symptom.objects.filter(product=incident.product).order_by("position", "id")
    return tuple(
        SymptomFact(key=row.key, ref=refs.take(row.key), name=row.name, n_tickets=round(totals.get(row.pk, 0.0)))
        for row in rows
    )


def _run(run: AttributionRun, keys: Mapping[int, str]) -> RunFact:
    changes: dict[str, dict[str, Any]] = {}
    for found in run.result.get("changes", ()):
        key = keys.get(found.get("change"), str(found.get("id", "")))
        others = [keys[pk] for pk in found.get("indistinguishable_changes", ()) if pk in keys]
        told = {**found, "indistinguishable_from": others or found.get("indistinguishable_from", [])}
        changes[key] = {name: _whole(value) if name == "excess" else value for name, value in told.items()}
    for rise in run.result.get("open_rises", ()):
        _leave_open(
            changes, [keys[o["change"]] for o in rise["owners"] if o["probability"] >= _FITS and o["change"] in keys]
        )
    for told in changes.values():
        symptoms = {name: one for name, one in (told.get("symptoms") or {}).items() if _whole(one.get("excess"))}
        told["symptoms"] = symptoms
    return RunFact(
        pk=run.pk,
        created_at=run.created_at,
        level=float(run.parameters.get("interval") or _LEVEL),
        changes=changes,
        unattributed=_whole((run.result.get("unattributed") or {}).get("excess")) or {},
    )


def _leave_open(changes: dict[str, dict[str, Any]], owners: list[str]) -> None:
    """Let no draft clear a change that fits a rise whose cause the run leaves open."""
    for key in owners:
        told = changes.get(key)
        if told is not None and told["verdict"] == "not supported":
            changes[key] = told | {
                "verdict": "ambiguous",
                "indistinguishable_from": [other for other in owners if other != key],
            }


def _whole(estimate: Any) -> dict[str, float] | None:
    """Return an estimate if it and both its ends are known numbers."""
    if not isinstance(estimate, dict) or any(estimate.get(name) is None for name in ("estimate", "low", "high")):
        return None
    return {name: float(estimate[name]) for name in ("estimate", "low", "high")}


def _names(incident: Incident, rows: Iterable[Change]) -> tuple[str, ...]:
    values = DimensionValue.objects.filter(dimension__product=incident.product).values_list("key", flat=True)
    shown = {value for value in values if any(sign.isdigit() for sign in value)}
    shown |= {value for row in rows for values in row.scope.values() for value in map(str, values)}
    # Titles are names: "two weeks of doubled limits" claims nothing.
    titles = {row.title for row in rows} | {incident.product.name}
    return tuple(sorted({name for name in shown if any(sign.isdigit() for sign in name)} | titles))


def _silences(incident: Incident) -> tuple[SilenceFact, ...]:
    """Return metrics of all users that stopped arriving for at least three days and five times their usual step."""
    statement = """
        with chosen as (
            select p.at, m.key, m.name, lead(p.at) over (partition by s.id order by p.at) as following
            from incidents_metricpoint p
            join incidents_metricseries s on s.id = p.series_id
            join incidents_metric m on m.id = s.metric_id
            join incidents_segment g on g.id = s.segment_id
            where m.product_id = %s and g.values = '{}'::jsonb and p.at >= %s and p.at < %s
        ), usual as (
            select key, percentile_cont(0.5) within group (order by following - at) as step
            from chosen where following is not null group by key having count(*) >= 10
        )
        select distinct on (c.key) c.key, c.name, c.at, c.following from chosen c join usual u using (key)
        where c.following - c.at >= interval '3 days' and c.following - c.at >= 5 * u.step
        order by c.key, c.following - c.at desc
    """
    with connection.cursor() as cursor:
        cursor.execute(statement, [incident.product_id, incident.starts_at, incident.ends_at])
        rows = cursor.fetchall()
    refs = _Refs()
    return tuple(SilenceFact(ref=refs.take(key), name=name, start=start, end=end) for key, name, start, end in rows)
