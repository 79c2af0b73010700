"""Two sides of the complaints: a change's scope against the rest, or the filtered segment against another one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from incidents.changes.queries import Change
from incidents.charts import axis as time_axis
from incidents.charts.contrast import Gap, Rate, Side, contrast, gap_over, is_per_use, rates_of
from incidents.charts.labels import plural
from incidents.charts.palette import change_token
from incidents.charts.typed import Numbers, float32
from incidents.core.errors import NotThere
from incidents.metrics.use import use_in_bins, use_table
from incidents.response.queries import changes_of
from incidents.tickets.queries import counts_by_segment, segment_patterns
from incidents.web.overlay.scope import passes, side_of
from incidents.web.overlay.state import OverlayState

# Bins are wider than elsewhere: an interval needs complaints.
PIXELS_A_BIN = 12
SEGMENT_COLOUR = "--accent"
SCOPE_SIDES = ("In its scope", "Outside it")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sides:
    """Two sides over some bins, what they are called, and how many complaints tell of neither."""

    first: Side
    second: Side
    n_unknown: float
    title: str
    change: Change | None


def contrast_payload(state: OverlayState) -> dict[str, Any]:
    """Return both sides as a figure with the words beside it, on bins of its own."""
    change = None if state.versus else contrasted_change(state)
    dimensions = set(change.scope) if change is not None else {*state.chosen, *state.versus}
    table = use_table(state.incident.product, dimensions)
    finest = max(state.finest, table.cadence)
    bins = time_axis.bins_over(state.axis, time_axis.bin_step(state.axis, finest=finest, pixels_a_bin=PIXELS_A_BIN))
    sides = _by_scope(state, change, bins) if change is not None else _by_segments(state, bins)
    if table:
        sides = _with_use(state, sides, table.patterns, bins)
    before = None if change is None else bins.hours[1:] <= state.axis.hours(change.started_at)
    rates = rates_of(sides.first, sides.second, bins, before)
    per_use = is_per_use(sides.first, sides.second)
    return {
        "figure": contrast(sides.first, sides.second, rates, bins),
        "rows": 1,
        "contrast": {
            "title": sides.title,
            "unit": _unit(change, per_use=per_use),
            "binName": bins.name,
            "counts": {side.role: round(float(side.counts.sum()), 1) for side in (sides.first, sides.second)},
            "edges": float32(bins.hours),
        },
        "legend": [*_differences(state, sides, rates, bins, per_use=per_use), *_left_out(sides)],
    }


def _unit(change: Change | None, *, per_use: bool) -> str:
    if per_use:
        return "complaints per 1,000 uses"
    since = "before the change" if change is not None else "over the window"
    return f"use is not counted for both: each side against its own mean {since} (1)"


def _by_scope(state: OverlayState, change: Change, bins: time_axis.Bins) -> _Sides:
    counts, patterns = _per_pattern(state, bins, state.segment_ids)
    found = {name: np.zeros(bins.n) for name in ("inside", "outside", "unknown")}
    for segment, values in counts.items():
        found[side_of(patterns.get(segment, {}), change.scope)] += values
    token = change_token(change.colour)
    return _Sides(
        first=Side(name=SCOPE_SIDES[0], counts=found["inside"], use=None, colour=token, role="exposed"),
        second=Side(name=SCOPE_SIDES[1], counts=found["outside"], use=None, colour="--ink-2", role="unexposed"),
        n_unknown=float(found["unknown"].sum()),
        title=change.title,
        change=change,
    )


def _by_segments(state: OverlayState, bins: time_axis.Bins) -> _Sides:
    """Count the filtered segment and the one it is compared with; a complaint may be in both."""
    counts, patterns = _per_pattern(state, bins, None)
    sides = []
    for wanted, colour, role in ((state.chosen, SEGMENT_COLOUR, "exposed"), (state.versus, "--ink-2", "unexposed")):
        mine = [values for segment, values in counts.items() if passes(patterns.get(segment, {}), wanted)]
        total = np.sum(mine, axis=0) if mine else np.zeros(bins.n)
        sides.append(Side(name=segment_words(state, wanted), counts=total, use=None, colour=colour, role=role))
    first, second = sides
    return _Sides(first=first, second=second, n_unknown=0.0, title=f"{first.name} against {second.name}", change=None)


def _per_pattern(
    state: OverlayState, bins: time_axis.Bins, ids: list[int] | None
) -> tuple[dict[int, Numbers], Mapping[int, Mapping[str, str]]]:
    """Return complaints per bin by segment pattern, and what each pattern states."""
    spread = state.zone if bins.step < time_axis.DAY else None
    wanted = replace(state.complaints(bins.edges[0], bins.edges[-1]), segment_ids=ids)
    counts = counts_by_segment(wanted, bins.edges, spread_days=spread)
    return counts, segment_patterns(list(counts))


def segment_words(state: OverlayState, wanted: Mapping[str, Sequence[str]]) -> str:
    """Return a segment filter in a few words."""
    names = {key: name for key, name, _ in state.dimensions}
    told = [
        f"{names.get(key, key)} {' or '.join(value or 'not stated' for value in values)}"
        for key, values in wanted.items()
    ]
    return ", ".join(told) or "All complaints"


def _with_use(
    state: OverlayState, sides: _Sides, patterns: Mapping[int, Mapping[str, str]], bins: time_axis.Bins
) -> _Sides:
    """Add use to both sides, where some of either is counted."""
    product = state.incident.product
    if sides.change is not None:
        told = {pk: side_of(pattern, sides.change.scope) for pk, pattern in patterns.items()}
        ids = [[pk for pk, where in told.items() if where == wanted] for wanted in ("inside", "outside")]
    else:
        ids = [[pk for pk, one in patterns.items() if passes(one, wanted)] for wanted in (state.chosen, state.versus)]
    if not all(ids):
        return sides
    first, second = (use_in_bins(product, some, bins.edges) for some in ids)
    return replace(sides, first=replace(sides.first, use=first), second=replace(sides.second, use=second))


def _differences(
    state: OverlayState, sides: _Sides, rates: tuple[Rate, Rate], bins: time_axis.Bins, *, per_use: bool
) -> list[str]:
    """Return the mean difference before, during and after the change, or over the view, with its interval."""
    head = "Difference per 1,000 uses" if per_use else "Difference"
    if sides.change is None:
        spans = [("over the view", np.ones(bins.n, dtype=bool))]
    else:
        start = state.axis.hours(sides.change.started_at)
        end = np.inf if sides.change.ended_at is None else state.axis.hours(sides.change.ended_at)
        first, last = bins.hours[:-1], bins.hours[1:]
        spans = [
            ("before it", last <= start),
            ("in force", (first >= start) & (last <= end)),
            ("after it", first >= end),
        ]
    found = [(name, gap_over(rates, bins, chosen)) for name, chosen in spans]
    return [head, *(f"{name}: {gap_words(gap)}" for name, gap in found if gap is not None)]


def gap_words(gap: Gap) -> str:
    """Return a difference with its sign and interval: "+0.42 [0.30 to 0.54]"."""
    digits = 2 if abs(gap.value) < 10 else 1
    return f"{gap.value:+.{digits}f} [{gap.low:.{digits}f} to {gap.high:.{digits}f}]".replace("-", "\N{MINUS SIGN}")


def _left_out(sides: _Sides) -> list[str]:
    n = round(sides.n_unknown)
    return [f"{plural(n, 'complaint')} that {'does' if n == 1 else 'do'} not say: left out"] if n else []


def contrasted_change(state: OverlayState) -> Change:
    """Return the change whose scope is set against the rest; raise NotThere where the case has none such."""
    change = changes_of(state.incident).filter(pk=state.contrast or 0).first()
    if change is None:
        raise NotThere("That change is not part of this case.")
    return change
