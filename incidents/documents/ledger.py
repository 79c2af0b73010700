"""What was said in public against what is known now: denials while a contributing change was in force. Pure."""

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from incidents.documents.facts import CaseFacts, ChangeFact, StatementFact

_DENIAL = re.compile(
    r"""
    \bno\s+(?:known\s+|recent\s+|such\s+|server[- ]side\s+|model\s+|prompt\s+)*
        (?:issues?|problems?|bugs?|faults?|regressions?|degradations?|changes?|decline|drop)\b
    | \b(?:did|do|does|have|has|had|is|are|was|were)(?:n't|n’t|\s+not)\s+(?:\w+\s+){0,2}?
        (?:chang|degrad|reduc|lower|affect|touch|alter|impact|relat|caus|over-?charg|worse)\w*
    | \bnothing\s+(?:\w+\s+){0,2}(?:changed|wrong|different|drains?|degrades?)\b
    | \b(?:changed|altered|touched)\s+nothing\b
    | \b(?:unchanged|unaffected)\b
    | \b(?:work|behav|perform|operat)\w*\s+(?:as\s+(?:expected|intended|designed|usual)|normally)\b
    | \bnormal\s+variation\b
    | \bnever\s+(?:\w+\s+)?(?:chang|degrad|reduc|lower)\w*
    | \b(?:interface|display|cosmetic|ui)\s+only\b
    | \bonly\s+(?:the\s+)?(?:effect|display|interface)\b
    | \bnone\s+of\s+(?:them|these|our)\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
# Said of motives, not of facts: the evidence does not speak to it.
_MOTIVE = re.compile(r"\b(?:on\s+purpose|intentional\w*|deliberate\w*|in\s+order\s+to)\b", re.IGNORECASE)
_DOUBT = re.compile(
    r"\b(?:can(?:'t|’t|not)|could\s*n(?:'t|’t|ot)|could\s+not|unable\s+to)\s+(?:be\s+)?reproduce", re.IGNORECASE
)
_ELSEWHERE = re.compile(r"\bcomes?\s+from\b", re.IGNORECASE)
_EVERYONE = re.compile(r"\b(?:all|every)\s*(?:users|user|one|body|customers|subscribers)?\b", re.IGNORECASE)
# How long after a fix in a client version "fixed for everyone" is still untrue: people update slowly.
_SAME_DAY = dt.timedelta(hours=36)
_ADOPTION = dt.timedelta(days=14)
_OVER = re.compile(
    r"\b(?:fixed|resolved|reverted|rolled\s+back|restored|is\s+over|(?:high|normal|working|back)\s+again)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """A statement and the contributing change that speaks against it; `words` are the statement's own.

    kind: "denied" (there is no such thing), "doubted" (we cannot see it), "over" (it is fixed, while it was not).
    """

    statement: StatementFact
    change: ChangeFact
    words: str
    kind: str


def denial_in(text: str) -> str:
    """Return the words of a denial ("nothing changed", "no degradation"), "" where there is none."""
    found = None if _MOTIVE.search(text) else _DENIAL.search(text)
    return " ".join(found.group(0).split()) if found else ""


def contradictions(facts: CaseFacts) -> list[Contradiction]:
    """Return every statement that a contributing change contradicts, in order of time."""
    factors = facts.contributing()
    return [found for said in facts.statements for found in _of_statement(said, factors)]


def opposing(facts: CaseFacts, change: ChangeFact) -> list[Contradiction]:
    """Return the statements that deny what is held of one change."""
    return [found for found in contradictions(facts) if found.change.key == change.key]


def relevant_statements(facts: CaseFacts) -> list[StatementFact]:
    """Return the statements that bear on the contributing changes, in order of time."""
    keys = {change.key for change in facts.contributing()}
    against = {found.statement.key for found in contradictions(facts)}
    return [said for said in facts.statements if said.key in against or any(about in keys for about, _ in said.claims)]


def _of_statement(said: StatementFact, factors: Sequence[ChangeFact]) -> Iterator[Contradiction]:
    by_key = {change.key: change for change in factors}
    named: set[str] = set()
    for about, says in said.claims:
        change = by_key.get(about)
        kind = _kind_of_claim(said, change, says) if change else ""
        if change and kind and change.key not in named:
            named.add(change.key)
            yield Contradiction(statement=said, change=change, words=says, kind=kind)
    general = [says for about, says in said.claims if not about]
    if not said.claims:
        general = [said.text]
    for words in general:
        kind = _kind(words)
        for change in factors if kind else ():
            if change.key not in named and change.in_force(said.at.at):
                named.add(change.key)
                yield Contradiction(statement=said, change=change, words=words, kind=kind)


def _kind(words: str) -> str:
    if denial_in(words):
        return "denied"
    return "doubted" if _DOUBT.search(words) else ""


def _kind_of_claim(said: StatementFact, change: ChangeFact, says: str) -> str:
    """Return how a claim about one contributing change disagrees with it, "" where it does not."""
    at = said.at.at
    if change.in_force(at):
        if _ELSEWHERE.search(says):
            return "denied"
        # The word on the day of the end itself is no contradiction: only the day may be known.
        soon = change.ended is not None and change.ended.at - at <= _SAME_DAY
        return _kind(says) or ("over" if _OVER.search(says) and not soon else "")
    recovering = change.ended is not None and change.fixed_in and change.ended.at <= at < change.ended.at + _ADOPTION
    # "Fixed for everyone who updates" is true; "resolved for all users" is not yet.
    return "over" if recovering and _OVER.search(says) and _EVERYONE.search(says) and "updat" not in says else ""
