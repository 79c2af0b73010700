"""A postmortem from elsewhere."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from incidents.core.errors import InputError, NotPermitted
from incidents.documents.models import Document
from incidents.documents.queries import judged
from incidents.documents.taking_in import read_markdown, take_in_postmortem
from tests.documents.stories import Story


@pytest.fixture
def story(db: None) -> Story:
    """Return a case with a run."""
    return Story()


@pytest.mark.parametrize(
    ("content", "title"),
    [
        (b"# What happened\n\nIt was slow.\n", "What happened"),
        (b"\xef\xbb\xbf# What happened #\r\n\r\nIt was slow.\r\n", "What happened"),
        (b"What happened\n=====\n\nIt was slow.\n", "What happened"),
        (b'---\ntitle: "What happened"\ndate: 2026-03-01\n---\nIt was slow.\n', "What happened"),
        (b"It was slow.\n", "our slow week"),
    ],
)
def test_title_and_text_are_told_apart(content: bytes, title: str) -> None:
    text = read_markdown(content, "our-slow-week.md")
    assert (text.title, text.body) == (title, "It was slow.\n")


def test_a_heading_further_down_is_no_title() -> None:
    text = read_markdown(b"Before.\n\n# Later\n\nMore.\n", "a.md")
    assert (text.title, text.body) == ("a", "Before.\n\n# Later\n\nMore.\n")


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        (b"", None, "no text below"),
        (b"# Only a title\n", None, "no text below"),
        (b"Fine.\nNot \xff fine.\n", 2, "no UTF-8"),
        (b"a\nb\x00c\n", 2, "control character"),
        (b"x" * 200_001, None, "more than 200,000 bytes"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(content: bytes, line: int | None, words: str) -> None:
    with pytest.raises(InputError) as refused:
        read_markdown(content, "a.md")
    [problem] = refused.value.problems
    assert (problem.file, problem.line) == ("a.md", line)
    assert words in problem.message


def test_what_was_taken_over_is_judged_like_any_draft(story: Story) -> None:
    content = b"# Slow answers\n\nThe change to effort caused 412 complaints.\n"
    document = take_in_postmortem(actor=story.comms, incident=story.incident, content=content, file_name="x/y.md")
    assert (document.title, document.state, document.version) == ("Slow answers", "draft", 1)
    assert judged(document).counts()["unsupported"] >= 1
    with pytest.raises(NotPermitted):
        take_in_postmortem(actor=story.support, incident=story.incident, content=content, file_name="y.md")


def test_through_the_page(client: Client, story: Story) -> None:
    client.force_login(story.comms)
    address = f"/cases/{story.incident.pk}/documents/take-in/"
    page = client.post(address, {"file": SimpleUploadedFile("a.md", b"Fine.\nNot \xff fine.\n")}, follow=True)
    assert "a.md, line 2: this is no UTF-8 text" in page.content.decode()
    assert not Document.objects.exists()
    page = client.post(address, {"file": SimpleUploadedFile("a.md", b"# Title\n\nText.\n")}, follow=True)
    assert "Taken over as a draft" in page.content.decode()
    document = Document.objects.get()
    for form in ("pdf", "docx", "md", "html", "json"):
        answer = client.get(f"/documents/{document.pk}/draft.{form}")
        assert answer.status_code == 200
        assert f"draft-1.{form}" in answer.headers["Content-Disposition"]
        assert "no-store" in answer.headers["Cache-Control"]
    assert "Draft of" in client.get(f"/documents/{document.pk}/draft.md").content.decode()
    assert client.get(f"/documents/{document.pk}/draft.exe").status_code == 404
    client.force_login(story.stranger)
    assert client.get(f"/documents/{document.pk}/draft.md").status_code == 404
