"""CSV: our own header, DuckDB's reader with nothing left to guess, and its rejects in words."""

import csv
import itertools
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from funnelkit.errors import FunnelkitError
from funnelkit.warehouse.connect import literal, unglobbed
from funnelkit.warehouse.sources import (
    LONGEST_LINE,
    MOST_COLUMNS,
    SHOWN,
    Scan,
    Source,
    unpacked_chunks,
)

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_DELIMITERS = ",\t;|"  # in this order when the header has as many of one as of another
_serial = itertools.count(1)


def scan_csv(con: "DuckDBPyConnection", source: Source) -> Scan:
    """Prepare to read a CSV file; its rejects are there when `relation` has run."""
    delimiter, columns = header(source)
    cells = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(columns)))
    options = (
        f"columns = {{{cells}}}, header = true, delim = {literal(delimiter)}, quote = '\"',"
        f" escape = '\"', auto_detect = false, max_line_size = {LONGEST_LINE}"
    )
    copy = _readable_copy(con, source, options)
    path, compression = (copy, "none") if copy else (source.path, source.compression)
    read = f"read_csv({literal(unglobbed(path))}, {options}, compression = '{compression}'"
    table = f"fk_rejects_{next(_serial)}"
    stored = f", store_rejects = true, rejects_table = '{table}', rejects_scan = '{table}_scan')"
    text = tuple(f"nullif(c{i}, '')" for i in range(len(columns)))
    return Scan(
        source,
        columns,
        text=text,
        json=tuple(f"cast(to_json({cell}) as varchar)" for cell in text),
        line="fk_line + 1",
        relation=f"(select row_number() over () as fk_line, * from {read}{stored})",
        peek=f"(select cast(null as bigint) as fk_line, * from {read}, ignore_errors = true))",
        rejects=_csv_rejects(table, len(columns)),
        dropped=f"select line from temp.{table}",
        _tables=(table, f"{table}_scan"),
        _copy=copy,
    )


def _csv_rejects(table: str, width: int) -> str:
    """One reject per line, the first error of it, in words."""
    return f"""
        select
            line,
            case error_type
                when 'MISSING COLUMNS' then 'too few cells: expected {width}, found '
                    || regexp_extract(error_message, 'Found: ([0-9]+)', 1)
                when 'TOO MANY COLUMNS' then 'too many cells: expected {width}, found '
                    || regexp_extract(error_message, 'Found: ([0-9]+)', 1)
                when 'UNQUOTED VALUE' then 'a quote that is not closed, or text after it'
                when 'INVALID ENCODING' then 'not UTF-8'
                when 'LINE SIZE OVER MAXIMUM' then 'longer than {LONGEST_LINE >> 20} MB'
                else lower(error_type)
            end as reason,
            left(rtrim(ltrim(coalesce(csv_line, ''), chr(10) || chr(13)), chr(10) || chr(13)),
                {SHOWN}) as text
        from temp.{table}
        qualify row_number() over (
            partition by line
            order by
                error_type <> 'INVALID ENCODING',
                error_type,
                cast(column_idx as bigint) * if(error_type = 'MISSING COLUMNS', 1, -1)
        ) = 1"""


def header(source: Source) -> tuple[str, tuple[str, ...]]:
    """Delimiter and column names of a CSV file: of `, tab ; |` the one the header has most of.

    Raises FunnelkitError for a first line that is blank or not UTF-8, and for an empty or
    repeated name (letters' case set aside, as SQL does).
    """
    name, record = source.path.name, _first_record(source)
    try:
        line = record.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except UnicodeDecodeError as error:
        raise FunnelkitError(
            f"{name}, line 1: byte {error.start + 1} is not UTF-8",
            f"convert it: iconv -f LATIN1 -t UTF-8 '{name}' > utf8.csv",
        ) from None
    if not line.strip():
        raise FunnelkitError(f"{name}, line 1 is blank; expected the column names")
    bare = "".join(line.split('"')[::2])  # what stands outside quotes
    delimiter = max(_DELIMITERS, key=bare.count)
    try:
        cells = next(csv.reader([line], delimiter=delimiter, strict=True))
    except (csv.Error, StopIteration):
        raise FunnelkitError(f"{name}, line 1: a quote in the header is not closed") from None
    columns = tuple(cell.strip() for cell in cells)
    _check_names(name, columns)
    return delimiter, columns


def _first_record(source: Source) -> bytes:
    """The first line, and the next ones while a quote is open."""
    record = b""
    for chunk in unpacked_chunks(source):
        record += chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        parts = record.split(b"\n")
        for end in range(1, len(parts)):
            line = b"\n".join(parts[:end])
            if line.count(b'"') % 2 == 0:
                return line
        if len(record) > LONGEST_LINE:
            raise FunnelkitError(f"{source.path.name}, line 1: the header has no end")
    return record


def _check_names(file: str, columns: Sequence[str]) -> None:
    if len(columns) > MOST_COLUMNS:
        raise FunnelkitError(
            f"{file} has {len(columns)} columns; expected at most {MOST_COLUMNS}",
            "is its key part of the column name? then turn columns into rows first",
        )
    seen: dict[str, int] = {}
    for number, column in enumerate(columns, 1):
        if not column or "\x00" in column:
            raise FunnelkitError(f"{file}, line 1: column {number} has no name", "name it")
        first = seen.setdefault(column.casefold(), number)
        if first != number:
            raise FunnelkitError(
                f"{file}, line 1: columns {first} and {number} are both named {column!r}",
                "rename one of them",
            )


def _readable_copy(con: "DuckDBPyConnection", source: Source, options: str) -> Path | None:
    """A copy that the reader gets through, if the file mixes its line ends; else None.

    Where quotes are broken as well, nothing tells inside from outside: then every line end becomes
    a line feed, and broken lines can be rejected one by one.
    """
    import duckdb

    copy = even_newlines(source)
    if copy is None:
        return None
    probe = con.cursor()  # an error must not end a transaction of `con`
    try:
        file = literal(unglobbed(copy))
        probe.execute(
            f"select count(columns(*)) from read_csv({file}, {options}, store_rejects = true)"
        )
        probe.fetchall()
    except duckdb.InvalidInputException:
        copy.unlink()
        return even_newlines(source, quoted=False)
    except duckdb.PermissionException:  # the connection is locked, and the copy is not its file
        copy.unlink()
        raise FunnelkitError(
            f"{source.path.name} mixes kinds of line ends",
            f"make them one kind: dos2unix '{source.path.name}'",
        ) from None
    finally:
        probe.close()
    return copy


def even_newlines(source: Source, *, quoted: bool = True) -> Path | None:
    """A copy with one kind of line end, if the file mixes them; else None.

    The reader takes any one kind, and any inside quotes, but not a mix. `quoted`: line ends inside
    quotes are data and stay.
    """
    crlf = lf = cr = 0
    last = b""
    for chunk in unpacked_chunks(source):
        crlf += (last + chunk).count(b"\r\n")
        lf, cr, last = lf + chunk.count(b"\n"), cr + chunk.count(b"\r"), chunk[-1:]
    if cr == 0 or lf == 0 or crlf == lf == cr:
        return None
    with tempfile.NamedTemporaryFile(prefix="funnelkit-", suffix=".csv", delete=False) as out:
        try:
            for piece in _even(unpacked_chunks(source), quoted):
                out.write(piece)
        except BaseException:
            Path(out.name).unlink()
            raise
    return Path(out.name)


def _even(chunks: Iterator[bytes], quoted: bool) -> Iterator[bytes]:
    """Make line ends outside quotes line feeds; the parity of quotes tells what is outside."""
    inside, held = False, b""
    for piece in itertools.chain(chunks, [None]):
        chunk = held + (piece or b"")
        # A carriage return at the end waits for what follows it.
        held = b"\r" if piece is not None and chunk.endswith(b"\r") else b""
        whole = chunk.removesuffix(held) if held else chunk
        parts = whole.split(b'"') if quoted else [whole]
        for index in range(int(inside), len(parts), 2):
            parts[index] = parts[index].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        inside ^= len(parts) % 2 == 0
        yield b'"'.join(parts)
