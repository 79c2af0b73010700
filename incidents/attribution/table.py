"""The answer for a bundle as a table to be read in a terminal."""

from incidents.attribution.bundles.evidence import BundleCase
from incidents.stats.attribution.findings import Attribution, ChangeFinding, Estimate

MOST_ROWS = 25


def readable_table(*, case: str, bundle: BundleCase, found: Attribution, seconds: float) -> str:
    """Return a few lines per case: the changes by probability, and what stays unattributed."""
    lines = [
        f"{case}: {len(bundle.ticket_ids):,} tickets, {len(found.changes)} changes, {seconds:.2f} s",
        f"{'change':32} {'verdict':14} {'probability':>11}  {'excess tickets [90 % interval]':32} cannot be told from",
    ]
    ranked = sorted(found.changes, key=lambda change: (-change.probability, change.key))
    lines += [_row(change) for change in ranked[:MOST_ROWS]]
    if len(ranked) > MOST_ROWS:
        lines.append(f"… and {len(ranked) - MOST_ROWS} changes with a lower probability")
    lines.append(f"{'no known change':32} {'':14} {'':>11}  {_interval(found.unattributed)}")
    lines += [
        f"together: {one.first} and {one.second} ({one.relation.replace('_', ' ')}): {one.outcome}"
        for one in found.interactions
    ]
    if bundle.n_left_out:
        lines.append(f"{bundle.n_left_out:,} rows could not be read and do not count")
    return "\n".join(lines) + "\n"


def _row(change: ChangeFinding) -> str:
    others = ", ".join(change.indistinguishable_from)
    row = f"{change.key[:32]:32} {change.verdict:14} {change.probability:11.3f}  {_interval(change.excess):32} {others}"
    return row.rstrip()


def _interval(estimate: Estimate) -> str:
    return f"{estimate.value:,.0f} [{estimate.low:,.0f} to {estimate.high:,.0f}]"
