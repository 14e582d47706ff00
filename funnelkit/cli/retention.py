"""`funnelkit retention`."""

import click

from funnelkit.cli.app import Command, state, tell
from funnelkit.cli.options import RETURNING, SPLIT_BY
from funnelkit.cli.output import emit, format_option


@click.command(
    cls=Command,
    short_help="Print who comes back, week by week after the entry.",
    example="""
funnelkit retention retained_week_4
funnelkit retention retained_week_4 --by aha
funnelkit retention retained_week_4 --cohorts
""",
)
@click.argument("outcome", required=False, type=RETURNING)
@click.option(
    "--by",
    metavar="aha|PROP",
    type=SPLIT_BY,
    help="One line for each value of a user property, or for who reached an aha moment and who "
    "did not (aha:NAME where there are several).",
)
@click.option("--cohorts", is_flag=True, help="Also by entry week.")
@format_option()
def command(outcome: str | None, by: str | None, cohorts: bool, format_: str) -> None:
    """Print in which weeks the events of OUTCOME came again.

    The project's only outcome of an event needs no name. A week counts for
    whom it is over, whether they came back or not.
    """
    from funnelkit import api

    project = api.open(state().project)
    table = project.retention(outcome, by=by, cohorts=cohorts)
    told = str(table.column("outcome")[0]) if table.rows else outcome
    warning, unseen = project.build_state(f"outcome {told}")
    if warning:
        tell(f"warning: {warning}")
    for text in unseen:
        tell(f"note: {text}")
    emit(table, format_)
