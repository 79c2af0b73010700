"""/healthz and /readyz: what they answer, in how much time, and to whom they say what."""

import datetime as dt
import time

import pytest
from django.db import connections
from django.db.models.functions import Now
from django.test import Client

from incidents.api import health
from incidents.jobs import services
from incidents.jobs.enums import Part
from incidents.jobs.models import Heartbeat


@pytest.fixture
def worker_alive(transactional_db: None) -> None:
    """Leave a fresh sign of life of a worker and of the sweeper."""
    services.record_heartbeat(name="w", part=Part.WORKER)
    services.record_heartbeat(name="s", part=Part.SWEEPER)


@pytest.fixture
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody listen where the broker should."""
    from celery import current_app

    from incidents.jobs import wake

    monkeypatch.setattr(current_app.conf, "broker_url", "redis+socket:///nonexistent/broker.sock")
    monkeypatch.setattr(wake, "_own", type(wake._own)())


def test_healthz_asks_nothing(client: Client, django_assert_num_queries: object) -> None:
    """Without the `db` mark any query would fail the test."""
    response = client.get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok\n")


def test_readyz_is_ready_when_all_parts_are(client: Client, worker_alive: None, broker: str) -> None:
    response = client.get("/readyz")
    assert response.json() == {
        "status": "ready",
        "parts": dict.fromkeys(("database", "broker", "migrations", "worker", "scheduler"), "ok"),
    }
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]


def test_readyz_misses_a_worker_that_fell_silent(client: Client, worker_alive: None, broker: str) -> None:
    Heartbeat.objects.filter(part=Part.WORKER).update(seen_at=Now() - dt.timedelta(seconds=25))
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response["Retry-After"] == "5"
    assert response.json()["parts"] == {
        "database": "ok",
        "broker": "ok",
        "migrations": "ok",
        "worker": "silent",
        "scheduler": "ok",
    }


def test_readyz_does_not_fail_for_the_scheduler_alone(client: Client, worker_alive: None, broker: str) -> None:
    """Workers sweep where the scheduler does not."""
    Heartbeat.objects.filter(part=Part.SWEEPER).delete()
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json()["parts"]["scheduler"] == "silent"


def test_readyz_misses_the_broker_soon(client: Client, worker_alive: None, no_broker: None) -> None:
    began = time.monotonic()
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["parts"]["broker"] == "unreachable"
    assert time.monotonic() - began < 3


def test_readyz_sees_migrations_that_wait(
    client: Client, worker_alive: None, broker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = health._known_migrations()
    monkeypatch.setattr(health, "_known_migrations", lambda: known | {("incidents", "9999_of_the_next_release")})
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["parts"]["migrations"] == "pending"


def test_readyz_misses_the_database_without_telling_strangers_where_it_is(
    client: Client, transactional_db: None, broker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {**connections["default"].settings_dict, "HOST": "/nonexistent-socket-folder"}
    monkeypatch.setitem(connections.settings, "default", settings)
    # A thread that has asked before keeps the address it knows.
    monkeypatch.setattr(health, "_checks", health._Checks())
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["parts"]["database"] == "unreachable"
    assert b"nonexistent" not in response.content


def test_readyz_answers_in_time_when_a_check_hangs(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    checks = health._Checks()
    monkeypatch.setattr(health, "_checks", checks)
    monkeypatch.setattr(health, "_check_all", lambda: time.sleep(1.5) or {})
    monkeypatch.setattr(health, "_SECONDS", 0.2)
    began = time.monotonic()
    answers = [client.get("/readyz") for _ in range(3)]
    assert time.monotonic() - began < 1.2
    assert {answer.status_code for answer in answers} == {503}
    assert answers[0].json()["parts"]["database"] == "no answer in time"
    checks._executor.shutdown()


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_only_reading_is_allowed(client: Client, path: str) -> None:
    assert client.post(path).status_code == 405
