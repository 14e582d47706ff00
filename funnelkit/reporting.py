"""Reports of a project: which ones there are, and what their files should hold."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from funnelkit.errors import FunnelkitError, did_you_mean
from funnelkit.table import Column, Table

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from funnelkit.project.locate import Paths
    from funnelkit.report.model import ReportData

INDEX = "README.md"
PAGE = "report.html"
NOT_RECOMPUTED = (
    "there is no warehouse: the pages were rendered again from the committed numbers, and the "
    "numbers themselves were not computed again"
)


@dataclass(frozen=True)
class ReportCheck:
    """How committed reports differ from what they should be.

    `reports`: how many were looked at; `differences`: a unified diff or one line each, empty when
    all is well; `notes`: what a reader must know, such as that nothing was computed again.
    """

    reports: int
    differences: tuple[str, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reports:
    """The reports that a project declares: `declared` by slug, `specs` of all funnels.

    `definitions` is the whole block: numbers of other definitions are never written.
    """

    paths: "Paths"
    declared: Mapping[str, Mapping[str, Any]]
    specs: Sequence[Mapping[str, Any]]
    definitions: Mapping[str, Any]

    def build(self, names: Sequence[str] = ()) -> list[str]:
        """Writes these reports, or all, and the index; returns their folders from the root."""
        from funnelkit.report.build import render, write
        from funnelkit.report.index import render_index
        from funnelkit.report.personal import check_personal

        data = self.data(names)
        rendered = {slug: render(each) for slug, each in data.items()}
        for slug, files in rendered.items():
            check_personal({f"{self._folder()}/{slug}/{name}": files[name] for name in files})
        index = render_index(
            [data.get(slug) or self._committed(slug) for slug in self._known(data)]
        )
        for slug, files in rendered.items():
            write(files, self.paths.reports / slug)
        _replace(self.paths.reports / INDEX, index)
        file, content = self._exposures()
        file.parent.mkdir(parents=True, exist_ok=True)
        _replace(file, content)
        return [f"{self._folder()}/{slug}" for slug in data]

    def data(self, names: Sequence[str] = ()) -> dict[str, "ReportData"]:
        """What these reports, or all, show by the built warehouse, by slug."""
        slugs = self._chosen(names)
        with self._marts() as con:
            return {slug: self._data(con, slug) for slug in slugs}

    def inputs(self) -> Table:
        """What the numbers of the built warehouse rest on, per week; see ReportData."""
        from funnelkit.results.reports import weekly_inputs

        with self._marts() as con:
            return weekly_inputs(con)

    def check(self, names: Sequence[str] = ()) -> ReportCheck:
        """Compares committed files with what the warehouse says; without one, with their data."""
        from funnelkit.report.build import check, read, render, summary
        from funnelkit.report.index import render_index
        from funnelkit.report.personal import personal

        slugs = self._chosen(names)
        absent = [slug for slug in slugs if not (self.paths.reports / slug).is_dir()]
        found = [f"{self._folder()}/{slug}: not written yet" for slug in absent]
        data, notes = self._expected([slug for slug in slugs if slug not in absent])
        for slug, each in data.items():
            if notes:
                found += self._changed_definitions(slug, each)
            committed = read(self.paths.reports / slug)
            found += [f"{slug}/{value}" for value in personal(committed)]
            differences = check(render(each), self.paths.reports / slug)
            if differences:
                found.append(f"{slug}: {summary(differences)}")
            for difference in differences:
                found.append(f"{slug}/{difference.path}: {difference.what}\n{difference.diff}")
        if not names:
            found += self._undeclared()
            index = self.paths.reports / INDEX
            whole = data and not absent
            if whole and (
                not index.is_file() or index.read_bytes() != render_index(list(data.values()))
            ):
                found.append(f"{self._folder()}/{INDEX}: not the list of these reports")
            found += self._wrong_exposures()
        return ReportCheck(len(slugs), tuple(found), notes)

    def outdated(self) -> list[str]:
        """What the definitions as they are have otherwise than the reports as they are."""
        found: list[str] = []
        for slug in self.declared:
            try:
                found += self._changed_definitions(slug, self._committed(slug))
            except FunnelkitError:  # not written, or not readable: `check` says so
                continue
        return found

    def table(self) -> Table:
        """One row a report: its slug, title, what it shows, and its page if written.

        Features may be `all`; `scorecard` is `yes` where it has one.
        """
        rows = []
        for slug, definition in self.declared.items():
            page = self.paths.reports / slug / "report.md"
            written = f"{self._folder()}/{slug}/report.md" if page.is_file() else None
            named = [definition.get(key) or () for key in ("funnels", "aha", "features")]
            shown = [each if isinstance(each, str) else ", ".join(each) for each in named]
            card = "yes" if definition.get("scorecard") else ""
            rows.append((slug, definition.get("title") or slug, *shown, card, written))
        names = ("report", "title", "funnels", "aha", "features", "scorecard", "page")
        return Table(tuple(map(Column, names)), tuple(rows))

    def page(self, name: str) -> Path:
        """The report's page; raises FunnelkitError when it is not written yet."""
        (slug,) = self._chosen([name])
        page = self.paths.reports / slug / PAGE
        if not page.is_file():
            raise FunnelkitError(
                f"{self._folder()}/{slug}: not written yet", f"run: funnelkit report build {slug}"
            )
        return page

    def _chosen(self, names: Sequence[str]) -> list[str]:
        if not self.declared:
            raise FunnelkitError(
                "this project declares no report",
                "for example `reports: {activation: {funnels: [activation]}}`",
            )
        for name in names:
            if name not in self.declared:
                hint = did_you_mean(name, self.declared)
                raise FunnelkitError(f"no report is called {name!r}", hint)
        return [slug for slug in self.declared if not names or slug in names]

    def _known(self, data: Mapping[str, "ReportData"]) -> list[str]:
        """Slugs that the index lists: those being written, and those that were before."""
        return [
            slug
            for slug in self.declared
            if slug in data or (self.paths.reports / slug / "report.md").is_file()
        ]

    def _expected(self, slugs: Sequence[str]) -> tuple[dict[str, "ReportData"], tuple[str, ...]]:
        if not self.paths.warehouse.exists():
            return {slug: self._committed(slug) for slug in slugs}, (NOT_RECOMPUTED,)
        with self._marts() as con:
            return {slug: self._data(con, slug) for slug in slugs}, ()

    def _data(self, con: "DuckDBPyConnection", slug: str) -> "ReportData":
        from funnelkit.results import report_data

        definition = self.declared[slug]
        funnels = self._funnels(slug)
        return report_data(con, slug, definition, funnels, self.definitions, self.paths.root)

    def _funnels(self, slug: str) -> list[Mapping[str, Any]]:
        named = self.declared[slug].get("funnels") or ()
        return [spec for name in named for spec in self.specs if spec["name"] == name]

    def _committed(self, slug: str) -> "ReportData":
        from funnelkit.report.build import read
        from funnelkit.report.model import ReportData

        return ReportData.from_files(read(self.paths.reports / slug), slug)

    def _changed_definitions(self, slug: str, data: "ReportData") -> Iterator[str]:
        from funnelkit.project.definitions import Definitions
        from funnelkit.project.log_words import own_log_in_words
        from funnelkit.report.columns import clean

        own = own_log_in_words(Definitions.model_validate(self.definitions))
        if list(data.log) != [clean(sentence) for sentence in own]:
            yield f"{slug}: the rules of the log are others than the report shows"
        if data.say and list(data.say.words) != self._say_words():
            yield f"{slug}: the rules of feedback are others than the report shows"
        if list(data.scorecard.words if data.scorecard else ()) != self._card_words(slug):
            yield f"{slug}: the scorecard's owners and targets are others than the report shows"
        if {each.on: each.text for each in data.annotations} != self._happened():
            yield f"{slug}: the annotations are others than the report shows"
        compared = data.compared()
        if compared and compared != self.declared[slug].get("compare"):
            yield f"{slug}: compare: names another property than {compared}, which the report shows"
        committed = data.hashes()
        now = self._hashes(slug)
        for name in sorted(committed.keys() | now.keys()):
            if committed.get(name) != now.get(name):
                yield (
                    f"{slug}: the definition of {name} is {now.get(name, 'gone')},"
                    f" the report shows {committed.get(name, 'none')}"
                )
        yield from self._behind(slug, data)

    def _behind(self, slug: str, data: "ReportData") -> Iterator[str]:
        """Definitions that a report does not show, and that its numbers rest on."""
        from funnelkit.report.columns import clean
        from funnelkit.results.rests import rests_on

        found = rests_on(self.declared[slug], self.specs, self.definitions, self._hashes(slug))
        now = {clean(each.name): each for each in found}
        committed = {each.name: each for each in data.rests_on}
        for name in sorted(committed.keys() | now.keys()):
            ours, its = now.get(name), committed.get(name)
            hashes = [each.definition_hash if each else "none" for each in (ours, its)]
            if hashes[0] != hashes[1]:
                yield (
                    f"{slug}: it rests on {name}, whose definition is {hashes[0]}, where the report"
                    f" was written with {hashes[1]}"
                )
            elif ours and its and tuple(map(clean, ours.words)) != its.words:
                yield f"{slug}: it rests on {name}, which is worded otherwise now"

    def _happened(self) -> dict[str, str]:
        from funnelkit.report.columns import clean

        happened = self.definitions.get("annotations") or {}
        return {str(on): clean(text) for on, text in happened.items()}

    def _hashes(self, slug: str) -> dict[str, str]:
        """Name and hash of what a report shows, by the definitions as they are."""
        from funnelkit.results.reports_aha import reported
        from funnelkit.warehouse.macros import aha_hash, aha_plan, definition_hash, search_hash

        declared = self.declared[slug]

        found = {str(spec["name"]): definition_hash(spec) for spec in self._funnels(slug)}
        plan = aha_plan(self.definitions)
        moments, searches = reported(plan, declared.get("aha") or ())
        found |= {f"aha moment {each['name']}": aha_hash(plan, each["no"]) for each in moments}
        found |= self._feature_hashes(declared.get("features"))
        if declared.get("scorecard"):
            from funnelkit.results.scorecard import declared_hashes

            found |= declared_hashes(declared["scorecard"], self.specs, self.definitions)
        return found | ({"the search": search_hash(plan)} if searches else {})

    def _card_words(self, slug: str) -> list[str]:
        from funnelkit.project.scorecard import Scorecard
        from funnelkit.report.columns import clean

        written = self.declared[slug].get("scorecard")
        words = Scorecard.model_validate(written).in_words() if written else []
        return [clean(sentence) for sentence in words]

    def _say_words(self) -> list[str]:
        from funnelkit.report.columns import clean
        from funnelkit.results.reports_say import in_words
        from funnelkit.warehouse.macros import say_plan

        return [clean(sentence) for sentence in in_words(say_plan(self.definitions))]

    def _feature_hashes(self, wanted: str | Sequence[str] | None) -> dict[str, str]:
        if not wanted:
            return {}
        from funnelkit.results.reports_say import reported_features
        from funnelkit.warehouse.macros import feature_hash, say_plan

        plan = say_plan(self.definitions)
        named = reported_features(plan, wanted)
        return {f"feature {each['name']}": feature_hash(plan, each["no"]) for each in named}

    def _undeclared(self) -> Iterator[str]:
        for page in sorted(self.paths.reports.glob("*/report.md")):
            if page.parent.name not in self.declared:
                folder = f"{self._folder()}/{page.parent.name}"
                yield f"{folder}: no report of this name is declared: delete {folder}"

    def _exposures(self) -> tuple[Path, bytes]:
        """The file that tells dbt of the reports, and what it should hold."""
        from funnelkit.project.definitions import Definitions
        from funnelkit.results.exposures import Exposed, exposures, exposures_file
        from funnelkit.results.spelled import spelled
        from funnelkit.warehouse.macros import aha_plan, say_plan

        folder, funnels = self._folder(), [str(spec["name"]) for spec in self.specs]
        aha = bool(self.definitions.get("aha_moments"))
        reports = [
            Exposed(slug, declared, f"{folder}/{slug}/report.md", self._hashes(slug), funnels, aha)
            for slug, declared in self.declared.items()
        ]
        plan, say = aha_plan(self.definitions), say_plan(self.definitions)
        words = spelled(self.specs, plan, say, Definitions.model_validate(self.definitions))
        return exposures_file(self.paths), exposures(reports, words, self.paths.name)

    def _wrong_exposures(self) -> Iterator[str]:
        from funnelkit.report.build import full_diff

        file, content = self._exposures()
        committed = file.read_bytes() if file.is_file() else None
        if committed != content:
            name = file.relative_to(self.paths.root).as_posix()
            what = "missing" if committed is None else "changed"
            diff = "" if committed is None else "".join(full_diff(name, committed, content))
            yield f"{name}: {what}\n{diff}"

    @contextmanager
    def _marts(self) -> Iterator["DuckDBPyConnection"]:
        from funnelkit.warehouse import meta
        from funnelkit.warehouse.queries import open_marts

        with open_marts(self.paths.warehouse) as con:
            meta.check(con, self.definitions, self.specs)
            yield con

    def _folder(self) -> str:
        return self.paths.reports.relative_to(self.paths.root).as_posix()


def _replace(path: Path, content: bytes) -> None:
    beside = path.with_name(f".{path.name}.new")
    beside.write_bytes(content)
    beside.replace(path)
