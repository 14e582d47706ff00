"""Opening the warehouse: one file, one writer, the same settings everywhere."""

import os
import re
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from os import getpid
from pathlib import Path
from typing import TYPE_CHECKING

from funnelkit.errors import FunnelkitError, check_unicode

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

# Set after opening, not as `config`: two connections of one process to one file must be opened
# with equal options, and dbt opens the same file with its own.
_SETTINGS = (
    "set TimeZone = 'UTC'",
    "set autoinstall_known_extensions = false",
    "set autoload_known_extensions = false",
    "set python_enable_replacements = false",
    "set enable_progress_bar = false",  # DuckDB draws it on stdout, into the JSON
)
_HOLDER = re.compile(r"held in (?P<program>.+?) \(PID (?P<pid>\d+)\)")


class WarehouseBusy(FunnelkitError):  # noqa: N818
    """Another process has the warehouse open; `program` and `pid` name it where the system tells.

    `pid` is None when the holder is not known (another machine on a network disk).
    """

    def __init__(self, path: Path, program: str | None, pid: int | None) -> None:
        holder = f"{program} (PID {pid})" if pid else "another process"
        super().__init__(
            f"{path.name} is in use by {holder}",
            "wait until it has finished, or stop it; then run the command again",
        )
        self.program = program
        self.pid = pid


def connect(
    path: str | Path,
    *,
    read_only: bool = False,
    wait: float = 10.0,
    config: Mapping[str, str] | None = None,
) -> "DuckDBPyConnection":
    """Open the warehouse file: times in UTC, no extension downloads, no Python variables in SQL.

    A writer makes the file and its folder when they are absent; a reader does not.
    `wait` is how many seconds to wait for another process to let go of the file.
    Raises WarehouseBusy when it does not, FunnelkitError when the file is absent (read-only),
    a folder, unreadable, or not a DuckDB database.
    """
    path = Path(path)
    _check_path(path, read_only)
    return _prepared(_open(path, read_only, wait, config or {}))


def memory(config: Mapping[str, str] | None = None) -> "DuckDBPyConnection":
    """Open an empty database in memory; it spills into the system's temporary folder."""
    import duckdb

    spill = Path(tempfile.gettempdir()) / f"funnelkit-{getpid()}"
    return _prepared(
        duckdb.connect(":memory:", config={"temp_directory": str(spill), **(config or {})})
    )


def lock(con: "DuckDBPyConnection", allowed_paths: Iterable[str | Path]) -> None:
    """From here on `con` can touch no file but `allowed_paths`, and no setting can be changed."""
    # Both spellings: the reader is given the one, and opens the other.
    spellings = [(str(Path(p).absolute()), unglobbed(p)) for p in allowed_paths]
    paths = ", ".join(literal(text) for pair in spellings for text in pair)
    con.execute(f"set allowed_paths = [{paths}]::varchar[]")
    con.execute("set enable_external_access = false")
    con.execute("set lock_configuration = true")


def literal(text: str) -> str:
    """`text` as an SQL string literal, for the places that take no bound parameter.

    Raises FunnelkitError for text that is not Unicode: a file name or a word in other bytes.
    """
    return "'" + check_unicode(text).replace("'", "''") + "'"


@contextmanager
def interruptible() -> Iterator[None]:
    """Make Ctrl-C while DuckDB runs a statement a KeyboardInterrupt, as anywhere in Python."""
    try:
        yield
    except RuntimeError as error:
        if str(error) != "Query interrupted":
            raise
        raise KeyboardInterrupt from None


def unglobbed(path: str | Path) -> str:
    """The absolute path, written so that brackets, stars and question marks match themselves."""
    return re.sub(r"([*?\[])", r"[\1]", str(Path(path).absolute()))


def identifier(name: str) -> str:
    """`name` as a quoted SQL identifier. Raises FunnelkitError for text that is not Unicode."""
    return '"' + check_unicode(name).replace('"', '""') + '"'


def _prepared(con: "DuckDBPyConnection") -> "DuckDBPyConnection":
    for statement in _SETTINGS:
        con.execute(statement)
    if limit := memory_limit():
        _limit(con, limit)
    return con


def memory_limit() -> str | None:
    """What the variable FUNNELKIT_MEMORY allows DuckDB, such as `2GB`; None: most of the machine's.

    Beyond it a query spills to disk, into a folder beside the warehouse.
    """
    return os.environ.get("FUNNELKIT_MEMORY") or None


def _limit(con: "DuckDBPyConnection", limit: str) -> None:
    import duckdb

    try:
        con.execute(f"set memory_limit = {literal(limit)}")
    except duckdb.Error:
        con.close()
        raise FunnelkitError(
            f"FUNNELKIT_MEMORY is {limit!r}; expected a size", "for example 2GB"
        ) from None


def _check_path(path: Path, read_only: bool) -> None:
    if path.is_dir():
        raise FunnelkitError(f"{path.name} is a folder; expected a DuckDB file")
    if path.exists():
        return
    if read_only:
        raise FunnelkitError(f"there is no warehouse yet ({path.name})", "run: funnelkit build")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise FunnelkitError(
            f"cannot make the folder {path.parent.name} for {path.name}: {reason}"
        ) from None


def _open(
    path: Path, read_only: bool, wait: float, config: Mapping[str, str]
) -> "DuckDBPyConnection":
    import duckdb

    delay, end = 0.05, time.monotonic() + wait
    while True:
        try:
            return duckdb.connect(str(path), read_only=read_only, config=dict(config))
        except duckdb.ConnectionException as error:
            # The same process holds the file with other options.
            if "different configuration" not in str(error):
                raise
            raise WarehouseBusy(path, "this program", getpid()) from None
        except duckdb.Error as error:
            message = str(error)
            if "Could not set lock" not in message:
                raise _refused(path, message) from None
            if time.monotonic() + delay > end:
                raise _busy(path, message) from None
        time.sleep(delay)
        delay = min(delay * 2, 1.0)


def _busy(path: Path, message: str) -> WarehouseBusy:
    holder = _HOLDER.search(message)
    if holder is None:
        return WarehouseBusy(path, None, None)
    return WarehouseBusy(path, Path(holder["program"]).name, int(holder["pid"]))


def _refused(path: Path, message: str) -> FunnelkitError:
    if "not a valid DuckDB database file" in message:
        return FunnelkitError(
            f"{path.name} is not a DuckDB database", "move it away, then run: funnelkit build"
        )
    return FunnelkitError(f"cannot open {path.name}: {message.splitlines()[0]}")
