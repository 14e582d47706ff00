"""`funnelkit funnel`."""

from typing import Any

import click

from funnelkit.cli.app import Command, state, tell
from funnelkit.cli.options import FUNNEL, bound_options, only_one_table, show, table_options
from funnelkit.cli.output import format_option


@click.command(
    cls=Command,
    short_help="Print a funnel: who got how far, and where they left.",
    example="""
funnelkit funnel activation
funnelkit funnel activation --by channel --format json
funnelkit funnel activation --compare plan --since 2026-01-05
funnelkit funnel activation --next-after connected
funnelkit funnel activation --who -shared lost.csv
""",
)
@click.argument("name", required=False, type=FUNNEL)
@table_options()
@click.option(
    "--sensitivity", is_flag=True, help="The same under the other rules: does the choice matter?"
)
@click.option("--segment", metavar="NAME", help="Only entities in a segment of the definitions.")
@bound_options("Only events for which this is true.")
@click.option(
    "--entry",
    type=click.Choice(["first", "best"]),
    help="Start at the first entry, or at whichever gets furthest.",
)
@format_option()
def command(name: str | None, format_: str, who: Any, **asked: Any) -> None:
    """Print the funnel NAME of the built warehouse.

    The project's only funnel needs no name. Conversion counts the entities
    whose window has closed; those still open are shown beside them, never
    mixed in. `funnelkit definitions NAME` spells the rules out. What the
    tables do not hold is computed from the event log, by the same rules.
    """
    only_one_table({**asked, "who": who})
    from funnelkit import api

    project = api.open(state().project)
    if who:
        project.check_private(who[1])
    table = project.funnel(name, who=who[0] if who else None, **asked)
    warning, unseen = project.build_state(str(project.pick(name, project.specs())["name"]))
    if warning:
        tell(f"warning: {warning}")
    for text in unseen:
        tell(f"note: {text}")
    show(table, format_, times=asked["times"], who=who)
