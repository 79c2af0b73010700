"""The lock on facts: what a reworded text may not alter, add or drop. Pure, and strict: it would rather refuse."""

import re
from collections import Counter
from collections.abc import Iterable

from incidents.documents.citations import citations, gaps
from incidents.documents.detector import Looseness, loose_statements
from incidents.documents.findings import figures_in

_NUMBER = re.compile(r"(?<![\w])\d[\d,]*(?:\.\d+)*%?")
_WORDS = re.compile(
    r"\b(?:zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|half|twice|dozens?|hundreds?|thousands?"
    r"|millions?|first|second|third|january|february|march|april|june|july|august|september|october|november|december"
    r"|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"“[^”]*”|\"[^\"\n]+\"|`[^`\n]+`")
_TARGET = re.compile(r"\]\(([^)\s]+)")
_HEADING = re.compile(r"^ {0,3}#{1,6}[ \t]+.*$", re.MULTILINE)
_MARK = re.compile(r"^[ \t>]*:{3,}.*$|\[\^[^\]]+\]|!\[[^\]]*\]\([^)]*\)", re.MULTILINE)
# A capital inside a sentence; what begins one, an item or a cell is no sign of a name.
_NAME = re.compile(r"(?<=[\w,;:’)”\]] )[A-Z][\w’-]*|\b[A-Z]{2,}\w*\b|\b\w*[a-z][A-Z]\w*\b")
_NEGATION = re.compile(r"\b(?:not|no|never|none|nobody|nothing|without|cannot)\b|n[’']t\b", re.IGNORECASE)


def violations(before: str, after: str) -> list[str]:
    """Return what the new text altered, added or dropped that it may not, in sentences; empty where it is fine."""
    out: list[str] = []
    if not after.strip():
        return ["the answer is empty"]
    out += _differences("claim", _claims(before), _claims(after))
    out += _differences("number", _numbers(before), _numbers(after))
    out += _differences("date or number word", _told(_WORDS, before), _told(_WORDS, after))
    out += _differences("quoted words", _told(_QUOTED, before), _told(_QUOTED, after))
    out += _differences("address", _told(_TARGET, before), _told(_TARGET, after))
    out += _differences("heading", _told(_HEADING, before), _told(_HEADING, after))
    out += _differences("mark", _told(_MARK, before), _told(_MARK, after))
    out += _differences("place to be written", _gaps(before), _gaps(after))
    out += _names(before, after)
    if _causes(after) > _causes(before):
        out.append("it adds a causal statement without evidence")
    if len(_NEGATION.findall(after)) != len(_NEGATION.findall(before)):
        out.append("it adds or drops a “not”")
    return out


def _differences(what: str, before: Counter[str], after: Counter[str]) -> list[str]:
    gone, new = before - after, after - before
    if gone and new:
        return [f"it alters a {what}: “{_first(gone)}” became “{_first(new)}”"]
    if gone:
        return [f"it drops a {what}: “{_first(gone)}”"]
    return [f"it adds a {what}: “{_first(new)}”"] if new else []


def _first(found: Iterable[str]) -> str:
    words = next(iter(found)).strip()
    return words if len(words) <= 80 else f"{words[:79]}…"


def _claims(text: str) -> Counter[str]:
    return Counter(f"{one.key} ({', '.join(sorted(figures_in(one.words)))})" for one in citations(text))


def _numbers(text: str) -> Counter[str]:
    # Keys and addresses hold digits and are compared as a whole elsewhere.
    bare = re.sub(r"\]\([^)]*\)", "]", text)
    return Counter(found.replace(",", "") for found in _NUMBER.findall(bare))


def _told(pattern: re.Pattern[str], text: str) -> Counter[str]:
    return Counter(" ".join(found.group(0).lower().split()) for found in pattern.finditer(text))


def _gaps(text: str) -> Counter[str]:
    return Counter(gap.question for gap in gaps(text))


def _names(before: str, after: str) -> list[str]:
    plain_before, plain_after = (re.sub(r"\]\([^)]*\)", "]", text) for text in (before, after))
    words_before, words_after = (set(re.findall(r"[\w’-]+", text)) for text in (plain_before, plain_after))
    new = [name for name in _NAME.findall(plain_after) if name not in words_before]
    gone = [name for name in _NAME.findall(plain_before) if name not in words_after]
    out = [f"it adds a name: “{new[0]}”"] if new else []
    return out + ([f"it drops a name: “{gone[0]}”"] if gone else [])


def _causes(text: str) -> int:
    return sum(one.kind == Looseness.CAUSE for one in loose_statements(text))
