"""What-ifs: the case fitted as it might have been, one change left out or moved. Nothing is stored but the answer."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from incidents.attribution.casefile import read_case
from incidents.attribution.inputs import case_fingerprint
from incidents.attribution.queries import WHAT_IF_JOB
from incidents.attribution.services import Progress, fit, known_run, silent
from incidents.attribution.stored import encode
from incidents.catalog.queries import require
from incidents.changes.models import Change
from incidents.core.access import Action
from incidents.core.errors import NotReady, NotThere
from incidents.jobs.models import Job
from incidents.jobs.services import enqueue
from incidents.response.models import Incident
from incidents.response.queries import changes_of

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One change left out, or with another start, end or scope; None leaves a member as it is.

    `lag_hours` lets what it does to complaints set in, and wear off, so many hours later.
    """

    change: int
    leave_out: bool = False
    started_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None
    scope: Mapping[str, Sequence[str]] | None = None
    lag_hours: float = 0.0

    def told(self) -> dict[str, Any]:
        """Return the scenario as a job's payload holds it."""
        return {
            "change": self.change,
            "leave_out": self.leave_out,
            "started_at": None if self.started_at is None else self.started_at.isoformat(),
            "ended_at": None if self.ended_at is None else self.ended_at.isoformat(),
            "scope": None if self.scope is None else {name: list(values) for name, values in self.scope.items()},
            "lag_hours": self.lag_hours,
        }


def read_scenario(told: Mapping[str, Any]) -> Scenario:
    """Return what `Scenario.told` wrote."""
    started, ended = (
        None if told[name] is None else dt.datetime.fromisoformat(told[name]) for name in ("started_at", "ended_at")
    )
    return Scenario(
        change=told["change"],
        leave_out=told["leave_out"],
        started_at=started,
        ended_at=ended,
        scope=told["scope"],
        lag_hours=told.get("lag_hours", 0.0),
    )


def adjusted(changes: list[Change], scenario: Scenario) -> list[Change]:
    """Return the log as it might have been; rows are changed in memory alone, a rollout moves with its start."""
    if scenario.leave_out:
        return [change for change in changes if change.pk != scenario.change]
    for change in changes:
        if change.pk != scenario.change:
            continue
        days = set(change.day_fields)
        if scenario.started_at is not None:
            shift = scenario.started_at - change.started_at
            for step in change.rollout_steps.all():
                step.at += shift
            change.started_at = scenario.started_at
            days.discard("started_at")
        if scenario.ended_at is not None:
            change.ended_at = scenario.ended_at
            days.discard("ended_at")
        if scenario.scope is not None:
            change.scope = {name: list(values) for name, values in scenario.scope.items()}
        change.day_fields = sorted(days)
        if change.ended_at is not None and change.ended_at < change.started_at:
            raise NotReady("The end would lie before the start: move both.")
        if scenario.lag_hours:
            _delay(change, dt.timedelta(hours=scenario.lag_hours))
    return changes


def _delay(change: Change, lag: dt.timedelta) -> None:
    for step in change.rollout_steps.all():
        step.at += lag
    change.started_at += lag
    if change.ended_at is not None:
        change.ended_at += lag


def what_if(*, incident: Incident, scenario: Scenario, progress: Progress = silent) -> dict[str, Any]:
    """Fit the case as it is and as it might have been; return both, without layers and checks."""
    known = known_run(incident, case_fingerprint(incident))
    if known is not None:
        before = dict(known.result)
    else:
        progress(0, 100, "Fitting the case as it is")
        case = read_case(incident)
        before = encode(case, fit(case, progress=lambda done, whole, text: progress(done // 2, whole, text)))
    start = 0 if known is not None else 50
    progress(start, 100, "Fitting it as it might have been")
    case = read_case(incident, adjust=lambda changes: adjusted(changes, scenario))
    found = fit(case, progress=lambda done, whole, _: progress(start + done * (100 - start) // 100, whole, ""))
    return {"before": _slim(before), "after": _slim(encode(case, found)), "scenario": scenario.told()}


def _slim(result: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in result.items() if name != "layers"}
    return kept | {"changes": [one | {"evidence": []} for one in result["changes"]]}


def request_what_if(*, incident: Incident, scenario: Scenario, actor: "User") -> Job:
    """Ask for a what-if as a job. Raises NotThere where the change is none of this case's."""
    require(actor, Action.ATTRIBUTE, incident.product)
    if not changes_of(incident).filter(pk=scenario.change).exists():
        raise NotThere("There is no such change in this case.")
    return enqueue(kind=WHAT_IF_JOB, payload={"incident": incident.pk, "scenario": scenario.told()}, created_by=actor)
