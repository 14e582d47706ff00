"""`funnelkit forget`."""

import click

from funnelkit.cli.app import FAILED, OK, Command, state, tell
from funnelkit.cli.output import emit, format_option, progress_bar


@click.command(
    cls=Command,
    short_help="Remove a person from the warehouse.",
    example="""
funnelkit forget u01583 --dry-run
funnelkit forget u01583
funnelkit forget anonymous:v03166
""",
)
@click.argument("user", metavar="USER")
@click.option("--dry-run", is_flag=True, help="Count what would go, and remove nothing.")
@click.option("--no-build", is_flag=True, help="Do not build the tables again afterwards.")
@format_option()
def command(user: str, dry_run: bool, no_build: bool, format_: str) -> int:
    """Remove a person: raw rows, rejects and every table, then build anew.

    USER is a user id, or anonymous: and an anonymous id; all ids that the last
    build gives to the same person go with it. The same files loaded again do
    not bring the person back. What it cannot reach is said.
    """
    from funnelkit import api

    project = api.open(state().project)
    table = project.forget(user, dry_run=dry_run)
    emit(table, format_)
    if dry_run:
        tell("nothing was removed (--dry-run)")
        return OK
    if no_build:
        tell("next: funnelkit build")
        return OK
    with progress_bar("building") as on_event:
        result = project.build(on_event=on_event)
    tell(f"built {result.built:,} table{'' if result.built == 1 else 's'} without them")
    if not result.ok:
        tell("tests failed: `funnelkit build` tells which, and why")
    return OK if result.ok else FAILED
