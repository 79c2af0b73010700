"""What the engine says against what came true, as a small figure."""

import math
from collections.abc import Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from incidents.charts import labels

SIDE, LEFT, TOP, BOTTOM = 260.0, 44, 10, 34
Z90 = 1.645


def share_interval(share: float, n: float, z: float = Z90) -> tuple[float, float]:
    """Return the 90 % interval of a share of n (Wilson 1927, doi:10.1080/01621459.1927.10502953)."""
    if n <= 0:
        return 0.0, 1.0
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(middle - half, 0.0), min(middle + half, 1.0)


def reliability_curve(calibration: Sequence[Sequence[float]]) -> SafeString:
    """Return the figure: [said, was, number of changes] as dots with 90 % intervals around the line of honesty."""
    if not calibration:
        return SafeString("")

    def x(part: float) -> float:
        return round(LEFT + SIDE * part, 1)

    def y(part: float) -> float:
        return round(TOP + SIDE * (1 - part), 1)

    rows = []
    for said, was, n in calibration:
        low, high = share_interval(was, n)
        rows.append((x(said), y(low), y(high), x(said), y(was)))
    ticks = (0.0, 0.25, 0.5, 0.75, 1.0)
    words = ", ".join(f"{labels.percent(said)} said, {labels.percent(was)} came true" for said, was, _ in calibration)
    return format_html(
        '<span class="efig reliability"><svg viewBox="0 0 {w} {h}" width="{w}" height="{h}" role="img" '
        'aria-label="Said against came true: {words}">'
        '<path class="efig__axis" d="M{left} {top}V{base}H{right}"/>{across}{up}'
        '<path class="efig__line efig__line--1" d="M{left} {base}L{right} {top}"/>{dots}'
        '<text x="{middle}" y="{foot}" text-anchor="middle">The engine says</text></svg>'
        '<span class="efig__keys" aria-hidden="true"><span class="efig__key efig__key--0">Turned out harmful, with '
        '90 % interval</span><span class="efig__key efig__key--1">as it should be</span></span></span>',
        w=int(LEFT + SIDE + 16),
        h=int(TOP + SIDE + BOTTOM),
        words=words,
        left=LEFT,
        top=TOP,
        base=y(0),
        right=x(1),
        middle=x(0.5),
        foot=y(0) + 30,
        across=format_html_join(
            "",
            '<text x="{}" y="{}" text-anchor="middle">{}</text>',
            ((x(t), y(0) + 14, labels.percent(t)) for t in ticks),
        ),
        up=format_html_join(
            "",
            '<text x="{}" y="{}" text-anchor="end">{}</text>',
            ((LEFT - 6, y(t) + 3.5, labels.percent(t)) for t in ticks),
        ),
        dots=format_html_join(
            "",
            '<path class="efig__line efig__line--0" d="M{} {}V{}"/>'
            '<circle class="reliability__dot" cx="{}" cy="{}" r="4"/>',
            rows,
        ),
    )
