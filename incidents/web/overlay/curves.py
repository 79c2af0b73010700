"""The share of its scope that each change reached over time, by rollout and by adoption of client versions."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from incidents.attribution.axis import TimeAxis, time_axis
from incidents.attribution.exposures import VersionUse, adoption, assumed_adoption, carrying_values, version_dimension
from incidents.changes.enums import ChangeKind, RolloutShape
from incidents.changes.queries import Change, fades_by_adoption
from incidents.charts.exposure import Point, Rollout, share_line, simplified
from incidents.metrics.queries import version_use
from incidents.stats.attribution.evidence import Dimension
from incidents.tickets.queries import version_mentions
from incidents.web.overlay.state import OverlayState

# Where the shares of use by version come from.
BASES = {
    "usage": "by counted use of each version",
    "tickets": "estimated from the versions that complaints name",
    "assumed": "nobody counted versions: half of the users are taken to move within three days",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """Use by client version over the case's days, and what it rests on (a key of BASES)."""

    axis: TimeAxis
    versions: tuple[str, ...]
    use: VersionUse
    basis: str

    def share(self, values: Sequence[int], released_at: dt.datetime) -> tuple[Point, ...]:
        """Return (hours, share) at the middle of each day, of use on some versions, from their release on."""
        since = self.axis.hours(released_at)
        counted = self.basis != "assumed"
        found = adoption(self.axis, self.use, values) if counted else assumed_adoption(self.axis, released_at)
        middles = (self.axis.edges[:-1] + self.axis.edges[1:]) / 2
        return tuple((float(at), float(share)) for at, share in zip(middles, found, strict=True) if at > since)


def adoption_of(state: OverlayState, changes: Sequence[Change]) -> Adoption | None:
    """Return use by version, if any change is carried or fixed by one: counted use, else the complaints' own words."""
    plain = [change for change in changes if change.kind != ChangeKind.CLIENT_RELEASE.value]
    named = {change.carried_by_version for change in plain} | {change.fixed_in_version for change in changes}
    named -= {""}
    dimensions = tuple(Dimension(name=key, values=values) for key, _, values in state.dimensions)
    number = version_dimension(dimensions, sorted(named)) if named else None
    if number is None:
        return None
    incident = state.incident
    axis = time_axis(start=incident.starts_at, end=incident.ends_at, zone=state.zone, bucket="day")
    edges = (*axis.starts, axis.end)
    key, _, versions = state.dimensions[number]
    counted: Mapping[str, np.ndarray[tuple[int], np.dtype[np.float64]]] = version_use(incident.product, key, edges)
    basis = "usage"
    if not counted:
        counted = version_mentions(state.complaints(incident.starts_at, incident.ends_at), key, edges)
        basis = "tickets" if counted else "assumed"
    table = np.zeros((axis.n_bins, len(versions)))
    place = {version: i for i, version in enumerate(versions)}
    for version, amounts in counted.items():
        if version in place:
            table[:, place[version]] += amounts
    return Adoption(axis=axis, versions=versions, use=VersionUse(dimension=number, counts=table), basis=basis)


def line_of(state: OverlayState, change: Change, adopted: Adoption | None) -> tuple[tuple[Point, ...], str]:
    """Return a change's share line in hours, and the basis of its adoption ("" where none is in it)."""
    hours = state.axis.hours
    until = hours(state.incident.ends_at)
    steps = tuple((hours(at), share) for at, share in change.steps)
    basis = ""
    tail: tuple[Point, ...] = ()
    if adopted is not None:
        if not steps and change.carried_by_version and change.kind != ChangeKind.CLIENT_RELEASE.value:
            carrying = carrying_values(adopted.versions, change.carried_by_version, "")
            steps = ((hours(change.started_at), 0.0), *adopted.share(carrying, change.started_at))
            basis = adopted.basis
        if fades_by_adoption(change) and change.ended_at is not None:
            fixed = carrying_values(adopted.versions, change.fixed_in_version, "")
            moved = adopted.share(fixed, change.ended_at)
            tail = tuple((at, 1.0 - share) for at, share in moved)
            basis = adopted.basis
    rollout = Rollout(
        started=hours(change.started_at),
        ended=None if change.ended_at is None else hours(change.ended_at),
        steps=steps,
        linear=change.rollout_shape == RolloutShape.LINEAR.value or (basis != "" and len(steps) > 1),
        tail=tail,
    )
    return share_line(rollout, until), basis


def thinned(line: Sequence[Point], *, hours_a_pixel: float) -> list[list[float]]:
    """Return the line with the points left out that nobody could see at this scale."""
    kept = simplified(line, hours_a_pixel=hours_a_pixel)
    return [[round(at, 3), round(share, 4)] for at, share in kept]
