"""A product's own rules for segments as people write them, one a line, and the examples that test them.

    platform: macos = darwin, mac mini            phrases of the text
    plan: max = field account_tier is Max, MAX    values of a custom field
    surface: web = tag from-web                   a tag or label
    ? It broke in the web shop -> surface: web    an example: what must be read from this text

Empty lines and lines that start with # count nothing.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from incidents.tickets.extraction.segments import Rule, SegmentReader, Stated

MOST_LINES, LONGEST = 500, 400
_RULE = re.compile(r"(?P<dimension>[\w-]+)\s*:\s*(?P<value>[^=]+?)\s*=\s*(?P<rest>.+)")
_FIELD = re.compile(r"field\s+(?P<name>[\w.-]+)\s+is\s+(?P<values>.+)", re.I)
_TAG = re.compile(r"tag\s+(?P<values>.+)", re.I)


class RuleError(ValueError):
    """A line is no rule and no example."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """An example: a text and what must be read from it."""

    line: int
    text: str
    expected: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialResult:
    """What was read from an example."""

    trial: Trial
    read: Mapping[str, Stated]

    @property
    def passed(self) -> bool:
        """Tell whether all that was expected was read, and nothing else."""
        return {name: one.value for name, one in self.read.items()} == dict(self.trial.expected)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleBook:
    """The rules and the examples of a text."""

    rules: tuple[Rule, ...]
    trials: tuple[Trial, ...]


def parse_rules(text: str, dimensions: Mapping[str, Sequence[str]]) -> RuleBook:
    """Read rules and examples; raises RuleError with line and remedy."""
    rules: list[Rule] = []
    trials: list[Trial] = []
    lines = text.splitlines()
    if len(lines) > MOST_LINES:
        raise RuleError(f"There are {len(lines)} lines: keep to {MOST_LINES}.")
    for number, line in enumerate(map(str.strip, lines), 1):
        if not line or line.startswith("#"):
            continue
        if len(line) > LONGEST:
            raise RuleError(f"Line {number} is longer than {LONGEST} characters: split it.")
        if line.startswith("?"):
            trials.append(_trial(number, line, dimensions))
        else:
            rules.append(_rule(number, line, dimensions))
    return RuleBook(rules=tuple(rules), trials=tuple(trials))


def run_trials(book: RuleBook, dimensions: Mapping[str, Sequence[str]]) -> list[TrialResult]:
    """Read each example with the rules."""
    reader = SegmentReader(dimensions, book.rules)
    return [TrialResult(trial=trial, read=reader.read("", trial.text)) for trial in book.trials]


def _rule(number: int, line: str, dimensions: Mapping[str, Sequence[str]]) -> Rule:
    hit = _RULE.fullmatch(line)
    if hit is None:
        raise RuleError(f"Line {number} is no rule: write “dimension: value = phrase, phrase”.")
    dimension, value, rest = hit["dimension"], hit["value"], hit["rest"]
    _check(number, dimension, value, dimensions)
    field = ""
    if (told := _FIELD.fullmatch(rest)) is not None:
        field, rest = told["name"], told["values"]
    elif (told := _TAG.fullmatch(rest)) is not None:
        field, rest = "tag", told["values"]
    phrases = tuple(phrase.strip() for phrase in rest.split(",") if phrase.strip())
    if not phrases:
        raise RuleError(f"Line {number} names no phrase: write at least one behind the equals sign.")
    return Rule(dimension=dimension, value=value, phrases=phrases, field=field)


def _trial(number: int, line: str, dimensions: Mapping[str, Sequence[str]]) -> Trial:
    text, arrow, told = line[1:].rpartition("->")
    if not arrow:
        raise RuleError(f"Line {number} is no example: write “? text -> dimension: value”, or “-> nothing”.")
    expected: dict[str, str] = {}
    for part in told.split(","):
        name, colon, value = part.partition(":")
        if not colon and part.strip().casefold() == "nothing":
            continue
        _check(number, name.strip(), value.strip(), dimensions)
        expected[name.strip()] = value.strip()
    return Trial(line=number, text=text.strip(), expected=expected)


def _check(number: int, dimension: str, value: str, dimensions: Mapping[str, Sequence[str]]) -> None:
    if dimension not in dimensions:
        raise RuleError(f"Line {number}: “{dimension}” is no dimension of this product; there are {_some(dimensions)}.")
    if value not in dimensions[dimension]:
        raise RuleError(
            f"Line {number}: “{value}” is no value of {dimension}; there are {_some(dimensions[dimension])}."
        )


def _some(names: Mapping[str, object] | Sequence[str]) -> str:
    listed = list(names)
    return ", ".join(listed[:12]) + (" and others" if len(listed) > 12 else "")
