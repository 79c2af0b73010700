"""What was said in public against what is known now: denials while a contributing change was in force. Pure."""

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
    | \bnothing\s+(?:\w+\s+){0,2}(?:changed|wrong|different)\b
    | \b(?:unchanged|unaffected)\b
    | \b(?:work|behav|perform|operat)\w*\s+(?:as\s+(?:expected|intended|designed|usual)|normally)\b
    | \bnormal\s+variation\b
    | \bnever\s+(?:\w+\s+)?(?:chang|degrad|reduc|lower)\w*
    | \b(?:interface|display|cosmetic|ui)\s+only\b
    | \bnone\s+of\s+(?:them|these|our)\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
_OVER = re.compile(r"\b(?:fixed|resolved|reverted|rolled\s+back|again|restored|ended)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """A statement and the contributing change that speaks against it; `words` are the statement's own."""

    statement: StatementFact
    change: ChangeFact
    words: str
    kind: str


def denial_in(text: str) -> str:
    """Return the words of a denial ("nothing changed", "no degradation"), "" where there is none."""
    found = _DENIAL.search(text)
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
    return [
        said
        for said in facts.statements
        if said.key in against or any(about in keys or (not about and says) for about, says in said.claims)
    ]


def _of_statement(said: StatementFact, factors: Sequence[ChangeFact]) -> Iterator[Contradiction]:
    by_key = {change.key: change for change in factors}
    named: set[str] = set()
    for about, says in said.claims:
        change = by_key.get(about)
        if change is None or not change.in_force(said.at.at):
            continue
        denied, over = denial_in(says), _OVER.search(says)
        if denied or over:
            named.add(change.key)
            yield Contradiction(statement=said, change=change, words=says, kind="denied" if denied else "called over")
    general = [says for about, says in said.claims if not about and denial_in(says)]
    if not general and not (said.claims and all(about for about, _ in said.claims)) and denial_in(said.text):
        general = [said.text]
    for change in factors if general else ():
        if change.key not in named and change.in_force(said.at.at):
            yield Contradiction(statement=said, change=change, words=general[0], kind="denied")
