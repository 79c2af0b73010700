"""The version of a product's data: a number that grows with every committed transaction that touches it.

Triggers add a row to `incidents_datamark` in the transaction that writes (migration 0010 names the tables), so whoever
reads the sum before an answer's numbers can keep the answer under it: a later commit always makes another sum.
"""

from django.db import connection, transaction

_LOCK = 0x6461_7461
# The rows of transactions that this one does not see stay: the sum counts them once they are there.
_MERGE = """
    WITH gone AS (DELETE FROM incidents_datamark RETURNING product_id, n)
    INSERT INTO incidents_datamark (product_id, transaction, n)
    SELECT product_id, pg_current_xact_id()::text::bigint, sum(n) FROM gone GROUP BY 1
"""
VERSION = "(SELECT coalesce(sum(n), 0) FROM incidents_datamark WHERE product_id = %s)"


def data_version(product_id: int) -> int:
    """Return the version of the product's data, with one statement."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {VERSION}", [product_id])
        return int(cursor.fetchone()[0])


@transaction.atomic
def merge_marks() -> None:
    """Put the marks of each product together into one row; no version changes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        cursor.execute(_MERGE)
