"""Kept answers given before Django runs: the same bytes and headers, and never to whom Django would not give them."""

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.handlers.wsgi import WSGIHandler
from django.test import Client
from django.utils import timezone

from incidents.catalog.models import Membership
from incidents.core.access import Role
from incidents.response.models import Incident
from incidents.web.overlay.front import KeptFirst
from tests.factories import make_incident, make_ticket, make_user
from tests.web.overlay.conftest import BACKEND

# The quick way asks outside of transactions, as servers do.
pytestmark = pytest.mark.django_db(transaction=True)
Answer = tuple[str, list[tuple[str, str]], bytes]
Ask = Callable[..., Answer]


class Server:
    """Django behind what is tested, counting what comes through to it."""

    def __init__(self, settings: Any) -> None:
        settings.ALLOWED_HOSTS = ["workbench.test", "other.test"]
        self.django = WSGIHandler()
        self.n_calls = 0
        self.front = KeptFirst(self._counted)

    def _counted(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        self.n_calls += 1
        answer: Iterable[bytes] = self.django(environ, start)
        return answer

    def ask(self, path: str, *, front: bool = True, query: str = "", method: str = "GET", **headers: str) -> Answer:
        environ: dict[str, Any] = {"PATH_INFO": path, "QUERY_STRING": query, "REQUEST_METHOD": method}
        environ |= {"HTTP_HOST": "workbench.test", "HTTP_ACCEPT_ENCODING": "gzip"} | headers
        setup_testing_defaults(environ)
        told: list[Any] = []
        body = (self.front if front else self.django)(environ, lambda *given: told.append(given))
        return told[0][0], told[0][1], b"".join(body)

    def passed_on(self, *arguments: Any, **more: Any) -> str:
        """Ask; return the status if Django was asked, else what is no status."""
        before = self.n_calls
        status = self.ask(*arguments, **more)[0]
        return status if self.n_calls > before else "answered before Django"


def test_kept_answers_are_djangos_and_every_loss_of_a_right_is_seen_at_once(client: Client, settings: Any) -> None:
    incident = make_incident()
    make_ticket(incident.product, "slow")
    user = make_user(Role.SUPPORT, product=incident.product)
    client.force_login(user, backend=BACKEND)
    server = Server(settings)
    path = f"/cases/{incident.pk}/overlay.json"
    cookie = {"HTTP_COOKIE": f"a=b; {settings.SESSION_COOKIE_NAME}={client.session.session_key}"}

    _forms_are_djangos(server, path, cookie)
    _only_the_plain_case_is_quick(server, path, cookie)

    def quick() -> str:
        return server.passed_on(path, **cookie)

    def again() -> None:
        quick()
        assert quick() == "answered before Django"

    again()
    make_ticket(incident.product, "slow")
    assert quick() == "200 OK", "something was written: the numbers are made anew"
    again()
    for lose, give_back in _losses(user, incident, client.session.session_key or ""):
        lose()
        status = quick()
        assert status[:3] in ("302", "404"), (lose.__doc__, status)
        assert quick()[:3] in ("302", "404")
        give_back()
        again()
    client.logout()
    assert quick()[:3] == "302"


def _forms_are_djangos(server: Server, path: str, cookie: dict[str, str]) -> None:
    """Each form comes from Django once, then before Django, with the same status, headers and bytes."""
    tag = dict(server.ask(path, **cookie)[1])["ETag"]
    for form in (
        {},
        {"HTTP_ACCEPT_ENCODING": "identity"},
        {"HTTP_IF_NONE_MATCH": tag},
        {"HTTP_IF_NONE_MATCH": "W/" + tag},
    ):
        server.ask(path, **cookie | form)
        before = server.n_calls
        given = server.ask(path, **cookie | form)
        assert server.n_calls == before
        status, headers, body = server.ask(path, front=False, **cookie | form)
        assert (given[0], sorted(given[1]), given[2]) == (status, sorted(headers), body)
        assert {"Content-Security-Policy", "X-Frame-Options", "X-Content-Type-Options"} <= dict(headers).keys()
        assert body or status.startswith("304")


def _only_the_plain_case_is_quick(server: Server, path: str, cookie: dict[str, str]) -> None:
    (both,) = cookie.values()
    for more in (
        {"method": "HEAD"},
        {"method": "POST"},
        {"query": "view=multiples"},
        {"HTTP_HOST": "other.test"},
        {"HTTP_HOST": "evil.test"},
        {"HTTP_HOST": ""},
        {"HTTP_COOKIE": ""},
        {"HTTP_COOKIE": both + "x"},
        {"HTTP_COOKIE": f"{both}; {both}"},
    ):
        assert server.passed_on(path, **cookie | more) != "answered before Django", more
    assert server.passed_on(path.replace("/overlay", "0/overlay"), **cookie)[:3] == "404"


def _losses(user: User, incident: Incident, key: str) -> list[tuple[Callable[[], object], Callable[[], object]]]:
    """Return what takes the right away, and what gives it back."""
    people, cases = User.objects.filter(pk=user.pk), Incident.objects.filter(pk=incident.pk)
    sessions = Session.objects.filter(session_key=key)
    row = sessions.get()
    password = user.password
    later, earlier = row.expire_date, timezone.now() - dt.timedelta(seconds=1)
    held = Membership.objects.get(user=user)

    def old_password() -> None:
        """Django deletes the session that a new password has ended."""
        people.update(password=password)
        row.save()

    def moved() -> None:
        """The same key with another content, as after signing in anew."""
        sessions.update(session_data="x" + row.session_data)

    return [
        (lambda: people.update(is_active=False), lambda: people.update(is_active=True)),
        (lambda: people.update(password="pbkdf2_sha256$1$a$b"), old_password),
        (lambda: sessions.update(expire_date=earlier), lambda: sessions.update(expire_date=later)),
        (moved, lambda: sessions.update(session_data=row.session_data)),
        (sessions.delete, row.save),
        (held.delete, held.save),
        (lambda: cases.update(restricted=True), lambda: cases.update(restricted=False)),
    ]


def test_over_tls_only_secure_requests_are_quick(client: Client, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    incident = make_incident()
    client.force_login(make_user(Role.SUPPORT, product=incident.product), backend=BACKEND)
    server = Server(settings)
    path = f"/cases/{incident.pk}/overlay.json"
    cookie = {"HTTP_COOKIE": f"{settings.SESSION_COOKIE_NAME}={client.session.session_key}"}
    for _ in range(2):
        server.ask(path, HTTP_X_FORWARDED_PROTO="https", **cookie)
    assert server.passed_on(path, HTTP_X_FORWARDED_PROTO="https", **cookie) == "answered before Django"
    assert server.passed_on(path, **cookie)[:3] == "301"
