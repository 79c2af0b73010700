"""A snapshot as a Word document with real headings, lists and tables, so that it can be edited and navigated."""

from collections.abc import Sequence
from io import BytesIO

from docx import Document
from docx.document import Document as WordDocument
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Pt, RGBColor
from docx.text.paragraph import Paragraph as WordParagraph
from docx.text.run import Run

from incidents.publishing.exports.blocks import Block, Code, Heading, Listing, Paragraph, Quote, Span, Spans, Table
from incidents.publishing.exports.sheet import Sheet

_SOFT = RGBColor(0x57, 0x60, 0x6A)
_LINK = RGBColor(0x1F, 0x5F, 0xBF)
_MONO = "Consolas"
_SIDES = {"right": WD_ALIGN_PARAGRAPH.RIGHT, "center": WD_ALIGN_PARAGRAPH.CENTER}


def to_word(sheet: Sheet) -> bytes:
    """Return a .docx file."""
    document = Document()
    _properties(document, sheet)
    document.styles["Normal"].font.name = "Georgia"
    document.styles["Normal"].font.size = Pt(10.5)
    document.add_heading(_clean(sheet.title), level=0)
    facts = " · ".join([sheet.product, sheet.kind, *(f"{label} {value}" for label, value in sheet.facts)])
    run = document.add_paragraph().add_run(_clean(facts))
    run.font.color.rgb = _SOFT
    for at, words in sheet.corrections:
        paragraph = document.add_paragraph(style="Intense Quote")
        paragraph.add_run(f"Corrected on {at}. ").bold = True
        paragraph.add_run(_clean(words))
    _blocks(document, sheet.blocks, depth=0)
    _link(document.add_paragraph(), Span(sheet.address, href=sheet.address))
    written = BytesIO()
    document.save(written)
    return written.getvalue()


def _properties(document: WordDocument, sheet: Sheet) -> None:
    """Say what is public and nothing else: the library's own marks and any author's name stay out."""
    properties = document.core_properties
    properties.title = _clean(sheet.title)
    properties.author = properties.last_modified_by = _clean(sheet.product)
    properties.comments = properties.keywords = properties.subject = ""
    properties.created = properties.modified = sheet.published_at.replace(tzinfo=None)


def _blocks(document: WordDocument, blocks: Sequence[Block], *, depth: int, style: str = "Normal") -> None:
    for block in blocks:
        match block:
            case Heading(level=level, spans=spans):
                _fill(document.add_heading(level=min(level - 1, 9)), spans)
            case Paragraph(spans=spans):
                _fill(document.add_paragraph(style=style), spans)
            case Code(text=text):
                run = document.add_paragraph(style="No Spacing").add_run(_clean(text))
                run.font.name = _MONO
                run.font.size = Pt(9)
            case Quote(blocks=inner):
                _blocks(document, inner, depth=depth, style="Quote")
            case Listing(items=items, start=start):
                _list(document, items, start, depth)
            case Table():
                _table(document, block)
            case _:
                document.add_paragraph()


def _list(document: WordDocument, items: Sequence[Sequence[Block]], start: int | None, depth: int) -> None:
    """Add the items: numbers are written out, since Word would count on from the list before."""
    suffix = "" if depth == 0 else f" {min(depth + 1, 3)}"
    for number, item in enumerate(items):
        first, rest = (item[0], item[1:]) if item and isinstance(item[0], Paragraph) else (Paragraph(()), item)
        if start is None:
            paragraph = document.add_paragraph(style=f"List Bullet{suffix}")
        else:
            paragraph = document.add_paragraph(style=f"List Continue{suffix}")
            paragraph.add_run(f"{start + number}. ")
        _fill(paragraph, first.spans)
        _blocks(document, rest, depth=depth + 1, style=f"List Continue{suffix}")


def _table(document: WordDocument, table: Table) -> None:
    grid = document.add_table(rows=0, cols=len(table.head), style="Light List Accent 1")
    for place, row in enumerate((table.head, *table.rows)):
        cells = grid.add_row().cells
        for cell, spans, side in zip(cells, row, table.sides, strict=True):
            paragraph = cell.paragraphs[0]
            _fill(paragraph, spans)
            if side in _SIDES:
                paragraph.alignment = _SIDES[side]
        if place == 0:
            mark = OxmlElement("w:tblHeader")
            grid.rows[0]._tr.get_or_add_trPr().append(mark)
    document.add_paragraph()


def _fill(paragraph: WordParagraph, spans: Spans) -> None:
    for span in spans:
        if span.href.startswith(("http://", "https://", "mailto:")):
            _link(paragraph, span)
        else:
            _dress(paragraph.add_run(_clean(span.text)), span)


def _dress(run: Run, span: Span) -> None:
    run.bold = span.bold or None
    run.italic = span.italic or None
    run.font.strike = span.struck or None
    run.font.superscript = span.raised or None
    if span.code:
        run.font.name = _MONO


def _link(paragraph: WordParagraph, span: Span) -> None:
    target = paragraph.part.relate_to(span.href, RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
    element = OxmlElement("w:hyperlink")
    element.set(qn("r:id"), target)
    run = paragraph.add_run(_clean(span.text))
    _dress(run, span)
    run.font.color.rgb = _LINK
    run.font.underline = True
    element.append(run._r)
    paragraph._p.append(element)


def _clean(text: str) -> str:
    """Return the text without the signs that XML cannot hold."""
    return "".join(sign for sign in text if sign in "\t\n" or sign >= " ")
