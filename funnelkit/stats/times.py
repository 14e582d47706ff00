"""The time-to-convert curve: from the marts' counts to rows, and the finding in words."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from funnelkit.stats.funnels import labelled
from funnelkit.table import Column, Table, Value, duration, percent

if TYPE_CHECKING:
    from funnelkit.stats.survival import Curve

TIMES_COLUMNS = (
    Column("funnel"),
    Column("seconds", "seconds"),
    Column("converted_share", "share"),
    Column("lo", "share"),
    Column("hi", "share"),
    Column("at_risk", "count"),
)


class TimeCounts(NamedTuple):
    """Entities per elapsed time from the first entry in range: converted, or last seen, then."""

    funnel: str
    elapsed_us: int
    converted: int
    censored: int


def times_table(
    counts: Sequence[TimeCounts],
    *,
    meta: Mapping[str, Any] | None = None,
) -> Table:
    """The time-to-convert curve of each funnel: share of entrants converted by `seconds`.

    A row at 0 seconds, at each time that somebody converts, and at the last time seen; the curve
    is flat in between. `lo`, `hi` are 95 % log-log limits, null where undefined; `at_risk`
    counts entities neither converted nor censored just before. See `survival.kaplan_meier`.
    """
    from funnelkit.stats.survival import kaplan_meier  # numpy, which `funnel` alone does not need

    rows: list[tuple[Value, ...]] = []
    headlines: list[tuple[str, str]] = []
    for funnel, group in _by_funnel(counts):
        curve = kaplan_meier(
            [each.elapsed_us for each in group],
            [each.converted for each in group],
            [each.censored for each in group],
        )
        rows += [(funnel, *row) for row in curve_rows(curve)]
        headlines.append((funnel, _times_headline(curve)))
    return Table(
        columns=TIMES_COLUMNS,
        rows=tuple(rows),
        meta=meta or {},
        headline=labelled(headlines),
        notes=(
            "Share of entrants, 1 - Kaplan-Meier from the first entry in range: open entries count "
            "for as long as they were seen. The matured conversion stays the headline figure.",
        ),
    )


def curve_rows(curve: "Curve") -> Iterable[tuple[Value, ...]]:
    """seconds, share, lo, hi, at_risk: at 0, where the curve rises, and at the last time seen."""
    size = len(curve.times_us)
    if size == 0:
        return
    rising = [at for at in range(size) if curve.share[at] > (curve.share[at - 1] if at else 0)]
    if not rising or curve.times_us[rising[0]] > 0:
        yield (0.0, 0.0, None, None, int(curve.at_risk[0]))
    ends = [size - 1] if curve.times_us[-1] > 0 and size - 1 not in rising[-1:] else []
    for at in (*rising, *ends):
        lo, hi = float(curve.lo[at]), float(curve.hi[at])
        yield (
            int(curve.times_us[at]) / 1e6,
            float(curve.share[at]),
            None if lo != lo else lo,  # NaN
            None if hi != hi else hi,
            int(curve.at_risk[at]),
        )


def _times_headline(curve: "Curve") -> str:
    if len(curve.times_us) == 0:
        return "Nobody entered."
    final = percent(float(curve.share[-1]))
    half = curve.quantile(0.5)
    end = duration(int(curve.times_us[-1]) / 1e6)
    if half is None:
        return f"{final} of entrants have converted by {end}."
    return f"Half of the entrants have converted by {duration(half / 1e6)}, {final} by {end}."


def _by_funnel(counts: Iterable[TimeCounts]) -> list[tuple[str, list[TimeCounts]]]:
    return [(name, list(group)) for name, group in groupby(counts, key=lambda each: each.funnel)]
