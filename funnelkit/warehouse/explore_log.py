"""The view over a log's files that `explore` asks: our names, accepted rows, one row an id."""

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from funnelkit.errors import FunnelkitError, did_you_mean
from funnelkit.warehouse.connect import identifier, literal
from funnelkit.warehouse.files import Reject, relation
from funnelkit.warehouse.journeys import Asked
from funnelkit.warehouse.macros import render
from funnelkit.warehouse.sources import inspect
from funnelkit.warehouse.times import checked_format, time_sql

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True)
class Question:
    """What `explore` asks: one complete funnel spec over files.

    `mapping` is ours to theirs (`event_name` to `event`), a value in single quotes is a constant;
    `where` keeps only the events for which it is true; `since_us`, `until_us` and `segment` as in
    `Asked`. `events`: details of single events are asked for, so each gets a number; `everything`:
    also of events that no step names. `lean`: step counts are all that is asked for. `engine`:
    array where it applies, else duckdb; or duckdb (ASOF) or default (window functions) themselves.
    """

    files: Sequence[str]
    spec: Mapping[str, Any]
    mapping: Mapping[str, str]
    where: str | None = None
    time_format: str | None = None
    engine: str = "array"
    since_us: int | None = None
    until_us: int | None = None
    segment: str | None = None
    events: bool = False
    everything: bool = False
    lean: bool = False

    @property
    def asked(self) -> Asked:
        """The same without the files."""
        span = (self.since_us, self.until_us)
        engine = "duckdb" if self.engine == "array" else self.engine
        return Asked(self.spec, *span, self.where, self.segment, engine)

    @property
    def needs_events(self) -> bool:
        """Whether events have to be told apart: by what is asked for, or by the funnel's rules.

        Of equal rows any will do, unless a row may be counted (entries), stand in between (strict),
        be in another lane (hold) or match several steps.
        """
        return (
            self.events
            or self.everything
            or self.segment is not None
            or self.spec["order"] == "strict"
            or self.spec["count"] == "entries"
            or bool(self.spec["hold"])
            or not is_disjoint(self.spec)
        )


# Columns that the view over the log adds; a log's own columns keep their names beside them.
_OURS = "fk_"


class View(NamedTuple):
    """What `create_events` made: lines that could not be parsed, and how to be quick.

    `suspects`: SQL over fk_log that is true of every row that will be rejected, and that statistics
    of a file can refute without a look at its rows; None where there is no such shortcut.
    `repeated`: SQL that has a row where an event id stands twice; None for a log without ids.
    `occurred`: the time column as it stands in fk_log. The others make up `usable`.
    """

    rejects: Sequence[tuple[Path, Reject]]
    suspects: str | None
    repeated: str | None
    occurred: str
    entity: str | None
    named: str
    once: str

    def usable(self, rejected: bool, repeated: bool) -> str:
        """SQL of fk_usable: accepted events, one row an id, of the names that the funnel has.

        An id that is only counted keeps its type where no row is rejected for it.
        """
        rows = "select * from fk_events where fk_reject_reason is null"
        if not rejected:
            changed = f" replace ({self.entity} as fk_entity_id)" if self.entity else ""
            rows = f"select *{changed} from fk_events"
        if repeated:
            rows = f"select * from ({rows}) as events {self.once}"
        return f"select * from ({rows}) as events where {self.named}"


def create_events(con: "DuckDBPyConnection", question: Question, paths: Sequence[Path]) -> View:
    """View `fk_events`: the log's columns under our names and theirs, and what the kernel needs.

    Added: fk_entity_id, fk_event_id, fk_event_no, fk_time_text, fk_reject_reason. The view of
    those of its rows that a funnel may count is left to the caller. None of the caller's SQL is in
    either.
    """
    entity = question.spec["entity"]
    needed = {
        name: question.mapping.get(name, name) for name in (entity, "event_name", "occurred_at")
    }
    # Ids keep their leading zeros, and a Parquet file's columns their types.
    ids = (
        *(needed[entity], needed["event_name"]),
        *(question.mapping.get(name, name) for name in ("event_id", "properties")),
    )
    typed = all(inspect(path).format == "parquet" for path in paths)
    text = () if typed else [each for each in ids if not _is_constant(each)]
    log = relation(con, "fk_log", paths, text)
    if not log.columns:
        raise _unreadable(paths, log.rejects)
    _check_columns({**needed, **question.mapping}, log.columns, paths)
    columns = _Columns(
        {str(row[0]): str(row[1]) for row in con.execute("describe fk_log").fetchall()}
    )
    ours = {**question.mapping, **needed}
    if "received_at" in columns:
        ours.setdefault("received_at", "received_at")
    standard = {name: columns.sql(theirs) for name, theirs in ours.items()}
    standard["event_name"] = f"cast({standard['event_name']} as varchar)"
    for name in ("occurred_at", "received_at"):
        if name in standard:
            standard[name] = _time(con, columns, ours[name], question.time_format)
    if "properties" in ours or "properties" in columns:
        standard["properties"] = columns.json(ours.get("properties", "properties"))
    kept = [identifier(name) for name in columns.names if name.casefold() not in standard]
    shown = [*kept, *(f"{sql} as {identifier(name)}" for name, sql in standard.items())]
    entity_id = f"nullif(cast({standard[entity]} as varchar), '')"
    time_text = f"cast({columns.sql(ours['occurred_at'])} as varchar)"
    # A typed time is never text here: whether it is there is all that matters.
    is_text = columns.type(ours["occurred_at"]) == "VARCHAR"
    present = f"case when {columns.sql(ours['occurred_at'])} is not null then 'x' end"
    reason = render(
        "event_reject_reason",
        standard["event_name"],
        entity_id,
        f"{entity} is missing",
        time_text if is_text else present,
        standard["occurred_at"],
        standard.get("received_at", "cast(null as timestamp)"),
    )
    event_id = _event_id(columns, question.mapping)
    con.execute(f"""
        create temp view fk_events as
        select
            {", ".join(shown)},
            {entity_id} as fk_entity_id,
            {time_text} as fk_time_text,
            {event_id} as fk_event_id,
            0 as fk_event_no,
            {reason} as fk_reject_reason
        from fk_log""")
    suspects = _suspects(columns, {name: ours[name] for name in needed} | _received(ours), entity)
    return View(
        log.rejects,
        suspects,
        _repeated(columns, question.mapping),
        standard["occurred_at"],
        None if question.needs_events else columns.sql(ours[entity]),
        _named(question),
        _once(columns, question),
    )


def _received(ours: Mapping[str, str]) -> dict[str, str]:
    return {name: theirs for name, theirs in ours.items() if name == "received_at"}


def _suspects(columns: "_Columns", ours: Mapping[str, str], entity: str) -> str | None:
    """Plain comparisons only: those are what a Parquet file's statistics can answer."""
    if any(_is_constant(theirs) for theirs in ours.values()):
        return None
    times = [name for name in ("occurred_at", "received_at") if name in ours]
    if not all(columns.type(ours[name]).startswith("TIMESTAMP") for name in times):
        return None
    needed = [columns.sql(ours[name]) for name in (entity, "event_name", "occurred_at")]
    found = [f"{column} is null" for column in needed]
    for name in (entity, "event_name"):
        if columns.type(ours[name]) == "VARCHAR":
            found.append(f"{columns.sql(ours[name])} = ''")
    found.append(f"{columns.sql(ours['occurred_at'])} < '2000-01-01 00:00:00Z'")
    if "received_at" in ours:
        occurred, received = (render("epoch_us", columns.sql(ours[name])) for name in times)
        found.append(f"{occurred} - {received} > 86400000000")
    return " or ".join(found)


class _Columns:
    """The log's columns and their types, found whatever the case of a name."""

    def __init__(self, types: Mapping[str, str]) -> None:
        self.names = tuple(name for name in types if name != "fk_row")
        self._types = {name.casefold(): kind for name, kind in types.items()}
        self._names = {name.casefold(): name for name in types}
        for name in self.names:
            if name.casefold().startswith(_OURS):
                raise FunnelkitError(
                    f"column {name!r}: names that begin with {_OURS} are taken", "rename it"
                )

    def __contains__(self, name: str) -> bool:
        return name.casefold() in self._names

    def sql(self, theirs: str) -> str:
        """A column, or a constant in single quotes, as SQL."""
        if _is_constant(theirs):
            return literal(theirs[1:-1])
        return identifier(self._names[theirs.casefold()])

    def json(self, theirs: str) -> str:
        """The same, null where it is text that is no JSON: one bad row must not end a query."""
        if self.type(theirs) not in ("VARCHAR", "JSON"):
            return self.sql(theirs)
        text = f"cast({self.sql(theirs)} as varchar)"
        return f"case when json_valid({text}) then {text} end"

    def type(self, theirs: str) -> str:
        return "VARCHAR" if _is_constant(theirs) else self._types[theirs.casefold()]


def _named(question: Question) -> str:
    """Whether an event has a name that the funnel asks for; true where every event matters."""
    if question.everything or question.spec["order"] == "strict":
        return "true"
    named = [*question.spec["steps"], *question.spec["exclude"]]
    names = sorted({event for item in named for event in item["events"]})
    return f"event_name in ({', '.join(map(literal, names))})"


def _repeated(columns: _Columns, mapping: Mapping[str, str]) -> str | None:
    theirs = mapping.get("event_id", "event_id")
    if theirs not in columns:
        return None
    known = f"nullif(cast({columns.sql(theirs)} as varchar), '')"
    return (
        f"select {known} as id from fk_log where {known} is not null"
        " group by id having count(*) > 1 limit 1"
    )


def _once(columns: _Columns, question: Question) -> str:
    """Of rows with one id the first received stays, as in the build."""
    has_received = "received_at" in columns or "received_at" in question.mapping
    received = "received_at nulls last, " if has_received else ""
    everything = ", ".join(identifier(name) for name in columns.names)
    return (
        "qualify row_number() over (partition by fk_event_id order by"
        f" {received}occurred_at, fk_entity_id, md5(cast(row({everything}) as varchar))) = 1"
    )


def _event_id(columns: _Columns, mapping: Mapping[str, str]) -> str:
    """What tells events of one instant apart: the log's event id, else all of the row."""
    ours = mapping.get("event_id", "event_id")
    cells = ", ".join(identifier(name) for name in columns.names)
    content = f"md5(cast(row({cells}) as varchar))"
    if ours in columns:
        return f"coalesce(nullif(cast({columns.sql(ours)} as varchar), ''), {content})"
    return content


def is_disjoint(spec: Mapping[str, Any]) -> bool:
    """Whether no event name stands in two steps or exclusions.

    Then equal rows fill the same step and any of them will do: neither their order within an
    instant nor their number can change a count.
    """
    events = [event for item in (*spec["steps"], *spec["exclude"]) for event in item["events"]]
    return len(events) == len(set(events))


def _is_constant(theirs: str) -> bool:
    return len(theirs) >= 2 and theirs[0] == theirs[-1] == "'"


def _check_columns(
    wanted: Mapping[str, str], columns: Sequence[str], paths: Sequence[Path]
) -> None:
    known = {column.casefold() for column in columns}
    missing = {
        ours: theirs
        for ours, theirs in wanted.items()
        if not _is_constant(theirs) and theirs.casefold() not in known
    }
    if not missing:
        return
    where = paths[0].name if len(paths) == 1 else f"any of {len(paths)} files"
    told = " and no column ".join(
        repr(theirs) if ours == theirs else f"{theirs!r} (for {ours})"
        for ours, theirs in missing.items()
    )
    maps = " ".join(f"--map {_quoted(f'{ours}={_likely(ours, columns)}')}" for ours in missing)
    raise FunnelkitError(
        f"no column {told} in {where}; it has: {', '.join(columns)}",
        f"name {'the column' if len(missing) == 1 else 'the columns'}: {maps}",
    )


def _quoted(word: str) -> str:
    """A word as it is typed in a shell."""
    if re.search(r'["$`\\!]', word):
        return shlex.quote(word)
    return word if re.fullmatch(r"[\w=.,:/@%+-]+", word) else f'"{word}"'


def _unreadable(paths: Sequence[Path], rejects: Sequence[tuple[Path, Reject]]) -> FunnelkitError:
    where = paths[0].name if len(paths) == 1 else f"any of {len(paths)} files"
    if not rejects:
        return FunnelkitError(f"there is no column in {where}")
    path, first = rejects[0]
    return FunnelkitError(
        f"no line of {where} can be read as JSON; {path.name}, line {first.line}: {first.reason}",
        'like {"user_id": "u1", "event_name": "a", "occurred_at": "2026-01-31"}, one on each line',
    )


def odd_names(
    con: "DuckDBPyConnection", spec: Mapping[str, Any]
) -> tuple[dict[str, str | None], list[str]]:
    """Names of steps and exclusions that no event has, each with the nearest; and names of other
    events that differ from one of them only by case or spaces.
    """
    wanted = {event for item in (*spec["steps"], *spec["exclude"]) for event in item["events"]}
    found = con.execute("select distinct event_name from fk_events").fetchall()
    names = {str(name) for (name,) in found if name is not None}
    folded = {_folded(name) for name in wanted & names}
    missing = {name: _near(name, names) for name in sorted(wanted - names)}
    return missing, sorted(name for name in names - wanted if _folded(name) in folded)


def _near(name: str, names: Iterable[str]) -> str | None:
    same = sorted(each for each in names if _folded(each) == _folded(name))
    return f"did you mean {same[0]!r}?" if same else did_you_mean(name, names)


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())


# Words in the names that logs give to what we need, most telling first.
_TELLING = {
    "event_name": ("event_name", "event", "action", "name", "type"),
    "occurred_at": ("occurred", "timestamp", "time", "date", "when", "_at", "ts"),
    "user_id": ("user", "distinct", "customer", "person", "visitor", "id"),
}


def _likely(ours: str, columns: Sequence[str]) -> str:
    for word in _TELLING.get(ours, (ours,)):
        for column in columns:
            if word in column.casefold():
                return column
    return "COLUMN"


def _time(
    con: "DuckDBPyConnection", columns: _Columns, theirs: str, time_format: str | None
) -> str:
    column, kind = columns.sql(theirs), columns.type(theirs)
    if kind.startswith("TIMESTAMP WITH"):
        return f"({column} at time zone 'UTC')"
    if kind.startswith(("TIMESTAMP", "DATE")):
        return f"cast({column} as timestamp)"
    checked = None if time_format is None else checked_format(con, time_format)
    return time_sql(f"cast({column} as varchar)", checked)
