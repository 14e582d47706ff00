"""What the lost did next, and which groups differ, in titles and subtitles: columns read again."""

from collections.abc import Sequence

from funnelkit.report.findings import Record, count, interval, records
from funnelkit.report.findings_aha import difference
from funnelkit.report.model import FunnelSection
from funnelkit.stats.compare import STANDS
from funnelkit.stats.stops import NOTHING_MORE
from funnelkit.table import percent

OTHER = "(other)"  # a row of several events
DIFFER = "differ"
_MOST_PAIRS = 15


def next_label(row: Record) -> str:
    """`282 of 560 (50.4 %)`: how many of the lost did it."""
    return f"{count(row['entities'])} of {count(row['stopped'])} ({percent(row['share'])})"


def next_title(section: FunnelSection) -> str:
    """What the lost did next most often; where they did nothing, that."""
    rows = records(section.next_events)
    done = [row for row in rows if row["event"] not in (NOTHING_MORE, OTHER)]
    step = f"lost after {rows[0]['step']}"
    if not done:
        told = next((row for row in rows if row["event"] == NOTHING_MORE), rows[0])
        what = "did nothing more" if told["event"] == NOTHING_MORE else "did something else"
        return f"{next_label(told)} {step} {what}"
    return f"{next_label(done[0])} {step} did {done[0]['event']} next"


def next_subtitle(section: FunnelSection) -> str:
    """The method in one sentence."""
    within = f" within their window of {section.window}" if section.window else ""
    return (
        f"Before the largest loss: the very next event{within} of all that got no further for good;"
        " the table has the 95 % Wilson intervals."
    )


def compared(section: FunnelSection) -> str:
    """The property whose values are held against each other."""
    return str(records(section.comparison)[0]["breakdown"])


def pair(row: Record) -> str:
    """`paid − referral`, as the difference is taken."""
    return f"{row['a']} − {row['b']}"


def gap(row: Record) -> str:
    """The difference with its interval; `–` where a group has nobody."""
    return difference(row["difference"], row["lo"], row["hi"])


def drawn_pairs(section: FunnelSection) -> list[Record]:
    """All pairs with a difference; of many those with the first group, the largest."""
    rows = [row for row in records(section.comparison) if row["difference"] is not None]
    if len(rows) <= _MOST_PAIRS:
        return rows
    first = rows[0]["a"]
    return [row for row in rows if row["a"] == first]


def compare_title(section: FunnelSection) -> str:
    """How many pairs differ after correction, and the widest of them."""
    rows = records(section.comparison)
    tested = [row for row in rows if row["q_value"] is not None]
    differ = [row for row in tested if row["verdict"] == DIFFER]
    if not differ:
        return f"No group of {compared(section)} is shown to differ ({_pairs(len(tested))})"
    top = max(differ, key=lambda row: abs(row["difference"]))
    high, low = ("a", "b") if top["difference"] > 0 else ("b", "a")
    ends = [
        f"{top[side]} ({percent(top[f'conversion_{side}'])}, n = {count(top[f'n_{side}'])})"
        for side in (high, low)
    ]
    number = "" if len(tested) == 1 else f"; {len(differ)} of {_pairs(len(tested))} differ"
    return f"{ends[0]} converts more than {ends[1]}{number}"


def _pairs(number: int) -> str:
    return "1 pair" if number == 1 else f"{number} pairs"


def compare_subtitle(section: FunnelSection) -> str:
    """The method in one sentence."""
    rows, drawn = records(section.comparison), drawn_pairs(section)
    part = "" if _all_drawn(rows, drawn) else f" Drawn: pairs with {drawn[0]['a']}, the largest."
    family = f"all {_pairs(len(rows))}" if len(rows) > 1 else "the one pair"
    return (
        "Difference in conversion, Newcombe's 95 % interval of each alone. Filled: differs at"
        f" q ≤ {STANDS} (Benjamini-Hochberg over {family}); hollow: not shown to differ.{part}"
    )


def _all_drawn(rows: Sequence[Record], drawn: Sequence[Record]) -> bool:
    return len([row for row in rows if row["difference"] is not None]) == len(drawn)


def converts(row: Record, side: str) -> str:
    """`16.7 % of 472 (13.6–20.4 %)` of a group of a pair."""
    rate, low, high = (row[f"conversion_{side}{end}"] for end in ("", "_lo", "_hi"))
    if rate is None:
        return f"nobody of {count(row[f'n_{side}'])}"
    return f"{percent(rate)} of {count(row[f'n_{side}'])} ({interval(low, high)})"
