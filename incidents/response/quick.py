"""One prepared statement that says whether a signed-in person may view a case, and the version of its data.

Everything that signs a person out or takes a case away is a condition of it: the session's row with its very content
and its end, the person's password and activity, the memberships, the case's restriction and its people. What it does
not confirm is no refusal: the caller asks the long way, which knows why. `visible_incidents` says the same in the ORM;
a test compares the two over all combinations.
"""

import datetime as dt
from dataclasses import dataclass
from threading import local
from typing import Any

import psycopg
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.utils.crypto import constant_time_compare
from psycopg import pq

_NAME = b"workbench_version_for_session"
_STATEMENT = b"""
    SELECT coalesce((SELECT sum(n) FROM incidents_datamark WHERE product_id = i.product_id), 0)::bigint
    FROM django_session s
    JOIN auth_user u ON u.id = $3::int AND u.password = $4::text AND u.is_active
    JOIN incidents_incident i ON i.id = $5::bigint
    WHERE s.session_key = $1::text AND s.session_data = $2::text AND s.expire_date > now()
      AND (u.is_superuser OR EXISTS (
          SELECT FROM incidents_membership m
          WHERE m.user_id = u.id AND (m.product_id = i.product_id OR m.product_id IS NULL)
            AND (NOT i.restricted OR m.role = 'administrator' OR EXISTS (
                SELECT FROM incidents_incidentrole d WHERE d.incident_id = i.id AND d.user_id = u.id))))
"""
_prepared = local()


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session whose content was verified: it holds as long as the rows say exactly the same."""

    key: bytes
    content: bytes
    user_id: bytes
    password: bytes


def verified_session(key: str) -> Session | None:
    """Verify a session as Django does: its end, its content's signature, backend, person and password's mark."""
    row = (
        SessionStore.get_model_class().objects.filter(session_key=key, expire_date__gt=dt.datetime.now(dt.UTC)).first()
    )
    if row is None:
        return None
    told = SessionStore().decode(row.session_data)
    if told.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return None
    user = get_user_model().objects.filter(pk=told.get(SESSION_KEY, 0), is_active=True).first()
    if user is None or not constant_time_compare(told.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash()):
        return None
    return Session(
        key=key.encode(),
        content=row.session_data.encode(),
        user_id=str(user.pk).encode(),
        password=user.password.encode(),
    )


def version_for(session: Session, incident_id: int) -> int | None:
    """Return the version of the case's data where the session's person may view it now; None wherever that is unsure.

    Asks on this thread's own connection, which must be open and outside of a transaction, by one message there and
    one back: no loop, no adaptation of types.
    """
    raw = connection.connection
    if raw is None or raw.closed or raw.pgconn.transaction_status != pq.TransactionStatus.IDLE:
        return None
    try:
        return ask(raw, session, incident_id)
    except psycopg.Error:  # Django opens a new connection
        return None


def ask(raw: psycopg.Connection[Any], session: Session, incident_id: int) -> int | None:
    """Ask over a connection of this thread's; None where the statement gives no row."""
    if getattr(_prepared, "connection", None) is not raw:
        _checked(raw.pgconn.prepare(_NAME, _STATEMENT), pq.ExecStatus.COMMAND_OK)
        _prepared.connection = raw
    values = [session.key, session.content, session.user_id, session.password, b"%d" % incident_id]
    found = _checked(raw.pgconn.exec_prepared(_NAME, values), pq.ExecStatus.TUPLES_OK)
    return int(found.get_value(0, 0) or 0) if found.ntuples else None


def _checked(result: pq.abc.PGresult, status: pq.ExecStatus) -> pq.abc.PGresult:
    if result.status != status:
        raise psycopg.OperationalError(result.error_message.decode("utf-8", "replace"))
    return result
