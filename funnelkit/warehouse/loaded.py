"""What became of loaded files: the result, the lines and times that could not be read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from funnelkit.warehouse.raw import TIMES, Kind
from funnelkit.warehouse.sources import Reject, Scan, shifts

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_EXAMPLES = 3


class FileLoad(NamedTuple):
    """What became of one file.

    `rows` loaded and `rejected` lines (0 and 0 when `skipped`: its content was loaded before);
    `unreadable` times among the rows, kept as they were; `rejects` the first few rejects;
    `folded` the columns that went into properties, `ignored` those that went nowhere (feedback);
    `replaced_name` is true when other content was loaded under this name before and stays; `users`
    how many rows of raw.users a vendor's export told beside its events; `columns` those of the
    file, none where it was skipped.
    """

    path: Path
    source_file: str
    rows: int
    rejected: int
    skipped: bool
    unreadable: int = 0
    rejects: tuple[Reject, ...] = ()
    folded: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    replaced_name: bool = False
    users: int = 0
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class LoadResult:
    """What `load` did, file by file, in the order loaded."""

    kind: Kind
    files: tuple[FileLoad, ...]
    dry_run: bool = False
    forgotten: int = 0  # rows of people who asked to be forgotten, left out again

    @property
    def rows(self) -> int:
        """Rows loaded, of all files."""
        return sum(file.rows for file in self.files)

    @property
    def rejected(self) -> int:
        """Lines that could not be parsed, of all files."""
        return sum(file.rejected for file in self.files)

    @property
    def skipped(self) -> int:
        """Files that were loaded before."""
        return sum(file.skipped for file in self.files)


def keep_rejects(
    con: "DuckDBPyConnection",
    kinds: Sequence[Kind],
    scan: Scan,
    name: str,
    before: Mapping[Kind, int],
    number: int,
) -> int:
    """The lines of a file that could not be parsed, into raw.rejects; how many.

    `kinds`: what the file fills, its own kind first; `before` the last row of each before it.
    """
    if scan.rejects is None:
        return 0
    ((count,),) = con.execute(
        "insert into raw.rejects select ?, ?, line, reason, text, ? from"
        f" ({scan.rejects}) order by line",
        [kinds[0], name, number],
    ).fetchall()
    if count and scan.dropped is not None:
        for kind in kinds:
            _move_lines(con, kind, scan.dropped, name, before[kind])
    return int(count)


def _move_lines(
    con: "DuckDBPyConnection", kind: Kind, dropped: str, name: str, before: int
) -> None:
    """The reader counts what it keeps: lines behind a dropped one are further down the file."""
    con.execute(
        f"""update raw.{kind} as loaded set source_line = source_line + moved
        from (select place.line, moved from
                (select distinct source_line as line from raw.{kind}
                 where source_file = $name and rowid > $before) place
              asof join ({shifts(dropped)}) moves on place.line > moves.ahead) as found
        where loaded.source_file = $name and loaded.rowid > $before
            and loaded.source_line = found.line""",
        {"name": name, "before": before},
    )


def examples(con: "DuckDBPyConnection", scan: Scan) -> tuple[Reject, ...]:
    """The first few of them."""
    rows = con.execute(f"from ({scan.rejects}) order by line limit {_EXAMPLES}").fetchall()
    return tuple(Reject(*row) for row in rows)


def unreadable_times(con: "DuckDBPyConnection", kind: Kind, name: str, before: int) -> int:
    """Times of the file just loaded that are no times: of all its time columns."""
    # Where a time was read it ends in Z: the costly test runs on the others, and on what looks so.
    bad = " + ".join(
        f"count(*) filter ({t} is not null and ({t} not like '____-__-__ __:__:__%Z'"
        f" or try_cast(left({t}, 19) as timestamp) is null))"
        for t in TIMES[kind]
    )
    ((count,),) = con.execute(
        f"select {bad} from raw.{kind} where source_file = ? and rowid > ?", [name, before]
    ).fetchall()
    return int(count)
