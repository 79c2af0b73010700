"""Loading the demo case into the database, by the same way that any bundle takes."""

import tempfile
from pathlib import Path
from typing import Final

from incidents.demo.bundle import write_bundle
from incidents.demo.world import SEED
from incidents.ingest.bundle.meter import Progress
from incidents.ingest.bundle.report import ImportReport
from incidents.ingest.bundle.services import import_bundle

DEMO_PRODUCT_SLUG: Final = "alder-code"
DEMO_PRODUCT_NAME: Final = "Alder Code"
DEMO_CASE_SLUG: Final = "spring-2026"


def load_demo(*, seed: int = SEED, progress: Progress | None = None) -> ImportReport:
    """Write the demo case to a temporary folder and import it; a second time changes nothing.

    The product is marked as a demonstration. Another ``seed`` gives other tickets of the same case, which then join
    those that are there: their ids are the same.
    """
    with tempfile.TemporaryDirectory(prefix="workbench-demo-") as folder:
        bundle = Path(folder) / DEMO_CASE_SLUG
        write_bundle(bundle, seed=seed)
        return import_bundle(
            path=bundle,
            product_slug=DEMO_PRODUCT_SLUG,
            product_name=DEMO_PRODUCT_NAME,
            case_slug=DEMO_CASE_SLUG,
            is_demo=True,
            all_or_nothing=True,
            progress=progress,
        )
