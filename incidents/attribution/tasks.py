"""Attribution as a job: what is computed may be computed again, what is stored is stored once."""

from django.contrib.auth import get_user_model

from incidents.attribution import services
from incidents.attribution.models import AttributionRun
from incidents.attribution.queries import RUN_JOB
from incidents.core.errors import NotThere
from incidents.jobs.handlers import JobContext, handles
from incidents.response.models import Incident


@handles(RUN_JOB)
def run(context: JobContext) -> None:
    """Fit a case and store the run together with the job's end."""
    incident = Incident.objects.select_related("product").filter(pk=context.payload["incident"]).first()
    if incident is None:
        raise NotThere("The case is gone.")
    prepared = services.prepare_run(incident=incident, progress=context.progress)
    actor = get_user_model().objects.filter(pk__in=[context.created_by_id or 0]).first()
    with context.finishing() as outcome:
        made = (
            prepared
            if isinstance(prepared, AttributionRun)
            else services.store_run(incident=incident, prepared=prepared, actor=actor)
        )
        outcome["run"] = made.pk
