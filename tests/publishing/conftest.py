"""Fixtures of publishing."""

import pytest

from tests.documents.stories import Story


@pytest.fixture
def story(db: None) -> Story:
    """Return a case with a run."""
    return Story()
