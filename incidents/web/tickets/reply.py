"""A ready answer for support: about a known cause in published words alone, about a suspected one without naming it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from incidents.publishing.queries import notice_about
from incidents.web.public.feeds import address_of
from incidents.web.tickets.causes import ProbableCause

KNOWN_FROM, SUSPECTED_FROM = 0.5, 0.25

_SUSPECTED = (
    "Thank you for telling us. We have had other reports like yours and are looking into them. We cannot yet say "
    "what is behind them, and will tell you here when we can.\n\n"
    "If you can, tell us which version you use, and when you first noticed it: it helps us to find out."
)
_UNKNOWN = (
    "Thank you for telling us. We have no other reports that explain what you see, and would like to find out.\n\n"
    "Which version do you use, on which system, and when did you first notice it? An example of what you asked and "
    "what you got would help most."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A text to paste; `standing` says in a word what is known."""

    standing: str
    text: str


def reply_for(request: HttpRequest, ticket: Any, causes: Sequence[ProbableCause]) -> Reply:
    """Return the answer that fits the ticket's likeliest cause."""
    likely = next((cause for cause in causes if cause.change_id is not None), None)
    if likely is not None and likely.probability >= KNOWN_FROM:
        notice = notice_about(ticket.product, likely.change_id)
        if notice is not None:
            address = request.build_absolute_uri(address_of(notice))
            text = (
                "Thank you for telling us. What you describe fits something that we know of and have written about:\n\n"
                f"{notice.title}\n{notice.summary}\n\nRead it all: {address}\n\n"
                "If you still see it after that, please answer with the version that you use."
            )
            return Reply(standing="Known and published", text=text)
    if likely is not None and likely.probability >= SUSPECTED_FROM:
        return Reply(standing="Suspected, not published", text=_SUSPECTED)
    return Reply(standing="Not known", text=_UNKNOWN)
