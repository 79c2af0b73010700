"""What is asked for when tickets have arrived, by whichever way: an upload, the command line, a connector, the demo.

Whoever records tickets calls `ask_after_arrival` once, when all rows are committed.
"""

from incidents.catalog.models import Product
from incidents.jobs.models import Job
from incidents.jobs.queries import waiting_job
from incidents.tickets.duplicates import DUPLICATES_JOB, ask_for_duplicates
from incidents.tickets.readings import READ_JOB, ask_for_reading
from incidents.tickets.versions import CLASSIFY_JOB, ask_for_classification

_ASKED = (
    (READ_JOB, ask_for_reading),
    (CLASSIFY_JOB, ask_for_classification),
    (DUPLICATES_JOB, ask_for_duplicates),
)


def ask_after_arrival(*, product: Product) -> list[Job]:
    """Ask for segments and onsets, symptoms, and duplicates; a job that waits already serves this arrival, too.

    Topics are asked for by the job of the symptoms once it is done: they are what no symptom fits. To be called outside
    of the transactions that recorded the rows: a waiting job may be taken at any moment.
    """
    return [waiting_job(kind=kind, product=product.pk) or ask(actor=None, product=product) for kind, ask in _ASKED]
