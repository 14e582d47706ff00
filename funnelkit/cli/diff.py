"""`funnelkit diff`."""

import click

from funnelkit.cli.app import Command, state, tell
from funnelkit.cli.output import echo, emit, format_option, working


@click.command(
    cls=Command,
    short_help="What moved in the reports between two versions, and why.",
    example="""
funnelkit diff main
funnelkit diff main...branch
""",
)
@click.argument("base", metavar="BASE")
@click.argument("head", metavar="[HEAD]", required=False)
@click.option(
    "--no-rebuild",
    is_flag=True,
    help="Never build the earlier definitions to tell their part from that of new data.",
)
@format_option("markdown")
def command(base: str, head: str | None, no_rebuild: bool, format_: str) -> None:
    """What moved in the committed reports from BASE to HEAD, by how much, and why.

    BASE and HEAD are git revisions, or folders of reports; without HEAD, the
    files as they are now. main...branch compares branch with the commit at
    which it left main, as git does; main... the files as they are with it.

    Prints Markdown for a comment on a pull request: the headline figures before
    and after, whether the definition changed, new or late data came, or ids
    turned out to be other people's, and every cell.

    Where definitions and data both changed, and there is a warehouse, the
    earlier definitions are built on the present data, in a folder of their own.
    """
    from funnelkit import api

    with working(f"comparing with {base}"):
        project = api.open(state().project)
        found = project.diff(base, head, rebuild=not no_rebuild, on_build=_tell)
    if format_ == "markdown":
        echo(found.markdown())
    else:
        emit(found.table(), format_)


def _tell(what: str) -> None:
    """On stderr, where stdout is a file too: a build takes its time."""
    tell(f"building {what}, in a folder of its own (--no-rebuild skips it)")
