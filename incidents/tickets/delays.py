"""How long people take to report, per channel: from tickets that state when their trouble began."""

from dataclasses import dataclass

import numpy as np
from django.db import connection

from incidents.catalog.models import Product
from incidents.stats.reporting_delay import FEWEST, ReportingDelay, reporting_delay
from incidents.tickets.counting import COUNTED

LONGEST_DAYS = 60
NEWEST = 20_000  # tickets: more do not make the estimate surer than it need be
# Whole days are known to half a day: their tickets count from the middle, and never after the report.
_DELAYS = f"""
SELECT t.channel,
    extract(epoch FROM greatest(t.reported_at - at.onset, interval '0')) / 3600,
    extract(epoch FROM greatest(ends.at - at.onset, interval '0')) / 3600
FROM incidents_ticket t
CROSS JOIN LATERAL (SELECT coalesce(
    t.onset_at + CASE WHEN 'onset_at' = ANY(t.day_fields) THEN interval '12 hours' ELSE interval '0' END,
    t.stated_onset_at) AS onset) at
CROSS JOIN (SELECT max(reported_at) AS at FROM incidents_ticket WHERE product_id = %(product)s) ends
WHERE t.product_id = %(product)s AND {COUNTED} AND at.onset IS NOT NULL
    AND 'reported_at' <> ALL(t.day_fields)
    AND at.onset >= t.reported_at - make_interval(days => %(longest)s)
    AND at.onset < t.reported_at + interval '12 hours'
ORDER BY t.reported_at DESC LIMIT {NEWEST}
"""  # noqa: S608 - constants alone


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelDelay:
    """The delay of one channel; "" stands for all of them together, None for too few tickets to tell."""

    channel: str
    n: int
    delay: ReportingDelay | None


def reporting_delays(product: Product) -> list[ChannelDelay]:
    """Return the reporting delays of all tickets together and of each channel, the largest first."""
    with connection.cursor() as cursor:
        cursor.execute(_DELAYS, {"product": product.pk, "longest": LONGEST_DAYS})
        rows = [(channel, float(hours), float(window)) for channel, hours, window in cursor.fetchall()]
    by_channel: dict[str, list[tuple[float, float]]] = {}
    for channel, hours, window in rows:
        by_channel.setdefault(channel or "not stated", []).append((hours, max(window, hours)))
    everything = [one for told in by_channel.values() for one in told]
    found = [_estimated("", everything)]
    ranked = sorted(by_channel.items(), key=lambda one: (-len(one[1]), one[0]))
    return found + [_estimated(channel, told) for channel, told in ranked]


def _estimated(channel: str, told: list[tuple[float, float]]) -> ChannelDelay:
    if len(told) < FEWEST:
        return ChannelDelay(channel=channel, n=len(told), delay=None)
    hours, window = np.array(told).T
    return ChannelDelay(channel=channel, n=len(told), delay=reporting_delay(hours, window))
