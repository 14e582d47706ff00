"""The group of commands: help, errors, exit codes, what is imported when."""

import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from funnelkit import __version__
from funnelkit.cli import docs
from funnelkit.cli.app import COMMANDS, cli
from funnelkit.errors import FunnelkitError
from tests.cli.run import COMMAND, run
from tests.conftest import ROOT


def pages() -> list[tuple[str, ...]]:
    """Every command, those of groups included, by its words."""
    found: list[tuple[str, ...]] = []
    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        found.append((name,))
        if isinstance(command, click.Group):
            found += [(name, sub) for sub in command.commands]
    return found


def invoke(*args: str):
    return CliRunner().invoke(cli, list(args), prog_name="funnelkit")


@pytest.mark.parametrize("words", pages(), ids=" ".join)
def test_every_command_has_a_line_a_text_and_an_example_that_names_it(words) -> None:
    result = invoke(*words, "--help")
    assert result.exit_code == 0
    assert result.output.startswith(f"Usage: funnelkit {' '.join(words)}")
    example = result.output.split("\nExample:\n")[1]
    assert any(f"funnelkit {' '.join(words)}" in line for line in example.splitlines())
    assert max(map(len, result.output.split("\nExample:\n")[0].splitlines())) <= 80
    command: click.Command | None = cli
    for word in words:
        assert isinstance(command, click.Group)
        command = command.get_command(click.Context(command), word)
    assert command is not None
    line = command.get_short_help_str(100)
    assert line.endswith(".")
    assert "..." not in line
    assert len(command.help or "") > len(line)


def test_the_examples_parse() -> None:
    for words in [(), *pages()]:
        text = invoke(*words, "--help").output.split("\nExample:\n")[1]
        for line in text.replace("\\\n", " ").strip().splitlines():
            for part in re.split(r"&&|[()]", line.strip().removeprefix("$ ")):
                args = shlex.split(part.replace('eval "$', "").strip(' "'))
                if args[:1] == ["funnelkit"]:
                    _parse(cli, args[1:])


def _parse(command: click.Command, args: list[str], parent: click.Context | None = None) -> None:
    context = command.make_context("x", args, parent=parent)
    if isinstance(command, click.Group):
        name, found, rest = command.resolve_command(
            context, [*context._protected_args, *context.args]
        )
        assert found is not None, name
        _parse(found, rest, context)


def test_help_is_quick_because_it_imports_nothing_heavy() -> None:
    code = (
        "import sys, time; started = time.process_time(); from funnelkit.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = 'duckdb polars altair dbt pydantic yaml jinja2 rich scipy numpy pyarrow'.split()\n"
        "print(*[name for name in heavy if name in sys.modules], file=sys.stderr)\n"
        "print(time.process_time() - started, file=sys.stderr)"
    )
    seconds = []
    for _ in range(3):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        imported, taken = done.stderr.split("\n")[:2]
        assert imported == ""
        seconds.append(float(taken))
    assert min(seconds) < 0.15


def test_the_committed_page_is_what_the_commands_say() -> None:
    committed = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    assert committed == docs.text(), "run: python -m funnelkit.cli.docs docs/cli.md"


def test_the_page_names_every_column_of_a_funnel() -> None:
    from funnelkit.stats.funnels import TREND_COLUMNS
    from funnelkit.stats.times import TIMES_COLUMNS

    for column in (*TREND_COLUMNS, *TIMES_COLUMNS):
        assert re.search(rf"\b{column.name}\b", docs.text()), column.name


def test_version() -> None:
    assert invoke("--version").output == f"funnelkit {__version__}\n"
    done = subprocess.run(
        [sys.executable, "-m", "funnelkit", "--version"], capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == (f"funnelkit {__version__}\n", "")


@pytest.mark.parametrize(
    ("args", "error", "hint"),
    [
        (["fnnel"], "no command is called 'fnnel'", "did you mean 'funnel'?"),
        (["report", "biuld"], "no command is called 'biuld'", "did you mean 'build'?"),
        (
            ["funnel", "--formt", "json"],
            "no such option '--formt'. Did you mean '--format'?",
            "`funnelkit funnel --help` shows what it takes, with an example",
        ),
        (
            ["funnel", "--format", "jsn"],
            "invalid value for '--format': 'jsn' is not one of 'table', 'markdown', 'csv', 'json'",
            "`funnelkit funnel --help` shows what it takes, with an example",
        ),
        (
            ["funnel", "--by", "channel", "--times"],
            "--by and --times are different tables: ask for one",
            "`funnelkit funnel --help` shows what it takes, with an example",
        ),
        (
            ["--project", "nosuchfolder", "funnel"],
            "no such folder: nosuchfolder",
            "name the project's folder",
        ),
        (
            ["explore", "--events", "x.csv", "--step", "a"],
            "a funnel has 2 to 31 steps: 1 given",
            "like --step signed_up --step connected --step shared",
        ),
        (
            ["explore", "--events", "x.csv", "--step", "a", "--step", "b|"],
            "--step 'b|': an event name is missing",
            'like --step signed_up, --step "product=product1|product2" or '
            '--step "big=purchase where amount > 10"',
        ),
        (
            ["load", "events", "x.csv", "--map", "event"],
            "--map 'event': expected ours=theirs",
            "example: --map event_name=event",
        ),
    ],
)
def test_mistakes_are_two_lines_and_exit_2(args: list[str], error: str, hint: str) -> None:
    done = invoke(*args)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == f"error: {error}\n  hint: {hint}\n"


@pytest.mark.parametrize("words", [(), ("report",)])
def test_a_group_alone_is_its_help(words: tuple[str, ...]) -> None:
    done = invoke(*words)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == invoke(*words, "--help").stdout


@pytest.mark.parametrize(
    ("args", "named"),
    [
        (["--format", "json", "funnel"], "funnelkit funnel"),
        (["load", "events", "x.csv", "--map"], "funnelkit load"),
        (["report", "build", "--x"], "funnelkit report build"),
        (["--nosuch"], "funnelkit"),
    ],
)
def test_the_hint_names_the_command_that_was_meant(args: list[str], named: str) -> None:
    assert f"hint: `{named} --help` shows" in invoke(*args).stderr


def test_a_trend_is_by_week_unless_told(built_sample) -> None:
    def trend(*value: str) -> str:
        project = ("--project", str(built_sample.paths.root))
        return str(invoke(*project, "funnel", "--trend", *value, "--format", "csv").stdout)

    assert trend() == trend("week") != trend("day")


def test_options_of_every_command_stand_before_or_behind_it(tmp_path: Path) -> None:
    for args in (["--project", str(tmp_path), "env"], ["env", "--project", str(tmp_path)]):
        done = invoke(*args)
        assert done.exit_code == 2
        assert "no project in" in done.stderr


@pytest.mark.parametrize("args", [["--verbose", "env"], ["env", "--verbose"]])
def test_a_traceback_only_when_it_is_asked_for(tmp_path: Path, args: list[str]) -> None:
    quiet = run("env", cwd=tmp_path)
    assert "Traceback" not in quiet.stderr
    loud = run(*args, cwd=tmp_path)
    assert loud.stderr.startswith("Traceback")
    assert loud.stderr.endswith(quiet.stderr)


def test_a_mistake_of_ours_is_one_line_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("funnelkit.api.open", broken)
    done = invoke("env")
    assert done.exit_code == 2
    assert done.stderr == (
        "error: unexpected: ZeroDivisionError: division by zero\n"
        "  hint: this is a mistake in funnelkit; `--verbose` shows where\n"
    )


def test_a_message_of_several_lines_is_indented(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object) -> None:
        raise FunnelkitError("one\ntwo\x1b[2J", "do \u202ethis")

    monkeypatch.setattr("funnelkit.api.open", broken)
    assert invoke("env").stderr == "error: one\n  two\ufffd[2J\n  hint: do \ufffdthis\n"


def test_what_cannot_be_written_is_no_mistake_of_ours(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    below = run("sample", "file/x", cwd=tmp_path)
    assert (below.returncode, below.stdout) == (2, "")
    assert re.fullmatch(r"error: cannot write file/x\S*: Not a directory\n", below.stderr)


def test_a_full_disk_is_one_line(tmp_path: Path) -> None:
    # A limit on the size of files: the same road as a full disk, without filling one.
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000));"
    code = f"{limit} from funnelkit.cli import main; main(['sample', 'acme', '--users', '500'])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: cannot write: File too large\n"


def test_a_full_disk_behind_stdout_is_one_line(tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*COMMAND, "definitions"], cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert done.returncode == 2
    assert done.stderr == "error: cannot write: No space left on device\n"


def test_ctrl_c_while_explore_runs(tmp_path: Path) -> None:
    rows = "user_id,event_name,occurred_at\nu,a,2026-01-01 10:00:00\nu,b,2026-01-02 10:00:00\n"
    (tmp_path / "log.csv").write_text(rows)
    # Some seconds that DuckDB spends in one task: it looks at signals only between two.
    slow = "(select count(*) from range(2000000000) a(x) where x % 7 = 9) = 0"
    steps = ("--step", "a", "--step", "b", "--where", slow)
    process = subprocess.Popen(
        [*COMMAND, "explore", "--events", "log.csv", *steps],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        time.sleep(2)
        assert process.poll() is None, process.communicate()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=300)
    assert (process.returncode, err) == (130, "interrupted\n")


def test_a_funnel_is_printed_without_the_heavy_libraries(built_sample) -> None:
    heavy = "scipy polars altair dbt pandas pyarrow"
    code = (
        "import atexit, sys\n"
        f"names = set('{heavy}'.split())\n"
        "atexit.register(lambda: print(*sorted(names & sys.modules.keys()), file=sys.stderr))\n"
        "from funnelkit.cli import main\n"
        "main(['funnel', 'activation'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=built_sample.paths.root, capture_output=True, text=True
    )
    assert done.returncode == 0
    assert "shared" in done.stdout
    assert done.stderr == "\n"


def test_a_reader_that_goes_away_is_no_error(built_sample) -> None:
    root = built_sample.paths.root
    command = [*COMMAND, "funnel", "--times", "--format", "json"]
    process = subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == b""
    assert process.wait(timeout=120) == 141


@pytest.mark.parametrize(
    ("words", "incomplete", "expected"),
    [
        ("funnelkit", "de", ["definitions"]),
        ("funnelkit funnel", "--tr", ["--trend"]),
        ("funnelkit funnel", "a", ["activation"]),
        ("funnelkit funnel --format", "j", ["json"]),
        ("funnelkit report", "", ["build", "check", "list", "open"]),
    ],
)
def test_the_shell_completes(words: str, incomplete: str, expected: list[str]) -> None:
    done = run(
        cwd=ROOT,
        _FUNNELKIT_COMPLETE="bash_complete",
        COMP_WORDS=f"{words} {incomplete}",
        COMP_CWORD=str(len(words.split())),
    )
    assert [line.partition(",")[2] for line in done.stdout.splitlines()] == expected


def test_completion_is_silent_where_there_is_no_project(tmp_path: Path) -> None:
    done = run(
        cwd=tmp_path,
        _FUNNELKIT_COMPLETE="bash_complete",
        COMP_WORDS="funnelkit funnel a",
        COMP_CWORD="2",
    )
    assert (done.stdout.strip(), done.stderr) == ("", "")
