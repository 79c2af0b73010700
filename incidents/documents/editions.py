"""What each audience gets of one text: the public's, a segment's notice, support's answer. Pure.

Everything comes from the same source; who edits the document edits all of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from incidents.documents import words
from incidents.documents.audiences import Audience, blocks_for_support, text_for
from incidents.documents.facts import CaseFacts
from incidents.documents.narrowing import Segment, changes_reaching, narrow
from incidents.documents.plain import plain_text, sections
from incidents.documents.templating import fill

SEGMENT_SLOTS = {
    "title": "the document's title",
    "segment": "the segment in words: plan pro and surface web",
    "text": "the public text, without what did not reach this segment",
    "untouched": "a sentence where none of the changes reached this segment",
}
MACRO_SLOTS = {
    "title": "the document's title",
    "summary": "the first section in plain words (Summary, or What changed)",
    "todo": "the section “What to do”, where there is one",
    "ended": "the section “How it ended”, where there is one",
    "support": "the blocks marked ::: support",
    "link": "the public page's address, once it is published",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One audience's text; `is_plain` tells words to paste from Markdown."""

    audience: Audience
    text: str
    is_plain: bool = False
    n_reaching: int | None = None


def public_edition(body: str) -> Edition:
    """Return what the public will read."""
    return Edition(audience=Audience.PUBLIC, text=text_for(body, Audience.PUBLIC))


def segment_edition(*, title: str, body: str, facts: CaseFacts, segment: Segment, source: str) -> Edition:
    """Return the notice to people of one segment: the public text, narrowed to the changes that reached them."""
    reaching = changes_reaching(facts, segment)
    text = narrow(text_for(body, Audience.SEGMENT, segment), facts, segment)
    none = "" if reaching else "None of the changes that this text names reached you: there is nothing you need to do."
    slots = {
        "title": lambda: words.plain(title),
        "segment": lambda: words.plain(segment_words(segment)),
        "text": lambda: text if reaching else "",
        "untouched": lambda: none,
    }
    return Edition(audience=Audience.SEGMENT, text=fill(source, slots), n_reaching=len(reaching))


def segment_words(segment: Segment) -> str:
    """Return a segment as a reader says it, as plain text: "plan pro and surface web"."""
    chosen = [f"{key.replace('_', ' ')} {value}" for key, value in segment.items() if value]
    return words.joined(chosen) if chosen else "any plan and device"


def support_edition(
    *, title: str, body: str, facts: CaseFacts, segment: Mapping[str, str], source: str, link: str
) -> Edition:
    """Return the answer that support pastes: plain words, no marks."""
    public = narrow(text_for(body, Audience.PUBLIC), facts, segment)
    parts = sections(public)
    lead = next((parts[name] for name in ("summary", "incident summary", "what changed") if parts.get(name)), "")
    if not lead:
        lead = next((text for text in parts.values() if text), "")
    slots = {
        "title": lambda: words.plain(title),
        "summary": lambda: lead,
        "todo": lambda: parts.get("what to do", ""),
        "ended": lambda: parts.get("how it ended", ""),
        "support": lambda: narrow(blocks_for_support(body, segment), facts, segment),
        "link": lambda: link or "(the address once it is published)",
    }
    return Edition(audience=Audience.SUPPORT, text=plain_text(fill(source, slots)), is_plain=True)
