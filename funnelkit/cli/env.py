"""`funnelkit env`."""

import shlex

import click

from funnelkit.cli.app import Command, state


@click.command(
    cls=Command,
    short_help="Print the environment that a plain dbt needs.",
    example="""
eval "$(funnelkit env)" && dbt build
""",
)
def command() -> None:
    """Print the environment that a plain `dbt` needs, as lines for a POSIX shell.

    After it, `dbt` in this shell works on the same warehouse, with the same
    profile and folders, as funnelkit does.
    """
    from funnelkit import api

    for name, value in sorted(api.open(state().project).environment().items()):
        click.echo(f"export {name}={shlex.quote(value)}")
