"""The command line: click commands, one file each, thin: parse, call the api, print."""

import sys
from collections.abc import Sequence


def main(args: Sequence[str] | None = None) -> None:
    """Runs the command line and exits: 0 fine, 1 a check failed, 2 an error, 130 Ctrl-C."""
    from funnelkit.cli.app import cli

    cli.main(args=list(sys.argv[1:] if args is None else args), prog_name="funnelkit")
