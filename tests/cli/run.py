"""Running the command line as a user does, in a real process, or in this one."""

import os
import pty
import select
import struct
import subprocess
import sys
from fcntl import ioctl
from pathlib import Path
from termios import TIOCSWINSZ

from click.testing import CliRunner, Result

from funnelkit.cli.app import cli

COMMAND = [sys.executable, "-c", "from funnelkit.cli import main; main()"]


def invoke(folder: Path, *args: str) -> Result:
    """In this process, in a project's folder."""
    return CliRunner().invoke(cli, ["--project", str(folder), *args], prog_name="funnelkit")


def run(*args: str, cwd: Path | None = None, **env: str) -> "subprocess.CompletedProcess[str]":
    """In a pipe."""
    clean = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
    return subprocess.run(
        [*COMMAND, *args],
        cwd=cwd,
        env=clean | env,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )


def on_terminal(*args: str, cwd: Path, columns: int = 80, **env: str) -> str:
    """Stdout on a terminal of this width, codes included."""
    master, slave = pty.openpty()
    ioctl(slave, TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    clean = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS", "LINES")}
    process = subprocess.Popen(
        [*COMMAND, *args],
        cwd=cwd,
        env={**clean, "TERM": "xterm-256color", **env},
        stdin=subprocess.DEVNULL,
        stdout=slave,
        stderr=subprocess.DEVNULL,
    )
    os.close(slave)
    chunks = []
    while select.select([master], [], [], 30)[0]:
        try:
            chunk = os.read(master, 65536)
        except OSError:  # the other end is closed
            break
        if not chunk:
            break
        chunks.append(chunk)
    os.close(master)
    assert process.wait(timeout=120) == 0
    return b"".join(chunks).decode("utf-8").replace("\r\n", "\n")
