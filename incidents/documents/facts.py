"""What is known of a case, as plain values: all that drafting and judging claims look at. No database, no clock."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from incidents.documents.words import Moment

Numbers = Mapping[str, float]
# Rejected changes that a postmortem names one by one; the others are counted.
NAMED = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeFact:
    """One change of the case. `ref` is its short name inside claim keys; `status` is what people hold of it."""

    pk: int
    key: str
    ref: str
    title: str
    kind: str
    kind_name: str
    started: Moment
    description: str = ""
    scope: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ended: Moment | None = None
    end_kind: str = ""
    carried_by: str = ""
    fixed_in: str = ""
    discovered: Moment | None = None
    announced: Moment | None = None
    user_facing: bool = False
    visibility: str = "public"
    steps: tuple[tuple[dt.datetime, float], ...] = ()
    artifacts: tuple[tuple[str, str, str], ...] = ()
    masks: tuple[str, ...] = ()
    interacts_with: tuple[str, ...] = ()
    status: str = "candidate"

    @property
    def public_title(self) -> str:
        """Return the title, or for what the public never had its kind alone."""
        if self.visibility == "public":
            return self.title
        return f"an internal-only change ({self.kind_name.lower()})"

    def in_force(self, at: dt.datetime) -> bool:
        """Tell whether the change was in force at an instant."""
        return self.started.at <= at and (self.ended is None or at < self.ended.at)


def overlap_key(first: str, second: str) -> str:
    """Return the claim key of two changes (by `ref`) in force together: `overlap-REF-REF`, each cut to fit a key."""
    return f"overlap-{first[:22]}-{second[:22]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementFact:
    """Something said in public; `claims` are (external id of the change it is about or "", what it says)."""

    pk: int
    key: str
    ref: str
    at: Moment
    channel: str
    audience: str
    text: str
    claims: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EvalFact:
    """One evaluation run; `subject` is the change it was meant to judge, by external id."""

    key: str
    ref: str
    suite: str
    at: Moment
    n: int | None
    paired: bool
    score: float | None
    baseline: float | None
    discordant: float | None
    subject: str
    verdict: str
    # The smallest drop (in share of tasks) that this run would have found with 80 % power at the 5 % level.
    detectable: float | None = None

    @property
    def drop(self) -> float | None:
        """Return the drop it measured, positive where the score fell."""
        return None if self.score is None or self.baseline is None else self.baseline - self.score


@dataclass(frozen=True, slots=True, kw_only=True)
class SymptomFact:
    """A symptom and the complaints that show it inside the window."""

    key: str
    ref: str
    name: str
    n_tickets: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceFact:
    """A metric that stopped arriving for a while inside the window."""

    ref: str
    name: str
    start: dt.datetime
    end: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFact:
    """The newest attribution run: `changes` by external id as FORMAT.md describes them."""

    pk: int
    created_at: dt.datetime
    level: float
    changes: Mapping[str, Mapping[str, Any]]
    unattributed: Numbers

    def verdict(self, key: str) -> str:
        """Return the run's verdict on a change, "" where it says nothing."""
        return str(self.changes.get(key, {}).get("verdict", ""))

    def excess(self, key: str) -> Numbers | None:
        """Return a change's excess in tickets with its interval."""
        found: Numbers | None = self.changes.get(key, {}).get("excess")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFacts:
    """Everything a draft may say, and nothing that people noted for themselves."""

    title: str
    product: str
    zone: ZoneInfo
    starts: Moment
    ends: Moment
    n_tickets: float
    changes: tuple[ChangeFact, ...]
    statements: tuple[StatementFact, ...] = ()
    evals: tuple[EvalFact, ...] = ()
    symptoms: tuple[SymptomFact, ...] = ()
    silences: tuple[SilenceFact, ...] = ()
    run: RunFact | None = None
    # Names that hold digits and are no numbers: models, versions, plans.
    names: tuple[str, ...] = ()
    # Names of metrics by key, as checks of the run refer to them.
    metrics: Mapping[str, str] = field(default_factory=dict)

    def change(self, key: str) -> ChangeFact | None:
        """Return a change by its external id."""
        return next((change for change in self.changes if change.key == key), None)

    def verdict(self, change: ChangeFact) -> str:
        """Return the run's verdict on a change, "" without a run."""
        return self.run.verdict(change.key) if self.run else ""

    def contributing(self) -> list[ChangeFact]:
        """Return the changes to name: those a person promoted, and those the run names that nobody rejected.

        A promotion does not make the others go away: a document that left out what the run attributes elsewhere would
        say that nothing else happened.
        """
        return [
            change
            for change in self.changes
            if change.status == "contributing"
            or (change.status != "rejected" and self.verdict(change) == "contributing")
        ]

    def promoted(self, change: ChangeFact) -> bool:
        """Tell whether a person, not only the run, calls this change a contributing factor."""
        return change.status == "contributing"

    def ambiguous(self) -> list[ChangeFact]:
        """Return the changes that the run cannot tell from others and nobody decided on."""
        named = {change.key for change in self.contributing()}
        return [
            c for c in self.changes if c.key not in named and c.status == "candidate" and self.verdict(c) == "ambiguous"
        ]

    def rejected(self) -> list[ChangeFact]:
        """Return the changes that were tested and are not held responsible, by a person or by the run."""
        named = {change.key for change in (*self.contributing(), *self.ambiguous())}
        return [
            c
            for c in self.changes
            if c.key not in named and (c.status == "rejected" or self.verdict(c) == "not supported")
        ]

    def rejected_by_name(self) -> list[ChangeFact]:
        """Return the rejected changes worth a line each: those a person rejected, then the likeliest for the run."""
        public = [change for change in self.rejected() if change.visibility == "public"]
        by_person = [change for change in public if change.status == "rejected"]
        by_run = [c for c in public if c.status != "rejected" and c.kind != "client_release"]
        by_run.sort(key=lambda change: -self.probability(change))
        return (by_person + by_run)[:NAMED]

    def probability(self, change: ChangeFact) -> float:
        """Return the run's probability that a change raised complaints, 0 where it says nothing."""
        return float(self.run.changes.get(change.key, {}).get("probability") or 0.0) if self.run else 0.0

    @property
    def n_others(self) -> int:
        """Return how many rejected changes are counted and not named."""
        return len(self.rejected()) - len(self.rejected_by_name())
