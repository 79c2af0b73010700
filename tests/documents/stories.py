"""A small case in the database, with a run, from which documents can be drafted."""

from typing import Any

from django.contrib.auth.models import User

from incidents.attribution.models import AttributionRun
from incidents.changes.models import Change
from incidents.core.access import Role
from incidents.documents.enums import Verdict
from incidents.documents.models import Document
from incidents.documents.review import request_review, review_document
from incidents.documents.services import draft_postmortem, save_document
from incidents.response.models import Incident
from tests.factories import at, make_change, make_incident, make_product, make_statement, make_ticket, make_user

SOUND = "## Summary\n\nThe assistant answered worse for a while.\n"


class Story:
    """A product, its people, a case with one harmful change, and a run that says so."""

    def __init__(self) -> None:
        self.product = make_product(name="Larch", slug="larch")
        self.comms = make_user(Role.COMMS, product=self.product, username="cora")
        self.engineer = make_user(Role.ENGINEER, product=self.product, username="ed")
        self.support = make_user(Role.SUPPORT, product=self.product, username="sol")
        self.stranger = make_user(username="stranger")
        self.incident: Incident = make_incident(self.product, title="Shallow answers", slug="shallow-answers")
        self.change: Change = make_change(
            self.product,
            external_id="effort",
            title="Lower effort",
            description="The default effort goes down.",
            ended_at=at(20),
            end_kind="revert",
            user_facing=True,
        )
        for _ in range(3):
            make_ticket(self.product, "slow")
        make_statement(self.incident, "We changed nothing.", external_id="post", at=at(12))
        self.run = self.store_run(40.0)

    def store_run(self, estimate: float, verdict: str = "contributing") -> AttributionRun:
        """Store what a run says of the change."""
        excess = {"estimate": estimate, "low": estimate - 8, "high": estimate + 8}
        found: dict[str, Any] = {
            "id": "effort",
            "change": self.change.pk,
            "verdict": verdict,
            "probability": 0.98,
            "excess": excess,
            "symptoms": {"slow": {"excess": excess, "rate_ratio": {"estimate": 2.0, "low": 1.6, "high": 2.5}}},
            "lag_hours": 12.0,
            "evidence": [{"kind": "onset", "direction": "supports", "estimate": 2.0, "low": 1.6, "high": 2.5}],
            "indistinguishable_from": [],
        }
        return AttributionRun.objects.create(
            incident=self.incident,
            input_hash=f"{estimate}-{verdict}",
            code_version="test",
            result={"changes": [found], "unattributed": {"excess": {"estimate": 0.0, "low": 0.0, "high": 4.0}}},
        )

    def drafted(self) -> Document:
        """Return a fresh draft by comms."""
        return draft_postmortem(actor=self.comms, incident=self.incident)

    def sound(self, body: str = SOUND) -> Document:
        """Return a document whose text needs no evidence, by comms."""
        document = self.drafted()
        return save_document(
            actor=self.comms, document=document, title="What happened", body=body, seen_version=document.version
        )

    def approved(self, document: Document | None = None, by: User | None = None) -> Document:
        """Take a document through review."""
        document = document or self.sound()
        reviewer = by or self.engineer
        request_review(actor=self.comms, document=document, reviewers=[reviewer], seen_version=document.version)
        review_document(actor=reviewer, document=document, verdict=Verdict.APPROVED, seen_version=document.version)
        document.refresh_from_db()
        return document
