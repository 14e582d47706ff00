"""`funnelkit report`."""

import click

from funnelkit.cli.app import FAILED, OK, Command, SubGroup, state, tell
from funnelkit.cli.output import emit, format_option


@click.group(
    cls=SubGroup,
    short_help="Write and check the reports that are reviewed like code.",
    example="""
funnelkit report build
funnelkit report check
""",
)
def command() -> None:
    """Write and check the reports that are reviewed like code.

    A report is a folder under reports/: a page, its Markdown twin, its charts
    and the numbers drawn. The same data gives the same bytes.
    """


@command.command(
    cls=Command,
    name="build",
    short_help="Write reports from the built warehouse.",
    example="""
funnelkit report build activation
""",
)
@click.argument("names", metavar="[NAME]...", nargs=-1)
def build(names: tuple[str, ...]) -> None:
    """Write the reports of these names, or all, from the built warehouse."""
    from funnelkit import api

    project = api.open(state().project)
    for path in project.report_build(names):
        tell(f"wrote {path}")
    for text in project.unseen_events():
        tell(f"warning: {text}")


@command.command(
    cls=Command,
    name="check",
    short_help="Compare the committed reports with what they should be.",
    example="""
funnelkit report check
""",
)
@click.argument("names", metavar="[NAME]...", nargs=-1)
def check(names: tuple[str, ...]) -> int:
    """Rebuild the reports in memory and compare every byte.

    Prints what differs and exits with 1. Without a warehouse the pages are
    rendered again from the committed numbers, and it says so.
    """
    from funnelkit import api

    result = api.open(state().project).report_check(names)
    for note in result.notes:
        tell(note)
    rebuild = False
    for difference in result.differences:
        click.echo(difference, nl=not difference.endswith("\n"))
        rebuild = rebuild or ": delete " not in difference
    if result.differences:
        # Without a warehouse there is nothing to build from here.
        where = " where the data is, and commit" if result.notes else ""
        hint = f": run `funnelkit report build`{where}" if rebuild else ""
        tell(f"the reports are not what they should be{hint}")
        return FAILED
    tell(
        f"{'1 report is' if result.reports == 1 else f'{result.reports:,} reports are'} up to date"
    )
    return OK


@command.command(
    cls=Command,
    name="list",
    short_help="List the reports that the project declares.",
    example="""
funnelkit report list
""",
)
@format_option()
def list_(format_: str) -> None:
    """List the reports that the project declares, and whether they are written."""
    from funnelkit import api

    emit(api.open(state().project).report_list(), format_)


@command.command(
    cls=Command,
    name="open",
    short_help="Open a report's page in the browser.",
    example="""
funnelkit report open activation
""",
)
@click.argument("name", metavar="NAME")
def open_(name: str) -> None:
    """Open the page of the report NAME in the browser, and print its path."""
    import webbrowser

    from funnelkit import api

    page = api.open(state().project).report_page(name)
    click.echo(page)
    webbrowser.open(page.as_uri())
