"""Turns draws into the lines of tickets.jsonl: words, what is stated and what is missing, labels, weights."""

import datetime as dt
from dataclasses import dataclass
from typing import Any, TypeAlias

from incidents.demo.adoption import VERSIONS
from incidents.demo.causes import SYMPTOM_KEYS
from incidents.demo.volume import Draws
from incidents.demo.wording.compose import write_ticket
from incidents.demo.wording.grammar import Dice
from incidents.demo.wording.people import Facts
from incidents.demo.world import DIMENSIONS, HOUR, ZONE, hours

TicketRow: TypeAlias = dict[str, Any]

CHANNELS = (("support", 0.40), ("github", 0.31), ("forum", 0.16), ("social", 0.13))
LANGUAGES = (("english", 0.945), ("german", 0.018), ("french", 0.013), ("spanish", 0.013), ("japanese", 0.011))

_MISSING = {
    "surface": 0.31,
    "model": 0.36,
    "platform": 0.33,
    "plan": 0.39,
    "session": 0.41,
    "effort": 0.41,
    "build": 0.31,
    "version": 0.37,
}
"""How often a ticket does not state a dimension, before the channel's own habit."""

_CHANNEL_MISSING = {"support": 0.95, "github": 0.75, "forum": 1.1, "social": 1.65}

_LABELLED = 0.40
_LABEL_RIGHT = 0.93
_CONFUSED_WITH = {
    "less_intelligent": ("ignores_instructions", "forgetful"),
    "forgetful": ("less_intelligent", "ignores_instructions"),
    "ignores_instructions": ("less_intelligent",),
    "too_terse": ("less_intelligent",),
    "limits_drain": ("billing", "slow"),
    "slow": ("errors", "less_intelligent"),
    "errors": ("slow", "tool_failures"),
    "tool_failures": ("errors",),
    "billing": ("limits_drain",),
    "interface": ("tool_failures",),
}


@dataclass(frozen=True, slots=True)
class Written:
    """A ticket's line and what stays behind: its true symptom and its cause (as in :class:`Draws`)."""

    row: TicketRow
    symptom: str
    cause: int


def write_tickets(dice: Dice, draws: Draws) -> list[Written]:
    """All tickets in the order of their reports."""
    people = _Reporters(dice)
    return [_write(dice, draws, index, people) for index in range(len(draws.reported))]


def _write(dice: Dice, draws: Draws, index: int, people: "_Reporters") -> Written:
    start = hours()[0]
    reported_at = _whole_seconds(start + HOUR * float(draws.reported[index]))
    onset_at = min(_whole_seconds(start + HOUR * float(draws.onset[index])), reported_at)
    segment = _segment(draws, index)
    symptom = SYMPTOM_KEYS[int(draws.symptom[index])]
    channel = "support" if symptom == "billing" and dice.chance(0.6) else _weighted(dice, CHANNELS)
    observed = frozenset(
        name for name in segment if not dice.chance(min(_MISSING[name] * _CHANNEL_MISSING[channel], 0.95))
    )
    second = dice.pick(SYMPTOM_KEYS) if dice.chance(0.06) else None
    facts = Facts(
        symptom=symptom,
        second_symptom=second if second != symptom else None,
        channel=channel,
        language=_weighted(dice, LANGUAGES),
        reported_at=reported_at.astimezone(ZONE),
        onset_at=onset_at.astimezone(ZONE),
        segment=segment,
        observed=observed,
        previous_version=VERSIONS[max(int(draws.version[index]) - 1, 0)],
        onset_stated=dice.chance(0.34),
        vague=dice.chance(0.055),
    )
    title, text = write_ticket(dice, facts)
    row: TicketRow = {"id": f"AC-{21000 + index}", "created_at": _stamp(reported_at)}
    if facts.onset_stated:
        row["occurred_at"] = _onset(dice, facts)
    if title:
        row["title"] = title
    row["text"] = text
    if dice.chance(_LABELLED):
        row["symptoms"] = _label(dice, facts)
    row["segment"] = {name: segment[name] for name in segment if name in observed}
    row["channel"] = channel
    row["reporter"] = people.who(segment["platform"], segment["plan"])
    if dice.chance(0.045):
        row["weight"] = dice.pick((2, 2, 2, 3, 3, 4))
    return Written(row, symptom, int(draws.cause[index]))


def _segment(draws: Draws, index: int) -> dict[str, str]:
    """The ticket's full segment, stated or not."""
    segment = {name: DIMENSIONS[name][int(getattr(draws, name)[index])] for name in DIMENSIONS}
    segment["version"] = VERSIONS[int(draws.version[index])]
    if segment["platform"] == "wsl" and segment["surface"] in {"desktop", "web"}:
        segment["platform"] = "windows"
    return segment


def _onset(dice: Dice, facts: Facts) -> str:
    """The onset as stated: a day, or an hour; never after the report."""
    if dice.chance(0.45):
        return facts.onset_at.date().isoformat()
    return _stamp(facts.onset_at.replace(minute=0, second=0).astimezone(dt.UTC))


def _label(dice: Dice, facts: Facts) -> list[str]:
    first = facts.symptom if dice.chance(_LABEL_RIGHT) else dice.pick(_CONFUSED_WITH[facts.symptom])
    labels = [first]
    if facts.second_symptom is not None and facts.second_symptom != first and dice.chance(0.7):
        labels.append(facts.second_symptom)
    return labels


class _Reporters:
    """Opaque pseudonyms; some people write more than once, always from the same plan and platform."""

    def __init__(self, dice: Dice) -> None:
        self._dice = dice
        self._known: dict[tuple[str, str], list[str]] = {}

    def who(self, platform: str, plan: str) -> str:
        known = self._known.setdefault((platform, plan), [])
        if known and self._dice.chance(0.16):
            return self._dice.pick(known)
        name = f"reporter-{int(self._dice.roll() * 36**6):06d}"
        known.append(name)
        return name


def _weighted(dice: Dice, options: tuple[tuple[str, float], ...]) -> str:
    mark = dice.roll() * sum(weight for _, weight in options)
    for value, weight in options:
        mark -= weight
        if mark < 0:
            return value
    return options[-1][0]


def _whole_seconds(at: dt.datetime) -> dt.datetime:
    return at.replace(microsecond=0)


def _stamp(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
