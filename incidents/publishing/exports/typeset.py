"""A snapshot as PDF, typeset by Typst: tagged for screen readers, with bookmarks, page numbers and the fonts within.

Nothing of the text is read as markup: the template holds no words of a document, the document's tree travels as JSON
beside it and is set by the template's functions.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import orjson
import typst

from incidents.publishing.exports.blocks import Block, Code, Heading, Listing, Paragraph, Quote, Rule, Spans, Table
from incidents.publishing.exports.sheet import Sheet

OutputFormat = Literal["pdf", "png"]
_TEMPLATE = Path(__file__).with_name("sheet.typ")
_CARD = Path(__file__).with_name("card.typ")
# The typesetter may read this folder alone, and its templates read nothing but their input.
_ROOT = Path(__file__).parent


def to_pdf(sheet: Sheet) -> bytes:
    """Return a PDF of A4 pages that conforms to PDF/UA-1, where the fonts hold every sign; else a tagged PDF."""
    content = {
        "title": sheet.title,
        "product": sheet.product,
        "kind": sheet.kind,
        "address": sheet.address,
        "facts": sheet.facts,
        "corrections": sheet.corrections,
        "blocks": [_block(block) for block in _levelled(sheet.blocks)],
        "published": [sheet.published_at.year, sheet.published_at.month, sheet.published_at.day],
    }
    at = sheet.published_at.replace(microsecond=0)
    try:
        return _compile(_TEMPLATE, content, "pdf", pdf_standards="ua-1", timestamp=at)
    except typst.TypstError:
        # A sign that no font at hand can draw: the standard forbids it, readers prefer the rest of the text to nothing.
        return _compile(_TEMPLATE, content, "pdf", timestamp=at)


def to_card(*, title: str, product: str, kind: str, day: str, accent: str) -> bytes:
    """Return the picture that other sites show beside a link: a PNG of 1200 by 630 pixels."""
    content = {"title": title, "product": product, "kind": kind, "day": day, "accent": accent}
    return _compile(_CARD, content, "png", ppi=72.0)


def _compile(template: Path, content: dict[str, Any], form: OutputFormat, **more: Any) -> bytes:
    inputs = {"content": orjson.dumps(content).decode()}
    made = typst.compile(template.read_bytes(), format=form, root=_ROOT, sys_inputs=inputs, **more)
    if not isinstance(made, bytes):
        raise TypeError(f"the typesetter made {type(made).__name__}, one file was asked for")
    return made


def _levelled(blocks: Sequence[Block]) -> list[Block]:
    """Return the blocks with no level of heading left out on the way down, as accessible files demand."""
    out: list[Block] = []
    above = 1
    for block in blocks:
        if isinstance(block, Heading):
            block = replace(block, level=min(block.level, above + 1))  # noqa: PLW2901
            above = block.level
        out.append(block)
    return out


def _block(block: Block) -> dict[str, Any]:  # noqa: PLR0911 - one for each kind of block
    match block:
        case Heading(level=level, spans=spans):
            return {"is": "heading", "level": level - 1, "spans": _spans(spans)}
        case Paragraph(spans=spans):
            return {"is": "paragraph", "spans": _spans(spans)}
        case Code(text=text):
            return {"is": "code", "text": text}
        case Rule():
            return {"is": "rule"}
        case Quote(blocks=inner):
            return {"is": "quote", "blocks": [_block(each) for each in inner]}
        case Listing(items=items, start=start):
            return {"is": "list", "start": start, "items": [[_block(each) for each in item] for item in items]}
        case Table(head=head, rows=rows, sides=sides):
            return {
                "is": "table",
                "head": [_spans(cell) for cell in head],
                "rows": [[_spans(cell) for cell in row] for row in rows],
                "sides": [side or "left" for side in sides],
            }


def _spans(spans: Spans) -> list[dict[str, Any]]:
    return [
        {
            "text": span.text,
            "bold": span.bold,
            "italic": span.italic,
            "struck": span.struck,
            "code": span.code,
            "raised": span.raised,
            "href": span.href,
        }
        for span in spans
    ]
