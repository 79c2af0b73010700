"""Kept answers given before Django's machinery runs: the same bytes under the same headers, after the same questions.

Wraps the WSGI application. A request for an overlay's numbers whose session was verified before costs one statement
(`incidents.response.quick`); where that says who asks may see the case, and the answer of this version was given by
Django before, it is given again as it was. Whatever is in the least unusual goes the long way.
"""

import re
from collections import OrderedDict
from collections.abc import Callable, Iterable
from threading import Lock
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from incidents.response.quick import Session, verified_session, version_for
from incidents.web.overlay.kept import KEPT, Answer

Environ = dict[str, Any]
Start = Callable[..., Any]
Application = Callable[[Environ, Start], Iterable[bytes]]

# The view says here which kept answer it gave, and in which form.
GIVEN = "workbench.given"
_ADDRESS = re.compile(r"/cases/([1-9]\d{0,17})/overlay\.json")
_MOST_SESSIONS = 2000


class KeptFirst:
    """Answers from what is kept where that is allowed, else passes the request on and remembers what it may."""

    def __init__(self, application: Application) -> None:
        """Wrap an application."""
        if settings.SESSION_ENGINE != "django.contrib.sessions.backends.db":
            raise ImproperlyConfigured("Sessions must be rows of the database: answers are given by asking for them.")
        self._application = application
        self._host = settings.ALLOWED_HOSTS[0].lstrip(".") if settings.ALLOWED_HOSTS else ""
        self._cookie = re.compile(
            rf"(?:^|;)\s*{re.escape(settings.SESSION_COOKIE_NAME)}=([a-z0-9]{{16,64}})(?=\s*(?:;|$))"
        )
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._lock = Lock()

    def __call__(self, environ: Environ, start: Start) -> Iterable[bytes]:
        """Answer one request."""
        case_id = self._case_id(environ)
        if case_id is None:
            return self._application(environ, start)
        key = self._session_key(environ)
        session = self._sessions.get(key)
        if session is not None:
            version = version_for(session, case_id)
            answer = None if version is None else KEPT.get((case_id, version, environ.get("QUERY_STRING", "")))
            if answer is not None:
                form = form_of(environ, answer)
                headers = answer.headers.get(form)
                if headers is not None:
                    start("304 Not Modified" if form == "304" else "200 OK", list(headers))
                    return [answer.body_as(form)]
        return self._the_long_way(environ, start, key, session)

    def _case_id(self, environ: Environ) -> int | None:
        """Return the case whose numbers are asked for at our own host, as the settings want it asked."""
        host = environ.get("HTTP_HOST", "").partition(":")[0]
        if environ["REQUEST_METHOD"] != "GET" or not host or host != self._host:
            return None
        if settings.SECURE_SSL_REDIRECT and environ.get("HTTP_X_FORWARDED_PROTO") != "https":
            return None
        found = _ADDRESS.fullmatch(environ["PATH_INFO"])
        return int(found[1]) if found else None

    def _session_key(self, environ: Environ) -> str:
        """Return the key of the one session that the request names; "" where it names none or several."""
        found = self._cookie.findall(environ.get("HTTP_COOKIE", ""))
        return str(found[0]) if len(found) == 1 else ""

    def _the_long_way(self, environ: Environ, start: Start, key: str, session: Session | None) -> Iterable[bytes]:
        """Let Django answer; keep the headers that it gives to a kept answer, and know the session the next time."""
        told: list[tuple[str, list[tuple[str, str]]]] = []

        def noting(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            told.append((status, headers))
            return start(status, headers, *more)

        body = self._application(environ, noting)
        given = environ.get(GIVEN)
        if given is None or not told:
            if session is not None:
                self._forget(key)
            return body
        answer, form = given
        headers = told[-1][1]
        if not any(name.lower() == "set-cookie" for name, _ in headers):
            answer.headers[form] = tuple(headers)
            self._learn(key)
        return body

    def _learn(self, key: str) -> None:
        """Verify the session anew: what it says may have changed since Django read it."""
        session = verified_session(key) if key else None
        if session is None:
            return
        with self._lock:
            self._sessions[key] = session
            self._sessions.move_to_end(key)
            while len(self._sessions) > _MOST_SESSIONS:
                self._sessions.popitem(last=False)

    def _forget(self, key: str) -> None:
        with self._lock:
            self._sessions.pop(key, None)


def form_of(environ: Environ, answer: Answer) -> str:
    """Return how an answer is sent: "304" where the reader has it, "gzip" where the reader takes it, else "plain"."""
    if environ.get("HTTP_IF_NONE_MATCH", "").removeprefix("W/") == answer.tag:
        return "304"
    return "gzip" if "gzip" in environ.get("HTTP_ACCEPT_ENCODING", "") else "plain"
