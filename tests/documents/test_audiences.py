"""What is marked for some readers alone reaches nobody else, however the mark is written."""

import pytest

from incidents.core.errors import InputError
from incidents.documents.audiences import Audience, blocks_for_support, check_marks, text_for
from incidents.documents.rendering.convert import convert

BODY = """\
## Summary

It was slow[[internal: on host db-7 [see](https://wiki.example/x)]] for a day.

::: internal
The pager was off.

## Names

Nobody saw it.
:::

::: support
Say sorry first.
:::

::: only plan=pro|team
You get a refund.
:::

The end.
"""


def public(body: str) -> str:
    return text_for(body, Audience.PUBLIC)


def test_each_audience_gets_its_own_text() -> None:
    assert public(BODY) == "## Summary\n\nIt was slow for a day.\n\nThe end.\n"
    assert text_for(BODY, Audience.INTERNAL) == BODY
    assert "refund" in text_for(BODY, Audience.SEGMENT, {"plan": "Pro"})
    assert "refund" not in text_for(BODY, Audience.SEGMENT, {"plan": "free"})
    assert "refund" not in text_for(BODY, Audience.SEGMENT, {})
    assert "sorry" not in text_for(BODY, Audience.SEGMENT, {"plan": "pro"})
    assert blocks_for_support(BODY) == "Say sorry first."
    assert blocks_for_support(BODY, {"plan": "team"}) == "Say sorry first.\nYou get a refund."


@pytest.mark.parametrize(
    "body",
    [
        "Before\n\n::: internal\nCANARY\n",  # never closed
        "Before\n\n::: intern\nCANARY\n:::\n",  # a slip of the pen
        "Before\n\n:::internal\nCANARY\n:::\n",
        "Before\n\n  > ::: internal\n> CANARY\n> :::\n",
        "Before\n\n::: internal\n::: support\na\n:::\nCANARY\n:::\n",
        "Before [[internal: CANARY\nmore",
        "Before [[ Internal : CANARY ]]",
        "Before [[internal: [[internal: a]] CANARY]]",
        "Before [[internal: a \\]] CANARY]]",
        "Before `[[internal: CANARY]]`",
        "```\n::: internal\nCANARY\n:::\n```\n",
        "| a | b |\n|---|---|\n| 1 | [[internal: CANARY]] |\n",
        "::: only plan=pro\nCANARY\n:::\n",
        "::: only\nCANARY\n:::\n",
        "Before\n\n::: internal\nSee [^1].\n:::\n\n[^1]: CANARY\n    CANARY too\n",
        "Before\n\n[[internal: [x][ref]]]\n\n[ref]: https://wiki.example/CANARY\n",
        "## CANARY\n\n::: internal\nAll of it.\n:::\n\n## Rest\n\nText.\n",
        "## Before\n\nText.\n\n### CANARY\n\n[[internal: All of it.]]\n",
    ],
)
def test_no_way_of_writing_a_mark_lets_the_words_out(body: str) -> None:
    assert "CANARY" not in public(body)
    assert "CANARY" not in convert(body, public=True)


def test_what_is_not_marked_stays_as_it_is() -> None:
    body = "One[^1] [a][b].\n\n[^1]: Note.\n\n[b]: https://e.example\n\n## Empty\n"
    assert public(body) == body
    kept = public("[[internal: x]]\n\n" + body)
    assert "Note." in kept
    assert "https://e.example" in kept
    assert "## Empty" in kept


def test_staff_see_frames_and_the_claims_inside_them() -> None:
    html = convert("A [[internal: b [4](ev:k)]].\n\n::: internal\nText\n:::\n", public=False, states={"k": "stale"})
    assert '<span class="internal">b <span class="claim claim-stale" data-claim="k">4</span></span>' in html
    assert '<div class="reserved reserved-internal">' in html
    assert ":::" not in html


@pytest.mark.parametrize(
    ("body", "line", "words"),
    [
        ("a\n::: internal\nb\n", 2, "never closed"),
        ("a\n:::\n", 2, "never opened"),
        ("::: intern\n:::\n", 1, "no known mark"),
        ("a\n\nb [[internal: c\n", 3, "never closed"),
    ],
)
def test_a_slip_is_refused_with_its_line(body: str, line: int, words: str) -> None:
    with pytest.raises(InputError) as refused:
        check_marks(body)
    assert refused.value.problems[0].line == line
    assert words in refused.value.problems[0].message
