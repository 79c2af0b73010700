"""Recording what a source says about the catalogue: the product, its dimensions with their values, its symptoms."""

from collections.abc import Iterable, Mapping, Sequence

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from incidents.catalog.enums import SymptomStep
from incidents.catalog.models import Dimension, DimensionValue, Product, Source, Symptom, SymptomChange
from incidents.catalog.ordering import merged_order
from incidents.catalog.records import DimensionRecord, SymptomRecord
from incidents.core.models import AuditEntry


def ensure_product(*, slug: str, name: str, timezone_name: str, is_demo: bool = False) -> tuple[Product, bool]:
    """Return (the product of that short name, whether it was made just now)."""
    return Product.objects.get_or_create(
        slug=slug, defaults={"name": name[:160], "timezone": timezone_name, "is_demo": is_demo}
    )


def receive(*, source: Source) -> None:
    """Note that rows of this source arrived; until the transaction ends, nobody else records rows of it.

    Call it first, inside the transaction that records the rows.
    """
    row = Source.objects.select_for_update(no_key=True).get(pk=source.pk)
    row.last_received_at = timezone.now()
    row.save(update_fields=["last_received_at", "updated_at"])


def hold_vocabulary(*, product: Product) -> None:
    """Let nobody else extend the product's dimensions, symptoms, metrics or colours until the transaction ends."""
    Product.objects.select_for_update(no_key=True).get(pk=product.pk)


@transaction.atomic
def record_dimensions(*, product: Product, dimensions: Sequence[DimensionRecord]) -> int:
    """Make sure that the product has these dimensions and values, in their order; return how many rows are new."""
    hold_vocabulary(product=product)
    known = {row.key: row for row in Dimension.objects.filter(product=product)}
    position = max((row.position for row in known.values()), default=-1)
    n = 0
    for record in dimensions:
        if record.key not in known:
            position += 1
            name = record.key.replace("_", " ").replace("-", " ")
            known[record.key] = Dimension.objects.create(
                product=product, key=record.key, name=name[:1].upper() + name[1:], position=position
            )
            n += 1
        n += add_values(dimension=known[record.key], values=record.values)
    return n


@transaction.atomic
def extend_dimensions(*, product: Product, values: Mapping[str, Iterable[str]]) -> int:
    """Add values that rows brought along to dimensions that are there; return how many are new."""
    if not values:
        return 0
    hold_vocabulary(product=product)
    rows = Dimension.objects.filter(product=product, key__in=list(values))
    return sum(add_values(dimension=row, values=values[row.key]) for row in rows)


def add_values(*, dimension: Dimension, values: Iterable[str]) -> int:
    """Add the values that are missing and put all into order; return how many are new."""
    rows = {row.key: row for row in DimensionValue.objects.filter(dimension=dimension).order_by("position", "key")}
    order = merged_order(list(rows), values)
    if len(order) == len(rows):
        return 0
    places = {value: place for place, value in enumerate(order)}
    moved = [row for row in rows.values() if row.position != places[row.key]]
    for row in moved:
        row.position = places[row.key]
    DimensionValue.objects.bulk_update(moved, ["position"], batch_size=1000)
    new = [DimensionValue(dimension=dimension, key=key, position=places[key]) for key in order if key not in rows]
    DimensionValue.objects.bulk_create(new, batch_size=1000)
    return len(new)


@transaction.atomic
def record_symptoms(*, product: Product, symptoms: Sequence[SymptomRecord]) -> tuple[int, int]:
    """Record the taxonomy; return how many symptoms are (new, changed). One that a person edited here is left alone."""
    hold_vocabulary(product=product)
    known = {row.key: row for row in Symptom.objects.filter(product=product)}
    edited = _edited_by_people(list(known.values()))
    highest = Symptom.objects.filter(product=product).aggregate(highest=Max("position"))["highest"]
    position = -1 if highest is None else highest
    created = changed = 0
    for record in symptoms:
        said = {"name": record.name, "description": record.description, "terms": list(record.terms)}
        row = known.get(record.key)
        if row is None:
            position += 1
            Symptom.objects.create(
                product=product, key=record.key, position=position, retired_at=record.retired_at, **said
            )
            created += 1
        elif row.pk not in edited and any(getattr(row, name) != value for name, value in said.items()):
            before = {name: getattr(row, name) for name in said}
            for name, value in said.items():
                setattr(row, name, value)
            row.save(update_fields=[*said, "updated_at"])
            step = SymptomStep.REWORDED if before["name"] == record.name else SymptomStep.RENAMED
            detail = {"before": before, "after": said}
            SymptomChange.objects.create(product=product, symptom=row, step=step, detail=detail)
            changed += 1
    return created, changed


def _edited_by_people(rows: Sequence[Symptom]) -> set[int]:
    entries = AuditEntry.objects.filter(
        object_type="symptom", object_id__in=[str(row.pk) for row in rows], actor__isnull=False
    )
    return {int(number) for number in entries.values_list("object_id", flat=True)}
