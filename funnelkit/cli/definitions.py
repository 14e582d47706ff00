"""`funnelkit definitions`."""

import click

from funnelkit.cli.app import Command, state
from funnelkit.cli.options import DEFINITION
from funnelkit.cli.output import emit, emit_blocks, format_option


@click.command(
    cls=Command,
    short_help="Spell out what each definition counts, in words.",
    example="""
funnelkit definitions activation
""",
)
@click.argument("name", required=False, type=DEFINITION)
@format_option()
def command(name: str | None, format_: str) -> None:
    """Spell out what the funnel, outcome, aha moment, experiment, change or feature NAME
    counts, rule by rule (or aha_search, how it decides; feedback, what is asked); without
    it, all of them, and what of the log counts.

    The hash is of the definition's own rules. Those of the log (events, as_of, identity,
    quality) change numbers too; they are told beside it, as (event log).
    """
    from funnelkit import api

    table = api.open(state().project).definitions(name)
    if format_ == "table":
        emit_blocks(table, heading=("funnel", "definition_hash", "kind"), line="text")
    else:
        emit(table, format_)
