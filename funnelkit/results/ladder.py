"""From rows to numbers: what was there, what was left out and why, what is counted.

A ladder per log, funnel, aha moment and wave: what it begins with, less (−) each reason, leaves (→)
what is counted, and the sums add up. Counts of few people stand together, or not at all.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from funnelkit.errors import FunnelkitError
from funnelkit.project.words import entities
from funnelkit.report.columns_front import LADDER_COLUMNS
from funnelkit.report.findings_say import ONE_WAVE
from funnelkit.stats.evidence import FEWEST
from funnelkit.table import Table
from funnelkit.warehouse.queries import query

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from funnelkit.report.model import AhaSection, FunnelSection, ReportData

Left = tuple[str, int]
LESS, LEAVES = "− ", "→ "
_SUMS = ("accepted", "kept")  # what is counted, and what became of values in counted rows
_LOGS = {"events": "events", "users": "users", "feedback": "answers"}


class Rung(NamedTuple):
    """A row of a ladder; `number` None where it is not told."""

    of: str
    stage: str
    number: int | None


class Stretch(NamedTuple):
    """From a number to the next: `first` less what is `left` leaves `counted`, named `last`."""

    of: str
    first: str
    start: int
    left: Sequence[Left]
    last: str
    counted: int

    def rungs(self, *, again: bool = False) -> Iterator[Rung]:
        """Its rows; `again`: the ladder has the first already."""
        if not again:
            yield Rung(self.of, self.first, self.start)
        yield from (Rung(self.of, f"{LESS}{why}", count) for why, count in self.left)
        yield Rung(self.of, f"{LEAVES}{self.last}", self.counted)


def ladder_table(
    con: "DuckDBPyConnection", data: "ReportData", specs: Sequence[Mapping[str, Any]]
) -> Table:
    """The ladders of what a report shows. Columns of, stage, count; grain: rung.

    `specs`: those of its funnels, in their order.
    """
    rungs = list(_logs(con, feedback=data.say is not None))
    rungs += _funnels(con, data.sections, specs)
    for moment in data.aha:
        rungs += _of_moment(moment)
    rungs += _of_wave(con, data) if data.say and data.say.wave else ()
    columns = tuple(LADDER_COLUMNS[name] for name in ("of", "stage", "count"))
    return Table(columns, tuple(tuple(rung) for rung in rungs))


def _logs(con: "DuckDBPyConnection", *, feedback: bool) -> Iterator[Rung]:
    """Of raw rows: each outcome of the quality report, so that all of them add up."""
    rows = query(con, "event_quality")
    for kind, group in groupby(rows, key=lambda row: str(row["kind"])):
        if kind not in _LOGS or (kind == "feedback" and not feedback):
            continue
        found = list(group)
        counted = sum(row["entries"] for row in found if row["outcome"] == "accepted")
        left = [
            (f"{row['outcome']}, {row['reason']}", int(row["entries"]))
            for row in found
            if row["outcome"] not in _SUMS and row["entries"]
        ]
        start = counted + sum(count for _, count in left)
        yield from Stretch(_LOGS[kind], "raw rows", start, left, "accepted", counted).rungs()


def _funnels(
    con: "DuckDBPyConnection",
    sections: "Sequence[FunnelSection]",
    specs: Sequence[Mapping[str, Any]],
) -> Iterator[Rung]:
    """From everybody in the log to those that conversion is taken of, each funnel by itself.

    How many there are in the log is the same for all: one funnel that may not tell how many it
    leaves out keeps the others from telling it too. Of sessions and the like nobody counts the log.
    """
    of_all = {row["funnel"]: row for row in query(con, "log_people")} if specs else {}
    counts = [_found(of_all, spec["name"]) for spec in specs]
    lefts = [_entering(each) if each["people"] is not None else [] for each in counts]
    is_told = all(left is not None for left in lefts)
    for section, spec, count, left in zip(sections, specs, counts, lefts, strict=True):
        of, who = f"funnel {section.name}", entities(spec)
        if count["people"] is not None and is_told and left is not None:
            stretch = Stretch(
                of, f"{who} with an event", count["people"], left, "entered", count["entered"]
            )
            yield from stretch.rungs()
        else:
            yield Rung(of, f"{LEAVES}entered", count["entered"])
        yield from _maturing(section, of, spec)


def _found(of_all: Mapping[str, Mapping[str, int]], name: str) -> Mapping[str, int]:
    if name not in of_all:  # the tables are of an earlier version's build
        raise FunnelkitError(
            f"the tables do not count who is in the log of {name}", "funnelkit build"
        )
    return of_all[name]


def _entering(count: Mapping[str, int]) -> list[Left] | None:
    """Who did not enter, and who was taken out; together where one of them is few."""
    return folded([("never entered", count["others"]), ("left by an exclusion", count["left_out"])])


def _maturing(section: "FunnelSection", of: str, spec: Mapping[str, Any]) -> Iterator[Rung]:
    first, last = section.steps.records()[0], section.steps.records()[-1]
    if last["matured"] is None:
        return
    entered, matured = _whole(first["entered"]), _whole(last["matured"])
    left = [("window still open", entered - matured)]
    is_same = spec["count"] != "entries"
    yield from Stretch(of, "attempts", entered, left, "mature", matured).rungs(again=is_same)


def _of_moment(moment: "AhaSection") -> Iterator[Rung]:
    total = next((row for row in moment.reach.records() if row["cohort"] is None), None)
    if total is not None and total["entrants"]:
        entered, matured = _whole(total["entrants"]), _whole(total["matured"])
        left = [(f"{moment.window} not over", entered - matured)]
        of = f"aha moment {moment.name}"
        yield from Stretch(of, "entered", entered, left, "mature", matured).rungs()


def _of_wave(con: "DuckDBPyConnection", data: "ReportData") -> Iterator[Rung]:
    """From the answers of the wave to the ratings that count, and these of each feature."""
    wave = data.say.wave if data.say else ""
    rows = query(con, "ladder_waves", wave=wave)
    wave = "all waves" if wave == ONE_WAVE else wave
    whole = [row for row in rows if row["feature"] is None]
    left = folded([(str(row["reason"]), row["answers"]) for row in whole if row["reason"]])
    counted = sum(row["answers"] for row in whole if not row["reason"])
    if left is not None:
        start = counted + sum(count for _, count in left)
        yield from Stretch(wave, "answers", start, left, "ratings of a feature", counted).rungs()
    for name, people in _told_features(data).items():
        mine = [row for row in rows if row["feature"] == name]
        yield from _of_feature(wave, name, people, mine)


def _told_features(data: "ReportData") -> dict[str, int]:
    """How many have an opinion or none, of the features of which a report tells both."""
    rows = data.say.table("gaps").records() if data.say else []
    return {
        str(row["feature"]): _whole(row["n"]) + _whole(row["neutral"])
        for row in rows
        if None not in (row["n"], row["neutral"])
    }


def _of_feature(
    wave: str, name: str, people: int, rows: Sequence[Mapping[str, Any]]
) -> Iterator[Rung]:
    """The ratings of a feature; `people`: those of them that count, and who wrote of it instead.

    Not where these two differ by few: what is told of the one would give the few back.
    """
    counted = sum(row["answers"] for row in rows if not row["reason"])
    left = folded([(str(row["reason"]), row["answers"]) for row in rows if row["reason"]])
    is_near = 0 < abs(people - counted) < FEWEST
    if left is not None and counted >= FEWEST and not is_near:
        of = f"{wave}, {name}"
        start = counted + sum(count for _, count in left)
        yield from Stretch(of, "ratings", start, left, "counted", counted).rungs()


def folded(left: Sequence[Left]) -> list[Left] | None:
    """What is left out, reasons of few people joined to others; None where all are few together.

    Nothing left out is no group, and stays as it is.
    """
    there = [each for each in left if each[1]]
    rest = sorted(there, key=lambda each: (each[1], each[0]))
    joined: list[Left] = []
    # The smallest stand together until they are enough: no subtraction gives one of them back.
    while rest and (rest[0][1] < FEWEST or 0 < sum(count for _, count in joined) < FEWEST):
        joined.append(rest.pop(0))
    total = sum(count for _, count in joined)
    if 0 < total < FEWEST:
        return None
    kept = [each for each in there if each not in joined]
    return [*kept, ("; ".join(why for why, _ in joined), total)] if joined else kept


def _whole(value: object) -> int:
    return int(value) if isinstance(value, int | float) else 0
