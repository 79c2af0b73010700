"""Who writes a ticket and what the writer knows: values for the slots of the phrases."""

import datetime as dt
from dataclasses import dataclass, field

from incidents.demo.wording.grammar import Dice, Phrase
from incidents.demo.wording.scenes import (
    BEFORE,
    BREAKS,
    FAILURES,
    PLAN_WORDS,
    PLATFORM_WORDS,
    PRODUCT_WORDS,
    RULES,
    SCENES,
    SURFACE_WORDS,
)

TONES = ("neutral", "neutral", "neutral", "friendly", "friendly", "angry", "brief", "brief")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One ticket's true circumstances; ``observed`` names the segment dimensions its fields state."""

    symptom: str
    second_symptom: str | None
    channel: str
    language: str
    reported_at: dt.datetime
    onset_at: dt.datetime
    segment: dict[str, str]
    observed: frozenset[str]
    previous_version: str | None
    onset_stated: bool
    vague: bool


@dataclass(slots=True)
class Voice:
    """A writer: the tone, the slot values, which of them the text has used so far, and what it is about."""

    dice: Dice
    facts: Facts
    tone: str
    values: dict[str, str]
    used: set[str] = field(default_factory=set)
    said: set[int] = field(default_factory=set)  # by identity: phrases live as long as the process
    latest: Phrase | None = None
    topics: frozenset[str] = frozenset()


def voice(dice: Dice, facts: Facts) -> Voice:
    """A writer for these facts."""
    scene = dice.pick(SCENES)
    values = {
        "product": dice.pick(PRODUCT_WORDS),
        "lang": scene.lang,
        "area": scene.area,
        "file": scene.file,
        "other": scene.other,
        "func": scene.func,
        "test": scene.test,
        "task": dice.pick(scene.tasks),
        "job": dice.pick(scene.jobs),
        "rule": dice.pick(RULES),
        "brk": dice.pick(BREAKS),
        "before": dice.pick(BEFORE),
        "n": dice.pick(("three", "four", "five", "six")),
        "nn": str(dice.between(11, 48)),
        "pct1": str(dice.between(3, 22)),
        "pct": str(dice.between(34, 92)),
        "mins": str(dice.between(7, 55)),
        "since": _since(dice, facts),
        "day": _day(dice, facts),
    }
    values["code"], values["codename"] = dice.pick(FAILURES)
    values.update(_segment_words(dice, facts))
    if facts.previous_version is not None:
        values["prev_version"] = facts.previous_version
    return Voice(dice, facts, dice.pick(TONES), values)


def _segment_words(dice: Dice, facts: Facts) -> dict[str, str]:
    """Words for what the writer mentions: what the fields state, and now and then something they do not."""
    known = [name for name in facts.segment if name in facts.observed or dice.chance(0.12)]
    words: dict[str, str] = {}
    for name in known:
        value = facts.segment[name]
        if name == "platform":
            words[name] = dice.pick(PLATFORM_WORDS[value])
        elif name == "surface":
            words[name] = dice.pick(SURFACE_WORDS[value])
        elif name == "plan":
            words[name] = PLAN_WORDS[value]
        elif name in {"model", "version"}:
            words[name] = value
    return words


def _since(dice: Dice, facts: Facts) -> str:
    """A vague starting time that fits the distance between onset and report."""
    gone = facts.reported_at - facts.onset_at
    if gone < dt.timedelta(hours=20):
        return dice.pick(("since this morning", "since yesterday", "today", "since last night", "today"))
    if gone < dt.timedelta(days=6):
        return dice.pick((f"since {_weekday(facts.onset_at)}", "over the past few days", "lately", "these last days"))
    when = f"{facts.onset_at.day} {facts.onset_at:%B}"
    return dice.pick(("since last week", f"since about {when}", f"since around {when}", "over the past week", "lately"))


def _day(dice: Dice, facts: Facts) -> str:
    onset = facts.onset_at
    month = f"{onset:%B}"
    return dice.pick((f"{onset.day} {month}", f"{month} {onset.day}", f"{_weekday(onset)}, {onset.day} {month}"))


def _weekday(at: dt.datetime) -> str:
    return f"{at:%A}"
