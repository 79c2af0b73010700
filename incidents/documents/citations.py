"""Finding claims and gaps in a Markdown text, and putting other words into a claim. Pure."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

# `[words](ev:key)`; the words may hold escaped signs and one level of brackets.
_CLAIM = re.compile(r"(?<![!\\])\[((?:\\.|[^\[\]\\]|\[(?:\\.|[^\[\]\\])*\])*)\]\(ev:([^\s()<>\"']{1,60})\)", re.DOTALL)
_GAP = re.compile(r"\[\[to be written:\s*([^\[\]\n]{1,400})\]\]")
_FENCE = re.compile(r"^( {0,3})(`{3,}|~{3,})[^\n]*\n.*?(?:^\1?\2[`~]*[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"(`+)(?!`)(?:[^`]|(?!\1)`)*?\1(?!`)")
_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+\-.!|<>~])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """One claim as it stands in the text: its words without Markdown's escapes, its key, its place."""

    key: str
    words: str
    start: int
    end: int
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A question that a person has not answered yet."""

    question: str
    line: int


_SIGN = re.compile(r"[^\n]")


def blank(text: str, stretches: Iterable[tuple[int, int]], filler: str = " ") -> str:
    """Return the text with stretches (in order, apart) made blank; lines and places stay where they are."""
    parts: list[str] = []
    place = 0
    for start, end in stretches:
        parts += (text[place:start], _SIGN.sub(filler, text[start:end]))
        place = end
    return "".join((*parts, text[place:]))


class Lines:
    """The numbers of a text's lines, from 1, by place; found once, asked often."""

    def __init__(self, text: str) -> None:
        """Find where lines end."""
        self._ends = [found.start() for found in re.finditer("\n", text)]

    def number(self, place: int) -> int:
        """Return the line of a place."""
        return bisect_left(self._ends, place) + 1


def without_code(body: str) -> str:
    """Return the text of the same length with code blocks and code spans made blank."""
    for pattern in (_FENCE, _CODE):
        body = blank(body, [found.span() for found in pattern.finditer(body)])
    return body


def citations(body: str) -> list[Citation]:
    """Return the claims of a text in order; what stands in code is no claim."""
    return list(_citations(without_code(body), body))


def _citations(scanned: str, body: str) -> Iterator[Citation]:
    lines = Lines(body)
    for found in _CLAIM.finditer(scanned):
        yield Citation(
            key=found.group(2),
            words=_ESCAPE.sub(r"\1", body[found.start(1) : found.end(1)]),
            start=found.start(),
            end=found.end(),
            line=lines.number(found.start()),
        )


def gaps(body: str) -> list[Gap]:
    """Return the gaps of a text in order."""
    lines = Lines(body)
    return [
        Gap(question=found.group(1).strip(), line=lines.number(found.start()))
        for found in _GAP.finditer(without_code(body))
    ]


def hide_gaps(text: str) -> str:
    """Return the text of the same length with its gaps made blank."""
    return blank(text, [found.span() for found in _GAP.finditer(text)])


def replace_words(body: str, key: str, old: str, new: str) -> str:
    """Put `new` (Markdown) in place of the claims of `key` that say `old`."""
    for citation in reversed(citations(body)):
        if citation.key == key and citation.words == old:
            body = f"{body[: citation.start]}[{new}](ev:{key}){body[citation.end :]}"
    return body
