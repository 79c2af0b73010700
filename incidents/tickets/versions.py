"""Classifiers that learn in the product: trained from decisions, compared, stored, put to use and taken back."""

import datetime as dt
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import orjson
from django.db import transaction
from django.db.models import Count, Q, QuerySet

from incidents.catalog.models import Product, Symptom
from incidents.catalog.queries import require, visible_products
from incidents.core.access import Action
from incidents.core.audit import record_audit
from incidents.core.errors import NotReady, NotThere
from incidents.jobs import services as jobs
from incidents.jobs.models import Job
from incidents.tickets.classifier import prior
from incidents.tickets.classifier.engine import ArtefactError, Classifier, Example, shown_matrix
from incidents.tickets.classifier.evaluation import Quality, cross_validate, measure
from incidents.tickets.classifier.text import Words, words_of
from incidents.tickets.enums import LabelSource, TicketStatus
from incidents.tickets.models import ClassifierVersion, Ticket, TicketSymptom

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User

TRAIN_JOB = "tickets.train"
CLASSIFY_JOB = "tickets.classify"
FEWEST_DECISIONS = 20  # before that the terms do as well
RETRAIN_AFTER = 25  # decisions since the last version
MOST_EXAMPLES = 1500  # the newest; solving grows with the cube of their number
CORPUS = 3000
STORED_FROM = 0.2  # weaker hints would blur the counts
_CHUNK = 1000
Progress = Callable[[int, int | None, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """A classifier that was just learned, how it did, and how its predecessor's share of the labels would have done."""

    artefact: bytes
    taxonomy: str
    n_labels: int
    quality: Quality
    without_labels: Quality
    before: Quality

    @property
    def is_better(self) -> bool:
        """Tell whether it may replace its predecessor: at least as right on tickets that neither learned from."""
        return self.quality.micro_f1 >= self.before.micro_f1


def taxonomy_of(product: Product) -> list[prior.Symptom]:
    """Return the product's symptoms in use, as the classifier needs them."""
    rows = Symptom.objects.filter(product=product, retired_at=None).order_by("position", "key")
    return [prior.Symptom(key=row.key, name=row.name, description=row.description, terms=row.terms) for row in rows]


def taxonomy_mark(product: Product) -> str:
    """Return a mark of the taxonomy as it is: what was learned under another one does not fit."""
    rows = [[one.key, one.name, one.description, list(one.terms)] for one in taxonomy_of(product)]
    return hashlib.sha256(orjson.dumps(rows)).hexdigest()[:16]


def decided_tickets(product: Product) -> QuerySet[Ticket]:
    """Return the tickets whose symptoms a person decided, the newest first; none at all is a decision too."""
    said = Q(labels__source=LabelSource.PERSON)
    none = Q(status=TicketStatus.TRIAGED, labels=None)
    return Ticket.objects.filter(said | none, product=product).distinct().order_by("-reported_at", "-id")


def active_version(product: Product) -> ClassifierVersion | None:
    """Return the version in use, or None where the terms alone classify."""
    return ClassifierVersion.objects.filter(product=product, is_active=True).first()


def versions_of(product: Product) -> QuerySet[ClassifierVersion]:
    """Return the product's versions without their bytes, the newest first."""
    return ClassifierVersion.objects.filter(product=product).select_related("created_by").defer("artefact")


def fitting_version(product: Product) -> ClassifierVersion | None:
    """Return the version in use if it was learned under the present taxonomy."""
    version = active_version(product)
    if version is None:
        return None
    mark = version.metrics.get("taxonomy")
    # Versions of before marks were kept are tried: their bytes refuse other symptoms.
    return version if mark is None or mark == taxonomy_mark(product) else None


def active_classifier(product: Product) -> Classifier:
    """Return what classifies the product's tickets now; a version of an older taxonomy gives way to the terms."""
    taxonomy = taxonomy_of(product)
    version = fitting_version(product)
    if version is not None:
        try:
            return Classifier.from_bytes(bytes(version.artefact), taxonomy)
        except ArtefactError:
            pass
    return Classifier(taxonomy)


def training_is_due(product: Product) -> bool:
    """Tell whether enough was decided since the last version."""
    n = decided_tickets(product).count()
    last = ClassifierVersion.objects.filter(product=product).first()
    return n >= (FEWEST_DECISIONS if last is None else last.n_labels + RETRAIN_AFTER)


def ask_for_training(*, actor: "User", product: Product, only_if_due: bool = False) -> Job | None:
    """Ask for a new version; with `only_if_due` only where enough was decided since. Raises NotReady."""
    require(actor, Action.TRIAGE, product)
    if only_if_due and not training_is_due(product):
        return None
    n = decided_tickets(product).count()
    if n < FEWEST_DECISIONS:
        raise NotReady(f"{n} tickets are decided so far: learning starts at {FEWEST_DECISIONS}.")
    mark = taxonomy_mark(product)
    payload = {"product": product.pk, "taxonomy": mark}
    return jobs.enqueue(kind=TRAIN_JOB, payload=payload, idempotency_key=f"{product.pk}:{n}:{mark}", created_by=actor)


def ask_for_relearning(*, actor: "User", product: Product) -> Job:
    """Ask for what a changed taxonomy needs: a new version where enough is decided, else labels by the terms."""
    require(actor, Action.TRIAGE, product)
    if decided_tickets(product).count() < FEWEST_DECISIONS:
        return ask_for_classification(actor=actor, product=product)
    # Each step asks anew, also one that leads back to a taxonomy that was learned before; labels moved meanwhile.
    payload = {"product": product.pk, "taxonomy": taxonomy_mark(product), "relabel": True}
    return jobs.enqueue(kind=TRAIN_JOB, payload=payload, created_by=actor)


def ask_for_classification(*, actor: "User | None", product: Product) -> Job:
    """Ask for the labels of all tickets that nobody decided."""
    if actor is not None:
        require(actor, Action.TRIAGE, product)
    return jobs.enqueue(kind=CLASSIFY_JOB, payload={"product": product.pk}, created_by=actor)


def train(*, product: Product, progress: Progress) -> Trained:
    """Learn from what people decided, and compare by cross-validation; nothing is stored."""
    taxonomy, mark = taxonomy_of(product), taxonomy_mark(product)
    examples = _examples(product)
    if len(examples) < FEWEST_DECISIONS:
        raise NotReady(f"{len(examples)} tickets are decided so far: learning starts at {FEWEST_DECISIONS}.")
    progress(0, 4, "Reading tickets")
    corpus = _corpus(product)
    shown = shown_matrix([symptom.key for symptom in taxonomy], examples)
    last = fitting_version(product)

    def judged(n_labels: int | None) -> Quality:
        keys = [symptom.key for symptom in taxonomy]
        return measure(keys, cross_validate(taxonomy, examples, corpus=corpus, n_labels=n_labels), shown)

    progress(1, 4, "Comparing")
    without = judged(0)
    progress(2, 4, "Comparing")
    # What the predecessor learned from is among the examples: it is judged by learning from as many labels again.
    before = judged(last.n_labels) if last is not None else without
    quality = judged(None)
    progress(3, 4, "Learning")
    artefact = Classifier.train(taxonomy, examples, corpus=corpus).to_bytes()
    return Trained(
        artefact=artefact,
        taxonomy=mark,
        n_labels=len(examples),
        quality=quality,
        without_labels=without,
        before=before,
    )


@transaction.atomic
def store_version(*, product: Product, trained: Trained, actor: "User | None") -> ClassifierVersion:
    """Store a version, and put it to use where it is at least as good as what it would replace."""
    Product.objects.select_for_update().get(pk=product.pk)
    if trained.is_better:
        ClassifierVersion.objects.filter(product=product, is_active=True).update(is_active=False)
    version = ClassifierVersion.objects.create(
        product=product,
        created_by=actor,
        n_labels=trained.n_labels,
        artefact=trained.artefact,
        is_active=trained.is_better,
        metrics=_metrics(trained),
    )
    record_audit(
        actor=actor,
        action="classifier trained",
        subject=version,
        product_id=product.pk,
        detail={"labels": trained.n_labels, "in use": trained.is_better},
    )
    return version


@transaction.atomic
def use_version(*, actor: "User", version: ClassifierVersion | None, product: Product) -> None:
    """Put a version to use, an older one too; None goes back to the terms alone. Labels change with the next run."""
    require(actor, Action.TRIAGE, product)
    Product.objects.select_for_update().get(pk=product.pk)
    before = active_version(product)
    ClassifierVersion.objects.filter(product=product, is_active=True).update(is_active=False)
    if version is not None:
        ClassifierVersion.objects.filter(pk=version.pk, product=product).update(is_active=True)
    record_audit(
        actor=actor,
        action="classifier chosen",
        subject=product,
        product_id=product.pk,
        detail={"before": before.pk if before else None, "after": version.pk if version else None},
    )


def version_for(user: "User | AnonymousUser", pk: int, action: Action) -> ClassifierVersion:
    """Return one version if the person may do this to it."""
    found = ClassifierVersion.objects.filter(pk=pk, product__in=visible_products(user)).select_related("product")
    version = found.first()
    if version is None:
        raise NotThere("There is no such version, or it is not yours to see.")
    require(user, action, version.product)
    return version


def classify_tickets(*, product: Product, progress: Progress) -> int:
    """Label the tickets that nobody decided and that came without labels; return how many were looked at.

    Each thousand is one transaction and may be done again: the same classifier says the same.
    """
    classifier = active_classifier(product)
    if classifier.vocabulary is None:
        progress(0, None, "Reading tickets")
        classifier = Classifier.train(taxonomy_of(product), [], corpus=_corpus(product))
    source = LabelSource.TERMS if classifier.weights is None else LabelSource.MODEL
    symptoms = dict(Symptom.objects.filter(product=product).values_list("key", "id"))
    total = Ticket.objects.filter(product=product).count()
    done = 0
    for numbers in _chunks(product):
        progress(done, total, "Classifying")
        with transaction.atomic():
            rows = list(undecided(Ticket.objects.filter(pk__in=numbers)).select_for_update(of=("self",)))
            judged = list(classifier.judge_many((row.title, row.text) for row in rows))
            TicketSymptom.objects.filter(ticket__in=rows).delete()
            TicketSymptom.objects.bulk_create(
                TicketSymptom(ticket=row, symptom_id=symptoms[key], confidence=confidence, source=source)
                for row, judgement in zip(rows, judged, strict=True)
                for key, confidence in judgement.symptoms
                if confidence >= STORED_FROM
            )
        done += len(numbers)
    return done


def undecided(rows: QuerySet[Ticket]) -> QuerySet[Ticket]:
    """Return the tickets whose labels are the machine's to give: no person's, none that came with the ticket."""
    given = TicketSymptom.objects.filter(source__in=(LabelSource.PERSON, LabelSource.BUNDLE)).values("ticket")
    return rows.exclude(status=TicketStatus.TRIAGED).exclude(pk__in=given).exclude(extra__has_key="symptoms")


def _chunks(product: Product) -> Iterator[list[int]]:
    last = 0
    while True:
        rows = Ticket.objects.filter(product=product, pk__gt=last).order_by("pk").values_list("pk", flat=True)
        numbers = list(rows[:_CHUNK])
        if not numbers:
            return
        yield numbers
        last = numbers[-1]


def _examples(product: Product) -> list[Example]:
    rows = decided_tickets(product).prefetch_related("labels__symptom")[:MOST_EXAMPLES]
    return [
        Example(
            title=row.title,
            text=row.text,
            symptoms=frozenset(label.symptom.key for label in row.labels.all() if label.source == LabelSource.PERSON),
        )
        for row in rows
        if row.title or row.text
    ]


def _corpus(product: Product) -> list[Words]:
    rows = Ticket.objects.filter(product=product).exclude(title="", text="").order_by("-reported_at", "-id")
    return [words_of(title, text) for title, text in rows.values_list("title", "text")[:CORPUS]]


def _metrics(trained: Trained) -> dict[str, Any]:
    quality = trained.quality
    return {
        "taxonomy": trained.taxonomy,
        "micro_f1": quality.micro_f1,
        "calibration_error": quality.calibration_error,
        "n_tickets": quality.n_tickets,
        "n_abstained": quality.n_abstained,
        "micro_f1_without_labels": trained.without_labels.micro_f1,
        "micro_f1_before": trained.before.micro_f1,
        "symptoms": [asdict(one) | {"precision": one.precision, "recall": one.recall} for one in quality.symptoms],
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """How a symptom's share of the tickets moved: the last two weeks against the eight before."""

    name: str
    share_before: float
    share_now: float
    n_now: int


def shifts(product: Product) -> list[Shift]:
    """Return the symptoms whose share at least doubled or halved lately, with enough tickets to tell.

    A shift is either the world's or the classifier's: it says that somebody should look.
    """
    newest = Ticket.objects.filter(product=product).order_by("-reported_at").values_list("reported_at", flat=True)[:1]
    if not newest:
        return []
    now = newest[0]
    recent, earlier = now - dt.timedelta(days=14), now - dt.timedelta(days=70)
    rows = Ticket.objects.filter(product=product, reported_at__gt=earlier).exclude(status=TicketStatus.DISMISSED)
    late = Q(reported_at__gt=recent)
    n = rows.aggregate(now=Count("pk", filter=late), before=Count("pk", filter=~late))
    if min(n["now"], n["before"]) < 50:
        return []
    labels = rows.filter(labels__confidence__gte=0.5).values("labels__symptom__name")
    counted = labels.annotate(now=Count("pk", filter=late), before=Count("pk", filter=~late))
    moved = [
        Shift(
            name=row["labels__symptom__name"],
            share_before=row["before"] / n["before"],
            share_now=row["now"] / n["now"],
            n_now=row["now"],
        )
        for row in counted
        if row["now"] + row["before"] >= 20
    ]
    return sorted(
        (one for one in moved if not 0.5 < (one.share_now + 0.005) / (one.share_before + 0.005) < 2.0),
        key=lambda one: -abs(one.share_now - one.share_before),
    )
