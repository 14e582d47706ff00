"""`funnelkit shipped`."""

import click

from funnelkit.cli.app import Command, state, tell
from funnelkit.cli.options import CHANGE
from funnelkit.cli.output import emit, format_option


@click.command(
    cls=Command,
    short_help="Print the same number before and after a change.",
    example="""
funnelkit shipped faster_connect
""",
)
@click.argument("name", required=False, type=CHANGE)
@format_option()
def command(name: str | None, format_: str) -> None:
    """Print what a declared change is measured by, before and after it shipped.

    Without NAME, all of them. Both sides are whole entry weeks, and only who is
    mature by the evaluation date counts; before that date the line is interim.
    With another definition than pinned (definition_hash) nothing is compared.
    A difference goes with the change; that it is because of it, only an
    experiment can show.
    """
    from funnelkit import api

    project = api.open(state().project)
    table = project.shipped(name)
    if warning := project.build_warning():
        tell(f"warning: {warning}")
    emit(table, format_)
