"""What every file of a snapshot starts from."""

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from incidents.documents.editions import public_edition
from incidents.documents.models import Document
from incidents.documents.rendering import render_markdown
from incidents.publishing.exports.blocks import Block, parse_blocks
from incidents.publishing.models import Publication


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One snapshot, ready to be written; `facts` are label and value pairs for the head, `address` its page."""

    title: str
    product: str
    kind: str
    summary: str
    address: str
    facts: tuple[tuple[str, str], ...]
    corrections: tuple[tuple[str, str], ...]
    blocks: tuple[Block, ...]
    published_at: dt.datetime
    content_hash: str


def sheet_of(publication: Publication, *, history: list[Publication], address: str) -> Sheet:
    """Return the sheet of a public snapshot; `history` is its public past with itself, the newest first."""
    zone = ZoneInfo(publication.timezone)
    first = history[-1].published_at if history else publication.published_at
    facts = [("Published", day(first, zone))]
    if publication.number > 1:
        facts.append(("Corrected", day(publication.published_at, zone)))
    if publication.effective_at is not None:
        facts.append(("In effect", day(publication.effective_at, zone)))
    corrections = [(day(row.published_at, zone), row.correction) for row in history if row.correction]
    return Sheet(
        title=publication.title,
        product=publication.product.name,
        kind=publication.get_heading_display() if publication.heading else publication.get_kind_display(),
        summary=publication.summary,
        address=address,
        facts=tuple(facts),
        corrections=tuple(corrections),
        blocks=parse_blocks(publication.html),
        published_at=publication.published_at,
        content_hash=publication.content_hash,
    )


def draft_sheet(document: Document, *, address: str) -> tuple[Sheet, str]:
    """Return the sheet of a document as the public would read it now, marked as a draft, and its HTML."""
    edition = public_edition(document.body)
    html = render_markdown(edition.text, public=True)
    zone = ZoneInfo(document.incident.timezone)
    sheet = Sheet(
        title=document.title,
        product=document.incident.product.name,
        kind=document.get_heading_display() if document.heading else document.get_kind_display(),
        summary="",
        address=address,
        facts=(("Draft of", day(document.updated_at, zone)), ("Revision", str(document.version))),
        corrections=(),
        blocks=parse_blocks(html),
        published_at=document.updated_at,
        content_hash="",
    )
    return sheet, html


def day(at: dt.datetime, zone: ZoneInfo) -> str:
    """Return a day as readers see it: 26 March 2026."""
    local = at.astimezone(zone)
    return f"{local.day} {local:%B %Y}"
