"""Two people's edits of one text put together line by line; where they touch the same lines, both stay. Pure."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import takewhile

CLASH = "[[to be written: two people changed this passage; keep one of the two versions below]]"

# A stretch between two known lines is compared line by line up to so many pairs; past it only its ends are.
_MOST_PAIRS = 40_000


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
    """Return which line of the base is which of the other.

    Lines that stand once in both come first, in the longest order that both keep; what lies between two of them is
    compared by itself. So a text whose lines repeat without end costs no more than another.
    """
    found: dict[int, int] = {}
    i, j = 0, 0
    for next_i, next_j in [*_landmarks(base, other), (len(base), len(other))]:
        found |= {i + m: j + n for m, n in _between(base[i:next_i], other[j:next_j]).items()}
        if next_i < len(base):
            found[next_i] = next_j
        i, j = next_i + 1, next_j + 1
    return found


def _landmarks(base: Sequence[str], other: Sequence[str]) -> list[tuple[int, int]]:
    n_base, n_other = Counter(base), Counter(other)
    places = {line: j for j, line in enumerate(other) if n_other[line] == 1}
    pairs = [(i, places[line]) for i, line in enumerate(base) if n_base[line] == 1 and line in places]
    # The longest rising run of places: for each length the one that ends lowest, and which pair came before each.
    ends: list[int] = []
    last: list[int] = []
    before: list[int] = []
    for number, (_, j) in enumerate(pairs):
        length = bisect_left(ends, j)
        before.append(last[length - 1] if length else -1)
        ends[length : length + 1] = [j]
        last[length : length + 1] = [number]
    out = []
    number = last[-1] if last else -1
    while number >= 0:
        out.append(pairs[number])
        number = before[number]
    return out[::-1]


def _between(base: Sequence[str], other: Sequence[str]) -> dict[int, int]:
    head = _alike(zip(base, other, strict=False))
    most = min(len(base), len(other)) - head
    tail = min(_alike(zip(reversed(base), reversed(other), strict=False)), most)
    found = {i: i for i in range(head)} | {len(base) - i: len(other) - i for i in range(1, tail + 1)}
    left, right = base[head : len(base) - tail], other[head : len(other) - tail]
    if 0 < len(left) * len(right) <= _MOST_PAIRS:
        matcher = SequenceMatcher(None, left, right, autojunk=False)
        blocks = matcher.get_matching_blocks()
        found |= {head + block.a + k: head + block.b + k for block in blocks for k in range(block.size)}
    return found


def _alike(pairs: Iterable[tuple[str, str]]) -> int:
    """Return how many pairs are equal before the first that is not."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
