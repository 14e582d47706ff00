"""Options that more than one command has, what they give, and what the shell can complete."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.shell_completion import CompletionItem

from funnelkit.table import Table

if TYPE_CHECKING:
    from funnelkit.api import Project

F = TypeVar("F", bound=Callable[..., Any])


class Completed(click.types.StringParamType):
    """A name of the project's, completed from its definitions; `names` gives what can be typed."""

    def __init__(self, name: str, names: Callable[["Project"], Iterable[str]]) -> None:
        self.name = name
        self.names = names

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Names that start with what is typed; none when the project cannot be read."""
        from funnelkit import api

        folder = getattr(ctx.find_root().obj, "project", ".")
        try:
            names = list(self.names(api.open(folder)))
        except Exception:
            # A completion must never print into the line that is being typed.
            return []
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def _split_by(project: "Project") -> list[str]:
    moments = [f"aha:{name}" for name in project.aha_names()]
    return [*project.user_property_names(), "aha", *moments]


FUNNEL = Completed("name", lambda project: project.funnel_names())
AHA_MOMENT = Completed("name", lambda project: project.aha_names())
DEFINITION = Completed("name", lambda project: project.definition_names())
OUTCOME = Completed("outcome", lambda project: project.outcome_names())
RETURNING = Completed("outcome", lambda project: project.returning_names())
EXPERIMENT = Completed("name", lambda project: project.experiment_names())
CHANGE = Completed("name", lambda project: project.change_names())
THEME = Completed("name", lambda project: project.theme_names())
FEATURE = Completed("feature", lambda project: project.feature_names())
QUESTION = Completed("question", lambda project: project.claim_names())
SEGMENT = Completed("segment", lambda project: project.segment_names())
SEGMENT_OR_PROPERTY = Completed(
    "property", lambda project: [*project.user_property_names(), *project.segment_names()]
)
FEATURE_OR_FUNNEL = Completed(
    "name", lambda project: [*project.feature_names(), *project.funnel_names()]
)
GATE = Completed("name", lambda project: project.gate_names())
WAVE = Completed("wave", lambda project: project.wave_names())
PROPERTY = Completed("property", lambda project: project.property_names())
USER_PROPERTY = Completed("property", lambda project: project.user_property_names())
SPLIT_BY = Completed("property", _split_by)


def options(*each: Callable[[F], F]) -> Callable[[F], F]:
    """Several options as one decorator, shown in this order."""

    def decorate(command: F) -> F:
        for option in reversed(each):
            command = option(command)
        return command

    return decorate


def _step_and_file(
    ctx: click.Context, param: click.Parameter, given: tuple[str, str] | None
) -> tuple[str, str] | None:
    """The words of `--who` as given; raises BadParameter when they have changed places."""
    if given and given[1].startswith("-") and given[1] != "-":
        raise click.BadParameter(
            f"the step comes first, then the file: --who {given[1]} {given[0]}", ctx, param
        )
    return given


def table_options() -> Callable[[F], F]:
    """Which table to print; `only_one_table` refuses two of them."""
    return options(
        click.option(
            "--by",
            metavar="PROP[@STEP]",
            type=PROPERTY,
            help="One line for each value of a property, at the entry or at a step.",
        ),
        click.option(
            "--trend",
            type=click.Choice(["day", "week", "month"]),
            is_flag=False,
            flag_value="week",
            help="One line for each entry period; weeks, if none is named.",
        ),
        click.option("--times", is_flag=True, help="How long it takes from entry to last step."),
        click.option("--next-after", metavar="STEP", help="What those lost after a step did next."),
        click.option(
            "--compare",
            metavar="PROP|SQL",
            multiple=True,
            type=PROPERTY,
            help="Differences between a property's values, or between conditions.",
        ),
        click.option(
            "--who",
            metavar="[-]STEP FILE",
            nargs=2,
            type=str,
            callback=_step_and_file,
            help="Write the ids of who got to a step (-STEP: who did not) as CSV.",
        ),
        click.option(
            "--explain", metavar="ENTITY", help="One id's events, row by row, and why it stopped."
        ),
    )


def bound_options(only: str) -> Callable[[F], F]:
    """Of whom: `only` says what --where keeps."""
    return options(
        click.option("--where", metavar="SQL", help=only),
        click.option("--since", metavar="DATE", help="Only entries from this day, or time, on."),
        click.option(
            "--until", metavar="DATE", help="Only entries up to this day, or time, inclusive."
        ),
    )


def only_one_table(asked: Mapping[str, Any]) -> None:
    """Raises UsageError when the options ask for two tables."""
    from funnelkit import api

    told = api.different_tables(asked)
    if told:
        raise click.UsageError(told)


def show(table: Table, format_: str, *, times: bool, who: Sequence[str] | None) -> None:
    """Prints the table; for `--who` writes it to its file instead, and says how many there are."""
    from funnelkit import api
    from funnelkit.cli.app import tell
    from funnelkit.cli.output import emit, write_csv

    if who:
        if format_ not in ("table", "csv"):
            raise click.UsageError(f"--who writes CSV: --format {format_} does not go with it")
        file = who[1]
        write_csv(table, file)
        told = f"wrote {file}: " if file != "-" else ""
        tell(f"{told}{table.headline.removesuffix('.')}")
        for note in table.notes:
            tell(f"note: {note}")
        return
    if times and format_ in ("table", "markdown"):
        table = api.readable_curve(table)  # a row per conversion is for programs
    emit(table, format_)
