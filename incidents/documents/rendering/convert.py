"""One text to one piece of safe HTML. Pure; runs in a process of its own (worker.py), which may be killed.

Raw HTML in the text is shown as text, never passed on; pictures are left out, because a public page asks no third party
for anything. A claim `[about 412](ev:KEY)` becomes a marked span for staff and plain text for the public.
"""

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from xml.etree.ElementTree import Element

import markdown
import nh3
from markdown.extensions import Extension
from markdown.extensions.toc import slugify
from markdown.inlinepatterns import InlineProcessor
from markdown.treeprocessors import Treeprocessor

from incidents.documents.audiences import Audience, text_for
from incidents.documents.rendering.figures import figures_in, figures_out
from incidents.documents.rendering.reserved import InternalSpan, ReservedBlock, spaced_marks

EV = "ev:"
UNKNOWN_YET = "not yet known"
_PROMPT = r"\[\[to be written:\s*([^\[\]\n]{1,400})\]\]"
_CLASSES = {
    "span": {"internal", "claim", "claim-supported", "claim-stale", "claim-unsupported", "claim-contradicted"},
    "mark": {"prompt"},
    "a": {"heading-link", "footnote-ref", "footnote-backref"},
    "div": {"footnote", "reserved", "reserved-internal", "reserved-support", "reserved-only"},
}
_HEADINGS = ["h1", "h2", "h3", "h4", "h5", "h6"]
_TAGS = {
    *(
        "p",
        "br",
        "hr",
        "strong",
        "em",
        "del",
        "code",
        "pre",
        "blockquote",
        "ul",
        "ol",
        "li",
        "a",
        "sup",
        "span",
        "mark",
    ),
    *("table", "thead", "tbody", "tr", "th", "td", "div"),
    *_HEADINGS[1:],
}
_ATTRIBUTES: dict[str, set[str]] = {
    "a": {"href", "title", "aria-label"},
    "span": {"data-claim"},
    "li": {"id"},
    "sup": {"id"},
    "ol": {"start"},
    "th": {"scope"},
    **{heading: {"id"} for heading in _HEADINGS[1:]},
}
_ALIGN = {"text-align: left;": "left", "text-align: right;": "right", "text-align: center;": "center"}
# Absolute addresses, places on this page, paths of this site; never another scheme, never //host.
_ADDRESS = re.compile(r"(https?://|mailto:|#|/(?!/))", re.IGNORECASE)
_ALIGN_VALUES = {"left", "right", "center"}


class _Prompt(InlineProcessor):
    """`[[to be written: …]]`: a gap that blocks approval; the public never reads the question itself."""

    def __init__(self, *, public: bool) -> None:
        super().__init__(_PROMPT)
        self.public = public

    def handleMatch(  # type: ignore[override]  # noqa: N802 - the library's name
        self, m: re.Match[str], data: str
    ) -> tuple[Element, int, int]:
        element = Element("em" if self.public else "mark")
        if not self.public:
            element.set("class", "prompt")
        element.text = UNKNOWN_YET if self.public else f"To be written: {m.group(1).strip()}"
        return element, m.start(0), m.end(0)


class _Finish(Treeprocessor):
    """Turns claims into spans (or plain text), keeps one first-level heading a page, gives table cells their sides."""

    def __init__(self, md: markdown.Markdown, *, public: bool, states: Mapping[str, str]) -> None:
        super().__init__(md)
        self.public = public
        self.states = states

    def run(self, root: Element) -> None:
        for element in root.iter():
            if element.tag == "a" and (element.get("href") or "").startswith(EV):
                self._claim(element)
            elif element.tag == "h1":
                element.tag = "h2"
            elif element.tag in ("th", "td"):
                side = _ALIGN.get(element.attrib.pop("style", ""))
                if side:
                    element.set("align", side)
                if element.tag == "th":
                    element.set("scope", "col")

    def _claim(self, element: Element) -> None:
        key = element.attrib.pop("href")[len(EV) :]
        element.attrib.clear()
        element.tag = "span"
        if not self.public:
            element.set("class", f"claim claim-{self.states.get(key, 'unsupported')}")
            element.set("data-claim", key)


class _Workbench(Extension):
    """Our own rules on top of the chosen extensions."""

    def __init__(self, *, public: bool, states: Mapping[str, str]) -> None:
        super().__init__()
        self.public = public
        self.states = states

    def extendMarkdown(self, md: markdown.Markdown) -> None:  # noqa: N802 - the library's name
        md.preprocessors.deregister("html_block")
        md.inlinePatterns.deregister("html")
        md.inlinePatterns.deregister("image_link")
        md.inlinePatterns.deregister("image_reference")
        md.inlinePatterns.register(_Prompt(public=self.public), "prompt", 185)
        if not self.public:
            md.inlinePatterns.register(InternalSpan(), "internal", 186)
            md.parser.blockprocessors.register(ReservedBlock(md.parser), "reserved", 175)
        md.treeprocessors.register(_Finish(md, public=self.public, states=self.states), "finish", 1)


def _attribute(tag: str, name: str, value: str) -> str | None:
    if name == "align":
        return value if value in _ALIGN_VALUES else None
    if name == "href" and not _ADDRESS.match(value):
        return None
    return value


def _anchor(value: str, separator: str) -> str:
    """Return a heading's id; the prefix keeps a text from taking an id that the page itself uses."""
    return "section-" + (slugify(value, separator)[:80] or "part")


def convert(
    body: str, *, public: bool, states: Mapping[str, str] | None = None, figures: Mapping[str, str] | None = None
) -> str:
    """Return safe HTML for the text; `states` names each claim's state for staff. Raises nothing on odd input.

    `figures` holds, by the reference as it stands in the text, HTML of our own making, put in after the cleaning.
    For the public the text is cut down to what the public may read, whoever asks: nothing marked internal comes out.
    """
    body = text_for(body, Audience.PUBLIC) if public else spaced_marks(body)
    body, places = figures_out(body, figures or {})
    toc: dict[str, Any] = {
        "slugify": _anchor,
        "permalink": "#" if public else False,
        "permalink_class": "heading-link",
        "permalink_title": "Link to this section",
        "marker": "",
    }
    html = markdown.markdown(
        body,
        extensions=["tables", "footnotes", "toc", "sane_lists", _Workbench(public=public, states=states or {})],
        extension_configs={"toc": toc, "footnotes": {"BACKLINK_TITLE": "Back to the text"}},
        output_format="html",
    )
    return figures_in(_clean(html, tags=_TAGS - {"span"} if public else _TAGS), places, public=public)


_clean: Callable[..., str] = partial(
    nh3.clean,
    clean_content_tags={"script", "style"},
    attributes={**_ATTRIBUTES, "th": {"scope", "align"}, "td": {"align"}},
    attribute_filter=_attribute,
    allowed_classes=_CLASSES,
    url_schemes={"http", "https", "mailto"},
    link_rel="noopener noreferrer nofollow",
)
