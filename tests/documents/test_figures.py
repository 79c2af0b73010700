"""Figures in a text: drawn from a pinned window, put in after the cleaning, frozen when it is published."""

import pytest

from incidents.documents.figures import figure_choices, figures_html, pictures_of
from incidents.documents.models import Document
from incidents.documents.rendering import render_markdown
from incidents.publishing.services import publish
from incidents.response.enums import EvidenceKind
from incidents.response.evidence import pin_evidence
from tests.documents.stories import Story
from tests.factories import at, make_segment, make_ticket

REFERENCE = "![Complaints, by day](chart:case)"


def test_a_pinned_window_is_drawn_under_its_own_filter(story: Story) -> None:
    make_segment(story.product, surface="cli")
    for _ in range(4):
        make_ticket(story.product, "slow", segment={"surface": "cli"}, reported_at=at(11))
    pin = pin_evidence(
        actor=story.engineer, incident=story.incident, kind=EvidenceKind.WINDOW, starts_at=at(10, 0), ends_at=at(13, 0),
        segment_filter={"surface": ["cli"]}, note="The rise",
    )  # fmt: skip
    assert [one.label for one in figure_choices(story.incident)] == ["The whole case", "The rise"]
    body = f"{REFERENCE}\n\n![x](chart:{pin.pk})\n\n![y](chart:99999)\n"
    found = pictures_of(story.incident, body)
    assert sorted(found) == sorted(["case", str(pin.pk)])
    picture = found[str(pin.pk)]
    assert picture.counts == [0.0, 4.0, 0.0]
    assert picture.title == "Complaints (cli)"
    assert [lane.label for lane in picture.lanes] == ["Lower effort"]


def test_only_figures_of_our_making_get_past_the_cleaning() -> None:
    figures = {REFERENCE: '<figure class="figure"><svg class="chart"></svg></figure>'}
    html = render_markdown(f"A\n\n{REFERENCE}\n\nB ![no](chart:case) <svg></svg>\n", public=True, figures=figures)
    assert html.count("<svg") == 1
    assert '<figure class="figure"><svg class="chart"></svg></figure>' in html
    assert "&lt;svg&gt;" in html
    assert "not there" in render_markdown(REFERENCE, public=False)
    assert render_markdown(REFERENCE, public=True).strip() == ""


def test_a_published_figure_does_not_move_with_the_data(story: Story) -> None:
    document = story.approved(story.sound(f"## Impact\n\n{REFERENCE}\n\nIt was slow.\n"))
    publication = publish(actor=story.comms, document=document, seen_version=document.version)
    assert publication.html.count("<svg") == 1
    assert "*Complaints, by day.* Complaints a day" in publication.body
    assert "chart:" not in publication.body
    before = publication.html
    for _ in range(9):
        make_ticket(story.product, "slow", reported_at=at(11))
    publication.refresh_from_db()
    assert publication.html == before
    assert publication.summary == "It was slow."
    assert before not in figures_html(story.incident, document.body).values()


def test_a_draft_begins_with_the_picture_of_the_case(story: Story) -> None:
    document = Document.objects.get(pk=story.drafted().pk)
    assert "(chart:case)" in document.body


@pytest.mark.parametrize(
    "body", ["![a](chart:case", "text ![a](chart:case) text", "![a](chart:../x)", "[a](chart:case)"]
)
def test_what_is_no_reference_draws_nothing(story: Story, body: str) -> None:
    assert figures_html(story.incident, body) == {}
