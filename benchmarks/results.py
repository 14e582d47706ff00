"""benchmarks/RESULTS.md from what was measured: the goals first, then every figure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.goals import goals
from benchmarks.measure import Measured, find, ratio
from benchmarks.pages import machine, table

_ABOUT = Path(__file__).with_name("about.md")

_ORDERS = {"random": "random order", "sorted": "sorted by user and time"}


@dataclass
class Results:
    """All that was measured: groups by name, what could not be installed.

    `options`: those of the command line that a group was last measured with.
    """

    groups: dict[str, list[Measured]] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)


def markdown(results: Results) -> str:
    """The whole page."""
    note = results.notes.get("retentioneering", "")
    head = _ABOUT.read_text("utf-8").format(
        command=_command(results),
        machine=machine(),
        retentioneering=f"Version {note}." if note[:1].isdigit() else note.capitalize(),
    )
    return "\n".join([head, _goals(results), *_tables(results)]).rstrip() + "\n"


def _goals(results: Results) -> str:
    words = {True: "met", False: "**not met**", None: ""}
    rows = [
        (goal.text, goal.measured or "not measured", words[goal.met])
        for goal in goals(results.groups)
    ]
    return "\n".join(["## Goals", "", *table(("goal", "measured", ""), rows), ""])


def _tables(results: Results) -> Iterator[str]:
    titles = {
        "parquet": "Parquet, {events:,} events, {order}",
        "ids": "Parquet, {events:,} events, {order}, integer ids",
        "table": "Table, {events:,} events, {order}",
        "bot": "A bot: {events:,} events and a million more of one user ({place}, {order})",
        "memory": "2 GB of memory: {events:,} events ({place}, {order})",
    }
    for part, title in titles.items():
        for name, found in sorted(results.groups.items(), key=_by_size):
            if name.startswith(f"{part}/") and found:
                log = found[0].task.log
                place = "Parquet" if found[0].task.place == "parquet" else "table"
                yield f"## {title.format(events=log.events, order=_ORDERS[log.order], place=place)}"
                yield ""
                if part == "memory":
                    yield (
                        "DuckDB (limit, explore, kernels): `memory_limit`; ClickHouse:"
                        " `max_memory_usage`, to disk from half of it; Polars cannot be limited.\n"
                    )
                yield from _contest([each for each in found if each.task.log.bot == log.bot])
                yield ""


def _by_size(item: tuple[str, list[Measured]]) -> tuple[int, str]:
    return (item[1][0].task.log.events if item[1] else 0, item[0])


def _contest(found: Sequence[Measured]) -> list[str]:
    steps = sorted({each.task.steps for each in found})
    what = "query" if found[0].task.place == "table" else "whole"
    ratios = (f"{what} x limit", f"{what} x clickhouse")
    head = (f"K = {_joined(steps)}", "whole s", "query s", "cpu s", *ratios, "peak GB", "users")
    names = dict.fromkeys(each.task.contestant for each in found)
    return table(head, [_row(found, name, steps) for name in names])


def _row(found: Sequence[Measured], name: str, steps: Sequence[int]) -> tuple[str, ...]:
    own = [each for k in steps if (each := find(found, name, k)) is not None]
    return (
        name,
        _joined(_whole(each) for each in own),
        _joined(_decimals(each.query) for each in own),
        _joined("" if each.failure else _decimals(each.cpu) for each in own),
        *(
            _joined(_decimals(ratio(each, find(found, peer, each.task.steps))) for each in own)
            for peer in ("limit", "clickhouse")
        ),
        f"{max(each.gigabytes for each in own):.2f}",
        "; ".join(told for told in dict.fromkeys(_agreement(found, each) for each in own) if told),
    )


def _whole(each: Measured) -> str:
    if each.failure:
        return each.failure if each.failure.startswith(">") else "fails"
    return f"{each.whole:.2f}"


def _agreement(found: Sequence[Measured], each: Measured) -> str:
    judge = find(found, "clickhouse", each.task.steps)
    if each.failure.startswith(">") or each.task.contestant == "limit":
        return ""
    if each.failure:
        return each.failure
    if judge is None or not judge.reached:
        return "no one to compare with"
    if each is judge:
        return ""
    if each.reached == judge.reached:
        return "same"
    return each.note or f"**differ**: {each.reached} for {judge.reached}"


def _joined(cells: Iterable[object]) -> str:
    texts = [str(cell) for cell in cells]
    return " / ".join(text or "-" for text in texts) if any(texts) else ""


def _decimals(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _command(results: Results) -> str:
    """The commands that the figures are from, each once; a part may have been measured again."""
    return ", ".join(f'`make bench BENCH="{each}"`' for each in sorted({*results.options.values()}))
