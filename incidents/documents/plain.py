"""Markdown to the plain text of an answer: no marks, no evidence keys, lists with a dash. Pure."""

import re

from incidents.documents.citations import citations, gaps, hide_gaps

_HEADING = re.compile(r"^ {0,3}#{1,6}[ \t]+(.*?)[ \t]*#*$", re.MULTILINE)
_LINK = re.compile(r"!?\[([^\[\]]{0,2000})\]\(([^)\s]*)(?:\s+\"[^\"]*\")?\)")
_EMPHASIS = re.compile(r"(?<![\w\\])(\*{1,3}|_{1,3})(?=\S)(.{1,1000}?)(?<=\S)\1(?!\w)")
_RULE = re.compile(r"^[ \t]*\|?[ \t:|-]*-{3,}[ \t:|-]*\|?[ \t]*$\n?", re.MULTILINE)
_ROW = re.compile(r"^[ \t]*\|(.*)\|[ \t]*$", re.MULTILINE)
_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+\-.!|<>~])")
_FIGURE = re.compile(r"^[ \t]*!\[[^\]\n]*\]\(chart:[\w-]+\)[ \t]*$\n?", re.MULTILINE)
_NOTE = re.compile(r"\[\^[^\]\[\n]{1,200}\]:?")


def plain_text(body: str) -> str:
    """Return the words of a text as one would paste them into an answer; gaps become "(not yet known)"."""
    parts, place = [], 0
    for citation in citations(body):
        inner = body[citation.start + 1 : citation.end].rsplit("](ev:", 1)[0]
        parts += [body[place : citation.start], inner]
        place = citation.end
    body = "".join((*parts, body[place:]))
    if gaps(body):
        body = re.sub(r"\[\[to be written:[^\[\]\n]*\]\]", "(not yet known)", body)
    body = hide_gaps(body)
    body = _FIGURE.sub("", body)
    body = _RULE.sub("", body)
    body = _ROW.sub(
        lambda row: "- " + ": ".join(cell.strip() for cell in row.group(1).split("|") if cell.strip()), body
    )
    body = _HEADING.sub(r"\1", body)
    body = _LINK.sub(lambda link: link[1] if link[2] in ("", link[1]) else f"{link[1]} ({link[2]})", body)
    body = _NOTE.sub("", body)
    for _ in range(2):
        body = _EMPHASIS.sub(r"\2", body)
    body = body.replace("`", "")
    body = _ESCAPE.sub(r"\1", body)
    return re.sub(r"\n{3,}", "\n\n", body).strip() + "\n"


def sections(body: str) -> dict[str, str]:
    """Return the text under each second-level heading, by the heading in lower case; what comes before under ""."""
    out: dict[str, list[str]] = {"": []}
    name = ""
    for line in body.split("\n"):
        found = re.match(r"^ {0,3}##[ \t]+(.*?)[ \t]*#*$", line)
        if found:
            name = found.group(1).lower()
            out.setdefault(name, [])
        else:
            out[name].append(line)
    return {key: "\n".join(lines).strip() for key, lines in out.items()}
