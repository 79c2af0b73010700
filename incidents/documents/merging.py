"""Two people's edits of one text put together line by line; where they touch the same lines, both stay. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

CLASH = "[[to be written: two people changed this passage; keep one of the two versions below]]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """The merged text and how many passages a person must decide."""

    text: str
    clashes: int


def merge(base: str, mine: str, theirs: str) -> Merged:
    """Return both edits of `base` together. Nothing that either wrote is lost; a clash leaves a gap that blocks."""
    start, ours, yours = base.splitlines(), mine.splitlines(), theirs.splitlines()
    anchors = _anchors(start, ours, yours)
    out: list[str] = []
    clashes = 0
    at = (0, 0, 0)
    for anchor in [*anchors, (len(start), len(ours), len(yours))]:
        part_base = start[at[0] : anchor[0]]
        part_mine, part_theirs = ours[at[1] : anchor[1]], yours[at[2] : anchor[2]]
        if part_theirs in (part_mine, part_base):
            out += part_mine
        elif part_mine == part_base:
            out += part_theirs
        else:
            clashes += 1
            out += [CLASH, "", *part_theirs, "", *part_mine]
        if anchor[0] < len(start):
            out.append(start[anchor[0]])
        at = (anchor[0] + 1, anchor[1] + 1, anchor[2] + 1)
    return Merged(text="\n".join(out) + ("\n" if out else ""), clashes=clashes)


def _anchors(base: Sequence[str], mine: Sequence[str], theirs: Sequence[str]) -> list[tuple[int, int, int]]:
    """Return the lines of the base that stand in both edits, as (place in base, in mine, in theirs)."""
    in_mine, in_theirs = _matches(base, mine), _matches(base, theirs)
    return [(i, in_mine[i], in_theirs[i]) for i in sorted(in_mine.keys() & in_theirs.keys())]


def _matches(base: Sequence[str], other: Sequence[str]) -> dict[int, int]:
    matcher = SequenceMatcher(None, base, other, autojunk=False)
    return {block.a + k: block.b + k for block in matcher.get_matching_blocks() for k in range(block.size)}
