"""From a logged change to an exposure over the axis: scope as indices, rollout and end in hours, adoption by version.

Pure: no Django, no database. `LoggedChange` is what both readers (tables, bundles) hand over.
"""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from incidents.attribution.axis import TimeAxis
from incidents.stats.attribution.evidence import Carrier, ChangeExposure, Dimension, Floats, Ints

# Standard deviation, in hours, of the window over which shares of use by version are smoothed, and the number of
# counted uses below which the wider window takes over.
SMOOTH_HOURS = 48.0
WIDE_HOURS = 168.0
ENOUGH = 25.0
# Where nobody counts versions: hours after which half of the users have moved to a new one.
HALF_ADOPTION_HOURS = 72.0
DAY_HOURS = 24.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedChange:
    """A change as the log tells it; `day_fields` names the times of which only the day is known."""

    key: str
    started_at: dt.datetime
    kind: str = ""
    scope: Mapping[str, Sequence[str]]
    rollout: Sequence[tuple[dt.datetime, float]] = ()
    linear: bool = False
    ended_at: dt.datetime | None = None
    end_kind: str = ""
    carried_by_version: str = ""
    fixed_in_version: str = ""
    visibility: str = "public"
    masks: Sequence[str] = ()
    interacts_with: Sequence[str] = ()
    day_fields: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionUse:
    """Use by client version and bin, `counts` (n_bins, n_values of the dimension); zeros where nobody counted."""

    dimension: int
    counts: Floats


def version_key(version: str) -> tuple[tuple[int, int, str], ...]:
    """Return a key by which versions sort as people read them: 2.1.9 before 2.1.10, 2.1.0-beta before 2.1.0."""
    parts = re.findall(r"\d+|[a-z]+", version.lower())
    return (*((1, int(part), "") if part.isdigit() else (-1, 0, part) for part in parts), (0, 0, ""))


def carrying_values(versions: Sequence[str], carried_by: str, fixed_in: str) -> tuple[int, ...]:
    """Return the indices of the versions from the carrying one up to, without, the one that has the fix."""
    low = version_key(carried_by) if carried_by else None
    high = version_key(fixed_in) if fixed_in else None
    return tuple(
        index
        for index, version in enumerate(versions)
        if (low is None or version_key(version) >= low) and (high is None or version_key(version) < high)
    )


def adoption(axis: TimeAxis, use: VersionUse, values: Sequence[int]) -> Floats:
    """Return the share of use on some versions per bin (n_bins,), smoothed over days, wider where few are counted."""
    centres = (axis.edges[:-1] + axis.edges[1:]) / 2
    total = use.counts.sum(axis=1)
    member = use.counts[:, list(values)].sum(axis=1)
    narrow, seen = _smooth(centres, member, total, SMOOTH_HOURS)
    wide, _ = _smooth(centres, member, total, WIDE_HOURS)
    trust = seen / (seen + ENOUGH)
    return np.asarray(np.clip(trust * narrow + (1.0 - trust) * wide, 0.0, 1.0))


def assumed_adoption(axis: TimeAxis, released_at: dt.datetime) -> Floats:
    """Return the share of users on a version per bin where nobody counted: half of them after three days."""
    centres = (axis.edges[:-1] + axis.edges[1:]) / 2
    return np.asarray(1.0 - np.exp2(-np.maximum(centres - axis.hours(released_at), 0.0) / HALF_ADOPTION_HOURS))


def _smooth(centres: Floats, member: Floats, total: Floats, spread: float) -> tuple[Floats, Floats]:
    """Return the kernel-weighted share per bin, and how many counts speak for it."""
    kernel = _kernel(centres.tobytes(), spread)
    seen = kernel @ total
    return (kernel @ member) / np.maximum(seen, 1e-12), seen


@lru_cache(maxsize=2)
def _kernel(centres: bytes, spread: float) -> Floats:
    """Return the weights of bins on each other (n_bins, n_bins): the same for all changes of a case."""
    at = np.frombuffer(centres)
    return np.asarray(np.exp(-0.5 * ((at[:, None] - at[None, :]) / spread) ** 2))


def exposure_of(
    change: LoggedChange, *, axis: TimeAxis, dimensions: Sequence[Dimension], versions: VersionUse | None
) -> ChangeExposure:
    """Place a logged change on the axis.

    `dimensions` must hold every dimension and value that a scope names. Where a client version carries the change or
    its fix, a `Carrier` lets exposure follow adoption; `versions` tells who used which version when. Edges of which
    only the day is known stand at that day's start, and the engine is told that they lie anywhere within it.
    """
    names = [dimension.name for dimension in dimensions]
    scope = []
    for name, wanted in sorted(change.scope.items()):
        at = names.index(name)
        known = dimensions[at].values
        scope.append((at, tuple(sorted(known.index(value) for value in set(wanted)))))
    started = axis.hours(change.started_at)
    bare = {"started_at", "ended_at"} & set(change.day_fields)
    return ChangeExposure(
        key=change.key,
        started=started,
        kind=change.kind,
        scope=tuple(scope),
        steps=tuple((axis.hours(at), float(share)) for at, share in change.rollout),
        shape="linear" if change.linear else "steps",
        ended=None if change.ended_at is None else max(axis.hours(change.ended_at), started),
        end_kind=change.end_kind or None,
        carrier=None if versions is None else _carrier(change, axis, dimensions, versions),
        visibility=change.visibility,
        masks=tuple(change.masks),
        interacts_with=tuple(change.interacts_with),
        edge_uncertainty=DAY_HOURS if bare else 0.0,
    )


def _carrier(
    change: LoggedChange, axis: TimeAxis, dimensions: Sequence[Dimension], versions: VersionUse
) -> Carrier | None:
    """Return who runs a version that carries the change; without a carrying version, everybody until the fixed one."""
    carried, fixed = change.carried_by_version, change.fixed_in_version
    if not carried and not fixed:
        return None
    known = dimensions[versions.dimension].values
    values = carrying_values(known, carried, fixed)
    if versions.counts.sum() > 0:
        curve = adoption(axis, versions, values)
    else:
        curve = assumed_adoption(axis, change.started_at) if carried else np.ones(axis.n_bins)
        if fixed and change.ended_at is not None:
            curve = curve * (1.0 - assumed_adoption(axis, change.ended_at))
    return Carrier(dimension=versions.dimension, values=values, adoption=curve, fixed=bool(fixed))


def version_dimension(dimensions: Sequence[Dimension], named: Sequence[str]) -> int | None:
    """Return the dimension that holds client versions: "version" by name, else the one that knows most of `named`."""
    for index, dimension in enumerate(dimensions):
        if dimension.name == "version":
            return index
    known = [len(set(dimension.values) & set(named)) for dimension in dimensions]
    return int(np.argmax(known)) if known and max(known) > 0 else None


def finest_rows(patterns: Ints) -> Ints:
    """Return the rows (indices) of counted segments that no other row states more finely.

    Counts often come with their own totals (a row per surface and a row for all): only the finest are added up.
    """
    stated = [tuple(int(at) for at in np.flatnonzero(row >= 0)) for row in patterns]
    groups: dict[tuple[int, ...], list[int]] = {}
    for row, signature in enumerate(stated):
        groups.setdefault(signature, []).append(row)
    kept = []
    for signature, rows in groups.items():
        finer = [other for other in groups if set(signature) < set(other)]
        refined = {tuple(patterns[row, list(signature)].tolist()) for other in finer for row in groups[other]}
        kept += [row for row in rows if tuple(patterns[row, list(signature)].tolist()) not in refined]
    return np.array(sorted(kept), dtype=np.int64)
