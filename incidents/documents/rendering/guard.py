"""What is refused before anything is rendered: too much text, and runs of signs that make the parser quadratic."""

import re

from incidents.core.errors import InputError, Problem

MAX_BYTES = 200_000
MAX_LINE = 20_000
# The longest run of one sign that could open something. Rules and tables need dozens, a prank needs thousands.
_RUN = re.compile(r"([^a-zA-Z0-9\s])\1{399,}")
# The same trap with spaces or a second sign between: "[ [ [", "](](](".
_OPENERS = re.compile(r"[\[\]()*_`<>!~^|\\]")
MAX_OPENERS_A_LINE = 2_000
# Notes and addresses at the foot ("[1]: …"): each is looked for in the whole text.
MAX_DEFINITIONS = 1_000
_DEFINITION = re.compile(r"^[ \t>]*\[[^\]\n]{1,300}\]:", re.MULTILINE)
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def _problem(line: int | None, message: str, remedy: str) -> InputError:
    return InputError([Problem(file="text", line=line, field="", message=message, remedy=remedy)])


def check_source(body: str) -> None:
    """Raise InputError, with the line, where the text is too long or made to stall the renderer."""
    forbidden = _FORBIDDEN.search(body)
    if forbidden is not None:
        where = body.count("\n", 0, forbidden.start()) + 1
        raise _problem(where, "there is a control character that cannot be stored or shown", "remove it")
    size = len(body.encode())
    if size > MAX_BYTES:
        raise _problem(
            None,
            f"the text has {size:,} bytes, {MAX_BYTES:,} are the most",
            "move a part of it into a document of its own",
        )
    if len(_DEFINITION.findall(body)) > MAX_DEFINITIONS:
        raise _problem(None, f"more than {MAX_DEFINITIONS:,} notes and addresses are defined", "split the text")
    for number, line in enumerate(body.splitlines(), start=1):
        if len(line) > MAX_LINE:
            raise _problem(number, f"the line has more than {MAX_LINE:,} characters", "break it into paragraphs")
        if _RUN.search(line):
            raise _problem(number, "one sign is repeated four hundred times or more", "shorten the run")
        if len(line) > MAX_OPENERS_A_LINE and len(_OPENERS.findall(line)) > MAX_OPENERS_A_LINE:
            raise _problem(number, "the line is made almost only of brackets and marks", "shorten it")
