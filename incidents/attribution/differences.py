"""How two runs, or a run and the present, differ: which inputs moved, and which verdicts and numbers with them."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from incidents.attribution.inputs import SILENT
from incidents.attribution.models import AttributionRun
from incidents.attribution.stored import StoredFindings, decode
from incidents.stats.attribution.findings import ChangeFinding

# A change counts as back-dated when it was recorded this long after it took effect.
BACK_DATED_AFTER = dt.timedelta(days=1)
# Below this share of the larger of the two numbers, and this many tickets, an excess counts as unmoved.
_SAME_SHARE = 0.02
_SAME_TICKETS = 1.0


class MovedKind(StrEnum):
    """What moved among the inputs."""

    CHANGE_ADDED = "change added"
    CHANGE_EDITED = "change edited"
    CHANGE_REMOVED = "change removed"
    TICKETS = "tickets"
    LABELS = "labels"
    USAGE = "usage"
    METRICS = "metrics"
    EVALUATIONS = "evaluations"
    PUBLICITY = "publicity"
    WINDOW = "window"
    SYMPTOMS = "symptoms"
    ENGINE = "engine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """One input that moved.

    `change` is the row's id, with its `title`, the fields that were edited as (name, before, after), and, where it
    was entered late, the times at which it took effect and was recorded. `n_before` and `n_after` count rows.
    """

    kind: MovedKind
    change: int | None = None
    title: str = ""
    fields: tuple[tuple[str, Any, Any], ...] = ()
    back_dated: tuple[dt.datetime, dt.datetime] | None = None
    n_before: float | None = None
    n_after: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingMoved:
    """A change whose verdict or excess differs; None where a run does not know it."""

    change: int
    before: ChangeFinding | None
    after: ChangeFinding | None

    @property
    def verdict_moved(self) -> bool:
        """Whether the verdict, and not only a number, differs."""
        return (self.before and self.before.verdict) != (self.after and self.after.verdict)

    @property
    def matters(self) -> bool:
        """Whether one of the runs supports the change at all."""
        return any(one is not None and one.verdict != "not supported" for one in (self.before, self.after))


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How a later run differs from an earlier one."""

    inputs: tuple[Moved, ...]
    findings: tuple[FindingMoved, ...]
    before: StoredFindings
    after: StoredFindings


def moved_inputs(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Moved, ...]:
    """Return what moved between two states of the evidence (`inputs.inputs_of`), as far as they can be compared."""
    if before.get("format") != after.get("format"):
        return ()
    moved = _moved_changes(before["changes"], after["changes"])
    one, other = before["tickets"], after["tickets"]
    if (one["n"], one["weight"]) != (other["n"], other["weight"]):
        moved.append(Moved(kind=MovedKind.TICKETS, n_before=one["weight"], n_after=other["weight"]))
    elif one["digest"] != other["digest"]:
        moved.append(Moved(kind=MovedKind.LABELS, n_before=one["n_labels"], n_after=other["n_labels"]))
    tables = ((MovedKind.USAGE, "usage"), (MovedKind.METRICS, "metrics"), (MovedKind.EVALUATIONS, "evaluations"))
    for kind, name in tables:
        if before[name] != after[name]:
            moved.append(Moved(kind=kind, n_before=before[name]["n"], n_after=after[name]["n"]))
    if before["publicity"] != after["publicity"]:
        moved.append(
            Moved(kind=MovedKind.PUBLICITY, n_before=len(before["publicity"]), n_after=len(after["publicity"]))
        )
    if before["symptoms"] != after["symptoms"]:
        moved.append(Moved(kind=MovedKind.SYMPTOMS, n_before=len(before["symptoms"]), n_after=len(after["symptoms"])))
    fields = _edited(before["window"], after["window"])
    if fields:
        moved.append(Moved(kind=MovedKind.WINDOW, fields=fields))
    return tuple(moved)


def _edited(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[tuple[str, Any, Any], ...]:
    names = [name for name in {**before, **after} if name not in SILENT and before.get(name) != after.get(name)]
    return tuple((name, before.get(name), after.get(name)) for name in names)


def _moved_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Moved]:
    moved = []
    for key, change in after.items():
        if key not in before:
            late = _back_dated(change)
            moved.append(Moved(kind=MovedKind.CHANGE_ADDED, change=int(key), title=change["title"], back_dated=late))
        elif fields := _edited(before[key], change):
            moved.append(Moved(kind=MovedKind.CHANGE_EDITED, change=int(key), title=change["title"], fields=fields))
    return moved + [
        Moved(kind=MovedKind.CHANGE_REMOVED, change=int(key), title=change["title"])
        for key, change in before.items()
        if key not in after
    ]


def _back_dated(change: Mapping[str, Any]) -> tuple[dt.datetime, dt.datetime] | None:
    started, recorded = (
        dt.datetime.fromisoformat(change["started_at"]),
        dt.datetime.fromisoformat(change["discovered_at"] or change["recorded_at"]),
    )
    return (started, recorded) if recorded - started > BACK_DATED_AFTER else None


def moved_findings(before: StoredFindings, after: StoredFindings) -> tuple[FindingMoved, ...]:
    """Return the changes of which two runs say something else: moved verdicts first, then the largest shifts."""
    one = {finding.key: finding for finding in before.changes}
    other = {finding.key: finding for finding in after.changes}
    moved = []
    for key in {**one, **other}:
        pair = FindingMoved(change=int(key), before=one.get(key), after=other.get(key))
        if pair.verdict_moved or (pair.matters and _shift(pair) > 0):
            moved.append(pair)
    return tuple(sorted(moved, key=lambda pair: (not pair.verdict_moved, -_shift(pair))))


def _shift(pair: FindingMoved) -> float:
    before = pair.before.excess.value if pair.before else 0.0
    after = pair.after.excess.value if pair.after else 0.0
    far = abs(after - before)
    return 0.0 if far <= max(_SAME_TICKETS, _SAME_SHARE * max(before, after)) else far


def differences_between(before: AttributionRun, after: AttributionRun) -> Difference:
    """Return how a later run differs from an earlier one of the same case."""
    inputs = moved_inputs(before.inputs, after.inputs)
    if before.code_version != after.code_version:
        fields = (("code_version", before.code_version, after.code_version),)
        inputs = (*inputs, Moved(kind=MovedKind.ENGINE, fields=fields))
    one, other = decode(before.result), decode(after.result)
    return Difference(inputs=inputs, findings=moved_findings(one, other), before=one, after=other)
