"""Which files are meant, what is in each, and what a way to read one looks like."""

import gzip
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal, NamedTuple, cast

from funnelkit.errors import FunnelkitError, check_unicode, did_you_mean

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Format = Literal["csv", "jsonl", "json", "parquet"]
Compression = Literal["none", "gzip", "zstd"]

LONGEST_LINE = 16 << 20  # bytes; a longer one is a reject
MOST_COLUMNS = 2_000
SHOWN = 10_000  # characters of a rejected line that are kept
_CHUNK = 1 << 20
_UNWRITTEN = re.compile('Could not write file "(?P<file>.+?)": (?P<why>.+)')
_DAMAGE = (OSError, EOFError, zlib.error)
_ENDINGS: dict[str, Format] = {
    "csv": "csv", "tsv": "csv", "txt": "csv", "jsonl": "jsonl", "ndjson": "jsonl",
    "json": "json", "parquet": "parquet", "pq": "parquet",
}  # fmt: skip
_FOREIGN = {
    b"PK\x03\x04": "a zip or Excel file",
    b"\xd0\xcf\x11\xe0": "an old Excel file",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
}


class Source(NamedTuple):
    """A file, what is in it, and how it is packed."""

    path: Path
    format: Format
    compression: Compression


class Reject(NamedTuple):
    """A line that could not be read: its number in the file (from 1), why, and its text."""

    line: int
    reason: str
    text: str


@dataclass(frozen=True)
class Scan:
    """How to read one file with SQL: `select {text[0]} from {relation}`.

    `columns` are the names in the file; `text` and `json` are SQL expressions over `relation`, one
    per column: the value as text, and as JSON text; both NULL where there is none or it is empty.
    Where `bare` has an expression per column, `bare_json` of one, called `v`, is the JSON text too.
    `line` is an SQL expression for the line as if no line had been dropped before it. `peek` is
    the same relation for a look at the first rows: it keeps no rejects. Run `relation` once; then
    `rejects` is a query of (line, reason, text), and `dropped` a query of (line) that the reader
    left out, for `shifts`. Then call `close`. `records`: how many the file holds, if that is known
    before it is read: each is a row or a reject. `quoted`: it has quotes; `careful`: every one has
    been looked at.
    """

    source: Source
    columns: tuple[str, ...]
    text: tuple[str, ...]
    json: tuple[str, ...]
    line: str
    relation: str
    peek: str
    rejects: str | None = None
    dropped: str | None = None
    records: int | None = None
    quoted: bool = False
    careful: bool = False
    bare: tuple[str, ...] = ()
    bare_json: str = ""
    _tables: tuple[str, ...] = ()
    _copy: Path | None = field(default=None, repr=False)

    def json_list(self, indexes: Iterable[int]) -> str:
        """SQL: the JSON texts of these columns as a list; it plans fast where they are many."""
        if not self.bare:
            return f"[{', '.join(self.json[index] for index in indexes)}]"
        bare = ", ".join(self.bare[index] for index in indexes)
        return f"list_transform([{bare}], lambda v: {self.bare_json})"

    def close(self, con: "DuckDBPyConnection") -> None:
        """Drop the temporary tables and files of the scan."""
        import duckdb

        # In a transaction that failed nothing can be dropped; its rollback takes them away.
        with suppress(duckdb.TransactionException):
            for table in self._tables:
                con.execute(f"drop table if exists temp.{table}")
        if self._copy is not None:
            self._copy.unlink(missing_ok=True)


def find(patterns: Iterable[str | Path]) -> list[Path]:
    """The files that names and globs stand for: each glob sorted, no file twice.

    A name that exists is that file, whatever brackets or stars are in it. Raises FunnelkitError
    for a folder, a missing file, and a glob that no file matches.
    """
    found: dict[Path, None] = {}
    for pattern in patterns:
        for path in _expand(str(pattern)):
            check_unicode(path.name)
            found.setdefault(Path(path.absolute()))
    return list(found)


def inspect(path: Path) -> Source:
    """Tell format and packing of a file from its first bytes, then its ending.

    Raises FunnelkitError for an empty file, a folder, a pipe or device, and what is not a log
    (Excel, UTF-16).
    """
    if path.is_dir():
        raise _folder(path)
    if path.exists() and not path.is_file():  # a pipe without a writer would block for ever
        raise FunnelkitError(
            f"{path.name} is a pipe or a device; expected a file, which is read more than once",
            "write it to a file first, and load that",
        )
    with reading(path):
        magic = _first(path.open("rb"), 4)
        compression: Compression = "none"
        if magic[:2] == b"\x1f\x8b":
            compression = "gzip"
        elif magic == b"\x28\xb5\x2f\xfd":
            compression = "zstd"
        head = _first(_unpacked(path, compression), 65_536)
    for foreign, name in _FOREIGN.items():
        if head.startswith(foreign):
            raise FunnelkitError(
                f"{path.name} is {name}; expected CSV, JSON lines or Parquet",
                "save it as CSV in UTF-8 and load that",
            )
    body = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not body:
        raise FunnelkitError(f"{path.name} is empty; expected a header line and rows")
    return Source(path, _format(path, body), compression)


def unpacked_chunks(source: Source) -> Iterator[bytes]:
    """The file's bytes without its packing, in pieces of a megabyte."""
    with reading(source.path), _unpacked(source.path, source.compression) as stream:
        while chunk := stream.read(_CHUNK):
            yield bytes(chunk)


def _expand(pattern: str) -> list[Path]:
    path = Path(pattern).expanduser()
    if path.is_dir():
        raise _folder(path)
    if path.exists():
        return [path]
    if not any(mark in pattern for mark in "*?["):
        raise FunnelkitError(f"there is no file {pattern!r}", _nearby(path))
    base = Path(path.anchor) if path.anchor else Path()
    relative = path.relative_to(base) if path.anchor else path
    matches = sorted(match for match in base.glob(str(relative)) if match.is_file())
    if not matches:
        raise FunnelkitError(f"no file matches {pattern!r}", "quote the glob: 'data/*.csv'")
    return matches


_LOG_ENDINGS = {".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".parquet", ".gz", ".zst"}


def _nearby(path: Path) -> str | None:
    if not path.parent.is_dir():
        return f"there is no folder {path.parent.name!r} either"
    logs = (p.name for p in path.parent.iterdir() if p.suffix in _LOG_ENDINGS and p.is_file())
    return did_you_mean(path.name, logs)


def _folder(path: Path) -> FunnelkitError:
    return FunnelkitError(
        f"{path.name or path} is a folder; expected a file", f"name its files: '{path}/*.csv'"
    )


def _format(path: Path, body: bytes) -> Format:
    if body.startswith(b"PAR1"):
        return "parquet"
    endings = [e.lower().lstrip(".") for e in path.suffixes if e.lower() not in (".gz", ".zst")]
    named = _ENDINGS.get(endings[-1]) if endings else None
    if named == "parquet":
        raise FunnelkitError(f"{path.name} is not a Parquet file, though its name says so")
    if named in ("csv", "jsonl"):
        return named
    if body.startswith(b"["):
        return "json"
    return "jsonl" if body.startswith(b"{") or named == "json" else "csv"


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn what can go wrong while the file is read into one clear error that names it."""
    try:
        yield
    except FileNotFoundError:
        raise FunnelkitError(f"there is no file {path.name!r}") from None
    except Exception as error:
        if not _is_damage(error):
            raise
        reason = getattr(error, "strerror", None) or str(error) or "it is cut short"
        first = reason.splitlines()[0].replace(str(path), path.name)
        if full := _UNWRITTEN.search(first):  # the warehouse beside it, or a file in /tmp
            raise FunnelkitError(
                f"cannot write {Path(full['file']).name}: {full['why']}",
                "free some space, then run it again: nothing was changed",
            ) from None
        raise FunnelkitError(f"cannot read {path.name}: {first}") from None


def damaged(error: Exception, paths: Sequence[Path]) -> FunnelkitError | None:
    """The error for what DuckDB met in one of the files while a query ran; None for any other.

    A view over Parquet is read only then, and by SQL of which the caller wrote a part.
    """
    import duckdb

    if not isinstance(error, duckdb.Error):
        return None
    text = str(error)
    named = [path for path in paths if str(path) in text]
    is_file = named and isinstance(error, duckdb.IOException | duckdb.InvalidInputException)
    if not (is_file or type(error) is duckdb.Error):
        return None
    one = named or paths
    where = one[0].name if len(one) == 1 else f"one of {len(one)} files"
    reason = (text.splitlines() or [""])[0].replace(str(one[0]), one[0].name)
    return FunnelkitError(f"cannot read {where}: {reason}")


def _is_damage(error: Exception) -> bool:
    import duckdb

    # Not any duckdb.Error: a mistake in our SQL, or Ctrl-C, is not the file's fault. The class
    # itself is what a library inside of DuckDB throws at the sight of a damaged Parquet file.
    damage = (
        *_DAMAGE,
        duckdb.IOException,
        duckdb.InvalidInputException,
        duckdb.ConversionException,
        duckdb.PermissionException,
        duckdb.OutOfMemoryException,
    )
    return isinstance(error, damage) or type(error) is duckdb.Error


def _unpacked(path: Path, compression: Compression) -> IO[bytes]:
    if compression == "gzip":
        return cast(IO[bytes], gzip.open(path, "rb"))
    if compression == "zstd":
        import pyarrow as pa

        return cast(IO[bytes], pa.input_stream(str(path), compression="zstd"))
    return path.open("rb")


def _first(stream: IO[bytes], size: int) -> bytes:
    with stream:
        return bytes(stream.read(size))


def shifts(dropped: str) -> str:
    """SQL (ahead, moved): a line counted without the dropped ones moves down by `moved`, if it is
    beyond `ahead`; of several, the row with the largest `ahead` holds (ASOF)."""
    return f"""
        select line - nth as ahead, max(nth) as moved
        from (select line, row_number() over (order by line) as nth
              from (select distinct line from ({dropped})))
        group by 1"""
