"""What README shows is what the program prints."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest
import yaml

from funnelkit.api import Project
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text("utf-8")


def in_a_terminal(command: list[str], columns: int) -> str:
    """What a command prints on a terminal so many columns wide, without colour."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    process = subprocess.Popen(
        command,
        stdout=follower,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "NO_COLOR": "1", "TERM": "xterm", "LC_ALL": "C.UTF-8"},
    )
    os.close(follower)
    out = b""
    while True:
        try:
            part = os.read(leader, 65536)
        except OSError:  # the other end closed
            break
        if not part:
            break
        out += part
    process.wait()
    os.close(leader)
    return out.decode().replace("\r\n", "\n")


def test_the_demo_prints_what_the_readme_shows(built_sample: Project):
    shown = re.search(r"prints\n\n```\n(.*?)```", README, re.DOTALL)
    assert shown is not None
    printed = in_a_terminal(
        [sys.executable, "-m", "funnelkit", "--project", str(built_sample.paths.root), "funnel"], 80
    )
    assert [line.rstrip() for line in printed.strip().splitlines()] == shown[1].strip().splitlines()


def test_links_lead_somewhere():
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert links
    for link in links:
        assert (ROOT / link).exists(), link


def test_the_definitions_shown_are_valid(tmp_path: Path):
    from funnelkit.project.read import read

    block = re.search(r"```yaml\n(vars:.*?)```", README, re.DOTALL)
    assert block is not None
    (tmp_path / "dbt_project.yml").write_text("name: shop\n" + block[1])
    source = read(tmp_path)
    assert list(source.definitions.funnels) == ["activation"]
    assert yaml.safe_load(block[1])["vars"]["funnelkit"] == source.raw


@pytest.mark.parametrize("command", sorted(set(re.findall(r"^funnelkit (\w+)", README, re.M))))
def test_commands_shown_exist(command):
    done = subprocess.run(
        [sys.executable, "-m", "funnelkit", command, "--help"], capture_output=True, check=False
    )
    assert done.returncode == 0
