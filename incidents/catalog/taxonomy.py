"""A product's taxonomy of symptoms as people edit it: each step is kept, and names can be told as they once were."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.text import slugify

from incidents.catalog.enums import SymptomStep
from incidents.catalog.models import Product, Symptom, SymptomChange
from incidents.core.audit import record_audit
from incidents.core.errors import Conflict, NotReady

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MOST_TERMS, LONGEST_TERM = 200, 80
RENAMING = (SymptomStep.RENAMED, SymptomStep.REWORDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What a symptom is called, what it is, and the words and phrases that speak for it."""

    name: str
    description: str = ""
    terms: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return it as the history keeps it."""
        return {"name": self.name, "description": self.description, "terms": list(self.terms)}


def wording_of(symptom: Symptom) -> Wording:
    """Return a symptom's present wording."""
    return Wording(name=symptom.name, description=symptom.description, terms=tuple(symptom.terms))


def tidy(*, name: str, description: str, terms: Iterable[str]) -> Wording:
    """Return a wording as it is stored; raises NotReady where it cannot be one."""
    name, description = " ".join(name.split()), description.strip()
    if not 1 <= len(name) <= 120:
        raise NotReady("A symptom has a name of 1 to 120 characters: give it a short one.")
    kept = list(dict.fromkeys(" ".join(term.split()) for term in terms if term.strip()))
    if len(kept) > MOST_TERMS:
        raise NotReady(f"{len(kept)} phrases are too many: keep the {MOST_TERMS} that tell most.")
    long = next((term for term in kept if len(term) > LONGEST_TERM), None)
    if long is not None:
        raise NotReady(f"“{long[:40]}…” is longer than {LONGEST_TERM} characters: write one phrase a line.")
    return Wording(name=name, description=description[:2000], terms=tuple(kept))


def symptom_history(product: Product, symptom: Symptom | None = None) -> QuerySet[SymptomChange]:
    """Return the steps of a taxonomy, or of one symptom, the newest first."""
    rows = SymptomChange.objects.filter(product=product).select_related("symptom", "other", "changed_by", "undone_by")
    return rows if symptom is None else rows.filter(Q(symptom=symptom) | Q(other=symptom))


def taxonomy_with_retired(product: Product) -> QuerySet[Symptom]:
    """Return all symptoms of a product, those in use first."""
    return (
        Symptom.objects.filter(product=product)
        .select_related("merged_into")
        .order_by("retired_at", "position", "name", "pk")
    )


def symptom_names(product: Product, *, at: dt.datetime | None = None) -> dict[str, str]:
    """Return {key: name} of all symptoms, retired ones too, in order; with a moment, as they were called then."""
    rows = list(Symptom.objects.filter(product=product).order_by("position", "name", "pk"))
    names = {row.pk: row.name for row in rows}
    if at is not None:
        later = Q(changed_at__gt=at) | Q(undone_at__gt=at)
        steps = SymptomChange.objects.filter(later, product=product, step__in=RENAMING)
        # Back through time: each step puts back what it found, a step taken back since what it had made.
        told = [(row.changed_at, row.pk, row.symptom_id, row.detail["before"]["name"]) for row in steps]
        told += [
            (row.undone_at, row.pk, row.symptom_id, row.detail["after"]["name"])
            for row in steps
            if row.undone_at is not None
        ]
        for moment, _, pk, name in sorted(told, reverse=True):
            if moment > at:
                names[pk] = name
    return {row.key: names[row.pk] for row in rows}


def changed_since(product: Product, at: dt.datetime) -> SymptomChange | None:
    """Return the newest step since a moment: what was learned before it was learned for another taxonomy."""
    rows = symptom_history(product).filter(Q(changed_at__gt=at) | Q(undone_at__gt=at))
    return rows.first()


def heir_of(symptom: Symptom) -> Symptom:
    """Return the symptom that a merged one went into, at the end of the chain; itself where it was not merged."""
    seen = {symptom.pk}
    while symptom.merged_into is not None and symptom.merged_into_id not in seen:
        symptom = symptom.merged_into
        seen.add(symptom.pk)
    return symptom


def note_step(
    *,
    actor: "User | None",
    symptom: Symptom,
    step: SymptomStep,
    other: Symptom | None = None,
    n_labels: int = 0,
    **detail: Any,
) -> SymptomChange:
    """Add a step to the history and to the trail."""
    change = SymptomChange.objects.create(
        product=symptom.product,
        symptom=symptom,
        other=other,
        step=step,
        detail=detail,
        n_labels=n_labels,
        changed_by=actor,
    )
    record_audit(
        actor=actor,
        action=f"symptom {step.label.lower()}",
        subject=symptom,
        product_id=symptom.product_id,
        detail={**detail, **({"other": other.key} if other is not None else {})},
    )
    if other is not None:
        record_audit(
            actor=actor,
            action=f"symptom {step.label.lower()} here",
            subject=other,
            product_id=symptom.product_id,
            detail={"other": symptom.key},
        )
    return change


def add_row(*, product: Product, wording: Wording) -> Symptom:
    """Make a symptom with a key of its own; raises Conflict where one in use is called so."""
    _require_free_name(product, wording.name)
    stem = slugify(wording.name).replace("-", "_")[:50]
    if not stem:
        raise NotReady("Give the symptom a name with letters.")
    taken = set(Symptom.objects.filter(product=product, key__startswith=stem).values_list("key", flat=True))
    key = next(one for one in (stem, *(f"{stem}_{number}" for number in range(2, 1000))) if one not in taken)
    last = Symptom.objects.filter(product=product).order_by("-position").first()
    return Symptom.objects.create(
        product=product,
        key=key,
        name=wording.name,
        description=wording.description,
        terms=list(wording.terms),
        position=0 if last is None else last.position + 1,
    )


def reword_row(*, symptom: Symptom, wording: Wording) -> SymptomStep | None:
    """Give a symptom another wording; return which step that is, None where nothing changed."""
    before = wording_of(symptom)
    if before == wording:
        return None
    if before.name != wording.name:
        _require_free_name(symptom.product, wording.name, but=symptom)
    symptom.name, symptom.description, symptom.terms = wording.name, wording.description, list(wording.terms)
    symptom.save(update_fields=["name", "description", "terms", "updated_at"])
    return SymptomStep.REWORDED if before.name == wording.name else SymptomStep.RENAMED


def retire_row(*, symptom: Symptom, merged_into: Symptom | None = None) -> None:
    """Take a symptom out of use; raises NotReady where it would be the last one."""
    others = Symptom.objects.filter(product=symptom.product_id, retired_at=None).exclude(pk=symptom.pk)
    if not others.exists():
        raise NotReady("This is the last symptom in use: add another one first.")
    symptom.retired_at, symptom.merged_into = timezone.now(), merged_into
    symptom.save(update_fields=["retired_at", "merged_into", "updated_at"])


def bring_back_row(*, symptom: Symptom) -> None:
    """Put a symptom to use again; raises Conflict where another one took its name meanwhile."""
    _require_free_name(symptom.product, symptom.name, but=symptom)
    symptom.retired_at, symptom.merged_into = None, None
    symptom.save(update_fields=["retired_at", "merged_into", "updated_at"])


def _require_free_name(product: Product, name: str, *, but: Symptom | None = None) -> None:
    rows = Symptom.objects.filter(product=product, retired_at=None, name__iexact=name)
    if rows.exclude(pk=but.pk if but is not None else 0).exists():
        raise Conflict(f"There is a symptom “{name}” already: choose another name, or merge the two.")
