"""A notice to one segment: cut from a document, a draft of its own, cut anew when its source moves."""

import pytest

from incidents.core.errors import Conflict, NotPermitted, NotReady
from incidents.documents.enums import NameKind
from incidents.documents.leaks import add_name, leaks_of
from incidents.documents.models import Claim, Document, DocumentPolicy, DocumentTemplate, Revision
from incidents.documents.queries import judged
from incidents.documents.segment_notices import cut_anew, write_segment_notice
from incidents.documents.services import save_document, vouch
from tests.documents.stories import Story

BODY = """## Summary

Answers were worse for [a while](ev:run-effort-excess).

::: only surface=web
On the web you had to ask twice.
:::

::: internal
Nobody looked at the dashboard.
:::
"""


@pytest.fixture
def story(db: None) -> Story:
    """Return a case with a run."""
    story = Story()
    story.change.scope = {"surface": ["web"]}
    story.change.save()
    return story


def test_it_is_a_draft_notice_of_its_own(story: Story) -> None:
    source = story.sound(BODY)
    notice = write_segment_notice(actor=story.comms, document=source, segment={"surface": "web"})
    assert (notice.kind, notice.state, notice.heading) == ("notice", "draft", "fixed")
    assert notice.title == "What happened (surface web)"
    assert notice.segment == {"surface": "web"}
    assert (notice.made_from, notice.made_from_version) == (source, source.version)
    assert notice.body.startswith("## Summary")
    assert "On the web you had to ask twice." in notice.body
    assert "dashboard" not in notice.body
    assert ":::" not in notice.body
    assert [claim.key for claim in Claim.objects.filter(document=notice)] == ["run-effort-excess"]
    assert Revision.objects.get(document=notice).note.startswith(
        f"Cut from revision {source.version} of “What happened”"
    )


def test_what_people_vouched_for_is_carried_over(story: Story) -> None:
    source = story.sound("## Summary\n\nAnswers were worse on 7 days.\n")
    start = source.body.index("7 days")
    source = vouch(
        actor=story.comms,
        document=source,
        seen_version=source.version,
        start=start,
        end=start + 6,
        words="7 days",
        note="counted in the log",
    )
    notice = write_segment_notice(actor=story.comms, document=source, segment={"surface": "web"})
    assert judged(source).sound
    assert judged(notice).sound


def test_no_segment_an_unknown_one_and_one_that_nothing_reached_are_refused(story: Story) -> None:
    source = story.sound(BODY)
    with pytest.raises(NotReady, match="Choose a segment first"):
        write_segment_notice(actor=story.comms, document=source, segment={})
    with pytest.raises(NotReady, match="no surface moon"):
        write_segment_notice(actor=story.comms, document=source, segment={"surface": "moon"})
    with pytest.raises(NotReady, match="nothing to tell them"):
        write_segment_notice(actor=story.comms, document=source, segment={"surface": "cli"})
    with pytest.raises(NotPermitted):
        write_segment_notice(actor=story.support, document=source, segment={"surface": "web"})
    assert Document.objects.count() == 1


def test_cut_anew_takes_the_present_text_and_keeps_the_old_one(story: Story) -> None:
    source = story.sound(BODY)
    notice = write_segment_notice(actor=story.comms, document=source, segment={"surface": "web"})
    source = save_document(
        actor=story.comms,
        document=source,
        title=source.title,
        body=BODY.replace("ask twice", "ask three times"),
        seen_version=source.version,
    )
    with pytest.raises(Conflict):
        cut_anew(actor=story.comms, notice=notice, seen_version=notice.version + 1)
    notice.refresh_from_db()
    saved = cut_anew(actor=story.comms, notice=notice, seen_version=notice.version)
    assert "ask three times" in saved.body
    assert saved.made_from_version == source.version
    assert "ask twice" in Revision.objects.get(document=saved, number=1).body
    # Once more changes nothing.
    assert cut_anew(actor=story.comms, notice=saved, seen_version=saved.version).version == saved.version


def test_what_was_cut_from_nothing_is_not_cut_anew(story: Story) -> None:
    document = story.sound(BODY)
    with pytest.raises(NotReady, match="not cut from another document"):
        cut_anew(actor=story.comms, notice=document, seen_version=document.version)


def test_whom_it_is_for_is_read_by_the_redaction_check(story: Story) -> None:
    notice = write_segment_notice(actor=story.comms, document=story.sound(BODY), segment={"surface": "web"})
    saved = save_document(
        actor=story.comms, document=notice, title="Sorry", body="We were slow.\n", seen_version=notice.version
    )
    assert leaks_of(saved) == []
    add_name(actor=story.comms, product=story.product, kind=NameKind.CODE_NAME, words="surface web", replacement="")
    assert [found.leak.words for found in leaks_of(saved)] == ["surface web"]


def test_the_house_s_own_template_may_say_it_otherwise(story: Story) -> None:
    own = DocumentTemplate.objects.create(
        product=story.product, kind="segment", name="Ours", source="For {{ segment }}:\n\n{{ text }}\n"
    )
    DocumentPolicy.objects.create(product=story.product, kind="segment", template=f"t{own.pk}")
    notice = write_segment_notice(actor=story.comms, document=story.sound(BODY), segment={"surface": "web"})
    assert notice.title == "What happened (surface web)"
    assert notice.body.startswith("For surface web:\n\n## Summary")
