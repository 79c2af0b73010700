"""A killed worker: its job is done once, and soon. Real broker, real worker, real kill."""

import datetime as dt
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import Group
from django.db.models.functions import Now

from incidents.jobs import queries, services
from incidents.jobs.enums import JobState, Part
from incidents.jobs.models import Heartbeat, Job
from tests.conftest import WorkerStarter

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
INCLUDE = "tests.jobs.slow_work"


def wait_for(question: Callable[[], bool], *, seconds: float, what: str) -> float:
    """Wait until the answer is yes; return how long it took."""
    began = time.monotonic()
    while not question():
        assert time.monotonic() - began < seconds, f"{what}: not within {seconds:.0f} s"
        time.sleep(0.05)
    return time.monotonic() - began


def is_working(job: Job) -> bool:
    """Say whether a worker is in the middle of the job."""
    return Job.objects.filter(pk=job.pk, state=JobState.RUNNING, n_done__gt=0).exists()


def is_done(job: Job) -> bool:
    """Say whether the job succeeded."""
    return Job.objects.filter(pk=job.pk, state=JobState.SUCCEEDED).exists()


def kill_whole_worker(worker: "subprocess.Popen[bytes]") -> None:
    """Kill the worker and all its children at once."""
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()


def test_a_wake_up_alone_gets_a_job_done(start_worker: WorkerStarter) -> None:
    # As if somebody swept all the time, so that this worker never does: nothing but the wake-up can start the job.
    Heartbeat.objects.create(name="sweeper", part=Part.SWEEPER, seen_at=Now() + dt.timedelta(hours=1))
    start_worker(include=INCLUDE)
    job = services.enqueue(kind="test.slow", payload={"seconds": 0})
    wait_for(lambda: is_done(job), seconds=40, what="a job with a living worker")
    assert queries.signs_of_life().worker_alive


def test_what_people_wait_for_passes_long_work_that_nobody_waits_for(start_worker: WorkerStarter) -> None:
    start_worker(include=INCLUDE, concurrency=2, beat=True)
    long = [services.enqueue(kind="test.patient", payload={"seconds": 4}) for _ in range(3)]
    wait_for(lambda: any(is_working(job) for job in long), seconds=40, what="the first long job")
    short = services.enqueue(kind="test.slow", payload={"seconds": 0})
    wait_for(lambda: is_done(short), seconds=40, what="the short job")
    assert sum(is_done(job) for job in long) < 2
    assert Job.objects.filter(kind="test.patient", state=JobState.RUNNING).count() <= 1
    wait_for(lambda: all(is_done(job) for job in long), seconds=60, what="the long jobs, one after another")


def test_a_killed_workers_job_is_done_once_within_fifteen_seconds_of_the_restart(start_worker: WorkerStarter) -> None:
    worker = start_worker(include=INCLUDE, beat=True)
    job = services.enqueue(kind="test.slow", payload={"seconds": 1.5})
    wait_for(lambda: is_working(job), seconds=30, what="the first attempt")
    kill_whole_worker(worker)
    assert not is_done(job)

    began = time.monotonic()
    start_worker(include=INCLUDE, beat=True)
    wait_for(lambda: is_done(job), seconds=15 - (time.monotonic() - began), what="the second attempt")
    assert Job.objects.get(pk=job.pk).result == {"attempt": 2}
    # The broker may deliver the first wake-up again later: nothing may come of it.
    time.sleep(1)
    assert list(Group.objects.values_list("name", flat=True)) == [f"effect of job {job.pk}, attempt 2"]


def test_a_killed_child_costs_one_attempt_and_no_effect(start_worker: WorkerStarter) -> None:
    worker = start_worker(include=INCLUDE, beat=True)
    job = services.enqueue(kind="test.slow", payload={"seconds": 1.5})
    wait_for(lambda: is_working(job), seconds=30, what="the first attempt")
    for child in children_of(worker.pid):
        os.kill(child, signal.SIGKILL)
    wait_for(lambda: is_done(job), seconds=40, what="the second attempt")
    assert Group.objects.filter(name__startswith="effect of job").count() == 1


def test_a_stopped_worker_gives_its_job_back_at_once(
    start_worker: WorkerStarter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REMAP_SIGTERM", "SIGQUIT")
    worker = start_worker(include=INCLUDE)
    job = services.enqueue(kind="test.slow", payload={"seconds": 60})
    wait_for(lambda: is_working(job), seconds=30, what="the first attempt")
    worker.send_signal(signal.SIGTERM)
    worker.wait(timeout=30)
    stored = Job.objects.get(pk=job.pk)
    assert (stored.state, stored.attempts, stored.lease_token) == (JobState.QUEUED, 0, None)
    assert not queries.signs_of_life().worker_alive


def test_jobs_written_while_the_broker_had_lost_everything_are_done(start_worker: WorkerStarter, broker: str) -> None:
    import redis

    jobs = [services.enqueue(kind="test.slow", payload={"seconds": 0}) for _ in range(20)]
    client = redis.Redis(unix_socket_path=broker.removeprefix("redis+socket://"))
    client.flushall()
    client.close()
    start_worker(include=INCLUDE, beat=True, concurrency=2)
    wait_for(lambda: all(map(is_done, jobs)), seconds=20, what="twenty jobs whose wake-ups were lost")
    assert Group.objects.filter(name__startswith="effect of job").count() == len(jobs)


def children_of(pid: int) -> list[int]:
    """Return the processes that a process forked."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
