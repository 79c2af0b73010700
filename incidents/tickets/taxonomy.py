"""Editing the taxonomy with its labels: renaming keeps them, merging and splitting move them, all can be taken back.

Each step is kept with who, when and what (`catalog.taxonomy`), each moved label as it was (`MovedLabel`), and each step
makes what was learned before it unfit: a new classifier is asked for, and until it is there the terms classify.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from incidents.catalog import taxonomy
from incidents.catalog.enums import SymptomStep
from incidents.catalog.models import Product, Symptom, SymptomChange
from incidents.catalog.queries import require, visible_products
from incidents.core.access import Action
from incidents.core.audit import record_audit
from incidents.core.errors import Conflict, NotReady, NotThere
from incidents.tickets.enums import LabelSource
from incidents.tickets.inbox import ASSERTED, said_words
from incidents.tickets.models import Ticket
from incidents.tickets.moved import move_labels, restore_labels
from incidents.tickets.versions import ask_for_relearning

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User

SHOWN = 50  # tickets of a preview


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitRule:
    """Which tickets of a symptom are meant: those whose words match a search, or those named one by one."""

    words: str = ""
    ticket_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitPreview:
    """How many labels a split would move, how many of them people decided, of how many in all; the newest tickets."""

    n_moved: int
    n_by_people: int
    n_labels: int
    tickets: tuple[Ticket, ...]


def symptom_for(user: "User | AnonymousUser", pk: int, action: Action = Action.VIEW) -> Symptom:
    """Return one symptom if the person may do this to it: the only door to a symptom by its id."""
    found = Symptom.objects.filter(pk=pk, product__in=visible_products(user)).select_related("product", "merged_into")
    symptom = found.first()
    if symptom is None:
        raise NotThere("There is no such symptom, or it is not yours to see.")
    require(user, action, symptom.product)
    return symptom


def change_for(user: "User | AnonymousUser", pk: int) -> SymptomChange:
    """Return one step of the history if the person may take it back."""
    found = SymptomChange.objects.filter(pk=pk, product__in=visible_products(user)).select_related("product")
    change = found.first()
    if change is None:
        raise NotThere("There is no such step, or it is not yours to see.")
    require(user, Action.TRIAGE, change.product)
    return change


def label_counts(product: Product) -> dict[int, tuple[int, int]]:
    """Return {symptom: (labels that are said, those of them that people decided)}."""
    said = Count("labels", filter=Q(labels__confidence__gte=ASSERTED))
    by_people = Count("labels", filter=Q(labels__confidence__gte=ASSERTED, labels__source=LabelSource.PERSON))
    rows = Symptom.objects.filter(product=product).order_by("pk").annotate(n=said, n_people=by_people)
    return {pk: (n, n_people) for pk, n, n_people in rows.values_list("pk", "n", "n_people")}


@transaction.atomic
def add_symptom(*, actor: "User", product: Product, name: str, description: str, terms: Sequence[str]) -> Symptom:
    """Add a symptom; tickets that nobody decided are labelled anew."""
    require(actor, Action.TRIAGE, product)
    _hold(product)
    wording = taxonomy.tidy(name=name, description=description, terms=terms)
    symptom = taxonomy.add_row(product=product, wording=wording)
    taxonomy.note_step(actor=actor, symptom=symptom, step=SymptomStep.ADDED, after=wording.as_json())
    ask_for_relearning(actor=actor, product=product)
    return symptom


@transaction.atomic
def reword_symptom(*, actor: "User", symptom: Symptom, name: str, description: str, terms: Sequence[str]) -> bool:
    """Change name, definition or phrases: labels stay where they are; return whether anything changed."""
    require(actor, Action.TRIAGE, symptom.product)
    row = _held(symptom)
    before = taxonomy.wording_of(row)
    wording = taxonomy.tidy(name=name, description=description, terms=terms)
    step = taxonomy.reword_row(symptom=row, wording=wording)
    if step is None:
        return False
    taxonomy.note_step(actor=actor, symptom=row, step=step, before=before.as_json(), after=wording.as_json())
    ask_for_relearning(actor=actor, product=row.product)
    return True


@transaction.atomic
def merge_symptoms(*, actor: "User", symptom: Symptom, into: Symptom) -> SymptomChange:
    """Move a symptom's labels and phrases into another one and take it out of use; can be taken back."""
    require(actor, Action.TRIAGE, symptom.product)
    row, target = _held(symptom), _held(into)
    if row.product_id != target.product_id or row.pk == target.pk:
        raise Conflict("Only two different symptoms of one product can be merged.")
    if row.retired_at is not None or target.retired_at is not None:
        raise Conflict("Both symptoms must be in use: bring back what was retired first.")
    gained = [term for term in row.terms if term not in target.terms]
    target.terms = [*target.terms, *gained]
    target.save(update_fields=["terms", "updated_at"])
    taxonomy.retire_row(symptom=row, merged_into=target)
    change = taxonomy.note_step(actor=actor, symptom=row, other=target, step=SymptomStep.MERGED, gained_terms=gained)
    change.n_labels = move_labels(change=change, target=target)
    change.save(update_fields=["n_labels"])
    ask_for_relearning(actor=actor, product=row.product)
    return change


def tickets_of_rule(symptom: Symptom, rule: SplitRule) -> QuerySet[Ticket]:
    """Return the tickets of a symptom that a rule names, the newest first."""
    rows = Ticket.objects.filter(labels__symptom=symptom).order_by("-reported_at", "-pk")
    if rule.ticket_ids:
        rows = rows.filter(pk__in=rule.ticket_ids)
    return said_words(rows, rule.words) if rule.words else rows


def split_preview(symptom: Symptom, rule: SplitRule) -> SplitPreview:
    """Return what a split by this rule would move; without any rule, nothing."""
    n_labels = symptom.labels.count()
    if not rule.words and not rule.ticket_ids:
        return SplitPreview(n_moved=0, n_by_people=0, n_labels=n_labels, tickets=())
    rows = tickets_of_rule(symptom, rule)
    people = rows.filter(labels__symptom=symptom, labels__source=LabelSource.PERSON)
    return SplitPreview(
        n_moved=rows.count(), n_by_people=people.count(), n_labels=n_labels, tickets=tuple(rows[:SHOWN])
    )


@transaction.atomic
def split_symptom(
    *, actor: "User", symptom: Symptom, rule: SplitRule, name: str, description: str, terms: Sequence[str]
) -> SymptomChange:
    """Make a new symptom of those tickets of an old one that a rule names; can be taken back."""
    require(actor, Action.TRIAGE, symptom.product)
    row = _held(symptom)
    if row.retired_at is not None:
        raise Conflict("This symptom is out of use: bring it back first.")
    if not rule.words and not rule.ticket_ids:
        raise NotReady("Say which tickets move: give a search, or tick tickets.")
    numbers = list(tickets_of_rule(row, rule).order_by("pk").values_list("pk", flat=True))
    if not numbers:
        raise NotReady("No ticket of this symptom matches: try other words.")
    wording = taxonomy.tidy(name=name, description=description, terms=terms)
    made = taxonomy.add_row(product=row.product, wording=wording)
    change = taxonomy.note_step(
        actor=actor,
        symptom=row,
        other=made,
        step=SymptomStep.SPLIT,
        after=wording.as_json(),
        words=rule.words,
        n_chosen=len(rule.ticket_ids),
    )
    change.n_labels = move_labels(change=change, target=made, ticket_ids=numbers)
    change.save(update_fields=["n_labels"])
    ask_for_relearning(actor=actor, product=row.product)
    return change


@transaction.atomic
def retire_symptom(*, actor: "User", symptom: Symptom) -> None:
    """Take a symptom out of use: what people decided stays, nothing new is labelled with it."""
    require(actor, Action.TRIAGE, symptom.product)
    row = _held(symptom)
    if row.retired_at is not None:
        raise Conflict("This symptom is out of use already.")
    taxonomy.retire_row(symptom=row)
    taxonomy.note_step(actor=actor, symptom=row, step=SymptomStep.RETIRED)
    ask_for_relearning(actor=actor, product=row.product)


@transaction.atomic
def bring_back_symptom(*, actor: "User", symptom: Symptom) -> None:
    """Put a retired symptom to use again; a merged one comes back by taking its merge back."""
    require(actor, Action.TRIAGE, symptom.product)
    row = _held(symptom)
    if row.retired_at is None:
        raise Conflict("This symptom is in use.")
    if row.merged_into_id is not None:
        raise Conflict("This symptom was merged: take the merge back, so that its labels come back, too.")
    taxonomy.bring_back_row(symptom=row)
    taxonomy.note_step(actor=actor, symptom=row, step=SymptomStep.BROUGHT_BACK)
    ask_for_relearning(actor=actor, product=row.product)


@transaction.atomic
def undo_step(*, actor: "User", change: SymptomChange) -> int:
    """Take a rewording, merge or split back; return how many labels went back. What people decided since stays.

    Raises Conflict where a later step built on this one, or the wording was changed again.
    """
    require(actor, Action.TRIAGE, change.product)
    _hold(change.product)
    row = SymptomChange.objects.select_for_update().get(pk=change.pk)
    if row.undone_at is not None:
        raise Conflict("This step was taken back already.")
    n = 0
    if row.step in taxonomy.RENAMING:
        _undo_wording(row)
    elif row.step in (SymptomStep.MERGED, SymptomStep.SPLIT):
        n = _undo_move(row)
    else:
        raise Conflict("Only rewordings, merges and splits are taken back here.")
    row.undone_at, row.undone_by = timezone.now(), actor
    row.save(update_fields=["undone_at", "undone_by"])
    record_audit(
        actor=actor,
        action=f"symptom step taken back: {row.get_step_display().lower()}",
        subject=row.symptom,
        product_id=row.product_id,
        detail={"labels": n},
    )
    ask_for_relearning(actor=actor, product=row.product)
    return n


def _undo_wording(row: SymptomChange) -> None:
    before, after = row.detail["before"], row.detail["after"]
    if taxonomy.wording_of(row.symptom).as_json() != after:
        raise Conflict("The wording was changed again since: take the later step back first.")
    taxonomy.reword_row(symptom=row.symptom, wording=taxonomy.Wording(**{**before, "terms": tuple(before["terms"])}))


def _undo_move(row: SymptomChange) -> int:
    both = [row.symptom_id, row.other_id]
    later = SymptomChange.objects.filter(
        Q(symptom__in=both) | Q(other__in=both),
        product=row.product_id,
        step__in=(SymptomStep.MERGED, SymptomStep.SPLIT, SymptomStep.RETIRED),
        undone_at=None,
        pk__gt=row.pk,
    )
    later = later.exclude(step=SymptomStep.RETIRED, symptom__retired_at=None)
    if later.exists():
        raise Conflict("A later step moved labels of these symptoms again, or retired one: take that back first.")
    if row.other is None:
        raise Conflict("The other symptom is gone.")
    n = restore_labels(change=row)
    if row.step == SymptomStep.SPLIT:
        taxonomy.retire_row(symptom=row.other)
        return n
    taxonomy.bring_back_row(symptom=row.symptom)
    gained = set(row.detail.get("gained_terms", ()))
    row.other.terms = [term for term in row.other.terms if term not in gained]
    row.other.save(update_fields=["terms", "updated_at"])
    return n


def _hold(product: Product) -> None:
    """Let nobody else edit the taxonomy until the transaction ends."""
    Product.objects.select_for_update(no_key=True).get(pk=product.pk)


def _held(symptom: Symptom) -> Symptom:
    _hold(symptom.product)
    return Symptom.objects.select_related("product").select_for_update(of=("self",)).get(pk=symptom.pk)
