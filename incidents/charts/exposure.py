"""How large a share of its scope a change reached at each time, as a line of (hours, share) points."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import hypot

import numpy as np

Point = tuple[float, float]
# Below this share a fading change is as good as gone.
FAINTEST = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """A change's course: steps (hours, share) or none for "at once", an end, and what is left after a fix by version.

    `tail` holds (hours, share still on versions without the fix) from `ended` on; without it the end is sharp.
    """

    started: float
    ended: float | None = None
    steps: tuple[Point, ...] = ()
    linear: bool = False
    tail: tuple[Point, ...] = ()


def share_line(rollout: Rollout, until: float) -> tuple[Point, ...]:
    """Return the share over time as a polyline; a jump is two points at one time.

    It begins at (started, 0). A change that still holds at `until` keeps its last share there; one that ended falls to
    nothing at its end, or along its tail.
    """
    line: list[Point] = [(rollout.started, 0.0)]
    stop = until if rollout.ended is None else min(rollout.ended, until)
    steps = _steps(rollout)
    for at, share in steps:
        if at > stop:
            break
        before = line[-1][1]
        if share != before and not (rollout.linear and len(steps) > 1 and at > rollout.started):
            line.append((at, before))
        line.append((at, share))
    if rollout.linear and (later := [one for one in steps if one[0] > stop]):
        line.append((stop, _between(line[-1], later[0], stop)))
    line.append((stop, line[-1][1]))
    if rollout.ended is not None and rollout.ended <= until:
        line += _end(line[-1], rollout.tail, until)
    return tuple(_without_repeats(line))


def _steps(rollout: Rollout) -> list[Point]:
    steps = sorted((max(at, rollout.started), min(max(share, 0.0), 1.0)) for at, share in rollout.steps)
    return steps or [(rollout.started, 1.0)]


def _between(first: Point, second: Point, at: float) -> float:
    part = (at - first[0]) / (second[0] - first[0])
    return first[1] + part * (second[1] - first[1])


def _end(last: Point, tail: Sequence[Point], until: float) -> list[Point]:
    """Return the fall after the end: at once, or along the tail until next to nothing is left."""
    line: list[Point] = []
    for at, left in tail:
        if at <= last[0]:
            continue
        if at > until:
            return line
        line.append((at, last[1] * left))
        if left < FAINTEST:
            break
    return [*line, (line[-1][0] if line else last[0], 0.0)]


def _without_repeats(line: Sequence[Point]) -> list[Point]:
    kept: list[Point] = []
    for point in line:
        if not kept or point != kept[-1]:
            kept.append(point)
    return kept


def last_hour(line: Sequence[Point]) -> float:
    """Return when the change was last in force anywhere."""
    return line[-1][0]


def share_at(line: Sequence[Point], at: float) -> float:
    """Return the share at a time; outside the line nothing is exposed before it, and its last share holds after it."""
    if at < line[0][0]:
        return 0.0
    found = line[-1][1]
    for first, second in pairwise(line):
        if first[0] <= at < second[0]:
            return _between(first, second, at)
    return found


def free_spans(lines: Sequence[Sequence[Point]], window: tuple[float, float], *, least: float) -> list[Point]:
    """Return the spans of the window, at least so many hours long, in which none of the changes was in force.

    A change counts as in force from its start to its last moment anywhere, a fading tail included.
    """
    low, high = window
    free, cursor = [], low
    for start, end in sorted((line[0][0], last_hour(line)) for line in lines):
        if start - cursor >= least:
            free.append((cursor, min(start, high)))
        cursor = max(cursor, end)
    if high - cursor >= least:
        free.append((cursor, high))
    return [(first, last) for first, last in free if last - first >= least]


BAR_PIXELS = 16.0
TOLERANCE = 0.4  # pixels
FOR_NUMPY = 40  # points; fewer, as most rollouts have, are done before NumPy has begun


def simplified(line: Sequence[Point], *, hours_a_pixel: float) -> list[Point]:
    """Return the line without the points that lie within 0.4 pixels of it (Ramer, Douglas and Peucker).

    The ends always stay; a share of 1 is 16 pixels high.
    """
    x = [at / hours_a_pixel for at, _ in line]
    y = [share * BAR_PIXELS for _, share in line]
    keep = [False] * len(line)
    keep[0] = keep[-1] = True
    open_runs = [(0, len(line) - 1)]
    while open_runs:
        first, last = open_runs.pop()
        if last - first < 2:
            continue
        worst, off = _farthest(x, y, first, last)
        if off > TOLERANCE:
            keep[worst] = True
            open_runs += [(first, worst), (worst, last)]
    return [point for point, stays in zip(line, keep, strict=True) if stays]


def _farthest(x: list[float], y: list[float], first: int, last: int) -> tuple[int, float]:
    """Return which point between two lies farthest from their chord, and how far."""
    dx, dy = x[last] - x[first], y[last] - y[first]
    length = hypot(dx, dy)
    if last - first > FOR_NUMPY:
        right, up = np.array(x[first + 1 : last]) - x[first], np.array(y[first + 1 : last]) - y[first]
        off = np.abs(dx * up - dy * right) / length if length else np.hypot(right, up)
        return first + 1 + int(off.argmax()), float(off.max())
    worst, most = first, -1.0
    for i in range(first + 1, last):
        right_, up_ = x[i] - x[first], y[i] - y[first]
        far = abs(dx * up_ - dy * right_) / length if length else hypot(right_, up_)
        if far > most:
            worst, most = i, far
    return worst, most
