"""The kept truth: it agrees with the bundle, and no single change can be read off the pooled curve."""

import datetime as dt
from collections import Counter
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from incidents.demo.adoption import VERSIONS
from incidents.demo.causes import HARMS
from incidents.demo.changelog import EFFORT_DEFAULT, LENGTH_LIMITS, REASONING_CLEAR, change_rows
from incidents.demo.exposed import exposed, in_force
from incidents.demo.volume import draw, expected_excess, levels
from incidents.demo.world import hours_since
from tests.demo.conftest import Demo

PACIFIC = ZoneInfo("America/Los_Angeles")


def local_day(text: str) -> dt.date:
    return dt.datetime.fromisoformat(text).astimezone(PACIFIC).date()


def caused(demo: Demo, change: str) -> list[dict]:
    return [row for row in demo.rows("tickets.jsonl") if demo.truth.causes.get(row["id"]) == change]


def test_three_changes_are_harmful_and_their_sizes_are_near_the_intended(demo: Demo) -> None:
    intended = {harm.change: harm.tickets for harm in HARMS}
    assert {change.id for change in demo.truth.harmful()} == set(intended)
    for change in demo.truth.harmful():
        assert abs(change.tickets - intended[change.id]) < 4 * intended[change.id] ** 0.5
        rows = caused(demo, change.id)
        assert change.tickets == len(rows) == sum(change.symptoms.values())
        assert change.weight == sum(row.get("weight", 1) for row in rows)
    assert all(change.tickets == 0 for change in demo.truth.changes if not change.harmful)


def test_caused_tickets_lie_in_scope(demo: Demo) -> None:
    scopes = {row["id"]: row.get("scope", {}) for row in change_rows()}
    for change in demo.truth.harmful():
        for row in caused(demo, change.id):
            for dimension, values in scopes[change.id].items():
                assert row["segment"].get(dimension, values[0]) in values


@pytest.mark.parametrize(("change", "fixed_in"), [(REASONING_CLEAR, "3.46.0"), (LENGTH_LIMITS, "3.48.0")])
def test_caused_tickets_come_from_versions_without_the_fix(demo: Demo, change: str, fixed_in: str) -> None:
    known = [row["segment"]["version"] for row in caused(demo, change) if "version" in row["segment"]]
    assert known
    assert all(VERSIONS.index(version) < VERSIONS.index(fixed_in) for version in known)


def test_masked_builds_report_nothing(demo: Demo) -> None:
    """The experiment on internal builds hides the second fault from employees."""
    builds = Counter(row["segment"].get("build") for row in caused(demo, REASONING_CLEAR))
    assert builds["internal"] == 0
    assert builds["public"] > 500
    assert Counter(row["segment"].get("build") for row in caused(demo, EFFORT_DEFAULT))["internal"] > 0


def test_nothing_is_caused_before_it_took_effect(demo: Demo) -> None:
    starts = {row["id"]: dt.datetime.fromisoformat(row["started_at"]) for row in change_rows()}
    for change in demo.truth.harmful():
        first = min(dt.datetime.fromisoformat(row["created_at"]) for row in caused(demo, change.id))
        assert first > starts[change.id]


def test_clean_window_holds_lag_and_old_clients_only(demo: Demo) -> None:
    """10 to 16 April: neither fault is in force for those who are up to date, and complaints ebb."""
    by_day = Counter(
        local_day(row["created_at"]) for row in demo.rows("tickets.jsonl") if row["id"] in demo.truth.causes
    )
    before, after = by_day[dt.date(2026, 4, 9)], by_day[dt.date(2026, 4, 15)]
    assert after < before / 5
    effort = next(row for row in change_rows() if row["id"] == EFFORT_DEFAULT)
    assert in_force(effort)[hours_since(dt.datetime.fromisoformat(effort["ended_at"])) > 0].max() == 0


def test_recovery_follows_adoption_of_the_fix() -> None:
    change = next(row for row in change_rows() if row["id"] == REASONING_CLEAR)
    since = hours_since(dt.datetime.fromisoformat(change["ended_at"]))
    share = in_force(change)
    cli_day, web_day = share[np.searchsorted(since, 24.0), [0, 3]]
    assert 0.3 < cli_day < 0.6
    assert web_day < 0.01


def test_expected_excess_is_exposure_delayed() -> None:
    """The additive model: the excess sums to its size and is zero while nobody was exposed."""
    rows = {row["id"]: row for row in change_rows()}
    level = levels(np.random.default_rng(1))
    for harm in HARMS:
        excess = expected_excess(level, harm, rows[harm.change])
        assert excess.sum() == pytest.approx(harm.tickets)
        first = int(np.argmax(exposed(rows[harm.change]).sum(axis=1) > 0))
        assert excess[:first].sum() == 0


def test_draws_are_ordered_and_onset_precedes_report() -> None:
    draws = draw(np.random.default_rng(3), {row["id"]: row for row in change_rows()})
    assert (np.diff(draws.reported) >= 0).all()
    assert (draws.onset <= draws.reported).all()


@pytest.mark.parametrize("change", [EFFORT_DEFAULT, REASONING_CLEAR, LENGTH_LIMITS])
def test_no_start_stands_out_in_the_pooled_curve(demo: Demo, change: str) -> None:
    """The two days from a start, against the same weekdays a week before, rise no more than on ordinary days."""
    per_day = Counter(local_day(row["created_at"]) for row in demo.rows("tickets.jsonl"))
    row = next(row for row in change_rows() if row["id"] == change)
    start = local_day(row["started_at"])

    def rise(day: dt.date) -> float:
        after = sum(per_day[day + dt.timedelta(days=i)] for i in range(2))
        week_ago = sum(per_day[day + dt.timedelta(days=i - 7)] for i in range(2))
        return after / week_ago

    first = dt.date(2026, 2, 11)
    others = [rise(first + dt.timedelta(days=i)) for i in range(86)]
    assert rise(start) < np.quantile(others, 0.9)
