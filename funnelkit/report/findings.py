"""The numbers of a funnel in sentences: what the report says before it shows anything.

Only restates columns of the tables; rates and intervals are computed in funnelkit.stats.
"""

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from funnelkit.project.words import at_in_words
from funnelkit.report.model import FunnelSection
from funnelkit.stats.curve import quartiles
from funnelkit.table import MINUS, NOTHING, Table, duration, percent, shown

Record = dict[str, Any]


def records(table: Table) -> list[Record]:
    """The table's rows by column name; what a column holds is known from model.py."""
    return list(table.records())


def interval(low: float | None, high: float | None) -> str:
    """An interval of shares: `19.8–23.1 %`; nothing known is `–`."""
    if low is None or high is None:
        return NOTHING
    return f"{percent(low).removesuffix(' %')}–{percent(high)}"


def with_interval(share: float | None, low: float | None, high: float | None) -> str:
    """A share with its interval: `68.4 % (66.2–70.5 %)`; the share alone without one."""
    band = interval(low, high)
    rate = shown(share, "share")
    return rate if band == NOTHING else f"{rate} ({band})"


def count(number: int) -> str:
    """A count with thousands: `1,234`."""
    return shown(number, "count")


def instant(text: str) -> str:
    """An ISO 8601 instant in UTC to the minute, as read; any other text as it is."""
    match = re.fullmatch(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d(\.\d+)?)?(Z|\+00:00)", text)
    return f"{match[1]} {match[2]} UTC" if match else text or NOTHING


def share_of(part: int | None, whole: int | None) -> float | None:
    """Part of a whole; nothing without a whole."""
    return None if part is None or not whole else part / whole


def not_reached(record: Record, before: Record) -> int:
    """Entities a step lost; without a window all that have not reached it."""
    lost = record["lost"]
    return int(before["reached"] - record["reached"] if lost is None else lost)


def lost_label(record: Record, before: Record) -> str:
    """What a step lost, of those who stood before it: `−388 (39 % of step)`."""
    lost = not_reached(record, before)
    share = share_of(lost, before["reached"])
    if not lost or share is None:
        return "none lost"
    return f"{MINUS}{count(lost)} ({100 * share:.0f} % of step)"


def has_window(table: Table) -> bool:
    """Whether the funnel tells open from lost."""
    return any(value is not None for value in table.column("matured"))


def entrants(section: FunnelSection) -> int:
    """How many entities entered, open or not."""
    return int(records(section.steps)[0]["entered"] or 0)


def finish(section: FunnelSection) -> str:
    """The headline: who finishes, of whom, with its interval."""
    last = records(section.steps)[-1]
    conversion = last["conversion"]
    if not entrants(section):
        return nobody(section).removesuffix(".")
    if conversion is None:
        return "No entry is mature yet: no conversion to state"
    whole = "mature entrants" if has_window(section.steps) else "entrants"
    return f"{shown(conversion, 'share')} of {whole} reach {last['step_name']}"


def optional_steps(section: FunnelSection) -> frozenset[int]:
    """Numbers of the steps that a chain may pass by: their row has neither open nor lost."""
    told = (re.match(r"Step (\d+), .* \(optional\): ", word) for word in section.words)
    numbers = {int(match[1]) for match in told if match}
    return frozenset(
        row["step"] for row in records(section.steps) if row["step"] in numbers and not row["lost"]
    )


def required_rows(section: FunnelSection) -> list[Record]:
    """The steps that nobody passes by: losses are between these."""
    optional = optional_steps(section)
    return [row for row in records(section.steps) if row["step"] not in optional]


def nobody(section: FunnelSection) -> str:
    """That the funnel has no entrants, in the word of its definition: `No users entered.`"""
    counted = re.match(r"Counts (\w+) ", section.words[0]) if section.words else None
    return f"No {counted[1]} entered." if counted else "Nobody entered."


def done(record: Record) -> int:
    """Who reached the step, of those that conversion is taken of."""
    reached = record["reached"] if record["matured_reached"] is None else record["matured_reached"]
    return int(reached or 0)


def _base(record: Record) -> int:
    """Whom conversion is taken of: the mature entries, without a window all."""
    return int((record["entered"] if record["matured"] is None else record["matured"]) or 0)


def steepest(section: FunnelSection) -> tuple[Record, Record] | None:
    """The step that lost most of those conversion is taken of, with the one before it.

    The earliest of equals; nothing when nobody is lost. The same rule as the CLI's headline.
    """
    pairs = list(pairwise(required_rows(section)))
    if not pairs:
        return None
    worst = max(pairs, key=lambda pair: done(pair[0]) - done(pair[1]))
    return worst if done(worst[0]) > done(worst[1]) else None


def funnel_title(section: FunnelSection) -> str:
    """Title of the funnel chart: the conversion with its n, and where most are lost."""
    worst = steepest(section)
    # Of two steps it can only be there.
    several = len(section.steps.rows) > 2
    tail = f"; the largest loss is before {worst[1]['step_name']}" if worst and several else ""
    last = records(section.steps)[-1]
    if last["conversion"] is None:
        return finish(section) + tail
    who = "mature entrants" if has_window(section.steps) else "entrants"
    return (
        f"{count(done(last))} of {count(_base(last))} {who} ({percent(last['conversion'])})"
        f" reach {last['step_name']}{tail}"
    )


def headline(section: FunnelSection) -> str:
    """The conversion as a whole sentence, with n, interval and what is still open."""
    last = records(section.steps)[-1]
    if not entrants(section):
        return f"{finish(section)}."
    within = f" within {section.window}" if section.window else ""
    if last["conversion"] is None:
        open_ = count(entrants(section))
        return f"No entry is mature yet; all {open_} can still finish{within}."
    band = interval(last["conversion_lo"], last["conversion_hi"])
    if not has_window(section.steps):
        return (
            f"{finish(section)} ({count(last['reached'])} of"
            f" {count(last['entered'])}, 95 % interval {band}); the funnel has no window."
        )
    return (
        f"{finish(section)}{within} ({count(last['matured_reached'])} of"
        f" {count(last['matured'])}, 95 % interval {band})."
    )


def open_sentence(section: FunnelSection) -> str | None:
    """How many entrants can still move, or nothing."""
    if not has_window(section.steps) or not entrants(section):
        return None
    first, last = records(section.steps)[0], records(section.steps)[-1]
    young = int(first["entered"]) - int(last["matured"] or 0)
    if not young:
        return "Every entrant's window has closed: no number here will move with more data."
    return (
        f"{count(young)} of {count(int(first['entered']))} entrants are inside their window:"
        " they count as reached or open, and stay out of conversions."
    )


def of_funnel(section: FunnelSection, sentence: str, several: bool) -> str:
    """The sentence, behind the funnel's name where the report has several."""
    return f"{section.name}: {sentence}" if several else sentence


def loss_sentence(section: FunnelSection) -> str | None:
    """Where most entities are lost, or nothing when nobody is."""
    worst = steepest(section)
    if worst is None:
        return None
    before, row = worst
    lost = done(before) - done(row)
    whose = " whose window has closed" if has_window(section.steps) else ""
    return (
        f"The largest loss is between {before['step_name']} and {row['step_name']}: {count(lost)}"
        f" of {count(done(before))} entrants{whose} ({percent(lost / done(before))}"
        f"{_lost_interval(row)})."
    )


def _lost_interval(row: Record) -> str:
    """What is left of the step's conversion: `, 95 % interval 29.5–33.8 %`."""
    low, high = row["step_conversion_lo"], row["step_conversion_hi"]
    if low is None or high is None:
        return ""
    return f", 95 % interval {interval(1 - high, 1 - low)}"


def final_rows(table: Table) -> list[Record]:
    """The last step's row of each value (or period), in the table's order."""
    rows = records(table)
    last = max((int(r["step"] or 0) for r in rows), default=0)
    return [r for r in rows if r["step"] == last]


def value_rows(table: Table) -> list[Record]:
    """The last step's row of each value of a breakdown, without the total."""
    return [r for r in final_rows(table) if r.get("breakdown") is not None]


def value_name(record: Mapping[str, Any]) -> str:
    """A breakdown's value as shown."""
    return str(record["value"]) if record["value"] is not None else "(none)"


def breakdown_title(name: str, table: Table) -> str:
    """Title of a breakdown: its lowest and highest conversion; no verdict on the difference."""
    known = _known(table)
    if not known:
        some = any(map(_base, value_rows(table)))
        return f"{name}: counts only" if some else f"No value of {name} has a mature entry yet"
    low, high = _ends(known)
    if len(known) == 1:
        return f"{value_name(low)} converts {_rate_of(low)}"
    if _same(known):
        return f"By {name}, {_all_alike(table)}"
    return (
        f"By {name}, conversion runs from {percent(low['conversion'])} ({value_name(low)},"
        f" n = {count(_base(low))}) to {percent(high['conversion'])} ({value_name(high)},"
        f" n = {count(_base(high))})"
    )


def breakdown_sentence(name: str, table: Table) -> str | None:
    """What the values are, and the range over them; nothing when there is nothing to say."""
    at = name.partition("@")[2] or "entry"
    told = [at_in_words(at), _range_sentence(table)]
    return " ".join(filter(None, told)) or None


def _range_sentence(table: Table) -> str | None:
    """The range over the values with n and intervals; nothing when no value has a conversion."""
    known = _known(table)
    if not known:
        return None
    if len(known) == 1:
        only = f"The one value{_with_mature(table)} is {value_name(known[0])}"
        return f"{only}: it converts {_rate_with_n(known[0])}."
    own = "each value has its own interval"
    if _same(known):
        alike = _all_alike(table)
        return f"{alike[0].upper()}{alike[1:]}; {own} in the table."
    low, high = _ends(known)
    return (
        f"Lowest: {value_name(low)} with {_rate_with_n(low)};"
        f" highest: {value_name(high)} with {_rate_with_n(high)}."
        f" {own[0].upper()}{own[1:]}; differences between them are not tested here."
    )


def _known(table: Table) -> list[Record]:
    return [r for r in value_rows(table) if r["conversion"] is not None]


def _ends(rows: list[Record]) -> tuple[Record, Record]:
    """The rows of the lowest and of the highest conversion, the first of equals."""
    by = [r["conversion"] for r in rows]
    return rows[by.index(min(by))], rows[by.index(max(by))]


def _same(rows: list[Record]) -> bool:
    """Whether all conversions read the same: there is no lowest and no highest to name."""
    return len({percent(r["conversion"]) for r in rows}) == 1


def _all_alike(table: Table) -> str:
    known = _known(table)
    return (
        f"all {len(known)} values{_with_mature(table)} convert"
        f" {percent(known[0]['conversion'])} ({_sizes(known)})"
    )


def _with_mature(table: Table) -> str:
    return " with a mature entry" if len(_known(table)) < len(value_rows(table)) else ""


def _sizes(rows: list[Record]) -> str:
    """The n of several rates: `n = 47 to 101 each`."""
    low, high = (pick(map(_base, rows)) for pick in (min, max))
    return f"n = {count(low)} each" if low == high else f"n = {count(low)} to {count(high)}"


def _rate_of(record: Record) -> str:
    return f"{percent(record['conversion'])} (n = {count(_base(record))})"


def _rate_with_n(record: Record) -> str:
    band = interval(record["conversion_lo"], record["conversion_hi"])
    return f"{percent(record['conversion'])} (n = {count(_base(record))}, {band})"


def is_mature(record: Record) -> bool:
    """Whether every entrant of the period has had the whole window."""
    return record["period_state"] in (None, "mature")


def trend_title(table: Table) -> str:
    """Title of the trend: the range over the mature periods."""
    known = [r for r in final_rows(table) if is_mature(r) and r["conversion"] is not None]
    if not known:
        return "No entry week is mature yet"
    low, high = _ends(known)
    if len(known) == 1:
        return f"The one mature entry week converts {_rate_of(low)}"
    if _same(known):
        rate = percent(low["conversion"])
        return f"All {len(known)} mature entry weeks convert {rate} ({_sizes(known)})"
    return f"Conversion per entry week ran between {_rate_of(low)} and {_rate_of(high)}"


def trend_sentence(table: Table) -> str | None:
    """The latest mature period, or nothing."""
    rows = [r for r in final_rows(table) if is_mature(r) and r["conversion"] is not None]
    if not rows:
        return None
    last = rows[-1]
    young = len(final_rows(table)) - len([r for r in final_rows(table) if is_mature(r)])
    tail = f"; {young} later weeks are not mature yet" if young > 1 else ""
    tail = "; 1 later week is not mature yet" if young == 1 else tail
    return f"The latest mature entry week, {last['period']}, converts {_rate_with_n(last)}{tail}."


def times_title(table: Table) -> str:
    """Title of the curve: the median of those who finish."""
    marks = quartiles(records(table))
    if not marks:
        return "Nobody has finished yet"
    return f"Half of those who finish do so within {duration(marks[1][1])}"


def times_sentence(table: Table) -> str | None:
    """Median and quartiles of the time from entry, or nothing."""
    marks = quartiles(records(table))
    if not marks:
        return None
    quarter, half, most = (duration(mark[1]) for mark in marks)
    return (
        f"Of those who finish, a quarter have done so {quarter} after entry, half {half},"
        f" three quarters {most}."
    )
