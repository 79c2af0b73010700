"""A ready answer for support: published words about a known cause, or what a colleague approved; else neutral words.

Nothing else enters: no title of a change, no number, no draft. The neutral words name no cause.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest

from incidents.charts.labels import moment
from incidents.publishing.queries import notice_about
from incidents.response.answers import approved_answer
from incidents.response.enums import AnswerStanding
from incidents.web.public.feeds import address_of
from incidents.web.tickets.causes import ProbableCause

KNOWN_FROM, SUSPECTED_FROM = 0.5, 0.25

# What is said while nothing was approved for the standing.
NEUTRAL = {
    AnswerStanding.KNOWN: (
        "Thank you for telling us. What you describe fits something that we know of and have written about:"
    ),
    AnswerStanding.SUSPECTED: (
        "Thank you for telling us. We have had other reports like yours and are looking into them. We cannot yet say "
        "what is behind them, and will tell you here when we can.\n\n"
        "If you can, tell us which version you use, and when you first noticed it: it helps us to find out."
    ),
    AnswerStanding.UNKNOWN: (
        "Thank you for telling us. We have no other reports that explain what you see, and would like to find out.\n\n"
        "Which version do you use, on which system, and when did you first notice it? An example of what you asked and "
        "what you got would help most."
    ),
}
_AFTERWARDS = "If you still see it after that, please answer with the version that you use."


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A text to paste; `standing` says in a word what is known, `origin` where the words come from."""

    standing: str
    text: str
    origin: str


def reply_for(request: HttpRequest, ticket: Any, causes: Sequence[ProbableCause]) -> Reply:
    """Return the answer that fits the ticket's likeliest cause."""
    likely = next((cause for cause in causes if cause.change_id is not None), None)
    if likely is not None and likely.probability >= KNOWN_FROM:
        known = _known(request, ticket, likely.change_id)
        if known is not None:
            return known
    suspected = likely is not None and likely.probability >= SUSPECTED_FROM
    standing = AnswerStanding.SUSPECTED if suspected else AnswerStanding.UNKNOWN
    answer = _approved(ticket, standing, likely.change_id if suspected and likely is not None else None)
    words = "Suspected, not published" if suspected else "Not known"
    if answer is not None:
        return Reply(standing=words, text=answer.text, origin=_origin(ticket, answer))
    return Reply(standing=words, text=NEUTRAL[standing], origin="Neutral words that name no cause")


def _known(request: HttpRequest, ticket: Any, change_id: int | None) -> Reply | None:
    """Return what is published of the change, with the approved words about it; None where neither is there."""
    notice = notice_about(ticket.product, change_id)
    answer = _approved(ticket, AnswerStanding.KNOWN, change_id)
    about_it = answer is not None and answer.change_id is not None
    if notice is None:
        # Words for any known cause lead to what was published: without that they would claim too much.
        if answer is None or not about_it:
            return None
        return Reply(standing="Known, approved for support", text=answer.text, origin=_origin(ticket, answer))
    address = request.build_absolute_uri(address_of(notice))
    first = NEUTRAL[AnswerStanding.KNOWN] if answer is None else answer.text
    parts = [
        first,
        *([] if about_it else [f"{notice.title}\n{notice.summary}"]),
        f"Read it all: {address}",
        _AFTERWARDS,
    ]
    origin = "The published notice" if answer is None else f"The published notice; {_origin(ticket, answer)}"
    return Reply(standing="Known and published", text="\n\n".join(parts), origin=origin)


def _approved(ticket: Any, standing: AnswerStanding, change_id: int | None) -> Any:
    segment = (ticket.stated_segment or ticket.segment).values
    return approved_answer(ticket.product, standing, change_id=change_id, segment=segment)


def _origin(ticket: Any, answer: Any) -> str:
    who = answer.approved_by.get_username() if answer.approved_by is not None else "a former colleague"
    return f"approved for support by {who}, {moment(answer.approved_at, ZoneInfo(ticket.product.timezone))}"
