"""A small case written by hand, so that every sentence and state can be checked against it."""

import datetime as dt
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from incidents.documents.facts import (
    CaseFacts,
    ChangeFact,
    EvalFact,
    RunFact,
    SilenceFact,
    StatementFact,
    SymptomFact,
)
from incidents.documents.words import Moment

ZONE = ZoneInfo("America/Los_Angeles")


def local(month: int, day: int, hour: int = 0, minute: int = 0) -> dt.datetime:
    """Return a time of 2031 in Los Angeles as UTC."""
    return dt.datetime(2031, month, day, hour, minute, tzinfo=ZONE).astimezone(dt.UTC)


def interval(estimate: float, low: float, high: float) -> dict[str, float]:
    """Return an estimate as a run stores it."""
    return {"estimate": estimate, "low": low, "high": high}


EFFORT = ChangeFact(
    pk=1,
    key="effort-lowered",
    ref="effort-lowered",
    title="Default effort lowered",
    kind="effort",
    kind_name="Reasoning effort",
    description="The default effort of the assistant goes from high to medium, for shorter waits",
    scope={"model": ("opal-4.6", "sable-4.6")},
    started=Moment(at=local(3, 4), day_only=True),
    ended=Moment(at=local(4, 8), day_only=True, is_end=True),
    end_kind="revert",
    user_facing=True,
    announced=Moment(at=local(3, 4), day_only=True),
)
CACHE = ChangeFact(
    pk=2,
    key="stale-cache",
    ref="stale-cache",
    title="Old thinking cleared",
    kind="cache",
    kind_name="Cache",
    description="Thinking older than an hour is cleared when a session comes back",
    scope={"session": ("idle_over_1h",)},
    started=Moment(at=local(3, 26, 14)),
    ended=Moment(at=local(4, 10, 9)),
    end_kind="fix",
    fixed_in="3.1.101",
    discovered=Moment(at=local(4, 9, 11)),
    steps=((local(3, 26, 14), 0.1), (local(3, 28, 14), 1.0)),
)
PROMPT = ChangeFact(
    pk=3,
    key="prompt-short",
    ref="prompt-short",
    title="Length limits in the system prompt",
    kind="prompt",
    kind_name="Prompt",
    started=Moment(at=local(4, 16, 10)),
    ended=Moment(at=local(4, 20, 12)),
    end_kind="revert",
    user_facing=True,
    artifacts=(("system prompt", "", "Keep it to 25 words."),),
)
BANNER = ChangeFact(
    pk=4,
    key="banner",
    ref="banner",
    title="New start banner",
    kind="client_release",
    kind_name="Client release",
    started=Moment(at=local(3, 20, 10)),
    user_facing=True,
)
QUEUE = ChangeFact(
    pk=5,
    key="queue-trial",
    ref="queue-trial",
    title="Project Heron message queue",
    kind="experiment",
    kind_name="Experiment",
    visibility="internal",
    started=Moment(at=local(3, 20, 10)),
    ended=Moment(at=local(4, 12, 10)),
    end_kind="superseded",
    masks=("stale-cache",),
)
FLAG = ChangeFact(
    pk=6,
    key="fast-flag",
    ref="fast-flag",
    title="Fast mode",
    kind="flag",
    kind_name="Feature flag",
    started=Moment(at=local(3, 27, 10)),
)


def finding(verdict: str, probability: float, excess: dict[str, float], **more: Any) -> dict[str, Any]:
    """Return one change's part of a run's result."""
    return {
        "verdict": verdict,
        "probability": probability,
        "excess": excess,
        "symptoms": {},
        "lag_hours": None,
        "evidence": [],
        "indistinguishable_from": [],
        **more,
    }


RUN = RunFact(
    pk=7,
    created_at=local(5, 1),
    level=0.9,
    unattributed=interval(12, 0, 60),
    changes={
        "effort-lowered": finding(
            "contributing",
            0.99,
            interval(412.4, 355.1, 470.2),
            symptoms={
                "dull": {"excess": interval(380.0, 320.0, 440.0), "rate_ratio": interval(1.84, 1.6, 2.1)},
                "terse": {"excess": interval(3.0, 0.0, 11.0), "rate_ratio": interval(1.1, 0.9, 1.3)},
            },
            lag_hours=30.0,
            evidence=[
                {
                    "kind": "onset",
                    "direction": "supports",
                    "detail": "the rate in scope rose 1.8 times after the start",
                },
                {"kind": "revert", "direction": "supports", "detail": "8 % of the excess remained after the revert"},
                {
                    "kind": "metric",
                    "direction": "contradicts",
                    "detail": "task success did not move (0.3 standard errors)",
                },
            ],
        ),
        "stale-cache": finding(
            "contributing",
            0.97,
            interval(151.0, 96.0, 207.0),
            symptoms={"forgetful": {"excess": interval(140.0, 90.0, 190.0), "rate_ratio": interval(4.2, 3.1, 5.9)}},
        ),
        "prompt-short": finding("ambiguous", 0.5, interval(40.0, 0.0, 120.0), indistinguishable_from=["fast-flag"]),
        "fast-flag": finding("ambiguous", 0.5, interval(38.0, 0.0, 118.0), indistinguishable_from=["prompt-short"]),
        "banner": finding("not supported", 0.02, interval(0.5, 0.0, 6.0)),
        "queue-trial": finding("not supported", 0.0, interval(0.0, 0.0, 0.0)),
    },
)
DENIAL = StatementFact(
    pk=1,
    key="post-1",
    ref="post-1",
    at=Moment(at=local(3, 30, 15)),
    channel="status page",
    audience="public",
    text="We have not changed the model and see no degradation.",
)
HELPFUL = StatementFact(
    pk=2,
    key="log-1",
    ref="log-1",
    at=Moment(at=local(3, 4), day_only=True),
    channel="changelog",
    audience="users",
    text="The default effort is medium now.",
    claims=(("effort-lowered", "medium is the default"),),
)
OUTAGE = StatementFact(
    pk=3,
    key="out-1",
    ref="out-1",
    at=Moment(at=local(3, 12, 8)),
    channel="status page",
    audience="public",
    text="Elevated errors.",
)
WEAK = EvalFact(
    key="weekly",
    ref="weekly",
    suite="Weekly coding set",
    at=Moment(at=local(3, 2), day_only=True),
    n=300,
    paired=False,
    score=0.69,
    baseline=0.70,
    discordant=None,
    subject="effort-lowered",
    verdict="no regression",
    detectable=0.105,
)
FACTS = CaseFacts(
    title="Spring quality case",
    product="Larch",
    zone=ZONE,
    starts=Moment(at=local(2, 4), day_only=True),
    ends=Moment(at=local(5, 11), day_only=True, is_end=True),
    n_tickets=12_345,
    changes=(EFFORT, CACHE, PROMPT, BANNER, QUEUE, FLAG),
    statements=(HELPFUL, OUTAGE, DENIAL),
    evals=(WEAK,),
    symptoms=(
        SymptomFact(key="dull", ref="dull", name="Less intelligent", n_tickets=2_010),
        SymptomFact(key="forgetful", ref="forgetful", name="Forgetful", n_tickets=840),
        SymptomFact(key="terse", ref="terse", name="Too terse", n_tickets=300),
    ),
    silences=(SilenceFact(ref="cache-hit", name="Cache hit rate", start=local(3, 25), end=local(4, 2)),),
    run=RUN,
    names=("opal-4.6", "sable-4.6", "idle_over_1h"),
)


def with_status(**status: str) -> CaseFacts:
    """Return the case after people decided on changes: `effort_lowered="contributing"`."""
    wanted = {key.replace("_", "-"): value for key, value in status.items()}
    changes = tuple(replace(c, status=wanted.get(c.key, c.status)) for c in FACTS.changes)
    return replace(FACTS, changes=changes)


def with_result(key: str, **parts: Any) -> CaseFacts:
    """Return the case with another newest run, in which one change's result differs."""
    changes = {**RUN.changes, key: {**RUN.changes[key], **parts}}
    return replace(FACTS, run=replace(RUN, pk=RUN.pk + 1, changes=changes))
