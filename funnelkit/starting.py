"""A new project: its files, from nothing or from a look at a log."""

import os
import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from funnelkit.project.scaffold import check_new, write_project
from funnelkit.project.starter import Starter, starter_vars

if TYPE_CHECKING:
    from funnelkit.warehouse.preview import Preview


class Started(NamedTuple):
    """What `start` wrote: the project's name, what the log looks like, and how to load it there.

    `preview` and `load` are None for a project without a log.
    """

    name: str
    preview: "Preview | None"
    load: str | None


def start(
    directory: Path,
    events: Sequence[str],
    preset: str | None,
    mapping: Mapping[str, str],
    time_format: str | None,
) -> Started:
    """Write a project into `directory`; with `events`, its definitions from a look at them.

    Raises FunnelkitError, having written nothing, for a folder that holds a project, and for a log
    that cannot be read.
    """
    name = _name(directory)
    check_new(directory, name)
    if not events:
        write_project(directory, name, starter_vars())
        return Started(name, None, None)
    from funnelkit.warehouse.preview import preview

    seen = preview(events, preset=preset, mapping=mapping, time_format=time_format)
    load = _load(directory, events, seen, time_format)
    starter = Starter(
        source=_source(seen),
        load=load,
        events=[(each.name, each.rows) for each in seen.events],
        event_properties=seen.event_properties,
        user_properties=seen.user_properties,
        unnamed=seen.unnamed,
        funnel=seen.funnel,
    )
    write_project(directory, name, starter_vars(starter))
    return Started(name, seen, load)


def _name(directory: Path) -> str:
    """The folder's name as dbt takes it."""
    name = re.sub(r"[^A-Za-z0-9_]+", "_", directory.absolute().name).strip("_") or "project"
    return name if name[0].isalpha() else f"project_{name}"


def _source(seen: "Preview") -> str:
    kind = f"{seen.title} export" if seen.title else "log"
    return f"{seen.file.name}, a {kind}, {seen.looked:,} rows looked at"


def _load(directory: Path, events: Sequence[str], seen: "Preview", time_format: str | None) -> str:
    """The command that loads the log, from inside the project."""
    words = ["funnelkit", "load", "events"]
    words += [_from(directory, pattern) for pattern in events]
    if seen.preset is not None:
        words += ["--preset", seen.preset]
    for ours, theirs in seen.mapping.items():
        words += ["--map", f"{ours}={theirs}"]
    if time_format is not None:
        words += ["--time-format", time_format]
    return " ".join(shlex.quote(word) for word in words)


def _from(directory: Path, pattern: str) -> str:
    path = Path(pattern).expanduser()
    return str(path) if path.is_absolute() else os.path.relpath(path, directory)
