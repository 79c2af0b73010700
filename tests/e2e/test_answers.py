"""A support answer from its writer over its approver to the inbox, in a real browser."""

from typing import Any

from playwright.sync_api import expect

from incidents.core.access import Role
from tests.factories import make_product, make_ticket, make_user


def test_an_answer_is_used_once_a_colleague_approved_it(
    transactional_db: None, open_page: Any, screenshot: Any
) -> None:
    product = make_product(name="Larch")
    make_ticket(product, "slow", title="It hangs")
    supporter = make_user(Role.SUPPORT, product=product, username="sol")
    writer = open_page(user=supporter)
    writer.goto("/triage/answers/")
    writer.get_by_role("button", name="Write an answer").click()
    writer.get_by_label("The cause is").select_option("unknown")
    writer.locator("#answer-text").fill("We have not seen this before. Which version do you use?")
    writer.locator("#write-answer").get_by_role("button", name="Save as a draft").click()
    expect(writer.get_by_text("Draft waits")).to_be_visible()
    expect(writer.get_by_role("button", name="Approve for support")).to_have_count(0)
    writer.goto("/triage/")
    expect(writer.locator("[data-card]")).to_contain_text("It hangs")
    expect(writer.locator("[data-card]")).not_to_contain_text("We have not seen this before.")

    approver = open_page(user=make_user(Role.COMMS, product=product, username="cora"))
    approver.goto("/triage/answers/")
    approver.get_by_role("button", name="Approve for support").click()
    expect(approver.get_by_text("Approved by cora")).to_be_visible()
    screenshot(approver, "triage-answers")

    writer.goto("/triage/")
    expect(writer.locator("[data-card]")).to_contain_text("We have not seen this before. Which version do you use?")
