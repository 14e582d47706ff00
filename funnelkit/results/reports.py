"""What reports show, read from the built marts; small groups are folded."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from funnelkit.errors import FunnelkitError
from funnelkit.project.log_words import own_log_in_words
from funnelkit.project.words import entities, in_words, window_text
from funnelkit.results.built import built_funnel, leavers, periods, steps
from funnelkit.results.notes import leavers_in_words, may_leave
from funnelkit.results.quality import quality_table
from funnelkit.results.small import folded, merged, size
from funnelkit.results.view import NO_CONVERSION, NOT_REACHED, with_after
from funnelkit.stats.evidence import FEWEST
from funnelkit.stats.funnels import StepCounts, step_rows, trend_table
from funnelkit.stats.times import TimeCounts, times_table
from funnelkit.table import Column, Table, Value
from funnelkit.warehouse.queries import query

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from funnelkit.report.model import (
        AhaSection,
        FunnelSection,
        ReportData,
        SaySection,
        SearchSection,
    )

_HERE = Path()
_FEWEST_IN_REPORTS = FEWEST


def report_data(
    con: "DuckDBPyConnection",
    slug: str,
    definition: Mapping[str, Any],
    specs: Sequence[Mapping[str, Any]],
    definitions: Mapping[str, Any] | None = None,
    root: Path = _HERE,
) -> "ReportData":
    """What a report shows, read from the built marts; groups below five entrants are folded.

    `definition` is the report's entry under `reports:`, `specs` the funnels it names, `definitions`
    the whole block of the project: its aha moments, and limits that stand beside what was filtered.
    `root`: the project's folder.
    """
    from funnelkit.project.definitions import Definitions
    from funnelkit.report.model import ReportData

    aha, search = _aha_sections(con, definition.get("aha") or (), definitions or {})
    window = query(con, "log_window")[0]
    weeks = query(con, "log_weeks")
    return ReportData(
        slug=slug,
        title=definition.get("title") or slug.replace("_", " ").capitalize(),
        description=definition.get("description") or "",
        sections=tuple(_section(con, spec) for spec in specs),
        quality=quality_table(con, definitions or {}),
        first_event=window["first_event"] or "",
        last_event=window["last_event"] or "",
        observed_until=window["observed_until"] or "",
        inputs=Table(
            (
                Column("week", "date"),
                Column("events", "count"),
                Column("entities", "count"),
                Column("digest"),
            ),
            tuple(_week(**row) for row in weeks),
        ),
        log=tuple(own_log_in_words(Definitions.model_validate(definitions or {}))),
        as_of=str((definitions or {}).get("as_of") or ""),
        aha=aha,
        search=search,
        say=_say_section(con, definition.get("features"), definitions or {}, root),
    )


def _aha_sections(
    con: "DuckDBPyConnection", names: Sequence[str], definitions: Mapping[str, Any]
) -> "tuple[tuple[AhaSection, ...], SearchSection | None]":
    """The aha moments that a report names, and the search that goes with them."""
    if not names:
        return (), None
    from funnelkit.project.definitions import Definitions
    from funnelkit.results.reports_aha import aha_section, reported, search_section
    from funnelkit.warehouse.macros import aha_plan

    plan, defined = aha_plan(definitions), Definitions.model_validate(definitions)
    moments, searches = reported(plan, names)
    return (
        tuple(
            aha_section(con, plan, each, _FEWEST_IN_REPORTS, defined.experiments)
            for each in moments
        ),
        search_section(con, plan, _FEWEST_IN_REPORTS) if searches else None,
    )


def _say_section(
    con: "DuckDBPyConnection",
    wanted: str | Sequence[str] | None,
    definitions: Mapping[str, Any],
    root: Path,
) -> "SaySection | None":
    """Say and do of the features that a report names."""
    if not wanted:
        return None
    from funnelkit.project.definitions import Definitions
    from funnelkit.results.reports_say import Asked, reported_features, say_section
    from funnelkit.warehouse.macros import say_plan

    plan, defined = say_plan(definitions), Definitions.model_validate(definitions)
    asked = Asked(reported_features(plan, wanted), defined.experiments, root, _FEWEST_IN_REPORTS)
    return say_section(con, plan, asked)


def _week(week: str, events: int, entities: int, digest: str) -> tuple[Value, ...]:
    few = entities < _FEWEST_IN_REPORTS
    return (week, None if few else events, None if few else entities, digest)


def _values(counts: Sequence[StepCounts], spec: Mapping[str, Any], at: str) -> Sequence[StepCounts]:
    """The values of a breakdown, small ones folded.

    Where those who did not reach the step are among the folded, these have no conversion either.
    """
    shown = folded(counts, _FEWEST_IN_REPORTS, spec["count"] == "entries")
    gone = {each.value for each in counts} - {each.value for each in shown}
    told = with_after(shown, spec, at)
    if NOT_REACHED not in gone:
        return told
    return [
        each._replace(after=NO_CONVERSION) if each.value == "(other)" else each for each in told
    ]


def _section(con: "DuckDBPyConnection", spec: Mapping[str, Any]) -> "FunnelSection":
    from funnelkit.report.model import FunnelSection

    built = built_funnel(con, spec["name"])
    name = spec["name"]
    options: dict[str, Any] = {"entities": entities(spec), "window": window_text(spec)}
    breakdowns = {
        each["name"]: step_rows(_values(steps(con, name, each["name"]), spec, each["at"]))
        for each in spec["breakdowns"]
    }
    total = steps(con, name, None)
    of_attempts = spec["count"] == "entries"
    known = size(total[0], of_attempts)
    if total[0].entered > 0 and known < _FEWEST_IN_REPORTS:
        who = "entities with a mature attempt" if of_attempts else "entrants"
        raise FunnelkitError(
            f"funnel {name!r} has {known} {who}: too few for a committed report",
            f"at least {_FEWEST_IN_REPORTS}, so that nobody's own journey stands in it",
        )
    rows = query(con, "funnel_times", funnel=name)
    left = [leavers_in_words(spec, leavers(con, name))] if may_leave(spec) else []
    return FunnelSection(
        name=name,
        description=spec["description"],
        words=(*in_words(spec), *left),
        definition_hash=built["definition_hash"],
        window=window_text(spec) or "",
        steps=step_rows(total, **options),
        breakdowns=breakdowns,
        trend=trend_table(
            merged(periods(con, name, "week"), _FEWEST_IN_REPORTS, of_attempts), **options
        ),
        times=times_table([TimeCounts(**row) for row in rows]),
    )
