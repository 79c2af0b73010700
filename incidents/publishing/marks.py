"""What a snapshot is filed under, frozen with it: kind of change, versions, the incident it tells of."""

import uuid
from typing import Any

from incidents.documents.editions import segment_words
from incidents.documents.enums import DocumentKind, NoticeHeading
from incidents.documents.models import Document
from incidents.publishing.enums import IncidentStep
from incidents.response.enums import CandidateStatus
from incidents.response.models import CandidateChange

# Cases are numbered inside; the public gets a key that tells nothing of the numbers.
_NAMESPACE = uuid.UUID("0b9c1e0e-7f0c-4f0b-8a55-61d9c0a1f3b7")


def readers_marks(document: Document) -> dict[str, Any]:
    """Return the publication's fields `change_kind`, `versions`, `incident_key`, `incident_step` and `readers`."""
    change = document.change if document.kind == DocumentKind.NOTICE else None
    step = _step(document)
    is_fix = document.heading == NoticeHeading.FIXED
    version = "" if change is None else change.fixed_in_version if is_fix else change.carried_by_version
    return {
        "change_kind": change.kind if change else "",
        "versions": [version] if version else [],
        "incident_key": incident_key(document) if step else None,
        "incident_step": step,
        "readers": segment_words(document.segment)[:300] if document.segment else "",
    }


def incident_key(document: Document) -> uuid.UUID:
    """Return the key under which all public texts of the document's case are known."""
    case = document.incident
    return uuid.uuid5(_NAMESPACE, f"{case.pk}/{case.created_at.isoformat()}")


def _step(document: Document) -> str:
    """Return how far the text takes the incident; a notice of a change that did not contribute is no part of one."""
    if document.kind == DocumentKind.POSTMORTEM:
        return IncidentStep.POSTMORTEM
    contributes = CandidateChange.objects.filter(
        incident=document.incident, change=document.change_id, status=CandidateStatus.CONTRIBUTING
    ).exists()
    if not contributes:
        return ""
    return IncidentStep.RESOLVED if document.heading == NoticeHeading.FIXED else IncidentStep.IDENTIFIED
