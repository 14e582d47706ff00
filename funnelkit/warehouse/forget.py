"""A person out of the warehouse: raw rows, rejects, lists and built tables, down to the bytes.

Whose rows those are is what the last build's identity says: all ids that it gives to one user. Ids
are kept as salted hashes alone, so that the same export loaded again does not bring them back.
"""

import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from funnelkit.errors import FunnelkitError
from funnelkit.warehouse import connect, meta, raw, spark
from funnelkit.warehouse.connect import identifier, literal

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

FORGOTTEN = "forgotten"
_BUILD = "run `funnelkit build`, then forget again"
_KEPT = (
    "Not reached: the files that were loaded, private lists, files of labels and interviews,"
    " backups, git history, and reports, which count and name nobody."
)
_SHOWN = 50  # ids in a message
# An id stands alone where none of these is beside it: `ann` is not in `joann` or `ann@example.com`.
_OUTSIDE = r"[^\pL\pN_.@+-]"
# As the macro logged_id of the build: a test holds the two equal.
_USER = (
    "case when regexp_matches(user_id, '^(user:)*anonymous:') then 'user:' else '' end || user_id"
)
_LOGGED = f"coalesce(nullif({_USER}, ''), 'anonymous:' || nullif(anonymous_id, ''))"


class Removed(NamedTuple):
    """How many rows went from a table, `schema.name`."""

    table: str
    rows: int


@dataclass(frozen=True)
class Forgotten:
    """What was removed, table by table; a table with no row of the person is not named.

    `ids`: those of the person, devices as `anonymous:` and their id; none for one forgotten before.
    `mentions`: rows of others that hold a user id of the person in their properties or text; they
    stay. `spark`: the folder of an earlier build on Spark, which goes whole; None without one.
    """

    removed: tuple[Removed, ...]
    ids: tuple[str, ...]
    mentions: int
    spark: Path | None = None


_IN_FILES = "remove the person from your files, load these into another folder, build from that"


def forget(warehouse: Path, user: str, *, dry_run: bool = False, wait: float = 10.0) -> Forgotten:
    """Removes every row of the person with this user id, or `anonymous:` and an anonymous id.

    All in one transaction; then the file is written anew, since deleted rows leave their bytes in
    it. The tables have to be built again afterwards; what Spark built goes whole. `dry_run` counts
    and changes nothing. Somebody forgotten before has nothing removed, and the file is written anew
    all the same.

    Raises FunnelkitError for an id that nobody has, for a warehouse whose last build does not know
    every loaded file, for a disk without room for a second file, and for what Spark built and
    cannot be removed.
    """
    con = connect.connect(warehouse, wait=wait)
    try:
        meta.needs_log(con, "forget", _IN_FILES)
        with connect.interruptible():
            if not _find(con, user):
                found = Forgotten((), (), 0)
            else:
                _check_room(warehouse)
                with _transaction(con, keep=not dry_run):
                    found = _remove(con)
            if not dry_run:
                _write_anew(con, warehouse)
    finally:
        con.close()
    # An earlier build on Spark has the person's rows too, and is made of files again.
    of_spark = spark.folder_of(warehouse)
    if not of_spark.exists():
        return found
    if not dry_run:
        _remove_folder(of_spark)
    return replace(found, spark=of_spark)


def _remove_folder(folder: Path) -> None:
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise FunnelkitError(
            f"the rows are gone from the warehouse, but {folder} has them: {error.strerror}",
            f"remove {folder}, then `funnelkit build`",
        ) from None


def told(found: Forgotten, dry_run: bool = False) -> tuple[str, tuple[str, ...]]:
    """The finding in one sentence, and what forgetting cannot reach."""
    verb = "would go" if dry_run else "gone"
    raw_rows = sum(each.rows for each in found.removed if each.table.startswith("raw."))
    built = sum(each.rows for each in found.removed) - raw_rows
    headline = (
        f"{_rows(raw_rows)} under {len(found.ids):,} id{'' if len(found.ids) == 1 else 's'} {verb},"
        f" and {_rows(built)} of tables made of them."
    )
    if not found.ids:
        headline = "Forgotten before: nothing of the person is left to remove."
    named = _named(found.ids)
    mentioned = f"Stays: {_rows(found.mentions)} of others with the id in properties or text."
    of_spark = f"All that an earlier build on Spark made {verb} too: {found.spark}"
    notes = (
        named if found.ids else "",
        of_spark if found.spark else "",
        mentioned if found.mentions else "",
        _KEPT,
    )
    return headline, tuple(filter(None, notes))


def _named(ids: Sequence[str]) -> str:
    more = len(ids) - _SHOWN
    rest = f" and {more:,} more" if more > 0 else ""
    return f"Ids of one person: {', '.join(ids[:_SHOWN])}{rest}."


def _rows(number: int) -> str:
    return f"{number:,} row{'' if number == 1 else 's'}"


def suppress(con: "DuckDBPyConnection", first_load: int) -> int:
    """Removes rows of forgotten people that this load and those after it brought; returns how many.

    Each becomes a row of raw.rejects without line and text; lines that could not be parsed lose
    their text. raw.loads is not changed.
    """
    if not meta.has_table(con, "raw", "forgotten"):
        return 0
    gone = 0
    for kind, where in _OF_FORGOTTEN.items():
        of = f"raw.{kind} where load_no >= {first_load} and ({where})"
        con.execute(
            "insert into raw.rejects (kind, source_file, reason, load_no)"
            f" select '{kind}', source_file, '{FORGOTTEN}', load_no from {of}"
        )
        ((rows,),) = con.execute(f"delete from {of}").fetchall()
        gone += int(rows)
    con.execute(
        "update raw.rejects set text = null where load_no >= $first and exists ("
        f" select 1 from unnest(regexp_split_to_array(text, '{_OUTSIDE}+')) as words(word)"
        f" where {_hashed('word', _device('word'))})",
        {"first": first_load},
    )
    return gone


def _hash(text: str) -> str:
    return f"sha256((select any_value(salt) from raw.forgotten) || {text})"


def _device(text: str) -> str:
    return f"'anonymous:' || {text}"


def _hashed(*texts: str) -> str:
    """SQL: one of these texts is a forgotten id."""
    return " or ".join(f"{_hash(text)} in (select sha256 from raw.forgotten)" for text in texts)


_IS_LOGGED = "{} in (select logged_id from fk_person)"
_IS_BARE = "{} in (select bare_id from fk_person)"
# What stands for a person in tables without an id, and where it is told whose it is.
_NUMBERS = {
    "fk_keys": ("int_identities", "user_key"),
    "fk_answers": ("fct_feedback", "response_id"),
}
_IS_NUMBER = {
    column: f"{column} in (select {column} from {name})" for name, (_, column) in _NUMBERS.items()
}
_OF_FORGOTTEN = {
    "events": _hashed(_LOGGED, "previous_id", _device("previous_id")),
    "users": _hashed(_LOGGED),
    "feedback": _hashed(_USER),
}


@contextmanager
def _transaction(con: "DuckDBPyConnection", keep: bool) -> Iterator[None]:
    con.execute("begin")
    try:
        yield
    except BaseException:
        con.execute("rollback")
        raise
    con.execute("commit" if keep else "rollback")


def _find(con: "DuckDBPyConnection", user: str) -> bool:
    """Writes the person's ids into the temporary table fk_person; False if forgotten before.

    logged_id: a user id, or `anonymous:` and an anonymous id; bare_id: the same without that word.
    Beside it fk_keys and fk_answers, by which tables made of the log name people and answers.
    """
    if not meta.has_table(con, "raw", "loads") or not _last_file(con):
        raise FunnelkitError("nothing was loaded into this warehouse", "`funnelkit load`")
    if meta.has_table(con, "raw", FORGOTTEN):
        before = con.execute(
            f"select 1 where {_hashed('$user', _device('$user'))}", {"user": user}
        ).fetchall()
        if before:
            return False
    _check_built(con)
    con.execute(
        "create or replace temp table fk_person as select logged_id,"
        " case when starts_with(logged_id, 'anonymous:') then substr(logged_id, 11)"
        " else logged_id end as bare_id"
        " from main.int_identities where user_id = (select user_id from main.int_identities"
        " where logged_id in ($user, 'anonymous:' || $user) order by logged_id <> $user limit 1)",
        {"user": user},
    )
    if not _is_somebody(con):  # who never did anything may have said something
        con.execute(
            f"insert into fk_person select distinct {_USER}, {_USER} from raw.feedback"
            f" where {_USER} = $user",
            {"user": user},
        )
    if not _is_somebody(con):
        raise FunnelkitError(
            f"nobody has the id {user!r}", "ids are exact: capitals, zeros and blanks count"
        )
    for name, (table, column) in _NUMBERS.items():
        con.execute(
            f"create or replace temp table {name} as select {column} from main.{table}"
            f" where {_IS_LOGGED.format('user_id')}"
            if _has_column(con, table, column)
            else f"create or replace temp table {name} ({column} varchar)"
        )
    return True


def _is_somebody(con: "DuckDBPyConnection") -> bool:
    return bool(con.execute("select 1 from fk_person limit 1").fetchall())


def _has_column(con: "DuckDBPyConnection", table: str, column: str) -> bool:
    found = con.execute(
        "select 1 from information_schema.columns where table_catalog = current_database()"
        " and table_schema = 'main' and table_name = ? and column_name = ?",
        [table, column],
    ).fetchall()
    return bool(found)


def _last_file(con: "DuckDBPyConnection") -> int | None:
    ((last,),) = con.execute("select max(load_no) from raw.loads where kind <> 'forget'").fetchall()
    return None if last is None else int(last)


def _check_built(con: "DuckDBPyConnection") -> None:
    """Raises FunnelkitError unless the last build knows whose every loaded row is."""
    known = None
    if meta.has_table(con, "main", "int_identities") and meta.has_table(con, "meta", "model_state"):
        ((known,),) = con.execute(
            "select max_by(load_no, no) from meta.model_state where model = 'int_identity_changes'"
        ).fetchall()
    if known is None:
        raise FunnelkitError("no build says yet whose the loaded rows are", _BUILD)
    last = _last_file(con)
    if last is not None and last > int(known):
        raise FunnelkitError("files were loaded after the last build", _BUILD)


def _remove(con: "DuckDBPyConnection") -> Forgotten:
    tables = [*_raw_rows(con), *_built_rows(con)]
    removed = [
        Removed(f"{schema}.{name}", _delete(con, schema, name, where))
        for schema, name, where in tables
    ]
    ids = con.execute("select logged_id from fk_person order by logged_id").fetchall()
    mentions = _mentions(con)
    _record(con, sum(each.rows for each in removed if each.table.startswith("raw.")))
    return Forgotten(
        tuple(each for each in removed if each.rows), tuple(str(each) for (each,) in ids), mentions
    )


def _delete(con: "DuckDBPyConnection", schema: str, name: str, where: str) -> int:
    ((rows,),) = con.execute(
        f"delete from {identifier(schema)}.{identifier(name)} where {where}"
    ).fetchall()
    return int(rows)


def _holds(con: "DuckDBPyConnection", column: str, *, devices: bool = True) -> str:
    """SQL: the text holds one of the ids, as it is or as JSON writes it, by itself."""
    # One pattern for all ids: as a column it would be compiled for every row.
    ((ids,),) = con.execute(
        "select string_agg(regexp_escape(form), '|' order by form) from ("
        " select distinct unnest([bare_id, (to_json(bare_id)::varchar)[2:-2]]) as form"
        " from fk_person where $devices or not starts_with(logged_id, 'anonymous:'))",
        {"devices": devices},
    ).fetchall()
    if ids is None:
        return "false"
    pattern = f"(^|{_OUTSIDE})({ids})($|{_OUTSIDE})"
    return f"regexp_matches({column}, {literal(pattern)})"


def _raw_rows(con: "DuckDBPyConnection") -> Iterator[tuple[str, str, str]]:
    """Raw tables and which of their rows are the person's, as conditions."""
    logged, previous = _IS_LOGGED.format(_LOGGED), _IS_BARE.format("previous_id")
    wanted = {
        "events": f"{logged} or {previous}",
        "users": logged,
        "feedback": _IS_LOGGED.format(f"({_USER})"),
        "rejects": _holds(con, "text"),
        "lists": f"{_IS_LOGGED.format('id')} or {_IS_BARE.format('id')}",
    }
    for name, where in wanted.items():
        if meta.has_table(con, "raw", name):
            yield "raw", name, where


def _built_rows(con: "DuckDBPyConnection") -> Iterator[tuple[str, str, str]]:
    """Every other table with text or people's keys, and which rows hold one of the ids as a value,
    the person's key, or an answer of theirs.

    Not by an anonymous_id alone: a device that others use too is also in rows of theirs.
    """
    found = con.execute(
        "select table_schema, table_name, list(column_name order by ordinal_position)"
        " from information_schema.columns join information_schema.tables"
        " using (table_catalog, table_schema, table_name)"
        " where table_catalog = current_database() and table_type = 'BASE TABLE'"
        " and table_schema not in ('raw', 'meta')"
        " and (data_type = 'VARCHAR' or column_name = 'user_key')"
        " and column_name <> 'anonymous_id' group by all order by all"
    ).fetchall()
    for schema, name, columns in found:
        tests = [_is_theirs(column) for column in columns]
        if name == "raw_rejects":
            tests.append(_holds(con, "text"))
        yield schema, name, " or ".join(tests)


def _is_theirs(column: str) -> str:
    """SQL: the column's value is the person, or something of theirs."""
    if column in _IS_NUMBER:
        return _IS_NUMBER[column]
    return (_IS_BARE if column == "previous_id" else _IS_LOGGED).format(identifier(column))


def _mentions(con: "DuckDBPyConnection") -> int:
    """Rows that are left and hold a user id of the person in free text."""
    total = 0
    for kind, column in (("events", "properties"), ("users", "properties"), ("feedback", "text")):
        if meta.has_table(con, "raw", kind):
            holds = _holds(con, column, devices=False)
            ((rows,),) = con.execute(f"select count(*) from raw.{kind} where {holds}").fetchall()
            total += int(rows)
    return total


def _record(con: "DuckDBPyConnection", rows: int) -> None:
    """The hashes, a removal in the ledger, and no table that goes on from what it was."""
    con.execute("create table if not exists raw.forgotten (salt varchar, sha256 varchar)")
    # One salt a warehouse: it keeps the hashes from being compared with those of another one.
    con.execute(
        "insert into raw.forgotten select salt, sha256(salt || logged_id) from fk_person,"
        " (select coalesce((select any_value(salt) from raw.forgotten), ?) as salt)",
        [secrets.token_hex(16)],
    )
    number = raw.next_load(con)
    con.execute(
        "insert into raw.loads (kind, source_file, sha256, rows, rejected, mapping, load_no)"
        " values ('forget', '', ?, ?, 0, '{}', ?)",
        [f"forget/{number}", rows, number],
    )
    # A table is made whole where this is not its own; its load_no still says what it knows.
    con.execute("update meta.model_state set fingerprint = ''")


def _check_room(warehouse: Path) -> None:
    need, free = warehouse.stat().st_size, shutil.disk_usage(warehouse.parent).free
    if free < need:
        raise FunnelkitError(
            f"{free / 2**20:,.0f} MB free; the warehouse is written anew, {need / 2**20:,.0f} MB",
            "make room on the disk; nothing was removed",
        )


def _write_anew(con: "DuckDBPyConnection", warehouse: Path) -> None:
    """Copies the warehouse and puts the copy in its place: without the bytes of deleted rows."""
    import duckdb

    beside = warehouse.with_name(f"{warehouse.name}.new")
    leftovers: Sequence[Path] = (beside, beside.with_name(f"{beside.name}.wal"))
    for each in leftovers:
        each.unlink(missing_ok=True)
    ((own,),) = con.execute("select current_database()").fetchall()
    try:
        con.execute("checkpoint")  # nothing is left in the .wal, which goes with the old file
        con.execute(f"attach {literal(str(beside))} as fk_new")
        con.execute(f"copy from database {identifier(own)} to fk_new")
        con.execute("detach fk_new")
        if os.name == "nt":  # an open file cannot be replaced there
            con.close()
        beside.replace(warehouse)
    except (OSError, duckdb.IOException, duckdb.OutOfMemoryException) as error:
        raise FunnelkitError(
            f"the rows are gone, but {warehouse.name} still has their bytes, for it cannot be"
            f" written anew: {str(error).splitlines()[0]}",
            "make room, then run the same command again",
        ) from None
    finally:
        for each in leftovers:
            each.unlink(missing_ok=True)
