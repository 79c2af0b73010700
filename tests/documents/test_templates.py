"""Templates: slots filled from the evidence, versions kept, one default, roles that must approve."""

import pytest

from incidents.core.access import Role
from incidents.core.errors import Conflict, InputError, NotPermitted, NotReady
from incidents.documents.citations import gaps
from incidents.documents.drafting import build_notice, build_postmortem
from incidents.documents.drafting.sources import ATLASSIAN, SRE
from incidents.documents.enums import TemplateKind, Verdict
from incidents.documents.queries import missing_roles, standing_approval
from incidents.documents.review import request_review, review_document
from incidents.documents.services import draft_postmortem, save_document
from incidents.documents.templates.builtin import BUILT_IN, SLOTS
from incidents.documents.templates.preview import preview_of
from incidents.documents.templates.queries import revisions_of_template, template_choices, template_named
from incidents.documents.templates.services import create_template, retire_template, save_template, set_policy
from incidents.documents.templating import check_template, fill, slots_in
from tests.documents.handmade import FACTS, FLAG
from tests.documents.stories import Story
from tests.documents.test_drafting import judged
from tests.factories import make_user


def test_sections_without_anything_to_say_are_left_out() -> None:
    slots = {"a": lambda: "Told.", "b": lambda: "", "c": lambda: ""}
    source = "## A\n\n{{ a }}\n\n## B\n\n{{ b }}\n\n## C\n\n### C1\n\n{{ b }}\n\n{{ c }}\n\n## D\n\nFixed. {{ c }}\n"
    assert fill(source, slots) == "## A\n\nTold.\n\n## D\n\nFixed.\n"


def test_a_slot_that_does_not_exist_is_refused_with_its_line() -> None:
    with pytest.raises(InputError, match="there is no slot “summry”") as refused:
        check_template("## A\n\n{{ summry }}\n", SLOTS[TemplateKind.POSTMORTEM])
    assert refused.value.problems[0].line == 3
    with pytest.raises(InputError, match="opens no slot"):
        check_template("{{ a b }}", {"a"})


@pytest.mark.parametrize("one", BUILT_IN, ids=lambda one: f"{one.kind}-{one.key}")
def test_what_comes_with_the_workbench_uses_known_slots(one) -> None:  # type: ignore[no-untyped-def]
    check_template(one.source, SLOTS[one.kind])
    assert slots_in(one.source)


@pytest.mark.parametrize("source", [SRE, ATLASSIAN])
def test_other_houses_templates_are_carried_by_the_evidence_too(source: str) -> None:
    body = build_postmortem(FACTS, source)
    counts = judged(body, FACTS).counts()
    assert (counts["unsupported"], counts["contradicted"], counts["stale"]) == (0, 0, 0)
    assert counts["supported"] > 20
    assert "{{" not in body


def test_a_notice_in_force_says_what_comes_next_and_not_how_it_ended() -> None:
    body = build_notice(FACTS, FLAG).body
    assert "## What happens next" in body
    assert "## How it ended" not in body


def test_a_product_keeps_its_own_template_and_begins_from_it(story: Story) -> None:
    kind = TemplateKind.POSTMORTEM
    made = create_template(
        actor=story.comms, product=story.product, kind=kind, name="House", source="## Short\n\n{{ summary }}\n"
    )
    saved = save_template(
        actor=story.comms, template=made, source="## Shorter\n\n{{ trigger }}", seen_version=1, note="Less"
    )
    assert [row.number for row in revisions_of_template(saved)] == [2, 1]
    set_policy(actor=story.comms, product=story.product, kind=kind, template=f"t{made.pk}", required_roles=[])
    document = draft_postmortem(actor=story.comms, incident=story.incident)
    assert document.body.startswith("## Shorter\n\n“Lower effort” took effect on [")
    assert document.revisions.get().note == "Drafted from the evidence (template “House”, version 2)"
    other = draft_postmortem(actor=story.comms, incident=story.incident, template="sre")
    assert other.body.startswith("**Status:**")
    retire_template(actor=story.comms, template=made)
    assert template_named(story.product, kind).key == "ours"
    assert [one.is_default for one in template_choices(story.product, kind)] == [True, False, False]


def test_two_editors_of_a_template_do_not_overwrite_each_other(story: Story) -> None:
    made = create_template(
        actor=story.comms, product=story.product, kind=TemplateKind.MACRO, name="A", source="{{ summary }}"
    )
    save_template(actor=story.comms, template=made, source="{{ todo }}", seen_version=1)
    with pytest.raises(Conflict):
        save_template(actor=story.comms, template=made, source="{{ link }}", seen_version=1)
    with pytest.raises(InputError, match="exists already"):
        create_template(
            actor=story.comms, product=story.product, kind=TemplateKind.MACRO, name="a", source="{{ summary }}"
        )
    with pytest.raises(NotPermitted):
        save_template(actor=story.engineer, template=made, source="{{ link }}", seen_version=2)


@pytest.mark.parametrize("kind", TemplateKind)
def test_each_kind_has_a_preview_on_a_case(story: Story, kind: TemplateKind) -> None:
    shown = preview_of(kind, template_named(story.product, kind).source, story.incident)
    assert shown.text.strip()
    assert shown.is_plain == (kind == TemplateKind.MACRO)


def test_every_required_role_must_approve_before_it_is_approved(story: Story) -> None:
    roles = [Role.COMMS.value, Role.ENGINEER.value]
    set_policy(
        actor=story.comms, product=story.product, kind=TemplateKind.POSTMORTEM, template="ours", required_roles=roles
    )
    second = make_user(Role.COMMS, product=story.product, username="cleo")
    document = story.sound()
    seen = document.version
    with pytest.raises(InputError, match="nobody with the role Comms"):
        request_review(actor=story.comms, document=document, reviewers=[story.engineer], seen_version=seen)
    request_review(actor=story.comms, document=document, reviewers=[story.engineer, second], seen_version=seen)
    review_document(actor=story.engineer, document=document, verdict=Verdict.APPROVED, seen_version=seen)
    document.refresh_from_db()
    assert document.state == "in_review"
    assert missing_roles(document) == [Role.COMMS]
    assert standing_approval(document) is None
    review_document(actor=second, document=document, verdict=Verdict.APPROVED, seen_version=seen)
    document.refresh_from_db()
    assert document.state == "approved"
    saved = save_document(actor=story.comms, document=document, title="T", body="Other.\n", seen_version=seen)
    assert missing_roles(saved) == [Role.ENGINEER, Role.COMMS]
    with pytest.raises(NotReady):
        review_document(actor=second, document=saved, verdict=Verdict.APPROVED, seen_version=saved.version)


def test_gaps_of_a_template_block_like_any_other(story: Story) -> None:
    document = draft_postmortem(actor=story.comms, incident=story.incident, template="atlassian")
    assert any(gap.question.startswith("who took part") for gap in gaps(document.body))
