"""Aha moments, retention and the search in titles and subtitles: what their charts say.

The sentences of the tables themselves come with them, from funnelkit.stats: here only columns are
read again. An association is said to "go with" an outcome, never to cause it.
"""

from collections.abc import Mapping, Sequence

from funnelkit.report.findings import Record, count, records
from funnelkit.report.model import AhaSection, SearchSection
from funnelkit.stats.curve import Quartile, quartiles
from funnelkit.table import NOTHING, Table, duration, percent, shown

REACHED, NOT_REACHED = "reached", "not reached"
LAST_WEEK = 12  # later ones are of few and old entry weeks; the CSV has them


def total_reach(section: AhaSection) -> Record:
    """The row of everybody."""
    return next(row for row in records(section.reach) if row["cohort"] is None)


def cohort_rows(table: Table) -> list[Record]:
    """The rows of an entry week, without the total's."""
    return [row for row in records(table) if row["cohort"] is not None]


def reach_title(section: AhaSection) -> str:
    """Who reached it, of the mature."""
    total, whom = total_reach(section), section.entities
    if total["reach"] is None:
        return f"None of the {count(total['entrants'] or 0)} {whom} is mature yet"
    return (
        f"{count(total['reached'])} of {count(total['matured'])} mature {whom}"
        f" ({percent(total['reach'])}) reach {section.name} within {section.window}"
    )


def reach_subtitle(section: AhaSection) -> str:
    """The method in one sentence."""
    return (
        f"Reach of the mature {section.entities} by the week of entry, band: 95 % Wilson interval."
        " Hollow: fewer than 80 % of the week are mature and the number can move; without a line:"
        " share so far."
    )


def reach_marks(section: AhaSection) -> list[Quartile]:
    """When a quarter, half and three quarters of all have reached it, as far as the curve gets."""
    return quartiles(records(section.times), "reached_share", of_all=True)


def aha_times_title(section: AhaSection) -> str:
    """When half of all have reached it; where they do not, how many do."""
    half = next((mark for mark in reach_marks(section) if mark.part == 0.5), None)
    if half:
        return f"Half of all {section.entities} reach {section.name} by {duration(half.seconds)}"
    last = records(section.times)[-1]
    return (
        f"{percent(last['reached_share'] or 0.0)} of {section.entities} reach {section.name} by"
        f" {duration(last['seconds'])}: fewer than half"
    )


def aha_times_subtitle(section: AhaSection) -> str:
    """The method in one sentence."""
    entrants = count(total_reach(section)["entrants"] or 0)
    return (
        f"Share of all {entrants} {section.entities} that have reached it by the time since entry"
        " (1 − Kaplan-Meier, open ones censored), 95 % interval. Marked: a quarter, half and three"
        " quarters of all, as far as the curve gets."
    )


def stuck_title(section: AhaSection) -> str:
    """How many are told of."""
    missing = sum(int(row["entities"]) for row in records(section.stuck))
    return f"Where the {count(missing)} mature {section.entities} stand that did not reach it"


def split_rows(section: AhaSection) -> dict[str, list[Record]]:
    """The first weeks of those who reached it, and of those who did not."""
    rows = [row for row in records(section.retention) if int(row["week"]) <= LAST_WEEK]
    return {
        value: [row for row in rows if row["value"] == value] for value in (REACHED, NOT_REACHED)
    }


def split_title(section: AhaSection) -> str:
    """Both rates, each with its n, in the week that the sentence beside it speaks of."""
    groups = [
        {int(row["week"]): row for row in rows if row["retention"] is not None}
        for rows in split_rows(section).values()
    ]
    both = groups[0].keys() & groups[1].keys()
    if not both:
        return f"Only one of the groups has a week: {section.name} reached, or not"
    told = _told_week(section)
    week = told if told in both else max(both)
    one, other = (_came_back(group[week]) for group in groups)
    return (
        f"In week {week}, {one} of those who reached {section.name} come back, and {other} of"
        " the others"
    )


def _told_week(section: AhaSection) -> int | None:
    """The week of the headline, which stats.retention chose; None without one."""
    told = section.told.get("week", ())
    return int(told[0]) if told else None


def _came_back(row: Record) -> str:
    return f"{percent(row['retention'])} (n = {count(row['matured'])})"


def split_subtitle(section: AhaSection) -> str:
    """The method in one sentence."""
    return (
        f"Share of {section.entities} with an event of {section.outcome} in each week after the"
        " entry, of those that have the whole week behind them; band: 95 % Wilson interval. It goes"
        " with reaching the aha moment; this does not show that it comes from it."
    )


def triangle_title(section: AhaSection, rows: Mapping[str, Mapping[int, Record]]) -> str:
    """The range over the entry weeks: in the week told of both groups, or one that half have."""
    weeks = [week for cells in rows.values() for week in cells]
    known = [week for week in set(weeks) if 2 * weeks.count(week) >= len(rows)]
    told = _told_week(section)
    week = told if told is not None and told in known else max(known, default=min(weeks))
    cells = [cells[week] for cells in rows.values() if week in cells]
    low, high = (_came_back(pick(cells, key=lambda row: row["retention"])) for pick in (min, max))
    if len(cells) == 1:
        return f"In week {week}, {low} of the one entry week come back"
    return f"In week {week}, from {low} to {high} of an entry week come back"


def triangle_subtitle(section: AhaSection) -> str:
    """The method in one sentence."""
    return (
        f"Percent of an entry week's {section.entities} with an event of {section.outcome} in each"
        " week after the entry. Stronger colour: more. Empty: not over yet for all of them."
    )


def difference(estimate: float | None, low: float | None, high: float | None) -> str:
    """A difference with its interval: `+18.2 pp (+9.1 to +27.3)`; `–` where there is none."""
    if estimate is None:
        return NOTHING
    told = shown(estimate, "points")
    if low is None or high is None:
        return told
    ends = (shown(end, "points").removesuffix(" pp") for end in (low, high))
    return f"{told} ({' to '.join(ends)})"


def rule_of(row: Record) -> str:
    """How often within how long: `3 times or more in 7 d`; nothing where no cell was chosen."""
    if row["at_least"] is None:
        return ""
    least = int(row["at_least"])
    often = "once or more" if least == 1 else f"{count(least)} times or more"
    return f"{often} in {row['within_days']} d"


def short_rule(row: Record) -> str:
    """The same where there is little room: `≥ 3 in 7 d`."""
    return "" if row["at_least"] is None else f"≥ {row['at_least']} in {row['within_days']} d"


def candidates(section: SearchSection) -> list[Record]:
    """The events that discovery proposed: these have a difference on the deciding half."""
    return [row for row in records(section.findings) if row["rd"] is not None]


def candidates_title(section: SearchSection) -> str:
    """How many candidates hold on the half that decides."""
    rows = candidates(section)
    accepted = sum(row["verdict"] == "accepted" for row in rows)
    of = f"{count(len(rows))} candidate" + ("" if len(rows) == 1 else "s")
    if not rows:
        return f"Nothing is proposed to go with {section.outcome}"
    if not accepted:
        return f"None of {of} is accepted to go with {section.outcome}"
    verb = "is accepted: it goes" if accepted == 1 else "are accepted: they go"
    return f"{count(accepted)} of {of} {verb} with {section.outcome}"


def candidates_subtitle(section: SearchSection) -> str:
    """The method in one sentence."""
    return (
        f"Difference in {section.outcome} between {section.entities} that did it and those that did"
        " not, 95 % interval. Hollow: the half that proposes, flattered by the choice; filled: the"
        " half that decides. An association: it may not be what brings them back."
    )


def chosen_cell(section: SearchSection) -> Record | None:
    """The cell that discovery chose for the event of the heat map."""
    return next((row for row in records(section.cells) if row["chosen"] == "True"), None)


def cells_title(section: SearchSection) -> str:
    """The event, its chosen cell, and how large the difference is where it was chosen."""
    chosen, event = chosen_cell(section), records(section.cells)[0]["event"]
    if chosen is None:
        return f"{event}: difference by how often and how soon"
    return (
        f"{event}, {rule_of(chosen)}: {difference(chosen['rd'], None, None)} on the half that"
        f" proposes (n = {count(chosen['n'])})"
    )


def cells_subtitle(section: SearchSection) -> str:
    """The method in one sentence."""
    return (
        f"Difference in {section.outcome} between {section.entities} that did it as often in so"
        " many days and those that did not, on the half that proposes. Outlined: the cell that was"
        " chosen; as the best of many it is flattered, and the other half decides. Empty: too few."
    )


def names(rows: Sequence[Record], column: str) -> list[int]:
    """The different numbers of a column, ascending."""
    return sorted({int(row[column]) for row in rows})
