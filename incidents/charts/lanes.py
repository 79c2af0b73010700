"""Packing change intervals into lanes, so that no bar and no label ever hides another.

Pure geometry in pixels: whoever calls turns times into pixels first. Packing is first fit by the left end of what an
interval occupies (bar and label together), which needs the fewest lanes; ties go by key, so that the same changes
always lie in the same lanes.
"""

from bisect import bisect_right, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

Place = Literal["inside", "right", "left", "none"]

GAP = 8.0  # pixels between two occupants of a lane
PAD = 5.0  # pixels between a bar's edge and its label
LEAST_BAR = 4.0  # pixels; an interval shorter than that is still to be seen
LEAST_LABEL = 24.0  # pixels; a label cut shorter than that says nothing

# Advances of the interface's sans in parts of its size, rounded up, by letters of about the same width.
_ADVANCES = {
    letter: advance
    for advance, letters in (
        (0.28, "ijlI"),
        (0.33, " !,.:;'’·t|`"),
        (0.41, "f()/[]\\r1"),
        (0.48, '-_{}“”"^'),
        (0.58, "szxkvyacJL7*?–F"),
        (0.62, "bdeghnopquE235689Z"),
        (0.69, "04#$&BKPRSTAVXY+<=>~"),
        (0.77, "CDGHNOQU"),
        (0.83, "w"),
        (0.90, "mM…"),
        (1.00, "W%@—"),
    )
    for letter in letters
}
_OTHER = 0.70
_IDEOGRAPH = 1.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """An interval in pixels of the shown window; it may begin or end outside of it."""

    key: int
    start: float
    end: float
    label: str
    marks: float = 0.0  # room that end marks need to the right of the bar


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """Where a span lies: its lane from the top, the visible bar, and its label's place and room (pixels)."""

    key: int
    lane: int
    left: float
    right: float
    place: Place
    label_at: float
    label_width: float

    @property
    def occupied(self) -> tuple[float, float]:
        """The pixels that nothing else in the lane may touch."""
        if self.place == "none":
            return self.left, self.right
        return min(self.left, self.label_at), max(self.right, self.label_at + self.label_width)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lanes:
    """Spans packed into `n` lanes."""

    items: tuple[Packed, ...]
    n: int


def text_width(text: str, size: float = 12.0) -> float:
    """Return how wide a text is at most in the interface's sans at a size in pixels (rounded up on purpose)."""
    total = sum(_ADVANCES.get(letter, _IDEOGRAPH if ord(letter) >= 0x2E80 else _OTHER) for letter in text)
    return total * size


def pack(spans: Iterable[Span], *, width: float) -> Lanes:
    """Pack spans over a window of so many pixels; a span outside the window is left out."""
    placed = [_place(span, width) for span in spans if span.end > 0 and span.start < width]
    placed.sort(key=lambda item: (item.occupied[0], item.occupied[1], item.key))
    lanes: list[list[tuple[float, float]]] = []
    items = []
    for item in placed:
        lane = _first_fit(lanes, *item.occupied)
        items.append(
            Packed(
                key=item.key,
                lane=lane,
                left=item.left,
                right=item.right,
                place=item.place,
                label_at=item.label_at,
                label_width=item.label_width,
            )
        )
    return Lanes(items=tuple(items), n=len(lanes))


def _place(span: Span, width: float) -> Packed:
    """Choose where a span's label goes: inside its bar, else to its right, else to its left, else cut short inside."""
    left = min(max(span.start, 0.0), width - LEAST_BAR)
    right = max(min(span.end, width), left + LEAST_BAR)
    wanted = text_width(span.label)
    beside = right + span.marks + PAD

    def at(place: Place, label_at: float, room: float) -> Packed:
        return Packed(
            key=span.key, lane=0, left=left, right=min(right + span.marks, width),
            place=place, label_at=label_at, label_width=room,
        )  # fmt: skip

    if not span.label:
        return at("none", left, 0.0)
    if right - left >= wanted + 2 * PAD:
        return at("inside", left + PAD, wanted)
    if beside + wanted <= width:
        return at("right", beside, wanted)
    if left - PAD - wanted >= 0:
        return at("left", left - PAD - wanted, wanted)
    room = max(
        (right - left - 2 * PAD, "inside"), (width - beside, "right"), (left - PAD, "left"), key=lambda pair: pair[0]
    )
    if room[0] < LEAST_LABEL:
        return at("none", left, 0.0)
    starts = {"inside": left + PAD, "right": beside, "left": max(left - PAD - room[0], 0.0)}
    return at(room[1], starts[room[1]], min(room[0], wanted))  # type: ignore[arg-type]


def _first_fit(lanes: list[list[tuple[float, float]]], low: float, high: float) -> int:
    """Return the first lane with room for [low, high], and note it there; a new lane where none has."""
    for number, taken in enumerate(lanes):
        at = bisect_right(taken, (low, float("inf")))
        before_ends = taken[at - 1][1] + GAP <= low if at else True
        after_starts = high + GAP <= taken[at][0] if at < len(taken) else True
        if before_ends and after_starts:
            insort(taken, (low, high))
            return number
    lanes.append([(low, high)])
    return len(lanes) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Marks that lie too close to be drawn apart: their place (pixels) and the keys of what they stand for."""

    at: float
    keys: tuple[int, ...]


def cluster(marks: Sequence[tuple[float, int]], *, apart: float) -> list[Cluster]:
    """Group marks (pixels, key): a group spans less than `apart` pixels and stands at its first mark."""
    groups: list[tuple[float, list[int]]] = []
    for at, key in sorted(marks):
        if groups and at - groups[-1][0] < apart:
            groups[-1][1].append(key)
        else:
            groups.append((at, [key]))
    return [Cluster(at=at, keys=tuple(keys)) for at, keys in groups]
