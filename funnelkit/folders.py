"""What is asked of a folder rather than of a project: start one, look at one, write the sample."""

# Every import of ours is inside a function, as in api.
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from funnelkit.errors import FunnelkitError
from funnelkit.table import Column, Table

if TYPE_CHECKING:
    from funnelkit.sample import Summary
    from funnelkit.starting import Started


def doctor(path: str | Path = ".") -> Table:
    """What is right and wrong with a project: check, state (ok, warn, fail), found, hint.

    Also of a folder without a project, or with one that cannot be read.
    """
    from funnelkit.warehouse.connect import interruptible
    from funnelkit.warehouse.doctor import checks

    columns = (Column("check"), Column("state"), Column("found"), Column("hint"))
    with interruptible():
        return Table(columns, tuple(tuple(check) for check in checks(Path(path))))


def init(
    directory: str | Path,
    *,
    events: Sequence[str] = (),
    preset: str | None = None,
    mapping: Mapping[str, str] | None = None,
    time_format: str | None = None,
) -> "Started":
    """Writes a new project; with `events` (names, globs), from a look at the first of them.

    The log is recognised as a vendor's export, or as the one that `preset` names, or its columns
    are guessed where `mapping` (as of `load`) leaves them open. Nothing is loaded. Raises
    FunnelkitError, having written nothing, when the folder holds a project or the log is none.
    """
    from funnelkit.starting import start
    from funnelkit.warehouse.connect import interruptible

    with interruptible():
        return start(Path(directory), events, preset, mapping or {}, time_format)


def sample(
    directory: str | Path,
    *,
    users: int = 2000,
    events: int | None = None,
    seed: int = 7,
) -> "Summary":
    """Writes a whole sample project: dbt_project.yml, data/ and truth.yml.

    Raises FunnelkitError, having written nothing, when the folder holds a project or other files.
    """
    from funnelkit.project.scaffold import sample_vars, write_project
    from funnelkit.sample import generate

    target = Path(directory)
    if (target / "dbt_project.yml").exists():
        raise FunnelkitError(f"{directory} already holds a project", "choose a new folder")
    summary = generate(target, users=users, events=events, seed=seed)
    write_project(target, "sample", sample_vars())
    return summary
