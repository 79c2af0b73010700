"""What a page shows of a job: how far it is, how fast, who may end it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme, urlencode

from incidents.catalog.queries import permitted, visible_products
from incidents.charts import labels
from incidents.core.access import Action
from incidents.core.errors import NotThere
from incidents.jobs.enums import JobState
from incidents.jobs.queries import is_final, signs_of_life
from incidents.response.queries import visible_incidents

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User

    from incidents.jobs.models import Job

# Work that is counted in per cent has no rate worth telling.
_PER_CENT = 100
_RATE_AFTER_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What a person may do to a job: see how far it is, end it."""

    see: bool
    end: bool


def rights(user: "User | AnonymousUser", job: "Job") -> Rights:
    """Return a person's rights: whoever asked for it may end it, and whoever may attribute the product it is about.

    A job tells what it is about in its payload: `incident` (id) or `product` (id or short name).
    """
    if not user.is_authenticated:
        return Rights(see=False, end=False)
    if user.is_superuser or job.created_by_id == user.pk:
        return Rights(see=True, end=True)
    product = None
    if isinstance(pk := job.payload.get("incident"), int):
        incident = visible_incidents(user).filter(pk=pk).first()
        product = incident.product if incident is not None else None
    elif named := job.payload.get("product"):
        field = "pk" if isinstance(named, int) else "slug"
        product = visible_products(user).filter(**{field: named}).first()
    if product is None:
        return Rights(see=False, end=False)
    return Rights(see=True, end=permitted(user, Action.ATTRIBUTE, product))


def require_sight(user: "User | AnonymousUser", job: "Job") -> Rights:
    """Return the rights of a person who may see the job; raise NotThere otherwise."""
    found = rights(user, job)
    if not found.see:
        raise NotThere("There is no such job, or it is not yours to see.")
    return found


def job_context(request: HttpRequest, job: "Job", *, label: str = "", then: str = "") -> dict[str, Any]:
    """Return the context of jobs/job.html for a job; `then` is the address to go to once it has succeeded.

    Include the template in a page with this context (as `progress`), and it looks after itself.
    """
    may = require_sight(request.user, job)
    then = _safe(request, then)
    waits = job.state == JobState.QUEUED and job.cancel_requested_at is None
    address = reverse("job", args=[job.pk])
    part = min(1.0, job.n_done / job.n_total) if job.n_total else None
    return {
        "job": job,
        "is_final": is_final(job),
        "label": label or "Working",
        "message": job.message or ("Waiting for a worker" if waits else ""),
        "rate": _rate(job),
        "part": part,
        # For machines: the page's number format must not touch it.
        "permille": None if part is None else str(round(part * 1000)),
        "counted": _counted(job),
        "cancelling": job.cancel_requested_at is not None and not is_final(job),
        "may_end": may.end,
        "poll_url": f"{address}?{urlencode({'label': label, 'then': then})}",
        "cancel_url": reverse("job-cancel", args=[job.pk]),
        "again_url": reverse("job-again", args=[job.pk]),
        "then": then,
        "worker_missing": waits and not signs_of_life().worker_alive,
    }


def _counted(job: "Job") -> str:
    if job.n_total == _PER_CENT or not job.n_done:
        return ""
    whole = f" of {labels.count(job.n_total)}" if job.n_total else ""
    return f"{labels.count(job.n_done)}{whole}"


def _rate(job: "Job") -> str:
    if job.started_at is None or not job.n_done or job.n_total == _PER_CENT:
        return ""
    seconds = (timezone.now() - job.started_at).total_seconds()
    return f"{labels.count(job.n_done / seconds)} a second" if seconds >= _RATE_AFTER_SECONDS else ""


def _safe(request: HttpRequest, address: str) -> str:
    """Return an address of this site, or nothing."""
    if address and url_has_allowed_host_and_scheme(address, allowed_hosts=None, require_https=request.is_secure()):
        return address
    return ""
