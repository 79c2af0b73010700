"""A job for workers that are to be killed in the middle of it; started by test_recovery.py."""

import time

from django.contrib.auth.models import Group

from incidents.jobs.handlers import JobContext, handles


@handles("test.slow")
def slow(context: JobContext) -> None:
    """Work for `seconds`, then leave one row per effect, named after the attempt."""
    n_steps = int(context.payload["seconds"] * 20)
    for step in range(n_steps):
        context.progress(step, n_steps, "Working")
        time.sleep(0.05)
    with context.finishing() as outcome:
        Group.objects.create(name=f"effect of job {context.job_id}, attempt {context.attempt}")
        outcome["attempt"] = context.attempt


@handles("test.patient", patient=True)
def patient(context: JobContext) -> None:
    """Do the same as work that nobody sits before."""
    slow(context)
