"""Files of a snapshot: nothing is lost, nothing is added, nothing of the text acts as markup."""

import datetime as dt
import io
import json
import zipfile

import docx
import pytest

from incidents.documents.rendering.convert import convert
from incidents.publishing.exports.blocks import (
    Block,
    Code,
    Heading,
    Listing,
    Paragraph,
    Quote,
    Span,
    Table,
    parse_blocks,
    text_lines,
)
from incidents.publishing.exports.forms import FORMS
from incidents.publishing.exports.sheet import Sheet
from incidents.publishing.exports.typeset import to_card
from tests.publishing.exports.pdf_text import page_words

BODY = """## Summary

**Answers** got *shallower* for [about 1,561](ev:change.effort.excess) people; see [our page](https://example.com/a(b)).

| Change | Excess |
|---|--:|
| Effort | 1,561 [1,312 to 1,848] |

- one
- two with `code`

    and more of it

3. third
4. fourth

> They said "nothing changed".

#### Skipped a level

A line&&
broken.
""".replace("&&", "  ")


def sheet(html: str, title: str = "What happened") -> Sheet:
    return Sheet(
        title=title,
        product="Larch",
        kind="Postmortem",
        summary="",
        address="https://status.example.com/p/larch/postmortems/what-happened/",
        facts=(("Published", "26 March 2026"),),
        corrections=(("1 April 2026", "The count was too low."),),
        blocks=parse_blocks(html),
        published_at=dt.datetime(2026, 3, 26, tzinfo=dt.UTC),
        content_hash="ab12",
    )


def test_the_public_html_becomes_blocks() -> None:
    blocks = parse_blocks(convert(BODY, public=True))
    kinds: list[type[Block]] = [Heading, Paragraph, Table, Listing, Listing, Quote, Heading, Paragraph]
    assert [type(block) for block in blocks] == kinds
    first, table, bullets, numbers = blocks[1], blocks[2], blocks[3], blocks[4]
    assert isinstance(first, Paragraph)
    assert first.spans[0] == Span("Answers", bold=True)
    assert Span("our page", href="https://example.com/a(b)") in first.spans
    assert isinstance(table, Table)
    assert table.sides == ("", "right")
    assert table.rows == (((Span("Effort"),), (Span("1,561 [1,312 to 1,848]"),)),)
    assert isinstance(bullets, Listing)
    assert bullets.start is None
    assert len(bullets.items[1]) == 2
    assert isinstance(numbers, Listing)
    assert numbers.start == 3
    assert list(text_lines(blocks))[-1] == "A line\nbroken."


def test_a_headings_own_link_and_the_way_back_from_a_footnote_stay_on_the_page() -> None:
    html = convert("## Part\n\nText[^1].\n\n[^1]: The note.\n", public=True)
    text = "\n".join(text_lines(parse_blocks(html)))
    assert "#" not in text
    assert "↩" not in text
    assert "The note." in text


@pytest.mark.parametrize(
    "html", ["", "<p>", "</p></ul>", "<ul><li>a<li>b", "a<b>c", "<table><tr></tr></table>", "<pre>x"]
)
def test_odd_html_is_no_error(html: str) -> None:
    for form in FORMS.values():
        assert form.write(sheet(html), html)


def test_markdown_read_again_says_the_same() -> None:
    html = convert(BODY, public=True)
    written = FORMS["md"].write(sheet(html), html).decode()
    assert "ev:" not in written
    body = written.split("too low.\n", 1)[1].rsplit("\n<https", 1)[0]
    again = convert(body, public=True)
    assert list(text_lines(parse_blocks(again))) == list(text_lines(parse_blocks(html)))


@pytest.mark.parametrize(
    "text", ["*not bold* _no_ `code`", "1. no list", "# no heading", "[a](https://x.example)", "<b>x</b>", "a | b"]
)
def test_signs_in_the_text_are_text_in_markdown(text: str) -> None:
    from html import escape

    html = f"<p>{escape(text)}</p>"
    written = FORMS["md"].write(sheet(html), html).decode()
    body = written.split("too low.\n", 1)[1].rsplit("\n<https", 1)[0]
    assert list(text_lines(parse_blocks(convert(body, public=True)))) == [text]


def test_a_pdf_is_tagged_has_bookmarks_and_is_the_same_every_time() -> None:
    html = convert(BODY, public=True)
    written = FORMS["pdf"].write(sheet(html), html)
    assert written.startswith(b"%PDF-1.7")
    assert b"/StructTreeRoot" in written
    assert b"/Outlines" in written
    assert b"pdfuaid" in written
    assert written == FORMS["pdf"].write(sheet(html), html)


def test_the_words_of_a_pdf_are_the_words_of_the_page_and_can_be_taken_out_of_it() -> None:
    html = convert(BODY, public=True)
    found = "".join(page_words(FORMS["pdf"].write(sheet(html), html)).split())
    for line in text_lines(parse_blocks(html)):
        for word in line.split():
            assert word.strip(".|") in found, word
    assert "canary-7f" in page_words(FORMS["pdf"].write(sheet("<p>a canary-7f b</p>"), ""))


def test_signs_of_the_typesetter_do_nothing() -> None:
    evil = '#set page(width: 1cm) #read("sheet.typ") $x$ @ref <label> *b* `c` \\ // comment'
    written = FORMS["pdf"].write(sheet(f"<p>{evil}</p>", title=evil), "")
    assert written.startswith(b"%PDF")


def test_word_has_real_headings_and_tables_and_no_names() -> None:
    html = convert(BODY, public=True)
    written = FORMS["docx"].write(sheet(html), html)
    document = docx.Document(io.BytesIO(written))
    styles = {paragraph.text: paragraph.style.name for paragraph in document.paragraphs if paragraph.style}
    assert styles["Summary"] == "Heading 1"
    assert styles["one"] == "List Bullet"
    assert [cell.text for cell in document.tables[0].rows[1].cells] == ["Effort", "1,561 [1,312 to 1,848]"]
    assert document.core_properties.author == "Larch"
    with zipfile.ZipFile(io.BytesIO(written)) as parts:
        everything = b"".join(parts.read(name) for name in parts.namelist())
    assert b"python-docx" not in everything
    assert b"https://example.com/a(b)" in everything


def test_a_page_needs_nothing_from_elsewhere() -> None:
    html = convert(BODY, public=True)
    written = FORMS["html"].write(sheet(html), html).decode()
    assert "<script" not in written
    assert "src=" not in written
    assert "<style>:root" in written
    assert "The count was too low." in written


def test_the_record_holds_text_in_both_forms() -> None:
    record = json.loads(FORMS["json"].write(sheet("<p>Short.</p>"), "<p>Short.</p>"))
    assert record["html"] == "<p>Short.</p>"
    assert "Short." in record["markdown"]
    assert record["published_at"] == "2026-03-26T00:00:00Z"
    assert record["content_hash"] == "ab12"


def test_a_card_is_a_picture_of_the_size_that_sites_expect() -> None:
    written = to_card(title="#x " * 60, product="Larch", kind="Postmortem", day="26 March 2026", accent="#3a4bc4")
    assert written.startswith(b"\x89PNG")
    assert (int.from_bytes(written[16:20]), int.from_bytes(written[20:24])) == (1200, 630)


def test_code_keeps_its_lines() -> None:
    assert parse_blocks("<pre><code>a\n  b\n</code></pre>") == (Code("a\n  b"),)
