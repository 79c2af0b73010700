"""Attribution while somebody drags: a what-if fitted from where the full fit of the case ended.

The full fit of the present evidence is made once and kept in memory, per process, with all that a rerun begins from.
Nothing is stored: a what-if becomes a record only when it is asked for as one (`scenarios.request_what_if`).
The engine is loaded by the first what-if of a process: web workers that never try one stay small.
"""

import threading
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from incidents.attribution.casefile import Casefile, read_case
from incidents.attribution.inputs import case_fingerprint
from incidents.attribution.scenarios import Scenario, adjusted
from incidents.attribution.stored import StoredFindings, decode, encode
from incidents.catalog.queries import require
from incidents.core.access import Action
from incidents.core.errors import NotReady, NotThere
from incidents.response.models import Incident
from incidents.stats.attribution import EvidenceError
from incidents.stats.attribution.findings import Attribution

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from incidents.stats.attribution.rerun import Finished

# Beyond so many cells a fit takes longer than anybody waits with a finger on the mouse.
MOST_CELLS = 60_000
_KEPT = 2  # cases in memory
_one_at_a_time = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketch:
    """What a scratch what-if says, beside the case as it is by the same quick fit; `seconds` is how long it took."""

    before: StoredFindings
    after: StoredFindings
    seconds: float


def sketch(*, incident: Incident, scenario: Scenario, actor: "User") -> Sketch:
    """Return what attribution would say if one change had been otherwise.

    Raises NotReady where the case is too large for this or cannot be fitted, NotThere where the change is none of it.
    """
    from incidents.stats.attribution.rerun import attribute_again  # see above

    require(actor, Action.ATTRIBUTE, incident.product)
    with _one_at_a_time:
        fingerprint = case_fingerprint(incident)
        before, index = _as_it_is(incident.pk, fingerprint, scenario.change)
        case, finished = _finished(incident.pk, fingerprint)
        began = time.perf_counter()
        try:
            if scenario.leave_out:
                tried, found = case, attribute_again(finished, case.evidence, moved=(), left_out=(index,))
            else:
                tried = read_case(incident, adjust=lambda changes: adjusted(changes, scenario))
                found = attribute_again(finished, tried.evidence, moved=(index,))
        except EvidenceError as error:
            raise NotReady(f"That cannot be fitted: {error}") from error
        return Sketch(before=before, after=_told(tried, found), seconds=time.perf_counter() - began)


def warm_up(*, incident: Incident, change_id: int, actor: "User") -> StoredFindings:
    """Return the case as it is, by the quick fit: it is in memory then, and a what-if need not wait for it."""
    require(actor, Action.ATTRIBUTE, incident.product)
    with _one_at_a_time:
        return _as_it_is(incident.pk, case_fingerprint(incident), change_id)[0]


@lru_cache(maxsize=16)
def _as_it_is(incident_id: int, fingerprint: str, change_id: int) -> tuple[StoredFindings, int]:
    """Return the quick fit with nothing moved, and the change's place.

    A quick fit holds the background: beside the full fit it would differ by that alone, so it is set beside its like.
    """
    from incidents.stats.attribution.rerun import attribute_again  # see above

    case, finished = _finished(incident_id, fingerprint)
    index = next((at for at, change in enumerate(case.changes) if change.pk == change_id), None)
    if index is None:
        raise NotThere("There is no such change in this case.")
    return _told(case, attribute_again(finished, case.evidence, moved=(index,))), index


@lru_cache(maxsize=_KEPT)
def _finished(incident_id: int, fingerprint: str) -> tuple[Casefile, "Finished"]:
    """Return the full fit; the fingerprint of the evidence tells an outdated one from the present one."""
    from incidents.stats.attribution.rerun import attribute_fully  # see above

    del fingerprint
    case = read_case(Incident.objects.select_related("product", "source").get(pk=incident_id))
    n = len(case.evidence.cell_count)
    if n == 0:
        raise NotReady("There are no complaints inside the case's window: nothing can be attributed.")
    if n > MOST_CELLS:
        raise NotReady("This case is too large to be fitted while you wait. Ask for the what-if as a job instead.")
    try:
        return case, attribute_fully(case.evidence)
    except EvidenceError as error:
        raise NotReady(f"The evidence cannot be fitted: {error}") from error


def _told(case: Casefile, found: Attribution) -> StoredFindings:
    return decode(encode(case, found))
