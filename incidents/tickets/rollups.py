"""Complaints counted by the quarter of an hour and by the hour, per symptom, for all segments together.

As for metrics: triggers note touched hours in `incidents_ticketstale`, readers count the tickets of stale hours
themselves, `refresh_ticket_counts` counts those hours anew. What a filter of segments asks for is counted from tickets.
"""

from django.db import connection, transaction

from incidents.catalog.models import Product
from incidents.tickets.counting import BEGAN_AT, BEGAN_DAY_ONLY, COUNTED, WEIGHT
from incidents.tickets.enums import NO_SYMPTOM, Clock

QUARTER, HOUR = 900, 3600
# The widths that are kept, the coarsest first: zones begin their hours at whole quarters of UTC's.
WIDTHS = (HOUR, QUARTER)
_LOCK = 0x7469_636B
_CHUNK = 2_000  # hours a transaction

AT = {Clock.ONSET: BEGAN_AT, Clock.REPORT: "t.reported_at"}
DAY_ONLY = {Clock.ONSET: BEGAN_DAY_ONLY, Clock.REPORT: "'reported_at' = any(t.day_fields)"}

# From `chosen` tickets (id, weight, and what the counts are kept by) to their shares by symptom.
LABELLED = """
    label as (
        select l.ticket_id, l.symptom_id, l.confidence / sum(l.confidence) over (partition by l.ticket_id) as share
        from incidents_ticketsymptom l join chosen on chosen.id = l.ticket_id where l.confidence > 0
    )
"""

# The same for tickets of hours that have just been touched: one look into the index for each ticket. The planner knows
# nothing of how many there are, and a join of the two lists could pair every ticket with every label.
_LABELS = """
    left join lateral (
        select l.symptom_id, l.confidence / sum(l.confidence) over () as share
        from incidents_ticketsymptom l where l.ticket_id = chosen.id and l.confidence > 0 offset 0
    ) label on true
"""

_TAKE = """
    with taken as (
        delete from incidents_ticketstale where ctid = any(array(
            select ctid from incidents_ticketstale where product_id = coalesce(%s, product_id)
            order by product_id, hour limit %s))
        returning product_id, hour
    )
    insert into due select distinct product_id, hour from taken
"""
_DROP = """
    delete from incidents_ticketrollup r using due d
    where r.product_id = d.product_id and r.clock = any(array['onset', 'report']) and r.width = any(array[900, 3600])
        and r.at >= d.hour and r.at < d.hour + interval '1 hour'
"""


def _tickets_of(clock: Clock, *, product: str, hour: str) -> str:
    """Return the tickets of one hour: one look into the index for each, whatever the planner believes of new rows."""
    return f"""(
        select t.* from incidents_ticket t where t.product_id = {product}
            and {AT[clock]} >= {hour} and {AT[clock]} < {hour} + interval '1 hour' offset 0)
    """  # noqa: S608 - fixed expressions of this module


def _counted(clock: Clock) -> str:
    """Return the statement that counts the due hours by one clock."""
    return f"""
        with chosen as (
            select t.id, t.product_id, {WEIGHT} as weight, d.hour, {DAY_ONLY[clock]} as day_only, {AT[clock]} as at
            from due d cross join lateral {_tickets_of(clock, product="d.product_id", hour="d.hour")} t
            where {COUNTED}
        ), fine as materialized (
            select product_id, hour, case when day_only then at else date_bin('15 minutes', at, hour) end as at,
                day_only, coalesce(symptom_id, {NO_SYMPTOM}) as symptom_id, sum(weight * coalesce(share, 1)) as amount
            from chosen {_LABELS} group by 1, 2, 3, 4, 5
        )
        insert into incidents_ticketrollup (product_id, clock, width, at, day_only, symptom_id, amount)
        select product_id, '{clock.value}', {QUARTER}, at, day_only, symptom_id, amount from fine
        union all
        select product_id, '{clock.value}', {HOUR}, case when day_only then at else hour end, day_only, symptom_id,
            sum(amount)
        from fine group by 1, 4, 5, 6
        order by 3, 1, 4
    """  # noqa: S608 - fixed expressions of this module


def refresh_ticket_counts(*, product: Product | None = None) -> int:
    """Count stale hours anew, of one product or of all, in transactions of limited size; return how many.

    To be called outside of a transaction: within one, the locks last until its end.
    """
    done = 0
    while n := _refresh_some(product):
        done += n
    return done


@transaction.atomic
def _refresh_some(product: Product | None) -> int:
    with connection.cursor() as cursor:
        # Two refreshes of the same hour would both write it. Each statement after the lock sees what was committed.
        cursor.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        cursor.execute("create temporary table due (product_id bigint, hour timestamptz) on commit drop")
        cursor.execute(_TAKE, [None if product is None else product.pk, _CHUNK])
        n = int(cursor.rowcount)
        if n:
            cursor.execute("analyze due")
            cursor.execute(_DROP)
            for clock in Clock:
                cursor.execute(_counted(clock))
        cursor.execute("drop table due")
    return n


# Where no rollup can answer, and for the stale hours of one that can: the tickets themselves.
_FROM_TICKETS = f"""
    select at, day_only, coalesce(symptom_id, {NO_SYMPTOM}) as symptom_id, weight * coalesce(share, 1) as amount
    from chosen left join label on label.ticket_id = chosen.id
"""  # noqa: S608


def rows_of_tickets(condition: str, clock: Clock) -> str:
    """Return SQL whose rows (at, day_only, symptom_id, amount) are the shares of the tickets `t` that meet it."""
    return f"""
        with chosen as (
            select t.id, {WEIGHT} as weight, {AT[clock]} as at, {DAY_ONLY[clock]} as day_only from incidents_ticket t
            where {condition}
        ), {LABELLED} {_FROM_TICKETS}
    """  # noqa: S608


def rows_of_rollup(clock: Clock, width: int) -> str:
    """Return SQL for the same rows from a rollup: of %(product)s, in [%(start)s, %(end)s), both whole buckets."""
    inside = "product_id = %(product)s and {at} >= %(start)s and {at} < %(end)s"
    return f"""
        with spot as (
            select distinct hour from incidents_ticketstale
            where product_id = %(product)s and hour > %(start)s - interval '1 hour' and hour < %(end)s
        ), chosen as (
            select t.id, {WEIGHT} as weight, {AT[clock]} as at, {DAY_ONLY[clock]} as day_only
            from spot cross join lateral {_tickets_of(clock, product="%(product)s", hour="spot.hour")} t
            where {COUNTED} and t.{inside.format(at=AT[clock])}
        )
        select at, day_only, coalesce(symptom_id, {NO_SYMPTOM}) as symptom_id, weight * coalesce(share, 1) as amount
        from chosen {_LABELS}
        union all
        select at, day_only, symptom_id, amount from incidents_ticketrollup
        where {inside.format(at="at")} and clock = '{clock.value}' and width = {width}
            and incidents_hour(at) not in (select hour from spot)
    """  # noqa: S608
