"""Writing a case by hand: open it, say where it stands, who does what, and what happened."""

import datetime as dt
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from incidents.catalog.models import Product
from incidents.catalog.queries import require
from incidents.core.access import Action
from incidents.core.audit import record_audit
from incidents.core.errors import Conflict
from incidents.response.enums import IncidentDuty, IncidentStatus, Severity
from incidents.response.models import Incident, IncidentRole, TimelineEntry

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def open_incident(
    *,
    actor: "User",
    product: Product,
    title: str,
    starts_on: dt.date,
    ends_on: dt.date,
    summary: str = "",
    severity: Severity = Severity.UNKNOWN,
) -> Incident:
    """Open a case over whole local days, the last one included; raise Conflict where its short name is taken."""
    require(actor, Action.EDIT_CASE, product)
    zone = ZoneInfo(product.timezone)
    incident = Incident(
        product=product,
        slug=slugify(title)[:120] or "case",
        title=title,
        summary=summary,
        timezone=product.timezone,
        starts_at=dt.datetime.combine(starts_on, dt.time(), zone).astimezone(dt.UTC),
        ends_at=dt.datetime.combine(ends_on + dt.timedelta(days=1), dt.time(), zone).astimezone(dt.UTC),
        day_fields=["starts_at", "ends_at"],
        severity=severity,
        opened_by=actor,
    )
    try:
        with transaction.atomic():
            incident.save()
            record_audit(actor=actor, action="case opened", subject=incident, product_id=product.pk)
    except IntegrityError as error:
        raise Conflict(f"{product.name} already has a case called “{title}”: choose another title.") from error
    return incident


@transaction.atomic
def update_incident(
    *,
    actor: "User",
    incident: Incident,
    title: str,
    summary: str,
    severity: Severity,
    status: IncidentStatus,
    restricted: bool,
) -> Incident:
    """Change what the case is called, how bad it is, where it stands, who sees it; the trail keeps what it was."""
    require(actor, Action.EDIT_CASE, incident.product)
    row = Incident.objects.select_for_update().get(pk=incident.pk)
    wanted = {"title": title, "summary": summary, "severity": severity, "status": status, "restricted": restricted}
    moved = {name: [getattr(row, name), value] for name, value in wanted.items() if getattr(row, name) != value}
    if not moved:
        return row
    for name, value in wanted.items():
        setattr(row, name, value)
    row.save(update_fields=[*wanted, "updated_at"])
    if restricted and not row.duties.filter(user=actor).exists():
        # Whoever closes the door stays inside.
        IncidentRole.objects.create(incident=row, user=actor, duty=IncidentDuty.LEAD)
    record_audit(actor=actor, action="case edited", subject=row, product_id=row.product_id, detail={"moved": moved})
    return row


@transaction.atomic
def assign_duty(*, actor: "User", incident: Incident, user: "User", duty: IncidentDuty) -> IncidentRole:
    """Give a person a duty in the case; the same duty twice changes nothing."""
    require(actor, Action.EDIT_CASE, incident.product)
    row, made = IncidentRole.objects.get_or_create(incident=incident, user=user, duty=duty)
    if made:
        record_audit(
            actor=actor,
            action="duty assigned",
            subject=incident,
            product_id=incident.product_id,
            detail={"user": user.pk, "duty": duty},
        )
    return row


@transaction.atomic
def end_duty(*, actor: "User", incident: Incident, role_id: int) -> None:
    """Take a duty back; one that is already gone changes nothing."""
    require(actor, Action.EDIT_CASE, incident.product)
    deleted, _ = IncidentRole.objects.filter(incident=incident, pk=role_id).delete()
    if deleted:
        record_audit(
            actor=actor,
            action="duty ended",
            subject=incident,
            product_id=incident.product_id,
            detail={"role": role_id},
        )


@transaction.atomic
def add_timeline_entry(*, actor: "User", incident: Incident, at: dt.datetime, text: str) -> TimelineEntry:
    """Write down what happened and when."""
    require(actor, Action.EDIT_CASE, incident.product)
    entry = TimelineEntry.objects.create(incident=incident, at=at, text=text, author=actor)
    record_audit(actor=actor, action="timeline entry added", subject=entry, product_id=incident.product_id)
    return entry
