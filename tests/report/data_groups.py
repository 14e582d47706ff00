"""What the lost did next, and channels held against each other, made by hand."""

from typing import Any

from funnelkit.stats.compare import Group, compare_table
from funnelkit.stats.stops import Next, next_table
from funnelkit.table import Column, Table

# 899 of 2,310 mature are lost before connected_source; of all 2,722 it is 856 so far.
NEXT = {"page_viewed": 431, "help_opened": 212, "(nothing more)": 150, "settings_changed": 41,
        "(other)": 22}  # fmt: skip
LOST = 856
#            converted, mature: what CHANNELS of data.py has at the last step
GROUPS = {"organic search": (263, 1020), "paid ads": (96, 770), "referral": (121, 420)}


def next_events(counts=None):
    """The table of these counts; (other) last."""
    told = NEXT if counts is None else counts
    stopped = sum(told.values())
    rows = [
        Next("activation", "signed_up", None if event == "(nothing more)" else event, n, stopped)
        for event, n in told.items()
    ]
    table = next_table(rows)
    at = table.names.index("event")
    ordered = sorted(table.rows, key=lambda row: row[at] == "(other)")
    columns = (*table.columns, Column("stopped", "count"))
    return Table(columns, tuple((*row, stopped) for row in ordered))


def comparison(groups=None):
    """Every pair of the groups, with the verdict at q of at most 0.05."""
    made = [Group("activation", name, *each) for name, each in (groups or GROUPS).items()]
    pairs = [(a, b) for at, a in enumerate(made) for b in made[at + 1 :]]
    table = compare_table(pairs)
    at = table.names.index("q_value")
    rows = []
    for row in table.rows:
        q: Any = row[at]
        verdict = "not tested" if q is None else "differ" if q <= 0.05 else "not shown to differ"
        rows.append(("channel", *row, verdict))
    return Table((Column("breakdown"), *table.columns, Column("verdict")), tuple(rows))
