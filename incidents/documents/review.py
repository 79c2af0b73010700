"""Reviews: somebody asks for one, another person decides on that exact revision."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from django.db import transaction

from incidents.catalog.queries import permitted, require, roles_of
from incidents.core.access import Action
from incidents.core.audit import record_audit
from incidents.core.errors import InputError, NotPermitted, NotReady, Problem
from incidents.documents import words
from incidents.documents.enums import DocumentState, Verdict
from incidents.documents.leaks import require_clean
from incidents.documents.models import Document, Review, ReviewRequest
from incidents.documents.queries import author_of_current, judged, missing_roles
from incidents.documents.services import locked
from incidents.response.queries import visible_incidents

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def _input_error(field: str, message: str, remedy: str) -> InputError:
    return InputError([Problem(file="review", line=None, field=field, message=message, remedy=remedy)])


@transaction.atomic
def request_review(
    *, actor: "User", document: Document, reviewers: Sequence["User"], seen_version: int, note: str = ""
) -> Document:
    """Ask people to review the current revision; each must be able to approve it and not be its author."""
    require(actor, Action.REQUEST_REVIEW, document.incident.product)
    row = locked(document, seen_version)
    if row.state not in (DocumentState.DRAFT, DocumentState.IN_REVIEW, DocumentState.APPROVED):
        raise NotReady(f"It is {row.get_state_display().lower()}: edit it first, then ask for a review.")
    if not reviewers:
        raise _input_error("reviewers", "nobody is named", "choose at least one person who can approve")
    author = author_of_current(row)
    for person in reviewers:
        may_see = visible_incidents(person).filter(pk=row.incident_id).exists()
        if not may_see or not permitted(person, Action.APPROVE_DOCUMENT, row.incident.product):
            raise _input_error("reviewers", f"{person} may not approve documents here", "choose somebody who may")
        if author is not None and person.pk == author.pk:
            raise _input_error("reviewers", f"{person} wrote this revision", "choose another person")
        ReviewRequest.objects.get_or_create(
            document=row,
            revision_number=row.version,
            reviewer=person,
            defaults={"requested_by": actor, "note": note},
        )
    _check_roles_are_asked(row)
    if row.state == DocumentState.DRAFT:
        row.state = DocumentState.IN_REVIEW
        row.save(update_fields=["state", "updated_at"])
    record_audit(
        actor=actor,
        action="review requested",
        subject=row,
        product_id=row.incident.product_id,
        detail={"revision": row.version, "reviewers": [person.get_username() for person in reviewers]},
    )
    return row


def _check_roles_are_asked(row: Document) -> None:
    """Raise InputError where a role that must approve holds nobody who was asked: the review could never end."""
    asked = {
        role
        for one in ReviewRequest.objects.filter(document=row, revision_number=row.version).select_related("reviewer")
        for role in roles_of(one.reviewer, row.incident.product)
    }
    unasked = [role.label for role in missing_roles(row) if role not in asked]
    if unasked:
        raise _input_error(
            "reviewers",
            f"nobody with the role {words.joined(unasked)} is asked, and that role must approve",
            "name somebody who has it",
        )


def _not_carried(counts: Mapping[str, int]) -> str:
    told = ", ".join(f"{number} {name}" for name, number in counts.items() if number and name != "supported")
    return (
        f"The evidence does not carry all of it ({told}). Ask for changes, or approve with a reason for signing it off."
    )


@transaction.atomic
def review_document(
    *,
    actor: "User",
    document: Document,
    verdict: Verdict,
    seen_version: int,
    note: str = "",
    sign_off: str = "",
) -> Review:
    """Approve the current revision or ask for changes.

    The document is approved once each role that its product requires has approved; until then it stays in review.
    Raises NotPermitted for its author, NotReady where no review was asked for or where claims are not carried by the
    evidence (or gaps are left) and no reason is given in `sign_off`.
    """
    require(actor, Action.APPROVE_DOCUMENT, document.incident.product)
    row = locked(document, seen_version)
    if row.state != DocumentState.IN_REVIEW:
        raise NotReady(f"It is {row.get_state_display().lower()}, not in review: ask for a review first.")
    author = author_of_current(row)
    if author is not None and author.pk == actor.pk:
        raise NotPermitted(
            "You wrote this revision, so another person must approve it. An administrator can add a colleague under "
            "People."
        )
    if verdict == Verdict.CHANGES_REQUESTED and not note.strip():
        raise _input_error("note", "it is not said what should change", "write a sentence for the author")
    result = judged(row)
    if verdict == Verdict.APPROVED and not result.sound and not sign_off.strip():
        raise NotReady(_not_carried(result.counts()))
    if verdict == Verdict.APPROVED:
        require_clean(row)
    review = Review.objects.create(
        document=row,
        revision_number=row.version,
        reviewer=actor,
        verdict=verdict.value,
        roles=sorted(role.value for role in roles_of(actor, row.incident.product)),
        note=note.strip(),
        sign_off="" if result.sound or verdict != Verdict.APPROVED else sign_off.strip(),
    )
    missing = missing_roles(row)
    if verdict != Verdict.APPROVED or not missing:
        row.state = DocumentState.APPROVED if verdict == Verdict.APPROVED else DocumentState.DRAFT
        row.save(update_fields=["state", "updated_at"])
    record_audit(
        actor=actor,
        action="document approved" if verdict == Verdict.APPROVED else "changes requested",
        subject=row,
        product_id=row.incident.product_id,
        detail={
            "revision": row.version,
            "claims": result.counts(),
            "sign_off": review.sign_off,
            "still_missing": [role.value for role in missing],
        },
    )
    return review
