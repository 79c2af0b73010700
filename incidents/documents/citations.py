"""Finding claims and gaps in a Markdown text, and putting other words into a claim. Pure."""

import re
from collections.abc import Iterator
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


def blank(text: str, start: int, end: int, filler: str = " ") -> str:
    """Return the text with a stretch made blank; lines and places stay where they are."""
    hidden = "".join("\n" if sign == "\n" else filler for sign in text[start:end])
    return text[:start] + hidden + text[end:]


def without_code(body: str) -> str:
    """Return the text of the same length with code blocks and code spans made blank."""
    for pattern in (_FENCE, _CODE):
        for found in list(pattern.finditer(body)):
            body = blank(body, found.start(), found.end())
    return body


def line_of(body: str, place: int) -> int:
    """Return the line number, from 1, of a place in the text."""
    return body.count("\n", 0, place) + 1


def citations(body: str) -> list[Citation]:
    """Return the claims of a text in order; what stands in code is no claim."""
    return list(_citations(without_code(body), body))


def _citations(scanned: str, body: str) -> Iterator[Citation]:
    for found in _CLAIM.finditer(scanned):
        yield Citation(
            key=found.group(2),
            words=_ESCAPE.sub(r"\1", body[found.start(1) : found.end(1)]),
            start=found.start(),
            end=found.end(),
            line=line_of(body, found.start()),
        )


def gaps(body: str) -> list[Gap]:
    """Return the gaps of a text in order."""
    return [
        Gap(question=found.group(1).strip(), line=line_of(body, found.start()))
        for found in _GAP.finditer(without_code(body))
    ]


def hide_gaps(text: str) -> str:
    """Return the text of the same length with its gaps made blank."""
    for found in list(_GAP.finditer(text)):
        text = blank(text, found.start(), found.end())
    return text


def replace_words(body: str, key: str, old: str, new: str) -> str:
    """Put `new` (Markdown) in place of the claims of `key` that say `old`."""
    for citation in reversed(citations(body)):
        if citation.key == key and citation.words == old:
            body = f"{body[: citation.start]}[{new}](ev:{key}){body[citation.end :]}"
    return body
