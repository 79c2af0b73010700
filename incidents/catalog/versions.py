"""The version of a product's data: a number that grows with every committed transaction that touches it.

Triggers add a row to `incidents_datamark` in the transaction that writes (migration 0010 names the tables), so whoever
reads the sum before an answer's numbers can keep the answer under it: a later commit always makes another sum.
"""

from django.db import connection, transaction
from django.db.models import BigIntegerField, OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce

from incidents.catalog.models import DataMark, Product

_LOCK = 0x6461_7461
# The rows of transactions that this one does not see stay: the sum counts them once they are there.
_MERGE = """
    WITH gone AS (DELETE FROM incidents_datamark RETURNING product_id, n)
    INSERT INTO incidents_datamark (product_id, transaction, n)
    SELECT product_id, pg_current_xact_id()::text::bigint, sum(n) FROM gone GROUP BY 1
"""


def version_column(product: str) -> Coalesce:
    """Return the version of the product that a column of a query names, as a further column of that query."""
    marks = DataMark.objects.filter(product_id=OuterRef(product)).order_by().values("product_id")
    return Coalesce(Subquery(marks.annotate(total=Sum("n")).values("total")), 0, output_field=BigIntegerField())


def data_version(product: Product) -> int:
    """Return the version of the product's data."""
    found = Product.objects.filter(pk=product.pk).annotate(version=version_column("pk")).values_list("version")
    return int(found.get()[0])


@transaction.atomic
def merge_marks() -> None:
    """Put the marks of each product together into one row; no version changes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        cursor.execute(_MERGE)
