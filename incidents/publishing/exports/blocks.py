"""The public HTML of a snapshot as a small tree of blocks, which every file format is written from.

The input is what `documents.rendering` lets through (a short list of tags, sanitised); a tag that is not known here
adds its content and nothing of its own. So no file can hold a word that the public page does not hold.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser

_VOID = {"br", "hr", "img"}
_HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}
_BLOCKS = {"p", "ul", "ol", "blockquote", "pre", "table", "hr", "div", "figure", "section", "details", *_HEADINGS}
# Links that only work on the page: a heading's own address, the way back from a footnote.
_ON_PAGE_ONLY = {"heading-link", "footnote-backref"}
# A line break while spans are gathered: unlike a line's end in the source, it is not white space that collapses.
_BREAK = "\u2028"


@dataclass(frozen=True, slots=True)
class Span:
    """A run of text in one style; `href` is an address, empty for plain text; a line break is the text "\\n"."""

    text: str
    bold: bool = False
    italic: bool = False
    struck: bool = False
    code: bool = False
    raised: bool = False
    href: str = ""


Spans = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; `level` counts from 2 below the title, `anchor` is its id on the page."""

    level: int
    anchor: str
    spans: Spans


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text."""

    spans: Spans


@dataclass(frozen=True, slots=True)
class Code:
    """Lines that keep their spaces."""

    text: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A line across."""


@dataclass(frozen=True, slots=True)
class Quote:
    """Blocks that someone else said."""

    blocks: tuple["Block", ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """A list; `start` is the first number, None where the items are not numbered."""

    items: tuple[tuple["Block", ...], ...]
    start: int | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table; `sides` holds left, right, center or "" per column; every row is as long as the head."""

    head: tuple[Spans, ...]
    rows: tuple[tuple[Spans, ...], ...]
    sides: tuple[str, ...]


Block = Heading | Paragraph | Code | Rule | Quote | Listing | Table


@dataclass(slots=True)
class _Node:
    tag: str
    attributes: dict[str, str]
    children: list["_Node | str"] = field(default_factory=list)


class _Tree(HTMLParser):
    """Builds nodes; an end tag without its start, or a start without its end, costs nothing but itself."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = _Node("", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = _Node(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(node)
        if tag not in _VOID:
            self.open.append(node)

    def handle_endtag(self, tag: str) -> None:
        for place in range(len(self.open) - 1, 0, -1):
            if self.open[place].tag == tag:
                del self.open[place:]
                return

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def parse_blocks(html: str) -> tuple[Block, ...]:
    """Return the blocks of sanitised HTML, in order."""
    tree = _Tree()
    tree.feed(html)
    tree.close()
    return tuple(_blocks(tree.root))


def plain_text(spans: Sequence[Span]) -> str:
    """Return the text of spans."""
    return "".join(span.text for span in spans)


def text_lines(blocks: Sequence[Block]) -> Iterator[str]:
    """Yield each heading, paragraph, item, line and table row as one line of plain text, for comparing."""
    for block in blocks:
        match block:
            case Heading(spans=spans) | Paragraph(spans=spans):
                yield plain_text(spans)
            case Code(text=text):
                yield from text.splitlines()
            case Quote(blocks=inner):
                yield from text_lines(inner)
            case Listing(items=items):
                for item in items:
                    yield from text_lines(item)
            case Table(head=head, rows=rows):
                for row in (head, *rows):
                    yield " | ".join(plain_text(cell) for cell in row)


def _blocks(node: _Node) -> Iterator[Block]:
    loose: list[_Node | str] = []
    for child in node.children:
        if isinstance(child, str) or child.tag not in _BLOCKS:
            loose.append(child)
            continue
        yield from _paragraph(loose)
        loose = []
        yield from _block(child)
    yield from _paragraph(loose)


def _paragraph(loose: Sequence["_Node | str"]) -> Iterator[Block]:
    spans = _tidy(_spans(_Node("", {}, list(loose)), Span("")))
    if spans:
        yield Paragraph(spans)


def _block(node: _Node) -> Iterator[Block]:
    if node.tag in _HEADINGS:
        spans = _tidy(_spans(node, Span("")))
        if spans:
            yield Heading(max(2, _HEADINGS[node.tag]), node.attributes.get("id", ""), spans)
    elif node.tag in ("ul", "ol"):
        items = tuple(tuple(_blocks(child)) for child in _children(node, "li"))
        start = node.attributes.get("start", "1")
        if items:
            yield Listing(items, (int(start) if start.isdigit() else 1) if node.tag == "ol" else None)
    elif node.tag == "blockquote":
        yield Quote(tuple(_blocks(node)))
    elif node.tag == "pre":
        yield Code(_text(node).strip("\n"))
    elif node.tag == "hr":
        yield Rule()
    elif node.tag == "table":
        yield from _table(node)
    elif node.tag == "p":
        yield from _paragraph(node.children)
    else:
        yield from _blocks(node)


def _table(node: _Node) -> Iterator[Block]:
    rows = [(row, list(_children(row, "th", "td"))) for row in _within(node, "tr")]
    rows = [(row, cells) for row, cells in rows if cells]
    if not rows:
        return
    width = max(len(cells) for _, cells in rows)
    first = rows[0][1]
    sides = tuple(cell.attributes.get("align", "") for cell in first) + ("",) * (width - len(first))
    filled = [
        tuple(_tidy(_spans(cell, Span(""))) for cell in cells) + ((),) * (width - len(cells)) for _, cells in rows
    ]
    yield Table(filled[0], tuple(filled[1:]), sides)


def _children(node: _Node, *tags: str) -> Iterator[_Node]:
    return (child for child in node.children if isinstance(child, _Node) and child.tag in tags)


def _within(node: _Node, tag: str) -> Iterator[_Node]:
    for child in node.children:
        if isinstance(child, _Node):
            if child.tag == tag:
                yield child
            else:
                yield from _within(child, tag)


def _text(node: _Node) -> str:
    return "".join(child if isinstance(child, str) else _text(child) for child in node.children)


def _spans(node: _Node, style: Span) -> Iterator[Span]:
    for child in node.children:
        if isinstance(child, str):
            yield replace(style, text=child)
        elif child.tag == "br":
            yield replace(style, text=_BREAK)
        elif child.tag == "img":
            yield replace(style, text=child.attributes.get("alt", ""))
        elif not _ON_PAGE_ONLY.intersection(child.attributes.get("class", "").split()):
            yield from _spans(child, _styled(style, child))


_STYLES: dict[str, dict[str, bool]] = {
    "strong": {"bold": True},
    "b": {"bold": True},
    "em": {"italic": True},
    "i": {"italic": True},
    "del": {"struck": True},
    "s": {"struck": True},
    "code": {"code": True},
    "sup": {"raised": True},
}


def _styled(style: Span, node: _Node) -> Span:
    if node.tag == "a":
        href = node.attributes.get("href", "")
        # An address within the page leads nowhere in a file.
        return style if href.startswith("#") else replace(style, href=href)
    return replace(style, **_STYLES.get(node.tag, {}))  # type: ignore[arg-type]


def _tidy(spans: Iterator[Span]) -> Spans:
    """Return the spans with HTML's white space collapsed, like neighbours joined, and no space at the ends."""
    out: list[Span] = []
    for span in spans:
        text = span.text
        if text == _BREAK:
            text = "\n"
        else:
            pieces = text.split()
            lead = " " if text[:1].isspace() else ""
            trail = " " if text[-1:].isspace() and pieces else ""
            text = f"{lead}{' '.join(pieces)}{trail}"
        if text.startswith(" ") and (not out or out[-1].text.endswith((" ", "\n"))):
            text = text[1:]
        if not text:
            continue
        if out and replace(out[-1], text="") == replace(span, text=""):
            out[-1] = replace(span, text=out[-1].text + text)
        else:
            out.append(replace(span, text=text))
    while out and not out[-1].text.rstrip():
        out.pop()
    if out:
        out[-1] = replace(out[-1], text=out[-1].text.rstrip())
    return tuple(out)
