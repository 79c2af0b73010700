"""The file formats on offer, and one way to write any of them."""

from collections.abc import Callable
from dataclasses import dataclass

from incidents.publishing.exports.markdown import to_markdown
from incidents.publishing.exports.page import to_page
from incidents.publishing.exports.record import to_json
from incidents.publishing.exports.sheet import Sheet
from incidents.publishing.exports.typeset import to_pdf
from incidents.publishing.exports.word import to_word

_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One file format: `key` is the ending of the name, `write` takes the sheet and the sanitised HTML."""

    key: str
    label: str
    content_type: str
    write: Callable[[Sheet, str], bytes]


FORMS = {
    form.key: form
    for form in (
        Form(key="pdf", label="PDF", content_type="application/pdf", write=lambda sheet, _: to_pdf(sheet)),
        Form(key="docx", label="Word", content_type=_WORD, write=lambda sheet, _: to_word(sheet)),
        Form(
            key="md",
            label="Markdown",
            content_type="text/markdown; charset=utf-8",
            write=lambda sheet, _: to_markdown(sheet).encode(),
        ),
        Form(
            key="html",
            label="HTML",
            content_type="text/html; charset=utf-8",
            write=lambda sheet, html: to_page(sheet, html=html).encode(),
        ),
        Form(
            key="json",
            label="JSON",
            content_type="application/json",
            write=lambda sheet, html: to_json(sheet, html=html),
        ),
    )
}
