"""The quick statement says of every combination of roles, restriction and duties what the long way says."""

from itertools import product as combinations

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from psycopg import Connection

from incidents.catalog.models import Membership
from incidents.core.access import Role
from incidents.core.errors import NotThere
from incidents.response.models import IncidentRole
from incidents.response.queries import visible_version
from incidents.response.quick import Session, ask, verified_session, version_for
from tests.factories import make_incident, make_product, make_ticket, make_user

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"


def raw() -> "Connection[object]":
    connection.ensure_connection()
    assert connection.connection is not None
    return connection.connection


def session_of(client: Client, user: User) -> Session:
    client.force_login(user, backend=BACKEND)
    session = verified_session(client.session.session_key or "")
    assert session is not None
    return session


def the_long_way(user: User, pk: int) -> int | None:
    try:
        return visible_version(User.objects.get(pk=user.pk), pk)
    except NotThere:
        return None


def test_it_says_what_the_long_way_says(client: Client) -> None:
    incident = make_incident()
    make_ticket(incident.product, "slow")
    other = make_product()
    user = make_user()
    session = session_of(client, user)
    answers = []
    held = [None, incident.product, other, "everywhere"]
    for is_superuser, is_restricted, has_duty, where, role in combinations(
        (False, True), (False, True), (False, True), held, (Role.SUPPORT, Role.ADMINISTRATOR)
    ):
        User.objects.filter(pk=user.pk).update(is_superuser=is_superuser)
        type(incident).objects.filter(pk=incident.pk).update(restricted=is_restricted)
        IncidentRole.objects.filter(user=user).delete()
        if has_duty:
            IncidentRole.objects.create(incident=incident, user=user, duty="lead")
        Membership.objects.filter(user=user).delete()
        if where is not None:
            Membership.objects.create(user=user, product=None if isinstance(where, str) else where, role=role)
        answers.append(ask(raw(), session, incident.pk))
        assert answers[-1] == the_long_way(user, incident.pk), (is_superuser, is_restricted, has_duty, where, role)
    assert answers.count(None) > 10
    assert len(answers) - answers.count(None) > 10


def test_an_administrator_of_the_product_and_a_helper_of_another_is_one_person(client: Client) -> None:
    incident = make_incident(restricted=True)
    user = make_user(Role.SUPPORT, product=incident.product)
    session = session_of(client, user)
    assert ask(raw(), session, incident.pk) is None
    Membership.objects.create(user=user, product=make_product(), role=Role.ADMINISTRATOR)
    assert ask(raw(), session, incident.pk) is None
    Membership.objects.create(user=user, product=incident.product, role=Role.ADMINISTRATOR)
    assert ask(raw(), session, incident.pk) == the_long_way(user, incident.pk)


def test_only_a_session_that_django_would_take_is_verified(client: Client) -> None:
    user = make_user(Role.SUPPORT)
    session_of(client, user)
    key = client.session.session_key or ""
    assert verified_session(key + "x") is None
    user.set_password("another long password")
    user.save()
    assert verified_session(key) is None


def test_inside_a_transaction_nothing_is_said(client: Client) -> None:
    """A statement that fails would take the transaction with it."""
    incident = make_incident()
    session = session_of(client, make_user(Role.SUPPORT, product=incident.product))
    assert version_for(session, incident.pk) is None
    assert ask(raw(), session, incident.pk) is not None
