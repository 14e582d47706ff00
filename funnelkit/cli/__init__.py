"""The command line: click commands, one file each, thin: parse, call the api, print."""

import atexit
import contextlib
import os
import sys
from collections.abc import Sequence
from typing import NoReturn


def main(args: Sequence[str] | None = None) -> None:
    """Runs the command line and exits: 0 fine, 1 a check failed, 2 an error, 130 Ctrl-C."""
    from funnelkit.cli.app import cli

    try:
        cli.main(args=list(sys.argv[1:] if args is None else args), prog_name="funnelkit")
    except SystemExit as end:
        if "pyspark" in sys.modules:
            _leave(end.code if isinstance(end.code, int) else int(end.code is not None))
        raise


def _leave(code: int) -> NoReturn:
    """Ends without taking the interpreter apart: with Spark's libraries in it objects of DuckDB are
    left over, and it prints a page about them.
    """
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)
