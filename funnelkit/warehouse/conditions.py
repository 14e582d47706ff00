"""What is wrong with SQL that a caller wrote: in which option, and what would be right."""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from funnelkit.errors import FunnelkitError, did_you_mean
from funnelkit.warehouse.connect import identifier

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

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
            hint = (
                f"{self.name} is a user property, events do not have it: declare a segment under "
                "`segments:`, or use --by or --compare"
            )
        return FunnelkitError(f"{place}: {self.message}", hint)


def condition_error(
    con: "DuckDBPyConnection", error: Exception, columns: Sequence[str]
) -> ConditionError:
    """DuckDB's error in words; `columns` are those of the relation that was asked."""
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
        listed = f"a value inside of properties: properties ->> '{name}'; {listed}"
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
    found = con.execute(f"describe select (\n{text}\n) from {relation}").fetchall()
    kind = str(found[0][1])
    if kind != "BOOLEAN":
        raise _no_condition(place, text, f"its type is {kind}")


def _no_condition(place: str, text: str, why: str) -> FunnelkitError:
    return FunnelkitError(
        f"{place}: {text!r} is no condition, {why}",
        'like "recipients > 0", in quotes for the shell',
    )
