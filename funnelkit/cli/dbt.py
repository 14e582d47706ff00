"""`funnelkit dbt`."""

import click

from funnelkit.cli.app import Command, state


@click.command(
    cls=Command,
    short_help="Run any dbt command on the project.",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    example="""
funnelkit dbt ls --resource-type model
funnelkit dbt docs generate --static
""",
)
@click.argument("args", nargs=-1, type=click.UNPROCESSED, required=True)
def command(args: tuple[str, ...]) -> int:
    """Run any dbt command with the project's environment, profile and folders.

    ARGS go to dbt as they are; options of funnelkit stand before them. The exit
    code is dbt's.
    """
    from funnelkit import api

    return api.open(state().project).dbt(args)
