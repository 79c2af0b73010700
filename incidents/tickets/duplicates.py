"""Tickets that are one complaint: proposed by a job, merged by a person, taken apart again.

Near copies are found by MinHash over pairs of words and checked exactly; a person's tickets about the same symptom
within a week by their pseudonym. The kept ticket counts for both where two people complained, and once where one person
did so twice.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from incidents.catalog.models import Product
from incidents.catalog.queries import require, visible_products
from incidents.core.access import Action
from incidents.core.audit import record_audit
from incidents.core.errors import Conflict, NotThere
from incidents.jobs import services as jobs
from incidents.jobs.models import Job
from incidents.tickets.classifier.text import words_of
from incidents.tickets.enums import DuplicateKind, ProposalState
from incidents.tickets.models import DuplicateProposal, Ticket

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User

DUPLICATES_JOB = "tickets.duplicates"
ALIKE = 0.6  # share of the pairs of words that two near copies have in common
FEWEST_PAIRS = 8  # shorter texts are alike by chance
MOST_TICKETS, MOST_PROPOSALS = 50_000, 2_000
_PERMUTATIONS = 64
_SAME_PERSON = """
SELECT DISTINCT ON (other.id) kept.id, other.id
FROM incidents_ticket other
JOIN incidents_ticketsymptom b ON b.ticket_id = other.id AND b.confidence >= 0.5
JOIN incidents_ticket kept ON kept.product_id = other.product_id AND kept.reporter = other.reporter
    AND (kept.reported_at, kept.id) < (other.reported_at, other.id)
    AND kept.reported_at > other.reported_at - interval '7 days'
    AND kept.merged_into_id IS NULL AND kept.status <> 'dismissed'
JOIN incidents_ticketsymptom a ON a.ticket_id = kept.id AND a.symptom_id = b.symptom_id AND a.confidence >= 0.5
WHERE other.product_id = %s AND other.reporter <> '' AND other.merged_into_id IS NULL AND other.status <> 'dismissed'
ORDER BY other.id, kept.reported_at, kept.id
LIMIT %s
"""
Progress = Callable[[int, int | None, str], None]


def ask_for_duplicates(*, actor: "User | None", product: Product, on: dt.date | None = None) -> Job:
    """Ask for a search for duplicates; with a day, once that day."""
    if actor is not None:
        require(actor, Action.TRIAGE, product)
    key = f"{product.pk}:{on.isoformat()}" if on is not None else ""
    return jobs.enqueue(kind=DUPLICATES_JOB, payload={"product": product.pk}, idempotency_key=key, created_by=actor)


def find_duplicates(*, product: Product, progress: Progress) -> int:
    """Propose pairs among the newest tickets; return how many are new. What was decided is not proposed again."""
    before = DuplicateProposal.objects.filter(product=product).count()
    found: dict[tuple[int, int], tuple[DuplicateKind, float]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_SAME_PERSON, [product.pk, MOST_PROPOSALS])
        for kept, other in cursor.fetchall():
            found[kept, other] = (DuplicateKind.SAME_PERSON, 1.0)
    for kept, other, alike in _near_copies(product, progress):
        found[kept, other] = (DuplicateKind.NEAR_COPY, alike)
    best = sorted(found.items(), key=lambda one: -one[1][1])[:MOST_PROPOSALS]
    DuplicateProposal.objects.bulk_create(
        [
            DuplicateProposal(product=product, kept_id=kept, other_id=other, kind=kind, alike=alike)
            for (kept, other), (kind, alike) in best
        ],
        ignore_conflicts=True,
    )
    return DuplicateProposal.objects.filter(product=product).count() - before


def _near_copies(product: Product, progress: Progress) -> Iterator[tuple[int, int, float]]:
    """Yield (older ticket, newer one, how alike) of near copies, each newer one with its nearest."""
    # datasketch takes half a second to load, which only this job need spend.
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(threshold=ALIKE, num_perm=_PERMUTATIONS)
    pairs: dict[int, frozenset[str]] = {}
    rows = (
        Ticket.objects.filter(product=product, merged_into=None).exclude(status="dismissed").exclude(text="", title="")
    )
    newest = rows.order_by("-reported_at", "-pk").values_list("pk", flat=True)[:MOST_TICKETS]
    chosen = Ticket.objects.filter(pk__in=list(newest)).order_by("reported_at", "pk")
    n = len(newest)
    for done, (pk, title, text) in enumerate(chosen.values_list("pk", "title", "text").iterator(chunk_size=1000)):
        if done % 500 == 0:
            progress(done, n, "Looking for near copies")
        mine = word_pairs(title, text)
        if len(mine) < FEWEST_PAIRS:
            continue
        sketch = MinHash(num_perm=_PERMUTATIONS)
        sketch.update_batch([pair.encode() for pair in mine])
        near = [(len(mine & pairs[other]) / len(mine | pairs[other]), other) for other in index.query(sketch)]
        alike, kept = max(near, default=(0.0, 0))
        if alike >= ALIKE:
            yield kept, pk, alike
        pairs[pk] = mine
        index.insert(pk, sketch)


def word_pairs(title: str, text: str) -> frozenset[str]:
    """Return the pairs of neighbouring stems of a ticket: what near copies share."""
    words = words_of(title, text)
    return frozenset(" ".join(pair) for stems in (words.title_stems, words.body_stems) for pair in pairwise(stems))


def open_proposals(product: Product) -> QuerySet[DuplicateProposal]:
    """Return what waits for a decision, the most alike first; pairs of which one was merged meanwhile are left out."""
    rows = DuplicateProposal.objects.filter(
        product=product, state=ProposalState.OPEN, kept__merged_into=None, other__merged_into=None
    )
    return rows.select_related("kept", "other").order_by("-alike", "pk")


def merges_of(ticket: Ticket) -> QuerySet[DuplicateProposal]:
    """Return the merges by which other tickets came into this one."""
    return DuplicateProposal.objects.filter(
        state=ProposalState.ACCEPTED, other__merged_into=ticket, other__product=ticket.product_id
    ).select_related("other", "decided_by")


def merges_in(product: Product) -> QuerySet[DuplicateProposal]:
    """Return the product's merges, the newest first."""
    rows = DuplicateProposal.objects.filter(product=product, state=ProposalState.ACCEPTED)
    return rows.select_related("kept", "other", "decided_by").order_by("-decided_at", "-pk")


def proposal_for(user: "User | AnonymousUser", pk: int) -> DuplicateProposal:
    """Return one proposal if the person may decide it."""
    found = DuplicateProposal.objects.filter(pk=pk, product__in=visible_products(user)).select_related("product")
    proposal = found.first()
    if proposal is None:
        raise NotThere("There is no such proposal, or it is not yours to see.")
    require(user, Action.TRIAGE, proposal.product)
    return proposal


@transaction.atomic
def merge_tickets(*, actor: "User", kept: Ticket, others: Sequence[Ticket]) -> list[DuplicateProposal]:
    """Merge tickets into one by a person's own word; raises Conflict where one is merged already."""
    require(actor, Action.TRIAGE, kept.product)
    made = []
    for other in others:
        if other.product_id != kept.product_id or other.pk == kept.pk:
            raise Conflict("Only two different tickets of one product can be merged.")
        proposal, _ = DuplicateProposal.objects.get_or_create(
            kept=kept,
            other=other,
            defaults={"product": kept.product, "kind": DuplicateKind.NEAR_COPY, "alike": 1.0},
        )
        made.append(accept_proposal(actor=actor, proposal=proposal))
    return made


@transaction.atomic
def accept_proposal(*, actor: "User", proposal: DuplicateProposal) -> DuplicateProposal:
    """Merge the newer ticket into the older one; raises Conflict where that is done or would make a circle."""
    require(actor, Action.TRIAGE, proposal.product)
    row = DuplicateProposal.objects.select_for_update().get(pk=proposal.pk)
    if row.state == ProposalState.ACCEPTED:
        raise Conflict("These two were merged already.")
    other = Ticket.objects.select_for_update().get(pk=row.other_id)
    kept = Ticket.objects.select_for_update().get(pk=row.kept_id)
    while kept.merged_into_id is not None and kept.merged_into_id != other.pk:
        kept = Ticket.objects.select_for_update().get(pk=kept.merged_into_id)
    if other.merged_into_id is not None or kept.merged_into_id is not None:
        raise Conflict("One of the two is merged into another ticket already: undo that first.")
    same_person = bool(kept.reporter) and kept.reporter == other.reporter
    row.gained_weight = 0.0 if same_person else other.weight + other.merged_weight
    kept.merged_weight += row.gained_weight
    other.merged_into = kept
    kept.save(update_fields=["merged_weight"])
    other.save(update_fields=["merged_into"])
    _decide(row, ProposalState.ACCEPTED, actor)
    record_audit(
        actor=actor,
        action="ticket merged",
        subject=other,
        product_id=row.product_id,
        detail={"into": kept.external_id, "counts": row.gained_weight},
    )
    return row


@transaction.atomic
def undo_merge(*, actor: "User", proposal: DuplicateProposal) -> None:
    """Take a merged ticket out again: both count as before, and the proposal waits for a decision."""
    require(actor, Action.TRIAGE, proposal.product)
    row = DuplicateProposal.objects.select_for_update().get(pk=proposal.pk)
    other = Ticket.objects.select_for_update().get(pk=row.other_id)
    if row.state != ProposalState.ACCEPTED or other.merged_into_id is None:
        raise Conflict("These two are not merged.")
    gained = row.gained_weight or 0.0
    holder: int | None = other.merged_into_id
    while holder is not None:
        # The kept ticket may itself have been merged further, together with what it had gained.
        Ticket.objects.filter(pk=holder).update(merged_weight=F("merged_weight") - gained)
        further = Ticket.objects.values_list("merged_into_id", flat=True).get(pk=holder)
        DuplicateProposal.objects.filter(other=holder, state=ProposalState.ACCEPTED, gained_weight__gt=0).update(
            gained_weight=F("gained_weight") - gained
        )
        holder = further
    other.merged_into = None
    other.save(update_fields=["merged_into"])
    row.gained_weight = None
    _decide(row, ProposalState.OPEN, actor)
    record_audit(actor=actor, action="merge undone", subject=other, product_id=row.product_id)


@transaction.atomic
def dismiss_proposal(*, actor: "User", proposal: DuplicateProposal) -> None:
    """Say that two tickets are two complaints; they are not proposed again."""
    require(actor, Action.TRIAGE, proposal.product)
    row = DuplicateProposal.objects.select_for_update().get(pk=proposal.pk)
    if row.state != ProposalState.OPEN:
        raise Conflict("This proposal was decided already.")
    _decide(row, ProposalState.DISMISSED, actor)
    record_audit(actor=actor, action="not a duplicate", subject=row, product_id=row.product_id)


def _decide(row: DuplicateProposal, state: ProposalState, actor: "User") -> None:
    row.state = state
    row.decided_by = None if state == ProposalState.OPEN else actor
    row.decided_at = None if state == ProposalState.OPEN else timezone.now()
    row.save(update_fields=["state", "decided_by", "decided_at", "gained_weight"])
