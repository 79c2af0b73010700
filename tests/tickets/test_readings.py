"""What words state is stored beside the fields, counted with its confidence, and outlived by what people say."""

import datetime as dt

import pytest

import incidents.tasks  # noqa: F401 - registers the handlers
from incidents.attribution.casefile import read_case
from incidents.attribution.inputs import inputs_of
from incidents.core.access import Role
from incidents.core.errors import NotPermitted, NotReady
from incidents.jobs.models import Job
from incidents.jobs.runner import run
from incidents.tickets import readings
from incidents.tickets.models import SegmentRules, Ticket, TicketReading
from incidents.tickets.queries import Clock, Complaints, segment_counts, segment_patterns, version_mentions
from tests.factories import at, make_incident, make_product, make_ticket, make_user

pytestmark = pytest.mark.django_db


def quiet(*_: object) -> None:
    """Hear no progress."""


def read(product: object) -> int:
    return readings.read_tickets(product=product, releases={}, progress=quiet)  # type: ignore[arg-type]


def test_what_the_fields_leave_open_is_read_and_what_they_say_stays() -> None:
    product = make_product()
    told = make_ticket(product, text="Slow since yesterday, I am on version 1.1", reported_at=at(15))
    given = make_ticket(product, text="I am on version 1.1", segment={"version": "1.0"})
    silent = make_ticket(product, text="It is slow")
    assert read(product) == 1
    told.refresh_from_db()
    assert told.segment.values == {}
    assert told.stated_segment is not None
    assert told.stated_segment.values == {"version": "1.1"}
    assert told.stated_confidence == pytest.approx(0.95)
    assert told.stated_onset_at == at(14, 12)
    assert told.reading.segment["version"]["words"] == "1.1"
    assert told.reading.onset_words == "since yesterday"
    for row in (given, silent):
        row.refresh_from_db()
        assert row.stated_segment is None
    assert TicketReading.objects.count() == 1
    assert read(product) == 1


def test_reading_again_writes_nothing(django_assert_max_num_queries: object) -> None:
    product = make_product()
    make_ticket(product, text="Broken since yesterday on version 1.1")
    read(product)
    before = TicketReading.objects.values_list("onset_words", flat=True)[0]
    with django_assert_max_num_queries(14) as seen:  # type: ignore[operator]
        read(product)
    assert not any(query["sql"].startswith(("UPDATE", "INSERT")) for query in seen.captured_queries)
    assert before == "since yesterday"


def test_counts_and_the_case_share_a_ticket_out_by_confidence() -> None:
    product = make_product()
    incident = make_incident(product)
    make_ticket(product, "slow", text="I am on version 1.1")
    before = inputs_of(incident)
    read(product)
    after = inputs_of(incident)
    assert before["tickets"]["digest"] != after["tickets"]["digest"]
    assert (after["tickets"]["n"], after["tickets"]["weight"]) == (1, pytest.approx(1.0))
    assert before["tickets"]["n_labels"] == after["tickets"]["n_labels"]
    case = read_case(incident)
    assert sorted(case.evidence.cell_count.tolist()) == pytest.approx([0.05, 0.95])
    wanted = Complaints(product=product, start=at(1), end=at(1, month=4), clock=Clock.ONSET)
    counts = segment_counts(wanted)
    assert [segment_patterns(list(counts))[pk] for pk in counts] == [{"version": "1.1"}]
    assert list(version_mentions(wanted, "version", [at(1), at(1, month=4)])) == ["1.1"]


def test_a_person_has_the_last_word() -> None:
    product = make_product()
    person = make_user(Role.SUPPORT, product=product)
    row = make_ticket(product, text="I am on version 1.1", segment={"surface": "cli"})
    read(product)
    readings.correct_segment(actor=person, ticket=row, dimension="version", value="")
    readings.correct_segment(actor=person, ticket=row, dimension="surface", value="web")
    read(product)
    row.refresh_from_db()
    assert row.stated_segment is not None
    assert (row.stated_segment.values, row.stated_confidence) == ({"surface": "web"}, 1.0)
    assert row.segment.values == {"surface": "cli"}
    with pytest.raises(NotReady, match="no such value"):
        readings.correct_segment(actor=person, ticket=row, dimension="surface", value="toaster")
    with pytest.raises(NotPermitted):
        readings.correct_segment(
            actor=make_user(Role.COMMS, product=product), ticket=row, dimension="surface", value="web"
        )
    readings.correct_onset(actor=person, ticket=row, onset_from=at(10), onset_to=at(11))
    read(product)
    row.refresh_from_db()
    assert row.stated_onset_at == at(10) + dt.timedelta(hours=12)
    with pytest.raises(NotReady, match="end after it starts"):
        readings.correct_onset(actor=person, ticket=row, onset_from=at(11), onset_to=at(10))


def test_wide_onsets_are_kept_but_move_no_count() -> None:
    product = make_product()
    row = make_ticket(product, text="It has been like this for two months now")
    read(product)
    row.refresh_from_db()
    assert row.stated_onset_at is None
    assert row.reading.onset_from is not None


def test_a_products_own_rules_read_words_tags_and_fields() -> None:
    product = make_product()
    person = make_user(Role.SUPPORT, product=product)
    words = make_ticket(product, text="Broke at the portal shop")
    tagged = make_ticket(product, text="Broke", extra={"labels": ["surface:web"]})
    field = make_ticket(product, text="Broke", extra={"client": "Terminal"})
    text = "surface: web = portal shop\nsurface: cli = field client is Terminal\n? At the portal shop -> surface: web"
    book = readings.save_rules(actor=person, product=product, text=text)
    assert (len(book.rules), len(book.trials)) == (2, 1)
    run(Job.objects.get(kind=readings.READ_JOB).pk, background=False)
    values = {}
    for row in (words, tagged, field):
        row.refresh_from_db()
        assert row.stated_segment is not None
        values[row.pk] = row.stated_segment.values["surface"]
    assert list(values.values()) == ["web", "web", "cli"]
    with pytest.raises(NotReady, match="Line 2 is no rule"):
        readings.save_rules(actor=person, product=product, text="# fine\nnonsense")
    with pytest.raises(NotReady, match="no value of surface"):
        readings.save_rules(actor=person, product=product, text="surface: toaster = bread")
    assert SegmentRules.objects.count() == 1
    # what a rule no longer says is forgotten
    readings.save_rules(actor=person, product=product, text="")
    read(product)
    assert Ticket.objects.get(pk=words.pk).stated_segment is None
