"""What is special about a selected stretch: counts, symptoms, over-represented segment values, changes in force."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from incidents.catalog.queries import UNKNOWN, symptoms_of
from incidents.changes.queries import Change, is_release, with_rollout
from incidents.charts.ratios import RateRatio, share_ratio
from incidents.response.queries import changes_of
from incidents.tickets.enums import NO_SYMPTOM
from incidents.tickets.queries import segment_counts, segment_patterns, symptom_totals, value_counts
from incidents.web.overlay.lanes import reaches
from incidents.web.overlay.scope import passes
from incidents.web.overlay.state import OverlayState

MOST_VALUES = 8
LEAST_TICKETS = 5  # a value that fewer tickets name is not shown as over-represented


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One symptom or segment value in the selection against the rest of the case's window."""

    name: str
    dimension: str
    value: str
    n: float
    ratio: RateRatio | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What the panel says of a selected stretch."""

    start: dt.datetime
    end: dt.datetime
    n: float
    per_day: float
    rest_per_day: float
    symptoms: list[Standing]
    values: list[Standing]
    changes: list[Change]
    n_releases: int


def selection_of(state: OverlayState, start: dt.datetime, end: dt.datetime) -> Selection:
    """Compare a stretch with the rest of the case's window, under the page's filter and clock."""
    incident = state.incident
    everything = state.complaints(incident.starts_at, incident.ends_at)
    inside = state.complaints(start, end)
    here, all_counts = segment_counts(inside), segment_counts(everything)
    n, total = sum(here.values()), sum(all_counts.values())
    days = (end - start) / dt.timedelta(days=1)
    rest_days = (incident.ends_at - incident.starts_at) / dt.timedelta(days=1) - days
    in_force = [
        change
        for change in with_rollout(changes_of(incident))
        if change.started_at < end and (change.ended_at is None or change.ended_at > start)
    ]
    shown = [change for change in in_force if not is_release(change) and reaches(change, state.chosen)]
    return Selection(
        start=start,
        end=end,
        n=n,
        per_day=n / days,
        rest_per_day=(total - n) / rest_days if rest_days > 1e-6 else 0.0,
        symptoms=_symptoms(state, symptom_totals(inside), symptom_totals(everything)),
        values=_values(state, here, all_counts),
        changes=shown,
        n_releases=sum(is_release(change) and change.started_at >= start for change in in_force),
    )


def _ratio(here: float, n: float, everywhere: float, total: float) -> RateRatio | None:
    rest = total - n
    return share_ratio(here, n, max(everywhere - here, 0.0), rest) if n > 0 and rest > 0 else None


def _symptoms(state: OverlayState, here: Mapping[int, float], everywhere: Mapping[int, float]) -> list[Standing]:
    names = {row.pk: (row.key, row.name) for row in symptoms_of(state.incident.product)}
    names[NO_SYMPTOM] = ("", "No symptom yet")
    n, total = sum(here.values()), sum(everywhere.values())
    return [
        Standing(
            name=names[pk][1],
            dimension="",
            value=names[pk][0],
            n=amount,
            ratio=_ratio(amount, n, everywhere.get(pk, 0.0), total),
        )
        for pk, amount in here.items()
        if pk in names and amount > 0
    ][:MOST_VALUES]


def _values(state: OverlayState, here: Mapping[int, float], everywhere: Mapping[int, float]) -> list[Standing]:
    """Return values that the selection names more often than the rest does, the surest first."""
    patterns = segment_patterns(list(everywhere))
    found = []
    for key, name, _ in state.dimensions:
        inside, overall = value_counts(here, patterns, key), value_counts(everywhere, patterns, key)
        # Tickets that do not say are left out of both sides: silence is not a value.
        n = sum(amount for value, amount in inside.items() if value != UNKNOWN)
        total = sum(amount for value, amount in overall.items() if value != UNKNOWN)
        for value, amount in inside.items():
            if value == UNKNOWN or amount < LEAST_TICKETS:
                continue
            ratio = _ratio(amount, n, overall[value], total)
            if ratio is not None and ratio.low > 1.0:
                found.append(Standing(name=name, dimension=key, value=value, n=amount, ratio=ratio))
    return sorted(found, key=lambda one: -(one.ratio.low if one.ratio else 0.0))[:MOST_VALUES]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facet:
    """One dimension of the segment filter: its values with the complaints that choosing each would show."""

    key: str
    name: str
    values: tuple[tuple[str, float, bool], ...]  # (value, complaints, chosen); UNKNOWN last
    n_chosen: int


def facets(state: OverlayState) -> list[Facet]:
    """Return the filter's dimensions; each one's counts respect the choices made in the others."""
    everything = state.complaints()
    unfiltered = type(everything)(
        product=everything.product, start=everything.start, end=everything.end, clock=everything.clock
    )
    counts = segment_counts(unfiltered)
    patterns = segment_patterns(list(counts))
    found = []
    for key, name, known in state.dimensions:
        others = {dimension: values for dimension, values in state.chosen.items() if dimension != key}
        passing = {segment: amount for segment, amount in counts.items() if passes(patterns.get(segment, {}), others)}
        amounts = value_counts(passing, patterns, key)
        chosen = set(state.chosen.get(key, []))
        extra = sorted(set(amounts) - set(known) - {UNKNOWN})
        values = tuple((value, float(amounts[value]), value in chosen) for value in (*known, *extra, UNKNOWN))
        found.append(Facet(key=key, name=name, values=values, n_chosen=len(chosen)))
    return found


def chosen_words(state: OverlayState) -> Sequence[tuple[str, str, str]]:
    """Return the filter as (dimension key, its name, what is chosen in words)."""
    names = {key: name for key, name, _ in state.dimensions}
    return [
        (key, names[key], ", ".join(value or "not stated" for value in values)) for key, values in state.chosen.items()
    ]
