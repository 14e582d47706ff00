"""When entrants arrive at something in a window: Kaplan-Meier, read as windows are half open."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from funnelkit.stats.proportions import NOTHING, Interval
from funnelkit.table import duration

if TYPE_CHECKING:
    from funnelkit.stats.survival import Curve

DAY_US = 86_400_000_000
DAYS = (1, 3, 7, 14)

# (microseconds from the entry, who arrived then, who was last seen then); equal times may stand
# apart, so that groups join by adding up.
Times = tuple[tuple[int, int, int], ...]
# Microseconds; None where the curve, or its limit, never gets there.
Quantile = tuple[float | None, float | None, float | None]


@dataclass(frozen=True)
class Arrivals:
    """The curve of a group's times, and the window (microseconds) in which arrivals count."""

    times: Times
    window_us: int

    @cached_property
    def curve(self) -> "Curve":
        """Share that arrived by elapsed time; empty without anybody."""
        from funnelkit.stats.survival import kaplan_meier  # numpy, which headlines do not need

        return kaplan_meier(*columns(self.times))

    @property
    def is_empty(self) -> bool:
        """Whether there is nobody at all."""
        return not len(self.curve.times_us)

    def before(self, us: int) -> Interval:
        """Share that arrived strictly before a time; nothing where nobody was seen for so long."""
        if self.is_empty:
            return NOTHING
        # Times are whole microseconds; once all have arrived nothing is left to be seen.
        last = int(self.curve.times_us[-1])
        return self.curve.at(min(us - 1, last) if self.curve.share[-1] == 1 else us - 1)

    @property
    def within(self) -> Interval:
        """Share that arrived within the window."""
        return self.before(self.window_us)

    def quantile(self, part: float) -> Quantile:
        """When this part of all (not of those who arrive) has arrived, and the limits of that."""
        return self.curve.quantile_interval(part)

    def by_day(self) -> list[tuple[int, Interval]]:
        """Share that arrived before 1, 3, 7 and 14 days, as far as the window goes."""
        days = [day for day in DAYS if day * DAY_US <= self.window_us]
        return [(day, self.before(day * DAY_US)) for day in days]

    def figures(self) -> dict[str, Any]:
        """What programs read beside the rows: shares by day, and quartiles in days."""
        parts = (("p25", 0.25), ("median", 0.5), ("p75", 0.75))
        return {
            "reached_by": {f"day_{day}": _named("share", share) for day, share in self.by_day()},
            "time_to_aha": {
                name: _named("days", (in_days(us) for us in self.quantile(part)))
                for name, part in parts
            },
        }


def columns(times: Times) -> tuple[Sequence[int], Sequence[int], Sequence[int]]:
    """Times, arrivals and losses, each by itself."""
    if not times:
        return (), (), ()
    elapsed, arrived, censored = zip(*times, strict=True)
    return elapsed, arrived, censored


def in_days(us: float | None) -> float | None:
    """Microseconds as days; None stays."""
    return None if us is None else us / DAY_US


def _named(name: str, values: Iterable[float | None]) -> dict[str, float | None]:
    known = (None if each is None else round(each, 6) for each in values)
    return dict(zip((name, "lo", "hi"), known, strict=True))


def in_words(quantile: Quantile) -> str:
    """A time with its interval: `3 d 2 h (2 d to 5 d)`; `not reached` where it is None."""
    estimate, lo, hi = (None if us is None else duration(us / 1e6) for us in quantile)
    if estimate is None:
        return "not reached"
    if lo is None and hi is None:
        return estimate
    return f"{estimate} ({lo or 'unknown'} to {hi or 'not reached'})"
