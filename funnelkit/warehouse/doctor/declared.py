"""What the definitions name and the log does not have: properties, rules, ids of private lists."""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from funnelkit.errors import did_you_mean
from funnelkit.warehouse import meta
from funnelkit.warehouse.connect import identifier
from funnelkit.warehouse.doctor.check import Check, count, listed
from funnelkit.warehouse.queries import query

if TYPE_CHECKING:
    import duckdb

_OF = {"events": ("stg_raw__events", "event"), "users": ("int_user_rows", "row about a user")}
_LOOKED_AT = 1000  # rows whose keys are candidates for what was meant


def properties(con: "duckdb.DuckDBPyConnection", variables: Mapping[str, Any]) -> Iterator[Check]:
    """Declared properties that no row has; one scan a table."""
    empty = []
    for kind, (table, noun) in _OF.items():
        declared = variables.get(f"{kind.removesuffix('s')}_properties") or {}
        for name in _empty(con, table, list(declared)):
            empty.append(name)
            hint = _meant(con, kind, name) or "names are exact: look into the properties of the log"
            yield Check(
                "properties", "warn", f"{name!r} is declared, and no {noun} has a value", hint
            )


def _empty(con: "duckdb.DuckDBPyConnection", table: str, names: list[str]) -> list[str]:
    """Those of the columns that are NULL in every row; none of a table without rows."""
    there = {
        str(column)
        for (column,) in con.execute(
            "select column_name from information_schema.columns"
            " where table_catalog = current_database() and table_schema = 'main'"
            " and table_name = ?",
            [table],
        ).fetchall()
    }
    names = [name for name in names if name in there]
    if not names:
        return []
    counts = ", ".join(f"count({identifier(name)})" for name in names)
    ((rows, *found),) = con.execute(f"select count(*), {counts} from main.{table}").fetchall()
    return [name for name, values in zip(names, found, strict=True) if rows and not values]


def _meant(con: "duckdb.DuckDBPyConnection", kind: str, name: str) -> str | None:
    """A hint with the key of the raw properties that is spelled most like `name`; else None."""
    if not meta.has_table(con, "raw", kind):
        return None
    found = con.execute(
        "select distinct unnest(json_keys(properties)) from ("
        " select case when try(json_type(properties)) = 'OBJECT' then properties end as properties"
        f" from raw.{kind} order by load_no, source_line limit {_LOOKED_AT})"
    ).fetchall()
    keys = {_plain(str(key)): str(key) for (key,) in sorted(found)}
    if _plain(name) in keys and keys[_plain(name)] != name:
        return f"did you mean {keys[_plain(name)]!r}?"
    return near if (near := did_you_mean(name, keys.values()) or "").startswith("did") else None


def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", name).casefold()


def rules(con: "duckdb.DuckDBPyConnection") -> Iterator[Check]:
    """Rules of `quality: exclude:` that took no event out, as counted by the last build."""
    if not meta.has_table(con, "main", "rpt_event_quality"):
        return
    found = {
        row["reason"]: row["entries"]
        for row in query(con, "event_quality")
        if (row["kind"], row["outcome"]) == ("events", "excluded")
    }
    unused = [name for name, entries in found.items() if not entries]
    for name in unused:
        hint = "is its condition still right? a property's name, an id, a capital"
        yield Check("rules", "warn", f"rule {name!r} of quality.exclude takes nothing out", hint)
    if found and not unused:
        yield Check("rules", "ok", f"every rule of quality.exclude takes events out: {_all(found)}")


def _all(found: Mapping[str, int]) -> str:
    return listed([f"{name} {entries:,}" for name, entries in found.items()])


def lists(con: "duckdb.DuckDBPyConnection") -> Iterator[Check]:
    """Ids of private lists that are nobody's; a list most of whose ids are is a warning."""
    if not (meta.has_table(con, "raw", "lists") and meta.has_table(con, "main", "int_identities")):
        return
    found = con.execute(
        "with known as (select logged_id from main.int_identities)"
        " select list, count(*), count(*) filter (id not in (from known)"
        " and 'anonymous:' || id not in (from known))"
        " from raw.lists group by list order by list"
    ).fetchall()
    for name, ids, nobody in found:
        told = f"{nobody:,} of {count(ids, 'id')} of list {name!r} match nobody"
        if 2 * nobody >= ids:
            hint = "one id a line and nothing else; ids are exact: capitals, zeros and blanks count"
            yield Check("lists", "warn", told, hint)
        else:
            yield Check("lists", "ok", told if nobody else f"list {name!r}: {count(ids, 'id')}")
