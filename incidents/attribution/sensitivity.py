"""How much of a case's answer hangs on assumptions: the same case fitted under others, one at a time."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from incidents.attribution.casefile import Casefile, read_case
from incidents.attribution.inputs import case_fingerprint
from incidents.attribution.queries import SENSITIVITY_JOB
from incidents.attribution.services import Progress, fit, silent
from incidents.attribution.stored import encode
from incidents.attribution.version import code_version
from incidents.catalog.queries import require
from incidents.core.access import Action
from incidents.jobs.models import Job
from incidents.jobs.services import enqueue
from incidents.response.models import Incident

if TYPE_CHECKING:
    from django.contrib.auth.models import User

# The part of the window that is left out at either end.
_TRIM = 0.15
# How far the use of a segment is put off: to two thirds, or to one and a half.
_OFF = float(np.log(1.5))


def _settings(**values: Any) -> Callable[[Casefile], Casefile]:
    """Return what fits a case with other priors or switches."""

    def vary(case: Casefile) -> Casefile:
        settings = replace(case.evidence.settings, **values)
        return replace(case, evidence=replace(case.evidence, settings=settings))

    return vary


def _without_usage(case: Casefile) -> Casefile:
    return replace(case, evidence=replace(case.evidence, usage=None, usage_total=None, usage_over_time=()))


def _other_weights(seed: int) -> Callable[[Casefile], Casefile]:
    """Return what fits a case with the use of every segment off by half, up or down, each in its own way."""

    def vary(case: Casefile) -> Casefile:
        usage = case.evidence.usage
        if usage is None:
            return case
        off = np.exp(_OFF * np.random.default_rng(seed).choice([-1.0, 1.0], len(usage.share)))
        return replace(case, evidence=replace(case.evidence, usage=replace(usage, share=usage.share * off)))

    return vary


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One assumption put otherwise; `trim` shortens the window by a part of its length (start, end)."""

    key: str
    name: str
    apply: Callable[[Casefile], Casefile] = lambda case: case
    trim: tuple[float, float] = (0.0, 0.0)


VARIANTS = (
    Variant(key="as_it_is", name="As it is"),
    Variant(key="rare", name="One change in ten does harm", apply=_settings(inclusion=0.1)),
    Variant(key="frequent", name="Every second change does harm", apply=_settings(inclusion=0.5)),
    Variant(key="at_once", name="Complaints come within hours", apply=_settings(lags=(4.0,), use_reporting=False)),
    Variant(key="late", name="Complaints come after days", apply=_settings(lags=(72.0,), use_reporting=False)),
    Variant(key="lasting", name="No effect fades", apply=_settings(half_lives=(0.0,))),
    Variant(key="no_metrics", name="Without the metrics", apply=_settings(use_metrics=False)),
    Variant(key="no_usage", name="Without counts of use", apply=_without_usage),
    Variant(key="weights", name="Use of each segment off by half", apply=_other_weights(1)),
    Variant(key="other_weights", name="Off by half the other way", apply=_other_weights(2)),
    Variant(key="no_evaluations", name="Without the evaluations", apply=_settings(use_evaluations=False)),
    Variant(key="later_start", name="Without the first weeks of the window", trim=(_TRIM, 0.0)),
    Variant(key="earlier_end", name="Without the last weeks of the window", trim=(0.0, _TRIM)),
)


def _trimmed(incident: Incident, trim: tuple[float, float]) -> Incident:
    """Return the case with a shorter window, in memory alone."""
    length = incident.ends_at - incident.starts_at
    shorter = copy.copy(incident)
    shorter.starts_at = incident.starts_at + trim[0] * length
    shorter.ends_at = incident.ends_at - trim[1] * length
    return shorter


def vary(*, incident: Incident, progress: Progress = silent) -> dict[str, Any]:
    """Fit the case under each assumption; return what each says of each change."""
    case = read_case(incident)
    answers = []
    for number, variant in enumerate(VARIANTS):
        begun = number * 100 // len(VARIANTS)
        progress(begun, 100, variant.name)
        mine = case if variant.trim == (0.0, 0.0) else read_case(_trimmed(incident, variant.trim))
        if not len(mine.evidence.cell_count):
            continue
        mine = variant.apply(mine)
        result = encode(mine, fit(mine, progress=_within(progress, begun, variant.name)))
        answers.append({"key": variant.key, "name": variant.name, **_kept(result)})
    return {"variants": answers}


def _within(progress: Progress, begun: int, name: str) -> Progress:
    """Return a report of one fit that stands still for the reader, and still hears when somebody asks for the end."""
    return lambda _done, _total, _message: progress(begun, 100, name)


def _kept(result: Mapping[str, Any]) -> dict[str, Any]:
    members = ("change", "verdict", "probability", "excess", "share")
    return {
        "changes": [{name: one[name] for name in members} for one in result["changes"]],
        "unattributed": result["unattributed"]["excess"],
    }


def request_sensitivity(*, incident: Incident, actor: "User") -> Job:
    """Ask for the fits as a job; the same evidence and code give the job that is open or done already."""
    require(actor, Action.ATTRIBUTE, incident.product)
    return enqueue(
        kind=SENSITIVITY_JOB,
        payload={"incident": incident.pk},
        idempotency_key=f"{incident.pk}:{case_fingerprint(incident)}:{code_version()}",
        created_by=actor,
    )
