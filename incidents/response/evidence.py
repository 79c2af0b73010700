"""Pinning what somebody saw as evidence of a case, and taking it back."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.db import transaction

from incidents.catalog.queries import require
from incidents.core.access import Action
from incidents.core.audit import record_audit
from incidents.core.errors import InputError, Problem
from incidents.response.enums import EvidenceKind
from incidents.response.models import Evidence, Incident

if TYPE_CHECKING:
    from django.contrib.auth.models import User

__all__ = ["Evidence", "Incident", "pin_evidence", "unpin_evidence"]


@transaction.atomic
def pin_evidence(
    *,
    actor: "User",
    incident: Incident,
    kind: EvidenceKind,
    starts_at: dt.datetime | None = None,
    ends_at: dt.datetime | None = None,
    segment_filter: Mapping[str, Sequence[str]] | None = None,
    reference: str = "",
    figures: Mapping[str, Any] | None = None,
    note: str = "",
) -> Evidence:
    """Keep a window, a change, a metric or a ticket as evidence, with the figures as they were when it was pinned.

    Raises NotPermitted without the right to edit the case, InputError where a window has no length.
    """
    require(actor, Action.EDIT_CASE, incident.product)
    if starts_at is not None and ends_at is not None and ends_at <= starts_at:
        message, remedy = "the window ends before it begins", "choose an end after the start"
        raise InputError([Problem(file="form", line=None, field="window", message=message, remedy=remedy)])
    evidence = Evidence.objects.create(
        incident=incident,
        kind=kind,
        starts_at=starts_at,
        ends_at=ends_at,
        segment_filter={key: list(values) for key, values in (segment_filter or {}).items()},
        reference=reference[:200],
        figures=dict(figures or {}),
        note=note.strip(),
        author=actor,
    )
    record_audit(
        actor=actor,
        action="evidence pinned",
        subject=incident,
        product_id=incident.product_id,
        detail={"evidence": evidence.pk, "kind": str(kind), "note": evidence.note},
    )
    return evidence


@transaction.atomic
def unpin_evidence(*, actor: "User", incident: Incident, evidence_id: int) -> None:
    """Take evidence back; nothing happens where it is gone already."""
    require(actor, Action.EDIT_CASE, incident.product)
    found = Evidence.objects.select_for_update().filter(incident=incident, pk=evidence_id).first()
    if found is None:
        return
    record_audit(
        actor=actor,
        action="evidence taken back",
        subject=incident,
        product_id=incident.product_id,
        detail={"evidence": found.pk, "kind": found.kind, "note": found.note},
    )
    found.delete()
