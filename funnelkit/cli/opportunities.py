"""`funnelkit opportunities`."""

import click

from funnelkit.cli.app import Command, state, tell
from funnelkit.cli.options import SEGMENT, SEGMENT_OR_PROPERTY, WAVE
from funnelkit.cli.output import emit, format_option, working


@click.command(
    cls=Command,
    short_help="Print what is worth solving first: features and steps in tiers.",
    example="""
funnelkit opportunities
funnelkit opportunities --by plan --format csv
funnelkit opportunities --segment paying
""",
)
@click.option("--segment", metavar="NAME", type=SEGMENT, help="Only those in a declared segment.")
@click.option(
    "--by",
    metavar="PROP",
    type=SEGMENT_OR_PROPERTY,
    help="Also one line for each value of a user property or segment.",
)
@click.option(
    "--wave", metavar="NAME", type=WAVE, help="Which wave of asking; the latest if none is named."
)
@format_option()
def command(format_: str, segment: str | None, by: str | None, wave: str | None) -> None:
    """Print problems by the revenue that they touch at least.

    Of features: who dislikes them and uses them, who likes them and does not.
    Of funnels: who was lost before a step. Value is the lower limit of the
    affected share, times the revenue of those eligible, times severity. What
    chance could put in another order shares a tier.
    """
    if by is not None and segment is not None:
        raise click.UsageError("--by and --segment are different questions: ask for one")
    from funnelkit import api

    project = api.open(state().project)
    with working("ranking"):
        table = project.opportunities(by=by, segment=segment, wave=wave)
    if warning := project.build_warning():
        tell(f"warning: {warning}")
    emit(table, format_)
