"""`funnelkit experiment`."""

import click

from funnelkit.cli.app import Command, state, tell
from funnelkit.cli.options import EXPERIMENT
from funnelkit.cli.output import emit, format_option


@click.command(
    cls=Command,
    short_help="Print what an experiment shows, if its groups are as planned.",
    example="""
funnelkit experiment invite_prompt
""",
)
@click.argument("name", required=False, type=EXPERIMENT)
@format_option()
def command(name: str | None, format_: str) -> None:
    """Print what a declared experiment shows, one line a variant, control first.

    Without NAME, all of them. The first exposure puts somebody into a group; who
    saw several variants is left out and counted. If the sizes of the groups are
    not what chance makes of the planned shares (p < 0.001), nothing is compared:
    exposures are missing, and nobody knows whose. Rates are of those whose time
    is over.
    """
    from funnelkit import api

    project = api.open(state().project)
    table = project.experiment(name)
    if warning := project.build_warning():
        tell(f"warning: {warning}")
    emit(table, format_)
