"""`funnelkit interviews`."""

import click

from funnelkit.cli.app import Command, state, tell
from funnelkit.cli.options import FEATURE_OR_FUNNEL, WAVE
from funnelkit.cli.output import emit, format_option, refuse_existing, working, write_csv


@click.command(
    cls=Command,
    short_help="Write a list of whom to talk to, why, and what to ask.",
    example="""
funnelkit interviews alerts talk.csv
funnelkit interviews alerts talk.csv --n 12 --force
funnelkit interviews activation talk.csv --step built
""",
)
@click.argument("name", type=FEATURE_OR_FUNNEL)
@click.argument("file", type=click.Path())
@click.option(
    "--step", metavar="STEP", help="Of a funnel: who got stuck after it; else after the worst."
)
@click.option(
    "--n", metavar="N", type=click.IntRange(1, 10_000), help="How many in all; else 9 of a group."
)
@click.option(
    "--wave", metavar="NAME", type=WAVE, help="Which wave of asking; the latest if none is named."
)
@click.option("--force", is_flag=True, help="Replace FILE where it exists.")
@format_option()
def command(
    name: str,
    file: str,
    format_: str,
    step: str | None,
    n: int | None,
    wave: str | None,
    force: bool,
) -> None:
    """Write FILE, a CSV of people to talk to about the feature or funnel NAME.

    Of a feature, who dislikes it and uses it, or likes it and does not; of a
    funnel, who did a step and was lost before the next. Larger customers are
    drawn more often, the same people each time. FILE holds names of users: it
    may not stand inside reports/. Printed is only how many of each group.
    """
    from funnelkit import api

    project = api.open(state().project)
    project.check_private(file)
    refuse_existing(file, force)
    with working("drawing"):
        people, groups = project.interviews(name, step=step, n=n, wave=wave)
    if warning := project.build_warning():
        tell(f"warning: {warning}")
    write_csv(people, file)
    if file == "-":
        tell(groups.headline)
        return
    emit(groups, format_)
    tell(f"wrote {file}")
