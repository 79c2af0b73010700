"""What was said in public, with what it claims: some of it does not survive the evidence."""

from typing import Any, Final, TypeAlias

from incidents.demo.changelog import EFFORT_DEFAULT, LENGTH_LIMITS, REASONING_CLEAR
from incidents.demo.changelog.rows import local

StatementRow: TypeAlias = dict[str, Any]


def _said(
    key: str, at: str, channel: str, text: str, *claims: tuple[str | None, str], audience: str = "public"
) -> StatementRow:
    return {
        "id": key,
        "at": local(at),
        "channel": channel,
        "audience": audience,
        "text": text,
        "claims": [{"about": about, "says": says} for about, says in claims],
    }


_EARLY: tuple[StatementRow, ...] = (
    _said(
        "said-outage-feb", "2026-02-19 07:25", "status page",
        "Investigating: elevated error rates on all surfaces.",
        (None, "errors since 07:10"),
    ),
    _said(
        "said-outage-feb-over", "2026-02-19 11:05", "status page",
        "Resolved: error rates are back to normal since 10:50. A network fault at a provider was the trigger.",
        (None, "the errors ended at 10:50"),
    ),
    _said(
        "said-search-flag", "2026-02-24 12:00", "changelog",
        "Searches in several folders now run in parallel.",
        ("flag-parallel-search", "search is faster for everyone"),
    ),
    _said(
        "said-effort-log", "2026-03-06 09:00", "changelog",
        "Alder Code answers faster: we tuned the default effort. You can choose another effort in the settings.",
        (EFFORT_DEFAULT, "answers are faster"),
        (EFFORT_DEFAULT, "the only effect is on speed"),
    ),
    _said(
        "said-effort-macro", "2026-03-10 11:30", "support macro",
        "Thank you for your report. No changes have been made to the models. Please try a fresh session.",
        (None, "no changes have been made to the models"),
        (EFFORT_DEFAULT, "nothing changed that could lower quality"),
        audience="customers who wrote in",
    ),
    _said(
        "said-effort-notice", "2026-03-12 14:00", "changelog",
        "The client now shows at start which effort is in use.",
        ("notice-effort-at-start", "users can see their effort"),
    ),
    _said(
        "said-promo", "2026-03-13 09:00", "post",
        "For two weeks, usage outside working hours counts half on the Plus and Pro plans.",
        ("promo-evening-limits", "evening usage counts half until 27 March"),
    ),
    _said(
        "said-forum-repro", "2026-03-19 16:45", "forum post",
        "We looked into the quality reports and can't reproduce a regression. Our evaluations are stable.",
        (EFFORT_DEFAULT, "evaluations show no regression"),
        (None, "the reports cannot be reproduced"),
    ),
    _said(
        "said-collapsed", "2026-03-24 11:05", "changelog",
        "Thinking is collapsed by default in the terminal. Press the shortcut to show it.",
        ("flag-thinking-collapsed", "only the display changes"),
    ),
)  # fmt: skip

_MIDDLE: tuple[StatementRow, ...] = (
    _said(
        "said-limits-promo", "2026-03-30 13:10", "support macro",
        "Limits may feel tighter because the March promotion has ended. Limits themselves were not changed.",
        ("promo-evening-limits", "faster drain comes from the end of the promotion"),
        (REASONING_CLEAR, "nothing else drains limits faster"),
        audience="customers who wrote in",
    ),
    _said(
        "said-idle-macro", "2026-04-01 10:20", "support macro",
        "Long sessions can exceed the context window. Please start a new session from time to time.",
        (REASONING_CLEAR, "forgetting comes from a full context window"),
        audience="customers who wrote in",
    ),
    _said(
        "said-post-answer", "2026-04-03 09:40", "post",
        "We have seen the widely shared comparison. We never make the models worse on purpose, and we are looking "
        "into what people report.",
        (None, "the models were not made worse on purpose"),
    ),
    _said(
        "said-cannot-reproduce-idle", "2026-04-06 15:00", "forum post",
        "We tried to reproduce the reports of forgotten plans on our own builds and could not.",
        (REASONING_CLEAR, "forgetting cannot be reproduced on internal builds"),
    ),
    _said(
        "said-effort-revert", "2026-04-07 17:00", "changelog",
        "The default effort of the large and medium models is high again.",
        (EFFORT_DEFAULT, "the default is high again since 7 April"),
    ),
    _said(
        "said-idle-fix", "2026-04-10 10:35", "changelog",
        "3.46.0: sessions keep their reasoning after a long pause.",
        (REASONING_CLEAR, "fixed for everyone who updates to 3.46.0"),
    ),
    _said(
        "said-all-fixed", "2026-04-13 12:00", "forum post",
        "The issues reported in March are resolved for all users.",
        (EFFORT_DEFAULT, "resolved"),
        (REASONING_CLEAR, "resolved for all users"),
    ),
)  # fmt: skip

_LATE: tuple[StatementRow, ...] = (
    _said(
        "said-model-launch", "2026-04-16 09:05", "post",
        "Alder Large 5 is here: our most capable model for long tasks.",
        ("model-large-5", "more capable than its predecessor"),
    ),
    _said(
        "said-terse-style", "2026-04-17 14:20", "forum post",
        "Shorter answers are the style of the new model. Nothing changed for the earlier ones.",
        ("model-large-5", "short answers come from the new model"),
        (LENGTH_LIMITS, "earlier models are unchanged"),
    ),
    _said(
        "said-terse-revert", "2026-04-20 13:50", "changelog",
        "3.48.0: the system prompt goes back to its earlier wording.",
        (LENGTH_LIMITS, "answers are as long as before after updating to 3.48.0"),
    ),
    _said(
        "said-limits-reset", "2026-04-23 10:00", "post",
        "We have reset usage limits for all subscribers. A full account of the last weeks follows.",
        ("limits-reset-all", "limits start again at zero"),
        (None, "a full account will be published"),
    ),
    _said(
        "said-outage-apr", "2026-04-28 10:40", "status page",
        "Investigating: many requests fail on all surfaces.",
        (None, "errors since 10:25"),
    ),
    _said(
        "said-outage-apr-over", "2026-04-28 15:10", "status page",
        "Resolved: a faulty certificate rotation made requests fail between 10:25 and 14:55.",
        (None, "the errors ended at 14:55"),
    ),
    _said(
        "said-usage-page", "2026-04-29 10:15", "changelog",
        "3.49.0: the client shows what counts towards your limits, per session.",
        ("client-3.49.0", "usage is visible per session"),
    ),
)  # fmt: skip

STATEMENTS: Final[tuple[StatementRow, ...]] = (*_EARLY, *_MIDDLE, *_LATE)

SOURCES: Final[tuple[dict[str, str], ...]] = (
    {"id": "change-log", "title": "Change log of the service", "url": "https://changes.alder.example/",
     "used_for": "changes made on the server, with the text of prompts and settings"},
    {"id": "releases", "title": "Release notes of the clients", "url": "https://releases.alder.example/",
     "used_for": "client releases"},
    {"id": "help-desk", "title": "Help desk export", "url": "https://desk.alder.example/exports/2026-05-11",
     "used_for": "tickets of channel support"},
    {"id": "issue-tracker", "title": "Public issue tracker", "url": "https://issues.alder.example/",
     "used_for": "tickets of channel github"},
    {"id": "forum", "title": "Community forum", "url": "https://forum.alder.example/",
     "used_for": "tickets of channel forum, some statements"},
    {"id": "social-listening", "title": "Collected social posts, names removed",
     "url": "https://desk.alder.example/social", "used_for": "tickets of channel social"},
    {"id": "telemetry", "title": "Service telemetry", "url": "https://metrics.alder.example/",
     "used_for": "metrics and usage counts"},
    {"id": "eval-store", "title": "Evaluation results", "url": "https://evals.alder.example/",
     "used_for": "evaluation runs"},
    {"id": "status-page", "title": "Status page", "url": "https://status.alder.example/",
     "used_for": "statements about outages"},
)  # fmt: skip
