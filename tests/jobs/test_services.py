"""The steps of a job's life, one by one, against the real database."""

import datetime as dt
import uuid

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from incidents.jobs import queries, services
from incidents.jobs.enums import JobState, Part
from incidents.jobs.errors import LeaseLost
from incidents.jobs.models import Heartbeat, Job

pytestmark = pytest.mark.django_db
SOON = dt.timedelta(seconds=30)


def held(**more: object) -> tuple[Job, uuid.UUID]:
    """Enqueue a job and claim it."""
    token = uuid.uuid4()
    job = services.enqueue(kind="test.one", **more)  # type: ignore[arg-type]
    claimed = services.claim(job_id=job.pk, token=token)
    assert claimed is not None
    return claimed, token


def test_enqueue_writes_what_was_asked_and_by_whom() -> None:
    user = get_user_model().objects.create_user("mira")
    job = services.enqueue(kind="test.one", payload={"case": 7}, created_by=user)
    stored = Job.objects.get(pk=job.pk)
    assert (stored.kind, stored.payload, stored.created_by_id) == ("test.one", {"case": 7}, user.pk)
    assert (stored.state, stored.attempts, stored.finished_at) == (JobState.QUEUED, 0, None)


def test_enqueue_with_a_known_key_returns_the_first_job_until_that_fails() -> None:
    first = services.enqueue(kind="test.one", idempotency_key="k")
    assert services.enqueue(kind="test.one", idempotency_key="k").pk == first.pk
    assert services.enqueue(kind="test.two", idempotency_key="k").pk != first.pk
    assert services.enqueue(kind="test.one", idempotency_key="other").pk != first.pk

    token = uuid.uuid4()
    services.claim(job_id=first.pk, token=token)
    assert services.enqueue(kind="test.one", idempotency_key="k").pk == first.pk
    services.fail(job_id=first.pk, token=token, message="The bundle is empty.")
    second = services.enqueue(kind="test.one", idempotency_key="k")
    assert second.pk != first.pk

    services.claim(job_id=second.pk, token=token)
    services.finish(job_id=second.pk, token=token, result={})
    assert services.enqueue(kind="test.one", idempotency_key="k").pk == second.pk


def test_jobs_without_a_key_are_never_merged() -> None:
    assert services.enqueue(kind="test.one").pk != services.enqueue(kind="test.one").pk


def test_of_patient_kinds_one_runs_at_a_time_and_the_asked_for_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[int] = []
    monkeypatch.setattr(services, "wake", woken.append)
    patient = {"test.daily"}
    user = get_user_model().objects.create_user("mira")
    first = services.enqueue(kind="test.daily")
    second = services.enqueue(kind="test.daily")
    asked = services.enqueue(kind="test.daily", created_by=user)
    token = uuid.uuid4()
    assert services.claim(job_id=first.pk, token=token, patient=patient) is not None
    assert services.claim(job_id=asked.pk, token=token, patient=patient) is None
    other = services.enqueue(kind="test.one")
    assert services.claim(job_id=other.pk, token=token, patient=patient) is not None
    # Those that wait stay where they are, with no attempt spent.
    waiting = Job.objects.get(pk=asked.pk)
    assert (waiting.state, waiting.attempts) == (JobState.QUEUED, 0)

    services.finish(job_id=first.pk, token=token, result={})
    services.wake_next(patient=patient)
    assert woken == [asked.pk]
    assert services.claim(job_id=asked.pk, token=token, patient=patient) is not None
    services.finish(job_id=asked.pk, token=token, result={})
    services.wake_next(patient=patient)
    assert woken == [asked.pk, second.pk]


def test_many_patient_jobs_do_not_fill_the_sweepers_hands(monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[int] = []
    monkeypatch.setattr(services, "wake", woken.append)
    daily = [services.enqueue(kind="test.daily") for _ in range(3)]
    urgent = services.enqueue(kind="test.one")
    Job.objects.update(woken_at=None)
    assert services.sweep(patient={"test.daily"}) == 2
    assert woken == [urgent.pk, daily[0].pk]


def test_only_one_claims_a_job() -> None:
    job, _ = held()
    assert job.state == JobState.RUNNING
    assert job.attempts == 1
    assert services.claim(job_id=job.pk, token=uuid.uuid4()) is None


def test_a_job_is_not_claimed_before_its_time() -> None:
    job = services.enqueue(kind="test.one")
    Job.objects.filter(pk=job.pk).update(available_at=Now() + SOON)
    assert services.claim(job_id=job.pk, token=uuid.uuid4()) is None


def test_renew_stores_progress_and_moves_the_lease_on() -> None:
    job, token = held()
    Job.objects.filter(pk=job.pk).update(leased_until=Now())
    assert services.renew(job_id=job.pk, token=token, n_done=3, n_total=9, message="Reading tickets") is False
    stored = Job.objects.get(pk=job.pk)
    assert (stored.n_done, stored.n_total, stored.message) == (3, 9, "Reading tickets")
    assert stored.leased_until is not None
    assert Job.objects.filter(pk=job.pk, leased_until__gt=Now() + dt.timedelta(seconds=4)).exists()


def test_the_wrong_token_changes_nothing() -> None:
    job, _ = held()
    stranger = uuid.uuid4()
    with pytest.raises(LeaseLost):
        services.renew(job_id=job.pk, token=stranger)
    with pytest.raises(LeaseLost):
        services.finish(job_id=job.pk, token=stranger, result={"n": 1})
    with pytest.raises(LeaseLost):
        services.fail(job_id=job.pk, token=stranger, message="x")
    assert Job.objects.get(pk=job.pk).state == JobState.RUNNING


def test_finish_stores_the_result_and_lets_go() -> None:
    job, token = held()
    services.finish(job_id=job.pk, token=token, result={"run": 12})
    stored = Job.objects.get(pk=job.pk)
    assert (stored.state, stored.result, stored.lease_token, stored.leased_until) == (
        "succeeded",
        {"run": 12},
        None,
        None,
    )
    assert stored.finished_at is not None
    with pytest.raises(LeaseLost):
        services.finish(job_id=job.pk, token=token, result={})


def test_retry_waits_longer_each_time_and_gives_up_after_the_last_attempt() -> None:
    job, token = held(max_attempts=2)
    services.retry(job=job, token=token, error="ValueError: boom")
    stored = Job.objects.get(pk=job.pk)
    assert (stored.state, stored.error, stored.attempts) == (JobState.QUEUED, "ValueError: boom", 1)
    assert not Job.objects.filter(pk=job.pk, available_at__lte=Now() + dt.timedelta(seconds=1)).exists()

    Job.objects.filter(pk=job.pk).update(available_at=Now())
    second = services.claim(job_id=job.pk, token=token)
    assert second is not None
    services.retry(job=second, token=token, error="ValueError: again")
    assert Job.objects.get(pk=job.pk).state == JobState.DEAD


def test_a_job_given_back_keeps_its_attempts() -> None:
    job, token = held()
    services.give_back(job_id=job.pk, token=token)
    stored = Job.objects.get(pk=job.pk)
    assert (stored.state, stored.attempts) == (JobState.QUEUED, 0)


def test_cancelling_a_waiting_job_ends_it_and_a_running_one_is_asked() -> None:
    waiting = services.enqueue(kind="test.one")
    assert services.request_cancel(job_id=waiting.pk)
    assert Job.objects.get(pk=waiting.pk).state == JobState.CANCELLED
    assert services.claim(job_id=waiting.pk, token=uuid.uuid4()) is None

    running, token = held()
    assert services.request_cancel(job_id=running.pk)
    assert services.renew(job_id=running.pk, token=token) is True
    services.cancel(job_id=running.pk, token=token)
    assert Job.objects.get(pk=running.pk).state == JobState.CANCELLED
    assert services.request_cancel(job_id=running.pk) is False


def test_a_failed_job_runs_again_on_request_unless_another_took_its_place() -> None:
    job, token = held(idempotency_key="k")
    services.fail(job_id=job.pk, token=token, message="x")
    assert services.run_again(job_id=job.pk)
    again = Job.objects.get(pk=job.pk)
    assert (again.state, again.attempts, again.error) == (JobState.QUEUED, 0, "")
    assert not services.run_again(job_id=job.pk)

    services.request_cancel(job_id=job.pk)
    services.enqueue(kind="test.one", idempotency_key="k")
    assert not services.run_again(job_id=job.pk)


def test_sweep_takes_back_what_a_dead_worker_held() -> None:
    lost, token = held()
    alive, _ = held()
    Job.objects.filter(pk=lost.pk).update(leased_until=Now() - dt.timedelta(seconds=1))
    assert services.sweep() == 1
    assert Job.objects.get(pk=lost.pk).state == JobState.QUEUED
    assert Job.objects.get(pk=alive.pk).state == JobState.RUNNING
    with pytest.raises(LeaseLost):
        services.finish(job_id=lost.pk, token=token, result={})
    assert services.sweep() == 0


def test_sweep_gives_up_a_job_that_killed_its_worker_each_time() -> None:
    poison, _ = held(max_attempts=1)
    Job.objects.filter(pk=poison.pk).update(leased_until=Now() - dt.timedelta(seconds=1))
    services.sweep()
    stored = Job.objects.get(pk=poison.pk)
    assert stored.state == JobState.DEAD
    assert "worker ended" in stored.error


def test_sweep_ends_a_lost_job_whose_end_was_asked_for() -> None:
    job, _ = held()
    services.request_cancel(job_id=job.pk)
    Job.objects.filter(pk=job.pk).update(leased_until=Now() - dt.timedelta(seconds=1))
    services.sweep()
    assert Job.objects.get(pk=job.pk).state == JobState.CANCELLED


def test_sweep_repeats_a_wake_up_that_was_lost_but_not_a_fresh_one() -> None:
    job = services.enqueue(kind="test.one")
    assert services.sweep() == 0
    Job.objects.filter(pk=job.pk).update(woken_at=Now() - dt.timedelta(seconds=7))
    assert services.sweep() == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"state": "half"},
        {"kind": ""},
        {"state": "running"},
        {"state": "succeeded"},
        {"attempts": 6},
        {"n_done": 2, "n_total": 1},
        {"lease_token": uuid.UUID(int=1)},
    ],
)
def test_the_database_refuses_a_job_that_cannot_be(fields: dict[str, object]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Job.objects.create(**{"kind": "test.one", **fields})


def test_signs_of_life_count_for_twenty_seconds() -> None:
    assert queries.signs_of_life().worker_seen_at is None
    assert not queries.signs_of_life().worker_alive
    services.record_heartbeat(name="w1", part=Part.WORKER)
    signs = queries.signs_of_life()
    assert signs.worker_alive
    assert not signs.sweeper_alive
    Heartbeat.objects.update(seen_at=Now() - dt.timedelta(seconds=21))
    assert not queries.signs_of_life().worker_alive
    services.forget_silent(after=dt.timedelta(seconds=1))
    assert not Heartbeat.objects.exists()
