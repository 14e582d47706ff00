"""Private lists: files of ids that `quality: exclude:` names, read into the warehouse.

The ids stand in raw.lists alone: definitions name the file, reports and tables count.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from funnelkit.errors import FunnelkitError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from funnelkit.project.read import Source

Lists = Mapping[str, Sequence[str]]
_EXAMPLE = "a list is a text file in the project's folder with one id a line"


def read_lists(source: "Source", root: Path) -> Lists:
    """The ids of every rule with a list, by the rule's name, each id once, in the file's order.

    `root`: the project's folder. Blank lines, blanks around an id and lines that begin with `#`
    are no ids. Raises FunnelkitError for a file that is not there, or not UTF-8.
    """
    found: dict[str, Sequence[str]] = {}
    for at, rule in enumerate(source.definitions.quality.exclude):
        if rule.list is not None:
            place = source.place("quality", "exclude", at, "list")
            found[rule.name] = _ids(_text(root / rule.list, rule.list, place))
    return found


def _ids(text: str) -> list[str]:
    lines = (line.strip() for line in text.split("\n"))
    return list(dict.fromkeys(line for line in lines if line and not line.startswith("#")))


def _text(file: Path, written: str, place: str) -> str:
    if file.is_dir():
        raise FunnelkitError(f"{place}: {written} is a folder", _EXAMPLE)
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        raise FunnelkitError(f"{place}: there is no file {written}", _EXAMPLE) from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise FunnelkitError(f"{place}: {written} cannot be read: {why}", _EXAMPLE) from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FunnelkitError(f"{written}:{line}: not UTF-8", "save the file as UTF-8") from None


def write_lists(con: "DuckDBPyConnection", lists: Lists) -> None:
    """Makes raw.lists (list, id) these, in one transaction; nothing is written if it is so already.

    Without any list, no table is made.
    """
    from funnelkit.warehouse.meta import has_table

    pairs = [(name, each) for name, ids in lists.items() for each in ids]
    there = has_table(con, "raw", "lists")
    if not there and not pairs:
        return
    con.execute("begin")
    try:
        con.execute("create schema if not exists raw")
        con.execute("create table if not exists raw.lists (list varchar, id varchar)")
        con.execute(
            "create temp table fk_lists as"
            " select unnest(?::varchar[]) as list, unnest(?::varchar[]) as id",
            [[name for name, _ in pairs], [each for _, each in pairs]],
        )
        if _differ(con):
            con.execute("delete from raw.lists")
            con.execute("insert into raw.lists by name select list, id from fk_lists")
        con.execute("drop table fk_lists")
        con.execute("commit")
    except BaseException:
        con.execute("rollback")
        raise


def _differ(con: "DuckDBPyConnection") -> bool:
    # The build looks at the content; the file need not grow by a list that stays as it is.
    ((rows,),) = con.execute(
        "select count(*) from ((from raw.lists except all from fk_lists)"
        " union all (from fk_lists except all from raw.lists))"
    ).fetchall()
    return bool(rows)
