"""A snapshot as Markdown: what it holds is text, so each sign that Markdown would read as its own is escaped."""

import re
from collections.abc import Sequence

from incidents.publishing.exports.blocks import (
    Block,
    Code,
    Heading,
    Listing,
    Paragraph,
    Quote,
    Rule,
    Span,
    Spans,
    Table,
)
from incidents.publishing.exports.sheet import Sheet

_INLINE = re.compile(r"([\\`*_\[\]>|]|~(?=~))")
_ENTITY = re.compile(r"&(?=#?\w)")
_LINE_START = re.compile(r"^(\s*(?=[#+\-=])|\s*\d+(?=[.)]))", re.MULTILINE)
# Markdown has no raised text; numbers of footnotes have signs of their own.
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_URL = {" ": "%20", "(": "%28", ")": "%29", "<": "%3C", ">": "%3E"}


def to_markdown(sheet: Sheet) -> str:
    """Return the text; it ends with one line end."""
    head = [f"# {_escaped(sheet.title)}", ""]
    head += [f"{sheet.product} · {sheet.kind} · " + " · ".join(f"{label} {value}" for label, value in sheet.facts), ""]
    for at, words in sheet.corrections:
        head += [f"> **Corrected on {at}:** {_escaped(words)}", ""]
    return "\n".join([*head, *_lines(sheet.blocks), "", f"<{sheet.address}>"]).rstrip() + "\n"


def _lines(blocks: Sequence[Block]) -> list[str]:
    lines: list[str] = []
    for block in blocks:
        if lines:
            lines.append("")
        lines += _block(block)
    return lines


def _block(block: Block) -> list[str]:  # noqa: PLR0911 - one for each kind of block
    match block:
        case Heading(level=level, spans=spans):
            return ["#" * level + " " + _inline(spans).replace("\n", " ")]
        case Paragraph(spans=spans):
            return _LINE_START.sub(r"\1\\", _inline(spans)).replace("\n", "  \n").split("\n")
        case Code(text=text):
            fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
            return [fence, *text.split("\n"), fence]
        case Rule():
            return ["---"]
        case Quote(blocks=inner):
            return [f"> {line}".rstrip() for line in _lines(inner)]
        case Listing(items=items, start=start):
            return _list(items, start)
        case Table():
            return _table(block)


def _list(items: Sequence[Sequence[Block]], start: int | None) -> list[str]:
    lines: list[str] = []
    for number, item in enumerate(items):
        mark = "- " if start is None else f"{start + number}. "
        # Python-Markdown nests by four spaces, the others by the width of the mark or more.
        indent = " " * 4
        inner = _lines(item) or [""]
        lines.append(mark + inner[0])
        lines += [indent + line if line else "" for line in inner[1:]]
    return lines


def _table(table: Table) -> list[str]:
    rules = {"left": ":---", "right": "---:", "center": ":---:"}
    rows = [[_inline(cell).replace("\n", " ") for cell in row] for row in (table.head, *table.rows)]
    ruler = [rules.get(side, "---") for side in table.sides]
    return ["| " + " | ".join(row) + " |" for row in [rows[0], ruler, *rows[1:]]]


def _inline(spans: Spans) -> str:
    return "".join(_span(span) for span in spans)


def _span(span: Span) -> str:
    text = span.text.translate(_RAISED) if span.raised else span.text
    core = text.strip(" ")
    if not core:
        return text
    lead, trail = text[: len(text) - len(text.lstrip(" "))], text[len(text.rstrip(" ")) :]
    if span.code:
        tick = "`" * (1 + max((len(run) for run in re.findall("`+", core)), default=0))
        pad = " " if core.startswith("`") or core.endswith("`") else ""
        core = f"{tick}{pad}{core}{pad}{tick}"
    else:
        core = _escaped(core)
    for on, mark in ((span.struck, "~~"), (span.italic, "*"), (span.bold, "**")):
        core = f"{mark}{core}{mark}" if on else core
    if span.href:
        core = f"[{core}]({''.join(_URL.get(sign, sign) for sign in span.href)})"
    return lead + core + trail


def _escaped(text: str) -> str:
    return _INLINE.sub(r"\\\1", _ENTITY.sub("&amp;", text)).replace("<", "&lt;")
