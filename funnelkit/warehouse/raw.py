"""The raw layer: what was loaded, as text; staging types it."""

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Kind = Literal["events", "users", "feedback"]
KINDS: tuple[Kind, ...] = ("events", "users", "feedback")

_EVENTS = (
    "event_id user_id anonymous_id previous_id account_id event_name occurred_at received_at"
    " properties"
)
_USERS = "user_id anonymous_id account_id updated_at properties"
_FEEDBACK = (
    "response_id user_id source submitted_at question kind feature score text language product"
)

# What a file of each kind may fill, in table order; ORIGIN comes after.
TARGETS: dict[Kind, tuple[str, ...]] = {
    "events": tuple(_EVENTS.split()),
    "users": tuple(_USERS.split()),
    "feedback": tuple(_FEEDBACK.split()),
}
# Targets that hold a time: the loader writes them as UTC text where it can read them.
TIMES: dict[Kind, tuple[str, ...]] = {
    "events": ("occurred_at", "received_at"),
    "users": ("updated_at",),
    "feedback": ("submitted_at",),
}
# At least one target of each group must be in the file.
REQUIRED: dict[Kind, tuple[tuple[str, ...], ...]] = {
    "events": (("event_name",), ("occurred_at",), ("user_id", "anonymous_id")),
    "users": (("user_id", "anonymous_id"),),
    "feedback": (("submitted_at",), ("question", "source")),
}
# Where a row stood, and by which load it came: builds read only the loads that are new to them.
ORIGIN = {"source_file": "varchar", "source_line": "bigint", "load_no": "bigint"}
_LEDGERS = {
    "loads": "kind varchar, source_file varchar, sha256 varchar, rows bigint, rejected bigint,"
    " mapping varchar, load_no bigint",
    "rejects": "kind varchar, source_file varchar, source_line bigint, reason varchar,"
    " text varchar, load_no bigint",
    "lists": "list varchar, id varchar",
}


def ensure(con: "DuckDBPyConnection") -> None:
    """Create what is absent of the raw layer, empty; what is there stays as it is.

    Tables: raw.events, raw.users, raw.feedback (a row per loaded line), raw.loads (a row per
    loaded file), raw.rejects (a row per line that could not be parsed), raw.lists (a row per id of
    a private list). Tables that the sample's
    seeds filled go: what is loaded is never mixed with the made-up company.
    """
    con.execute("create schema if not exists raw")
    for kind in _seeded(con):
        con.execute(f"drop table raw.{kind}")
    origin = ", ".join(f"{name} {kind}" for name, kind in ORIGIN.items())
    for kind, columns in TARGETS.items():
        fields = ", ".join(f"{name} varchar" for name in columns)
        con.execute(f"create table if not exists raw.{kind} ({fields}, {origin})")
        _add_missing(con, kind)
    for name, fields in _LEDGERS.items():
        con.execute(f"create table if not exists raw.{name} ({fields})")


def _add_missing(con: "DuckDBPyConnection", kind: Kind) -> None:
    """Columns that came with a later version, empty in what was loaded before it."""
    found = con.execute(
        "select column_name from information_schema.columns where table_schema = 'raw'"
        " and table_catalog = current_database() and table_name = ?",
        [kind],
    ).fetchall()
    for name in TARGETS[kind]:
        if (name,) not in found:
            con.execute(f"alter table raw.{kind} add column {name} varchar")


def next_load(con: "DuckDBPyConnection") -> int:
    """The number of the next load: one more than that of any load or removal before."""
    ((last,),) = con.execute("select coalesce(max(load_no), 0) from raw.loads").fetchall()
    return int(last) + 1


def _seeded(con: "DuckDBPyConnection") -> list[str]:
    """Raw tables that dbt made from seeds: those that do not say where a row stood."""
    found = con.execute(
        "select table_name from information_schema.columns"
        " where table_catalog = current_database() and table_schema = 'raw'"
        " group by table_name having not bool_or(column_name = 'source_file')"
    ).fetchall()
    return sorted({name for (name,) in found} & set(TARGETS))
