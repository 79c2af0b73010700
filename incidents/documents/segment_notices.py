"""A notice to the people of one segment, cut from a document: a document of its own, reviewed and published as any.

It remembers the text it was cut from. When that moves on, the notice says so and can be cut anew.
"""

from typing import TYPE_CHECKING

from django.db import transaction

from incidents.catalog.queries import dimensions_of, require
from incidents.core.access import Action
from incidents.core.errors import NotReady
from incidents.documents.editions import segment_edition, segment_words
from incidents.documents.enums import DocumentKind, NoticeHeading, TemplateKind
from incidents.documents.facts import CaseFacts
from incidents.documents.models import Claim, Document
from incidents.documents.narrowing import Segment, changes_reaching
from incidents.documents.plain import plain_text
from incidents.documents.queries import stored_claims
from incidents.documents.reading import facts_of
from incidents.documents.services import add_document, save_document
from incidents.documents.templates.queries import template_named

if TYPE_CHECKING:
    from django.contrib.auth.models import User

_TITLE = 300


@transaction.atomic
def write_segment_notice(*, actor: "User", document: Document, segment: Segment) -> Document:
    """Cut a document down to one segment (value by dimension) and store it as a draft notice.

    Raises NotReady where no segment is chosen, a value is not one of the product's, or no contributing change reached
    these people.
    """
    require(actor, Action.EDIT_DOCUMENT, document.incident.product)
    _check_segment(document, segment)
    facts = facts_of(document.incident)
    title, body = _cut(document, facts, segment)
    told = segment_words(segment)
    notice = add_document(
        actor=actor,
        incident=document.incident,
        facts=facts,
        kind=DocumentKind.NOTICE,
        title=title or _title(document.title, told),
        body=body,
        heading=_heading(facts, segment),
        note=f"Cut from revision {document.version} of “{document.title[:120]}” for {told}",
    )
    notice.segment = dict(segment)
    notice.made_from = document
    notice.made_from_version = document.version
    notice.save(update_fields=["segment", "made_from", "made_from_version"])
    _carry_vouchers(document, notice)
    return notice


@transaction.atomic
def cut_anew(*, actor: "User", notice: Document, seen_version: int) -> Document:
    """Put the present text of the document it was cut from into a notice, as its next revision.

    What was edited in the notice stays in its history. Raises NotReady where it was cut from none, Conflict where
    somebody saved the notice since `seen_version`.
    """
    source = notice.made_from
    if source is None:
        raise NotReady("This notice was not cut from another document, or that document is gone.")
    _, body = _cut(source, facts_of(source.incident), notice.segment)
    saved = save_document(
        actor=actor,
        document=notice,
        title=notice.title,
        body=body,
        seen_version=seen_version,
        note=f"Cut anew from revision {source.version} of “{source.title[:120]}”",
    )
    saved.made_from_version = source.version
    saved.save(update_fields=["made_from_version"])
    _carry_vouchers(source, saved)
    return saved


def _check_segment(document: Document, segment: Segment) -> None:
    if not segment:
        raise NotReady("Choose a segment first: what everybody may read is the document itself.")
    known = {one.key: {value.key for value in one.values.all()} for one in dimensions_of(document.incident.product)}
    wrong = [f"{key} {value}" for key, value in segment.items() if value not in known.get(key, set())]
    if wrong:
        raise NotReady(f"This product has no {wrong[0]}: choose among its own segments.")


def _cut(document: Document, facts: CaseFacts, segment: Segment) -> tuple[str, str]:
    """Return (title, text); the title is the template's first heading, "" where it has none."""
    source = template_named(document.incident.product, TemplateKind.SEGMENT).source
    edition = segment_edition(title=document.title, body=document.body, facts=facts, segment=segment, source=source)
    if not edition.n_reaching:
        raise NotReady("None of the contributing changes reached these people: there is nothing to tell them.")
    first, _, rest = edition.text.lstrip().partition("\n")
    if not first.startswith("# "):
        return "", edition.text
    # The page shows the title: in the text it would be a second one.
    return plain_text(first).strip()[:_TITLE], rest.lstrip()


def _title(title: str, told: str) -> str:
    tail = f" ({told})"[:_TITLE]
    return title[: _TITLE - len(tail)].rstrip() + tail


def _heading(facts: CaseFacts, segment: Segment) -> NoticeHeading:
    is_over = all(change.ended is not None for change in changes_reaching(facts, segment))
    return NoticeHeading.FIXED if is_over else NoticeHeading.CHANGED


def _carry_vouchers(source: Document, notice: Document) -> None:
    """Give the notice the words that people vouched for in its source; claims of record bind themselves."""
    there = stored_claims(notice)
    rows = [
        Claim(document=notice, key=claim.key, evidence=claim.evidence, value=claim.value)
        for claim in Claim.objects.filter(document=source, key__startswith="vouch-")
        if claim.key not in there and f"](ev:{claim.key})" in notice.body
    ]
    Claim.objects.bulk_create(rows)
