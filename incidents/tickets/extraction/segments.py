"""Segment values that a text states: version, model, platform, surface, plan, session state; by rules that are data.

A value is taken only where the text says one thing: names that are merely compared with are left aside, and where two
versions or models remain the dimension stays unknown. What the ticket's own fields say is never contradicted.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

MAX_TEXT = 6000
# How surely a value of this kind is read right. On two real trackers more agreed with the tickets' own fields (93 to
# 100 of 100), but those were drawn from the same texts, in part: docs/concepts/symptoms.md.
TOLD, MARKED_VERSION, NAMED, BARE_VERSION, SESSION = 0.98, 0.95, 0.9, 0.85, 0.75
TAG_FIELDS = ("labels", "tags")
_ASIDE_REACH = 28  # characters before a name in which "better than" concerns it
_VERSION = re.compile(r"(?<![\w.])v?(\d{1,4}(?:\.\d{1,4}){1,3}(?:-[a-z0-9.]{1,12})?)(?![\w])(?!\.\d)", re.I)
_VERSION_MARK = re.compile(r"(?:\bversion|\bver|\bclient|\bbuild|--version|\brelease)[\s:=*`'\"(v]*$", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """A value of a dimension, the words that state it, and how surely they are read right (0 to 1)."""

    value: str
    words: str
    confidence: float = NAMED


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A product's own rule: phrases of the text, or values of a tag or a custom field, that mean a value."""

    dimension: str
    value: str
    phrases: tuple[str, ...]
    field: str = ""  # empty: the text; "tag": any tag; else the name of a custom field


class SegmentReader:
    """A product's dimensions compiled against the rules."""

    def __init__(self, dimensions: Mapping[str, Sequence[str]], rules: Sequence[Rule] = ()) -> None:
        """Compile {dimension: its values} with the shipped rules and a product's own."""
        self._rules = shipped_rules()
        self._known = {name: {value.casefold(): value for value in values} for name, values in dimensions.items()}
        self._aside = re.compile(rf"(?:{_either(self._rules['aside'])})\s+(?:the\s+)?[\w.-]*\s*$", re.I)
        self._versions = {name: set(values) for name, values in dimensions.items() if _are_versions(values)}
        self._named: dict[str, list[tuple[re.Pattern[str], str]]] = {}
        for name, values in dimensions.items():
            if name not in self._versions:
                self._named[name] = [(found, value) for value in values if (found := self._pattern(name, value))]

        for rule in rules:
            if not rule.field and rule.phrases:
                self._named.setdefault(rule.dimension, []).append((_compiled(_either(rule.phrases)), rule.value))
        self._told = [rule for rule in rules if rule.field]

    def read(
        self, title: str, text: str, given: Mapping[str, str] | None = None, extra: Mapping[str, Any] | None = None
    ) -> dict[str, Stated]:
        """Return what tags, custom fields (`extra`) and words state about dimensions that `given` leaves open."""
        words = f"{title}\n{text[:MAX_TEXT]}"
        known: dict[str, Any] = dict(given or {})
        stated = {name: one for name, one in self._from_fields(extra).items() if name not in known} if extra else {}
        known |= stated
        for name, values in self._versions.items():
            if name not in known and (version := self._version(words, values)) is not None:
                stated[name] = version
        for name, patterns in self._named.items():
            if name not in known and (value := self._named_value(words, patterns)) is not None:
                stated[name] = value
        return stated

    def _from_fields(self, extra: Mapping[str, Any]) -> dict[str, Stated]:
        """Return what custom fields and tags say; where two contradict each other, nothing."""
        tags = {tag for name in TAG_FIELDS for tag in _texts(extra.get(name))}
        found: dict[str, dict[str, str]] = {}
        for tag in tags:
            name, _, value = tag.partition(":")
            if (value := self._known.get(name.strip(), {}).get(value.strip().casefold(), "")) != "":
                found.setdefault(name.strip(), {})[value] = tag
        for rule in self._told:
            told = tags if rule.field == "tag" else _texts(extra.get(rule.field))
            wanted = {phrase.casefold() for phrase in rule.phrases}
            for one in told:
                if one.casefold() in wanted:
                    found.setdefault(rule.dimension, {})[rule.value] = one
        return {
            name: Stated(value=value, words=words, confidence=TOLD)
            for name, values in found.items()
            if len(values) == 1
            for value, words in values.items()
        }

    def _version(self, words: str, values: set[str]) -> Stated | None:
        marked: dict[str, str] = {}
        named: dict[str, str] = {}
        for hit in _VERSION.finditer(words):
            value = hit.group(1)
            if value not in values:
                continue
            before = words[max(0, hit.start() - _ASIDE_REACH) : hit.start()]
            if _VERSION_MARK.search(before):
                marked[value] = hit.group()
            elif not self._aside.search(before):
                named[value] = hit.group()
        for found, confidence in ((marked, MARKED_VERSION), (named, BARE_VERSION)):
            if len(found) == 1:
                value, said = next(iter(found.items()))
                return Stated(value=value, words=said, confidence=confidence)
            if found:
                return None
        return None

    def _named_value(self, words: str, patterns: list[tuple[re.Pattern[str], str]]) -> Stated | None:
        found: dict[str, str] = {}
        for pattern, value in patterns:
            for hit in pattern.finditer(words):
                before = words[max(0, hit.start() - _ASIDE_REACH) : hit.start()]
                if not self._aside.search(before):
                    found.setdefault(value, " ".join(hit.group().split()))
                    break
        for winner, losers in self._rules["wins"].items():
            if winner in found:
                for loser in losers:
                    found.pop(loser, None)
        if len(found) != 1:
            return None
        value, said = next(iter(found.items()))
        return Stated(value=value, words=said, confidence=SESSION if value in self._rules["session"] else NAMED)

    def _pattern(self, dimension: str, value: str) -> re.Pattern[str] | None:
        rules = self._rules
        if value in rules["session"] and dimension in {"session", "session_state"}:
            return _compiled("|".join(rules["session"][value]))
        if dimension in {"plan", "tier", "subscription"}:
            phrases = [*rules["plans"].get(value, ()), *(f"{value} {word}" for word in rules["plan_words"])]
            return _compiled(_either(phrases))
        if value in rules["values"]:
            return _compiled(_either(rules["values"][value]))
        # A name with a number, such as "opus-4.6", is distinctive however it is spelt; a bare word may mean anything.
        parts = re.findall(r"[a-z]+|\d+", value.casefold())
        if len(parts) > 1 and any(part.isdigit() for part in parts):
            return _compiled(r"[\s._-]{0,2}".join(map(re.escape, parts)) + r"(?!\.?\d)")
        return None


def _texts(value: object) -> set[str]:
    """Return the texts that a custom field holds: one, or a list of them."""
    listed = value if isinstance(value, list) else [value]
    return {str(one).strip() for one in listed if isinstance(one, str | int | float) and not isinstance(one, bool)}


@lru_cache(maxsize=1)
def shipped_rules() -> dict[str, Any]:
    """Return the rules that come with the product."""
    loaded: dict[str, Any] = json.loads(Path(__file__).with_name("segment_rules.json").read_text(encoding="utf-8"))
    return loaded


def _are_versions(values: Sequence[str]) -> bool:
    return bool(values) and all(_VERSION.fullmatch(value) for value in values)


def _either(phrases: Sequence[str]) -> str:
    longest_first = sorted(phrases, key=len, reverse=True)
    return "|".join(r"\s+".join(map(re.escape, phrase.split())) for phrase in longest_first)


def _compiled(body: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-])(?:{body})(?!\w)", re.I)
