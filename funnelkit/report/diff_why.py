"""Why numbers moved, in sentences: definitions in their words, then what became of the data."""

import difflib
from collections.abc import Iterator, Sequence

from funnelkit.report.diff import RESTS_ON, Comparison, ReportChange
from funnelkit.report.diff_causes import ZONE, DataCauses, DefinitionChange, Rows, in_weeks
from funnelkit.report.diff_words import joined, many
from funnelkit.report.findings import instant
from funnelkit.report.markdown import line

_FEWEST = 5
_ALIKE_ASKED = 2_500


def code(label: str) -> str:
    """A name as code, a phrase as it is."""
    plain = label.replace("`", "'")
    return line(label) if " " in label else f"`{plain}`"


def told_definitions(report: ReportChange, most: int) -> Iterator[str]:
    """What each definition that changed said and says; else that none did."""
    zone = any(each.name == ZONE for each in report.definitions)
    for each in report.definitions:
        yield _definition(each, most, zone)
    if not report.definitions:
        yield "**Definitions**: none changed."


def _definition(each: DefinitionChange, most: int, zone: bool) -> str:
    """What changed in words, as a diff; nothing before a new one, or behind one that is gone."""
    if each.name == ZONE:
        before, now = (_zone(words) for words in (each.base_words, each.head_words))
        return f"**Time zone**: {before} → {now}; days and weeks begin at other times."
    if not each.base_words:
        return f"**Definition** of {line(each.name)}: shown only now{_hash(each.head_hash)}."
    if not each.head_words:
        return f"**Definition** of {line(each.name)}: no longer shown{_hash(each.base_hash)}."
    if each.counts:
        hashes = f" (`{each.base_hash}` → `{each.head_hash}`)" if each.base_hash else ""
        told = f"**Definition** of {line(each.name)} changed{hashes}:"
    else:
        told = f"**Wording** of {line(each.name)}: the rules count as before."
    diff = _changed(each.base_words, each.head_words)
    cut = diff[: max(most, 4)]
    cut += [f"… and {len(diff) - len(cut)} more"] if len(diff) > len(cut) else []
    fence = "`" * max(3, max((text.count("`") for text in cut), default=0) + 1)
    body = "\n".join(f"  {' '.join(text.split())}" for text in cut)
    if not cut:
        also = ": its words are the same, the time zone is not" if zone and each.counts else ""
        return f"{told.rstrip(':')}{also}."
    return f"{told}\n\n  {fence}diff\n{body}\n  {fence}"


def _changed(base: Sequence[str], head: Sequence[str]) -> list[str]:
    """Lines that went and came; one that was rewritten stands before what it became.

    Which one that is, ndiff asks of each with each: beyond a few, all that went stand first.
    """
    if len(base) * len(head) <= _ALIKE_ASKED:
        found = list(difflib.ndiff(base, head))
    else:
        found = [f"{text[0]} {text[1:]}" for text in difflib.unified_diff(base, head, n=0)][2:]
    return [text for text in found if text.startswith(("- ", "+ "))]


def _hash(text: str) -> str:
    return f" (`{text}`)" if text else ""


def _zone(words: Sequence[str]) -> str:
    return line(" ".join(words).removesuffix(".").rpartition(" in ")[2])


def told_data(report: ReportChange, made: Comparison) -> Iterator[str]:
    """A sentence for each cause in the data; else that there is none."""
    base, head, data = report.base, report.head, report.data
    assert base is not None
    assert head is not None
    until = instant(min(base.last_event, head.last_event))
    if data.new:
        number = _number(data.new, "event")
        yield f"**New data**: {number} after {until}, up to {instant(head.last_event)}."
    if data.shorter:
        yield (
            f"**The log ends earlier**: at {until}, that of {code(made.base)} at"
            f" {instant(base.last_event)}{_missing(data.shorter)}. To compare the same data, build"
            " on those as well."
        )
    if data.late:
        more = _number(data.late, "event")
        yield f"**Late data**: {more} more up to {until}, {_weeks(data.late)}."
    if data.gone:
        fewer = _number(data.gone, "event")
        yield f"**Events are gone**: {fewer} fewer up to {until}, {_weeks(data.gone)}."
    if data.others:
        yield f"**Other events**: {_others(data.others)} up to {until}, {_weeks(data.others)}."
    if data.merges:
        yield _merges(data.merges)
    if data.users:
        yield "**Rows of users** changed: plans, channels and the like, as they tell them."
    if data.answers:
        yield "**Answers** changed: what was said, or by whom."
    yield from data.unclear
    if data.edited:
        yield (
            "`data/inputs.csv` does not follow from the log: other counts of the same events in"
            f" {in_weeks(data.edited)}. `funnelkit report build` writes it anew."
        )
    elif not (data.of_events or data.is_blind):
        same = "**Data**: the same events of the same people (`data/inputs.csv`)."
        yield same if "people" in base.inputs.names else "**Data**: as many events in each week."
    yield from _unexplained(report)


def _number(rows: Rows, noun: str) -> str:
    if rows.number is None:
        return f"{noun}s (a week withholds how many)" if rows.weeks else f"{noun}s"
    return many(abs(rows.number), noun)


def _missing(rows: Rows) -> str:
    """`, 511 events fewer`."""
    return f", {_number(rows, 'event')} fewer" if rows.weeks else ""


def _others(rows: Rows) -> str:
    if rows.number is None:
        return "not those of before (a week withholds how many)"
    return "as many, but others (renamed or corrected)"


def _merges(rows: Rows) -> str:
    """Ids are people: fewer than five are not counted, and data/inputs.csv has whole fives."""
    weeks = f"; the same events, now of others, lie {_weeks(rows)}" if rows.weeks else ""
    if rows.number is not None and rows.number >= _FEWEST:
        told = f"about {many(rows.number, 'id')} turned out to belong to people known by another id"
    elif rows.number is not None and rows.number <= -_FEWEST:
        told = f"about {many(-rows.number, 'id')} no longer belong to people known by another id"
    elif rows.number:
        told = f"fewer than {_FEWEST} ids belong to other people than before"
    else:
        told = "some ids belong to other people than before"
    return f"**Identity merges**: {told}{weeks}."


def _weeks(rows: Rows) -> str:
    return f"in {in_weeks(rows.weeks)}"


def _unexplained(report: ReportChange) -> Iterator[str]:
    """Numbers that moved by nothing of the above, and pages that are written otherwise."""
    if report.redrawn:
        yield "Pages are worded or drawn otherwise; every number in `data/` is the same."
    if report.definitions or report.data != DataCauses() or not (report.tables or report.figures):
        return
    only_raw = not report.figures and {each.name for each in report.tables} <= {*RESTS_ON}
    if report.unwritten:
        first = [code(f"data/{each.name}.csv") for each in report.tables[:3]]
        more = len(report.tables) - len(first)
        files = joined([*first, *([f"{more} more"] if more else [])])
        does, it = ("do", "them") if len(report.tables) > 1 else ("does", "it")
        yield (
            f"{files} {does} not follow from definitions and data: no page changed with {it}. Run"
            " `funnelkit report check`."
        )
    elif only_raw:
        yield (
            "**Raw rows**: how many were loaded or left out (`data/quality.csv`); those that count"
            " are the same."
        )
    else:
        yield (
            "Numbers differ although definitions, events and people are the same: another version"
            " of funnelkit wrote one of the two, or a file was edited by hand (`funnelkit report"
            " check` tells)."
        )
