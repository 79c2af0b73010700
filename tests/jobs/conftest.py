"""Handlers that exist for the tests alone."""

from collections.abc import Callable

import pytest

from incidents.jobs import handlers
from incidents.jobs.handlers import Handler


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Handler], None]:
    """Give a function that registers a handler until the test ends."""
    known = dict(handlers._handlers)
    monkeypatch.setattr(handlers, "_handlers", known)
    return lambda kind, handler: known.update({kind: handler})
