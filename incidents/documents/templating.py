"""Templates of documents: Markdown with slots like `{{ summary }}` that the evidence fills. Pure.

A section whose slots are all empty is left out with its heading, so that a template may ask for more than a case has.
There are no conditions and no code in a template: whoever edits one can read all of it.
"""

import re
from collections.abc import Callable, Collection, Mapping

from incidents.core.errors import InputError, Problem

Slots = Mapping[str, Callable[[], str]]

_SLOT = re.compile(r"\{\{\s*([\w-]+)\s*\}\}")
_HEADING = re.compile(r"^(#{1,6})[ \t]+\S")


def slots_in(source: str) -> list[str]:
    """Return the names of the slots of a template in order, each once."""
    return list(dict.fromkeys(_SLOT.findall(source)))


def check_template(source: str, known: Collection[str]) -> None:
    """Raise InputError, with the line, for a slot that does not exist or a brace that opens none."""
    problems: list[Problem] = []
    if not source.strip():
        problems.append(_problem(1, "the template is empty", "write at least one section"))
    for number, line in enumerate(source.split("\n"), start=1):
        for name in _SLOT.findall(line):
            if name not in known:
                remedy = f"use one of {', '.join(sorted(known))}"
                problems.append(_problem(number, f"there is no slot “{name}”", remedy))
        if "{{" in _SLOT.sub("", line):
            problems.append(_problem(number, "“{{” opens no slot", "write {{ name }} with one of the names"))
    if problems:
        raise InputError(problems)


def _problem(line: int, message: str, remedy: str) -> Problem:
    return Problem(file="template", line=line, field="", message=message, remedy=remedy)


def fill(source: str, slots: Slots) -> str:
    """Return the text with each slot filled; sections that only had empty slots are dropped."""
    told = {name: slots[name]().strip() for name in slots_in(source) if name in slots}
    out: list[str] = []
    for heading, content in _sections(source.replace("\r\n", "\n")):
        names = _SLOT.findall(content)
        text = _SLOT.sub(lambda found: told.get(found[1], ""), content).strip()
        fixed = _SLOT.sub("", content).strip()
        if names and not fixed and not text:
            continue
        filled = _SLOT.sub(lambda found: told.get(found[1], ""), heading).strip()
        out += [part for part in (filled, text) if part]
    return re.sub(r"\n{3,}", "\n\n", "\n\n".join(_without_hollow(out))).strip() + "\n"


def _sections(source: str) -> list[tuple[str, str]]:
    """Return (heading line or "", content) in order."""
    out: list[tuple[str, list[str]]] = [("", [])]
    for line in source.split("\n"):
        if _HEADING.match(line):
            out.append((line, []))
        else:
            out[-1][1].append(line)
    return [(heading, "\n".join(lines)) for heading, lines in out if heading or "".join(lines).strip()]


def _without_hollow(parts: list[str]) -> list[str]:
    """Drop headings whose sections were all dropped."""
    kept: list[str] = []
    for place, part in enumerate(parts):
        here = _HEADING.match(part) if "\n" not in part else None
        if here is not None:
            following = parts[place + 1] if place + 1 < len(parts) else ""
            below = _HEADING.match(following)
            if not following or (below and "\n" not in following and len(below[1]) <= len(here[1])):
                continue
        kept.append(part)
    return kept
