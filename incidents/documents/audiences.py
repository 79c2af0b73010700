"""One source, several readers: what is marked internal never leaves, what is meant for some is shown to them. Pure.

Marks in the Markdown:

    ::: internal            a block for staff alone, up to the line ":::"
    ::: support             a block for support's answers (and staff)
    ::: only plan=pro|team  a block for notices to people of that segment (and staff)
    [[internal: words]]     a few words for staff alone

Whatever cannot be understood (a mark never closed, a word not known) counts as internal: a slip hides, it never shows.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from incidents.core.errors import InputError, Problem


class Audience(StrEnum):
    """Who reads."""

    INTERNAL = "internal"
    PUBLIC = "public"
    SEGMENT = "segment"
    SUPPORT = "support"


_OPEN = re.compile(r"^[ \t>]*:{3,}[ \t]*([^\s:].*?)[ \t]*$")
_CLOSE = re.compile(r"^[ \t>]*:{3,}[ \t]*$")
_SPAN = re.compile(r"\[\[\s*internal\s*:", re.IGNORECASE)
_BLANK = re.compile(r"\n[ \t]*(?:\n|$)")
_ONLY = re.compile(r"^only\s+(.+)$", re.IGNORECASE)
_CONDITION = re.compile(r"([\w-]+)\s*=\s*([^\s,=]+)")
_FOOTNOTE = re.compile(r"^ {0,3}\[(\^[^\]]+)\]:.*\n?(?:(?:[ \t]*\n)*(?: {4}|\t).*\n?)*", re.MULTILINE)
_REFERENCE = re.compile(r"^ {0,3}\[([^\]^][^\]]*)\]:[ \t]*\S.*\n?", re.MULTILINE)
_HEADING = re.compile(r"^ {0,3}(#{1,6})[ \t]+\S")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """One line and the marks of the blocks it stands in, the outermost first; marks themselves are not given."""

    text: str
    number: int
    marks: tuple[str, ...]


def _lines(body: str) -> Iterator[_Line]:
    marks: list[str] = []
    for number, text in enumerate(body.split("\n"), start=1):
        opened = _OPEN.match(text)
        if _CLOSE.match(text):
            if marks:
                marks.pop()
        elif opened:
            marks.append(" ".join(opened.group(1).lower().split()))
        else:
            yield _Line(text=text, number=number, marks=tuple(marks))


def conditions(mark: str) -> dict[str, frozenset[str]] | None:
    """Return what an `only` block asks of a reader by dimension, None where the mark is no such thing."""
    found = _ONLY.match(mark)
    if found is None:
        return None
    pairs = _CONDITION.findall(found.group(1))
    rest = _CONDITION.sub("", found.group(1)).replace(",", "").replace("and", "").strip()
    return {key: frozenset(values.split("|")) for key, values in pairs} if pairs and not rest else None


def _shown(mark: str, audience: Audience, segment: Mapping[str, str]) -> bool:
    if audience == Audience.INTERNAL:
        return True
    if mark == "support":
        return audience == Audience.SUPPORT
    wanted = conditions(mark)
    if wanted is None or audience not in (Audience.SEGMENT, Audience.SUPPORT):
        return False
    return all(segment.get(key, "").lower() in values for key, values in wanted.items())


def span_end(text: str, start: int) -> int | None:
    """Return where an internal span that begins at `start` ends, None where it is never closed in its paragraph."""
    depth, place = 2, start + 2
    while place < len(text):
        sign = text[place]
        if sign == "\\":
            place += 1
        elif sign == "\n" and text[place + 1 :].lstrip(" \t")[:1] in ("", "\n"):
            return None
        elif sign in "[]":
            depth += 1 if sign == "[" else -1
            if depth == 0:
                return place + 1
        place += 1
    return None


def _without_spans(body: str) -> str:
    place = 0
    while found := _SPAN.search(body, place):
        end = span_end(body, found.start())
        if end is None:
            # Never closed: all of its paragraph goes.
            blank = _BLANK.search(body, found.start())
            end = blank.start() if blank else len(body)
        before, after = body[: found.start()], body[end:]
        if before[-1:] in (" ", "\n", "") and after[:1] == " ":
            after = after[1:]
        elif before[-1:] == " " and after[:1] in (".", ",", ";", ":", "!", "?", ")", "\n", ""):
            before = before[:-1]
        body, place = before + after, len(before)
    return body


def text_for(body: str, audience: Audience, segment: Mapping[str, str] | None = None) -> str:
    """Return the text as this audience may read it; staff get it whole, marks and all."""
    if audience == Audience.INTERNAL:
        return body
    segment = segment or {}
    kept = [line.text for line in _lines(body) if all(_shown(mark, audience, segment) for mark in line.marks)]
    text = _without_spans("\n".join(kept))
    if text == body:
        return body
    text = _without_loose_ends(text, body)
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n") + "\n"


def _without_loose_ends(text: str, body: str) -> str:
    """Drop what only the hidden part used: notes, addresses, headings whose whole section is gone."""
    for pattern in (_FOOTNOTE, _REFERENCE):
        for found in reversed(list(pattern.finditer(text))):
            rest = text[: found.start()] + text[found.end() :]
            label = f"[{found.group(1)}]"
            whole = body.replace(found.group(0).rstrip("\n"), "", 1)
            if label.lower() not in rest.lower() and label.lower() in whole.lower():
                text = rest
    had = _empty_headings(body)
    empty = _empty_headings(text) - had
    return "\n".join(line for number, line in enumerate(text.split("\n")) if (number, line) not in _placed(text, empty))


def _placed(text: str, headings: set[str]) -> set[tuple[int, str]]:
    return {(number, line) for number, line in _bare_headings(text) if line.strip() in headings}


def _empty_headings(text: str) -> set[str]:
    return {line.strip() for _, line in _bare_headings(text)}


def _bare_headings(text: str) -> list[tuple[int, str]]:
    """Return (line, heading) of the sections that hold nothing, sections inside them included."""
    out: list[tuple[int, str]] = []
    waiting: list[tuple[int, int, str]] = []
    for number, line in enumerate(text.split("\n")):
        found = _HEADING.match(line)
        if found:
            level = len(found.group(1))
            out += [(place, old) for place, old_level, old in waiting if old_level >= level]
            waiting = [one for one in waiting if one[1] < level]
            waiting.append((number, level, line))
        elif line.strip() and not _OPEN.match(line) and not _CLOSE.match(line):
            waiting = []
    return out + [(place, old) for place, _, old in waiting]


def has_marks(body: str) -> bool:
    """Tell whether anything in the text is meant for some readers alone."""
    return bool(_SPAN.search(body)) or any(_OPEN.match(line) for line in body.split("\n"))


def check_marks(body: str) -> None:
    """Raise InputError, with the line, for a mark that is not closed, closes nothing or is not known."""
    problems: list[Problem] = []
    opened: list[int] = []
    for number, text in enumerate(body.split("\n"), start=1):
        found = _OPEN.match(text)
        if _CLOSE.match(text):
            if not opened:
                problems.append(_problem(number, "“:::” closes a block that was never opened", "remove it"))
            else:
                opened.pop()
        elif found:
            opened.append(number)
            mark = " ".join(found.group(1).lower().split())
            if mark not in ("internal", "support") and conditions(mark) is None:
                remedy = "write ::: internal, ::: support or ::: only dimension=value"
                problems.append(_problem(number, f"“::: {found.group(1)[:40]}” is no known mark", remedy))
    problems += [_problem(number, "this block is never closed", "put a line “:::” after it") for number in opened]
    place = 0
    while span := _SPAN.search(body, place):
        end = span_end(body, span.start())
        if end is None:
            line = body.count("\n", 0, span.start()) + 1
            problems.append(_problem(line, "“[[internal:” is never closed", "put “]]” after the last word"))
            # One to a paragraph is enough: all of it counts as internal.
            blank = _BLANK.search(body, span.start())
            end = blank.start() if blank else len(body)
        place = end
    if problems:
        raise InputError(problems)


def _problem(line: int, message: str, remedy: str) -> Problem:
    return Problem(file="text", line=line, field="", message=message, remedy=remedy)


def blocks_for_support(body: str, segment: Mapping[str, str] | None = None) -> str:
    """Return what stands in blocks marked for support, and in those for the reader's segment, in order."""
    chosen = segment or {}
    lines = [
        line.text
        for line in _lines(body)
        if any(mark == "support" or (conditions(mark) and chosen) for mark in line.marks)
        and all(_shown(mark, Audience.SUPPORT, chosen) for mark in line.marks)
    ]
    return _without_spans("\n".join(lines)).strip()
