"""Telling a worker that a job waits. Never more than a hint: the sweeper repeats what got lost."""

import contextlib
import logging
import os
import threading
import time

from celery import current_app
from kombu import Connection
from kombu.exceptions import KombuError

logger = logging.getLogger(__name__)

RUN_JOB = "incidents.run_job"
# A wake-up that nobody took by then is dropped: the sweeper has sent another.
_EXPIRES_SECONDS = 12
_TIMEOUT_SECONDS = 1.0
# After a failure, for how long this process does not try again: a request must not wait for a hanging broker each time.
_SILENCE_SECONDS = 5.0
_silent_until = 0.0
_own = threading.local()


def wake(job_id: int) -> bool:
    """Tell a worker; return whether that worked. It takes at most about a second and raises nothing."""
    global _silent_until  # noqa: PLW0603 - one mark per process is the point
    if time.monotonic() < _silent_until:
        return False
    connection = _connection()
    try:
        current_app.send_task(
            RUN_JOB,
            args=[job_id],
            connection=connection,
            retry=False,
            ignore_result=True,
            expires=_EXPIRES_SECONDS,
        )
    except _expected(connection) as error:
        _silent_until = time.monotonic() + _SILENCE_SECONDS
        _forget_connection()
        logger.warning("Job %s waits for the sweeper: the broker does not answer (%s).", job_id, error)
        return False
    return True


def broker_answers() -> bool:
    """Ask the broker itself; it takes at most about two seconds and raises nothing."""
    connection = _connection()
    try:
        channel = connection.default_channel
        client = getattr(channel, "client", None)
        if client is not None:
            client.ping()
    except _expected(connection) as error:
        _forget_connection()
        logger.warning("The broker does not answer: %s", error)
        return False
    return True


def _expected(connection: Connection) -> tuple[type[BaseException], ...]:
    return (OSError, KombuError, *connection.connection_errors, *connection.channel_errors)


def _connection() -> Connection:
    """Return this thread's own connection, with short time-outs; a forked process starts afresh."""
    if getattr(_own, "process", None) != os.getpid():
        options = {
            **(current_app.conf.broker_transport_options or {}),
            "socket_timeout": _TIMEOUT_SECONDS,
            "socket_connect_timeout": _TIMEOUT_SECONDS,
            "max_retries": 1,
            "interval_start": 0,
        }
        _own.connection = Connection(current_app.conf.broker_url, transport_options=options)
        _own.process = os.getpid()
    connection: Connection = _own.connection
    return connection


def _forget_connection() -> None:
    """Let go of a connection that failed; the next wake-up opens another."""
    connection = _connection()
    _own.process = None
    with contextlib.suppress(Exception):
        connection.release()
