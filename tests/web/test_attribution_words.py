"""The words and small figures of attribution: every check has its sentence, sets are joined, limits are told."""

import datetime as dt
import itertools
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest

from incidents.attribution.differences import Moved, MovedKind
from incidents.attribution.stored import StoredFindings
from incidents.stats.attribution.findings import (
    ChangeFinding,
    Diagnostics,
    Direction,
    Estimate,
    EvidenceItem,
    EvidenceKind,
    Figure,
    Separation,
    Verdict,
)
from incidents.web.attribution.evidence import DIRECTIONS, TITLES, cards, sentence, strength
from incidents.web.attribution.figures import evidence_figure
from incidents.web.attribution.limits import limits
from incidents.web.attribution.moved import moved_lines
from incidents.web.attribution.ranking import rank, reason

UTC = ZoneInfo("UTC")
START = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
PAIRS = list(itertools.product(get_args(EvidenceKind), get_args(Direction)))


def finding(key: str, verdict: Verdict = "contributing", **members: Any) -> ChangeFinding:
    """Make a finding."""
    defaults: dict[str, Any] = {
        "probability": 0.97,
        "excess": Estimate(value=1712.0, low=1480.0, high=1950.0),
        "share": Estimate(value=0.14, low=0.12, high=0.16),
        "rate_ratio": Estimate(value=2.4, low=2.0, high=3.0),
        "symptoms": (),
        "lag_hours": 11.0,
        "half_life_hours": None,
        "evidence": (),
        "indistinguishable_from": (),
        "set_probability": 0.97,
        "complaint_log_odds": 12.0,
        "reachable": True,
    }
    return ChangeFinding(key=key, verdict=verdict, **{**defaults, **members})


def plain(text: str) -> str:
    """Return a text with ordinary spaces."""
    return " ".join(text.split())


def ranking(*findings: ChangeFinding, separations: tuple[Separation, ...] = ()) -> Any:
    """Rank findings without a database."""
    nothing = Estimate(value=0.0, low=0.0, high=0.0)
    told = Diagnostics(
        day_dispersion=0.0, mix_dispersion=0.0, effects=1, evaluations=1, usage_known=True, log_evidence=1.0
    )
    found = StoredFindings(changes=findings, unattributed=nothing, rises=(), separations=separations, diagnostics=told)
    titles = {one.key: f"Change {one.key}" for one in findings}
    return rank(found, titles=titles, changes={}, decisions={}, symptoms=[("slow", "Slow")], n_tickets=12_000)


@pytest.mark.parametrize(("kind", "direction"), PAIRS)
def test_every_check_has_its_words(kind: EvidenceKind, direction: Direction) -> None:
    item = EvidenceItem(kind=kind, direction=direction, estimate=Estimate(value=1.5, low=1.1, high=2.0), other="9")
    text = sentence(item, end_kind="revert", names={"9": "Another change"})
    assert text.endswith(".")
    assert "1.5" in text or "150" in text
    assert kind in TITLES
    assert direction in DIRECTIONS
    if kind in {"alternative", "metric"} and (kind, direction) != ("alternative", "supports"):
        assert "Another change" in text


def test_an_unlogged_event_can_be_the_alternative() -> None:
    item = EvidenceItem(kind="alternative", direction="neutral", estimate=Estimate(value=0.3, low=0.3, high=0.3))
    assert "an event that nobody logged" in sentence(item, end_kind="", names={})


def test_the_end_is_called_by_its_kind() -> None:
    item = EvidenceItem(kind="revert", direction="supports", estimate=Estimate(value=0.1, low=-0.05, high=0.3))
    assert sentence(item, end_kind="fix", names={}).startswith("After it was fixed, 10")
    assert "(0 to 30" in sentence(item, end_kind="", names={})


@pytest.mark.parametrize(
    ("log_bayes_factor", "words"),
    [
        (None, ""),
        (0.3, "hardly worth a mention"),
        (2.0, "positive for"),
        (-4.0, "strong against"),
        (9, "very strong for"),
    ],
)
def test_weights_in_words(log_bayes_factor: float | None, words: str) -> None:
    assert strength(log_bayes_factor) == words


def test_a_figure_draws_what_it_has() -> None:
    figure = Figure(
        x=(0.0, 24.0, 48.0, 72.0),
        series=(
            ("observed", (10.0, float("nan"), 30.0, 20.0)),
            ("expected", (10.0, 11.0, 12.0, 11.0)),
            ("exposed", (0.0, 0.0, 1.0, 1.0)),
        ),
    )
    estimate = Estimate(value=2.0, low=1.5, high=2.5)
    item = EvidenceItem(kind="onset", direction="supports", estimate=estimate, figure=figure)
    drawn = evidence_figure(item, start=START, zone=UTC)
    assert drawn is not None
    assert "observed, expected, 2 Mar to 5 Mar; at most 30." in drawn
    assert drawn.count("efig__line--") == 2
    assert "efig__exposed" in drawn
    assert "nan" not in drawn
    assert "style=" not in drawn
    (card,) = cards(finding("1", evidence=(item,)), end_kind="", names={}, start=START, zone=UTC)
    assert card.figure == drawn
    assert card.scale[0] <= card.low <= card.high <= card.scale[1]


def test_a_figure_goes_below_zero_where_its_values_do() -> None:
    figure = Figure(x=(0.0, 0.5, 1.0), series=(("relative excess", (-0.2, 0.4, 1.0)),))
    item = EvidenceItem(
        kind="dose", direction="supports", estimate=Estimate(value=1.0, low=0.8, high=1.2), figure=figure
    )
    drawn = str(evidence_figure(item, start=START, zone=UTC))
    assert "−20" in drawn
    assert drawn.count("<circle") == 3
    assert "100" in drawn


@pytest.mark.parametrize("values", [(), (float("nan"),) * 3])
def test_no_figure_without_values(values: tuple[float, ...]) -> None:
    figure = Figure(x=tuple(range(len(values))), series=(("observed", values),))
    estimate = Estimate(value=1.0, low=1.0, high=1.0)
    item = EvidenceItem(kind="onset", direction="neutral", estimate=estimate, figure=figure)
    assert evidence_figure(item, start=START, zone=UTC) is None


def test_twins_are_one_set_and_say_what_would_separate_them() -> None:
    twins = [
        finding(one, "ambiguous", probability=0.5, indistinguishable_from=(other,), set_probability=0.99)
        for one, other in (("1", "2"), ("2", "1"))
    ]
    pair = Separation(first="1", second="2", discrimination=0.0, tickets_factor=float("inf"))
    shown = ranking(*twins, finding("3"), separations=(pair,))
    (found,) = shown.sets
    assert [row.change_id for row in found.rows] == [1, 2]
    assert found.heading == "One of these two: the data cannot tell them apart"
    assert found.probability == 0.99
    assert "no number of complaints would separate them" in found.ways[0]
    assert [row.change_id for row in shown.attributed] == [3]
    assert shown.headline.startswith("1 of 3 changes is attributed; 2 changes cannot be told apart")


def test_few_more_tickets_are_told_as_such() -> None:
    twins = [finding(one, "ambiguous", indistinguishable_from=(other,)) for one, other in (("1", "2"), ("2", "1"))]
    pair = Separation(first="1", second="2", discrimination=0.9, tickets_factor=2.44)
    assert "about 2.4 times as many complaints" in ranking(*twins, separations=(pair,)).sets[0].ways[0]


def test_a_lone_ambiguous_change_is_a_set_of_its_own() -> None:
    (found,) = ranking(finding("1", "ambiguous", probability=0.4)).sets
    assert found.heading == "This one, or nothing: the data cannot tell"


def test_the_verdict_is_told_with_its_numbers() -> None:
    (row,) = ranking(finding("1")).attributed
    text = plain(row.verdict_sentence)
    assert text.startswith(
        "The run attributes 1,712 [1,480 to 1,950] complaints to this change, about 14 % (12 to 16 %)"
    )


def test_reasons_name_what_speaks_loudest() -> None:
    quiet = Estimate(value=1.01, low=0.9, high=1.04)
    items = (
        EvidenceItem(kind="scope", direction="contradicts", estimate=quiet, log_bayes_factor=-0.5),
        EvidenceItem(kind="onset", direction="contradicts", estimate=quiet, log_bayes_factor=-3.0),
    )
    assert reason(finding("1", "not supported", evidence=items)).startswith("No rise in its scope")
    assert reason(finding("1", "not supported", reachable=False)) == "Reached no user inside the window."
    assert reason(finding("1", "not supported", probability=0.01)) == "No rise that the background does not explain."


def test_limits_are_told_from_what_was_lacking() -> None:
    def change(started: dt.datetime, **more: Any) -> dict[str, Any]:
        return {"started_at": started.isoformat(), "scope": {}, "carried_by_version": "", "ended_at": None, **more}

    inputs = {
        "tickets": {"weight": 900.0},
        "window": {"starts_at": START.isoformat(), "ends_at": (START + dt.timedelta(days=60)).isoformat()},
        "changes": {
            "1": change(START + dt.timedelta(days=1)),
            "2": change(START + dt.timedelta(days=20)),
            "3": change(START + dt.timedelta(days=20), scope={"session": ["idle"]}),
        },
    }
    result = {"diagnostics": {"usage_known": False}, "coverage": {"stated": {"session": 0.01}, "labelled": 0.5}}
    told = plain(" ".join(limits(inputs, result)))
    assert "Nobody counted use by segment" in told
    assert "only 900 complaints" in told
    assert "1 % of the complaints state their session: the change that reached" in told
    assert "50 % of the complaints name no known symptom" in told
    assert "1 change took effect before the window" in told
    assert "1 change reached everybody and never ended" in told
    full = {"diagnostics": {"usage_known": True}, "coverage": {"stated": {"session": 0.9}, "labelled": 0.9}}
    assert limits({**inputs, "tickets": {"weight": 9000.0}, "changes": {}}, full) == []


def test_what_moved_in_sentences() -> None:
    late = Moved(
        kind=MovedKind.CHANGE_ADDED,
        change=3,
        title="Cache",
        back_dated=(START, START + dt.timedelta(days=40)),
    )
    edited = Moved(
        kind=MovedKind.CHANGE_EDITED,
        change=4,
        title="Prompt",
        fields=(
            ("ended_at", None, START.isoformat()),
            ("scope", {"surface": ["cli"]}, {}),
            ("rollout", [], [[START.isoformat(), 0.25]]),
        ),
    )
    tickets = Moved(kind=MovedKind.TICKETS, n_before=10.0, n_after=12.0)
    gone = Moved(kind=MovedKind.CHANGE_REMOVED, change=5, title="Gone")
    lines = moved_lines((late, edited, tickets, gone), UTC)
    assert lines[0].text == "Entered late: took effect 2 Mar 2026, 00:00 UTC, known here since 11 Apr 2026, 00:00 UTC"
    assert [plain(part) for part in lines[1].details] == [
        "end: none → 2 Mar 2026, 00:00 UTC",
        "scope: surface: cli → none",
        "rollout: none → 25 % at 2 Mar 2026, 00:00 UTC",
    ]
    assert lines[2].text == "2 complaints more: 12 now"
    assert lines[3].change is None
