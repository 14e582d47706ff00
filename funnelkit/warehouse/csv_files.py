"""CSV: our own header, DuckDB's reader with nothing left to guess, and its rejects in words.

The reader is fast, but an open quote leads it on to the next one, or to the end of the file. So
the records are counted beforehand, by the parity of quotes. Where the reader finds another number
(`misread`) the file is read again from a copy in which every record that breaks the rules of quotes
is cut after its first line, and that line can only be rejected: no line is lost uncounted.
"""

import csv
import itertools
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

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
# What a line of the copy begins with if it is to be rejected, and what stands for its quotes there.
_BROKEN, _LONG, _QUOTE = "\x1a", "\x1b", "\x1d"
_serial = itertools.count(1)


def scan_csv(con: "DuckDBPyConnection", source: Source, *, careful: bool = False) -> Scan:
    """Prepare to read a CSV file; its rejects are there when `relation` has run.

    `careful`: look at every quote first; for a file that was `misread`.
    """
    delimiter, columns = header(source)
    cells = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(columns)))
    options = (
        f"columns = {{{cells}}}, header = true, delim = {literal(delimiter)}, quote = '\"',"
        f" escape = '\"', auto_detect = false, max_line_size = {LONGEST_LINE}"
    )
    records, mixed, quoted = _shape(source, len(columns))
    copy = None
    if careful or mixed:  # the reader takes any one kind of line end, but no mix
        careful = True
        copy, records = _repaired(con, source, delimiter, len(columns))
    path, compression = (copy, "none") if copy else (source.path, source.compression)
    read = f"read_csv({literal(unglobbed(path))}, {options}, compression = '{compression}'"
    table = f"fk_rejects_{next(_serial)}"
    stored = f", store_rejects = true, rejects_table = '{table}', rejects_scan = '{table}_scan')"
    bare = tuple(f"c{i}" for i in range(len(columns)))
    text = tuple(f"nullif({cell}, '')" for cell in bare)
    return Scan(
        source,
        columns,
        text=text,
        json=tuple(f"cast(to_json({cell}) as varchar)" for cell in text),
        bare=bare,
        bare_json="cast(to_json(nullif(v, '')) as varchar)",
        line="fk_line + 1",
        relation=f"(select row_number() over () as fk_line, * from {read}{stored})",
        peek=f"(select cast(null as bigint) as fk_line, * from {read}, ignore_errors = true))",
        rejects=_csv_rejects(table, len(columns), delimiter if careful else None),
        dropped=f"select line from temp.{table}",
        records=records,
        quoted=quoted,
        careful=careful,
        _tables=(table, f"{table}_scan"),
        _copy=copy,
    )


def misread(con: "DuckDBPyConnection", scan: Scan, rows: int) -> bool:
    """Whether lines are missing from what the scan's `relation` gave, or stand in another's reject.

    Then undo it and scan again, with `careful`. Raises FunnelkitError if that was done already.
    """
    if scan.records is None:
        return False
    ((rejected,),) = con.execute(
        f"select count(distinct line) from temp.{scan._tables[0]}"
    ).fetchall()
    is_whole = rows + rejected == scan.records
    if not scan.careful:
        # After a broken quote two mistakes may cancel out: the number alone is no proof then, nor
        # is the text that the reader keeps of a rejected line.
        return not is_whole or bool(rejected and scan.quoted)
    if not is_whole:
        raise FunnelkitError(
            f"{scan.source.path.name}: {abs(scan.records - rows - rejected):,} lines cannot be told"
            f" apart: of {scan.records:,} records {rows:,} were read and {rejected:,} refused",
            "look for quotes that are not closed",
        )
    return False


def _csv_rejects(table: str, width: int, delimiter: str | None) -> str:
    """One reject per line, the first error of it, in words; `delimiter`: of a repaired copy."""
    text = "rtrim(ltrim(coalesce(csv_line, ''), chr(10) || chr(13)), chr(10) || chr(13))"
    broken = too_long = "false"
    if delimiter is not None:
        marks = [literal(mark + delimiter * width) for mark in (_BROKEN, _LONG)]
        broken, too_long = (f"starts_with({text}, {mark})" for mark in marks)
        text = (
            f"case when {broken} or {too_long}"
            f" then replace(substr({text}, {width + 2}), {literal(_QUOTE)}, '\"') else {text} end"
        )
    return f"""
        select
            line,
            case
                when error_type = 'INVALID ENCODING' then 'not UTF-8'
                when {broken} or error_type = 'UNQUOTED VALUE'
                    then 'a quote that is not closed, or text after it'
                when {too_long} or error_type = 'LINE SIZE OVER MAXIMUM'
                    then 'longer than {LONGEST_LINE >> 20} MB'
                when error_type = 'MISSING COLUMNS' then 'too few cells: expected {width}, found '
                    || regexp_extract(error_message, 'Found: ([0-9]+)', 1)
                when error_type = 'TOO MANY COLUMNS' then 'too many cells: expected {width}, found '
                    || regexp_extract(error_message, 'Found: ([0-9]+)', 1)
                else lower(error_type)
            end as reason,
            left({text}, {SHOWN}) as text
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
    csv.field_size_limit(LONGEST_LINE)  # Python's own is shorter than a line may be
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
        if not column:
            raise FunnelkitError(f"{file}, line 1: column {number} has no name", "name it")
        if "\x00" in column:
            raise FunnelkitError(
                f"{file}, line 1: the name of column {number} holds a NUL byte", "rename it"
            )
        first = seen.setdefault(column.casefold(), number)
        if first != number:
            raise FunnelkitError(
                f"{file}, line 1: columns {first} and {number} are both named {column!r}",
                "rename one of them",
            )


def _shape(source: Source, width: int) -> tuple[int, bool, bool]:
    """How many records a CSV file holds below its header; does it mix line ends; has it quotes.

    A line end is inside a cell if an odd number of quotes stands before it. Blank lines are no
    records, but where there is one column they are empty cells.
    """
    import numpy as np

    records = crlf = lf = cr = quotes = 0
    inside, last, ended = np.uint8(0), 0, True
    for chunk in unpacked_chunks(source):
        data = np.frombuffer(chunk, np.uint8)
        is_lf, is_cr = data == 10, data == 13
        after_cr = np.concatenate(([last == 13], is_cr[:-1]))
        crlf += int(np.count_nonzero(is_lf & after_cr))
        lf, cr = lf + int(np.count_nonzero(is_lf)), cr + int(np.count_nonzero(is_cr))
        is_quote = data == 34
        quotes += int(np.count_nonzero(is_quote))
        parity = np.bitwise_xor.accumulate(is_quote.view(np.uint8)) ^ inside
        ends = (is_lf | is_cr) & (parity == 0)
        if width == 1:
            starts = ends & ~(is_lf & after_cr)
        else:
            starts = ~ends & np.concatenate(([ended], ends[:-1]))
        records += int(np.count_nonzero(starts))
        inside, last, ended = parity[-1], int(data[-1]), bool(ends[-1])
    if width == 1 and not ended:
        records += 1
    return records - 1, not (cr == 0 or lf == 0 or crlf == lf == cr), quotes > 0


def _repaired(
    con: "DuckDBPyConnection", source: Source, delimiter: str, width: int
) -> tuple[Path, int]:
    """A copy with no broken quote, whose records end in line feeds; and how many there are.

    A line that breaks the rules of quotes is marked there: it has no quote, and too many cells.
    """
    records = -1  # the header is none

    def counted() -> Iterator[bytes]:
        nonlocal records
        for record in _records(unpacked_chunks(source), delimiter.encode(), width):
            records += width == 1 or record != b""
            yield record + b"\n"

    copy = _copy(counted())
    if not _may_read(con, copy):
        copy.unlink()
        raise FunnelkitError(
            f"{source.path.name} mixes kinds of line ends, or has a quote that is not closed",
            f"make them one kind: dos2unix '{source.path.name}'",
        )
    return copy, records


def _may_read(con: "DuckDBPyConnection", path: Path) -> bool:
    """Whether the connection may read the file: one that is locked reads only what it was given."""
    import duckdb

    probe = con.cursor()  # an error must not end a transaction of `con`
    try:
        probe.execute(f"select 1 from read_blob({literal(unglobbed(path))}) limit 0")
    except duckdb.PermissionException:
        return False
    finally:
        probe.close()
    return True


class _Rules(NamedTuple):
    """What a record looks like, as the reader sees it; all of them match at a record's start.

    A quote opens a cell at its start or after one space, is doubled inside, and only spaces stand
    behind the closing one; elsewhere a quote is a character like any other.
    """

    line: re.Pattern[bytes]  # a record in one line, of any width, with its line end
    record: re.Pattern[bytes]  # a record of the right width, in one line or several
    prefix: re.Pattern[bytes]  # the start of a record that goes on beyond the end of the text


def _rules(delimiter: bytes, width: int) -> _Rules:
    mark = re.escape(delimiter)
    plain = rb"(?:  [^\r\n%b]*+| ?(?:[^\" \r\n%b][^\r\n%b]*+)?)" % (mark, mark, mark)
    quoted = rb" ?\"[^\"]*+(?:\"\"[^\"]*+)*+\" *+"
    one_line = quoted.replace(rb"[^\"]", rb"[^\"\r\n]")
    end = rb"(?:\r\n|\n|\r)"
    cell, flat = rb"(?:%b|%b)" % (quoted, plain), rb"(?:%b|%b)" % (one_line, plain)
    return _Rules(
        re.compile(rb"%b(?:%b%b)*+%b" % (flat, mark, flat, end)),
        re.compile(rb"%b(?:%b%b){%d}%b?%b" % (cell, mark, cell, width - 1, mark, end)),
        re.compile(rb"%b(?:%b%b)*+(?: ?\"[^\"]*+(?:\"\"[^\"]*+)*+)?\Z" % (cell, mark, cell)),
    )


_LINE_END = re.compile(rb"\r\n|\n|\r")


def _records(chunks: Iterator[bytes], delimiter: bytes, width: int) -> Iterator[bytes]:
    """The records without their line ends, the header first; a broken line is marked.

    Holds the longest record, at most LONGEST_LINE, twice. A record that goes on is looked at again
    only when as much again has been read, and an open quote is followed no further than to the next
    one: time grows with the bytes alone.
    """
    rules, pieces = _rules(delimiter, width), _pieces(chunks)
    held, at, is_last = b"", 0, False

    def more() -> None:
        nonlocal held, at, is_last
        parts, missing = [held[at:]], max(1, len(held) - at)
        while missing > 0 and not is_last:
            piece = next(pieces, None)
            is_last = piece is None
            parts.append(piece or b"")
            missing -= len(parts[-1])
        held, at = b"".join(parts), 0

    while (start := _header_end(held)) is None and not is_last:
        more()
    at = start or len(held)
    yield delimiter.join([b"c"] * width)
    while True:
        match = rules.line.match(held, at) or rules.record.match(held, at)
        if match is not None and match.end() - at <= LONGEST_LINE:
            at = match.end()
            yield match[0].removesuffix(b"\n").removesuffix(b"\r")
            continue
        end = _LINE_END.search(held, at)
        is_short = len(held) - at <= LONGEST_LINE
        if not is_last and is_short and (end is None or rules.prefix.match(held, at)):
            more()
            continue
        if at == len(held):
            return
        line = held[at : end.start() if end else at + LONGEST_LINE + 1]
        mark = (_BROKEN if len(line) <= LONGEST_LINE else _LONG).encode()
        yield mark + delimiter * width + _shown(line).replace(b'"', _QUOTE.encode())
        while end is None and not is_last:  # the rest of a line that has no end in sight
            at = len(held)
            more()
            end = _LINE_END.search(held)
        at = end.end() if end else len(held)


def _pieces(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The chunks, no CRLF cut in two, and a line end at the end of the last line."""
    held = last = b""
    for chunk in chunks:
        whole = held + chunk
        held = b"\r" if whole.endswith(b"\r") else b""
        last = whole.removesuffix(held) if held else whole
        yield last
    if held or not last.endswith(b"\n"):
        yield held or b"\n"


def _header_end(text: bytes) -> int | None:
    quotes = start = 0
    for end in _LINE_END.finditer(text):
        quotes += text.count(b'"', start, end.start())
        start = end.end()
        if quotes % 2 == 0:
            return start
    return None


def _shown(line: bytes) -> bytes:
    """A line cut to what a reject shows of it, no character in two."""
    most = 4 * SHOWN
    return line if len(line) <= most else line[:most].decode("utf-8", "ignore").encode()


# A character that no JSON text can hold: with it for a delimiter the CSV reader reads lines.
NO_DELIMITER, _OTHER = b"\x1f", b"\x1e"


def even_lines(source: Source) -> Path | None:
    """A copy in which every line end is a line feed and no line holds NO_DELIMITER, at which the
    reader would cut it; None for a file that is so already.
    """
    crlf = lf = cr = marks = 0
    last = b""
    for chunk in unpacked_chunks(source):
        crlf += (last + chunk).count(b"\r\n")
        lf, cr, last = lf + chunk.count(b"\n"), cr + chunk.count(b"\r"), chunk[-1:]
        marks += chunk.count(NO_DELIMITER)
    if marks == 0 and (cr == 0 or lf == 0 or crlf == lf == cr):
        return None
    pieces = _pieces(unpacked_chunks(source))
    return _copy(
        piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(NO_DELIMITER, _OTHER)
        for piece in pieces
    )


def _copy(pieces: Iterable[bytes]) -> Path:
    with tempfile.NamedTemporaryFile(prefix="funnelkit-", suffix=".csv", delete=False) as out:
        try:
            for piece in pieces:
                out.write(piece)
        except BaseException:
            Path(out.name).unlink()
            raise
    return Path(out.name)
