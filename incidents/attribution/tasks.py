"""Attribution as a job: what is computed may be computed again, what is stored is stored once."""

from typing import Any

from django.contrib.auth import get_user_model

from incidents.attribution import scenarios, sensitivity, services
from incidents.attribution.models import AttributionRun
from incidents.attribution.queries import RUN_JOB, SENSITIVITY_JOB, WHAT_IF_JOB
from incidents.core.errors import NotThere
from incidents.jobs.handlers import JobContext, handles
from incidents.response.models import Incident


def _incident(context: JobContext) -> Incident:
    incident = Incident.objects.select_related("product").filter(pk=context.payload["incident"]).first()
    if incident is None:
        raise NotThere("The case is gone.")
    return incident


@handles(RUN_JOB)
def run(context: JobContext) -> None:
    """Fit a case and store the run together with the job's end."""
    incident = _incident(context)
    prepared = services.prepare_run(incident=incident, progress=context.progress)
    actor = get_user_model().objects.filter(pk__in=[context.created_by_id or 0]).first()
    with context.finishing() as outcome:
        made = (
            prepared
            if isinstance(prepared, AttributionRun)
            else services.store_run(incident=incident, prepared=prepared, actor=actor)
        )
        outcome["run"] = made.pk


@handles(WHAT_IF_JOB)
def what_if(context: JobContext) -> dict[str, Any]:
    """Fit a case as it might have been; the answer stays with the job and is no run."""
    incident = _incident(context)
    scenario = scenarios.read_scenario(context.payload["scenario"])
    return scenarios.what_if(incident=incident, scenario=scenario, progress=context.progress)


@handles(SENSITIVITY_JOB)
def vary(context: JobContext) -> dict[str, Any]:
    """Fit a case under other assumptions; the answer stays with the job and is no run."""
    return sensitivity.vary(incident=_incident(context), progress=context.progress)
