"""What really happened in the demo case: which change harmed, and which ticket came from it.

The truth is written beside the bundle, never into it. Only tests and benchmarks may read it.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from incidents.demo.causes import HARMS, OUTAGES
from incidents.demo.tickets import Written
from incidents.demo.volume import NO_CAUSE


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeTruth:
    """One change: ``tickets`` counts its lines in tickets.jsonl, ``weight`` sums their weights."""

    id: str
    harmful: bool
    tickets: int
    weight: int
    symptoms: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoTruth:
    """The whole truth: ``causes`` maps a caused ticket to its change, ``symptoms`` every ticket to its symptom."""

    seed: int
    n_tickets: int
    changes: tuple[ChangeTruth, ...]
    outages: dict[str, int]
    causes: dict[str, str]
    symptoms: dict[str, str]

    def harmful(self) -> tuple[ChangeTruth, ...]:
        """The changes that raised complaints."""
        return tuple(change for change in self.changes if change.harmful)

    def as_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, indent=1)


def truth_of(seed: int, change_ids: Sequence[str], written: Sequence[Written]) -> DemoTruth:
    """Count the truth from the tickets themselves."""
    by_change: dict[str, list[Written]] = {key: [] for key in change_ids}
    outages: Counter[str] = Counter()
    causes: dict[str, str] = {}
    for ticket in written:
        if ticket.cause >= 0:
            change = HARMS[ticket.cause].change
            by_change[change].append(ticket)
            causes[ticket.row["id"]] = change
        elif ticket.cause < NO_CAUSE:
            outages[OUTAGES[NO_CAUSE - 1 - ticket.cause].key] += 1
    harmful = {harm.change for harm in HARMS}
    return DemoTruth(
        seed=seed,
        n_tickets=len(written),
        changes=tuple(_change(key, key in harmful, by_change[key]) for key in change_ids),
        outages=dict(sorted(outages.items())),
        causes=causes,
        symptoms={ticket.row["id"]: ticket.symptom for ticket in written},
    )


def _change(key: str, harmful: bool, caused: Sequence[Written]) -> ChangeTruth:
    return ChangeTruth(
        id=key,
        harmful=harmful,
        tickets=len(caused),
        weight=sum(int(ticket.row.get("weight", 1)) for ticket in caused),
        symptoms=dict(sorted(Counter(ticket.symptom for ticket in caused).items())),
    )


def truth_path(folder: Path) -> Path:
    """Where the truth of the bundle in ``folder`` stands: beside it."""
    return folder.with_name(f"{folder.name}.truth.json")
