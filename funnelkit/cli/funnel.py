"""`funnelkit funnel`."""

from typing import Any

import click

from funnelkit.cli.app import Command, state, tell
from funnelkit.cli.options import FunnelName
from funnelkit.cli.output import emit, format_option


@click.command(
    cls=Command,
    short_help="Print a funnel: who got how far, and where they left.",
    example="""
funnelkit funnel activation
funnelkit funnel activation --by channel --format json
""",
)
@click.argument("name", required=False, type=FunnelName())
@click.option("--by", metavar="PROP", help="One line for each value of a declared breakdown.")
@click.option(
    "--trend",
    type=click.Choice(["day", "week", "month"]),
    is_flag=False,
    flag_value="week",
    help="One line for each entry period; weeks, if none is named.",
)
@click.option("--times", is_flag=True, help="How long it takes from entry to the last step.")
@format_option()
def command(name: str | None, by: str | None, trend: Any, times: bool, format_: str) -> None:
    """Print the funnel NAME of the built warehouse.

    The project's only funnel needs no name. Conversion counts the entities
    whose window has closed; those still open are shown beside them, never
    mixed in. `funnelkit definitions NAME` spells the rules out.
    """
    if sum((by is not None, trend is not None, times)) > 1:
        raise click.UsageError("--by, --trend and --times are different tables: ask for one")
    from funnelkit import api

    project = api.open(state().project)
    table = project.funnel(name, by=by, trend=trend, times=times)
    if times and format_ in ("table", "markdown"):
        table = api.readable_curve(table)  # a row per conversion is for programs
    warning, unseen = project.build_state(str(project.pick(name, project.specs())["name"]))
    if warning:
        tell(f"warning: {warning}")
    for text in unseen:
        tell(f"note: {text}")
    emit(table, format_)
