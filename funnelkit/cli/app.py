"""The group of commands: loaded when they are used, one place for errors and exit codes."""

import contextlib
import importlib
import os
import sys
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

import click

from funnelkit.errors import FunnelkitError, did_you_mean

# In the order in which a newcomer needs them; `--help` keeps it.
COMMANDS = (
    "sample",
    "init",
    "load",
    "build",
    "funnel",
    "aha",
    "retention",
    "gaps",
    "nps",
    "themes",
    "opportunities",
    "interviews",
    "cadence",
    "shipped",
    "experiment",
    "explore",
    "report",
    "diff",
    "check",
    "definitions",
    "doctor",
    "forget",
    "dbt",
    "env",
)
OK, FAILED, ERROR, INTERRUPTED, BROKEN_PIPE = 0, 1, 2, 130, 141


class State:
    """What the options that every command has were set to."""

    def __init__(self) -> None:
        self.project = "."
        self.verbose = False
        self.color = "auto"


def state() -> State:
    """The running command's State."""
    return click.get_current_context().find_root().ensure_object(State)


def _store(ctx: click.Context, parameter: click.Parameter, value: Any) -> None:
    # The same option may stand before and behind the command's name: one that was not given must
    # not undo the one that was.
    assert parameter.name is not None
    if value is not None:
        setattr(ctx.find_root().ensure_object(State), parameter.name, value)


def common_options(with_project: bool = True) -> list[click.Option]:
    """--project, --verbose and --color, for the group and for each command."""
    kept: dict[str, Any] = {"expose_value": False, "callback": _store, "default": None}
    project = click.Option(
        ["--project"],
        metavar="DIR",
        type=click.Path(),
        help="The project's folder, or one inside it (default: this folder).",
        **kept,
    )
    verbose = click.Option(
        ["--verbose"], is_flag=True, help="Show the whole traceback of an error.", **kept
    )
    color = click.Option(
        ["--color"],
        type=click.Choice(["auto", "always", "never"]),
        help="Colour: auto is on a terminal only, and never with NO_COLOR set.",
        **kept,
    )
    return [project, verbose, color] if with_project else [verbose, color]


# How to print is often part of an alias.
_LAST_WINS = {"project", "color", "format_"}


class Command(click.Command):
    """A command whose help ends with an example, and that takes the common options."""

    def __init__(self, *args: Any, example: str = "", project: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.example = example
        self.params.extend(common_options(project))

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """The words of the command line, read; raises UsageError for one said twice."""
        _, _, given = self.make_parser(ctx).parse_args(list(args))
        for each in given:
            once = isinstance(each, click.Option) and not (each.multiple or each.is_flag)
            if once and each.name not in _LAST_WINS and given.count(each) > 1:
                raise click.UsageError(f"{each.opts[0]} is given twice", ctx)
        return super().parse_args(ctx, args)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The example, as it would be typed."""
        write_example(self.example, formatter)


def write_example(example: str, formatter: click.HelpFormatter) -> None:
    """The EXAMPLE block of a help page."""
    if example:
        formatter.write("\nExample:\n")
        for line in prompted(example):
            formatter.write(f"  {line}\n")


def prompted(example: str) -> list[str]:
    """Lines as a shell shows them: a prompt before each command, none before what continues it."""
    lines: list[str] = []
    for line in example.strip().splitlines():
        continued = bool(lines) and lines[-1].endswith("\\")
        lines.append(f"  {line}" if continued else f"$ {line}")
    return lines


class SubGroup(click.Group):
    """A command that has commands of its own."""

    def __init__(self, *args: Any, example: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.example = example
        self.params.extend(common_options())

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order in which they were written."""
        return list(self.commands)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> "Resolved":
        """The command that the arguments name; a misspelled one gets "did you mean"."""
        return _resolved(super().resolve_command, ctx, args, self.list_commands(ctx))

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The example, as it would be typed."""
        write_example(self.example, formatter)


Resolved = tuple[str | None, click.Command | None, list[str]]


def _resolved(
    resolve: Callable[[click.Context, list[str]], Resolved],
    ctx: click.Context,
    args: list[str],
    known: Iterable[str],
) -> Resolved:
    try:
        return resolve(ctx, args)
    except click.UsageError as error:
        if args[0].startswith("-"):
            raise
        hint = did_you_mean(args[0], known)
        raise FunnelkitError(f"no command is called {args[0]!r}", hint) from error


class Group(click.Group):
    """Commands by name, imported only when they are asked for."""

    def __init__(self, *args: Any, example: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.example = example

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of COMMANDS."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, or None."""
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(f"funnelkit.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> "Resolved":
        """The command that the arguments name; a misspelled one gets "did you mean"."""
        return _resolved(super().resolve_command, ctx, args, COMMANDS)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The example, as it would be typed."""
        write_example(self.example, formatter)

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command; what click would end the process for leaves as our own exception."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            raise _Interrupted from error
        except BrokenPipeError as error:
            raise _ReaderGone from error

    def main(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Runs a command; every error becomes a message on stderr and an exit code."""
        kwargs["standalone_mode"] = False
        _WORDS[:] = list(kwargs.get("args") or (args[0] if args else None) or sys.argv[1:])
        sys.exit(_exit_code(lambda: self._run(*args, **kwargs)))

    def _run(self, *args: Any, **kwargs: Any) -> Any:
        from funnelkit.errors import check_unicode

        for word in _WORDS:
            check_unicode(word)
        return super().main(*args, **kwargs)


class _Interrupted(Exception):  # noqa: N818
    pass


class _ReaderGone(Exception):  # noqa: N818
    pass


def _exit_code(run: Callable[[], Any]) -> int:
    with contextlib.suppress(AttributeError, ValueError):
        # A pipe in the C locale is ASCII; names in logs are not.
        sys.stdout.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
        sys.stderr.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    try:
        result = run()
        sys.stdout.flush()
    except (_ReaderGone, BrokenPipeError):
        # `| head` has read enough. Python would complain once more when it flushes at exit.
        _drop_unwritable()
        return BROKEN_PIPE
    except (_Interrupted, click.Abort, KeyboardInterrupt):
        # A terminal has just written `^C`.
        _tell("\ninterrupted" if sys.stderr.isatty() else "interrupted")
        return INTERRUPTED
    except FunnelkitError as error:
        _trace(error)
        return _fail(error.message, error.hint)
    except OSError as error:
        _trace(error)
        _drop_unwritable()
        return _fail(_refused(error), None)
    except click.exceptions.NoArgsIsHelpError as error:
        # A group without a command: its help is the answer, though nothing was done.
        click.echo(error.format_message(), err=True)
        return ERROR
    except click.UsageError as error:
        return _fail(_sentence(error.format_message()), _usage_hint(error))
    except click.ClickException as error:
        return _fail(_sentence(error.format_message()), None)
    except Exception as error:
        _trace(error)
        if type(error).__name__ == "IOException":  # DuckDB's: a full disk, a folder it cannot use
            return _fail(f"cannot read or write: {str(error).splitlines()[0]}", None)
        return _fail(
            f"unexpected: {type(error).__name__}: {error}",
            "this is a mistake in funnelkit; `--verbose` shows where",
        )
    return result if isinstance(result, int) else OK


def _drop_unwritable() -> None:
    """What stdout still holds and cannot be written: Python would complain when it exits."""
    with contextlib.suppress(OSError, ValueError):
        try:
            sys.stdout.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _refused(error: OSError) -> str:
    """What the system would not let us do, and why: a read-only folder, a full disk."""
    reason = error.strerror or str(error)
    if error.filename is None:
        return f"cannot write: {reason}"
    name = os.fsdecode(error.filename)
    unreadable = os.access(name, os.F_OK) and not os.access(name, os.R_OK)
    return f"cannot {'read' if unreadable else 'write'} {name}: {reason}"


def _fail(message: str, hint: str | None) -> int:
    first, *rest = message.splitlines() or [""]
    _tell(_cut(first), mark="error:")
    for line in rest:
        _tell(f"  {_cut(line)}")
    if hint:
        _tell(f"  hint: {_cut(hint)}")
    return ERROR


def _cut(line: str) -> str:
    """A value of a megabyte is not to be read on a terminal."""
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


def _usage_hint(error: click.UsageError) -> str:
    path = error.ctx.command_path if error.ctx else "funnelkit"
    if error.ctx is None or error.ctx.parent is None:
        # An option before the command's name: the command's help is what knows it.
        named = next((word for word in _WORDS if word in COMMANDS), "")
        path = f"funnelkit {named}".strip()
    return f"`{path} --help` shows what it takes, with an example"


def _sentence(text: str) -> str:
    """Click's message in our manner: no full stop at the end, no capital at the start."""
    text = " ".join(text.split()).rstrip(".")
    return text[:1].lower() + text[1:]


def _trace(error: BaseException) -> None:
    context = _context_state()
    if context.verbose:
        import traceback

        _tell("".join(traceback.format_exception(error)).rstrip())


# The state of the last run: click has dropped its context when an error arrives here.
_LAST: list[State] = []
_LONGEST = 2_000  # characters of a line of an error
_WORDS: list[str] = []  # the words of the command line


def _context_state() -> State:
    return _LAST[-1] if _LAST else State()


def _red(text: str) -> str:
    from funnelkit.cli.output import colored

    return f"\x1b[1;31m{text}\x1b[0m" if colored(sys.stderr, _context_state().color) else text


def _tell(text: str, mark: str = "") -> None:
    from funnelkit.cli.output import printable

    # Only our own mark is coloured: codes in a message come from data.
    start = f"{_red(mark)} " if mark else ""
    with contextlib.suppress(BrokenPipeError):
        click.echo(start + printable(text, keep="\n\t"), err=True, color=True)


def tell(text: str) -> None:
    """Prints for a person, never for a pipe: everything that is not data goes to stderr."""
    _tell(text)


@click.group(
    cls=Group,
    params=common_options(),
    context_settings={"help_option_names": ["--help", "-h"], "max_content_width": 80},
    example="""
funnelkit sample acme && cd acme
funnelkit load events data/events*.csv && funnelkit load users data/users.csv
funnelkit load feedback data/feedback.csv
funnelkit build
funnelkit funnel activation
""",
)
@click.version_option(package_name="funnelkit", message="%(prog)s %(version)s")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Raw event logs in, reviewed funnels out.

    A project is a folder with a dbt project; its funnels are defined in
    dbt_project.yml. `funnelkit explore` needs no project at all.
    """
    _LAST[:] = [ctx.ensure_object(State)]
