"""Recording a case as a bundle tells it, with publicity, public statements and sources.

What a person edited in the workbench (title, summary, severity, status, who may see it) stays as they left it.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from django.db import transaction

from incidents.catalog.models import Product, Source
from incidents.catalog.upsert import BeforeWrite, Progress, Recorded, Target, batched, same_json, upsert
from incidents.core.models import AuditEntry
from incidents.response.models import Incident, PublicityEvent
from incidents.response.records import IncidentRecord, ReferenceRecord, StatementRecord

_STATEMENTS = Target(
    table="incidents_statement",
    columns={
        "external_id": "varchar",
        "at": "timestamptz",
        "channel": "varchar",
        "audience": "varchar",
        "text": "text",
        "claims": "jsonb",
        "day_fields": "varchar[]",
        "extra": "jsonb",
    },
    key=("external_id",),
    scope=("incident_id",),
)
_REFERENCES = Target(
    table="incidents_reference",
    columns={
        "external_id": "varchar",
        "position": "integer",
        "url": "text",
        "title": "text",
        "used_for": "text",
        "extra": "jsonb",
    },
    key=("external_id",),
    scope=("incident_id",),
)


@transaction.atomic
def record_incident(
    *, product: Product, source: Source, slug: str, record: IncidentRecord, actor_id: int | None = None
) -> tuple[Incident, Recorded]:
    """Record the case under its short name in the product; return it and what became of its row and its publicity."""
    said: dict[str, Any] = {
        "title": record.title,
        "timezone": record.timezone,
        "bucket": record.bucket,
        "starts_at": record.starts_at,
        "ends_at": record.ends_at,
        "day_fields": list(record.day_fields),
        "extra": dict(record.extra),
    }
    incident = Incident.objects.select_for_update().filter(product=product, slug=slug).first()
    created = updated = 0
    if incident is None:
        incident = Incident.objects.create(product=product, slug=slug, source=source, opened_by_id=actor_id, **said)
        created = 1
    else:
        updated = _renew(incident, source, said)
    n_publicity = _record_publicity(incident, record)
    unchanged = 1 - created - updated + len(record.publicity) - n_publicity
    return incident, Recorded(created=created + n_publicity, updated=updated, unchanged=unchanged)


def _renew(incident: Incident, source: Source, said: dict[str, Any]) -> int:
    """Update what differs and was not edited by a person; return 1 if anything did."""
    edited = _edited_fields(incident)
    moved = [
        name for name, value in said.items() if name not in edited and not same_json(getattr(incident, name), value)
    ]
    for name in moved:
        setattr(incident, name, said[name])
    if incident.source_id is None:
        incident.source = source
        moved.append("source")
    if moved:
        incident.save(update_fields=[*moved, "updated_at"])
    return 1 if moved else 0


def _edited_fields(incident: Incident) -> set[str]:
    entries = AuditEntry.objects.filter(object_type="incident", object_id=str(incident.pk), action="case edited")
    return {name for detail in entries.values_list("detail", flat=True) for name in detail.get("moved", {})}


def _record_publicity(incident: Incident, record: IncidentRecord) -> int:
    known = set(PublicityEvent.objects.filter(incident=incident).values_list("at", "title"))
    new = {(row.at, row.title): row for row in record.publicity if (row.at, row.title) not in known}
    PublicityEvent.objects.bulk_create(
        PublicityEvent(incident=incident, at=row.at, title=row.title, day_only=row.day_only) for row in new.values()
    )
    return len(new)


def record_statements(
    *,
    incident: Incident,
    rows: Iterable[StatementRecord],
    before_write: BeforeWrite | None = None,
    progress: Progress | None = None,
) -> Recorded:
    """Record public statements, each by its id in the bundle."""
    staged = (
        (
            row.line,
            row.external_id,
            row.at,
            row.channel,
            row.audience,
            row.text,
            orjson.dumps(row.claims).decode(),
            list(row.day_fields),
            _json(row.extra),
        )
        for row in rows
    )
    scope = {"incident_id": incident.pk}
    return upsert(
        target=_STATEMENTS, scope=scope, batches=batched(staged), before_write=before_write, progress=progress
    )


def record_references(
    *,
    incident: Incident,
    rows: Iterable[ReferenceRecord],
    before_write: BeforeWrite | None = None,
    progress: Progress | None = None,
) -> Recorded:
    """Record where facts come from, in the order of the file."""
    staged = (
        (row.line, row.external_id, position, row.url, row.title, row.used_for, _json(row.extra))
        for position, row in enumerate(rows)
    )
    scope = {"incident_id": incident.pk}
    return upsert(
        target=_REFERENCES, scope=scope, batches=batched(staged), before_write=before_write, progress=progress
    )


def _json(value: Mapping[str, Any]) -> str:
    return orjson.dumps(value).decode()
