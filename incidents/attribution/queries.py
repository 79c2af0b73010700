"""What attribution answers: the evidence of a case, its runs and whether they are up to date, what a run says."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import QuerySet

from incidents.attribution.casefile import Casefile, read_case
from incidents.attribution.designs import PairWays
from incidents.attribution.differences import (
    Difference,
    FindingMoved,
    Moved,
    MovedKind,
    differences_between,
    moved_findings,
    moved_inputs,
)
from incidents.attribution.inputs import case_fingerprint, input_hash, inputs_of
from incidents.attribution.models import AttributionRun
from incidents.attribution.shared import shared_layers
from incidents.attribution.stored import Rise, StoredFindings, StoredLayers, StoredOpenRise, decode, decode_layers
from incidents.attribution.tickets import NOBODY, likeliest_tickets, ticket_probabilities
from incidents.attribution.version import code_version
from incidents.changes.models import Change
from incidents.core.access import Action
from incidents.core.errors import NotThere
from incidents.jobs.models import Job
from incidents.jobs.queries import latest_job
from incidents.response.models import Incident
from incidents.response.queries import incident_for, visible_incidents

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User

__all__ = [
    "NOBODY",
    "Difference",
    "FindingMoved",
    "Moved",
    "MovedKind",
    "PairWays",
    "Rise",
    "Standing",
    "StoredFindings",
    "StoredLayers",
    "StoredOpenRise",
    "case_fingerprint",
    "cells",
    "changes_by_id",
    "differences_between",
    "findings",
    "latest_run",
    "layers",
    "likeliest_tickets",
    "moved_findings",
    "run_for",
    "run_job",
    "runs_of",
    "shared_layers",
    "standing",
    "ticket_probabilities",
    "what_if_answer",
]

RUN_JOB = "attribution.run"
WHAT_IF_JOB = "attribution.what_if"
SENSITIVITY_JOB = "attribution.sensitivity"
# From this many complaints on, telling whether a run is up to date takes longer than a page may: it is asked for apart.
LARGE = 100_000
# Results and archives are large: lists of runs do without them.
_HEAVY = ("result", "cells")


def cells(incident: Incident) -> Casefile:
    """Return the case as sufficient statistics, with the way back from indices to rows."""
    return read_case(incident)


def runs_of(incident: Incident) -> QuerySet[AttributionRun]:
    """Return the runs of a case, the newest first, without their results."""
    return AttributionRun.objects.filter(incident=incident).select_related("created_by").defer(*_HEAVY)


def latest_run(incident: Incident) -> AttributionRun | None:
    """Return the run of the present evidence if there is one, else the newest.

    Evidence may return to an earlier state (an edit taken back): then that state's run speaks again. In large cases
    the newest run is taken without asking.
    """
    known = list(AttributionRun.objects.filter(incident=incident).values_list("pk", "input_hash", "n_tickets"))
    if not known:
        return None
    pk = known[0][0]
    if len({told for _, told, _ in known}) > 1 and known[0][2] <= LARGE:
        present = case_fingerprint(incident)
        pk = next((run for run, told, _ in known if told == present), pk)
    return _run(pk)


def _run(pk: int) -> AttributionRun:
    rows = AttributionRun.objects.select_related("incident__product", "created_by").defer("cells")
    return rows.get(pk=pk)


def run_for(user: "User | AnonymousUser", pk: int) -> AttributionRun:
    """Return one run of a case that the person may see; raise NotThere otherwise."""
    run = AttributionRun.objects.filter(pk=pk, incident__in=visible_incidents(user).values("pk")).defer(*_HEAVY).first()
    if run is None:
        raise NotThere("There is no such run, or it is not yours to see.")
    incident_for(user, run.incident_id, Action.VIEW)
    return _run(pk)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where attribution of a case stands: the run that speaks, what moved since, the job under way.

    Unless `checked`, the run is the newest one and nobody looked whether the evidence moved.
    """

    run: AttributionRun | None
    moved: tuple[Moved, ...]
    engine_moved: bool
    job: Job | None
    checked: bool = True

    @property
    def is_fresh(self) -> bool:
        """Whether the run was made from the present evidence by the present code."""
        return self.checked and self.run is not None and not self.moved and not self.engine_moved


def standing(incident: Incident, *, wait: bool = True) -> Standing:
    """Return where attribution stands at this moment; `wait=False` leaves large cases unchecked."""
    rows = AttributionRun.objects.filter(incident=incident)
    known = list(rows.values_list("pk", "input_hash", "code_version", "n_tickets"))
    job = run_job(incident)
    if not known:
        return Standing(run=None, moved=(), engine_moved=False, job=job)
    if not wait and known[0][3] > LARGE:
        return Standing(run=_run(known[0][0]), moved=(), engine_moved=False, job=job, checked=False)
    inputs = inputs_of(incident)
    present, code = input_hash(inputs), code_version()
    same = [row for row in known if row[1] == present]
    best = next((row for row in same if row[2] == code), (same or known)[0])
    run = _run(best[0])
    moved: tuple[Moved, ...] = ()
    told_otherwise = run.inputs.get("format") != inputs["format"]
    if run.input_hash != present and not told_otherwise:
        # What moves the hash and no member of the list is an edit beyond words: it is still told.
        moved = moved_inputs(run.inputs, inputs) or (Moved(kind=MovedKind.TICKETS),)
    return Standing(run=run, moved=moved, engine_moved=told_otherwise or run.code_version != code, job=job)


def run_job(incident: Incident) -> Job | None:
    """Return the newest job that runs the case's attribution."""
    return latest_job(kind=RUN_JOB, incident=incident.pk)


def what_if_answer(job: Job) -> tuple[StoredFindings, StoredFindings] | None:
    """Return what a finished what-if found: as things are, and as they might have been."""
    if job.kind != WHAT_IF_JOB or not job.result:
        return None
    return decode(job.result["before"]), decode(job.result["after"])


def findings(run: AttributionRun) -> StoredFindings:
    """Return what a run found, change by change; keys are the changes' row ids as text."""
    return decode(run.result)


def layers(run: AttributionRun) -> StoredLayers:
    """Return the expected complaints over time, background and one layer per change, for the overlay."""
    return decode_layers(run.result)


def changes_by_id(ids: Sequence[int]) -> dict[int, Change]:
    """Return changes by their id; those deleted since are missing."""
    return {change.pk: change for change in Change.objects.filter(pk__in=list(ids))}
