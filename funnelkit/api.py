"""One function per thing the tool does; the command line and notebooks call these.

import funnelkit as fk
project = fk.open(".")
project.build()
project.funnel("activation")
"""

# Every import of ours is inside a function: `funnelkit funnel` must not pay for dbt, Polars or
# Altair, and `--help` for nothing at all.
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from funnelkit.errors import FunnelkitError
from funnelkit.exploring import different_tables as different_tables
from funnelkit.exploring import explore as explore
from funnelkit.exploring import parse_exclude as parse_exclude
from funnelkit.exploring import parse_map as parse_map
from funnelkit.exploring import parse_steps as parse_steps
from funnelkit.exploring import readable_curve as readable_curve
from funnelkit.folders import doctor as doctor
from funnelkit.folders import init as init
from funnelkit.folders import sample as sample
from funnelkit.reviewing import Reviewing
from funnelkit.saying import Saying
from funnelkit.saying import interruptible as _interruptible
from funnelkit.table import Column, Table

if TYPE_CHECKING:
    from funnelkit.project.definitions import Definitions
    from funnelkit.project.locate import Paths
    from funnelkit.project.read import Source
    from funnelkit.warehouse.dbt_progress import OnEvent
    from funnelkit.warehouse.dbt_progress import Progress as Progress
    from funnelkit.warehouse.dbt_results import BuildResult
    from funnelkit.warehouse.lists import Lists
    from funnelkit.warehouse.load import FileLoad as FileLoad
    from funnelkit.warehouse.load import LoadResult
    from funnelkit.warehouse.preview import Preview as Preview

RawKind = Literal["events", "users", "feedback"]


def open(path: str | Path = ".") -> "Project":
    """The project in this folder or the nearest one above it.

    Raises FunnelkitError when there is none.
    """
    from funnelkit.project.locate import find

    return Project(find(Path(path)))


@dataclass(frozen=True)
class Project(Saying, Reviewing):
    """A funnelkit project: a dbt project, its definitions and its warehouse.

    Nothing is read before it is needed; a method opens the warehouse and closes it again.
    """

    paths: "Paths"

    @cached_property
    def _source(self) -> "Source":
        from funnelkit.project.read import read

        return read(self.paths.project_file)

    @property
    def defined(self) -> "Definitions":
        """The validated `vars: funnelkit:` block; raises FunnelkitError with every mistake."""
        return self._source.definitions

    @property
    def variables(self) -> dict[str, Any]:
        """The same block as the macros get it: plain JSON-able values."""
        return self._source.raw

    def load(
        self,
        kind: RawKind,
        patterns: Sequence[str],
        *,
        mapping: Mapping[str, str] | None = None,
        time_format: str | None = None,
        preset: str | None = None,
        questions: Sequence[str] = (),
        dry_run: bool = False,
        to: str | Path | None = None,
    ) -> "LoadResult":
        """Loads raw files into the warehouse; a file that was loaded before changes nothing.

        `preset`: whose export it is (docs/presets.md); one of events may tell of users too.
        `questions`: columns of a wide survey, `ID=COLUMN`, beside those declared. `to`: a folder of
        Parquet files, for Spark, instead of the warehouse. Raises
        FunnelkitError for a file that cannot be read, and then nothing is loaded.
        """
        from funnelkit.warehouse.load import load
        from funnelkit.warehouse.parquet import load_into

        asked = self.questions_asked(kind, questions)
        into = self.paths.warehouse if to is None else Path(to)
        with _interruptible():
            return (load if to is None else load_into)(
                into,
                kind,
                patterns,
                root=self.paths.root,
                mapping=mapping,
                time_format=time_format,
                preset=preset,
                asked=asked,
                dry_run=dry_run,
            )

    def build(
        self,
        select: Sequence[str] = (),
        full_refresh: bool = False,
        on_event: "OnEvent | None" = None,
        *,
        target: Literal["duckdb", "spark"] = "duckdb",
        raw: str | Path | None = None,
    ) -> "BuildResult":
        """Runs `dbt build`, then the jobs. Failed tests are in the result; BuildError for models
        that failed.

        `target` spark builds on Spark, from the folder `raw` that `load` filled, and brings what
        is not as large as the log into the warehouse (docs/scale.md).
        """
        from funnelkit.warehouse import dbt

        self._check_conditions()
        result = dbt.build(
            self.paths,
            select=select,
            full_refresh=full_refresh,
            definitions=self.variables,
            lists=self._lists(),
            target=target,
            raw_files=None if raw is None else Path(raw),
            on_event=on_event,
        )
        if not select and not (target == "spark" and result.skipped):  # then no mart has come
            self._run_jobs()
        return result

    def _run_jobs(self) -> None:
        from funnelkit.results.mentions_kept import keep_mentions
        from funnelkit.results.search_kept import keep
        from funnelkit.warehouse.connect import connect

        with _interruptible(), connect(self.paths.warehouse) as con:
            keep(con, self._plan)
            keep_mentions(con, self._say)

    def dbt(self, args: Sequence[str]) -> int:
        """Any dbt command with the project's environment; returns dbt's exit code.

        Raises FunnelkitError for mistakes in the definitions before a command that compiles them.
        """
        from funnelkit.warehouse import dbt

        if not dbt.compiles(args):
            return dbt.run(self.paths, args)
        self._check_conditions()
        return dbt.run(self.paths, args, definitions=self.variables, lists=self._lists())

    def _lists(self) -> "Lists":
        from funnelkit.warehouse.lists import read_lists

        return read_lists(self._source, self.paths.root)

    def _check_conditions(self) -> None:
        from funnelkit.warehouse.conditions import check_definitions

        check_definitions(self._source)

    def forget(self, user: str, *, dry_run: bool = False) -> Table:
        """Removes a person from the raw rows and the built tables: table, rows; then `build`.

        `user`: a user id, or `anonymous:` and an anonymous id. Raises FunnelkitError for an id that
        nobody has, for files that no build has seen, and where events come from a model of one's
        own. `dry_run` only counts. Notes say what else may hold the person.
        """
        from funnelkit.warehouse.forget import forget, told

        model = (self.variables.get("events") or {}).get("model")
        if model:
            raise FunnelkitError(
                f"events come from the model {model}, which funnelkit does not change",
                "remove the person from its source, then run `funnelkit build`",
            )
        with _interruptible():
            found = forget(self.paths.warehouse, user, dry_run=dry_run)
        headline, notes = told(found, dry_run)
        return Table((Column("table"), Column("rows", "count")), found.removed, {}, headline, notes)

    def environment(self) -> dict[str, str]:
        """The variables a plain `dbt` needs; also writes the profile they point at."""
        from funnelkit.warehouse.dbt_setup import environment, write_profiles

        write_profiles(self.paths)
        return environment(self.paths)

    def specs(self) -> list[dict[str, Any]]:
        """The complete spec of every funnel, in the order of the file, every default filled in."""
        from funnelkit.warehouse.macros import funnel_specs

        self.defined  # noqa: B018 - a mistake in the file is told before the macros stumble on it
        sessions = self.variables.get("sessions") or {}
        return funnel_specs(self.variables.get("funnels") or {}, sessions.get("idle"))

    def funnel_names(self) -> list[str]:
        """Names of the declared funnels."""
        return list(self.variables.get("funnels") or {})

    def definition_names(self) -> list[str]:
        """Names that `definitions` takes."""
        names = [*self.funnel_names(), *self.outcome_names(), *self.aha_names()]
        names += [*self.experiment_names(), *self.change_names()]
        return [*names, *(["aha_search"] if self.variables.get("aha_search") else [])]

    def property_names(self) -> list[str]:
        """Names of the declared properties, those of users first."""
        kinds = ("user_properties", "event_properties")
        return [name for kind in kinds for name in self.variables.get(kind) or {}]

    def user_property_names(self) -> list[str]:
        """Names of the declared properties of users."""
        return list(self.variables.get("user_properties") or {})

    def build_state(self, *whose: str) -> tuple[str | None, list[str]]:
        """`build_warning` and `unseen_events`, with one look into the warehouse."""
        from funnelkit.warehouse import meta
        from funnelkit.warehouse.connect import connect

        with connect(self.paths.warehouse, read_only=True) as con:
            build = meta.last_build(con)
            warning = meta.warning(build, self.variables, meta.ledger(con))
        unseen = build.unseen if build else ()
        return warning, [text for name, text in unseen if not whose or name in whose]

    def build_warning(self) -> str | None:
        """One sentence when the tables mix builds, or are older than the definitions or the loaded
        files; else None.
        """
        return self.build_state()[0]

    def unseen_events(self, funnel: str | None = None) -> list[str]:
        """A sentence for each event of a step that the last build did not find; of all funnels."""
        return self.build_state(*([funnel] if funnel else []))[1]

    def funnel(
        self,
        name: str | None = None,
        *,
        by: str | None = None,
        trend: Literal["day", "week", "month"] | None = None,
        times: bool = False,
        next_after: str | None = None,
        compare: Sequence[str] = (),
        who: str | None = None,
        explain: str | None = None,
        sensitivity: bool = False,
        segment: str | None = None,
        where: str | None = None,
        since: str | None = None,
        until: str | None = None,
        entry: Literal["first", "best"] | None = None,
    ) -> Table:
        """A built funnel (columns in docs/cli.md); the warehouse is opened read-only.

        At most one of the first eight: `by`, the total's rows, then each value's of a property
        (`prop`, `prop@step`, `prop@first`, `prop@last`); `trend`, by cohort of first entry;
        `times`, the time-to-convert curve; `next_after`, what those lost after a step did instead;
        `compare`, differences between groups (a property, or SQL over properties at the entry);
        `who`, the entities that reached a step (`-step`: that did not); `explain`, one entity's
        events; `sensitivity`, the same under other rules.

        The others ask of some: a declared `segment`, events for which `where` is true, entries
        from `since` to `until` (project's time zone; a date is its whole day), under another
        `entry` rule. What the marts do not hold is computed again from the event log. Raises
        FunnelkitError for what is not declared, not built or not right.
        """
        from funnelkit.results.view import View, bounds

        view = View(by, trend, times, next_after, tuple(compare), who, explain, sensitivity)
        spec = self.pick(name, self.specs())
        whom = bounds(
            since=since,
            until=until,
            where=where,
            segment=segment,
            segments=self.variables.get("segments"),
            timezone=self.variables.get("timezone") or "UTC",
        )
        from funnelkit.results.built import funnel_table, with_entry
        from funnelkit.warehouse.queries import open_marts

        declared = by is None or by in [each["name"] for each in spec["breakdowns"]]
        asked = with_entry(spec, entry)
        with _interruptible():
            if view.is_in_marts and declared and whom.is_everybody and asked == spec:
                with open_marts(self.paths.warehouse) as con:
                    table = funnel_table(con, spec, by=by, trend=trend, times=times)
            else:
                from funnelkit.results.rerun import rerun

                self._check_conditions()
                table = rerun(self.paths.warehouse, asked, view, whom, self.variables)
        happened = self.variables.get("annotations")
        if trend is None or not happened:
            return table
        from funnelkit.results.released import with_releases

        return with_releases(table, happened, trend)

    def definitions(self, name: str | None = None) -> Table:
        """Each definition in words, one row a sentence: funnel (its name), definition_hash, line,
        text, kind (funnel, outcome, aha moment, experiment, change, aha search,
        feature, feedback, event log).

        `name`: of one of these, `aha_search` or `feedback`. Without it, rows of
        `(event log)` tell what of the log counts, and whose it is. Raises FunnelkitError for a name
        that nothing has.
        """
        from funnelkit.results.spelled import spelled, spelled_table
        from funnelkit.warehouse.macros import aha_plan

        self._check_conditions()
        plan = aha_plan(self.variables)
        return spelled_table(list(spelled(self.specs(), plan, self._say, self.defined)), name)

    @property
    def _plan(self) -> dict[str, Any]:
        """Everything declared of outcomes, aha moments and the search, every default filled in."""
        from funnelkit.warehouse.macros import aha_plan

        self.defined  # noqa: B018 - a mistake in the file is told before the macros stumble on it
        return aha_plan(self.variables)

    def aha_names(self) -> list[str]:
        """Names of the declared aha moments."""
        return list(self.variables.get("aha_moments") or {})

    def outcome_names(self) -> list[str]:
        """Names of the declared outcomes."""
        return list(self.variables.get("outcomes") or {})

    def returning_names(self) -> list[str]:
        """Names of the outcomes that `retention` takes: of events that can occur each week."""
        from funnelkit.results.pick import returning

        return [str(each["name"]) for each in returning(self._plan, None)]

    def aha(
        self,
        name: str | None = None,
        *,
        by: str | None = None,
        times: bool = False,
        stuck: bool = False,
    ) -> Table:
        """Who reached a built aha moment (columns in docs/cli.md): everybody, then each entry week.

        At most one of: `by`, each value of a user property as of the entry instead of the weeks;
        `times`, the time-to-aha curve; `stuck`, where those that did not reach it stayed. Without
        `name`, the only one. Raises FunnelkitError for what is not declared or not built.
        """
        from funnelkit.results.aha import aha_table
        from funnelkit.results.experiments import with_experiments
        from funnelkit.results.pick import one_table, pick
        from funnelkit.warehouse.queries import open_marts

        one_table({"--by": by, "--times": times, "--stuck": stuck})
        moment = pick(name, self._plan["moments"], "aha moment")
        with _interruptible(), open_marts(self.paths.warehouse) as con:
            table = aha_table(con, moment, by=by, times=times, stuck=stuck)
            return with_experiments(con, table, self.defined.experiments, aha=moment["name"])

    def aha_search(self, *, outcome: str | None = None, cells: bool = False) -> Table:
        """Which behaviour of the first days goes with an outcome: one row an event, with a verdict.

        `outcome`: another than the search declares; `cells`: instead, everything that was tried.
        Raises FunnelkitError without a declared search, and for what was not built.
        """
        from funnelkit.results.search import search_tables
        from funnelkit.warehouse.queries import open_marts

        with _interruptible(), open_marts(self.paths.warehouse) as con:
            findings, grid = search_tables(con, self._plan, outcome=outcome)
        return grid if cells else findings

    def aha_null(self, *, runs: int = 200) -> Table:
        """How often the same search accepts anything when the outcome is shuffled; one row.

        Raises FunnelkitError as `aha_search` does, and unless `runs` is 1 at least.
        """
        from funnelkit.results.search import null_table
        from funnelkit.warehouse.queries import open_marts

        with _interruptible(), open_marts(self.paths.warehouse) as con:
            return null_table(con, self._plan, runs=runs)

    def retention(
        self, outcome: str | None = None, *, by: str | None = None, cohorts: bool = False
    ) -> Table:
        """Who came back in which week after the entry: an outcome's events, once over for each.

        `by`: a user property as of the entry, or `aha` (with several, `aha:NAME`): reached or not.
        `cohorts`: after all of them, each entry week. Without `outcome`, the only one of an event.
        Raises FunnelkitError for what is not declared or not built.
        """
        from funnelkit.results.pick import aha_breakdown, pick, returning
        from funnelkit.results.retention import built_retention, pick_clock
        from funnelkit.warehouse.queries import open_marts

        plan = self._plan
        found = pick(outcome, returning(plan, outcome), "outcome")
        by = aha_breakdown(plan, by)
        clock = pick_clock(plan, found, by)
        with _interruptible(), open_marts(self.paths.warehouse) as con:
            return built_retention(con, plan, found, clock, by=by, cohorts=cohorts)

    def pick(self, name: str | None, specs: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """The spec of this funnel; without a name, the only one."""
        from funnelkit.results.pick import pick

        return pick(name, specs, "funnel")
