"""Triggers, one a statement: what a writer touched makes rollups stale, and counts in the version of the product's data.

Each only adds rows, so that two writers never wait for each other; how it fits together: docs/decisions.
"""

from django.db import migrations

OF_INCIDENT = "SELECT i.product_id FROM touched t JOIN incidents_incident i ON i.id = t.incident_id"
OF_CHANGE = "SELECT c.product_id FROM touched t JOIN incidents_change c ON c.id = t.change_id"
OWN = "SELECT product_id FROM touched"
# Each table that an answer of the overlay is made from, and how to find the products of its touched rows.
MARKED = {
    "symptom": OWN,
    "dimension": OWN,
    "dimensionvalue": "SELECT d.product_id FROM touched t JOIN incidents_dimension d ON d.id = t.dimension_id",
    "metric": OWN,
    "metricseries": "SELECT m.product_id FROM touched t JOIN incidents_metric m ON m.id = t.metric_id",
    "evalrun": OWN,
    "exposurecount": OWN,
    "change": OWN,
    "rolloutstep": OF_CHANGE,
    "artifactversion": OF_CHANGE,
    "changelink": OF_CHANGE,
    "incident": OWN,
    "publicityevent": OF_INCIDENT,
    "statement": OF_INCIDENT,
    "candidatechange": OF_INCIDENT,
    "evidence": OF_INCIDENT,
    "attributionrun": OF_INCIDENT,
}

FUNCTIONS = """
CREATE FUNCTION incidents_mark_products(products bigint[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO incidents_datamark (product_id, transaction, n)
    SELECT DISTINCT product, pg_current_xact_id()::text::bigint, 1 FROM unnest(products) product
    WHERE product IS NOT NULL
    -- Only the transaction's own row can be there already: nobody waits.
    ON CONFLICT (product_id, transaction) DO UPDATE SET n = incidents_datamark.n + 1
$$;

CREATE FUNCTION incidents_mark_touched() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE products bigint[];
BEGIN
    EXECUTE format('SELECT array_agg(DISTINCT product_id) FROM (%s) found', TG_ARGV[0]) INTO products;
    PERFORM incidents_mark_products(products);
    RETURN NULL;
END $$;

CREATE FUNCTION incidents_hour(moment timestamptz) RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT date_bin('1 hour', moment, '2000-01-01 00:00:00+00')
$$;

CREATE FUNCTION incidents_points_touched() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO incidents_metricstale (series_id, hour)
    SELECT series_id, incidents_hour(at) FROM touched GROUP BY 1, 2;
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO incidents_metricstale (series_id, hour)
        SELECT series_id, incidents_hour(at) FROM gone GROUP BY 1, 2;
    END IF;
    PERFORM incidents_mark_products(array(
        SELECT DISTINCT m.product_id FROM incidents_metricseries s JOIN incidents_metric m ON m.id = s.metric_id
        WHERE s.id IN (SELECT series_id FROM touched)));
    RETURN NULL;
END $$;

CREATE FUNCTION incidents_tickets_touched() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO incidents_ticketstale (product_id, hour)
    SELECT product_id, incidents_hour(reported_at) FROM touched
    UNION SELECT product_id, incidents_hour(onset_at) FROM touched WHERE onset_at IS NOT NULL;
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO incidents_ticketstale (product_id, hour)
        SELECT product_id, incidents_hour(reported_at) FROM gone
        UNION SELECT product_id, incidents_hour(onset_at) FROM gone WHERE onset_at IS NOT NULL;
    END IF;
    PERFORM incidents_mark_products(array(SELECT DISTINCT product_id FROM touched));
    RETURN NULL;
END $$;

CREATE FUNCTION incidents_labels_touched() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE products bigint[];
BEGIN
    -- A label moves between tickets only in theory: both tickets are marked then.
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO incidents_ticketstale (product_id, hour)
        SELECT t.product_id, incidents_hour(at) FROM gone g JOIN incidents_ticket t ON t.id = g.ticket_id,
            unnest(ARRAY[t.reported_at, t.onset_at]) at WHERE at IS NOT NULL GROUP BY 1, 2;
    END IF;
    WITH hours AS (
        INSERT INTO incidents_ticketstale (product_id, hour)
        SELECT t.product_id, incidents_hour(at) FROM touched g JOIN incidents_ticket t ON t.id = g.ticket_id,
            unnest(ARRAY[t.reported_at, t.onset_at]) at WHERE at IS NOT NULL GROUP BY 1, 2
        RETURNING product_id
    )
    SELECT array_agg(DISTINCT product_id) INTO products FROM hours;
    PERFORM incidents_mark_products(products);
    RETURN NULL;
END $$;
"""

DROPPED = """
DROP FUNCTION incidents_labels_touched();
DROP FUNCTION incidents_tickets_touched();
DROP FUNCTION incidents_points_touched();
DROP FUNCTION incidents_hour(timestamptz);
DROP FUNCTION incidents_mark_touched();
DROP FUNCTION incidents_mark_products(bigint[]);
"""

# What is there already is behind until it is counted; the periodic task does that.
FILLED = """
INSERT INTO incidents_metricstale (series_id, hour)
SELECT series_id, incidents_hour(at) FROM incidents_metricpoint GROUP BY 1, 2;
INSERT INTO incidents_ticketstale (product_id, hour)
SELECT product_id, incidents_hour(at) FROM incidents_ticket, unnest(ARRAY[reported_at, onset_at]) at
WHERE at IS NOT NULL GROUP BY 1, 2;
"""


def triggers(table: str, call: str) -> tuple[str, str]:
    """Return the statements that make and drop a table's three triggers."""
    made = f"""
        CREATE TRIGGER data_inserted AFTER INSERT ON incidents_{table}
            REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION {call};
        CREATE TRIGGER data_updated AFTER UPDATE ON incidents_{table}
            REFERENCING NEW TABLE AS touched OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION {call};
        CREATE TRIGGER data_deleted AFTER DELETE ON incidents_{table}
            REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION {call};
    """
    dropped = "".join(
        f"DROP TRIGGER data_{event} ON incidents_{table};" for event in ("inserted", "updated", "deleted")
    )
    return made, dropped


CALLS = {
    "metricpoint": "incidents_points_touched()",
    "ticket": "incidents_tickets_touched()",
    "ticketsymptom": "incidents_labels_touched()",
} | {table: f"incidents_mark_touched('{products}')" for table, products in MARKED.items()}


class Migration(migrations.Migration):
    """Adds the functions, then the triggers, and marks what is there as stale."""

    dependencies = [("incidents", "0009_rollups")]
    operations = [
        migrations.RunSQL(FUNCTIONS, DROPPED),
        *(migrations.RunSQL(*triggers(table, call)) for table, call in CALLS.items()),
        migrations.RunSQL(FILLED, migrations.RunSQL.noop),
    ]
