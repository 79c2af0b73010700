"""How large a share of its scope a change reached at each time, as a line of (hours, share) points."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

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


def simplified(line: Sequence[Point], *, hours_a_pixel: float) -> list[Point]:
    """Return the line without the points that lie within 0.4 pixels of it (Ramer, Douglas and Peucker).

    The ends always stay; a share of 1 is 16 pixels high.
    """
    x = np.array([at for at, _ in line]) / hours_a_pixel
    y = np.array([share for _, share in line]) * BAR_PIXELS
    keep = np.zeros(len(line), dtype=bool)
    keep[[0, -1]] = True
    open_runs = [(0, len(line) - 1)]
    while open_runs:
        first, last = open_runs.pop()
        if last - first < 2:
            continue
        dx, dy = x[last] - x[first], y[last] - y[first]
        length = np.hypot(dx, dy) or 1.0
        inside = slice(first + 1, last)
        off = np.abs(dx * (y[inside] - y[first]) - dy * (x[inside] - x[first])) / length
        if dx == dy == 0:
            off = np.hypot(x[inside] - x[first], y[inside] - y[first])
        worst = int(off.argmax())
        if off[worst] > TOLERANCE:
            split = first + 1 + worst
            keep[split] = True
            open_runs += [(first, split), (split, last)]
    return [point for point, stays in zip(line, keep, strict=True) if stays]
