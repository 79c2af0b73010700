"""What a template makes of a real case, for whoever edits it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from incidents.documents.drafting import build_notice, build_postmortem
from incidents.documents.editions import segment_edition, support_edition
from incidents.documents.enums import TemplateKind
from incidents.documents.facts import CaseFacts
from incidents.documents.judging import judge
from incidents.documents.queries import recent_facts
from incidents.documents.templates.builtin import SLOTS
from incidents.documents.templating import check_template
from incidents.response.models import Incident


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A filled template; `states` are those of its claims."""

    text: str
    is_plain: bool = False
    states: Mapping[str, str] = field(default_factory=dict)


def preview_of(kind: TemplateKind, source: str, incident: Incident) -> Preview:
    """Return the template filled from the case. Raises InputError for a slot that does not exist."""
    check_template(source, SLOTS[kind])
    facts = recent_facts(incident)
    text = _filled(kind, source, facts)
    if kind == TemplateKind.MACRO:
        return Preview(text=text, is_plain=True)
    return Preview(text=text, states=judge(text, facts, {}).states())


def _filled(kind: TemplateKind, source: str, facts: CaseFacts) -> str:
    if kind == TemplateKind.POSTMORTEM:
        return build_postmortem(facts, source)
    if kind == TemplateKind.NOTICE:
        changes = facts.contributing() or [change for change in facts.changes if change.visibility == "public"]
        return build_notice(facts, changes[0], source).body if changes else "This case has no public change.\n"
    body = build_postmortem(facts)
    first = next((change for change in facts.contributing() if change.scope), None)
    segment = {key: values[0] for key, values in first.scope.items()} if first else {}
    if kind == TemplateKind.SEGMENT:
        return segment_edition(title=facts.title, body=body, facts=facts, segment=segment, source=source).text
    return support_edition(title=facts.title, body=body, facts=facts, segment=segment, source=source, link="").text
