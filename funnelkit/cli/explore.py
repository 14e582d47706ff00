"""`funnelkit explore`."""

from typing import Any

import click

from funnelkit.cli.app import Command
from funnelkit.cli.output import emit, format_option


@click.command(
    cls=Command,
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
@click.option("--window", metavar="TIME", help="From entry to last step, like 14d or '36 hours'.")
@click.option(
    "--entry",
    type=click.Choice(["first", "best"]),
    default="first",
    show_default=True,
    help="Start at the first entry, or at whichever gets furthest.",
)
@click.option("--where", metavar="SQL", help="Only rows for which this is true.")
@click.option(
    "--entity", metavar="COLUMN", default="user_id", show_default=True, help="What is counted."
)
@click.option("--by", metavar="COLUMN", help="One line for each value at the entry.")
@click.option(
    "--time-format", metavar="FORMAT", help="How times are written, if not ISO: '%m/%d/%Y %H:%M'."
)
@format_option()
def command(
    files: tuple[str, ...],
    steps: tuple[str, ...],
    maps: tuple[str, ...],
    window: str | None,
    entry: Any,
    where: str | None,
    entity: str,
    by: str | None,
    time_format: str | None,
    format_: str,
) -> None:
    """Make a funnel over log files: no project, no warehouse, nothing written.

    A step is an event's name, several names joined by `|`, or either of them
    with a condition: "big=purchase where amount > 10". SQL can read these files
    and nothing else.
    """
    from funnelkit import api

    table = api.explore(
        files,
        api.parse_steps(steps),
        mapping=api.parse_map(maps),
        window=window,
        entry=entry,
        where=where,
        entity=entity,
        by=by,
        time_format=time_format,
    )
    emit(table, format_)
