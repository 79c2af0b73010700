"""A text for one segment: what cites only changes that never reached these readers is left out. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from incidents.documents.citations import citations
from incidents.documents.facts import CaseFacts, ChangeFact, overlap_key

Segment = Mapping[str, str]

_HEADING = re.compile(r"^ {0,3}(#{1,6})[ \t]+\S")
_ITEM = re.compile(r"^[ \t]*(?:[-*+]|\d{1,3}[.)])[ \t]+\S")
_ROW = re.compile(r"^[ \t]*\|.*\|[ \t]*$")
# The number of contributing changes: of all, so it would count what these readers are not told of.
_COUNTED = re.compile(r"\]\(ev:case-factors\) changes\b")
_RULE = re.compile(r"^[ \t]*\|[\s:|-]+\|[ \t]*$")


def reaches(change: ChangeFact, segment: Segment) -> bool:
    """Tell whether a change may have reached people of this segment; what is not said of them does not exclude."""
    return all(
        segment[key].lower() in {value.lower() for value in values}
        for key, values in change.scope.items()
        if segment.get(key)
    )


def changes_reaching(facts: CaseFacts, segment: Segment) -> list[ChangeFact]:
    """Return the contributing changes that may have reached this segment, in order of time."""
    found = [change for change in facts.contributing() if reaches(change, segment)]
    return sorted(found, key=lambda change: change.started.at)


@dataclass(slots=True)
class _Unit:
    """Lines that stay or go together: a heading, a list item, a table row, a paragraph; `level` 0 for no heading."""

    lines: list[str]
    level: int = 0


def narrow(body: str, facts: CaseFacts, segment: Segment) -> str:
    """Return the text without the passages about changes that did not reach these readers.

    A passage is judged by the evidence it cites; one that cites no change, or one that did reach them too, stays. A
    section goes as a whole where all its evidence is of changes that did not.
    """
    refs = {change.ref: reaches(change, segment) for change in facts.changes}
    if all(refs.values()):
        return body
    units = list(_units(body))
    verdicts = [_verdict("\n".join(unit.lines), refs) for unit in units]
    gone = {place for place, verdict in enumerate(verdicts) if verdict is False}
    for place, unit in enumerate(units):
        # Only below the document's own sections: "Summary" stays even if one change alone is left to tell of.
        if unit.level > 2:
            inside = list(_section(units, place))
            told = [verdicts[one] for one in inside if verdicts[one] is not None]
            if told and not any(told):
                gone.update(inside)
    text = "\n".join(line for place, unit in enumerate(units) if place not in gone for line in unit.lines)
    text = _COUNTED.sub(r"\g<0>, of which those named here reached you", text)
    return re.sub(r"\n{3,}", "\n\n", _without_empty(text)).strip("\n") + "\n"


def _section(units: list[_Unit], place: int) -> Iterator[int]:
    yield place
    for later in range(place + 1, len(units)):
        if 0 < units[later].level <= units[place].level:
            return
        yield later


def _verdict(text: str, refs: Mapping[str, bool]) -> bool | None:
    """Tell whether a passage is about a change that reached them; None where it cites no change."""
    keys = [citation.key for citation in citations(text)]
    reached = [refs[ref] for ref in _refs(keys, refs)]
    # Two changes in force together are of interest to whom both reached.
    reached += [refs[one] and refs[other] for one, other in _overlaps(keys, refs)]
    return any(reached) if reached else None


def _overlaps(keys: Iterable[str], refs: Mapping[str, bool]) -> Iterator[tuple[str, str]]:
    for key in keys:
        leading = [ref for ref in refs if key.startswith(overlap_key(ref, ""))]
        yield from (pair for pair in product(leading, refs) if overlap_key(*pair) == key)


def _refs(keys: Iterable[str], refs: Mapping[str, bool]) -> Iterator[str]:
    for key in keys:
        for lead in ("change-", "run-"):
            rest = key.removeprefix(lead)
            if rest != key:
                # The longest short name that fits: "effort" must not claim what is "effort-two"'s.
                fitting = [ref for ref in refs if rest.startswith(f"{ref}-")]
                if fitting:
                    yield max(fitting, key=len)


def _units(body: str) -> Iterator[_Unit]:
    unit: _Unit | None = None
    for line in body.split("\n"):
        heading = _HEADING.match(line)
        if heading or _ITEM.match(line) or _ROW.match(line) or not line.strip():
            if unit is not None:
                yield unit
            unit = None
        if heading:
            yield _Unit(lines=[line], level=len(heading.group(1)))
        elif not line.strip() or _ROW.match(line):
            yield _Unit(lines=[line])
        elif unit is None:
            unit = _Unit(lines=[line])
        else:
            unit.lines.append(line)
    if unit is not None:
        yield unit


def _without_empty(text: str) -> str:
    """Drop table heads without rows, then headings without content."""
    lines = text.split("\n")
    keep: list[str] = []
    for place, line in enumerate(lines):
        is_head = place + 1 < len(lines) and _RULE.match(lines[place + 1]) and _ROW.match(line)
        rule = place if _RULE.match(line) else place + 1 if is_head else None
        if rule is not None and not (rule + 1 < len(lines) and _ROW.match(lines[rule + 1])):
            continue
        keep.append(line)
    out: list[str] = []
    for place, line in enumerate(keep):
        found = _HEADING.match(line)
        following = next((later for later in keep[place + 1 :] if later.strip()), "")
        below = _HEADING.match(following)
        ends = not following or (below is not None and found is not None and len(below[1]) <= len(found[1]))
        if found and ends:
            continue
        out.append(line)
    return "\n".join(out)
