"""`funnelkit nps`."""

import click

from funnelkit.cli.app import Command, state, tell
from funnelkit.cli.options import SEGMENT_OR_PROPERTY, WAVE
from funnelkit.cli.output import emit, format_option, working


@click.command(
    cls=Command,
    short_help="Print the net promoter score, its change, and what themes take from it.",
    example="""
funnelkit nps
funnelkit nps --by plan
funnelkit nps --themes --wave wave_1
""",
)
@click.option(
    "--by",
    metavar="PROP",
    type=SEGMENT_OR_PROPERTY,
    help="Of one wave, one line for each value of a user property or segment.",
)
@click.option(
    "--wave",
    metavar="NAME",
    type=WAVE,
    help="Only this wave of asking; with --by and --themes the latest if none is named.",
)
@click.option("--themes", is_flag=True, help="Instead, what each theme takes from the score.")
@format_option()
def command(format_: str, by: str | None, wave: str | None, themes: bool) -> None:
    """Print promoters less detractors, a line for each wave of asking.

    One answer of a respondent and wave counts, the latest. The score and its
    interval stand only where enough answered; else the counts. Machine formats
    have it as -1 to 1.
    """
    if by is not None and themes:
        raise click.UsageError("--by and --themes are different tables: ask for one")
    from funnelkit import api

    project = api.open(state().project)
    with working("counting"):
        table = project.nps(by=by, wave=wave, themes=themes)
    if warning := project.build_warning():
        tell(f"warning: {warning}")
    emit(table, format_)
