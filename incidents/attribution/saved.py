"""What-ifs that somebody kept under a name: the question, the answer, and the evidence that it was asked of."""

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import QuerySet

from incidents.attribution.inputs import case_fingerprint
from incidents.attribution.models import SavedScenario
from incidents.attribution.queries import WHAT_IF_JOB
from incidents.attribution.scenarios import Scenario, read_scenario
from incidents.attribution.stored import StoredFindings, decode
from incidents.attribution.version import code_version
from incidents.catalog.queries import require
from incidents.core.access import Action
from incidents.core.audit import record_audit
from incidents.core.errors import NotReady, NotThere
from incidents.jobs.enums import JobState
from incidents.jobs.models import Job
from incidents.response.models import Incident

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MOST_NAME = 120


def saved_scenarios(incident: Incident) -> QuerySet[SavedScenario]:
    """Return the kept what-ifs of a case, the newest first, without their answers."""
    return SavedScenario.objects.filter(incident=incident).select_related("created_by").defer("answer")


def saved_scenario(incident: Incident, pk: int) -> SavedScenario:
    """Return one kept what-if of the case; raise NotThere otherwise."""
    row = SavedScenario.objects.filter(incident=incident, pk=pk).select_related("created_by").first()
    if row is None:
        raise NotThere("This case keeps no such scenario.")
    return row


def scenario_of(row: SavedScenario) -> Scenario:
    """Return the question of a kept what-if."""
    return read_scenario(row.scenario)


def answer_of(row: SavedScenario) -> tuple[StoredFindings, StoredFindings]:
    """Return the answer of a kept what-if: as things were, and as they might have been."""
    return decode(row.answer["before"]), decode(row.answer["after"])


@transaction.atomic
def keep_scenario(*, incident: Incident, job: Job, name: str, actor: "User") -> SavedScenario:
    """Keep a finished what-if under a name of its own in the case.

    Raises NotReady where the fit is not done, or the name is empty or taken, NotThere where the job is another case's.
    """
    require(actor, Action.ATTRIBUTE, incident.product)
    if job.kind != WHAT_IF_JOB or job.payload.get("incident") != incident.pk:
        raise NotThere("This case has no such what-if.")
    if job.state != JobState.SUCCEEDED or not job.result:
        raise NotReady("The fit has not finished: keep it once its answer is there.")
    told = " ".join(name.split())[:MOST_NAME]
    if not told:
        raise NotReady("Give the scenario a name.")
    Incident.objects.select_for_update().only("pk").get(pk=incident.pk)
    if SavedScenario.objects.filter(incident=incident, name=told).exists():
        raise NotReady(f"A scenario “{told}” is kept already: choose another name.")
    answer: dict[str, Any] = {name: job.result[name] for name in ("before", "after")}
    row = SavedScenario.objects.create(
        incident=incident,
        name=told,
        scenario=job.payload["scenario"],
        answer=answer,
        input_hash=case_fingerprint(incident),
        code_version=code_version(),
        created_by=actor,
    )
    _audit("scenario kept", row, actor)
    return row


@transaction.atomic
def forget_scenario(*, incident: Incident, pk: int, actor: "User") -> str:
    """Delete a kept what-if and return its name."""
    require(actor, Action.ATTRIBUTE, incident.product)
    row = saved_scenario(incident, pk)
    name = row.name
    _audit("scenario forgotten", row, actor)
    row.delete()
    return name


def _audit(action: str, row: SavedScenario, actor: "User") -> None:
    record_audit(
        actor=actor,
        action=action,
        subject=row.incident,
        product_id=row.incident.product_id,
        detail={"scenario": row.pk, "name": row.name},
    )
