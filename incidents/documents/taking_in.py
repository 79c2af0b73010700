"""A postmortem that people wrote elsewhere becomes a document: Markdown in, its statements judged like any other's."""

import re
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

from incidents.catalog.queries import require
from incidents.core.access import Action
from incidents.core.errors import InputError, Problem
from incidents.documents.enums import DocumentKind
from incidents.documents.models import Document
from incidents.documents.reading import facts_of
from incidents.documents.rendering import MAX_BYTES, check_source
from incidents.documents.services import add_document
from incidents.response.models import Incident

if TYPE_CHECKING:
    from django.contrib.auth.models import User

_FRONT = re.compile(r"\A---[ \t]*\n(.*?)\n---[ \t]*(?:\n|\Z)", re.DOTALL)
_FRONT_TITLE = re.compile(r"^title:[ \t]*[\"']?(.+?)[\"']?[ \t]*$", re.MULTILINE)
_TOP = re.compile(r"^#[ \t]+(.+?)[ \t]*#*[ \t]*$", re.MULTILINE)
_UNDERLINED = re.compile(r"\A\s*(\S[^\n]*)\n=+[ \t]*(?:\n|\Z)")
_TITLE_MOST = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A title and the Markdown below it."""

    title: str
    body: str


def take_in_postmortem(*, actor: "User", incident: Incident, content: bytes, file_name: str) -> Document:
    """Add a postmortem from a Markdown file and return it, as a draft.

    Raises InputError that names file, line and remedy; then nothing is stored.
    """
    require(actor, Action.EDIT_DOCUMENT, incident.product)
    name = PurePath(file_name).name[:120] or "file"
    text = read_markdown(content, name)
    return add_document(
        actor=actor,
        incident=incident,
        facts=facts_of(incident),
        kind=DocumentKind.POSTMORTEM,
        title=text.title,
        body=text.body,
        note=f"Taken over from {name}",
    )


def read_markdown(content: bytes, name: str) -> Text:
    """Return title and body: the title from the front matter, the first heading of the first level, or the file's name.

    Raises InputError for what is no UTF-8 text, empty, too long, or cannot be rendered.
    """
    if len(content) > MAX_BYTES:
        raise _problem(name, None, f"the file has more than {MAX_BYTES:,} bytes", "split it into several documents")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _problem(name, line, "this is no UTF-8 text", "save the file as UTF-8") from error
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    title, body = _split(text)
    if not body.strip():
        raise _problem(name, None, "there is no text below the title", "choose the file that holds the postmortem")
    title = " ".join((title or PurePath(name).stem.replace("-", " ").replace("_", " ")).split())[:_TITLE_MOST]
    try:
        check_source(body)
        check_source(title)
    except InputError as refused:
        one = refused.problems[0]
        raise _problem(name, one.line, one.message, one.remedy) from refused
    return Text(title=title or "Postmortem", body=body.strip() + "\n")


def _split(text: str) -> tuple[str, str]:
    title = ""
    front = _FRONT.match(text)
    if front is not None:
        named = _FRONT_TITLE.search(front[1])
        title = named[1] if named else ""
        text = text[front.end() :]
    underlined = _UNDERLINED.match(text)
    if underlined is not None:
        return title or underlined[1], text[underlined.end() :]
    top = _TOP.search(text)
    # A first-level heading further down is a part of the text, not its title.
    if top is not None and not text[: top.start()].strip():
        return title or top[1], text[top.end() :]
    return title, text


def _problem(name: str, line: int | None, message: str, remedy: str) -> InputError:
    return InputError([Problem(file=name, line=line, field="", message=message, remedy=remedy)])
