"""`funnelkit explore`."""

from typing import Any

import click

from funnelkit.cli.app import Command
from funnelkit.cli.options import bound_options, only_one_table, options, show, table_options
from funnelkit.cli.output import format_option

_rule_options = options(
    click.option(
        "--window", metavar="TIME", help="From entry to last step, like 14d or '36 hours'."
    ),
    click.option("--step-window", metavar="TIME", help="From one step to the next, at most."),
    click.option(
        "--order",
        type=click.Choice(["ordered", "strict", "any"]),
        default="ordered",
        show_default=True,
        help="Others may come in between; none may; or in any order.",
    ),
    click.option("--anchor-first", is_flag=True, help="Any order, but the first step begins."),
    click.option(
        "--entry",
        type=click.Choice(["first", "best"]),
        help="Start at the first entry (default), or at whichever gets furthest.",
    ),
    click.option(
        "--count",
        type=click.Choice(["entities", "entries"]),
        default="entities",
        show_default=True,
        help="Count each entity once, or every entry.",
    ),
    click.option(
        "--entity", metavar="COLUMN", default="user_id", show_default=True, help="What is counted."
    ),
    click.option(
        "--hold", metavar="COLUMN", multiple=True, help="Steps must agree in this column."
    ),
    click.option(
        "--exclude",
        metavar="EXCLUSION",
        multiple=True,
        help="EVENT[|EVENT...][ from=STEP][ to=STEP][ scope=entity][ where SQL].",
    ),
    click.option(
        "--optional", metavar="STEP", multiple=True, help="A step that may be left out, by name."
    ),
    click.option("--row-reuse", is_flag=True, help="One row may fill several steps."),
    click.option("--strict-increase", is_flag=True, help="Simultaneous rows do not count."),
)


_ENDINGS = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".parquet", ".gz", ".zst")


class _Explore(Command):
    """The command; a log that was given without its option is told so."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """The words of the command line, read."""
        given = list(args)
        try:
            return super().parse_args(ctx, args)
        except click.MissingParameter as error:
            file = next((word for word in given if word.lower().endswith(_ENDINGS)), None)
            if file is None or error.param is None or error.param.name != "files":
                raise
            raise click.UsageError(f"a log is named by its option: --events {file}", ctx) from None


@click.command(
    cls=_Explore,
    project=False,
    short_help="Make a funnel over any log file, without a project.",
    example="""
funnelkit explore --events shop.csv --map event_name=event --map occurred_at=ts \\
  --step catalog --step "product=product1|product2" --step cart --window 30d
""",
)
@click.option(
    "--events",
    "files",
    metavar="FILE|GLOB",
    multiple=True,
    required=True,
    help="Log files: CSV, JSON lines or Parquet, also .gz and .zst.",
)
@click.option(
    "--step",
    "steps",
    metavar="STEP",
    multiple=True,
    required=True,
    help="[NAME=]EVENT[|EVENT...][ where SQL]; give two or more.",
)
@click.option(
    "--map",
    "maps",
    metavar="COLUMN=THEIRS",
    multiple=True,
    help="Our column (user_id, event_name, occurred_at) from one of theirs.",
)
@_rule_options
@table_options()
@bound_options("Only rows for which this is true.")
@click.option(
    "--timezone",
    metavar="ZONE",
    default="UTC",
    show_default=True,
    help="Whose days --since, --until and --trend are.",
)
@click.option(
    "--time-format", metavar="FORMAT", help="How times are written, if not ISO: '%m/%d/%Y %H:%M'."
)
@format_option()
def command(
    files: tuple[str, ...],
    steps: tuple[str, ...],
    maps: tuple[str, ...],
    optional: tuple[str, ...],
    exclude: tuple[str, ...],
    who: Any,
    format_: str,
    **asked: Any,
) -> None:
    """Make a funnel over log files: no project, no warehouse, nothing left behind.

    A step is an event's name, several names joined by `|`, or either of them
    with a condition: "big=purchase where amount > 10". SQL can read these files
    and nothing else.
    """
    only_one_table({**asked, "who": who})
    from funnelkit import api

    table = api.explore(
        files,
        api.parse_steps(steps, optional),
        mapping=api.parse_map(maps),
        exclude=[api.parse_exclude(text) for text in exclude],
        who=who[0] if who else None,
        **asked,
    )
    show(table, format_, times=asked["times"], who=who)
