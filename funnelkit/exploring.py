"""A funnel over log files without a project, and what options say as text; `api` hands these on."""

# Every import of ours is inside a function, as in `api`.
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from funnelkit.errors import FunnelkitError, did_you_mean
from funnelkit.table import Table


def explore(
    files: Sequence[str],
    steps: Sequence[Mapping[str, Any]],
    *,
    mapping: Mapping[str, str] | None = None,
    window: str | None = None,
    step_window: str | None = None,
    order: Literal["ordered", "strict", "any"] = "ordered",
    anchor_first: bool = False,
    entry: Literal["first", "best"] | None = None,
    count: Literal["entities", "entries"] = "entities",
    entity: str = "user_id",
    hold: Sequence[str] = (),
    exclude: Sequence[Mapping[str, Any]] = (),
    row_reuse: bool = False,
    strict_increase: bool = False,
    by: str | None = None,
    trend: Literal["day", "week", "month"] | None = None,
    times: bool = False,
    next_after: str | None = None,
    compare: Sequence[str] = (),
    who: str | None = None,
    explain: str | None = None,
    where: str | None = None,
    since: str | None = None,
    until: str | None = None,
    timezone: str = "UTC",
    time_format: str | None = None,
) -> Table:
    """A funnel over log files, without a project; tables as of `Project.funnel`.

    `steps` and `exclude` as `parse_steps` and `parse_exclude` give them; `mapping` is ours to
    theirs (`{"event_name": "event"}`), a value in single quotes a constant; properties are columns
    of the log. The rules mean what they do in a project's YAML (docs/funnels.md). Raises
    FunnelkitError for files, columns, rules and SQL that are not right.
    """
    from funnelkit.results.rerun import explored, explored_spec
    from funnelkit.results.view import View, bounds
    from funnelkit.warehouse.connect import interruptible

    view = View(by, trend, times, next_after, tuple(compare), who, explain)
    whom = bounds(since=since, until=until, where=where, timezone=timezone)
    spec = explored_spec(
        {
            "steps": list(steps),
            "window": window,
            "step_window": step_window,
            "order": order,
            "anchor_first": anchor_first,
            "entry": entry,
            "count": count,
            "entity": entity,
            "hold": list(hold),
            "exclude": list(exclude),
            "row_reuse": row_reuse,
            "strict_increase": strict_increase,
        }
    )
    with interruptible():
        return explored(files, spec, view, whom, mapping or {}, time_format)


def readable_curve(table: Table) -> Table:
    """A curve of `--times` at round times and its quartiles: about 20 of its rows."""
    from funnelkit.stats.curve import thinned

    if "reached_share" in table.names:
        return thinned(table, "reached_share", of_all=True)
    return thinned(table)


def parse_steps(texts: Sequence[str], optional: Sequence[str] = ()) -> list[dict[str, Any]]:
    """`--step` texts as `explore` takes them; the grammar is in `project.steps`.

    `optional` names steps that may be left out; raises FunnelkitError for one that is not there.
    """
    from funnelkit.project.steps import parse_steps as parse

    steps = parse(texts)
    names = [step["name"] for step in steps]
    for name in optional:
        if name not in names:
            raise FunnelkitError(f"--optional: no step {name!r}", did_you_mean(name, names))
        steps[names.index(name)]["optional"] = True
    return steps


def parse_exclude(text: str) -> dict[str, Any]:
    """An `--exclude` text as `explore` takes it; the grammar is in `project.steps`."""
    from funnelkit.project.steps import parse_exclude as parse

    return parse(text)


def different_tables(asked: Mapping[str, Any]) -> str | None:
    """One sentence when options of `funnel` or `explore` ask for two tables at once; else None."""
    from funnelkit.results.view import different_tables as told

    return told(asked)


def parse_map(texts: Sequence[str]) -> dict[str, str]:
    """`--map` texts, `ours=theirs` or a YAML file of them, as `load` and `explore` take them."""
    from funnelkit.warehouse.mapping import parse_map as parse

    return parse(texts)
