"""A case and the people who look at it."""

import pytest
from django.test import Client

from incidents.core.access import Role
from incidents.response.models import Incident
from tests.factories import make_incident, make_user

BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def incident() -> Incident:
    return make_incident()


@pytest.fixture
def reader(client: Client, incident: Incident) -> Client:
    client.force_login(make_user(Role.SUPPORT, product=incident.product), backend=BACKEND)
    return client


@pytest.fixture
def engineer(client: Client, incident: Incident) -> Client:
    client.force_login(make_user(Role.ENGINEER, product=incident.product), backend=BACKEND)
    return client
