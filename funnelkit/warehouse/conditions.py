"""SQL that the project's author or a caller writes, as in `where` of steps, segments, `--where`:
what is wrong with it, at which place, and what would be right.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from funnelkit.errors import FunnelkitError, did_you_mean
from funnelkit.warehouse.connect import identifier, memory

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from funnelkit.project.definitions import Definitions
    from funnelkit.project.read import Source

_UNKNOWN = re.compile(r'Referenced column "(?P<name>.+?)" not found')
_FIELD = re.compile(r"Cannot extract field '(?P<name>.+?)' from expression \"properties\"")
# Columns of fct_events that are the build's own.
_OWN = {"event_no", "user_key", "account_key", "untyped_values"}
# What stands before a value: `plan = free`, `plan in (free, pro)`, `plan like free`.
_BEFORE_A_VALUE = r"(?:=|<>|\bin\s*\(|\blike)\s*(?:[\w\"]+\s*,\s*)*"


class ConditionError(FunnelkitError):
    """What DuckDB refuses in a condition; `name` is the column that is not there, if it is that."""

    def __init__(self, message: str, hint: str, name: str = "") -> None:
        super().__init__(message, hint)
        self.name = name

    def placed(self, place: str, text: str, user_properties: Iterable[str] = ()) -> FunnelkitError:
        """The same error where the place of the condition and its text are known."""
        hint = self.hint
        if "to BOOL" in self.message:
            return _no_condition(place, text, "not true or false")
        value = re.search(rf'{_BEFORE_A_VALUE}"?(?P<it>{re.escape(self.name)})"?(?!\w)', text, re.I)
        if self.name and value:
            quoted = f"{text[: value.start('it')]}'{self.name}'{text[value.end('it') :]}"
            quoted = quoted.replace(f"\"'{self.name}'\"", f"'{self.name}'")
            hint = f'text goes in single quotes: "{quoted}"'
        elif self.name.casefold() in [each.casefold() for each in user_properties]:
            instead = "declare a segment under `segments:`, or use --by or --compare"
            if ": quality.exclude[" in place:
                instead = "write `users:` in place of `events:`"
            hint = f"{self.name} is a user property, events do not have it: {instead}"
        return FunnelkitError(f"{place}: {self.message}", hint)


def check_expression(con: "DuckDBPyConnection", text: str, place: str) -> None:
    """Raises FunnelkitError unless `text` parses as one SQL expression, alone and in brackets.

    `place` names it in the message: `--where`, `dbt_project.yml:12: funnels.f.steps[1].where`.
    """
    import duckdb

    for statement in (f"select {text}", f"select (\n{text}\n)"):
        try:
            found = con.extract_statements(statement)
        except duckdb.Error as error:
            reason = str(error).splitlines()[0].removeprefix("Parser Error: ")
            raise _no_expression(place, text, reason) from None
        if len(found) != 1:
            raise _no_expression(place, text, f"{len(found)} statements")


def condition_error(
    con: "DuckDBPyConnection", error: Exception, columns: Sequence[str], section: str = ""
) -> ConditionError:
    """DuckDB's error in words; `columns` are those of the relation that was asked.

    `section`: where in the definitions a column that is not there can be declared.
    """
    message = str(error).partition("\nLINE")[0].partition("Candidate bindings")[0]
    message = " ".join(message.split()).rstrip("!")
    own = _OWN if "untyped_values" in columns else set()
    known = [name for name in columns if not name.startswith("fk_") and name not in own]
    written = _written(con, known)
    listed = f"columns of the log: {', '.join(written.values())}"
    unknown, field = _UNKNOWN.search(message), _FIELD.search(message)
    if unknown is None and field is None:
        return ConditionError(message, listed)
    name = (unknown or field)["name"]  # type: ignore[index]
    near = did_you_mean(name.casefold(), [each.casefold() for each in known]) or ""
    if "properties" in known and not near.startswith("did"):
        inside = f"a value inside of properties: properties ->> '{name}'"
        listed = f"{f'declare it in {section}' if section else inside}; {listed}"
    for each in known:
        if near == f"did you mean {each.casefold()!r}?":
            listed = f"did you mean {written[each]}?"
    return ConditionError(f"there is no column {name!r}", listed, name)


def _written(con: "DuckDBPyConnection", names: Sequence[str]) -> dict[str, str]:
    """Each name as it stands in SQL: in double quotes where it needs them."""
    reserved = {
        row[0]
        for row in con.execute(
            "select keyword_name from duckdb_keywords() where keyword_category = 'reserved'"
        ).fetchall()
    }
    return {
        name: name
        if re.fullmatch(r"[A-Za-z_]\w*", name) and name.casefold() not in reserved
        else identifier(name)
        for name in names
    }


@contextmanager
def told_in(
    conditions: Iterable[tuple[str, str]], user_properties: Sequence[str] = ()
) -> Iterator[None]:
    """A column that is not there is told with the option that names it: (place, SQL) each."""
    try:
        yield
    except ConditionError as error:
        given = list(conditions)
        if error.name:
            name = re.compile(rf"(?<!\w){re.escape(error.name)}(?!\w)", re.IGNORECASE)
            given = [each for each in given if name.search(_without_text(each[1]))]
        elif len(given) > 1:
            given = []  # any of them may be meant
        if not given:
            raise
        raise error.placed(*given[0], user_properties) from None


def _without_text(sql: str) -> str:
    return re.sub(r"'(?:[^']|'')*'", "''", sql)


def check_boolean(con: "DuckDBPyConnection", place: str, text: str, relation: str) -> None:
    """Raises FunnelkitError for SQL that is no condition: DuckDB takes any number for one."""
    kind = _type(con, text, relation)
    if kind != "BOOLEAN":
        raise _no_condition(place, text, f"its type is {kind}")


def _type(con: "DuckDBPyConnection", text: str, relation: str) -> str:
    found = con.execute(f"describe select (\n{text}\n) from {relation}").fetchall()
    return str(found[0][1])


def _no_condition(place: str, text: str, why: str) -> FunnelkitError:
    shell = ", in quotes for the shell" if place.startswith("--") else ""
    return FunnelkitError(
        f"{place}: {text!r} is no condition, {why}", f'like "recipients > 0"{shell}'
    )


def _no_expression(place: str, text: str, reason: str) -> FunnelkitError:
    return FunnelkitError(
        f"{place}: {text!r} is not one SQL expression: {reason}", 'like "recipients > 0"'
    )


# --- in the definitions ------------------------------------------------------------------------


class _Relation(NamedTuple):
    """What conditions are asked of: an empty table of this name and with these columns' types."""

    name: str
    columns: Mapping[str, str]
    section: str


class _Condition(NamedTuple):
    place: str
    text: str
    relation: _Relation


def check_definitions(source: "Source") -> None:
    """Raises FunnelkitError, one line a mistake, unless all SQL in the definitions can be true.

    That is the `where` of steps, exclusions, outcomes, aha moments, entries, features, claims and
    experiments, entitlements, segments, and the rules of `quality: exclude:`: each one expression,
    of columns that are declared or always there, and a condition.
    """
    conditions = list(_conditions(source))
    if not conditions:
        return
    mistakes: list[FunnelkitError] = []
    with memory() as con:
        for relation in {each.relation.name: each.relation for each in conditions}.values():
            columns = ", ".join(f"{name} {kind}" for name, kind in relation.columns.items())
            con.execute(f"create temp table {relation.name} ({columns})")
        for each in conditions:
            try:
                _check_definition(con, each, source.definitions.user_properties)
            except FunnelkitError as error:
                mistakes.append(error)
    if len(mistakes) == 1:
        raise mistakes[0]
    if mistakes:
        raise FunnelkitError("\n".join(f"{each.message}; {each.hint}" for each in mistakes))


def _check_definition(
    con: "DuckDBPyConnection", condition: _Condition, user_properties: Iterable[str]
) -> None:
    import duckdb

    place, text, relation = condition
    check_expression(con, text, place)
    try:
        kind = _type(con, text, relation.name)
    except duckdb.Error as error:
        told = condition_error(con, error, list(relation.columns), relation.section)
        if not told.name:
            return  # a function or a type that only the build knows may be right
        raise told.placed(place, text, user_properties) from None
    if kind not in ("BOOLEAN", '"NULL"'):
        raise _no_condition(place, text, f"its type is {kind}")


# Columns of a row of the log, as staging types it, and of fct_events, beside declared properties.
_LOGGED = {
    **dict.fromkeys(("event_id", "user_id", "account_id", "anonymous_id"), "varchar"),
    **dict.fromkeys(("event_name", "properties", "untyped_values"), "varchar"),
    **dict.fromkeys(("occurred_at", "received_at"), "timestamp"),
}
_COUNTED = {
    **_LOGGED,
    **dict.fromkeys(("event_no", "user_key", "account_key"), "bigint"),
    "session_id": "varchar",
}
_RAW = {"previous_id": "varchar", "source_file": "varchar", "source_line": "bigint"}
_USER = dict.fromkeys(("user_id", "account_id", "properties"), "varchar")


def _conditions(source: "Source") -> Iterator[_Condition]:
    """Every piece of SQL with its place and what it is of, in the order of the models."""
    defined = source.definitions
    of_event, of_user = defined.event_properties, defined.user_properties
    event = _Relation("fk_events", {**_COUNTED, **of_event}, "event_properties")
    entry = _Relation("fk_entries", {**event.columns, **of_user}, "user_properties")
    logged = _Relation("fk_logged", {**_LOGGED, **_RAW, **of_event}, "event_properties")
    user = _Relation("fk_users", {**_USER, **of_user}, "user_properties")
    for path, where in (
        *_of_funnels(defined),
        *_of_aha(defined),
        *_of_say(defined),
        *_of_experiments(defined),
    ):
        if where is not None:
            yield _Condition(source.place(*path, "where"), where, event)
    for name, text in defined.segments.items():
        yield _Condition(source.place("segments", name), text, entry)
    for name, feature in defined.features.items():
        if feature.entitlement is not None:
            place = source.place("features", name, "entitlement")
            yield _Condition(place, feature.entitlement, user)
    for at, rule in enumerate(defined.quality.exclude):
        for key, sql, relation in (("events", rule.events, logged), ("users", rule.users, user)):
            if sql is not None:
                yield _Condition(source.place("quality", "exclude", at, key), sql, relation)


_Placed = tuple[tuple[str | int, ...], str | None]


def _of_funnels(defined: "Definitions") -> Iterator[_Placed]:
    for name, funnel in defined.funnels.items():
        for at, step in enumerate(funnel.steps):
            yield ("funnels", name, "steps", at), step.where
        for at, each in enumerate(funnel.exclude):
            yield ("funnels", name, "exclude", at), each.where


def _of_aha(defined: "Definitions") -> Iterator[_Placed]:
    for name, outcome in defined.outcomes.items():
        yield ("outcomes", name), outcome.where
        if outcome.not_ is not None and not isinstance(outcome.not_, str):
            yield ("outcomes", name, "not"), outcome.not_.where
    for name, moment in defined.aha_moments.items():
        yield ("aha_moments", name), moment.where
        if moment.entry is not None:
            yield ("aha_moments", name, "entry"), moment.entry.where
    search = defined.aha_search
    if search is not None and search.entry is not None:
        yield ("aha_search", "entry"), search.entry.where


def _of_say(defined: "Definitions") -> Iterator[_Placed]:
    for name, feature in defined.features.items():
        yield ("features", name), feature.where
        if feature.success is not None:
            yield ("features", name, "success"), feature.success.where
    for name, question in defined.feedback.questions.items():
        if question.claim is not None:
            yield ("feedback", "questions", name, "claim"), question.claim.where


def _of_experiments(defined: "Definitions") -> Iterator[_Placed]:
    for name, experiment in defined.experiments.items():
        yield ("experiments", name), experiment.where
        yield ("experiments", name, "outcome"), experiment.outcome.where
