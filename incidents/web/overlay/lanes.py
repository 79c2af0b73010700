"""Change lanes as the page draws them: groups of packed intervals, each with its share line and its marks."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np

from incidents.catalog.queries import UNKNOWN
from incidents.changes.enums import ChangeKind, EndKind
from incidents.changes.queries import Change, is_back_dated, is_release, is_unannounced, versions_that_matter
from incidents.charts.exposure import Point, free_spans, last_hour
from incidents.charts.labels import moment, period
from incidents.charts.lanes import Packed, Span, pack, text_width
from incidents.charts.palette import classes, pattern_index
from incidents.charts.typed import float32
from incidents.web.overlay.curves import Adoption, line_of, thinned
from incidents.web.overlay.model import NAMED
from incidents.web.overlay.state import OverlayState

END_MARK = 14.0  # pixels that the sign of an end takes beside its bar
LONGEST_LABEL = 56
# A group with more changes in the window than this is drawn as their number over time: no eye could tell them apart.
MOST_DRAWN = 400
CROWD_PIXELS = 3
# A group that would make more open lanes than this starts folded, unless it is the first.
MOST_OPEN_LANES = 11
# Labels of releases in the rug stand apart by this many pixels at least.
RUG_APART = 10.0
LEAST_CONTROL = 24.0  # hours; a shorter span without changes tells nothing
GROUP_NAMES = {
    "contributing": "Attributed",
    "ambiguous": "Cannot be told apart",
    "ended": "Ended",
    "in_force": "Still in force",
    "all": "Changes",
}


@dataclass(frozen=True, kw_only=True)
class _Drawn:
    state: OverlayState
    change: Change
    adopted: Adoption | None

    @cached_property
    def _told(self) -> tuple[tuple[Point, ...], str]:
        return line_of(self.state, self.change, self.adopted)

    @property
    def line(self) -> tuple[Point, ...]:
        return self._told[0]

    @property
    def basis(self) -> str:
        return self._told[1]


def lanes_payload(
    state: OverlayState, changes: Sequence[Change], adopted: Adoption | None, verdicts: Mapping[int, str]
) -> dict[str, Any]:
    """Return the groups of lanes, the rug of releases, and how many changes the page's own filters hide."""
    important = versions_that_matter(changes)
    wanted = [change for change in changes if _is_wanted(state, change)]
    named = frozenset(pk for pk, verdict in verdicts.items() if verdict in NAMED)
    releases = [change for change in wanted if is_release(change) and change.pk not in named]
    rest = [change for change in wanted if not is_release(change) or change.pk in named]
    drawn = [_Drawn(state=state, change=change, adopted=adopted) for change in rest]
    groups: list[dict[str, Any]] = []
    for key, name, members in _groups(state, drawn, verdicts):
        room = MOST_OPEN_LANES - sum(other["lanes"] for other in groups if not other["folded"])
        group = _group_payload(state, key, name, members, verdicts)
        group["folded"] = "crowd" in group or (bool(groups) and group["lanes"] > room)
        if group["items"] or "crowd" in group:
            groups.append(group)
    return {
        "groups": groups,
        "rug": _rug(state, releases, important),
        "control": _control(state, drawn, named),
        "hasOwners": any(change.owner for change in changes),
        "reachName": state.dimensions[0][1] if state.dimensions else "",
        "nHidden": len(changes) - len(wanted),
        "nChanges": len(changes),
    }


def _control(state: OverlayState, drawn: Sequence[_Drawn], named: frozenset[int]) -> list[Point]:
    """Return the spans in which no change that the latest attribution names was in force; none without such a change.

    Complaints there are background, late reports, or the work of something else.
    """
    lines = [one.line for one in drawn if one.change.pk in named]
    window = 0.0, state.axis.hours(state.incident.ends_at)
    return free_spans(lines, window, least=LEAST_CONTROL) if lines else []


def reaches(change: Change, chosen: Mapping[str, Sequence[str]]) -> bool:
    """Tell whether the change's scope meets the segment filter; a segment that does not say may be in it."""
    for dimension, wanted in chosen.items():
        scoped = change.scope.get(dimension)
        if scoped and UNKNOWN not in wanted and not set(scoped) & set(wanted):
            return False
    return True


def _is_wanted(state: OverlayState, change: Change) -> bool:
    if state.only_reaching and not reaches(change, state.chosen):
        return False
    words = state.words.casefold()
    told = (change.title, change.external_id, change.owner)
    return not words or any(words in text.casefold() for text in told)


def _groups(
    state: OverlayState, drawn: Sequence[_Drawn], verdicts: Mapping[int, str]
) -> list[tuple[str, str, list[_Drawn]]]:
    if state.grouping == "none":
        return [("all", GROUP_NAMES["all"], list(drawn))]
    if state.grouping == "kind":
        return [
            (kind.value, kind.label, [one for one in drawn if one.change.kind == kind.value]) for kind in ChangeKind
        ]
    if state.grouping in {"reach", "owner"}:
        name_of = _owner_of if state.grouping == "owner" else partial(_reach_of, state)
        return _by_name(drawn, name_of)
    named = {
        verdict: [one for one in drawn if verdicts.get(one.change.pk) == verdict]
        for verdict in ("contributing", "ambiguous")
    }
    others = [one for one in drawn if verdicts.get(one.change.pk) not in named]
    return [
        ("contributing", GROUP_NAMES["contributing"], named["contributing"]),
        ("ambiguous", GROUP_NAMES["ambiguous"], named["ambiguous"]),
        ("ended", GROUP_NAMES["ended"], [one for one in others if one.change.ended_at is not None]),
        ("in_force", GROUP_NAMES["in_force"], [one for one in others if one.change.ended_at is None]),
    ]


def _by_name(drawn: Sequence[_Drawn], name_of: Callable[[Change], str]) -> list[tuple[str, str, list[_Drawn]]]:
    """Group by a name, in order of the name; changes without one come last."""
    found: dict[str, list[_Drawn]] = {}
    for one in drawn:
        found.setdefault(name_of(one.change), []).append(one)
    return [
        (name or "none", name or "Nobody named", found[name]) for name in sorted(found, key=lambda key: (not key, key))
    ]


def _owner_of(change: Change) -> str:
    return change.owner


def _reach_of(state: OverlayState, change: Change) -> str:
    """Return which values of the product's first dimension (its surfaces, as a rule) the change reaches."""
    key = state.dimensions[0][0] if state.dimensions else ""
    values = change.scope.get(key)
    return ", ".join(sorted(values)) if values else "Everybody"


def _group_payload(
    state: OverlayState, key: str, name: str, members: Sequence[_Drawn], verdicts: Mapping[int, str]
) -> dict[str, Any]:
    if (crowd := _crowd(state, members)) is not None:
        return {"key": key, "name": name, "lanes": 0, "items": [], "nOutside": 0, "crowd": crowd}
    low, _ = state.axis.shown
    scale = 1.0 / state.axis.hours_a_pixel
    spans = [
        Span(
            key=one.change.pk,
            start=(one.line[0][0] - low) * scale,
            end=(last_hour(one.line) - low) * scale,
            label=_label(one.change),
            marks=END_MARK if one.change.ended_at is not None else 0.0,
        )
        for one in members
    ]
    packed = pack(spans, width=float(state.axis.pixels))
    by_key = {one.change.pk: one for one in members}
    items = [_item(state, by_key[place.key], place, verdicts) for place in packed.items]
    return {
        "key": key,
        "name": name,
        "lanes": packed.n,
        "items": items,
        "nOutside": len(members) - len(items),
    }


def _crowd(state: OverlayState, members: Sequence[_Drawn]) -> dict[str, Any] | None:
    """Return how many changes were in force over time, where they are too many to be told apart; else None."""
    if len(members) <= MOST_DRAWN:
        return None
    axis = state.axis
    low, high = axis.shown
    end = axis.hours(state.incident.ends_at)
    ends = [end if one.change.ended_at is None else axis.hours(one.change.ended_at) for one in members]
    spans = np.array([[axis.hours(one.change.started_at), at] for one, at in zip(members, ends, strict=True)])
    spans = spans[(spans[:, 0] < high) & (spans[:, 1] > low)]
    if len(spans) <= MOST_DRAWN:
        return None
    edges = np.linspace(low, high, max(int(axis.pixels / CROWD_PIXELS), 1) + 1)
    begun = np.searchsorted(np.sort(spans[:, 0]), edges[1:], side="left")
    over = np.searchsorted(np.sort(spans[:, 1]), edges[:-1], side="right")
    return {"n": len(spans), "edges": float32(edges), "counts": float32((begun - over).astype(np.float64))}


def _label(change: Change) -> str:
    title = change.title
    return title if len(title) <= LONGEST_LABEL else title[: LONGEST_LABEL - 1].rstrip() + "…"


def _item(state: OverlayState, one: _Drawn, place: Packed, verdicts: Mapping[int, str]) -> dict[str, Any]:
    change = one.change
    hours = state.axis.hours
    return {
        "id": change.pk,
        "lane": place.lane,
        "label": _label(change),
        "place": place.place,
        "labelWidth": round(place.label_width, 1),
        "isCut": place.label_width < text_width(_label(change)),
        "classes": classes(change.colour),
        "pattern": pattern_index(change.colour),
        "line": thinned(one.line, hours_a_pixel=state.axis.hours_a_pixel),
        "basis": one.basis,
        "start": round(hours(change.started_at), 3),
        "end": None if change.ended_at is None else round(hours(change.ended_at), 3),
        "endKind": change.end_kind,
        "discovered": round(hours(change.discovered_at), 3) if change.discovered_at and is_back_dated(change) else None,
        "announced": round(hours(change.announced_at), 3) if change.announced_at else None,
        "unannounced": is_unannounced(change),
        "reaches": reaches(change, state.chosen),
        "internal": change.visibility != "public",
        "verdict": verdicts.get(change.pk, ""),
        "says": _sentence(state, change),
    }


def _sentence(state: OverlayState, change: Change) -> str:
    """Return what a screen reader says of the bar."""
    when = period(change.started_at, change.ended_at, state.zone)
    parts = [change.title, ChangeKind(change.kind).label.lower(), when]
    if change.end_kind:
        parts.append(EndKind(change.end_kind).label.lower())
    if is_back_dated(change) and change.discovered_at:
        parts.append(f"found out {moment(change.discovered_at, state.zone)}")
    if is_unannounced(change):
        parts.append("never announced")
    return ", ".join(parts)


def _rug(state: OverlayState, releases: Sequence[Change], important: frozenset[str]) -> list[dict[str, Any]]:
    """Return releases as ticks; a label where another change hangs on the version and there is room for it."""
    low, high = state.axis.shown
    free_from = float("-inf")
    ticks = []
    for change in sorted(releases, key=lambda row: row.started_at):
        at = state.axis.hours(change.started_at)
        if not low <= at < high:
            continue
        version = change.carried_by_version or change.title
        pixel = (at - low) / state.axis.hours_a_pixel
        matters = version in important
        shown = matters and pixel >= free_from and pixel + text_width(version, 11) < state.axis.pixels
        if shown:
            free_from = pixel + text_width(version, 11) + RUG_APART
        ticks.append(
            {
                "id": change.pk,
                "at": round(at, 3),
                "version": version,
                "matters": matters,
                "label": version if shown else "",
                "says": f"{version}, client release, {moment(change.started_at, state.zone)}",
            }
        )
    return ticks
