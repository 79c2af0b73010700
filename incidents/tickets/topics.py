"""Emerging topics: complaints that no symptom fits are gathered by their words, named, counted, raised when they spike.

Clusters grow from run to run: a new ticket joins the topic whose words it shares; what remains is clustered anew. A
person makes a topic a symptom of the taxonomy or dismisses it.
"""

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np
from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils import timezone

from incidents.catalog.models import Product, Symptom
from incidents.catalog.queries import require, visible_products
from incidents.core.access import Action
from incidents.core.audit import record_audit
from incidents.core.errors import Conflict, NotThere
from incidents.jobs import services as jobs
from incidents.jobs.models import Job
from incidents.stats.expected_rate import ExpectedRate, expected_rate
from incidents.tickets.classifier.prior import is_rest
from incidents.tickets.classifier.text import words_of
from incidents.tickets.enums import LabelSource, ProposalState, TicketStatus
from incidents.tickets.inbox import ASSERTED
from incidents.tickets.models import Ticket, TicketSymptom, Topic, TopicTicket
from incidents.tickets.taxonomy import add_symptom
from incidents.tickets.versions import taxonomy_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User

TOPICS_JOB = "tickets.topics"
LOOK_BACK = dt.timedelta(days=90)
MOST_TICKETS = 4000
FEWEST = 5  # tickets of a new topic
JOINS = 0.3  # cosine to a topic's centre from which a ticket joins it
NEAR = 0.65  # cosine distance within which two tickets are neighbours
CENTRE_WORDS, NAME_WORDS = 60, 3
RECENT = 3  # days that are tested for a spike
ALPHA = 0.005
MOST_SHOWN = 3  # on one overlay
_TERM = r"[^\W\d_][\w'-]{2,}"
# What complaints of any kind have in common says nothing of what is new.
_STOP = re.findall(
    r"[\w']+",
    """
    the and for with that this was has have had not but are from when what which would should could they them you
    your can cannot just all any get got its it's into out now then than there here been being also only even
    after before please bug issue error feature model problem report description version expected actual behavior
    behaviour steps reproduce environment platform using use used does did doesn't don't didn't isn't will one
    more very some how why who because every each time times still again want need like
    """,
)
Progress = Callable[[int, int | None, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicRate:
    """Tickets of a topic per local day from `first_on` on, and the newest day that stood out, if one did."""

    first_on: dt.date
    counts: tuple[int, ...]
    spike: ExpectedRate | None
    spike_on: dt.date | None


def ask_for_topics(*, actor: "User | None", product: Product, on: dt.date | None = None) -> Job:
    """Ask for the topics to be brought up to date; with a day, once that day."""
    if actor is not None:
        require(actor, Action.TRIAGE, product)
    key = f"{product.pk}:{on.isoformat()}" if on is not None else ""
    return jobs.enqueue(kind=TOPICS_JOB, payload={"product": product.pk}, idempotency_key=key, created_by=actor)


def unexplained_tickets(product: Product) -> QuerySet[Ticket]:
    """Return the tickets of the last 90 days of which no symptom but the rest is said, and nobody decided."""
    newest = (
        Ticket.objects.filter(product=product).order_by("-reported_at").values_list("reported_at", flat=True).first()
    )
    if newest is None:
        return Ticket.objects.none()
    rest = [one.key for one in taxonomy_of(product) if is_rest(one)]
    said = TicketSymptom.objects.filter(ticket=OuterRef("pk"), confidence__gte=ASSERTED).exclude(symptom__key__in=rest)
    decided = TicketSymptom.objects.filter(ticket=OuterRef("pk"), source=LabelSource.PERSON)
    rows = Ticket.objects.filter(product=product, status=TicketStatus.NEW, merged_into=None)
    rows = rows.filter(reported_at__gt=newest - LOOK_BACK).exclude(title="", text="")
    return rows.filter(~Exists(said), ~Exists(decided)).order_by("reported_at", "pk")


def update_topics(*, product: Product, progress: Progress) -> int:
    """Let new tickets join topics, cluster the rest, name and test all; return how many topics are new."""
    rows = list(unexplained_tickets(product).order_by("-reported_at", "-pk")[:MOST_TICKETS])[::-1]
    progress(0, 3, "Gathering tickets that no symptom fits")
    with transaction.atomic():
        Product.objects.select_for_update().get(pk=product.pk)
        known = dict(TopicTicket.objects.filter(topic__product=product).values_list("ticket_id", "topic_id"))
        n_new = _gather(product, rows, known) if len(rows) >= FEWEST else 0
        progress(2, 3, "Comparing with the expected rates")
        for topic in Topic.objects.filter(product=product, state=ProposalState.OPEN):
            _test(topic)
    return n_new


def _gather(product: Product, rows: Sequence[Ticket], known: Mapping[int, int]) -> int:
    # scikit-learn takes a second to load, which only this job need spend.
    from sklearn.cluster import DBSCAN
    from sklearn.feature_extraction.text import TfidfVectorizer

    # What the product is called says nothing of what is wrong with it.
    stop = [*_STOP, *re.findall(r"[\w']+", product.name.lower())]
    made = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True, stop_words=stop, token_pattern=_TERM)
    try:
        matrix = made.fit_transform(f"{words.title} {words.title} {words.body[:800]}" for words in map(_words, rows))
    except ValueError:
        # No two tickets share a word.
        return 0
    names = made.get_feature_names_out()
    column = {name: at for at, name in enumerate(names)}
    free = np.array([row.pk not in known for row in rows])
    topics = list(Topic.objects.filter(product=product).exclude(state=ProposalState.ACCEPTED))
    if topics and free.any():
        centres = np.array([_vector(topic.centre, column) for topic in topics])
        close = np.asarray(matrix @ centres.T)
        best = close.argmax(axis=1)
        joins = free & (close.max(axis=1) >= JOINS)
        TopicTicket.objects.bulk_create(
            [TopicTicket(ticket=rows[at], topic=topics[best[at]]) for at in np.flatnonzero(joins).tolist()]
        )
        free &= ~joins
    left = np.flatnonzero(free)
    if len(left) < FEWEST:
        return 0
    group = DBSCAN(eps=NEAR, min_samples=FEWEST, metric="cosine").fit_predict(matrix[left])
    everywhere = np.asarray(matrix.mean(axis=0)).ravel()
    for number in range(group.max() + 1):
        mine = left[group == number]
        mean = np.asarray(matrix[mine].mean(axis=0)).ravel()
        top = [at for at in np.argsort(-mean)[:CENTRE_WORDS].tolist() if mean[at] > 0]
        telling = np.argsort(-(mean - everywhere))[: 4 * NAME_WORDS].tolist()
        terms = _distinct([str(names[at]) for at in telling])
        topic = Topic.objects.create(
            product=product,
            name=", ".join(terms[:NAME_WORDS])[:160],
            terms=terms,
            centre={str(names[at]): round(float(mean[at]), 4) for at in top},
        )
        TopicTicket.objects.bulk_create([TopicTicket(ticket=rows[at], topic=topic) for at in mine.tolist()])
    return int(group.max()) + 1


def _words(row: Ticket) -> Any:
    return words_of(row.title, row.text)


def _vector(centre: Mapping[str, float], column: Mapping[str, int]) -> np.ndarray[Any, np.dtype[np.float64]]:
    vector = np.zeros(len(column))
    for name, weight in centre.items():
        if name in column:
            vector[column[name]] = weight
    length = float(np.sqrt(sum(weight**2 for weight in centre.values())))
    return vector / (length or 1.0)


def _distinct(names: Sequence[str]) -> list[str]:
    """Return the names without those that say a part of another one."""
    kept: list[str] = []
    for name in names:
        if not any(name in other.split() or other in name.split() or name == other for other in kept):
            kept.append(name)
    return kept[: 2 * NAME_WORDS]


def _test(topic: Topic) -> None:
    """Count a topic's tickets and note a spike, if one of the last days is one."""
    rate = topic_rate(topic)
    topic.n_tickets = sum(rate.counts)
    topic.spike = {}
    if rate.spike is not None and rate.spike_on is not None:
        topic.spike = {
            "day": rate.spike_on.isoformat(),
            "observed": rate.spike.observed,
            "expected": round(rate.spike.expected, 3),
            "upper": rate.spike.upper,
            "p": rate.spike.p,
        }
        topic.raised_at = topic.raised_at or timezone.now()
    topic.save(update_fields=["n_tickets", "spike", "raised_at"])


def topic_rate(topic: Topic) -> TopicRate:
    """Return the topic's tickets per local day, to the newest day of the product, and whether the last stand out."""
    zone = ZoneInfo(topic.product.timezone)
    rows = Ticket.objects.filter(product=topic.product_id)
    newest = rows.order_by("-reported_at").values_list("reported_at", flat=True).first() or timezone.now()
    oldest = rows.order_by("reported_at").values_list("reported_at", flat=True).first() or newest
    last = newest.astimezone(zone).date()
    first = max(oldest.astimezone(zone).date(), last - LOOK_BACK)
    told = Ticket.objects.filter(topic_place__topic=topic).values_list("reported_at", flat=True)
    by_day = Counter(at.astimezone(zone).date() for at in told)
    days = [first + dt.timedelta(days=one) for one in range((last - first).days + 1)]
    counts = [by_day.get(day, 0) for day in days]
    spike, spike_on = None, None
    for back in range(RECENT):
        seen = counts[: len(counts) - back]
        rate = expected_rate(np.array(seen, dtype=np.float64), first_weekday=first.weekday(), alpha=ALPHA)
        if rate is not None and rate.is_high:
            spike, spike_on = rate, days[len(seen) - 1]
            break
    return TopicRate(first_on=first, counts=tuple(counts), spike=spike, spike_on=spike_on)


def open_topics(product: Product) -> QuerySet[Topic]:
    """Return the topics that wait for a decision, those that rose first."""
    rows = Topic.objects.filter(product=product, state=ProposalState.OPEN)
    return rows.order_by(F("raised_at").desc(nulls_last=True), "-n_tickets", "pk")


def shown_topics(product: Product, wanted: str) -> list[Topic]:
    """Return the topics that an overlay asks for: "1" means the open ones that rose or are large, else numbers."""
    if wanted == "1":
        return list(open_topics(product)[:MOST_SHOWN])
    numbers = [
        int(text) for text in wanted.split(",")[:MOST_SHOWN] if text.isascii() and text.isdigit() and len(text) < 15
    ]
    rows = Topic.objects.filter(product=product, pk__in=numbers).exclude(state=ProposalState.ACCEPTED)
    return list(rows.order_by("pk"))


def topic_tickets(topic: Topic) -> QuerySet[Ticket]:
    """Return a topic's tickets, the newest first."""
    return Ticket.objects.filter(topic_place__topic=topic).order_by("-reported_at", "-pk")


def topic_for(user: "User | AnonymousUser", pk: int) -> Topic:
    """Return one topic if the person may decide it."""
    topic = Topic.objects.filter(pk=pk, product__in=visible_products(user)).select_related("product").first()
    if topic is None:
        raise NotThere("There is no such topic, or it is not yours to see.")
    require(user, Action.TRIAGE, topic.product)
    return topic


@transaction.atomic
def accept_topic(*, actor: "User", topic: Topic, name: str, description: str = "") -> Symptom:
    """Make a topic a symptom of the taxonomy, with its distinguishing words as terms; its tickets are labelled anew."""
    require(actor, Action.TRIAGE, topic.product)
    row = _undecided(topic)
    symptom = add_symptom(actor=actor, product=row.product, name=name, description=description, terms=row.terms)
    _decide(row, ProposalState.ACCEPTED, actor, symptom)
    record_audit(actor=actor, action="topic became a symptom", subject=symptom, product_id=row.product_id)
    return symptom


@transaction.atomic
def dismiss_topic(*, actor: "User", topic: Topic) -> None:
    """Say that a topic is no symptom; tickets like it still gather there, so that it does not come up again."""
    require(actor, Action.TRIAGE, topic.product)
    row = _undecided(topic)
    _decide(row, ProposalState.DISMISSED, actor, None)
    record_audit(actor=actor, action="topic dismissed", subject=row, product_id=row.product_id)


def _undecided(topic: Topic) -> Topic:
    row = Topic.objects.select_for_update().get(pk=topic.pk)
    if row.state != ProposalState.OPEN:
        raise Conflict("This topic was decided already.")
    return row


def _decide(row: Topic, state: ProposalState, actor: "User", symptom: Symptom | None) -> None:
    row.state, row.symptom, row.decided_by, row.decided_at = state, symptom, actor, timezone.now()
    row.save(update_fields=["state", "symptom", "decided_by", "decided_at"])
