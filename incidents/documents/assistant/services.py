"""Asking for other words: what may be sent, what comes back, and whether the facts are still the same."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from django.conf import settings

from incidents.catalog.queries import require
from incidents.core.access import Action
from incidents.core.audit import record_audit
from incidents.core.errors import InputError, NotReady, Problem
from incidents.documents.assistant.client import AssistantError, Endpoint, complete
from incidents.documents.assistant.lock import violations
from incidents.documents.audiences import has_marks
from incidents.documents.leaks import guard_of
from incidents.documents.models import Document
from incidents.documents.redaction import find_leaks

if TYPE_CHECKING:
    from django.contrib.auth.models import User

__all__ = ["AssistantError", "Proposal", "Task", "endpoint", "propose"]

_LONGEST = 12_000


class Task(StrEnum):
    """What can be asked for."""

    POLISH = "polish"
    SHORTEN = "shorten"


_WANTED = {
    Task.POLISH: "Make the wording clearer and more even. Keep the length.",
    Task.SHORTEN: "Say the same in fewer words.",
}
_SYSTEM = """\
You edit one section of an incident report written in Markdown. {wanted}
Plain, exact English for customers; no apology, praise or explanation that is not there already.
Facts are locked. Keep every number, date, name, quotation, heading, table and address exactly as it is.
Links like [about 410](ev:run-x-excess) bind words to evidence: keep each of them, with the figures in its brackets.
Keep placeholders like [[to be written: …]] exactly. Add no cause, no number and no name.
Answer with the section alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Other words for a section; `refused` says why they cannot be taken, where they cannot."""

    before: str
    after: str
    refused: tuple[str, ...]


def endpoint() -> Endpoint | None:
    """Return the configured endpoint, None where there is none: then nothing of the assistant shows."""
    if not settings.ASSISTANT_URL:
        return None
    return Endpoint(
        url=settings.ASSISTANT_URL,
        api=settings.ASSISTANT_API,
        model=settings.ASSISTANT_MODEL,
        key=settings.ASSISTANT_KEY,
        seconds=settings.ASSISTANT_SECONDS,
    )


def propose(*, actor: "User", document: Document, task: Task, text: str) -> Proposal:
    """Ask for other words for a section. Nothing is saved: a person accepts or refuses.

    Raises NotReady without an endpoint, InputError for what may not be sent, AssistantError where no answer came.
    """
    require(actor, Action.EDIT_DOCUMENT, document.incident.product)
    where = endpoint()
    if where is None:
        raise NotReady("No assistant is configured: set WORKBENCH_ASSISTANT_URL.")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    _check_sendable(document, text)
    answer = complete(where, system=_SYSTEM.format(wanted=_WANTED[task]), text=text.strip())
    after = _unwrapped(answer)
    after = text[: len(text) - len(text.lstrip())] + after + text[len(text.rstrip()) :]
    refused = tuple(violations(text, after))
    record_audit(
        actor=actor,
        action="assistant asked",
        subject=document,
        product_id=document.incident.product_id,
        detail={"task": task.value, "model": where.model, "characters": len(text), "refused": list(refused)},
    )
    return Proposal(before=text, after=after, refused=refused)


def _check_sendable(document: Document, text: str) -> None:
    if not text.strip():
        raise _refused("there is no text", "select words, or put the cursor into a section")
    if len(text) > _LONGEST:
        raise _refused(f"a section has at most {_LONGEST:,} characters here", "select a part of it")
    if has_marks(text):
        raise _refused("the section holds internal text, which is not sent out", "select a part without it")
    found = find_leaks("", text, guard_of(document))
    if found:
        raise _refused(f"“{found[0].words[:40]}” ({found[0].why}) is not sent out", "take it out first")


def _unwrapped(answer: str) -> str:
    """Return the answer without the fence that some models put around it."""
    lines = answer.strip().split("\n")
    if len(lines) > 2 and lines[0].startswith("```") and lines[-1].strip() == "```":
        lines = lines[1:-1]
    return "\n".join(lines).strip()


def _refused(message: str, remedy: str) -> InputError:
    return InputError([Problem(file="assistant", line=None, field="", message=message, remedy=remedy)])
