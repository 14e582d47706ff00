"""Every example of docs/feedback.md, run as it stands there, prints what stands below it."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import duckdb
import pytest
from click.testing import CliRunner

from funnelkit.cli.app import cli
from funnelkit.project.scaffold import write_project
from tests.conftest import ROOT

PAGE = (ROOT / "docs/feedback.md").read_text("utf-8")
_PART = re.compile(
    r"(?:^`(?P<file>[\w.]+)`:\n\n)?^```(?P<kind>\w*)\n(?P<body>.*?)^```", re.M | re.S
)


class Example(NamedTuple):
    """Commands, and what stands below them; None where nothing does."""

    commands: list[str]
    printed: str | None


def parts(kind: str) -> list[re.Match[str]]:
    return [found for found in _PART.finditer(PAGE) if found["kind"] == kind]


def examples() -> Iterator[Example]:
    found = list(_PART.finditer(PAGE))
    for at, part in enumerate(found):
        if part["kind"] == "sh":
            below = found[at + 1] if at + 1 < len(found) else None
            printed = below["body"] if below is not None and not below["kind"] else None
            yield Example(part["body"].splitlines(), printed)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (definitions,) = parts("yaml")
    write_project(tmp_path, "shop", definitions["body"])
    for part in parts("csv"):
        assert part["file"], part["body"]
        (tmp_path / part["file"]).write_text(part["body"], encoding="utf-8")
    fixtures = ROOT / "tests/warehouse/presets"
    (tmp_path / "delighted.csv").write_bytes((fixtures / "delighted.csv").read_bytes())
    head = (fixtures / "typeform.csv").read_text("utf-8")
    asked = '"How likely are you to recommend us to a friend, 0 to 10?"'
    assert asked in head
    (tmp_path / "typeform.csv").write_text(head.replace(asked, "Recommend us?"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_examples_print_what_stands_below_them(folder: Path) -> None:
    loads = [each for each in examples() if each.commands[0].startswith("funnelkit load")]
    assert len(loads) == 5
    for each in loads:
        told = ""
        for command in each.commands:
            done = CliRunner().invoke(cli, shlex.split(command)[1:])
            assert done.exit_code == 0, (command, done.output)
            told += done.output
        assert each.printed is None or told == each.printed, each.commands
    with duckdb.connect(str(folder / "build/warehouse.duckdb"), read_only=True) as con:
        of = con.execute(
            "select source, count(*) from raw.feedback where source_file not in"
            " ('typeform.csv', 'delighted.csv') group by all order by all"
        ).fetchall()
    assert of == [("interview", 1), ("nps", 2), ("review", 2), ("survey", 7), ("ticket", 1)]


def test_commands_and_links_exist() -> None:
    from funnelkit.cli.app import COMMANDS

    named = {line.split()[1] for each in examples() for line in each.commands}
    assert named <= set(COMMANDS)
    for link in re.findall(r"\]\(([^)#]+)", PAGE):
        assert (ROOT / "docs" / link).exists(), link
