"""Which table of a funnel is asked for, and of whom: checked and put in words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from funnelkit.errors import FunnelkitError, did_you_mean
from funnelkit.project.moments import in_zone, parse_moment
from funnelkit.stats.funnels import StepCounts

Grain = Literal["day", "week", "month"]
Entry = Literal["first", "best"]
NO_CONVERSION = 31  # as StepCounts.after: on no step
NOT_REACHED = "(not reached)"
# The fields of View that are tables of their own, as options.
TABLES = {
    "by": "--by",
    "trend": "--trend",
    "times": "--times",
    "next_after": "--next-after",
    "compare": "--compare",
    "who": "--who",
    "explain": "--explain",
    "sensitivity": "--sensitivity",
}


@dataclass(frozen=True)
class View:
    """Which table: at most one of these; none of them is the steps of the total.

    `by`: `prop`, `prop@step`, `prop@first` or `prop@last`. `compare`: columns or SQL conditions.
    `who`: a step's name, behind a minus for those who did not get there. `explain`: an entity's id.
    """

    by: str | None = None
    trend: Grain | None = None
    times: bool = False
    next_after: str | None = None
    compare: Sequence[str] = ()
    who: str | None = None
    explain: str | None = None
    sensitivity: bool = False

    def __post_init__(self) -> None:
        told = different_tables({name: getattr(self, name) for name in TABLES})
        if told:
            raise FunnelkitError(told)

    @property
    def needs_profile(self) -> bool:
        """Whether what is known of events is asked for, not only when they were."""
        return self.by is not None or bool(self.compare)

    @property
    def needs_events(self) -> bool:
        """Whether events are asked for that no step names."""
        return self.next_after is not None or self.explain is not None

    @property
    def counts_only(self) -> bool:
        """Whether nothing is asked for but how many got how far, and how fast to the next step."""
        others = (self.next_after, self.compare or None, self.who, self.explain)
        return all(each is None for each in others) and not self.times

    @property
    def is_in_marts(self) -> bool:
        """Whether a built funnel holds such a table (`by` if it was declared)."""
        others = (self.next_after, self.compare or None, self.who, self.explain)
        return all(each is None for each in others) and not self.sensitivity


def different_tables(asked: Mapping[str, Any]) -> str | None:
    """One sentence when more than one table is asked for; else None."""
    given = [
        option for name, option in TABLES.items() if asked.get(name) not in (None, False, (), [])
    ]
    if len(given) < 2:
        return None
    return f"{', '.join(given[:-1])} and {given[-1]} are different tables: ask for one"


@dataclass(frozen=True)
class Bounds:
    """Of whom: entries from `since_us` to before `until_us`, of events for which `where` is true.

    `segment` is SQL over what is known at the entry and `segment_name` what it is called.
    """

    since_us: int | None = None
    until_us: int | None = None
    where: str | None = None
    segment: str | None = None
    segment_name: str | None = None
    timezone: str = "UTC"

    @property
    def is_everybody(self) -> bool:
        """Whether nothing is left out."""
        return (self.since_us, self.until_us, self.where, self.segment) == (None,) * 4

    def in_words(self) -> list[str]:
        """A sentence for each way in which this is not everybody."""
        zone = f" ({self.timezone})"
        words = []
        if self.since_us is not None:
            words.append(f"Entries from {in_zone(self.since_us, self.timezone)} on{zone}.")
        if self.until_us is not None:
            words.append(f"Entries {_until(self.until_us, self.timezone)}{zone}.")
        if self.where is not None:
            words.append(f"Only events where {' '.join(self.where.split())}.")
        if self.segment is not None:
            condition = " ".join(self.segment.split())
            words.append(f"Segment {self.segment_name}: {condition}, as of the first entry.")
        return words


def _until(us: int, zone: str) -> str:
    """A date where its whole day is meant: a midnight is the end."""
    last = in_zone(us - 1, zone)
    if len(in_zone(us, zone)) == len("2026-01-31"):
        return f"up to and including {last[: len('2026-01-31')]}"
    return f"until {last}, inclusive"


def bounds(
    *,
    since: str | None = None,
    until: str | None = None,
    where: str | None = None,
    segment: str | None = None,
    segments: Mapping[str, str] | None = None,
    timezone: str = "UTC",
) -> Bounds:
    """Bounds from what was typed; raises FunnelkitError for what is no date, or not declared."""
    since_us = None if since is None else parse_moment(since, timezone, "since")
    until_us = None if until is None else parse_moment(until, timezone, "until")
    if since_us is not None and until_us is not None and since_us >= until_us:
        raise FunnelkitError(f"--since {since} is after --until {until}: no entry can be in range")
    condition = None
    if segment is not None:
        declared = segments or {}
        if segment not in declared:
            hint = did_you_mean(segment, declared)
            raise FunnelkitError(
                f"no segment is called {segment!r}",
                hint or "declare it under `segments:`, like `paying: \"plan <> 'free'\"`",
            )
        condition = declared[segment]
    return Bounds(since_us, until_us, where, condition, segment, timezone)


def with_after(counts: Iterable[StepCounts], spec: Mapping[str, Any], at: str) -> list[StepCounts]:
    """The counts of a breakdown, each knowing on which steps a conversion means something.

    Who has a value at a step got so far: only later steps have one. Values at the chain's first or
    last row, and of those who did not get to the step, follow from how far they got: none has.
    """
    if at == "entry":
        return list(counts)
    numbers = {step["name"]: int(step["no"]) for step in spec["steps"]}
    after = NO_CONVERSION if at in ("first", "last") else numbers[at]
    return [
        each._replace(after=NO_CONVERSION if each.value == NOT_REACHED else after)
        for each in counts
    ]
