"""Writing the public site's files: at once when it changed, and whenever they are found out of date."""

from celery import shared_task

from incidents.jobs.handlers import JobContext, handles
from incidents.publishing.site import WRITE_JOB
from incidents.web.public import written


@handles(WRITE_JOB)
def write_site(_context: JobContext) -> dict[str, int]:
    """Write the files of a change; nothing to do where a later change's job was faster."""
    return {"n_addresses": written.write_site()}


@shared_task(name="incidents.check_public_site")
def check_site() -> None:
    """Look whether the files are those of the present site and release."""
    written.check_site()
