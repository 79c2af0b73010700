"""Publishing: an approved revision becomes a frozen snapshot, a correction a further one; a withdrawal says why."""

import hashlib
import html as html_entities
import re
from typing import TYPE_CHECKING

import orjson
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from incidents.catalog.queries import require
from incidents.core.access import Action
from incidents.core.audit import record_audit
from incidents.core.errors import InputError, NotReady, Problem
from incidents.documents.enums import PUBLIC_STATES, DocumentKind, DocumentState, NoticeHeading
from incidents.documents.figures import figures_html, with_tables
from incidents.documents.leaks import require_clean
from incidents.documents.models import Document, Revision
from incidents.documents.queries import standing_approval
from incidents.documents.redaction import public_markdown
from incidents.documents.rendering import render_markdown
from incidents.publishing.marks import readers_marks
from incidents.publishing.models import Publication, PublicationSchedule
from incidents.publishing.site import site_changed
from incidents.publishing.subscribers.services import announce

if TYPE_CHECKING:
    import datetime as dt

    from django.contrib.auth.models import User

_PARAGRAPH = re.compile(r"<p>(.*?)</p>", re.DOTALL)
_TAG = re.compile(r"<[^>]+>")
_SUMMARY = 400
_READY = (DocumentState.APPROVED, DocumentState.SCHEDULED)


def publish(
    *, actor: "User", document: Document, seen_version: int, correction: str = "", shows_earlier: bool = False
) -> Publication:
    """Freeze the approved revision as what the public reads, and return it.

    `shows_earlier` lets readers see the words that a correction replaced; False hides them and all before them.
    A second press of the button returns the same snapshot. Raises NotReady where the revision is not approved,
    InputError where an earlier snapshot exists and it is not said what was corrected.
    """
    require(actor, Action.PUBLISH, document.incident.product)
    revision = Revision.objects.filter(document=document, number=seen_version).first()
    # Rendered before the lock is taken: it may take seconds. What is published is checked again under the lock.
    body, html = _rendered(document, revision.body) if revision else ("", "")
    with transaction.atomic():
        row = (
            Document.objects.select_for_update(of=("self",))
            .select_related("incident__product", "change")
            .get(pk=document.pk)
        )
        current = Publication.objects.filter(document=row, is_current=True).first()
        if _is_already_out(row, current, seen_version):
            assert current is not None  # noqa: S101 - said by the line above, for the type checker
            return current
        if revision is None or row.version != seen_version or row.state not in _READY:
            raise NotReady(_why_not(row, seen_version))
        approval = standing_approval(row)
        if approval is None:
            raise NotReady("This revision is not approved: ask for a review.")
        if current is not None and not correction.strip():
            raise _correction_missing()
        require_clean(row, extra=correction)
        publication = _freeze(
            row,
            revision=revision,
            body=body,
            html=html,
            actor=actor,
            correction=correction.strip(),
            shows_earlier=shows_earlier,
            current=current,
        )
        announce(publication)
        row.state = DocumentState.CORRECTED if current else DocumentState.PUBLISHED
        row.save(update_fields=["state", "updated_at"])
        close_schedule(row, publication=publication)
        record_audit(
            actor=actor,
            action="document corrected" if current else "document published",
            subject=row,
            product_id=row.incident.product_id,
            detail={
                "publication": publication.pk,
                "number": publication.number,
                "revision": row.version,
                "hash": publication.content_hash,
                "approved_by": approval.reviewer.get_username(),
            },
        )
        site_changed()
    return publication


def _rendered(document: Document, source: str) -> tuple[str, str]:
    """Return what readers may have of a text, as Markdown and as HTML; its figures are frozen in both."""
    body = public_markdown(source)
    html = render_markdown(body, public=True, figures=figures_html(document.incident, body))
    return with_tables(document.incident, body), html


def close_schedule(row: Document, *, publication: Publication | None = None, problem: str = "") -> None:
    """Mark the document's open schedule as over: it went out, was called off, or could not be done."""
    PublicationSchedule.objects.filter(document=row, closed_at=None).update(
        closed_at=timezone.now(), publication=publication, problem=problem
    )


def _is_already_out(row: Document, current: Publication | None, seen_version: int) -> bool:
    return (
        current is not None
        and row.state in PUBLIC_STATES
        and current.revision_number == row.version == seen_version
        and current.withdrawn_at is None
    )


def _why_not(row: Document, seen_version: int) -> str:
    if row.version != seen_version:
        return f"The document moved on to revision {row.version}: look at it, have it approved, then publish."
    return f"It is {row.get_state_display().lower()}: only an approved revision can be published."


def _correction_missing() -> InputError:
    problem = Problem(
        file="publication",
        line=None,
        field="correction",
        message="readers have seen an earlier text and are not told what changed",
        remedy="say in a sentence what was corrected",
    )
    return InputError([problem])


def _freeze(
    row: Document,
    *,
    revision: Revision,
    body: str,
    html: str,
    actor: "User",
    correction: str,
    shows_earlier: bool,
    current: Publication | None,
) -> Publication:
    product = row.incident.product
    first = Publication.objects.filter(document=row).order_by("number").first()
    last = Publication.objects.filter(document=row).order_by("-number").first()
    number = last.number + 1 if last else 1
    # An address once given stays.
    slug = first.slug if first else _free_slug(row, revision.title)
    if current is not None:
        current.is_current = False
        current.save(update_fields=["is_current"])
    return Publication.objects.create(
        product=product,
        document=row,
        kind=row.kind,
        slug=slug,
        number=number,
        revision_number=revision.number,
        title=revision.title,
        heading=row.heading if row.kind == DocumentKind.NOTICE else "",
        summary=summary_of(html),
        body=body,
        html=html,
        content_hash=content_hash(title=revision.title, body=body, html=html, correction=correction),
        effective_at=_effective_at(row),
        timezone=row.incident.timezone,
        correction=correction,
        shows_earlier=bool(correction) and shows_earlier,
        **readers_marks(row),
        published_at=timezone.now(),
        published_by=actor,
    )


def _free_slug(row: Document, title: str) -> str:
    """Return an address made from the approved title: a case's working title is nobody's business."""
    base = slugify(title)[:140] or row.kind
    taken = set(
        Publication.objects.filter(product=row.incident.product, kind=row.kind, slug__startswith=base)
        .exclude(document=row)
        .values_list("slug", flat=True)
    )
    number, slug = 1, base
    while slug in taken:
        number += 1
        slug = f"{base}-{number}"
    return slug


def _effective_at(row: Document) -> "dt.datetime | None":
    """Return when what is told took effect: a change's end for a notice of its remedy, else its start."""
    if row.kind != DocumentKind.NOTICE or row.change is None:
        return None
    if row.heading == NoticeHeading.FIXED and row.change.ended_at is not None:
        return row.change.ended_at
    return row.change.started_at


def summary_of(html: str) -> str:
    """Return the first paragraph as plain text, cut at a word."""
    found = _PARAGRAPH.search(html)
    text = " ".join(html_entities.unescape(_TAG.sub("", found.group(1))).split()) if found else ""
    return text if len(text) <= _SUMMARY else text[:_SUMMARY].rsplit(" ", 1)[0] + "…"


def content_hash(*, title: str, body: str, html: str, correction: str) -> str:
    """Return the SHA-256 under which a snapshot can be recognised."""
    content = orjson.dumps([title, body, html, correction])
    return hashlib.sha256(content).hexdigest()


@transaction.atomic
def withdraw(*, actor: "User", document: Document, reason: str) -> Publication:
    """Take what is public back: its address answers "gone" with the reason. Raises NotReady where nothing is public."""
    require(actor, Action.PUBLISH, document.incident.product)
    reason = " ".join(reason.split())
    if not reason:
        problem = Problem(
            file="publication",
            line=None,
            field="reason",
            message="readers are not told why",
            remedy="give the reason in a sentence",
        )
        raise InputError([problem])
    require_clean(document, extra=reason, only_extra=True)
    row = Document.objects.select_for_update(of=("self",)).select_related("incident__product").get(pk=document.pk)
    current = Publication.objects.filter(document=row, is_current=True, withdrawn_at=None).first()
    if current is None:
        raise NotReady("Nothing of this document is public.")
    current.withdrawn_at = timezone.now()
    current.withdrawn_reason = reason
    current.save(update_fields=["withdrawn_at", "withdrawn_reason"])
    row.state = DocumentState.WITHDRAWN
    row.save(update_fields=["state", "updated_at"])
    record_audit(
        actor=actor,
        action="publication withdrawn",
        subject=row,
        product_id=row.incident.product_id,
        detail={"publication": current.pk, "number": current.number, "reason": reason},
    )
    site_changed()
    return current
