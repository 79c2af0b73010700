"""Fixtures of publishing."""

import time
from collections.abc import Callable

import pytest

from tests.documents.stories import Story


@pytest.fixture
def story(db: None) -> Story:
    """Return a case with a run."""
    return Story()


def wait_until(holds: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait for a worker in another process."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.1)
