"""How much of its scope a change had reached at each time, and what of it shows in tickets after the delay.

g(t) = (ramp x fading) convolved with a gamma delay, averaged over each time bin. Where the delay from trouble to report
is measured, the gamma delay ends at the trouble, and complaints counted at their report come the measured one later.
"""

from collections.abc import Callable

import numpy as np

from incidents.stats.attribution.evidence import ChangeExposure, Floats, Reporting, Settings

# Of a start whose day alone is known, most of that day counts as exposed: a later start looks like a longer delay,
# which is averaged over, while an effect before the start would have to be explained otherwise.
EARLY = 0.25
SEEN = 1e-3  # a smaller share of use on carrying versions tells nothing of those who run one


def grid(edges: Floats) -> Floats:
    """Return a fine regular grid of hours over the window (edges of its steps) that resolves the bins."""
    length = float(edges[-1] - edges[0])
    step = min(1.0, float(np.diff(edges).min()), max(length / 24.0, 1e-3))
    step = max(step, length / 8192.0)
    return np.asarray(edges[0] + step * np.arange(int(np.ceil(length / step - 1e-9)) + 1), dtype=np.float64)


def ramp(change: ChangeExposure, fine: Floats) -> Floats:
    """Return the exposed share of the scope in each fine step (n,), without delay; a fade is not part of it."""
    centre = 0.5 * (fine[:-1] + fine[1:])
    if change.visibility != "public":
        return np.zeros(len(centre))
    if change.carrier is not None:
        return np.zeros(len(centre))
    steps = tuple(sorted(change.steps)) or ((change.started, 1.0),)
    hours = np.array([max(hour, change.started) for hour, _ in steps])
    shares = np.array([min(max(share, 0.0), 1.0) for _, share in steps])
    unsure = change.edge_uncertainty
    if change.shape == "linear" and len(steps) > 1:
        out = np.interp(centre, hours, shares, left=0.0)
        out[centre < change.started] = 0.0
    else:
        jumps = np.diff(shares, prepend=0.0)
        out = sum(
            (jump * _rise(fine, hour, EARLY * unsure) for hour, jump in zip(hours, jumps, strict=True)),
            np.zeros(len(centre)),
        )
    if change.ended is not None:
        out = out * (1.0 - _rise(fine, change.ended, unsure))
    return np.asarray(out, dtype=np.float64)


def _rise(fine: Floats, at: float, unsure: float) -> Floats:
    """Return the share of each fine step after `at`: a straight line where the edge is unsure by some hours."""
    if unsure > 0:
        return np.clip((0.5 * (fine[:-1] + fine[1:]) - at) / unsure, 0.0, 1.0)
    return np.clip((fine[1:] - at) / np.diff(fine), 0.0, 1.0)


def shapes(settings: Settings) -> tuple[tuple[float, float], ...]:
    """Return the (mean delay, half-life) pairs that are averaged over."""
    return tuple((lag, half) for half in settings.half_lives for lag in settings.lags)


def delay_kernel(mean: float, shape: float, n: int, step: float) -> Floats:
    """Return the share of reports that come in each fine step after the exposure, (n,), sums to at most 1."""
    if mean <= 0:
        out = np.zeros(n)
        out[0] = 1.0
        return out
    from scipy.special import gammainc  # heavy: pages that plan or compare changes load this file, few ask for a delay

    edge = np.arange(n + 1) * step
    return np.diff(gammainc(shape, edge * shape / mean))


def reported(reporting: Reporting, n: int, step: float) -> Floats:
    """Return the share of complaints that are counted in each fine step after their trouble began (n,)."""
    within = np.searchsorted(reporting.hours, step * np.arange(1, n + 1), side="right")
    arrived = np.concatenate([[0.0], reporting.share])[within]
    out = reporting.late * np.diff(arrived, prepend=0.0)
    out[0] += 1.0 - reporting.late
    return np.asarray(out, dtype=np.float64)


def curves(
    changes: tuple[ChangeExposure, ...], edges: Floats, settings: Settings, reporting: Reporting | None = None
) -> tuple[Floats, Floats]:
    """Return g for tickets in general (n_changes, n_shapes, n_bins), and for tickets known to run a
    carrying version.

    For a change without a carrier both are the same. With one, a ticket that runs a carrying version shows what all
    tickets show, over the share of use that runs one: who has just adopted it had no time to complain.
    """
    fine = grid(edges)
    step = float(fine[1] - fine[0]) if len(fine) > 1 else 1.0
    n = len(fine) - 1
    centre = 0.5 * (fine[:-1] + fine[1:])
    kinds = shapes(settings)
    size = int(2 ** np.ceil(np.log2(2 * max(n, 1))))
    spectra = {
        lag: np.fft.rfft(delay_kernel(lag, settings.lag_shape, n, step), size) for lag in {lag for lag, _ in kinds}
    }
    if reporting is not None and settings.use_reporting:
        later = np.fft.rfft(reported(reporting, n, step), size)
        spectra = {  # cut at the window's end, so that no third factor reaches round to its start
            lag: np.fft.rfft(np.fft.irfft(spectrum * later, size)[:n], size) for lag, spectrum in spectra.items()
        }
    into = _bin_average(fine, edges)
    general = np.zeros((len(changes), len(kinds), len(edges) - 1))
    exposed = np.zeros_like(general)
    for j, change in enumerate(changes):
        sources = [ramp(change, fine)] * 2
        if change.carrier is not None and change.visibility == "public":
            position = np.clip(np.searchsorted(edges, centre, side="right") - 1, 0, len(edges) - 2)
            since = _rise(fine, change.started, EARLY * change.edge_uncertainty)
            if change.ended is not None and not change.carrier.fixed:
                since = since * (1.0 - _rise(fine, change.ended, change.edge_uncertainty))
            sources = [change.carrier.adoption[position] * since, since]
        for source, out in zip(sources, (general, exposed), strict=True):
            if not source.any():
                continue
            age = np.maximum(centre - change.started, 0.0)
            faded = {
                half: np.fft.rfft(source * (np.exp2(-age / half) if half > 0 else 1.0), size)
                for half in settings.half_lives
            }
            delayed = np.fft.irfft(np.array([faded[half] * spectra[lag] for lag, half in kinds]), size)[:, :n]
            out[j] = np.maximum(into(delayed), 0.0)
            if change.carrier is None:
                exposed[j] = general[j]
                break
        if change.carrier is not None:
            carrying = change.carrier.adoption
            shown = np.minimum(general[j] / np.maximum(carrying, SEEN), 1.0)
            exposed[j] = np.where(carrying > SEEN, shown, exposed[j])
    general[general < 1e-7] = 0.0
    exposed[exposed < 1e-7] = 0.0
    return general, exposed


def _bin_average(fine: Floats, edges: Floats) -> Callable[[Floats], Floats]:
    """Return a function that averages a function on the fine grid over each bin."""
    step = np.diff(fine)

    def average(values: Floats) -> Floats:
        total = np.concatenate([np.zeros((*values.shape[:-1], 1)), np.cumsum(values * step, axis=-1)], axis=-1)
        at = np.clip((edges - fine[0]) / (fine[1] - fine[0]), 0, len(step))
        low = np.minimum(at.astype(int), len(step) - 1)
        inside = total[..., low] + (at - low) * (total[..., low + 1] - total[..., low])
        return np.asarray(np.diff(inside, axis=-1) / np.diff(np.minimum(edges, fine[-1])), dtype=np.float64)

    return average
