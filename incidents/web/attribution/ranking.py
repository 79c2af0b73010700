"""A run as the page shows it: attributed changes, sets that cannot be told apart, rises, and what is not supported."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from incidents.attribution.queries import PairWays, Rise, StoredFindings, StoredOpenRise
from incidents.changes.enums import ChangeKind
from incidents.charts import labels
from incidents.stats.attribution.findings import ChangeFinding, Estimate, Separation, SymptomExcess
from incidents.web.attribution.evidence import number
from incidents.web.presenters.ways import way as remedy
from incidents.web.segments import segment_query

if TYPE_CHECKING:
    from incidents.changes.models import Change
    from incidents.response.models import CandidateChange

VERDICTS = {
    "contributing": ("Attributed", "bad", "target"),
    "ambiguous": ("Cannot tell", "warn", "split"),
    "not supported": ("Not supported", "", "circle-dashed"),
}
NO_SYMPTOM = "No symptom stated"
# How many times the tickets may at most be asked for: above, a number would promise what nobody can collect.
_MOST_TICKETS = 50.0
# A symptom gets a column where it is this part of some change's excess.
_COLUMN_SHARE = 0.05
_SEEN = 0.05  # probability from which an unsupported change is shown with its doubt


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One change with what the run says of it and what people decided."""

    change_id: int
    title: str
    kind: str
    colour: int
    finding: ChangeFinding
    decision: "CandidateChange | None"
    in_log: bool
    reason: str = ""

    @property
    def verdict(self) -> tuple[str, str, str]:
        """Words, tone and icon of the verdict."""
        return VERDICTS[self.finding.verdict]

    @property
    def lag_seconds(self) -> float | None:
        """Typical delay from exposure to complaint, to the full hour below two days, else to the day."""
        hours = self.finding.lag_hours
        if hours is None:
            return None
        return _rounded(hours)

    @property
    def half_life_seconds(self) -> float | None:
        """Time after which the effect has faded to half, rounded likewise."""
        hours = self.finding.half_life_hours
        return None if hours is None else _rounded(hours)

    @property
    def verdict_sentence(self) -> str:
        """The verdict with its numbers, in words."""
        return verdict_sentence(self)


def _rounded(hours: float) -> float:
    """Return a length of time in seconds, to the full hour below two days, else to the day."""
    step = 24 if hours >= 48 else 1
    return max(1, round(hours / step)) * step * 3600.0


def verdict_sentence(row: Row) -> str:
    """Return what the run says of a change, as one would say it aloud."""
    f = row.finding
    if f.verdict == "contributing":
        excess = labels.interval(f.excess.value, f.excess.low, f.excess.high)
        share = labels.share(f.share.value, f.share.low, f.share.high)
        return f"The run attributes {excess} complaints to this change, {share} of all in the window."
    if f.verdict == "ambiguous" and f.indistinguishable_from:
        return (
            f"Cannot tell: it is {labels.percent(f.set_probability)} likely that this change or one that looks just "
            f"like it in these data raised complaints; {labels.percent(f.probability)} that it was this one."
        )
    if f.verdict == "ambiguous":
        return f"Cannot tell: it is {labels.percent(f.probability)} likely that this change raised complaints."
    return f"Not supported. {row.reason} If it raised complaints, then at most about {labels.count(f.excess.high)}."


@dataclass(frozen=True, slots=True, kw_only=True)
class AmbiguousSet:
    """Changes of which one, or several, raised complaints, and nobody can say which."""

    rows: tuple[Row, ...]
    heading: str
    probability: float
    ways: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixRow:
    """One change's excess on each symptom, in the order of the matrix's columns; None where there is none."""

    row: Row
    cells: tuple[SymptomExcess | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RiseRow:
    """A rise without a known cause, in words."""

    rise: Rise
    where: str
    symptom: str
    overlay: str  # the overlay's address, without its path: this window and segment
    record: str  # what a new change would begin with


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRow:
    """A rise whose cause stays open: what fits it, each with its odds, and what is left for all others."""

    rise: StoredOpenRise
    symptom: str
    owners: tuple[tuple[Row, float], ...]
    rest: float
    overlay: str
    apart: str  # what the page of separations begins with


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """Everything the page lists. `scale` is the common scale of the excess bars."""

    attributed: tuple[Row, ...]
    sets: tuple[AmbiguousSet, ...]
    unsupported: tuple[Row, ...]
    rises: tuple[RiseRow, ...]
    open: tuple[OpenRow, ...]
    unattributed: Estimate
    scale: float
    symptoms: tuple[tuple[str, str], ...]
    matrix: tuple[MatrixRow, ...]
    headline: str


def rank(
    found: StoredFindings,
    *,
    titles: Mapping[str, str],
    changes: "Mapping[int, Change]",
    decisions: "Mapping[int, CandidateChange]",
    symptoms: Iterable[tuple[str, str]],
    n_tickets: int,
) -> Ranking:
    """Arrange a run's findings; `titles` name changes that left the log since, `symptoms` are (key, name)."""
    names = dict(symptoms)
    rows = {one.key: _row(one, titles, changes, decisions) for one in found.changes}
    for rise in found.open_rises:
        for key, _ in rise.owners:
            if key in rows and rows[key].finding.verdict == "not supported":
                rows[key] = replace(rows[key], reason="One of several that fit a rise whose cause stays open.")
    attributed = sorted(
        (row for row in rows.values() if row.finding.verdict == "contributing"), key=lambda r: -r.finding.excess.value
    )
    sets = _sets(rows, found)
    unsupported = sorted(
        (row for row in rows.values() if row.finding.verdict == "not supported"),
        key=lambda r: (-round(r.finding.probability, 2), r.title),
    )
    shown = [*attributed, *(row for one in sets for row in one.rows)]
    highs = [row.finding.excess.high for row in shown] + [found.unattributed.high]
    keys = _symptom_keys(shown, names)
    return Ranking(
        attributed=tuple(attributed),
        sets=sets,
        unsupported=tuple(unsupported),
        rises=tuple(_rise(rise, names) for rise in sorted(found.rises, key=lambda r: -r.excess.value)),
        open=tuple(_open(rise, rows, names) for rise in found.open_rises),
        unattributed=found.unattributed,
        scale=max(*highs, 1.0) if len(highs) > 1 else max(highs[0], 1.0),
        symptoms=tuple((key, names.get(key, symptom_name(key))) for key in keys),
        matrix=tuple(MatrixRow(row=row, cells=_cells(row.finding, keys)) for row in shown),
        headline=_headline(attributed, sets, found.open_rises, len(rows), n_tickets),
    )


def _row(
    finding: ChangeFinding,
    titles: Mapping[str, str],
    changes: "Mapping[int, Change]",
    decisions: "Mapping[int, CandidateChange]",
) -> Row:
    pk = int(finding.key)
    change = changes.get(pk)
    return Row(
        change_id=pk,
        title=change.title if change is not None else titles.get(finding.key, "A change that left the log"),
        kind=ChangeKind(change.kind).label if change is not None else "",
        colour=change.colour if change is not None else 0,
        finding=finding,
        decision=decisions.get(pk),
        in_log=change is not None,
        reason=reason(finding) if finding.verdict == "not supported" else "",
    )


def reason(finding: ChangeFinding) -> str:
    """Return in a few words why a change is not supported: what speaks loudest against it."""
    if not finding.reachable:
        return "Reached no user inside the window."
    against = [item for item in finding.evidence if item.direction == "contradicts"]
    against.sort(key=lambda item: item.log_bayes_factor if item.log_bayes_factor is not None else 0.0)
    words = {
        "prior": "The symptom was there before it",
        "onset": "No rise in its scope when it took effect",
        "scope": "No more complaints in its scope than elsewhere",
        "dose": "Complaints did not follow its rollout",
        "revert": "Complaints did not fall after its end",
        "return": "Complaints did not come back with it",
        "alternative": "Another change explains the same complaints better",
        "metric": "Its metric did not move the wrong way",
        "evaluation": "An evaluation that would have seen a fall saw none",
    }
    if against:
        return f"{words[against[0].kind]}: {number(against[0])}."
    if finding.probability >= _SEEN:
        return "The complaints fit it no better than the background."
    return "No rise that the background does not explain."


def _sets(rows: Mapping[str, Row], told: StoredFindings) -> tuple[AmbiguousSet, ...]:
    """Join ambiguous changes that cannot be told apart into sets, the likeliest first."""
    ambiguous = {key for key, row in rows.items() if row.finding.verdict == "ambiguous"}
    found, seen = [], set()
    for key in sorted(ambiguous, key=lambda k: -rows[k].finding.set_probability):
        if key in seen:
            continue
        members, queue = [], [key]
        while queue:
            one = queue.pop(0)
            if one in seen or one not in ambiguous:
                continue
            seen.add(one)
            members.append(one)
            queue += [other for other in rows[one].finding.indistinguishable_from if other in rows]
        found.append(_set([rows[one] for one in members], told))
    return tuple(found)


def _set(members: list[Row], told: StoredFindings) -> AmbiguousSet:
    members = sorted(members, key=lambda r: (-r.finding.probability, r.title))
    keys = {row.finding.key: row.title for row in members}
    designed = [one for one in told.designs if one.first in keys and one.second in keys]
    known = {frozenset((one.first, one.second)) for one in designed}
    pairs = [
        one
        for one in told.separations
        if one.first in keys and one.second in keys and frozenset((one.first, one.second)) not in known
    ]
    if len(members) == 1:
        heading = "This one, or nothing: the data cannot tell"
    elif len(members) == 2:
        heading = "One of these two: the data cannot tell them apart"
    else:
        heading = f"One or more of these {len(members)}: the data cannot tell them apart"
    return AmbiguousSet(
        rows=tuple(members),
        heading=heading,
        probability=max(row.finding.set_probability for row in members),
        ways=(*(_designed(one, keys) for one in designed), *(way(pair, keys) for pair in pairs)),
    )


def _designed(pair: PairWays, titles: Mapping[str, str]) -> str:
    """Return what would have told two changes apart, each way tried on the case's own design."""
    ways = [remedy(one.kind, one.amount, titles.get(one.change or "", ""), one.segment) for one in pair.ways]
    return (
        f"“{titles[pair.first]}” and “{titles[pair.second]}”: any one of these would tell them apart. {' '.join(ways)}"
    )


def way(pair: Separation, titles: Mapping[str, str]) -> str:
    """Return what would tell two changes apart."""
    first, second = titles.get(pair.first, "one"), titles.get(pair.second, "the other")
    if pair.tickets_factor <= _MOST_TICKETS:
        more = labels.decimal(pair.tickets_factor, 1 if pair.tickets_factor < 10 else 0)
        return (
            f"“{first}” and “{second}”: about {more} times as many complaints would separate them; so would one "
            "segment that gets only one of the two, or rollouts at different speeds."
        )
    return (
        f"“{first}” and “{second}”: no number of complaints would separate them, they reached the same people at "
        "the same time. Hold one of them back in a segment, or end them at different times."
    )


def _symptom_keys(shown: Sequence[Row], names: Mapping[str, str]) -> list[str]:
    """Return the symptoms on which some shown change has an excess worth a column, the largest first."""
    total: dict[str, float] = {}
    for row in shown:
        least = max(0.5, _COLUMN_SHARE * row.finding.excess.value)
        for one in row.finding.symptoms:
            if one.excess.value >= least:
                total[one.symptom] = total.get(one.symptom, 0.0) + one.excess.value
    order = list(names)
    return sorted(total, key=lambda key: (-total[key], order.index(key) if key in names else len(order)))


def _cells(finding: ChangeFinding, keys: Sequence[str]) -> tuple[SymptomExcess | None, ...]:
    by_key = {one.symptom: one for one in finding.symptoms}
    return tuple(by_key.get(key) for key in keys)


def symptom_name(key: str) -> str:
    """Return a name for a symptom that the taxonomy does not hold."""
    return NO_SYMPTOM if key == "unknown" else key.replace("_", " ").capitalize()


def _rise(rise: Rise, names: Mapping[str, str]) -> RiseRow:
    where = " and ".join(f"{dimension}={' or '.join(values)}" for dimension, values in sorted(rise.scope.items()))
    symptom = names.get(rise.symptom, symptom_name(rise.symptom)) if rise.symptom is not None else ""
    segment = segment_query({key: [str(value) for value in values] for key, values in rise.scope.items()})
    length = rise.ends_at - rise.starts_at
    around = max(length / 2, timedelta(days=2))
    window = urlencode({"from": (rise.starts_at - around).isoformat(), "to": (rise.ends_at + around).isoformat()})
    scope = urlencode([(f"scope.{key}", value) for key, values in sorted(rise.scope.items()) for value in values])
    start = urlencode({"started_at": rise.starts_at.isoformat()})
    return RiseRow(
        rise=rise,
        where=where,
        symptom=symptom,
        overlay="&".join(part for part in (window, segment, "layers=1") if part),
        record="&".join(part for part in (start, scope) if part),
    )


def _open(rise: StoredOpenRise, rows: Mapping[str, Row], names: Mapping[str, str]) -> OpenRow:
    first, last = rise.starts_between
    window = urlencode({"from": (first - timedelta(days=7)).isoformat(), "to": (last + timedelta(days=21)).isoformat()})
    owners = tuple((rows[key], share) for key, share in rise.owners if key in rows)
    return OpenRow(
        rise=rise,
        symptom=names.get(rise.symptom, symptom_name(rise.symptom)) if rise.symptom is not None else "",
        owners=owners,
        rest=max(rise.probability - sum(share for _, share in owners), 0.0),
        overlay=f"{window}&layers=1",
        apart=urlencode([("change", row.change_id) for row, _ in owners[:12]]),
    )


def _headline(
    attributed: Sequence[Row],
    sets: Sequence[AmbiguousSet],
    open_rises: Sequence[StoredOpenRise],
    n_changes: int,
    n_tickets: int,
) -> str:
    """Return the run's answer in one sentence, and how much it weighed in another."""
    complaints = labels.plural(n_tickets, "complaint")
    whole = labels.plural(n_changes, "change")
    if not attributed and not sets and not open_rises:
        return f"None of the {whole} is supported by the {complaints} of this case."
    parts = []
    if attributed:
        parts.append(f"{labels.count(len(attributed))} of {whole} {'is' if len(attributed) == 1 else 'are'} attributed")
    if sets:
        n = sum(len(one.rows) for one in sets)
        parts.append(f"{labels.plural(n, 'change')} cannot be told apart from others or from nothing")
    if len(open_rises) == 1:
        excess = labels.count(open_rises[0].excess.value)
        parts.append(f"a rise of about {excess} complaints fits several changes and stays open")
    elif open_rises:
        parts.append(f"{labels.count(len(open_rises))} rises fit several changes and stay open")
    told = "; ".join(parts)
    return f"{told[0].upper()}{told[1:]}. {complaints} were weighed."
