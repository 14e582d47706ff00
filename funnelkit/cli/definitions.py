"""`funnelkit definitions`."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from funnelkit.cli.app import Command, state
from funnelkit.cli.options import Completed
from funnelkit.cli.output import emit, emit_blocks, format_option

if TYPE_CHECKING:
    from funnelkit.api import Project


class DefinitionName(Completed):
    """The name of anything that `definitions` spells out."""

    name = "name"

    def names(self, project: "Project") -> Iterable[str]:
        """Those of funnels, outcomes and aha moments, and the search."""
        return project.definition_names()


@click.command(
    cls=Command,
    short_help="Spell out what each definition counts, in words.",
    example="""
funnelkit definitions activation
""",
)
@click.argument("name", required=False, type=DefinitionName())
@format_option()
def command(name: str | None, format_: str) -> None:
    """Spell out what the funnel, outcome or aha moment NAME counts, rule by rule (or
    aha_search, how it decides); without it, all of them, and what of the log counts.

    The hash is of the definition's own rules. Those of the log (events, as_of, identity,
    quality) change numbers too; they are told beside it, as (event log).
    """
    from funnelkit import api

    table = api.open(state().project).definitions(name)
    if format_ == "table":
        emit_blocks(table, heading=("funnel", "definition_hash", "kind"), line="text")
    else:
        emit(table, format_)
