"""Publishing at a set time: a row, a job that is due then, and the same `publish` that a person presses."""

import datetime as dt
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from incidents.catalog.queries import require
from incidents.core.access import Action
from incidents.core.audit import record_audit
from incidents.core.errors import Form, NotReady, WorkbenchError
from incidents.documents.enums import DocumentState
from incidents.documents.leaks import require_clean
from incidents.documents.models import Document
from incidents.documents.queries import standing_approval
from incidents.documents.services import locked
from incidents.jobs import services as jobs
from incidents.publishing.models import Publication, PublicationSchedule
from incidents.publishing.services import close_schedule, publish

if TYPE_CHECKING:
    from django.contrib.auth.models import User

_refused = Form("schedule").refused

__all__ = ["PublicationSchedule", "open_schedule", "publish_due", "schedule_publication", "unschedule"]

DUE_JOB = "publishing.publish_due"
_LATEST = dt.timedelta(days=366)


def open_schedule(document: Document) -> PublicationSchedule | None:
    """Return when the document goes out, None where it is not scheduled (any more)."""
    if document.state != DocumentState.SCHEDULED:
        return None
    return PublicationSchedule.objects.filter(document=document, closed_at=None).select_related("scheduled_by").first()


def last_schedule(document: Document) -> PublicationSchedule | None:
    """Return the last schedule that could not be done, if nothing was scheduled since."""
    row = PublicationSchedule.objects.filter(document=document).first()
    return row if row is not None and row.closed_at is not None and row.problem else None


@transaction.atomic
def schedule_publication(
    *,
    actor: "User",
    document: Document,
    seen_version: int,
    publish_at: dt.datetime,
    correction: str = "",
    shows_earlier: bool = False,
) -> PublicationSchedule:
    """Let the approved revision go out at a time to come; what is saved until then calls it off.

    Raises NotReady where it is not approved, InputError for a time that is past or a correction without words.
    """
    require(actor, Action.PUBLISH, document.incident.product)
    row = locked(document, seen_version)
    if row.state not in (DocumentState.APPROVED, DocumentState.SCHEDULED) or standing_approval(row) is None:
        raise NotReady(f"It is {row.get_state_display().lower()}: only an approved revision can be scheduled.")
    now = timezone.now()
    if not now < publish_at <= now + _LATEST:
        raise _refused(
            "publish_at", "that time is past or more than a year away", "choose a time to come, within a year"
        )
    if Publication.objects.filter(document=row, is_current=True).exists() and not correction.strip():
        raise _refused("correction", "readers are not told what changed", "say in a sentence what was corrected")
    require_clean(row, extra=correction)
    _call_off(row)
    schedule = PublicationSchedule.objects.create(
        document=row,
        revision_number=row.version,
        publish_at=publish_at,
        correction=correction.strip(),
        shows_earlier=shows_earlier,
        scheduled_by=actor,
    )
    schedule.job = jobs.enqueue(
        kind=DUE_JOB,
        payload={"schedule": schedule.pk},
        idempotency_key=str(schedule.pk),
        created_by=actor,
        due_at=publish_at,
    )
    schedule.save(update_fields=["job"])
    _move(row, DocumentState.SCHEDULED)
    _told(actor, row, "publication scheduled", {"at": publish_at.isoformat(), "revision": row.version})
    return schedule


@transaction.atomic
def unschedule(*, actor: "User", document: Document) -> None:
    """Call a scheduled publication off; the approval stands. Raises NotReady where nothing is scheduled."""
    require(actor, Action.PUBLISH, document.incident.product)
    row = Document.objects.select_for_update(of=("self",)).select_related("incident__product").get(pk=document.pk)
    if open_schedule(row) is None:
        raise NotReady("It is not scheduled (any more).")
    _call_off(row)
    _move(row, DocumentState.APPROVED)
    _told(actor, row, "scheduled publication called off", {"revision": row.version})


def _call_off(row: Document) -> None:
    for schedule in PublicationSchedule.objects.filter(document=row, closed_at=None):
        if schedule.job_id is not None:
            jobs.request_cancel(job_id=schedule.job_id)
    close_schedule(row)


def publish_due(*, schedule_id: int) -> Publication | None:
    """Publish what is due, inside the caller's transaction; what stands in the way is kept for people to read."""
    schedule = PublicationSchedule.objects.select_for_update(of=("self",)).filter(pk=schedule_id).first()
    if schedule is None or schedule.closed_at is not None:
        return None
    row = (
        Document.objects.select_for_update(of=("self",))
        .select_related("incident__product")
        .get(pk=schedule.document_id)
    )
    try:
        with transaction.atomic():
            if row.state != DocumentState.SCHEDULED or row.version != schedule.revision_number:
                raise NotReady("It was edited after it was scheduled, so it did not go out: have it approved again.")
            return publish(
                actor=schedule.scheduled_by,
                document=row,
                seen_version=schedule.revision_number,
                correction=schedule.correction,
                shows_earlier=schedule.shows_earlier,
            )
    except WorkbenchError as refused:
        problem = str(refused)
    close_schedule(row, problem=problem)
    if row.state == DocumentState.SCHEDULED:
        _move(row, DocumentState.APPROVED)
    _told(schedule.scheduled_by, row, "scheduled publication failed", {"problem": problem})
    return None


def _move(row: Document, state: DocumentState) -> None:
    row.state = state
    row.save(update_fields=["state", "updated_at"])


def _told(actor: "User", row: Document, action: str, detail: dict[str, object]) -> None:
    record_audit(actor=actor, action=action, subject=row, product_id=row.incident.product_id, detail=detail)
