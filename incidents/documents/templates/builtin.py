"""The templates that come with the workbench, and the slots that each kind may use."""

from dataclasses import dataclass

from incidents.documents.drafting import sources
from incidents.documents.drafting.notice import NOTICE_SLOTS
from incidents.documents.drafting.postmortem import POSTMORTEM_SLOTS
from incidents.documents.editions import MACRO_SLOTS, SEGMENT_SLOTS
from incidents.documents.enums import TemplateKind


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltIn:
    """A template that nobody can edit; a copy of it can be."""

    key: str
    kind: TemplateKind
    name: str
    about: str
    source: str


# The first of each kind is what a product begins from until it chooses another.
BUILT_IN = (
    BuiltIn(
        key="ours",
        kind=TemplateKind.POSTMORTEM,
        name="Workbench",
        about="For slow incidents of several changes: what was rejected, why it took long, what we said.",
        source=sources.OURS,
    ),
    BuiltIn(
        key="sre",
        kind=TemplateKind.POSTMORTEM,
        name="Like Google SRE",
        about="Status, trigger, resolution, action items, lessons learned.",
        source=sources.SRE,
    ),
    BuiltIn(
        key="atlassian",
        kind=TemplateKind.POSTMORTEM,
        name="Like Atlassian",
        about="Lead-up, fault, detection, response, recovery, corrective actions.",
        source=sources.ATLASSIAN,
    ),
    BuiltIn(
        key="notice",
        kind=TemplateKind.NOTICE,
        name="Workbench",
        about="What changed, who is affected, what they notice, what to do.",
        source=sources.NOTICE,
    ),
    BuiltIn(
        key="segment",
        kind=TemplateKind.SEGMENT,
        name="Workbench",
        about="The public text, cut down to what reached one segment.",
        source=sources.SEGMENT_NOTICE,
    ),
    BuiltIn(
        key="macro",
        kind=TemplateKind.MACRO,
        name="Workbench",
        about="A plain answer for support: what happened, what to do, where to read more.",
        source=sources.MACRO,
    ),
)

SLOTS: dict[TemplateKind, dict[str, str]] = {
    TemplateKind.POSTMORTEM: {name: about for name, (about, _) in POSTMORTEM_SLOTS.items()},
    TemplateKind.NOTICE: NOTICE_SLOTS,
    TemplateKind.SEGMENT: SEGMENT_SLOTS,
    TemplateKind.MACRO: MACRO_SLOTS,
}
