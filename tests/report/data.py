"""A report's data made by hand: 2,722 entrants of whom 2,310 are mature, four steps."""

from dataclasses import replace
from datetime import date, timedelta

from funnelkit.report.model import FunnelSection, ReportData
from funnelkit.stats.funnels import PeriodCounts, StepCounts, step_rows, trend_table
from funnelkit.stats.times import TimeCounts, times_table
from funnelkit.table import Column, Table

EVIL = "</script><img src=x onerror=alert(1)>"
DAY_US = 86_400_000_000
NAMES = ("signed_up", "connected_source", "built_dashboard", "invited_colleague")
#        entered, then per step: reached, open, matured_reached
TOTAL = (2722, 2310, ((2722, 0, 2310), (1665, 201, 1411), (1021, 96, 893), (574, 58, 495)))
CHANNELS = {
    "organic search": (
        1201, 1020, ((1201, 0, 1020), (790, 85, 668), (520, 40, 455), (301, 25, 263)),
    ),
    "paid ads": (911, 770, ((911, 0, 770), (480, 76, 404), (250, 31, 217), (112, 17, 96))),
    "referral": (498, 420, ((498, 0, 420), (331, 32, 281), (212, 21, 186), (141, 13, 121))),
    "partner marketplace, listed by a reseller": (
        100, 100, ((100, 0, 100), (60, 0, 58), (39, 0, 35), (20, 0, 15)),
    ),
    "(other)": (12, 0, ((12, 0, 0), (4, 8, 0), (0, 4, 0), (0, 0, 0))),
}  # fmt: skip


def counts(group, breakdown=None, value=None, funnel="activation", names=NAMES):
    entered, matured, steps = group
    made = []
    for number, (name, (reached, open_, done)) in enumerate(zip(names, steps, strict=True), 1):
        before = steps[number - 2][0] if number > 1 else reached
        hour = 3_600_000_000 * number
        made.append(
            StepCounts(
                funnel, breakdown, value, number, name, entered, reached, open_,
                before - reached - open_ if number > 1 else 0, matured, done,
                *((5 * hour, 2 * hour, 20 * hour, 61 * hour) if number > 1 else (None,) * 4),
            )
        )  # fmt: skip
    return made


def steps(**kwargs):
    return step_rows(counts(TOTAL, **kwargs))


def channels():
    rows = [row for v, group in CHANNELS.items() for row in counts(group, "channel", v)]
    return step_rows(rows)


def week_start(week):
    return (date(2026, 1, 5) + timedelta(weeks=week)).isoformat()


def weeks(number=26, immature=3):
    """26 weeks of some 100 entrants; the last three immature, the very last not at all mature."""
    made = []
    for week in range(number):
        entered, rate = 90 + (week * 37) % 30, 0.15 + ((week * 53) % 17) / 100
        young = week - (number - immature)
        matured = entered if young < 0 else [entered // 2, entered // 5, 0][young]
        done = int(matured * rate)
        reached = done if young < 0 else done + (entered - matured) // 10
        left = entered - reached
        open_ = 0 if young < 0 else left // 2
        steps_ = ((entered, 0, matured), (reached, open_, done))
        period = week_start(week)
        names = (NAMES[0], NAMES[-1])
        made += [PeriodCounts(period, c) for c in counts((entered, matured, steps_), names=names)]
    return trend_table(made)


def curve(converters=574, entrants=2722, *, also_us=()):
    """Converters at ever longer gaps (most in the first days), the others censored at 14 days."""
    at = [int(14 * DAY_US * (i / converters) ** 3) + 60_000_000 for i in range(converters)]
    at = [min(time, 14 * DAY_US) for time in at]
    rows = [TimeCounts("activation", time, 1, 0) for time in at]
    rows += [TimeCounts("activation", time, 1, 0) for time in also_us]
    converters += len(also_us)
    rows.append(TimeCounts("activation", 6 * DAY_US, 0, entrants // 7))
    rows.append(TimeCounts("activation", 14 * DAY_US, 0, entrants - converters - entrants // 7))
    return times_table(rows)


def section(**changes):
    made = FunnelSection(
        name="activation",
        description="From sign-up to the first colleague who sees a dashboard.",
        words=(
            "A funnel of user_id over 4 steps, in order; every step within 14 days of the entry.",
            "Step 1, signed_up: any event named signed_up.",
            "Step 2, connected_source: any event named source_connected where status = 'ok'.",
            "Entry: the first matching event in the range; one attempt per entity.",
        ),
        definition_hash="3fa9c1d27b60",
        window="14 d",
        steps=steps(),
        breakdowns={"channel": channels()},
        trend=weeks(),
        times=curve(),
    )
    return replace(made, **changes)


def quality():
    columns = (
        Column("reason"),
        Column("rows", "count"),
        Column("share", "part"),
        Column("limit"),
    )
    # Of 61,292 rows.
    return Table(
        columns,
        (
            ("line of a file that could not be read", 14, 14 / 61_292, None),
            ("time that is no time", 231, 231 / 61_292, "over: 0.38 % rejected, limit 0.1 %"),
            ("exact duplicate", 1044, 1044 / 61_292, "ok: 1.7 % duplicate, limit 5 %"),
            ("more than a day after it was received", 3, 3 / 61_292, None),
        ),
    )


def inputs(number=26):
    columns = (
        Column("week", "date"),
        Column("events", "count"),
        Column("entities", "count"),
        Column("digest"),
    )
    rows = []
    for week in range(number):
        digest = f"{(week + 1) * 2654435761 % 2**48:012x}"
        rows.append((week_start(week), 2000 + week * 17, 300 + week, digest))
    return Table(columns, tuple(rows))


def report_data(*sections, **changes):
    made = ReportData(
        slug="activation",
        title="Activation",
        description="Who gets from sign-up to a shared dashboard, and where the others stop.",
        sections=sections or (section(),),
        quality=quality(),
        first_event="2026-01-01T00:03:12Z",
        last_event="2026-06-30T23:58:40Z",
        observed_until="2026-06-30T23:58:40Z",
        inputs=inputs(),
    )
    return replace(made, **changes)
