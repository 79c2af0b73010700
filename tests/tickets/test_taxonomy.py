"""Editing the taxonomy: names keep labels, merges and splits move them and go back, all is kept and relearned."""

import datetime as dt

import pytest
from django.utils import timezone

from incidents.catalog.models import Product, Symptom, SymptomChange
from incidents.catalog.recording import record_symptoms
from incidents.catalog.records import SymptomRecord
from incidents.catalog.taxonomy import changed_since, heir_of, symptom_names
from incidents.core.access import Role
from incidents.core.errors import Conflict, NotPermitted, NotReady, NotThere
from incidents.core.models import AuditEntry
from incidents.jobs.models import Job
from incidents.tickets import taxonomy, versions
from incidents.tickets.inbox import decide_symptoms
from incidents.tickets.models import ClassifierVersion, Ticket, TicketSymptom
from incidents.tickets.moved import heirs_since, labels_before
from incidents.tickets.records import TicketRecord
from incidents.tickets.services import record_tickets
from tests.factories import at, make_product, make_source, make_ticket, make_user

pytestmark = pytest.mark.django_db


def symptom(product: Product, key: str) -> Symptom:
    return Symptom.objects.get(product=product, key=key)


def labels(ticket: Ticket) -> dict[str, tuple[str, float]]:
    rows = TicketSymptom.objects.filter(ticket=ticket).order_by("symptom__key")
    return {key: (source, p) for key, source, p in rows.values_list("symptom__key", "source", "confidence")}


def test_a_new_name_keeps_labels_and_old_names_can_be_told() -> None:
    product = make_product()
    person = make_user(Role.SUPPORT, product=product)
    row = make_ticket(product, "slow")
    before = timezone.now()
    assert taxonomy.reword_symptom(
        actor=person, symptom=symptom(product, "slow"), name="  Waits  long ", description="d", terms=["wait", "wait"]
    )
    assert labels(row) == {"slow": ("bundle", 1.0)}
    assert symptom(product, "slow").terms == ["wait"]
    assert symptom_names(product) == {"slow": "Waits long", "forgetful": "Forgetful"}
    assert symptom_names(product, at=before) == {"slow": "Slow", "forgetful": "Forgetful"}
    step = SymptomChange.objects.get()
    assert (step.step, step.changed_by, step.detail["before"]["name"]) == ("renamed", person, "Slow")
    assert not taxonomy.reword_symptom(
        actor=person, symptom=symptom(product, "slow"), name="Waits long", description="d", terms=["wait"]
    )
    renamed = timezone.now()
    taxonomy.undo_step(actor=person, change=step)
    assert symptom_names(product)["slow"] == "Slow"
    assert symptom_names(product, at=renamed)["slow"] == "Waits long"
    assert symptom_names(product, at=before)["slow"] == "Slow"
    with pytest.raises(Conflict, match="already"):
        taxonomy.undo_step(actor=person, change=step)


def test_an_import_rewords_with_history_and_leaves_what_people_reworded() -> None:
    product = make_product()
    record_symptoms(product=product, symptoms=[SymptomRecord(key="slow", name="Sluggish", terms=("slow", "slower"))])
    step = SymptomChange.objects.get()
    assert (step.step, step.changed_by) == ("renamed", None)
    person = make_user(Role.SUPPORT, product=product)
    taxonomy.merge_symptoms(actor=person, symptom=symptom(product, "slow"), into=symptom(product, "forgetful"))
    terms = symptom(product, "forgetful").terms
    assert terms == ["forgetful", "forgetfuler", "slow", "slower"]
    record_symptoms(product=product, symptoms=[SymptomRecord(key="forgetful", name="F", terms=("f",))])
    assert symptom(product, "forgetful").terms == terms


def test_names_are_checked() -> None:
    product = make_product()
    person = make_user(Role.SUPPORT, product=product)
    slow = symptom(product, "slow")
    for name, error in (("", NotReady), ("x" * 121, NotReady), ("FORGETFUL", Conflict)):
        with pytest.raises(error):
            taxonomy.reword_symptom(actor=person, symptom=slow, name=name, description="", terms=[])
    with pytest.raises(NotReady, match="one phrase a line"):
        taxonomy.reword_symptom(actor=person, symptom=slow, name="Slow", description="", terms=["w" * 81])
    made = taxonomy.add_symptom(actor=person, product=product, name="Slow!", description="", terms=["crawl"])
    assert (made.key, made.position) == ("slow_2", 2)
    with pytest.raises(NotReady, match="letters"):
        taxonomy.add_symptom(actor=person, product=product, name="!!!", description="", terms=[])


def test_a_merge_moves_labels_and_goes_back_where_nothing_newer_stands() -> None:
    product = make_product()
    person = make_user(Role.SUPPORT, product=product)
    one, both, decided = make_ticket(product, "slow"), make_ticket(product, "slow", "forgetful"), make_ticket(product)
    TicketSymptom.objects.filter(ticket=both, symptom__key="slow").update(confidence=0.4)
    decide_symptoms(actor=person, ticket=decided, symptoms=[symptom(product, "slow")])
    later = make_ticket(product, "slow")
    before = {row.pk: labels(row) for row in (one, both, decided, later)}
    change = taxonomy.merge_symptoms(actor=person, symptom=symptom(product, "slow"), into=symptom(product, "forgetful"))
    assert change.n_labels == 4
    assert labels(one) == {"forgetful": ("bundle", 1.0)}
    assert labels(both) == {"forgetful": ("bundle", 1.0)}
    assert labels(decided) == {"forgetful": ("person", 1.0)}
    assert heir_of(symptom(product, "slow")).key == "forgetful"
    assert symptom(product, "slow").retired_at is not None
    decide_symptoms(actor=person, ticket=later, symptoms=[])
    assert taxonomy.undo_step(actor=person, change=change) == 3
    assert {row.pk: labels(row) for row in (one, both, decided)} == {
        row.pk: before[row.pk] for row in (one, both, decided)
    }
    assert labels(later) == {}
    assert symptom(product, "slow").retired_at is None
    assert symptom(product, "forgetful").terms == ["forgetful", "forgetfuler"]


def test_the_stronger_word_stays_when_both_labels_meet() -> None:
    product = make_product()
    person = make_user(Role.SUPPORT, product=product)
    row = make_ticket(product, "slow", "forgetful")
    TicketSymptom.objects.filter(ticket=row, symptom__key="slow").update(source="person", confidence=0.9)
    change = taxonomy.merge_symptoms(actor=person, symptom=symptom(product, "slow"), into=symptom(product, "forgetful"))
    assert labels(row) == {"forgetful": ("person", 0.9)}
    taxonomy.undo_step(actor=person, change=change)
    assert labels(row) == {"forgetful": ("bundle", 1.0), "slow": ("person", 0.9)}


def test_a_split_shows_first_what_it_would_move() -> None:
    product = make_product()
    person = make_user(Role.SUPPORT, product=product)
    queue = [make_ticket(product, "slow", text=f"waiting in the queue, number {number}") for number in range(3)]
    other = make_ticket(product, "slow", text="typing lags")
    decide_symptoms(actor=person, ticket=queue[0], symptoms=[symptom(product, "slow")])
    rule = taxonomy.SplitRule(words="queue -lags")
    preview = taxonomy.split_preview(symptom(product, "slow"), rule)
    assert (preview.n_moved, preview.n_by_people, preview.n_labels) == (3, 1, 4)
    assert {row.pk for row in preview.tickets} == {row.pk for row in queue}
    assert taxonomy.split_preview(symptom(product, "slow"), taxonomy.SplitRule()).n_moved == 0
    change = taxonomy.split_symptom(
        actor=person, symptom=symptom(product, "slow"), rule=rule, name="Queues", description="", terms=["queue"]
    )
    assert change.n_labels == 3
    assert labels(queue[0]) == {"queues": ("person", 1.0)}
    assert labels(other) == {"slow": ("bundle", 1.0)}
    assert taxonomy.undo_step(actor=person, change=change) == 3
    assert labels(queue[1]) == {"slow": ("bundle", 1.0)}
    assert symptom(product, "queues").retired_at is not None
    chosen = taxonomy.SplitRule(ticket_ids=(queue[2].pk, other.pk))
    change = taxonomy.split_symptom(
        actor=person, symptom=symptom(product, "slow"), rule=chosen, name="Two", description="", terms=[]
    )
    assert change.n_labels == 2
    for bad in (taxonomy.SplitRule(), taxonomy.SplitRule(words="nothing says this")):
        with pytest.raises(NotReady):
            taxonomy.split_symptom(
                actor=person, symptom=symptom(product, "slow"), rule=bad, name="Three", description="", terms=[]
            )


def test_what_was_built_on_is_taken_back_in_order() -> None:
    product = make_product()
    person = make_user(Role.SUPPORT, product=product)
    third = taxonomy.add_symptom(actor=person, product=product, name="Third", description="", terms=[])
    row = make_ticket(product, "slow")
    first = taxonomy.merge_symptoms(actor=person, symptom=symptom(product, "slow"), into=symptom(product, "forgetful"))
    second = taxonomy.merge_symptoms(actor=person, symptom=symptom(product, "forgetful"), into=third)
    assert heir_of(symptom(product, "slow")) == third
    with pytest.raises(Conflict, match="later step"):
        taxonomy.undo_step(actor=person, change=first)
    with pytest.raises(NotReady, match="last symptom"):
        taxonomy.retire_symptom(actor=person, symptom=third)
    with pytest.raises(Conflict, match="merged"):
        taxonomy.bring_back_symptom(actor=person, symptom=symptom(product, "slow"))
    taxonomy.undo_step(actor=person, change=second)
    taxonomy.undo_step(actor=person, change=first)
    assert labels(row) == {"slow": ("bundle", 1.0)}
    taxonomy.retire_symptom(actor=person, symptom=third)
    taxonomy.bring_back_symptom(actor=person, symptom=third)
    assert symptom(product, "third").retired_at is None


def test_the_same_file_again_changes_nothing_after_a_merge_or_a_split() -> None:
    product = make_product()
    person = make_user(Role.SUPPORT, product=product)
    source = make_source(product)

    def delivered(*keys: str) -> tuple[int, int]:
        rows = [
            TicketRecord(
                line=number,
                external_id=f"t{number}",
                reported_at=at(10),
                onset_at=None,
                segment={},
                channel="",
                reporter="",
                weight=1.0,
                url="",
                day_fields=(),
                extra={},
                title="",
                text="in the queue" if number else "typing lags",
                labels=tuple((key, 1.0) for key in keys),
                label_source="bundle",
            )
            for number in range(2)
        ]
        told = record_tickets(product=product, source=source, rows=rows)
        return told.created, told.updated

    assert delivered("slow") == (2, 0)
    taxonomy.split_symptom(
        actor=person,
        symptom=symptom(product, "slow"),
        rule=taxonomy.SplitRule(words="queue"),
        name="Queues",
        description="",
        terms=[],
    )
    assert delivered("slow") == (0, 0)
    assert labels(Ticket.objects.get(external_id="t1")) == {"queues": ("bundle", 1.0)}
    taxonomy.merge_symptoms(actor=person, symptom=symptom(product, "slow"), into=symptom(product, "forgetful"))
    assert delivered("slow", "forgetful") == (0, 0)
    assert labels(Ticket.objects.get(external_id="t0")) == {"forgetful": ("bundle", 1.0)}


def test_each_step_asks_for_learning_and_makes_the_version_in_use_unfit() -> None:
    product = make_product()
    person = make_user(Role.SUPPORT, product=product)
    taxonomy.add_symptom(actor=person, product=product, name="Third", description="", terms=["third"])
    assert list(Job.objects.values_list("kind", flat=True)) == [versions.CLASSIFY_JOB]
    for number in range(versions.FEWEST_DECISIONS):
        row = make_ticket(product, text=f"it is slow, the {number}th time")
        decide_symptoms(actor=person, ticket=row, symptoms=[symptom(product, "slow")])
    trained = versions.train(product=product, progress=lambda *_: None)
    version = versions.store_version(product=product, trained=trained, actor=person)
    ClassifierVersion.objects.update(is_active=True)
    assert versions.fitting_version(product) == version
    assert versions.active_classifier(product).vocabulary is not None
    assert changed_since(product, version.created_at) is None
    taxonomy.reword_symptom(
        actor=person, symptom=symptom(product, "slow"), name="Slow", description="", terms=["slow", "crawls"]
    )
    assert versions.fitting_version(product) is None
    assert versions.active_classifier(product).vocabulary is None
    stale = changed_since(product, version.created_at)
    assert stale is not None
    assert stale.changed_by == person
    job = Job.objects.filter(kind=versions.TRAIN_JOB).get()
    assert job.payload == {"product": product.pk, "taxonomy": versions.taxonomy_mark(product), "relabel": True}


def test_only_those_who_triage_may_and_each_step_is_in_the_trail() -> None:
    product, foreign = make_product(), make_product()
    comms, stranger = make_user(Role.COMMS, product=product), make_user(Role.SUPPORT, product=foreign)
    slow = symptom(product, "slow")
    with pytest.raises(NotPermitted):
        taxonomy.symptom_for(comms, slow.pk, taxonomy.Action.TRIAGE)
    with pytest.raises(NotPermitted):
        taxonomy.retire_symptom(actor=comms, symptom=slow)
    with pytest.raises(NotThere):
        taxonomy.symptom_for(stranger, slow.pk)
    with pytest.raises(Conflict, match="one product"):
        taxonomy.merge_symptoms(actor=make_user(is_superuser=True), symptom=slow, into=symptom(foreign, "slow"))
    person = make_user(Role.SUPPORT, product=product)
    taxonomy.merge_symptoms(actor=person, symptom=slow, into=symptom(product, "forgetful"))
    told = AuditEntry.objects.filter(object_type="symptom").order_by("pk").values_list("action", "object_id")
    assert list(told) == [
        ("symptom merged", str(slow.pk)),
        ("symptom merged here", str(symptom(product, "forgetful").pk)),
    ]


def test_labels_as_they_were_before_a_step() -> None:
    product = make_product()
    person = make_user(Role.SUPPORT, product=product)
    row = make_ticket(product, "slow", "forgetful")
    slow, forgetful = symptom(product, "slow"), symptom(product, "forgetful")
    before = timezone.now()
    taxonomy.merge_symptoms(actor=person, symptom=slow, into=forgetful)
    third = taxonomy.split_symptom(
        actor=person,
        symptom=forgetful,
        rule=taxonomy.SplitRule(ticket_ids=(row.pk,)),
        name="Third",
        description="",
        terms=[],
    ).other
    assert third is not None
    now = {row.pk: {third.pk: 1.0}}
    assert labels_before(now, since=before) == {row.pk: {slow.pk: 1.0, forgetful.pk: 1.0}}
    assert labels_before(now, since=timezone.now() + dt.timedelta(seconds=1)) == now
    assert heirs_since(product.pk, since=before) == {slow.pk: {forgetful.pk, third.pk}, forgetful.pk: {third.pk}}
