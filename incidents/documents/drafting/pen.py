"""What every section writes with: the facts, the evidence to cite, and a few turns of phrase."""

from collections.abc import Sequence
from dataclasses import dataclass

from incidents.documents import words
from incidents.documents.facts import CaseFacts, ChangeFact
from incidents.documents.findings import Catalogue

_KIND = {
    "deploy": "a deploy",
    "client_release": "a client release",
    "prompt": "a change of the system prompt",
    "effort": "a change of the default reasoning effort",
    "cache": "a change of caching",
    "routing": "a change of routing",
    "model": "a model change",
    "flag": "a feature flag",
    "config": "a change of configuration",
    "pricing": "a change of prices or limits",
    "experiment": "an experiment",
    "infra": "a change of the infrastructure",
}
_TENTH = 0.1
_END = {"revert": "reverted", "fix": "fixed", "mitigation": "mitigated", "superseded": "superseded"}


def prompt(question: str) -> str:
    """Return a gap that a person must fill; it blocks approval."""
    return f"[[to be written: {question}]]"


def _values(values: Sequence[str]) -> str:
    return words.joined([words.plain(value.replace("_", " ")) for value in values], "or")


@dataclass(frozen=True, slots=True)
class Pen:
    """Facts and catalogue of one case."""

    facts: CaseFacts
    catalogue: Catalogue

    def cite(self, key: str, text: str = "", *, otherwise: str = "") -> str:
        """Return a claim's Markdown, or `otherwise` where there is no such evidence."""
        return self.catalogue.cite(key, text) if self.catalogue.has(key) else otherwise

    def capital(self, key: str, text: str = "") -> str:
        """Return a claim that begins a sentence, "" where there is no such evidence."""
        finding = self.catalogue.get(key)
        if finding is None:
            return ""
        told = text or finding.text
        return self.catalogue.cite(key, told[0].upper() + told[1:])

    def brief(self, key: str, *, otherwise: str = "not estimated") -> str:
        """Return the estimate of a finding in table form, "410 [350 to 480]"."""
        finding = self.catalogue.get(key)
        if finding is None:
            return otherwise
        return self.catalogue.cite(
            key, (finding.also[0] if finding.also else finding.text).replace("[", "\\[").replace("]", "\\]")
        )

    def title(self, change: ChangeFact) -> str:
        """Return a change's title; one that the public never had is named by its kind alone."""
        return words.plain(change.public_title)

    def subject(self, change: ChangeFact) -> str:
        """Return the change at the start of a sentence: its title in quotes, or "An internal-only change"."""
        title = self.title(change)
        return f"“{title}”" if change.visibility == "public" else title[0].upper() + title[1:]

    def kind(self, change: ChangeFact) -> str:
        """Return the change's kind as a phrase: "a change of caching"."""
        return _KIND.get(change.kind, "a change")

    def span(self, change: ChangeFact) -> str:
        """Return "from A to B (34 days)" or "since A", each time a claim."""
        start = self.cite(f"change-{change.ref}-started")
        if change.ended is None:
            return f"since {start}"
        end = self.cite(f"change-{change.ref}-ended")
        return f"from {start} to {end} ({self.cite(f'change-{change.ref}-duration')})"

    def end_verb(self, change: ChangeFact) -> str:
        """Return how a change ended as a participle."""
        return _END.get(change.end_kind, "ended")

    def text_change(self, change: ChangeFact, most: int = 240) -> str:
        """Return what the words of a prompt or setting became, where it can be told in a sentence."""
        out = []
        for position in range(1, len(change.artifacts) + 1):
            key = f"change-{change.ref}-text-{position}"
            was, became = self.catalogue.get(f"{key}-before"), self.catalogue.get(f"{key}-after")
            told = [finding.text for finding in (was, became) if finding is not None]
            if not told or sum(map(len, told)) > most:
                continue
            if was is None:
                out.append(f"The text gained {self.cite(f'{key}-after')}.")
            elif became is None:
                out.append(f"The text lost {self.cite(f'{key}-before')}.")
            else:
                out.append(f"The text went from {self.cite(f'{key}-before')} to {self.cite(f'{key}-after')}.")
        return " ".join(out)

    def who(self, change: ChangeFact) -> str:
        """Return whom the change reached, from its scope."""
        parts = [
            f"{dimension.replace('_', ' ')} {_values(values)}"
            for dimension, values in change.scope.items()
            if dimension != "session"
        ]
        who = f"people with {words.joined(parts)}" if parts else "everyone who used the product"
        if "session" in change.scope:
            who += f", in sessions in the state “{_values(change.scope['session'])}”"
        return who

    def symptoms(self, change: ChangeFact, most: int = 4) -> list[tuple[str, str]]:
        """Return (ref, name) of the symptoms whose rise is attributed to the change, the largest first."""
        if self.facts.run is None:
            return []
        names = {symptom.key: symptom for symptom in self.facts.symptoms}
        found = self.facts.run.changes.get(change.key, {}).get("symptoms") or {}
        # What nobody could classify is counted in the total and says nothing to a reader.
        ranked = sorted(
            ((names[key], item["excess"]) for key, item in found.items() if key in names),
            key=lambda pair: -float(pair[1]["estimate"]),
        )
        # A sprinkle over every symptom is how a model spreads what it cannot place: a tenth of the total counts.
        whole = sum(float(excess["estimate"]) for _, excess in ranked)
        clear = [
            symptom
            for symptom, excess in ranked
            if float(excess["low"]) > 0.5 and float(excess["estimate"]) >= _TENTH * whole
        ]
        chosen = clear or [symptom for symptom, excess in ranked[:1] if float(excess["estimate"]) >= 1]
        return [(symptom.ref, symptom.name) for symptom in chosen[:most]]

    def symptom_names(self, most: int = 5) -> list[str]:
        """Return the symptoms with most complaints attributed to contributing changes, the largest first."""
        totals: dict[str, float] = {}
        run = self.facts.run
        for change in self.facts.contributing() if run else ():
            found = run.changes.get(change.key, {}).get("symptoms") or {} if run else {}
            clear = {name for _, name in self.symptoms(change)}
            for symptom in self.facts.symptoms:
                if symptom.name in clear and symptom.key in found:
                    totals[symptom.name] = totals.get(symptom.name, 0.0) + float(
                        found[symptom.key]["excess"]["estimate"]
                    )
        return [name.lower() for name in sorted(totals, key=lambda name: -totals[name])[:most]]
