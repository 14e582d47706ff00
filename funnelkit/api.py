"""One function per thing the tool does; the command line and notebooks call these.

import funnelkit as fk
project = fk.open(".")
project.build()
project.funnel("activation")
"""

# Every import of ours is inside a function: `funnelkit funnel` must not pay for dbt, Polars or
# Altair, and `--help` for nothing at all.
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from funnelkit.errors import FunnelkitError, did_you_mean
from funnelkit.exploring import different_tables as different_tables
from funnelkit.exploring import explore as explore
from funnelkit.exploring import parse_exclude as parse_exclude
from funnelkit.exploring import parse_map as parse_map
from funnelkit.exploring import parse_steps as parse_steps
from funnelkit.exploring import readable_curve as readable_curve
from funnelkit.table import Column, Table

if TYPE_CHECKING:
    from funnelkit.project.definitions import Definitions
    from funnelkit.project.locate import Paths
    from funnelkit.project.read import Source
    from funnelkit.reporting import ReportCheck, Reports
    from funnelkit.sample import Summary
    from funnelkit.starting import Started
    from funnelkit.warehouse.dbt_progress import OnEvent
    from funnelkit.warehouse.dbt_progress import Progress as Progress
    from funnelkit.warehouse.dbt_results import BuildResult
    from funnelkit.warehouse.lists import Lists
    from funnelkit.warehouse.load import FileLoad as FileLoad
    from funnelkit.warehouse.load import LoadResult
    from funnelkit.warehouse.preview import Preview as Preview

RawKind = Literal["events", "users", "feedback"]


def _interruptible() -> AbstractContextManager[None]:
    from funnelkit.warehouse.connect import interruptible

    return interruptible()


def open(path: str | Path = ".") -> "Project":
    """The project in this folder or the nearest one above it.

    Raises FunnelkitError when there is none.
    """
    from funnelkit.project.locate import find

    return Project(find(Path(path)))


@dataclass(frozen=True)
class Project:
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
        dry_run: bool = False,
    ) -> "LoadResult":
        """Loads raw files into the warehouse; a file that was loaded before changes nothing.

        `preset`: events are a vendor's export (docs/presets.md), which may tell of users too.
        Raises FunnelkitError for a file that cannot be read, and then nothing is loaded.
        """
        from funnelkit.warehouse.load import load

        with _interruptible():
            return load(
                self.paths.warehouse,
                kind,
                patterns,
                root=self.paths.root,
                mapping=mapping,
                time_format=time_format,
                preset=preset,
                dry_run=dry_run,
            )

    def build(
        self,
        select: Sequence[str] = (),
        full_refresh: bool = False,
        on_event: "OnEvent | None" = None,
    ) -> "BuildResult":
        """Runs `dbt build`. Failed tests are in the result; BuildError for models that failed."""
        from funnelkit.warehouse import dbt

        self._check_conditions()
        return dbt.build(
            self.paths,
            select=select,
            full_refresh=full_refresh,
            definitions=self.variables,
            lists=self._lists(),
            on_event=on_event,
        )

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
        from funnelkit.warehouse import dbt

        dbt.write_profiles(self.paths)
        return dbt.environment(self.paths)

    def specs(self) -> list[dict[str, Any]]:
        """The complete spec of every funnel, in the order of the file, every default filled in."""
        from funnelkit.warehouse.macros import funnel_specs

        self.defined  # noqa: B018 - a mistake in the file is told before the macros stumble on it
        sessions = self.variables.get("sessions") or {}
        return funnel_specs(self.variables.get("funnels") or {}, sessions.get("idle"))

    def funnel_names(self) -> list[str]:
        """Names of the declared funnels."""
        return list(self.variables.get("funnels") or {})

    def property_names(self) -> list[str]:
        """Names of the declared properties, those of users first."""
        kinds = ("user_properties", "event_properties")
        return [name for kind in kinds for name in self.variables.get(kind) or {}]

    def build_state(self, funnel: str | None = None) -> tuple[str | None, list[str]]:
        """`build_warning` and `unseen_events`, with one look into the warehouse."""
        from funnelkit.warehouse import meta
        from funnelkit.warehouse.connect import connect

        with connect(self.paths.warehouse, read_only=True) as con:
            build = meta.last_build(con)
            warning = meta.warning(build, self.variables, meta.ledger(con))
        unseen = build.unseen if build else ()
        return warning, [text for name, text in unseen if funnel in (None, name)]

    def build_warning(self) -> str | None:
        """One sentence when the tables mix builds, or are older than the definitions or the loaded
        files; else None.
        """
        return self.build_state()[0]

    def unseen_events(self, funnel: str | None = None) -> list[str]:
        """A sentence for each event of a step that the last build did not find; of all funnels."""
        return self.build_state(funnel)[1]

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
                    return funnel_table(con, spec, by=by, trend=trend, times=times)
            from funnelkit.results.rerun import rerun

            self._check_conditions()
            return rerun(self.paths.warehouse, asked, view, whom, self.variables)

    def definitions(self, name: str | None = None) -> Table:
        """What each funnel counts, in words: one row a sentence, with the definition's hash.

        Without `name`, rows of `(event log)` tell what of the log counts, and whose it is.
        """
        from funnelkit.project.log_words import LOG, log_in_words
        from funnelkit.project.words import in_words
        from funnelkit.warehouse.macros import definition_hash

        self._check_conditions()
        specs = self.specs()
        if name is not None:
            specs = [self.pick(name, specs)]
        rows = [
            (spec["name"], definition_hash(spec), number, sentence)
            for spec in specs
            for number, sentence in enumerate(in_words(spec), start=1)
        ]
        if name is None:
            told = enumerate(log_in_words(self.defined), start=1)
            rows += [(LOG, "", number, sentence) for number, sentence in told]
        columns = (
            Column("funnel"),
            Column("definition_hash"),
            Column("line", "count"),
            Column("text"),
        )
        return Table(columns, tuple(rows))

    def report_build(self, names: Sequence[str] = ()) -> list[str]:
        """Writes these reports, or all, from the built warehouse; returns their folders."""
        with _interruptible():
            return self._reports.build(names)

    def report_check(self, names: Sequence[str] = ()) -> "ReportCheck":
        """Compares the committed reports, byte by byte, with what they should be."""
        with _interruptible():
            return self._reports.check(names)

    def report_list(self) -> Table:
        """The declared reports: report, title, funnels, page (None until it is written)."""
        return self._reports.table()

    def report_page(self, name: str) -> Path:
        """The written page of a report, report.html; raises FunnelkitError until it is written."""
        return self._reports.page(name)

    @property
    def _reports(self) -> "Reports":
        from funnelkit.reporting import Reports

        declared = self.variables.get("reports") or {}
        return Reports(self.paths, declared, self.specs(), self.variables)

    def pick(self, name: str | None, specs: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """The spec of this funnel; without a name, the only one."""
        names = [str(spec["name"]) for spec in specs]
        if name is None and len(names) == 1:
            return specs[0]
        if not names:
            raise FunnelkitError(
                "this project declares no funnel", "add one under `vars: funnelkit: funnels:`"
            )
        if name is None:
            raise FunnelkitError(
                f"this project has {len(names)} funnels: which one?",
                f"known: {', '.join(names)}; for example `funnelkit funnel {names[0]}`",
            )
        if name not in names:
            raise FunnelkitError(f"no funnel is called {name!r}", did_you_mean(name, names))
        return specs[names.index(name)]


def doctor(path: str | Path = ".") -> Table:
    """What is right and wrong with a project: check, state (ok, warn, fail), found, hint.

    Also of a folder without a project, or with one that cannot be read.
    """
    from funnelkit.warehouse.doctor import checks

    columns = (Column("check"), Column("state"), Column("found"), Column("hint"))
    with _interruptible():
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

    with _interruptible():
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
