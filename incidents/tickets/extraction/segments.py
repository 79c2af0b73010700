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
_ASIDE_REACH = 28  # characters before a name in which "better than" concerns it
_VERSION = re.compile(r"(?<![\w.])v?(\d{1,4}(?:\.\d{1,4}){1,3}(?:-[a-z0-9.]{1,12})?)(?![\w])(?!\.\d)", re.I)
_VERSION_MARK = re.compile(r"(?:\bversion|\bver|\bclient|\bbuild|--version|\brelease)[\s:=*`'\"(v]*$", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """A value of a dimension and the words that state it."""

    value: str
    words: str


class SegmentReader:
    """A product's dimensions compiled against the rules."""

    def __init__(self, dimensions: Mapping[str, Sequence[str]], rules: Mapping[str, Any] | None = None) -> None:
        """Compile {dimension: its values}; `rules` replace the shipped ones and have their form."""
        self._rules = rules if rules is not None else shipped_rules()
        self._aside = re.compile(rf"(?:{_either(self._rules['aside'])})\s+(?:the\s+)?[\w.-]*\s*$", re.I)
        self._versions = {name: set(values) for name, values in dimensions.items() if _are_versions(values)}
        self._named: dict[str, list[tuple[re.Pattern[str], str]]] = {}
        for name, values in dimensions.items():
            if name not in self._versions:
                self._named[name] = [(found, value) for value in values if (found := self._pattern(name, value))]

    def read(self, title: str, text: str, given: Mapping[str, str] | None = None) -> dict[str, Stated]:
        """Return what the words state about dimensions that `given` leaves open."""
        words = f"{title}\n{text[:MAX_TEXT]}"
        known = given or {}
        stated: dict[str, Stated] = {}
        for name, values in self._versions.items():
            if name not in known and (version := self._version(words, values)) is not None:
                stated[name] = version
        for name, patterns in self._named.items():
            if name not in known and (value := self._named_value(words, patterns)) is not None:
                stated[name] = value
        return stated

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
        for found in (marked, named):
            if len(found) == 1:
                value, said = next(iter(found.items()))
                return Stated(value=value, words=said)
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
        return Stated(value=value, words=said)

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
