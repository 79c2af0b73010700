"""How staff see what is meant for some readers alone: internal words and blocks, framed and named."""

import re
from xml.etree.ElementTree import Element, SubElement

from markdown.blockprocessors import BlockProcessor
from markdown.inlinepatterns import InlineProcessor

from incidents.documents.audiences import span_end

_OPEN = re.compile(r"^[ ]{0,3}:{3,}[ \t]*([^\s:].*?)[ \t]*$")
_CLOSE = re.compile(r"^[ ]{0,3}:{3,}[ \t]*$")
_NAMES = {"internal": "Internal: never leaves", "support": "For support's answers"}


def spaced_marks(body: str) -> str:
    """Return the text with an empty line around each mark, so that it is a paragraph of its own."""
    lines = body.split("\n")
    return "\n".join(f"\n{line}\n" if _OPEN.match(line) or _CLOSE.match(line) else line for line in lines)


class InternalSpan(InlineProcessor):
    """`[[internal: words]]`: a few words that readers outside never see."""

    def __init__(self) -> None:
        super().__init__(r"\[\[\s*[Ii][Nn][Tt][Ee][Rr][Nn][Aa][Ll]\s*:\s*")

    def handleMatch(  # type: ignore[override]  # noqa: N802 - the library's name
        self, m: re.Match[str], data: str
    ) -> tuple[Element, int, int]:
        end = span_end(data, m.start(0)) or len(data)
        element = Element("span")
        element.set("class", "internal")
        element.text = data[m.end(0) : end - 2].strip()
        return element, m.start(0), end


class ReservedBlock(BlockProcessor):
    """`::: internal` … `:::`: a part of the text for some readers, in a frame that says for whom."""

    def test(self, parent: Element, block: str) -> bool:
        return bool(_OPEN.match(block))

    def run(self, parent: Element, blocks: list[str]) -> None:
        opened = _OPEN.match(blocks.pop(0))
        mark = " ".join(opened.group(1).split()) if opened else "internal"
        kind = mark.split()[0].lower()
        frame = SubElement(parent, "div")
        frame.set("class", f"reserved reserved-{kind if kind in ('internal', 'support', 'only') else 'internal'}")
        label = SubElement(frame, "p")
        label.text = _NAMES.get(kind, f"Only for {mark[5:]}" if kind == "only" else f"Not known: {mark}")
        inside: list[str] = []
        depth = 1
        while blocks:
            block = blocks.pop(0)
            depth += 1 if _OPEN.match(block) else -1 if _CLOSE.match(block) else 0
            if depth == 0:
                break
            inside.append(block)
        self.parser.parseBlocks(frame, inside)
