"""What dbt came back with, in words a person can act on."""

import json
import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from funnelkit.errors import FunnelkitError, did_you_mean
from funnelkit.warehouse.events_model import missing_column, missing_model

_SHOWN = 10
_PACKAGE = "funnelkit"
_PACKAGES = """\
packages:
  - local: "{{ env_var('FUNNELKIT_DBT') }}\""""


@dataclass(frozen=True)
class Failure:
    """A node that did not come out.

    `kind` is dbt's resource type (`model`, `test`, `unit_test`, `seed`, …); `message` one
    paragraph; `rows` the failing rows of a data test; `file` and `sql` the source and the compiled
    SQL, relative to the project, None when nothing was compiled.
    """

    kind: str
    name: str
    message: str
    rows: int | None
    file: str
    sql: str | None

    def __str__(self) -> str:
        what = self.message
        if self.rows is not None:
            what = f"{self.rows:,} {'row' if self.rows == 1 else 'rows'} should not be there"
        return f"{self.kind.replace('_', ' ')} {self.name}: {what}"


@dataclass(frozen=True)
class BuildResult:
    """Counts of nodes and what failed.

    `built` counts models, seeds and snapshots that were replaced, `passed` tests. `errors` are
    nodes that could not run, `failed_tests` tests that ran and failed, `warnings` tests that warn,
    `unmatched` the selectors that nothing matches, `unseen` the events of steps that never occur:
    funnel, sentence.
    """

    built: int
    passed: int
    skipped: int
    errors: tuple[Failure, ...] = ()
    failed_tests: tuple[Failure, ...] = ()
    warnings: tuple[Failure, ...] = ()
    unmatched: tuple[str, ...] = ()
    unseen: tuple[tuple[str, str], ...] = ()

    @property
    def ok(self) -> bool:
        """Whether everything was built and every test passed."""
        return not self.errors and not self.failed_tests


class BuildError(FunnelkitError):
    """Models, seeds or tests that could not run; `result` has all of them."""

    def __init__(self, result: BuildResult) -> None:
        first, *rest = result.errors
        lines = [str(first), *(f"also {failure}" for failure in rest[: _SHOWN - 1])]
        if len(rest) >= _SHOWN:
            lines.append(f"and {len(rest) - _SHOWN + 1} more")
        lines += [f"failed {failure}" for failure in result.failed_tests[:_SHOWN]]
        if result.skipped:
            lines.append(_skipped(result.skipped))
        where = f"the compiled SQL is {first.sql}, from {first.file}" if first.sql else None
        super().__init__("\n".join(lines), where or f"look at {first.file}")
        self.result = result


def _skipped(number: int) -> str:
    if number == 1:
        return "1 node that needs these was skipped"
    return f"{number:,} nodes that need these were skipped"


def summarise(results: Iterable[Any], root: Path, unmatched: tuple[str, ...] = ()) -> BuildResult:
    """A BuildResult from dbt's run results; paths are relative to `root`."""
    built = passed = skipped = 0
    errors: list[Failure] = []
    failed: list[Failure] = []
    warned: list[Failure] = []
    for result in results:
        status = str(result.status)
        if status in ("error", "runtime error"):
            errors.append(_failure(result, root))
        elif status == "fail":
            failed.append(_failure(result, root))
        elif status == "warn":
            warned.append(_failure(result, root))
        elif status == "skipped":
            skipped += 1
        elif status == "pass":
            passed += 1
        elif str(result.node.resource_type) != "operation":  # a hook makes no table
            built += 1
    return BuildResult(
        built, passed, skipped, tuple(errors), tuple(failed), tuple(warned), unmatched
    )


def _failure(result: Any, root: Path) -> Failure:
    node = result.node
    kind = str(node.resource_type)
    unit = kind == "unit_test"
    compiled = getattr(node, "compiled_path", None)
    return Failure(
        kind=kind,
        name=node.name,
        message=difference(result.message) if unit else _message(result, root),
        rows=None if unit else result.failures,
        file=node.original_file_path,
        sql=_relative(compiled, root) if compiled else None,
    )


def _message(result: Any, root: Path) -> str:
    text = paragraph(result.message)
    return missing_column(result.node.name, text, root) or text


def _relative(path: str, root: Path) -> str:
    try:
        return Path(path).resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        return path


def paragraph(message: str | None) -> str:
    """The database's message on one line, without dbt's heading and the picture of the SQL."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", message or "no message")
    text = re.sub(r"^(?:\s*(?:Runtime|Database|Compilation) Error(?: in [^\n]*)?\n)+", "", text)
    text = re.sub(r"\n\s*compiled code at [^\n]*", "", text)
    # Spark adds the SQL, its plan and Java's stack.
    text = re.sub(r" SQLSTATE: \w+", "", text)
    text = re.sub(r"\n\s*(?:== SQL|JVM stacktrace:|at org\.apache\.).*", "", text, flags=re.S)
    text = re.sub(r"; line (\d+),? pos \d+;?\s.*", r" (line \1)", text, flags=re.S)
    text = re.sub(r"\n\s*LINE \d+:\s*([^\n]*)(?:\n\s*\^)?", r" near `\1`", text)
    return " ".join(text.split())


def difference(message: str | None) -> str:
    """A unit test's expected and actual rows, indented below its name."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", message or "no message").replace("\r", "")
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    return "\n    ".join(lines)


def invocation_error(exception: BaseException | None, root: Path) -> FunnelkitError:
    """An error for a dbt run that never reached a node: a macro, a YAML or a selector is wrong."""
    text = paragraph(str(exception) if exception else "dbt stopped without saying why")
    told = missing_model(text, root)
    if told is not None:
        return told
    text = text.replace(f"{root.resolve()}/", "").replace(f"{root}/", "")
    return FunnelkitError(f"dbt could not start: {text}", "`funnelkit dbt debug` shows its set-up")


def nothing_built() -> FunnelkitError:
    """An error for a whole build that has no table to make."""
    return FunnelkitError(
        "nothing was built: dbt found no model in this project",
        "`funnelkit dbt ls` lists what it finds",
    )


def package_missing(folder: Path, name: str) -> FunnelkitError | None:
    """An error when dbt in this folder, for the project `name`, does not get our package."""
    files = [folder / file for file in ("packages.yml", "dependencies.yml")]
    found = [file.read_text(encoding="utf-8") for file in files if file.is_file()]
    installed = (folder / "dbt_packages" / _PACKAGE).exists()
    if name == _PACKAGE or installed or any(_PACKAGE in text.lower() for text in found):
        return None
    missing = "does not name it" if files[0].is_file() else "is missing"
    return FunnelkitError(
        f"the funnelkit package is not installed: packages.yml {missing}",
        f"packages.yml needs these two lines:\n{_PACKAGES}",
    )


def refused(
    command: str, args: Sequence[str], exception: BaseException, known: Iterable[str]
) -> FunnelkitError:
    """An error for what dbt did not even start, and so has not printed."""
    hint: str | None = f"`funnelkit dbt {command} --help` shows what it takes"
    if not command:
        word = next((arg for arg in args if not arg.startswith("-")), "")
        hint = did_you_mean(word, known)
    return FunnelkitError(f"dbt: {paragraph(str(exception)).rstrip('.')}", hint)


@contextmanager
def quiet_logging() -> Iterator[None]:
    """A reader that goes away (`| head`) must not print a traceback for every line of dbt's."""
    before, logging.raiseExceptions = logging.raiseExceptions, False
    try:
        yield
    finally:
        logging.raiseExceptions = before


def nothing_selected(selectors: Sequence[str], target: Path) -> FunnelkitError:
    """An error for a selection that matches nothing; `target` is dbt's folder with its manifest."""
    nodes = json.loads((target / "manifest.json").read_text(encoding="utf-8"))["nodes"].values()
    names = [node["name"] for node in nodes if node["resource_type"] not in ("test", "unit_test")]
    word = re.sub(r"^(@|[0-9]*[+])|[+][0-9]*$", "", selectors[0])
    return FunnelkitError(f"nothing matches --select {selectors[0]}", did_you_mean(word, names))
