"""Where a comment's words stand: found when it is made, carried through each edit, lost only when they are. Pure."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

# Characters kept before and after the words, to tell equal words apart.
CONTEXT = 60
# Past this many changed characters two passages are compared by lines alone: difflib is quadratic.
_FINE = 4_000
_LONGEST_SELECTION = 500
# What may stand between words in the source and does not in the preview: emphasis, links, line breaks.
_MARKS = r"(?:\]\([^)\s]*\)|[\s*_`\[\]\\])*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """A stretch of a text and the words around it."""

    start: int
    end: int
    quote: str
    before: str = ""
    after: str = ""


def anchor_at(body: str, start: int, end: int) -> Anchor:
    """Return the anchor of a stretch."""
    return Anchor(
        start=start,
        end=end,
        quote=body[start:end],
        before=body[max(0, start - CONTEXT) : start],
        after=body[end : end + CONTEXT],
    )


def find(body: str, quote: str, before: str = "", after: str = "", near: int = 0) -> Anchor | None:
    """Return where the quoted words stand, by their surroundings where they stand several times; None where nowhere."""
    if not quote.strip():
        return None
    places = [found.start() for found in re.finditer(re.escape(quote), body)]
    length = len(quote)
    if not places:
        return _loosely(body, quote, near)
    best = max(places, key=lambda at: (_alike(body, at, length, before, after), -abs(at - near)))
    return anchor_at(body, best, best + length)


def _loosely(body: str, quote: str, near: int) -> Anchor | None:
    """Find words as a reader selects them in the preview: without marks, with other white space."""
    parts = [re.escape(part) for part in re.findall(r"\w+|[^\w\s*_`\[\]\\]", quote)]
    if len(quote) > _LONGEST_SELECTION or not parts:
        return None
    found = list(re.finditer(_MARKS.join(parts), body))
    if not found:
        return None
    best = min(found, key=lambda one: abs(one.start() - near))
    return anchor_at(body, best.start(), best.end())


def _alike(body: str, at: int, length: int, before: str, after: str) -> int:
    """Return how many signs around a place agree with what stood around the words."""
    left = 0
    while left < len(before) and at - left > 0 and body[at - left - 1] == before[-left - 1]:
        left += 1
    right, end = 0, at + length
    while right < len(after) and end + right < len(body) and body[end + right] == after[right]:
        right += 1
    return left + right


def carried(old: str, new: str, anchor: Anchor) -> Anchor | None:
    """Return where the words stand after an edit, changed words included; None where all of them are gone."""
    if old[anchor.start : anchor.end] != anchor.quote:
        return find(new, anchor.quote, anchor.before, anchor.after, anchor.start)
    start, end = _moved(old, new, anchor.start, anchor.end)
    while start < end and new[start].isspace():
        start += 1
    while end > start and new[end - 1].isspace():
        end -= 1
    if end > start and new[start:end].strip():
        return anchor_at(new, start, end)
    # Cut here and put in again elsewhere: a passage that was moved.
    return find(new, anchor.quote, anchor.before, anchor.after, anchor.start) if len(anchor.quote) >= 12 else None


def _moved(old: str, new: str, start: int, end: int) -> tuple[int, int]:
    """Return the places that the ends of a stretch have in the new text."""
    first: int | None = None
    last = 0
    for a, b, size in _equal(old, new):
        low, high = max(a, start), min(a + size, end)
        if low < high:
            first = b + low - a if first is None else first
            last = b + high - a
    return (first, last) if first is not None else (0, 0)


def _equal(old: str, new: str) -> list[tuple[int, int, int]]:
    """Return (place in old, place in new, length) of what stayed: whole lines, then words inside lines."""
    a, b = old.splitlines(keepends=True), new.splitlines(keepends=True)
    starts_a, starts_b = _starts(a), _starts(b)
    out: list[tuple[int, int, int]] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        here, there = starts_a[i1], starts_b[j1]
        was, becomes = old[here : starts_a[i2]], new[there : starts_b[j2]]
        if tag == "equal":
            out.append((here, there, len(was)))
        elif tag == "replace" and len(was) + len(becomes) <= _FINE:
            words_a, words_b = re.findall(r"\w+|\W", was), re.findall(r"\w+|\W", becomes)
            at_a, at_b = _starts(words_a), _starts(words_b)
            for block in SequenceMatcher(None, words_a, words_b, autojunk=False).get_matching_blocks():
                length = at_a[block.a + block.size] - at_a[block.a]
                out.append((here + at_a[block.a], there + at_b[block.b], length))
    return out


def _starts(parts: list[str]) -> list[int]:
    places = [0]
    for part in parts:
        places.append(places[-1] + len(part))
    return places
