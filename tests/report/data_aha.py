"""Data of an aha moment and of a search, made by hand: 26 entry weeks, 5 candidates."""

from dataclasses import replace
from typing import Any

from funnelkit.report.model import AhaSection, SearchSection
from funnelkit.results.search import CELL_COLUMNS, SEARCH_COLUMNS
from funnelkit.stats.reach import (
    ReachCounts,
    Stuck,
    joined,
    reach_table,
    reach_times,
    stuck_table,
)
from funnelkit.stats.retention import RetentionCounts, retention_table
from funnelkit.table import Table
from tests.report.data import DAY_US, week_start

WEEK_US = 7 * DAY_US
WEEKS = 26


def group(entrants, matured, matured_reached, early=0, cohort=None, value=None, name="team_value"):
    """Reachers at even gaps over the window; the open ones were seen for half of it."""
    failed, open_ = matured - matured_reached, entrants - matured - early
    done = matured_reached + early
    times = [(WEEK_US * (i + 1) // (done + 2), 1, 0) for i in range(done)]
    times += [(WEEK_US, 0, failed)] if failed else []
    times += [(WEEK_US // 2, 0, open_)] if open_ else []
    return ReachCounts(
        name, cohort, "channel" if value else None, value, entrants, matured, matured_reached,
        done, open_, failed, tuple(times),
    )  # fmt: skip


def cohorts(number=WEEKS, more=0):
    """Some 90 entrants a week; the last two have open ones, the very last nobody mature.

    `more` of the tenth week reached it than did.
    """
    made = []
    for week in range(number):
        entered, young = 80 + (week * 37) % 30, week - (number - 2)
        matured = entered if young < 0 else [entered // 3, 0][young]
        reached = int(matured * (0.15 + ((week * 53) % 17) / 100)) + (more if week == 10 else 0)
        early = 0 if young < 0 else entered // 20
        made.append(group(entered, matured, reached, early, week_start(week)))
    return made


def reach(parts):
    total = joined(parts)
    told: dict[str, Any] = {"window_us": WEEK_US, "window": "7 days", "entities": "users"}
    return reach_table([total, *parts], **told), reach_times(total, **told)


def values():
    rows = [group(900, 850, 130, 5, value="organic"), group(700, 650, 60, 5, value="paid")]
    return reach_table(rows, window_us=WEEK_US, window="7 days")


def stuck(parts):
    rows = [
        Stuck("team_value", 2, "connected", "logged_in", 700),
        Stuck("team_value", 1, "signed_up", None, 300),
        Stuck("team_value", None, "(other)", "(other)", 41),
    ]
    return stuck_table(rows, total=joined(parts), window="7 days", entities="users")


def weeks_of(cohort, week, value=None, base=0.3, number=WEEKS):
    """A cell: entrants of an entry week that have this week behind them, and who came back."""
    entered, last = 80 + (cohort * 37) % 30, number - cohort - 1
    if value:
        entered = entered // 4 if value == "reached" else entered - entered // 4
    matured = entered if week < last else entered // 3 if week == last else 0
    back = int(matured * (base + 0.4 / (1 + week) + ((cohort * 7 + week) % 5) / 100))
    breakdown = "aha:team_value" if value else None
    return RetentionCounts(
        "retained", week_start(cohort), breakdown, value, week, entered, matured, back
    )


def retention():
    split = [
        weeks_of(cohort, week, value, base)
        for value, base in (("reached", 0.5), ("not reached", 0.1))
        for cohort in range(WEEKS)
        for week in range(1, WEEKS - cohort)
    ]
    return retention_table(split, cohorts=False, entities="users")


def by_cohort():
    cells = [weeks_of(c, w) for c in range(WEEKS) for w in range(WEEKS - c)]
    found = retention_table(cells, entities="users")
    return Table(found.columns, tuple(row for row in found.rows if row[1] is not None))


def aha_section(more=0, **changes):
    parts = cohorts(more=more)
    table, times = reach(parts)
    standing, split = stuck(parts), retention()
    made = AhaSection(
        name="team_value",
        description="Shared three dashboards in the first week",
        words=("Counts users (user_id) from their first entry on.", "Aha: three times in 7 days."),
        definition_hash="ace7c2c2dd90",
        entities="users",
        window="7 days",
        outcome="retained",
        findings=(table.headline, "retained goes with it; that it causes it is not shown."),
        told={
            "reach": table.notes,
            "outcome": ("retained goes with it; that it causes it is not shown.",),
            "times": (times.headline, *times.notes),
            "stuck": (standing.headline, *standing.notes),
            "retention": (split.headline, *split.notes),
        },
        reach=table,
        breakdowns={"channel": values()},
        times=times,
        stuck=standing,
        retention=split,
        cohorts=by_cohort(),
    )
    return replace(made, **changes)


#                event, at_least, days, reach, rd on D (lo, hi), rd on V (lo, hi), verdict
FINDINGS = (
    ("dashboard_shared", 3, 7, 0.18, (0.39, 0.28, 0.51), (0.44, 0.34, 0.54), "accepted"),
    ("search_used", 3, 14, 0.24, (0.25, 0.15, 0.34), (0.33, 0.24, 0.42), "goes with activity"),
    ("alert_closed", 2, 7, 0.08, (-0.25, -0.42, -0.08), (-0.09, -0.23, 0.05), "not confirmed"),
    ("help_opened", 1, 14, 0.2, (0.07, -0.02, 0.17), None, "not proposed"),
    ("dashboard_viewed", 1, 14, 0.84, None, None, "set apart"),
)  # fmt: skip


def row(columns, **known):
    return tuple(known.get(column.name) for column in columns)


def findings():
    rows = []
    for event, least, days, share, on_d, on_v, verdict in FINDINGS:
        known: dict[str, Any] = {
            "event": event,
            "at_least": least,
            "within_days": days,
            "reach": share,
            "n": 626,
        }
        for name, found in (("rd_discovery", on_d), ("rd", on_v)):
            ends = zip(("", "_lo", "_hi"), found or (None, None, None), strict=True)
            known |= {f"{name}{end}": value for end, value in ends}
        known |= {"ppv": 0.6, "rate_without": 0.2, "base_rate": 0.28, "n_discovery": 580}
        known |= {"n_confirmation": 626, "verdict": verdict, "why": f"Because of {event}."}
        rows.append(row(SEARCH_COLUMNS, label="association", **known))
    return Table(SEARCH_COLUMNS, tuple(rows))


def cells():
    rows = []
    for least in (1, 2, 3, 5):
        for days in (1, 3, 7, 14):
            known: dict[str, Any] = {
                "event": "dashboard_shared",
                "at_least": least,
                "within_days": days,
                "n": 580,
            }
            rd = None if least > days else round(0.04 * least * min(days, 7) / 2 - 0.1, 3)
            known |= {"rd": rd, "rd_lo": rd and rd - 0.1, "rd_hi": rd and rd + 0.1, "reach": 0.2}
            chosen = (least, days) == (3, 7)
            rows.append(row(CELL_COLUMNS, chosen=chosen, **known))
    return Table(CELL_COLUMNS, tuple(rows))


def search_section(**changes):
    made = SearchSection(
        entities="users",
        outcome="retained",
        words=("Searched: every event.", "Level: 5 %."),
        definition_hash="fde1f5da7328",
        headline="1 of 4 behaviours goes with retained: that it causes it is not shown.",
        told=("Level 5 %: the chance that a run of nothing accepts anything.",),
        findings=findings(),
        cells=cells(),
    )
    return replace(made, **changes)
