"""How a log file is read: CSV, JSON lines or array, Parquet; plain, gzip or zstd.

`load` reads every column as text (`scan`); `explore` gets a relation with types (`relation`).
Nothing is guessed from a sample: the delimiter comes from the header, JSON columns from all lines,
types from all values.
"""

import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from funnelkit.errors import FunnelkitError
from funnelkit.warehouse.connect import identifier, literal, unglobbed
from funnelkit.warehouse.csv_files import NO_DELIMITER, even_lines, misread, scan_csv
from funnelkit.warehouse.sources import (
    LONGEST_LINE,
    MOST_COLUMNS,
    SHOWN,
    Reject,
    Scan,
    Source,
    find,
    inspect,
    reading,
    shifts,
)
from funnelkit.warehouse.times import utc_text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["Reject", "Relation", "Scan", "Source", "find", "inspect", "misread", "relation", "scan"]

_ROW = "fk_row"  # the column that numbers rows
_serial = itertools.count(1)


class Relation(NamedTuple):
    """A temporary table or view over files: a row per record, `fk_row` numbers them in file order.

    `columns` are the files' columns, in order of first appearance; `rejects` the lines that could
    not be read, per file.
    """

    name: str
    columns: tuple[str, ...]
    rejects: tuple[tuple[Path, Reject], ...]


def scan(con: "DuckDBPyConnection", path: Path, *, careful: bool = False) -> Scan:
    """Prepare to read one file with every column as text; see Scan.

    When `relation` has run, `misread` tells whether it must be undone and the file scanned again,
    with `careful`: a quote is broken, and led the reader over lines that it neither gave nor
    rejected.

    CSV: the delimiter of `, tab ; |` that the header has most of; a line with too few or too many
    cells, a broken quote or bytes that are not UTF-8 becomes a reject. JSON: a line that is not an
    object becomes a reject; nested values stay JSON text. Parquet: times as UTC text, nested
    values as JSON text. Raises FunnelkitError for a file that cannot be read at all.
    """
    source = inspect(path)
    if source.format == "csv":
        return scan_csv(con, source, careful=careful)
    if source.format == "parquet":
        return _scan_parquet(con, source)
    return _scan_json(con, source)


def relation(
    con: "DuckDBPyConnection", name: str, paths: Sequence[Path], text: Iterable[str] = ()
) -> Relation:
    """Make `name`, a temporary relation over the files with types that `where` can use.

    Parquet keeps its types and is a view; the rest is read once into a temporary table, in which a
    column becomes BIGINT, DOUBLE or BOOLEAN if all its values are written as such (no leading
    zeros, no whole number too long for BIGINT), else VARCHAR: times stay text. Columns named in
    `text` stay text in any format. A column that only some files have is NULL in the others.
    """
    kept = {column.casefold() for column in text}
    sources = [inspect(path) for path in paths]
    if all(source.format == "parquet" for source in sources):
        return _parquet_view(con, name, sources, kept)
    return _text_table(con, name, [source.path for source in sources], kept)


# JSON


def _scan_json(con: "DuckDBPyConnection", source: Source) -> Scan:
    copy = even_lines(source) if source.format == "jsonl" else None
    try:
        return _scan_objects(con, source, copy)
    except BaseException:
        if copy is not None:
            copy.unlink(missing_ok=True)
        raise


def _scan_objects(con: "DuckDBPyConnection", source: Source, copy: Path | None) -> Scan:
    table = f"fk_json_{next(_serial)}"
    kept, lines = _json_lines(Source(copy, "jsonl", "none") if copy else source, table)
    with reading(source.path):
        # One pass for both: the keys that occur, and the lines that are no objects.
        con.execute(f"""
            create temp table {table} as
            select
                try(json_keys(fk_text)) as keys,
                case when fk_type is distinct from 'OBJECT' then fk_line end as bad_line,
                case when fk_type is distinct from 'OBJECT' then left(fk_text, {SHOWN}) end as text,
                any_value(fk_type) as type,
                min(fk_line) as first_line
            from (select *, try(json_type(fk_text)) as fk_type from {kept})
            where trim(fk_text, ' ' || chr(9) || chr(13)) <> ''
            group by 1, 2, 3""")
    columns = _json_columns(con, source, table)
    pointers = ", ".join(literal("/" + c.replace("~", "~0").replace("/", "~1")) for c in columns)
    rows = (
        f"(select fk_line, json_extract(fk_text, [{pointers}]::varchar[]) as fk_json"
        f" from {lines} where try(json_type(fk_text)) = 'OBJECT')"
    )
    cells = [f"fk_json[{i}]" for i in range(1, len(columns) + 1)]
    bytes_table = f"{table}_bytes" if kept != lines else None
    return Scan(
        source,
        columns,
        text=tuple(f"nullif({cell} ->> '$', '')" for cell in cells),
        json=tuple(map(_json_text, cells)),
        bare=tuple(cells),
        bare_json=_json_text("v"),
        line="fk_line",
        relation=rows,
        peek=rows,
        rejects=_json_rejects(table, bytes_table),
        dropped=f"select line from temp.{bytes_table}" if bytes_table else None,
        _tables=(table, f"{table}_bytes", f"{table}_scan"),
        _copy=copy,
    )


def _json_text(cell: str) -> str:
    text = f"cast({cell} as varchar)"
    return f"case when not {text} in ('null', '\"\"') then {text} end"


def _json_lines(source: Source, table: str) -> tuple[str, str]:
    """SQL for (fk_line, fk_text), twice: keeping the lines that are not UTF-8, and without them."""
    path = literal(unglobbed(source.path))
    if source.format == "json":
        array = (
            "(select row_number() over () as fk_line, cast(json as varchar) as fk_text"
            f" from read_json_objects({path}, format = 'array',"
            f" compression = '{source.compression}', maximum_object_size = {LONGEST_LINE}))"
        )
        return array, array
    read = (
        "(select row_number() over () as fk_line, fk_text"
        f" from read_csv({path}, columns = {{'fk_text': 'VARCHAR'}}, header = false, quote = '',"
        f" escape = '', delim = '{NO_DELIMITER.decode()}',"
        " auto_detect = false, strict_mode = false,"
        f" compression = '{source.compression}', max_line_size = {LONGEST_LINE}"
    )
    kept = f"store_rejects = true, rejects_table = '{table}_bytes', rejects_scan = '{table}_scan'"
    return f"{read}, {kept}))", f"{read}, ignore_errors = true))"


def _json_columns(con: "DuckDBPyConnection", source: Source, table: str) -> tuple[str, ...]:
    """Every key that occurs, in order of first appearance."""
    found = con.execute(f"""
        select name from (
            select unnest(keys) as name, first_line, generate_subscripts(keys, 1) as position
            from temp.{table} where bad_line is null)
        group by name
        order by min((first_line, position))""").fetchall()
    if len(found) > MOST_COLUMNS:
        raise FunnelkitError(
            f"{source.path.name} has {len(found)} different keys; expected at most {MOST_COLUMNS}",
            "put what varies into one object, such as properties",
        )
    return tuple(name for (name,) in found)


def _json_rejects(table: str, bytes_table: str | None) -> str:
    bad = f"""
        select bad_line as line, text,
            case when type is null then 'not valid JSON'
                else 'expected a JSON object, found '
                    || case when type = 'VARCHAR' then 'a string'
                        when type in ('ARRAY', 'NULL', 'BOOLEAN') then lower(type)
                        else 'a number' end
            end as reason
        from temp.{table} where bad_line is not null"""
    if bytes_table is None:
        return f"select line, reason, text from ({bad})"
    return f"""
        select bad.line + coalesce(moved, 0) as line, reason, text
        from ({bad}) bad asof left join ({shifts(f"select line from temp.{bytes_table}")}) moves
            on bad.line > moves.ahead
        union all
        select distinct on (line) line,
            case error_type when 'INVALID ENCODING' then 'not UTF-8'
                when 'LINE SIZE OVER MAXIMUM' then 'longer than {LONGEST_LINE >> 20} MB'
                else lower(error_type) end,
            left(ltrim(coalesce(csv_line, ''), chr(10) || chr(13)), {SHOWN})
        from temp.{bytes_table}"""


# Parquet


def _scan_parquet(con: "DuckDBPyConnection", source: Source) -> Scan:
    types = _parquet_types(con, source)
    text = tuple(f"nullif({_as_text(identifier(n), t)}, '')" for n, t in types.items())
    read = f"read_parquet({literal(unglobbed(source.path))}, file_row_number = true)"
    return Scan(
        source,
        tuple(types),
        text=text,
        json=tuple(
            _as_json(identifier(name), kind, value)
            for (name, kind), value in zip(types.items(), text, strict=True)
        ),
        line="file_row_number + 1",
        relation=read,
        peek=read,
    )


def _parquet_types(con: "DuckDBPyConnection", source: Source) -> dict[str, str]:
    if source.compression != "none":
        raise FunnelkitError(
            f"{source.path.name} is Parquet inside {source.compression}; expected plain Parquet",
            "unpack it: Parquet is already compressed inside",
        )
    with reading(source.path):
        rows = con.execute(
            f"describe from read_parquet({literal(unglobbed(source.path))})"
        ).fetchall()
    types = {row[0]: row[1] for row in rows}
    for name in types:
        if name.casefold() == "file_row_number":  # the reader gives its own by this name
            raise FunnelkitError(f"{source.path.name}: column {name!r} is taken", "rename it")
    return types


def _as_text(column: str, kind: str) -> str:
    """SQL: a value of a Parquet column as the text that a CSV of it would hold; times in UTC."""
    if kind == "TIMESTAMP WITH TIME ZONE":
        return utc_text(f"({column} at time zone 'UTC')")
    if kind.startswith("TIMESTAMP"):
        return utc_text(f"cast({column} as timestamp)")
    if _nested(kind):
        return f"cast(to_json({column}) as varchar)"
    return f"cast({column} as varchar)"


def _as_json(column: str, kind: str, text: str) -> str:
    """SQL: a value of a Parquet column as JSON text: numbers and nested values as they are.

    JSON has no NaN and no infinity: they become the strings "nan", "inf" and "-inf".
    """
    string = f"cast(to_json({text}) as varchar)"
    if kind in ("DOUBLE", "FLOAT"):
        return f"case when isfinite({column}) then {text} else {string} end"
    is_number = kind.endswith("INT") or kind == "INTEGER" or kind.startswith("DECIMAL")
    return text if is_number or kind == "BOOLEAN" or _nested(kind) else string


def _nested(kind: str) -> bool:
    return kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION", "VARIANT", "JSON"))


# Relations for explore


def _parquet_view(
    con: "DuckDBPyConnection", name: str, sources: Sequence[Source], kept: set[str]
) -> Relation:
    types = [_parquet_types(con, source) for source in sources]
    columns = _union(found for found in types)
    selects = []
    for number, (source, found) in enumerate(zip(sources, types, strict=True)):
        here = {column.casefold(): column for column in found}
        cells = [_view_cell(here.get(column.casefold()), column, found, kept) for column in columns]
        # Rows of the second file come after those of the first, and so on.
        row = f"({number} * {1 << 40} + file_row_number) as fk_row"
        path = literal(unglobbed(source.path))
        selects.append(
            f"select {', '.join([*cells, row])} from read_parquet({path}, file_row_number = true)"
        )
    con.execute(f"create temp view {identifier(name)} as {' union all by name '.join(selects)}")
    return Relation(name, columns, ())


def _view_cell(own: str | None, column: str, types: dict[str, str], kept: set[str]) -> str:
    if own is None:
        return f"null as {identifier(column)}"
    cell = identifier(own)
    if column.casefold() in kept and types[own] != "VARCHAR":
        cell = _as_text(cell, types[own])
    return f"{cell} as {identifier(column)}"


def _union(files: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """Columns of all files, in order of first appearance; case set aside, as SQL does."""
    found: dict[str, str] = {}
    for columns in files:
        for column in columns:
            found.setdefault(column.casefold(), column)
    if _ROW in found:
        raise FunnelkitError(
            f"column {found[_ROW]!r}: names that begin with fk_ are taken", "rename it"
        )
    return tuple(found.values())


def _text_table(
    con: "DuckDBPyConnection", name: str, paths: Sequence[Path], kept: set[str]
) -> Relation:
    scans = [scan(con, path) for path in paths]
    rejects: list[tuple[Path, Reject]] = []
    table = identifier(f"{name}_text")
    try:
        columns = _union(_distinct(each) for each in scans)
        fields = ", ".join(f"{identifier(column)} varchar" for column in columns)
        con.execute(f"create temp table {table} ({fields}{', ' * bool(columns)}fk_row bigint)")
        for number in range(len(scans)):
            if not _insert_text(con, table, scans[number], number, columns):
                scans[number].close(con)
                scans[number] = scan(con, paths[number], careful=True)
                _insert_text(con, table, scans[number], number, columns)
            if found := scans[number].rejects:
                rows = con.execute(f"from ({found}) order by line").fetchall()
                rejects += [(paths[number], Reject(*row)) for row in rows]
    finally:
        for each in scans:
            each.close(con)
    cells = [
        cell if column.casefold() in kept else _typed(con, f"{name}_text", column)
        for column in columns
        for cell in [identifier(column)]
    ]
    con.execute(
        f"create temp view {identifier(name)} as"
        f" select {', '.join([*cells, 'fk_row'])} from {identifier(name + '_text')}"
    )
    return Relation(name, columns, tuple(rejects))


def _insert_text(
    con: "DuckDBPyConnection", table: str, each: Scan, number: int, columns: Sequence[str]
) -> bool:
    """Insert the file's rows; or none, and false, if it must be scanned with more care."""
    with reading(each.source.path):
        ((rows,),) = con.execute(
            f"insert into {table} {_text_select(each, number, columns)}"
        ).fetchall()
    if misread(con, each, rows):
        con.execute(f"delete from {table} where fk_row >= {number} * {1 << 40}")
        return False
    return True


def _distinct(each: Scan) -> tuple[str, ...]:
    """The columns that SQL can name; two that differ only in case cannot stand in one table."""
    seen: dict[str, str] = {}
    for column in each.columns:
        other = seen.setdefault(column.casefold(), column)
        if other != column:
            raise FunnelkitError(
                f"{each.source.path.name} has both {other!r} and {column!r}", "rename one of them"
            )
    return tuple(column for column in each.columns if column)


def _text_select(each: Scan, number: int, columns: Sequence[str]) -> str:
    own = {c.casefold(): cell for c, cell in zip(each.columns, each.text, strict=True)}
    cells = [
        f"{own.get(column.casefold(), 'cast(null as varchar)')} as {identifier(column)}"
        for column in columns
    ]
    row = f"{number} * {1 << 40} + {each.line} as fk_row"
    return f"select {', '.join([*cells, row])} from {each.relation}"


def _typed(con: "DuckDBPyConnection", table: str, column: str) -> str:
    """SQL: the column in the narrowest type that all its values are written in."""
    cell = identifier(column)
    # A whole number too long for BIGINT is an id or the like: as a DOUBLE it would lose digits.
    whole = f"regexp_full_match({cell}, '-?(0|[1-9][0-9]*)')"
    ((any_value, is_whole, is_number, is_flag),) = con.execute(f"""
        select count({cell}) > 0,
            bool_and({whole} and try_cast({cell} as bigint) is not null),
            bool_and(regexp_full_match({cell}, '-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][+-]?[0-9]+)?')
                and not ({whole} and try_cast({cell} as bigint) is null)),
            bool_and(lower({cell}) in ('true', 'false'))
        from {identifier(table)} where {cell} is not null""").fetchall()
    if not any_value or not (is_whole or is_number or is_flag):
        return cell
    kind = "bigint" if is_whole else "double" if is_number else "boolean"
    return f"cast({cell} as {kind}) as {cell}"
