"""Tables from journeys that the engine has just made: any question, of built logs and of files."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

from funnelkit.errors import FunnelkitError
from funnelkit.project.words import at_in_words, entities, window_text
from funnelkit.results.notes import (
    gaps,
    noted,
    restricted,
    span_of_nobody,
    without_leavers,
)
from funnelkit.results.variants import counts
from funnelkit.results.view import Bounds, View, with_after
from funnelkit.stats.funnels import PeriodCounts, StepCounts, many, step_rows, trend_table
from funnelkit.stats.times import TimeCounts, times_table
from funnelkit.table import Column, Table
from funnelkit.warehouse import answers
from funnelkit.warehouse.answers import Breakdown

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MOST_EVENTS = 200
WHO_COLUMNS = (
    Column("entity_id"),
    Column("first_entry_at"),
    Column("level", "count"),
    Column("reason"),
    Column("last_at"),
)


@dataclass(frozen=True)
class Answered:
    """Journeys to ask: the engine's connection, the spec they follow, and what holds of all.

    `meta` begins every table's meta; `bounds` say of whom the journeys are; `rules` is a sentence
    on those that the reader of a table does not know from a definition.
    """

    con: "DuckDBPyConnection"
    spec: Mapping[str, Any]
    observed_us: int
    bounds: Bounds
    meta: Mapping[str, Any]
    rules: str = ""

    def table(self, view: View) -> Table:
        """The table that was asked for, with what restricts it in its notes and meta."""
        table = restricted(noted(self._table(view), self.rules), self.bounds)
        if not answers.anybody(self.con):
            table = noted(table, span_of_nobody(self.meta, self.bounds))
        return without_leavers(table, self.spec, lambda: answers.left(self.con))

    @property
    def _entities(self) -> str:
        return entities(self.spec)

    def _table(self, view: View) -> Table:
        if view.next_after is not None:
            return self._next(view.next_after)
        if view.compare:
            return self._compare(view.compare)
        if view.who is not None:
            return self._who(view.who)
        if view.explain is not None:
            return self._explain(view.explain)
        if view.times:
            rows = answers.time_counts(self.con, self.spec, self.observed_us)
            return times_table([TimeCounts(**row) for row in rows], meta=self.meta)
        if view.trend is not None:
            return self._trend(view.trend)
        return self._steps(view.by)

    def _steps(self, by: str | None) -> Table:
        groups, at, property_ = [], "entry", ""
        if by is not None:
            property_, at = self._place(by)
            groups = [Breakdown(by, answers.values(self.con, self.spec, property_, at))]
        found = counts(answers.step_counts(self.con, self.spec, groups))
        steps = len(self.spec["steps"])
        values = with_after(found[steps:], self.spec, at)
        table = noted(step_rows([*found[:steps], *values], **self._options()), at_in_words(at))
        unknown = at == "entry" and {each.value for each in values} == {answers.NONE}
        return noted(table, self._unknown(property_) if unknown else "")

    def _unknown(self, name: str) -> str:
        told = f"{name} is unknown at every entry"
        if name.casefold() not in [each.casefold() for each in answers.event_columns(self.con)]:
            return f"{told}."
        at = "last" if self.spec["order"] == "any" else self.spec["steps"][-1]["name"]
        return f"{told}: `--by {name}@{at}` takes it from a later event."

    def _options(self) -> dict[str, Any]:
        return {
            "entities": self._entities,
            "window": window_text(self.spec),
            "meta": self.meta,
        }

    def _place(self, by: str) -> tuple[str, str]:
        """Property and place of a breakdown: declared ones by their name, others by the grammar."""
        from funnelkit.project.steps import parse_by

        for each in self.spec["breakdowns"]:
            if each["name"] == by:
                return each["property"], each["at"]
        asked = parse_by(by)
        at = asked.get("at") or "entry"
        if at not in ("entry", "first", "last") and self.spec["order"] == "any":
            raise FunnelkitError(
                f"--by {by}: a property at a step does not go with order: any",
                "at first or last it does: `--by {}@first`".format(asked["property"]),
            )
        return asked["property"], at

    def _trend(self, grain: str) -> Table:
        rows = answers.period_counts(self.con, self.spec, grain, self.bounds.timezone)
        periods = [row.pop("period") for row in rows]
        found = [PeriodCounts(*each) for each in zip(periods, counts(rows), strict=True)]
        return noted(trend_table(found, **self._options()), gaps(periods, grain))

    def _next(self, name: str) -> Table:
        from funnelkit.stats.stops import Next, next_table

        number = answers.step_number(self.spec, name)
        required = [step["name"] for step in self.spec["steps"] if not step["optional"]]
        if name not in required[:-1]:
            why = "nobody is lost after the last step" if name in required else "it is optional"
            raise FunnelkitError(
                f"--next-after {name}: {why}", f"known: {', '.join(required[:-1])}"
            )
        rows = answers.next_events(self.con, self.spec, number)
        stopped = sum(row["entities"] for row in rows)
        found = [
            Next(self.spec["name"], name, row["event"], row["entities"], stopped) for row in rows
        ]
        return next_table(found, **self._options())

    def _who(self, text: str) -> Table:
        from funnelkit.project.moments import iso_utc

        names = [step["name"] for step in self.spec["steps"]]
        without = text.startswith("-") and text not in names
        name = text[1:] if without else text
        number = answers.step_number(self.spec, name)
        rows = answers.who(self.con, number, not without)
        still = sum(row["reason"] == "open" for row in rows)
        reached = f"did not reach {name}" if without else f"reached {name}"
        going = f" ({still:,} of them still open)" if still else ""
        return Table(
            WHO_COLUMNS,
            tuple(
                (
                    row["entity_id"],
                    iso_utc(row["first_entry_us"]),
                    row["level"],
                    row["reason"],
                    iso_utc(row["last_us"]),
                )
                for row in rows
            ),
            meta=self.meta,
            headline=f"{many(len(rows), self._entities)} that {reached}{going}.",
        )

    def _explain(self, entity: str) -> Table:
        from funnelkit.stats.stops import ProofRow, explain_table

        found = answers.explained(self.con, self.spec, entity, MOST_EVENTS)
        ordinal = {each["attempt"]: number for number, each in enumerate(found.journeys, start=1)}
        several = len(found.journeys) > 1
        names = {step["no"]: step["name"] for step in self.spec["steps"]}
        lanes = {row["lane"] for row in found.events if row["step"] is not None}
        rows = [
            ProofRow(
                row["us"],
                row["event"],
                row["event_id"],
                row["step"],
                names.get(row["step"]),
                row["us_from_entry"],
                row["us_from_previous"],
                _note(row, self.spec, ordinal if several else {}, lanes),
            )
            for row in found.events
        ]
        journeys = [
            {**each, "event": answers.stopping_event(self.spec, found.events, each)}
            for each in found.journeys
        ]
        meta = {**self.meta, "journeys": [_journey(each, self.spec) for each in journeys]}
        table = explain_table(rows, journeys, self.spec, meta=meta)
        hidden = {
            "of no step before the entry": found.earlier,
            "of no step after the window": found.later,
            "that fill no step": found.hidden,
        }
        told = [f"{count:,} {which}" for which, count in hidden.items() if count]
        return noted(table, f"Events not shown: {', '.join(told)}." if told else "")

    def _compare(self, texts: Sequence[str]) -> Table:
        from funnelkit.stats.compare import Group, compare_table

        # The same group twice would count everybody in it twice.
        texts = _once(texts)
        groups, pairs = self._groups(texts)
        found = counts(answers.step_counts(self.con, self.spec, groups))
        last = {
            (each.breakdown, each.value): each
            for each in found
            if each.step == len(self.spec["steps"]) and each.breakdown and each.value is not None
        }
        several = len({label for label, _ in last if label in _columns(self.con, texts)}) > 1
        pairs = [*pairs, *_value_pairs(self.con, texts, last)]
        for label, value in {group for pair in pairs for group in pair}:
            if (label, value) not in last:
                raise FunnelkitError(f"--compare: {label} holds for nobody who entered")

        def group(key: tuple[str, str]) -> Group:
            label, value = key
            name = label if value == _HOLDS else f"{label} {value}" if several else value
            return Group.of(last[key], name)

        return compare_table(
            [(group(a), group(b)) for a, b in pairs], entities=self._entities, meta=self.meta
        )

    def _groups(
        self, texts: Sequence[str]
    ) -> tuple[list[Breakdown], list[tuple[tuple[str, str], tuple[str, str]]]]:
        """The groups of columns and of conditions, and the pairs that the conditions make."""
        columns = _columns(self.con, texts)
        groups = [
            Breakdown(text, answers.values(self.con, self.spec, text))
            for text in texts
            if text in columns
        ]
        conditions = {
            text: answers.condition_group(self.con, text) for text in texts if text not in columns
        }
        if len(conditions) == 1:
            (text,) = conditions
            conditions[_REST] = answers.condition_group(self.con, text, holds=False)
        self._check_apart(conditions)
        groups += [
            Breakdown(text, f"select *, '{_HOLDS}' as value from ({sql})")
            for text, sql in conditions.items()
        ]
        keys = [(text, _HOLDS) for text in conditions]
        return groups, list(combinations(keys, 2))

    def _check_apart(self, conditions: Mapping[str, str]) -> None:
        for (one, one_sql), (other, other_sql) in combinations(conditions.items(), 2):
            both = answers.overlap(self.con, one_sql, other_sql)
            if both:
                raise FunnelkitError(
                    f"--compare: {both:,} {self._entities} are in both groups, {one} and {other}",
                    f'groups to compare have nobody in common: "{one} and not ({other})"',
                )


_HOLDS, _REST = "holds", "the rest"


def _journey(journey: Mapping[str, Any], spec: Mapping[str, Any]) -> dict[str, Any]:
    """A journey for programs: why it stopped, as the headline says it to people."""
    from funnelkit.stats.stops import utc, why_stopped

    stopped = journey["stopped_us"]
    return {
        "attempt": journey["attempt"],
        "entered_at": utc(journey["entry_us"]),
        "level": journey["level"],
        "reason": journey["reason"],
        "stopped_at": None if stopped is None else utc(stopped),
        "told": why_stopped(journey, spec, journey["event"]),
    }


def _once(texts: Sequence[str]) -> list[str]:
    """Each column and condition once; names of columns ignore case, conditions hold values."""
    found: dict[str, str] = {}
    for text in map(str.strip, texts):
        found.setdefault(text.casefold() if re.fullmatch(r"\w+", text) else text, text)
    return list(found.values())


def _columns(con: "DuckDBPyConnection", texts: Sequence[str]) -> list[str]:
    """Those of the texts that are a property's name; a misspelled one is told."""
    known = answers.profile_columns(con)
    folded = {name.casefold() for name in known}
    for text in texts:
        if text.casefold() not in folded and re.fullmatch(r"\w+", text):
            answers.known_column(text, known)
    return [text for text in texts if text.casefold() in folded]


def _value_pairs(
    con: "DuckDBPyConnection",
    texts: Sequence[str],
    last: Mapping[tuple[str, str], StepCounts],
) -> list[tuple[tuple[str, str], tuple[str, str]]]:
    """All pairs of a column's values; `(other)` is no group, only what is left."""
    pairs = []
    for column in _columns(con, texts):
        keys = [
            (column, value) for label, value in last if label == column and value != answers.OTHER
        ]
        if len(keys) < 2:
            raise FunnelkitError(
                f"--compare {column}: everybody has the same value, there is nothing to compare"
            )
        pairs += list(combinations(keys, 2))
    return pairs


def _note(
    row: Mapping[str, Any],
    spec: Mapping[str, Any],
    ordinal: Mapping[int, int],
    lanes: Collection[int],
) -> str:
    """What a row was good for, where the step that it fills does not say it.

    `lanes`: those of the reported chains; rows of others differ in a held property.
    """
    notes = []
    if row["step"] is not None and ordinal:
        notes.append(f"attempt {ordinal[row['attempt']]}")
    if row["xmask"]:
        notes.append("an exclusion")
    if row["step"] is None:
        named = [step for step in spec["steps"] if row["event"] in step["events"]]
        matched = [step["name"] for step in named if row["mask"] >> (step["no"] - 1) & 1]
        refused = [step["name"] for step in named if step["name"] not in matched]
        if refused and row["is_unheld"]:
            notes.append(f"{', '.join(refused)}: no {' or '.join(spec['hold'])}")
        elif refused and any(step["where"] for step in named):
            notes.append(f"{', '.join(refused)}: where not met")
        if matched:
            other = "" if row["lane"] in lanes else f" with another {' or '.join(spec['hold'])}"
            notes.append(f"matches {', '.join(matched)}{other}")
        inside = "not in the chain" if matched else ""
        notes.append(
            {"before": "before the entry", "after": "after the window"}.get(row["place"], inside)
        )
    return "; ".join(filter(None, notes))
