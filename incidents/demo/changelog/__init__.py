"""The demo case's change log: 25 changes, three of which raise complaints."""

from incidents.demo.changelog.harmful import EFFORT_DEFAULT, HARMFUL, LENGTH_LIMITS, REASONING_CLEAR
from incidents.demo.changelog.releases import RELEASE_CHANGES
from incidents.demo.changelog.rows import ChangeRow, started
from incidents.demo.changelog.server import SERVER_CHANGES


def change_rows() -> list[ChangeRow]:
    """All changes in the order in which they took effect."""
    return sorted([*HARMFUL, *RELEASE_CHANGES, *SERVER_CHANGES], key=lambda row: (started(row), row["id"]))


__all__ = ["EFFORT_DEFAULT", "HARMFUL", "LENGTH_LIMITS", "REASONING_CLEAR", "ChangeRow", "change_rows", "started"]
