"""Publishing as a job: what is due goes out together with the job's end, so once."""

from celery import shared_task

from incidents.jobs.handlers import JobContext, handles
from incidents.publishing import reminders, scheduling


@handles(scheduling.DUE_JOB)
def publish_due(context: JobContext) -> None:
    """Publish a scheduled revision; what stands in the way is kept with the schedule."""
    with context.finishing() as outcome:
        publication = scheduling.publish_due(schedule_id=context.payload["schedule"])
        outcome["publication"] = publication.pk if publication else None


@handles(reminders.REMIND_JOB)
def remind(context: JobContext) -> None:
    """Write one person's mail about what users were not told."""
    with context.finishing() as outcome:
        outcome["n_items"] = reminders.remind(wish_id=context.payload["wish"])


@shared_task(name="incidents.enqueue_reminders")
def enqueue_reminders() -> None:
    """Ask for each person's mail of the day; asking twice asks once."""
    reminders.enqueue_due()
