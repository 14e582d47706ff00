"""Two versions of a project's reports: where they are read, and what a build of the old rules adds.

The files tell what moved (`report.diff`). Where definitions and data both changed they cannot tell
by how much each did; a build of the earlier definitions on the present data can.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

from funnelkit.errors import FunnelkitError
from funnelkit.project.locate import PROJECT_FILE
from funnelkit.table import Table

if TYPE_CHECKING:
    from funnelkit.api import Project
    from funnelkit.project.locate import Paths
    from funnelkit.report.diff import Comparison, ReportChange, Version
    from funnelkit.report.model import ReportData
    from funnelkit.reporting import Reports
    from funnelkit.revisions import Repository

WORKING_TREE = "the working tree"
PACKAGE = "funnelkit"
_NOT_LINKED = frozenset({"build", "reports", "target", "logs", "dbt_packages", ".git", ".user.yml"})
# What a version of a dbt project counts by, the file with the definitions first.
_RULES = (PROJECT_FILE, "packages.yml", "models", "macros")


@dataclass(frozen=True)
class Diff:
    """What moved between two versions of the reports."""

    comparison: "Comparison"

    def markdown(self) -> str:
        """For a comment on a pull request: at most 60,000 characters."""
        from funnelkit.report.diff_markdown import write_diff

        return write_diff(self.comparison)

    def table(self) -> Table:
        """One row a figure, part, definition, cell or sentence (columns in docs/cli.md)."""
        from funnelkit.report.diff_rows import diff_table

        return diff_table(self.comparison)


class _Side(NamedTuple):
    """A version, and the revision it is of; None for a folder."""

    version: "Version"
    revision: "tuple[Repository, str] | None" = None


def diff(
    project: "Project",
    base: str,
    head: str | None = None,
    *,
    rebuild: bool = True,
    on_build: Callable[[str], None] = lambda what: None,
) -> Diff:
    """What moved from `base` to `head`: git revisions, or folders; without `head`, to the files as
    they are now. A `base` of `A...B` is as in git: from where B left A to B (or, without B, to
    the files as they are).

    Then, with a built warehouse, causes are told apart by building the earlier definitions on the
    present data (in a folder of its own), unless `rebuild` is False; `on_build` is told what is
    built before each. Raises FunnelkitError for a revision that is not there, and one without
    reports.
    """
    from funnelkit.report.diff import compare

    before, head = _before(project.paths, base, head)
    after = _side(project.paths, head) if head is not None else _present(project.paths)
    compared = compare(before.version, after.version)
    if head is not None:
        return Diff(compared)
    compared = compared._replace(outdated=tuple(_reports(project).outdated()))
    return Diff(_Causes(project, before.revision, rebuild, on_build).explained(compared))


def _reports(project: "Project") -> "Reports":
    from funnelkit.reporting import Reports

    declared = project.variables.get("reports") or {}
    return Reports(project.paths, declared, project.specs(), project.variables)


def _present(paths: "Paths") -> _Side:
    return _Side(_version(WORKING_TREE, _in_folder(paths.reports), _place(paths)))


def _before(paths: "Paths", base: str, head: str | None) -> tuple[_Side, str | None]:
    """The earlier side, and the name of the later one; `base` may name both, `main...branch`."""
    from funnelkit.revisions import Repository

    left, dots, right = base.partition("...")
    if not dots or Path(base).is_dir():
        return _side(paths, base), head
    if head is not None:
        raise FunnelkitError(f"{base!r} names both sides", f"leave out {head!r}")
    ends = left or "HEAD", right or "HEAD"
    commit = Repository.of(paths.root).fork(*ends)
    label = f"{commit[:12]}, where {ends[1]} left {ends[0]}"
    return _side(paths, commit, label), right or None


def _side(paths: "Paths", named: str, label: str = "") -> _Side:
    """A git revision, else a folder: of reports, or of a project that has some."""
    from funnelkit.revisions import Repository

    folder = Path(named)
    try:
        repository = Repository.of(paths.root)
        commit = repository.commit(named)
    except FunnelkitError:
        if not folder.is_dir():
            raise
        reports = folder / "reports" if (folder / "reports").is_dir() else folder
        return _Side(_version(named, _in_folder(reports), named))
    files = repository.files(commit, paths.reports)
    version = _version(label or named, files, f"{_place(paths)} of {label or named}")
    return _Side(version, (repository, commit))


def _place(paths: "Paths") -> str:
    return paths.reports.relative_to(paths.root).as_posix()


def _in_folder(folder: Path) -> dict[str, bytes]:
    from funnelkit.report.build import read

    return {
        f"{each.name}/{path}": content
        for each in sorted(folder.iterdir() if folder.is_dir() else ())
        if each.is_dir()
        for path, content in read(each).items()
    }


def _version(label: str, files: Mapping[str, bytes], place: str) -> "Version":
    """Files by `slug/path`; raises FunnelkitError where no report is among them."""
    from funnelkit.report.build import is_own
    from funnelkit.report.diff import Version

    reports: dict[str, dict[str, bytes]] = {}
    for path, content in sorted(files.items()):
        slug, _, rest = path.partition("/")
        if is_own(rest):
            reports.setdefault(slug, {})[rest] = content
    if not reports:
        raise FunnelkitError(f"no reports in {place}", "`funnelkit report build` writes them")
    return Version(label, reports)


@dataclass(frozen=True)
class _Causes:
    """Tells causes apart by the warehouse, where there is one of the present reports."""

    project: "Project"
    revision: "tuple[Repository, str] | None"
    rebuild: bool
    on_build: Callable[[str], None]

    def explained(self, compared: "Comparison") -> "Comparison":
        """The same with causes told apart as far as the warehouse can; else a note says why not."""
        wanted = [each for each in compared.reports if _mixed(each)]
        if not wanted:
            return compared
        found, why = {}, ""
        try:
            self._check(wanted)
            found = _told(wanted, _weeks(self.project, wanted))
            apart = [each for each in found.values() if _together(each)]
            why = "" if self.rebuild or not apart else "run without --no-rebuild"
            if apart and self.rebuild:
                found |= self._apart(apart)
        except FunnelkitError as error:
            why = error.message
        reports = tuple(found.get(each.slug, each) for each in compared.reports)
        return compared._replace(reports=reports, why_together=why)

    def _check(self, reports: "Sequence[ReportChange]") -> None:
        """Raises FunnelkitError where the warehouse does not hold what the reports show."""
        inputs = _reports(self.project).inputs().records()
        for each in reports:
            if each.head is None or each.head.inputs.records() != inputs:
                raise FunnelkitError(f"the warehouse does not hold the data of {each.slug}")

    def _apart(self, reports: "Sequence[ReportChange]") -> "dict[str, ReportChange]":
        """By the earlier rules on the present data, and as of the earlier end where it takes that.

        Raises FunnelkitError where the earlier rules are not known, or no longer build.
        """
        self._check_log()
        redefined = any(each.redefined for each in reports)
        # The earlier rules declare a report by the name that it had.
        names = {each.slug: (redefined and each.slug_before) or each.slug for each in reports}
        with _scratch(self.project, self._files() if redefined else {}) as other:
            if redefined:
                self.on_build("the earlier definitions on the present data")
            rules = _built(other, names) if redefined else {}
            weeks = _weeks(other, reports)
            found = _told(reports, weeks, rules)
            both = [each for each in found.values() if _new_and_late(each)]
            ends = {each.base.observed_until for each in both if each.base}
            if len(ends) != 1:
                return found
            known = {each.slug: names[each.slug] for each in both}
            end = ends.pop()
            self.on_build(f"the data as of {end}")
            pinned = _pinned(other, end, known)
        return found | _told(both, weeks, rules, pinned)

    def _check_log(self) -> None:
        """Raises FunnelkitError where there is nothing here to build from."""
        from funnelkit.warehouse.meta import needs_log
        from funnelkit.warehouse.queries import open_marts

        with open_marts(self.project.paths.warehouse) as con:
            needs_log(con, "telling causes apart")

    def _files(self) -> dict[str, bytes]:
        """The earlier definitions, by path from the dbt project's folder."""
        if self.revision is None:
            raise FunnelkitError("the earlier definitions are in a folder, and no revision")
        repository, commit = self.revision
        paths = self.project.paths
        # This package's own models are as they are now: definitions changed, and not the tool.
        names = _RULES[:1] if paths.name == PACKAGE else _RULES
        return repository.files(commit, paths.dbt_dir, names)


def _mixed(report: "ReportChange") -> bool:
    """Whether its files alone leave causes together, or unclear."""
    both = report.base is not None and report.head is not None
    return both and (report.data.can_cut or _together(report))


def _together(report: "ReportChange") -> bool:
    data = report.data
    return data.is_blind or (report.redefined and bool(data.of_events)) or _new_and_late(report)


def _new_and_late(report: "ReportChange") -> bool:
    return bool(report.data.new and report.data.is_earlier)


def _weeks(project: "Project", reports: "Sequence[ReportChange]") -> dict[str, Table]:
    """The weeks of the built log up to the end of the earlier one, by report."""
    from funnelkit.results.reports import weekly_inputs
    from funnelkit.warehouse.queries import open_marts

    ends = {each.slug: each.base.last_event for each in reports if each.base}
    with open_marts(project.paths.warehouse) as con:
        # The last instant that is written as this second.
        last = {end: f"{end.removesuffix('Z')}.999999" for end in ends.values() if end}
        cut = {end: weekly_inputs(con, until) for end, until in last.items()}
    return {slug: cut[end] for slug, end in ends.items() if end}


def _told(
    reports: "Sequence[ReportChange]",
    weeks: Mapping[str, Table],
    rules: "Mapping[str, ReportData] | None" = None,
    pinned: "Mapping[str, ReportData] | None" = None,
) -> "dict[str, ReportChange]":
    from funnelkit.report.diff import told

    found = {}
    for each in reports:
        by = [(known or {}).get(each.slug) for known in (rules, pinned)]
        found[each.slug] = told(each, weeks.get(each.slug), *by)
    return found


@contextmanager
def _scratch(project: "Project", files: Mapping[str, bytes]) -> Iterator["Project"]:
    """The project in a folder of its own under build/, with a copy of its warehouse and `files`.

    `files` replace those of the dbt project, by path from its folder; the rest are links.
    """
    from funnelkit import api
    from funnelkit.warehouse.queries import open_marts

    paths = project.paths
    with TemporaryDirectory(prefix="diff-", dir=paths.root / "build") as made:
        root = Path(made)
        _link(paths.root, root)
        dbt_dir = root / paths.dbt_dir.relative_to(paths.root)
        if dbt_dir != root:
            dbt_dir.unlink()
            _link(paths.dbt_dir, dbt_dir)
        (dbt_dir / PROJECT_FILE).unlink()
        shutil.copyfile(paths.project_file, dbt_dir / PROJECT_FILE)
        for name in {path.partition("/")[0] for path in files}:
            (dbt_dir / name).unlink(missing_ok=True)
        for path, content in files.items():
            (dbt_dir / path).parent.mkdir(parents=True, exist_ok=True)
            (dbt_dir / path).write_bytes(content)
        (root / "build").mkdir()
        with open_marts(paths.warehouse):  # nobody writes meanwhile
            shutil.copyfile(paths.warehouse, root / "build" / paths.warehouse.name)
        yield api.open(root)


def _link(folder: Path, into: Path) -> None:
    into.mkdir(exist_ok=True)
    for each in folder.iterdir():
        if each.name not in _NOT_LINKED:
            (into / each.name).symlink_to(each)


def _built(project: "Project", names: Mapping[str, str]) -> "dict[str, ReportData]":
    """What these reports show once built, but for those that the definitions do not declare.

    `names`: what a report is called there.
    """
    from funnelkit.reporting import Reports

    project.build()
    declared = project.variables.get("reports") or {}
    known = {slug: name for slug, name in names.items() if name in declared}
    reports = Reports(project.paths, declared, project.specs(), project.variables)
    found = reports.data(list(known.values())) if known else {}
    return {slug: found[name] for slug, name in known.items()}


def _pinned(project: "Project", end: str, names: Mapping[str, str]) -> "dict[str, ReportData]":
    """The same as of an earlier end of the data."""
    from funnelkit import api
    from funnelkit.project.scaffold import with_setting

    file = project.paths.project_file
    file.write_text(with_setting(file.read_text("utf-8"), "observed_until", end), encoding="utf-8")
    return _built(api.open(project.paths.root), names)
