"""How a change's share moves from one assumption to the next, as one strip: a tick each, the answer itself as a dot."""

import math
from collections.abc import Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from incidents.charts import labels, palette
from incidents.web.presenters.figures import Scale

WIDTH, HEIGHT = 320, 22


def strip(*, low: float, value: float, high: float, others: Sequence[float], most: float, position: int) -> SafeString:
    """Draw one change; `most` is the right end of the common scale, `position` the colour."""
    x, mid = Scale(0.0, most, WIDTH), HEIGHT / 2
    known = [other for other in others if math.isfinite(other)]
    ticks = format_html_join(
        "", '<path class="strip__tick" d="M{} 3V{}"/>', ((x(other), HEIGHT - 3) for other in known)
    )
    said = f"{labels.share(value, low, high)} as it is"
    if known:
        said += f"; under the other assumptions {labels.percent(min(known))} to {labels.percent(max(known))}"
    return format_html(
        '<svg class="strip {}" viewBox="0 0 {} {}" width="{}" height="{}" role="img" aria-label="{}">'
        '<path class="ibar__axis" d="M4 {}H{}"/><path class="strip__range" d="M{} {}H{}"/>{}'
        '<circle class="ibar__dot" cx="{}" cy="{}" r="4"/></svg>',
        *(palette.classes(position), WIDTH, HEIGHT, WIDTH, HEIGHT, said),
        *(mid, WIDTH - 4, x(low), mid, x(high), ticks, x(value), mid),
    )
