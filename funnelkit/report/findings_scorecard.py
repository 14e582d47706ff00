"""A scorecard in sentences and cells, numbers in the units of their metrics: only restates."""

from collections.abc import Sequence

from funnelkit.report.columns_scorecard import SIDES
from funnelkit.report.findings import Record, count, interval, records
from funnelkit.report.findings_aha import difference
from funnelkit.report.model import ScorecardSection
from funnelkit.stats.targets import MET, MISSED, NO_TARGET, NOT_KNOWN, NOT_SHOWN
from funnelkit.table import MINUS, NOTHING, amount, percent, score, shown, signed_score

NAMES = {"customers": "Customers", "business": "Business"}
_NO_OWNER, _NO_TARGET = "no owner", "no target"
_LOST = "lost"


def metrics(section: ScorecardSection, side: str) -> list[Record]:
    """The metrics of a side, in the order of the definitions."""
    return records(section.table(side))


def periods(section: ScorecardSection, side: str, metric: str) -> list[Record]:
    """The points of a metric, the earliest first."""
    return [row for row in records(section.table(f"{side}-periods")) if row["metric"] == metric]


def number(value: float | None, unit: str) -> str:
    """A value in its unit: `14.4 %`, `82 %`, `−16`, `+92.5 pp`, `32.0`, `12,340`."""
    if value is None:
        return NOTHING
    match unit:
        case "share":
            return percent(value)
        case "whole share":
            return f"{100 * value:.0f} %"
        case "score":
            return score(value)
        case "points":
            return shown(value, "points")
        case "amount":
            return amount(value)
    return f"{value:,.1f}".replace("-", MINUS)


def _interval(low: float | None, high: float | None, unit: str) -> str:
    """The limits in brackets; nothing where a number was counted, or has none."""
    if low is None or high is None or low == high:
        return ""
    if unit == "share":
        return f" ({interval(low, high)})"
    if unit == "whole share":
        return f" (at most {number(high, unit)})"
    ends = [number(end, unit).removesuffix(" pp") for end in (low, high)]
    return f" ({' to '.join(ends)})"


def value(row: Record) -> str:
    """A value with its interval; `≈` where a small group is behind it."""
    if row["value"] is None:
        return "not told"
    about = "≈ " if row["rounded"] else ""
    unit = str(row.get("unit"))
    return f"{about}{number(row['value'], unit)}{_interval(row['lo'], row['hi'], unit)}"


def change(row: Record) -> str:
    """How much it moved, with an interval where there is one, and since when."""
    if row["change"] is None:
        return NOTHING
    unit, ends = str(row["unit"]), [row["change_lo"], row["change_hi"]]
    if unit in ("share", "points"):
        told = difference(row["change"], *ends)
    else:
        told = moved(row["change"], unit)
        told += f" ({' to '.join(moved(end, unit) for end in ends)})" if None not in ends else ""
    return f"{told}, {row['change_of']}"


def moved(change: float, unit: str) -> str:
    """A difference in the unit of its metric: `+2.1 pp`, `−4`, `+19,422`."""
    match unit:
        case "share" | "points":
            return shown(change, "points")
        case "whole share":
            return f"{_sign(change)}{abs(100 * change):.0f} pp"
        case "score":
            return signed_score(change)
    return _sign(change) + number(abs(change), unit)


def _sign(moved: float) -> str:
    return MINUS if moved < 0 else "+" if moved > 0 else "±"


def of_how_many(row: Record) -> str:
    """`n = 1,864`; nothing where that is not told."""
    if row["n"] is None:
        return ""
    return f"{count(row['n'])} weeks" if row["unit"] == "a week" else f"n = {count(row['n'])}"


def people(row: Record) -> int | None:
    """Of how many it is; nothing where weeks are counted."""
    return None if row["n"] is None or row["unit"] == "a week" else int(row["n"])


def target(row: Record) -> str:
    """The target as it was written, or that there is none."""
    return str(row["target"] or _NO_TARGET)


def owner(row: Record) -> str:
    """Who answers for it, or that nobody does."""
    return str(row["owner"] or _NO_OWNER)


def tally(section: ScorecardSection) -> str:
    """Both sides in one sentence, so that neither stands alone; nothing without a metric.

    `Of 8 metrics 6 missed their target: 4 of 5 of customers (…), 2 of 3 of the business (…); …`.
    """
    sides = {side: metrics(section, side) for side in SIDES if section.table(side).rows}
    rows = [row for side in sides.values() for row in side]
    if not rows:
        return ""
    missed_ = ", ".join(_missed_of(side, some) for side, some in sides.items())
    number = sum(row["standing"] == MISSED for row in rows)
    one = len(rows) == 1
    told = [
        f"Of {'the one metric' if one else f'{len(rows)} metrics'} {number or 'none'} missed"
        f" {'its' if number < 2 else 'their'} target: {missed_}"
    ]
    told += [
        f"{len(some)} {words[len(some) > 1]} ({_names(some)})"
        for name, words in _WORDS.items()
        if (some := [row for row in rows if row["standing"] == name])
    ]
    ownerless = [row for row in rows if not row["owner"]]
    told += [f"without owner: {_names(ownerless)}"] if ownerless else []
    return f"{'; '.join(told)}."


def _missed_of(side: str, rows: Sequence[Record]) -> str:
    """`4 of 5 of customers (NPS, …)`."""
    some = [row for row in rows if row["standing"] == MISSED]
    names = f" ({_names(some)})" if some else ""
    return f"{len(some)} of {len(rows)} of {_OF_SIDE[side]}{names}"


def _names(rows: Sequence[Record]) -> str:
    return ", ".join(str(row["metric"]) for row in rows)


_OF_SIDE = {"customers": "customers", "business": "the business"}
# Of one metric, and of several; what was missed comes before.
_WORDS = {
    MET: ("met it", "met theirs"),
    NOT_SHOWN: ("is not shown to do either", "are not shown to do either"),
    NOT_KNOWN: ("is not known", "are not known"),
    NO_TARGET: ("has no target", "have no target"),
}


def missed(section: ScorecardSection) -> list[tuple[Record, str]]:
    """The metrics that miss their target, both sides in their order, each with its sentence."""
    return [
        (row, f"Missed: {_in_words(row)}.")
        for side in SIDES
        for row in metrics(section, side)
        if row["standing"] == MISSED
    ]


def _in_words(row: Record) -> str:
    parts = (f"{row['metric']} {value(row)}", of_how_many(row), f"target {target(row)}")
    return ", ".join(filter(None, (*parts, f"owner {row['owner']}" if row["owner"] else _NO_OWNER)))


def title(section: ScorecardSection, side: str) -> str:
    """How many of a side's targets are kept."""
    rows = metrics(section, side)
    counted = [sum(row["standing"] == name for row in rows) for name in ("met", "missed")]
    rest = sum(row["standing"] in ("not shown", "not known") for row in rows)
    targets = sum(row["standing"] != "no target" for row in rows)
    if not targets:
        return f"{NAMES[side]}: no metric has a target"
    told = f"{NAMES[side]}: {counted[0]} of {targets} targets met, {counted[1]} missed"
    return f"{told}, {rest} not shown" if rest else told


def subtitle(section: ScorecardSection, side: str) -> str:
    """The method in one sentence."""
    rows = metrics(section, side)
    zero = "0 to 100 % for every share" if any("share" in row["unit"] for row in rows) else ""
    scale = f"; {zero}" if zero else ""
    return (
        f"Each metric by {section.trend}, or by wave where it was asked for; band: 95 %"
        f" interval{scale}. Hollow: not over, it can move."
    )


# --- revenue by state ----------------------------------------------------------------------------


class Period:
    """A period's states, in their order."""

    def __init__(self, rows: Sequence[Record]) -> None:
        self.name = str(rows[0]["period"])
        self.since = rows[0]["since"]
        self.now = [row for row in rows if row["state"] != _LOST]
        self.lost = next((row for row in rows if row["state"] == _LOST), None)

    @property
    def cents(self) -> int:
        """Revenue of everybody that pays."""
        return sum(row["revenue_cents"] for row in self.now)

    @property
    def customers(self) -> int:
        """How many pay."""
        return sum(row["customers"] for row in self.now)

    def total(self) -> str:
        """`186,322 of 429 customers`."""
        return f"{amount(self.cents)} of {count(self.customers)} customers"


def revenue_periods(section: ScorecardSection) -> list[Period]:
    """Revenue by state, a period each, the earliest first."""
    found: dict[str, list[Record]] = {}
    for row in records(section.table("revenue")):
        found.setdefault(str(row["period"]), []).append(row)
    return [Period(rows) for rows in found.values()]


def state(row: Record) -> str:
    """`new 12,300 (34)`."""
    return f"{row['state']} {amount(row['revenue_cents'])} ({count(row['customers'])})"


def revenue_title(section: ScorecardSection) -> str:
    """The latest period: what there is, what came and what went."""
    last = revenue_periods(section)[-1]
    parts = [each for each in last.now if each["state"] == "new"]
    parts += [last.lost] if last.lost else []
    moved = ", ".join(f"{amount(row['revenue_cents'])} {row['state']}" for row in parts)
    told = f"Revenue at the end of {last.name}: {last.total()}"
    return f"{told}; {moved}" if moved else told


def revenue_subtitle() -> str:
    """The method in one sentence."""
    return (
        "Each customer's revenue at the end of a period by what it was at the end of the one"
        " before; in brackets customers. Lost: what they paid then, below the bar."
    )
