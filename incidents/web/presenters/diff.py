"""Two texts side by side in time: what was removed, what was added, and the words that differ inside a line."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Literal

Kind = Literal["same", "removed", "added", "gap"]
CONTEXT_LINES = 3
# difflib is quadratic in the worst case: past these sizes lines are compared whole, and texts are cut.
WORDS_MAX_CHARACTERS = 4_000
LINES_MAX = 4_000
WORD = re.compile(r"\w+|\s+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Span:
    """A run of characters; `changed` ones are marked."""

    text: str
    changed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row of a diff; a gap stands for `n_hidden` equal lines."""

    kind: Kind
    before: int | None = None
    after: int | None = None
    spans: tuple[Span, ...] = ()
    n_hidden: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """All rows, and how many lines differ."""

    lines: list[Line] = field(default_factory=list)
    n_removed: int = 0
    n_added: int = 0
    is_cut: bool = False


def text_diff(before: str, after: str, *, context: int = CONTEXT_LINES) -> Diff:
    """Compare two texts line by line; texts past 4,000 lines are cut there and `is_cut` says so."""
    old, new = before.splitlines(), after.splitlines()
    is_cut = max(len(old), len(new)) > LINES_MAX
    old, new = old[:LINES_MAX], new[:LINES_MAX]
    lines: list[Line] = []
    for group in SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        tag, i1, i2, j1, j2 = group
        if tag == "equal":
            is_first, is_last = i1 == 0 and j1 == 0, i2 == len(old) and j2 == len(new)
            lines += _folded(old[i1:i2], i1, j1, 0 if is_first else context, 0 if is_last else context)
        else:
            lines += _replaced(old[i1:i2], new[j1:j2], i1, j1)
    return Diff(
        lines=lines,
        n_removed=sum(line.kind == "removed" for line in lines),
        n_added=sum(line.kind == "added" for line in lines),
        is_cut=is_cut,
    )


def _folded(texts: list[str], i: int, j: int, head: int, tail: int) -> Iterator[Line]:
    """Yield equal lines; all but `head` and `tail` of them become one gap, unless the gap would hide a line or two."""
    n_hidden = len(texts) - head - tail
    fold = n_hidden > 2
    for k, text in enumerate(texts):
        if fold and head <= k < len(texts) - tail:
            if k == head:
                yield Line(kind="gap", n_hidden=n_hidden)
            continue
        yield Line(kind="same", before=i + k + 1, after=j + k + 1, spans=(Span(text),))


def _replaced(old: list[str], new: list[str], i: int, j: int) -> Iterator[Line]:
    """Yield removed lines, then added ones; lines at the same place in both are compared by words."""
    pairs = [_words(a, b) for a, b in zip(old, new, strict=False)]
    for k, text in enumerate(old):
        yield Line(kind="removed", before=i + k + 1, spans=pairs[k][0] if k < len(pairs) else (Span(text),))
    for k, text in enumerate(new):
        yield Line(kind="added", after=j + k + 1, spans=pairs[k][1] if k < len(pairs) else (Span(text),))


def _words(a: str, b: str) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    if max(len(a), len(b)) > WORDS_MAX_CHARACTERS:
        return (Span(a),), (Span(b),)
    left, right = WORD.findall(a), WORD.findall(b)
    matcher = SequenceMatcher(a=left, b=right, autojunk=False)
    if matcher.ratio() < 0.3:  # nearly nothing in common: marks on every word would say nothing
        return (Span(a),), (Span(b),)
    spans_left: list[Span] = []
    spans_right: list[Span] = []
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        changed = tag != "equal"
        if i2 > i1:
            spans_left.append(Span("".join(left[i1:i2]), changed))
        if j2 > j1:
            spans_right.append(Span("".join(right[j1:j2]), changed))
    return tuple(spans_left), tuple(spans_right)
