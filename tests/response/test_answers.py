"""Answers of support: written by one, approved by another, the narrowest that fits is used, nothing else is."""

import pytest

from incidents.catalog.models import Product
from incidents.core.access import Role
from incidents.core.errors import Conflict, NotPermitted, NotReady, NotThere
from incidents.core.models import AuditEntry
from incidents.response import answers
from incidents.response.enums import AnswerStanding
from incidents.response.models import SupportAnswer
from tests.factories import make_change, make_product, make_user

pytestmark = pytest.mark.django_db
SUSPECTED, UNKNOWN = AnswerStanding.SUSPECTED, AnswerStanding.UNKNOWN


def approved(product: Product, text: str, standing: AnswerStanding = SUSPECTED, **fields: object) -> SupportAnswer:
    author = make_user(Role.SUPPORT, product=product)
    answer = answers.write_answer(actor=author, product=product, standing=standing, text=text, **fields)  # type: ignore[arg-type]
    answers.approve_answer(actor=make_user(Role.ENGINEER, product=product), answer=answer, text=text)
    answer.refresh_from_db()
    return answer


def chosen(product: Product, change_id: int | None = None, **segment: str) -> str | None:
    found = answers.approved_answer(product, SUSPECTED, change_id=change_id, segment=segment)
    return found.text if found is not None else None


def test_a_draft_is_used_once_another_person_approves_it() -> None:
    product = make_product()
    author = make_user(Role.ENGINEER, product=product)
    answer = answers.write_answer(actor=author, product=product, standing=SUSPECTED, text=" We look.\nSoon. ")
    assert chosen(product) is None
    with pytest.raises(NotReady, match="Somebody else"):
        answers.approve_answer(actor=author, answer=answer, text="We look.\nSoon.")
    with pytest.raises(NotPermitted):
        answers.approve_answer(actor=make_user(Role.SUPPORT, product=product), answer=answer, text=answer.draft)
    colleague = make_user(Role.COMMS, product=product)
    with pytest.raises(Conflict, match="anew"):
        answers.approve_answer(actor=colleague, answer=answer, text="Another text")
    # A form turns line ends into its own.
    answers.approve_answer(actor=colleague, answer=answer, text="We look.\r\nSoon.")
    assert chosen(product) == "We look.\nSoon."
    # A new wording waits; the approved one stays, also when the new one is thrown away.
    again = answers.write_answer(actor=author, product=product, standing=SUSPECTED, text="We found it.")
    assert again.pk == answer.pk
    assert chosen(product) == "We look.\nSoon."
    answers.discard_draft(actor=author, answer=again)
    assert chosen(product) == "We look.\nSoon."
    with pytest.raises(Conflict, match="approved already"):
        answers.write_answer(actor=author, product=product, standing=SUSPECTED, text="We look.\nSoon.")
    answers.retire_answer(actor=author, answer=answer)
    assert chosen(product) is None
    told = AuditEntry.objects.filter(object_type="supportanswer").order_by("pk").values_list("action", flat=True)
    assert list(told) == [
        "answer written",
        "answer approved for support",
        "answer written",
        "answer's draft discarded",
        "answer taken out of use",
    ]


def test_the_narrowest_answer_that_fits_is_chosen() -> None:
    product = make_product()
    change, other = make_change(product), make_change(product)
    approved(product, "any")
    assert chosen(product, change.pk, surface="cli") == "any"
    approved(product, "cli", segment={"surface": ["cli"]})
    assert chosen(product, change.pk, surface="cli") == "cli"
    assert chosen(product, change.pk, surface="web") == "any"
    assert chosen(product, change.pk) == "any"
    approved(product, "this change", change_id=change.pk)
    assert chosen(product, change.pk, surface="cli") == "this change"
    assert chosen(product, other.pk, surface="cli") == "cli"
    approved(product, "this change on cli", change_id=change.pk, segment={"surface": ["cli"]})
    assert chosen(product, change.pk, surface="cli") == "this change on cli"
    assert answers.approved_answer(product, UNKNOWN, change_id=None, segment={}) is None
    assert chosen(make_product()) is None


def test_what_cannot_be_an_answer_is_refused() -> None:
    product, foreign = make_product(), make_product()
    author = make_user(Role.SUPPORT, product=product)
    change = make_change(foreign)

    def write(**fields: object) -> None:
        answers.write_answer(
            **{"actor": author, "product": product, "standing": SUSPECTED, "text": "t", **fields}  # type: ignore[arg-type]
        )

    for fields, error in (
        ({"text": "  "}, NotReady),
        ({"text": "x" * 4001}, NotReady),
        ({"standing": UNKNOWN, "change_id": make_change(product).pk}, NotReady),
        ({"change_id": change.pk}, NotThere),
        ({"segment": {"surface": ["moon"]}}, NotReady),
        ({"segment": {"moon": ["x"]}}, NotReady),
        ({"actor": make_user(Role.SUPPORT, product=foreign)}, NotThere),
    ):
        with pytest.raises(error):
            write(**fields)
    assert not SupportAnswer.objects.exists()
    answer = approved(product, "x")
    with pytest.raises(NotThere):
        answers.answer_for(make_user(Role.SUPPORT, product=foreign), answer.pk)
