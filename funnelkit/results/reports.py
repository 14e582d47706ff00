"""What reports show, read from the built marts; small groups are folded."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from funnelkit.errors import FunnelkitError
from funnelkit.project.log_words import own_log_in_words
from funnelkit.project.words import entities, in_words, window_text
from funnelkit.results.built import built_funnel, leavers, periods, steps
from funnelkit.results.notes import leavers_in_words, may_leave
from funnelkit.results.quality import quality_table
from funnelkit.results.reports_funnel import comparison, next_events
from funnelkit.results.small import folded, in_fives, merged, size
from funnelkit.results.view import NO_CONVERSION, NOT_REACHED, with_after
from funnelkit.stats.evidence import FEWEST
from funnelkit.stats.funnels import StepCounts, step_rows, trend_table
from funnelkit.stats.times import TimeCounts, times_table
from funnelkit.table import Column, Table, Value
from funnelkit.warehouse.meta import needs_log
from funnelkit.warehouse.queries import query

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from funnelkit.project.definitions import Definitions
    from funnelkit.report.model import (
        AhaSection,
        Annotation,
        Definition,
        Finding,
        FunnelSection,
        ReportData,
        SaySection,
        ScorecardSection,
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
    from funnelkit.results import front
    from funnelkit.results.ladder import ladder_table

    aha, search = _aha_sections(con, definition.get("aha") or (), definitions or {})
    window = query(con, "log_window")[0]
    others = query(con, "log_others")[0]
    defined = Definitions.model_validate(definitions or {})
    say, of_say = _say_section(con, definition.get("features"), definitions or {}, root)
    data = ReportData(
        slug=slug,
        title=definition.get("title") or slug.replace("_", " ").capitalize(),
        description=definition.get("description") or "",
        sections=tuple(_section(con, spec, definition.get("compare")) for spec in specs),
        quality=quality_table(con, definitions or {}),
        first_event=window["first_event"] or "",
        last_event=window["last_event"] or "",
        observed_until=window["observed_until"] or "",
        inputs=weekly_inputs(con),
        log=tuple(own_log_in_words(defined)),
        as_of=str((definitions or {}).get("as_of") or ""),
        aha=aha,
        search=search,
        say=say,
        users_digest=others["users_digest"] or "",
        answers_digest=others["answers_digest"] or "",
        timezone=defined.timezone,
        annotations=annotations(defined),
        scorecard=_scorecard(con, definition.get("scorecard"), definitions or {}),
    )
    found = (*front.candidates(data), *of_say)
    return replace(
        data,
        findings=found,
        ladder=ladder_table(con, data, specs),
        rests_on=_rests_on(definition, definitions or {}, data.hashes()),
    )


def _rests_on(
    written: Mapping[str, Any], definitions: Mapping[str, Any], shown: Mapping[str, str]
) -> "tuple[Definition, ...]":
    """The definitions behind a report that it does not show."""
    from funnelkit.results.rests import rests_on

    return rests_on(written, _all_funnels(definitions), definitions, shown)


def _all_funnels(definitions: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The funnels of the project, complete."""
    from funnelkit.warehouse.macros import funnel_specs

    idle = (definitions.get("sessions") or {}).get("idle")
    return funnel_specs(definitions.get("funnels") or {}, idle)


def _scorecard(
    con: "DuckDBPyConnection", written: Mapping[str, Any] | None, definitions: Mapping[str, Any]
) -> "ScorecardSection | None":
    """The scorecard of a report, of whatever funnels; None without one."""
    if not written:
        return None
    from funnelkit.results.scorecard import scorecard_section

    specs = _all_funnels(definitions)
    return scorecard_section(con, written, specs, definitions, _FEWEST_IN_REPORTS)


def annotations(defined: "Definitions") -> "tuple[Annotation, ...]":
    """What the project says happened, by day."""
    from funnelkit.report.model import Annotation

    by_day = sorted((on.isoformat(), text) for on, text in defined.annotations.items())
    return tuple(Annotation(on, text) for on, text in by_day)


def weekly_inputs(con: "DuckDBPyConnection", until: str | None = None) -> Table:
    """What the numbers rest on, per week (columns as ReportData.inputs); of events up to `until`.

    `until`: ISO 8601. Counts of weeks with too few entities are null. Ids that were joined to
    another person's stand in whole fives, as `small.in_fives` has it.
    """
    columns = (
        Column("week", "date"),
        *(Column(name, "count") for name in ("events", "entities", "merges")),
        Column("digest"),
        Column("people"),
    )
    if until is not None:
        needs_log(con, "a part of the log")
    weeks = query(con, "log_weeks", until=until)
    merges = in_fives([week["merges"] for week in weeks], _FEWEST_IN_REPORTS)
    rows = [_week(**week | {"merges": told}) for week, told in zip(weeks, merges, strict=True)]
    return Table(columns, tuple(rows))


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
) -> "tuple[SaySection | None, tuple[Finding, ...]]":
    """Say and do of the features that a report names, and what of it may open the report."""
    if not wanted:
        return None, ()
    from funnelkit.project.definitions import Definitions
    from funnelkit.results.reports_say import Asked, reported_features, say_section
    from funnelkit.warehouse.macros import say_plan

    plan, defined = say_plan(definitions), Definitions.model_validate(definitions)
    asked = Asked(reported_features(plan, wanted), defined.experiments, root, _FEWEST_IN_REPORTS)
    return say_section(con, plan, asked)


def _week(
    week: str, events: int, entities: int, merges: int | None, digest: str, people: str
) -> tuple[Value, ...]:
    few = entities < _FEWEST_IN_REPORTS
    return (week, None if few else events, None if few else entities, merges, digest, people)


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


def _section(
    con: "DuckDBPyConnection", spec: Mapping[str, Any], compare: str | None = None
) -> "FunnelSection":
    """A funnel; `compare`: the property whose values are held against each other."""
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
    more = {"next_events": next_events(con, spec, total, _FEWEST_IN_REPORTS)}
    if compare:
        more["comparison"] = comparison(con, spec, compare, _FEWEST_IN_REPORTS)
    told = {part: (table.headline, *table.notes) for part, table in more.items() if table.rows}
    left = (
        [leavers_in_words(spec, leavers(con, name), _FEWEST_IN_REPORTS)] if may_leave(spec) else []
    )
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
        told={part: tuple(filter(None, sentences)) for part, sentences in told.items()},
        **more,
    )
