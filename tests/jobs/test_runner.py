"""An attempt at a job: how each way it can end is stored, and that effects and end are one transaction."""

import datetime as dt
import threading
from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group
from django.db.models.functions import Now

from incidents.core.errors import WorkbenchError
from incidents.jobs import handlers, runner, services
from incidents.jobs.enums import JobState
from incidents.jobs.errors import JobCancelled
from incidents.jobs.handlers import Handler, JobContext
from incidents.jobs.models import Job

Register = Callable[[str, Handler], None]


def stored(job: Job) -> Job:
    """Read a job anew."""
    return Job.objects.get(pk=job.pk)


@pytest.mark.django_db
def test_what_a_handler_returns_is_the_result(register: Register) -> None:
    register("test.sum", lambda context: {"sum": sum(context.payload["terms"])})
    job = services.enqueue(kind="test.sum", payload={"terms": [2, 3]})
    assert runner.run(job.pk, background=False)
    assert (stored(job).state, stored(job).result) == (JobState.SUCCEEDED, {"sum": 5})
    assert not runner.run(job.pk, background=False)


@pytest.mark.django_db
def test_effects_and_end_are_one_transaction(register: Register) -> None:
    def handler(context: JobContext) -> None:
        with context.finishing() as outcome:
            Group.objects.create(name="kept")
            outcome["n"] = 1

    register("test.write", handler)
    job = services.enqueue(kind="test.write")
    assert runner.run(job.pk, background=False)
    assert stored(job).result == {"n": 1}
    assert Group.objects.filter(name="kept").count() == 1


@pytest.mark.django_db(transaction=True)
def test_an_attempt_that_lost_its_lease_leaves_no_trace(register: Register) -> None:
    def handler(context: JobContext) -> None:
        with context.finishing():
            Group.objects.create(name="must vanish")
            # Meanwhile the sweeper took the job for dead and another worker did it.
            other = threading.Thread(target=steal, args=[context.job_id])
            other.start()
            other.join()

    def steal(job_id: int) -> None:
        from django.db import connection

        Job.objects.filter(pk=job_id).update(leased_until=Now() - dt.timedelta(seconds=1))
        services.sweep()
        connection.close()

    register("test.write", handler)
    job = services.enqueue(kind="test.write")
    assert not runner.run(job.pk, background=False)
    assert not Group.objects.filter(name="must vanish").exists()
    assert stored(job).state == JobState.QUEUED


@pytest.mark.django_db
def test_an_error_for_people_fails_the_job_for_good(register: Register) -> None:
    def handler(context: JobContext) -> None:
        raise WorkbenchError("The bundle has no tickets: add tickets.jsonl.")

    register("test.bad", handler)
    job = services.enqueue(kind="test.bad")
    assert not runner.run(job.pk, background=False)
    assert (stored(job).state, stored(job).error) == (
        JobState.FAILED,
        "The bundle has no tickets: add tickets.jsonl.",
    )


@pytest.mark.django_db
def test_any_other_error_is_tried_again(register: Register) -> None:
    register("test.flaky", lambda context: {"x": 1 // (context.attempt - 1)})
    job = services.enqueue(kind="test.flaky")
    assert not runner.run(job.pk, background=False)
    assert (stored(job).state, stored(job).error.split(":")[0]) == (JobState.QUEUED, "ZeroDivisionError")
    Job.objects.filter(pk=job.pk).update(available_at=Now())
    assert runner.run(job.pk, background=False)
    assert (stored(job).state, stored(job).attempts, stored(job).error) == (JobState.SUCCEEDED, 2, "")


@pytest.mark.django_db
def test_an_error_after_the_end_does_not_undo_it(register: Register) -> None:
    def handler(context: JobContext) -> None:
        with context.finishing() as outcome:
            outcome["n"] = 1
        raise RuntimeError("a notice could not be sent")

    register("test.late", handler)
    job = services.enqueue(kind="test.late")
    runner.run(job.pk, background=False)
    assert (stored(job).state, stored(job).result) == (JobState.SUCCEEDED, {"n": 1})


@pytest.mark.django_db
def test_a_kind_that_nobody_does_fails_with_its_name() -> None:
    job = services.enqueue(kind="test.unknown")
    assert not runner.run(job.pk, background=False)
    assert "'test.unknown'" in stored(job).error


@pytest.mark.django_db
def test_cancel_stops_the_handler_at_its_next_step(register: Register) -> None:
    steps: list[int] = []

    def handler(context: JobContext) -> None:
        for step in range(10):
            if step == 3:
                services.request_cancel(job_id=context.job_id)
            context.progress(step, 10, "Fitting")
            steps.append(step)

    register("test.long", handler)
    job = services.enqueue(kind="test.long")
    assert not runner.run(job.pk, background=False)
    assert steps == [0, 1, 2]
    assert (stored(job).state, stored(job).n_done, stored(job).n_total) == (JobState.CANCELLED, 3, 10)


@pytest.mark.django_db
def test_a_worker_that_is_stopped_gives_the_job_back(register: Register) -> None:
    def handler(context: JobContext) -> None:
        raise SystemExit

    register("test.stopped", handler)
    job = services.enqueue(kind="test.stopped")
    with pytest.raises(SystemExit):
        runner.run(job.pk, background=False)
    assert (stored(job).state, stored(job).attempts) == (JobState.QUEUED, 0)


@pytest.mark.django_db(transaction=True)
def test_progress_and_cancel_pass_while_the_handler_sits_in_a_transaction(register: Register) -> None:
    """The background thread has its own connection: others see the progress before the handler commits."""
    seen: list[int] = []

    def handler(context: JobContext) -> None:
        from django.db import transaction

        with transaction.atomic():
            Group.objects.create(name="uncommitted")
            for step in range(400):
                context.progress(step, 400)
                if step == 0:
                    watcher.start()
                threading.Event().wait(0.02)

    def watch(job_id: int) -> None:
        from django.db import connection

        for _ in range(200):
            n_done = Job.objects.values_list("n_done", flat=True).get(pk=job_id)
            if n_done:
                seen.append(n_done)
                services.request_cancel(job_id=job_id)
                break
            threading.Event().wait(0.02)
        connection.close()

    register("test.transaction", handler)
    job = services.enqueue(kind="test.transaction")
    watcher = threading.Thread(target=watch, args=[job.pk])
    assert not runner.run(job.pk)
    watcher.join()
    assert seen
    assert stored(job).state == JobState.CANCELLED
    assert not Group.objects.filter(name="uncommitted").exists()


def test_a_handler_that_swallows_its_cancel_is_a_mistake_the_type_shows() -> None:
    """JobCancelled is no WorkbenchError: `except WorkbenchError` in a handler must not swallow it."""
    assert not issubclass(JobCancelled, WorkbenchError)


def test_two_handlers_of_one_kind_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handlers, "_handlers", {})
    handlers.handles("test.same")(lambda context: None)
    with pytest.raises(RuntimeError, match=r"test\.same"):
        handlers.handles("test.same")(lambda context: None)
