"""Publishing as a job: what is due goes out together with the job's end, so once."""

from incidents.jobs.handlers import JobContext, handles
from incidents.publishing import scheduling


@handles(scheduling.DUE_JOB)
def publish_due(context: JobContext) -> None:
    """Publish a scheduled revision; what stands in the way is kept with the schedule."""
    with context.finishing() as outcome:
        publication = scheduling.publish_due(schedule_id=context.payload["schedule"])
        outcome["publication"] = publication.pk if publication else None
