"""`funnelkit cadence`."""

import click

from funnelkit.cli.app import Command, state, tell
from funnelkit.cli.output import emit, format_option


@click.command(
    cls=Command,
    short_help="Print how often customers are heard, week by week.",
    example="""
funnelkit cadence
funnelkit cadence --format csv
""",
)
@format_option()
def command(format_: str) -> None:
    """Print interviews, answered surveys, tickets and reviews of every week.

    Also how many customers interviews and surveys reached. A week in which
    nobody was heard is a row of zeros, up to the end of the data.
    """
    from funnelkit import api

    project = api.open(state().project)
    table = project.cadence()
    if warning := project.build_warning():
        tell(f"warning: {warning}")
    emit(table, format_)
