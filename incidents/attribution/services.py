"""Running attribution on a case, trying what-ifs, and writing down what people decide of a change."""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction

from incidents.attribution.archive import pack_cells
from incidents.attribution.casefile import Casefile, read_case
from incidents.attribution.inputs import case_fingerprint, input_hash, inputs_of
from incidents.attribution.models import AttributionRun
from incidents.attribution.queries import RUN_JOB
from incidents.attribution.stored import encode
from incidents.attribution.version import code_version
from incidents.catalog.queries import require
from incidents.changes.models import Change
from incidents.core.access import Action
from incidents.core.audit import record_audit
from incidents.core.errors import NotReady, NotThere
from incidents.jobs.enums import JobState
from incidents.jobs.models import Job
from incidents.jobs.services import enqueue
from incidents.response.enums import CandidateStatus
from incidents.response.models import CandidateChange, Incident
from incidents.response.queries import changes_of
from incidents.stats.attribution import Attribution, EvidenceError

if TYPE_CHECKING:
    from django.contrib.auth.models import User

Progress = Callable[[int, int, str], None]
_READ_AGAIN = 3


def silent(n_done: int, n_total: int, message: str) -> None:
    """Report to nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A finished fit that is not stored yet."""

    input_hash: str
    code_version: str
    parameters: Mapping[str, Any]
    inputs: Mapping[str, Any]
    seed: int
    result: Mapping[str, Any]
    cells: bytes
    n_tickets: int
    seconds: float


def known_run(incident: Incident, fingerprint: str) -> AttributionRun | None:
    """Return the run that present code made from the evidence of that hash, if there is one."""
    rows = AttributionRun.objects.filter(incident=incident, input_hash=fingerprint, code_version=code_version())
    return rows.defer("cells").first()


def prepare_run(*, incident: Incident, progress: Progress = silent) -> Prepared | AttributionRun:
    """Read the case and fit it, storing nothing; where the same evidence was fitted before, return that run.

    Raises NotReady where there is nothing to attribute or the evidence contradicts itself.
    """
    began = time.perf_counter()
    progress(0, 100, "Counting complaints")
    inputs, case = _read_steady(incident)
    fingerprint = input_hash(inputs)
    if known := known_run(incident, fingerprint):
        return known
    found = fit(case, progress=progress)
    progress(95, 100, "Writing down what was found")
    settings = case.evidence.settings
    return Prepared(
        input_hash=fingerprint,
        code_version=code_version(),
        parameters=asdict(settings),
        inputs=inputs,
        seed=settings.seed,
        result=encode(case, found, with_ways=True),
        cells=pack_cells(case, found),
        n_tickets=round(case.evidence.n_tickets),
        seconds=round(time.perf_counter() - began, 3),
    )


def _read_steady(incident: Incident) -> tuple[dict[str, Any], Casefile]:
    """Read inputs and evidence of one state: what is written to meanwhile is read again."""
    for _ in range(_READ_AGAIN):
        inputs, case = inputs_of(incident), read_case(incident)
        if case_fingerprint(incident) == input_hash(inputs):
            break
    return inputs, case


def fit(case: Casefile, *, progress: Progress = silent) -> Attribution:
    """Fit one case; raise NotReady where there is nothing to fit."""
    from incidents.stats.attribution import attribute  # the engine is loaded by those who fit, not by web workers

    if not len(case.evidence.cell_count):
        raise NotReady(
            "There are no complaints inside the case's window: import tickets, or widen the window in its settings."
        )
    told = f"Fitting {len(case.changes)} changes to {case.evidence.n_tickets:,.0f} complaints"
    try:
        return attribute(case.evidence, on_progress=lambda share: progress(10 + round(85 * share), 100, told))
    except EvidenceError as error:
        raise NotReady(f"The evidence cannot be fitted: {error}") from error


@transaction.atomic
def store_run(*, incident: Incident, prepared: Prepared, actor: "User | None") -> AttributionRun:
    """Store a finished fit as an immutable run; where another attempt stored the same already, return that one."""
    Incident.objects.select_for_update().only("pk").get(pk=incident.pk)
    if known := known_run(incident, prepared.input_hash):
        return known
    run = AttributionRun.objects.create(
        incident=incident,
        created_by=actor,
        **{name: getattr(prepared, name) for name in Prepared.__dataclass_fields__},
    )
    record_audit(
        actor=actor,
        action="attribution run",
        subject=incident,
        product_id=incident.product_id,
        detail={"run": run.pk, "n_tickets": run.n_tickets, "code_version": run.code_version},
    )
    return run


def run_attribution(*, incident: Incident, actor: "User | None", progress: Progress = silent) -> AttributionRun:
    """Fit a case and store the run, here and now; the same evidence and code give the run that is there already."""
    if actor is not None:
        require(actor, Action.ATTRIBUTE, incident.product)
    prepared = prepare_run(incident=incident, progress=progress)
    if isinstance(prepared, AttributionRun):
        return prepared
    return store_run(incident=incident, prepared=prepared, actor=actor)


def request_run(*, incident: Incident, actor: "User") -> Job:
    """Ask for a run as a job; the same evidence and code give the job that is open or done already."""
    require(actor, Action.ATTRIBUTE, incident.product)
    fingerprint = case_fingerprint(incident)
    key = f"{incident.pk}:{fingerprint}:{code_version()}"
    payload = {"incident": incident.pk}
    job = enqueue(kind=RUN_JOB, payload=payload, idempotency_key=key, created_by=actor)
    if job.state == JobState.SUCCEEDED and known_run(incident, fingerprint) is None:
        # Its run was deleted since: the key must not stand in the way of a new one.
        return enqueue(kind=RUN_JOB, payload=payload, idempotency_key=f"{key}:{job.pk}", created_by=actor)
    return job


@transaction.atomic
def decide_candidate(
    *, incident: Incident, change_id: int, status: CandidateStatus, note: str, actor: "User"
) -> CandidateChange:
    """Write down what a person holds of a change in this case; a note says why.

    Only people who may promote a change do this: the machine's words end at "attributed". Raises NotReady where a
    decision comes without its reason, NotThere where the change is none of this case's.
    """
    require(actor, Action.PROMOTE_CHANGE, incident.product)
    if not changes_of(incident).filter(pk=change_id).exists():
        raise NotThere("There is no such change in this case.")
    if status != CandidateStatus.CANDIDATE and not note.strip():
        raise NotReady("Say in a sentence why: the postmortem and later readers rest on it.")
    change = Change.objects.get(pk=change_id)
    held = CandidateChange.objects.select_for_update().filter(incident=incident, change=change).first()
    before = held.status if held is not None else ""
    row, _ = CandidateChange.objects.update_or_create(
        incident=incident, change=change, defaults={"status": status, "note": note.strip(), "decided_by": actor}
    )
    record_audit(
        actor=actor,
        action="candidate decided",
        subject=incident,
        product_id=incident.product_id,
        detail={"change": change_id, "title": change.title, "before": before, "after": str(status), "note": row.note},
    )
    return row
