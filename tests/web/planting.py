"""What is planted around a public text: words for some readers alone, and what people keep beside it."""

from incidents.documents.comments.services import add_comment
from incidents.documents.copies import keep_copy
from incidents.documents.enums import NameKind, TemplateKind
from incidents.documents.leaks import add_name, sign_off_leak
from incidents.documents.models import Document
from incidents.documents.templates.services import create_template
from incidents.response.enums import EvidenceKind
from incidents.response.evidence import pin_evidence
from tests.documents.stories import Story
from tests.factories import at


def beside_the_text(story: Story, document: Document, planted: dict[str, str]) -> None:
    """Plant what people keep beside a public text: remarks, unsaved words, the dictionary, templates, a pin."""
    add_comment(actor=story.support, document=document, text=planted["comment"])
    add_comment(
        actor=story.engineer, document=document, text="", quote="It was slow.", suggestion=planted["suggestion"]
    )
    keep_copy(actor=story.comms, document=document, title="x", body=planted["working-copy"], base_version=3)
    add_name(actor=story.comms, product=story.product, kind=NameKind.CODE_NAME, words=planted["dictionary"])
    other = story.sound("Ask jo@example.org.\n")
    reason = planted["redaction-reason"]
    sign_off_leak(actor=story.engineer, document=other, kind="personal", words="jo@example.org", reason=reason)
    name = planted["template"]
    create_template(actor=story.comms, product=story.product, kind=TemplateKind.MACRO, name=name, source="{{ title }}")
    pin_evidence(
        actor=story.engineer, incident=story.incident, kind=EvidenceKind.WINDOW, starts_at=at(10), ends_at=at(12),
        note=planted["pin"],
    )  # fmt: skip


def reserved(planted: dict[str, str]) -> str:
    """Return what is meant for some readers alone, written in each way."""
    return (
        f"\n[[internal: {planted['internal-span']}]]\n\n::: internal\n{planted['internal-block']}[^n]\n:::\n\n"
        f"::: support\n{planted['support-block']}\n:::\n\n::: only surface=cli\n{planted['segment-block']}\n:::\n\n"
        f"## {planted['internal-heading']}\n\n[[internal: x]]\n\n[^n]: {planted['internal-note']}\n"
    )
