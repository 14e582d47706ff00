"""Printing a Table: one value, four formats, and a terminal layout that fits its width.

Imports rich only when something is printed for a person.
"""

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

import click

from funnelkit.errors import FunnelkitError
from funnelkit.table import Table, to_csv, to_json, to_markdown

if TYPE_CHECKING:
    from funnelkit.api import Progress

F = TypeVar("F", bound=Callable[..., Any])
FORMATS = ("table", "markdown", "csv", "json")
_PLAIN_WIDTH = 80  # where a terminal does not say

# Names in logs are data: none of them may move the cursor, ring the bell or turn the text around.
_CONTROL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def printable(text: str, keep: str = "") -> str:
    """The text with control and direction marks shown as `�`, except those in `keep`."""
    return _CONTROL.sub(lambda match: match[0] if match[0] in keep else "\ufffd", text)


def colored(stream: TextIO, choice: str) -> bool:
    """Whether to colour what goes to this stream: `--color`, else NO_COLOR, else a terminal."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def format_option(default: str = "table") -> Callable[[F], F]:
    """`--format table|markdown|csv|json`, for every command that prints data."""
    return click.option(
        "--format",
        "format_",
        type=click.Choice(FORMATS),
        default=default,
        help="How to print: for people, for a document, or every column for a program.",
    )


def emit(table: Table, format_: str) -> None:
    """Prints the table to stdout; people get the layout that suits its columns."""
    if format_ == "json":
        text = to_json(table)
    elif format_ == "csv":
        text = to_csv(table)
    elif format_ == "markdown":
        text = _markdown(table)
    else:
        _emit_table(table)
        return
    echo(text)


def echo(text: str) -> None:
    """Prints data: as it is for a program; on a terminal nothing in it steers the terminal."""
    shown = printable(text, keep="\n\t") if sys.stdout.isatty() else text
    click.echo(shown, nl=False, color=True)


def refuse_existing(file: str, force: bool) -> None:
    """Raises FunnelkitError for a file that is there, unless it may be replaced; `-` is none."""
    from pathlib import Path

    if file != "-" and not force and Path(file).exists():
        raise FunnelkitError(f"{file} is there already", "`--force` replaces it")


def write_csv(table: Table, file: str) -> None:
    """Writes the table as CSV, `-` to stdout; a file is written beside and renamed, or not at all.

    Raises FunnelkitError for a folder that is not there.
    """
    if file == "-":
        echo(to_csv(table))
        return
    from pathlib import Path

    path = Path(file)
    if not path.parent.is_dir():
        raise FunnelkitError(f"no such folder: {path.parent}", "make it first, or name another")
    if path.is_dir():
        raise FunnelkitError(f"{file} is a folder", "name a file, like lost.csv")
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_text(to_csv(table), encoding="utf-8", newline="")
        os.replace(beside, path)  # noqa: PTH105 - atomic on every platform
    finally:
        beside.unlink(missing_ok=True)


def _markdown(table: Table) -> str:
    from funnelkit.cli.layout import human
    from funnelkit.table import markdown_text

    parts = [markdown_text(table.headline)] if table.headline else []
    parts.append(to_markdown(human(table) if table.rows else table).rstrip("\n"))
    if table.notes:
        parts.append("\n".join(f"- {markdown_text(note)}" for note in table.notes))
    return "\n\n".join(parts) + "\n"


def _emit_table(table: Table) -> None:
    from funnelkit.cli.layout import lay_out

    width = _width()
    grid = lay_out(table, width)
    lines = grid.lines(width)
    _print_text(table.headline, width, "bold")
    if table.headline and lines:
        _print_lines([[("", "")]])
    _print_lines(lines)
    if not lines and not table.headline:
        _print_text("no rows", width, "dim")
    if table.notes:
        _print_lines([[("", "")]])
    for note in table.notes:
        _print_text(note, width, "dim", indent=2)


def emit_blocks(table: Table, heading: tuple[str, str, str], line: str) -> None:
    """Prints rows that share the heading columns as a block: a title, then their lines.

    `heading`: name, hash, kind; of a funnel the kind goes without saying.
    """
    from funnelkit.cli.grid import wrap

    width, previous = _width(), None
    for record in table.records():
        title = tuple(str(record[name]) for name in heading)
        if title != previous:
            _print_lines([[("", "")]] * (previous is not None))
            kind = f"  {title[2]}" if title[1] and title[2] != "funnel" else ""
            _print_lines([[(title[0], "bold"), ("  ", ""), (title[1], "dim"), (kind, "")]])
            previous = title
        for text in wrap(printable(str(record[line])), (width or 10**9) - 3, indent=2):
            _print_lines([[("  ", ""), (text, "")]])


def emit_lines(lines: "list[list[tuple[str, str]]]") -> None:
    """Prints lines of pieces, each a text and the name of its style, "" for none."""
    _print_lines(lines)


_MARKS = {"ok": ("✓", "good"), "warn": ("!", "warn"), "fail": ("✗", "bad")}


def emit_checks(table: Table) -> None:
    """Prints a doctor's checks: state, what was looked at, what was found, what to do."""
    from funnelkit.cli.grid import wrap

    width = (_width() or 10**9) - 1
    labels = [str(value) for value in table.column("check")]
    left = max((len(label) for label in labels), default=0)
    for record in table.records():
        mark, style = _MARKS[str(record["state"])]
        head = f"{record['state']!s:<4}  {record['check']!s:<{left}}  "
        lines = wrap(printable(str(record["found"]), "\n"), max(20, width - left - 10))
        if record["hint"]:
            lines += wrap(printable(f"→ {record['hint']}", "\n"), max(20, width - left - 10), 2)
        for number, text in enumerate(lines):
            first = [(f"{mark} ", style), (head, "")]
            rest = [(" " * (len(head) + 2), "")]
            _print_lines(
                [[*(first if number == 0 else rest), (text, "dim" * text.startswith("→"))]]
            )


def _width() -> int | None:
    """Columns of the terminal; None for a pipe, which gets everything."""
    if not sys.stdout.isatty():
        return None
    import shutil

    return max(40, shutil.get_terminal_size((_PLAIN_WIDTH, 24)).columns)


def _print_text(text: str, width: int | None, style: str, indent: int = 0) -> None:
    if not text:
        return
    from funnelkit.cli.grid import wrap

    for line in wrap(printable(text), (width or 10**9) - 1, indent):
        _print_lines([[(line, style)]])


def _print_lines(lines: "list[list[tuple[str, str]]]") -> None:
    from funnelkit.cli.app import state

    color = colored(sys.stdout, state().color)
    for line in lines:
        parts = [
            _styled(printable(text), style) if color else printable(text) for text, style in line
        ]
        click.echo("".join(parts).rstrip(), color=True)


# 256-colour codes that keep a contrast of 3 on black and on white; reports use the same two hues.
_STYLES = {
    "bold": "1",
    "dim": "2",
    "bar": "38;5;32",
    "ghost": "38;5;244",
    "open": "38;5;172",
    "good": "38;5;35",
    "warn": "38;5;172",
    "bad": "1;38;5;160",
}


def _styled(text: str, style: str) -> str:
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if style and text.strip() else text


@contextmanager
def progress_bar(label: str) -> Iterator[Any]:
    """Yields a callback for `build`'s Progress; draws on stderr, on a terminal only."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield lambda progress: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as RichProgress

    console = Console(stderr=True, no_color=not _stderr_color())
    columns = (
        TextColumn(f"{label:<8}"),
        BarColumn(
            bar_width=28,
            complete_style="color(32)",
            finished_style="color(35)",
            pulse_style="color(244)",
        ),
        MofNCompleteColumn(),
        TextColumn("{task.fields[name]}", style="bright_black", markup=False),
    )
    with RichProgress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(label, total=None, name="starting dbt")

        def update(progress: "Progress") -> None:
            bar.update(
                task, completed=progress.done, total=progress.total, name=printable(progress.name)
            )

        yield update


@contextmanager
def working(label: str) -> Iterator[None]:
    """Says that something is going on: on stderr, on a terminal only."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield
        return
    from rich.console import Console

    console = Console(stderr=True, no_color=not _stderr_color())
    with console.status(label, spinner="line", spinner_style="color(32)"):
        yield


def _stderr_color() -> bool:
    from funnelkit.cli.app import state

    return colored(sys.stderr, state().color)
