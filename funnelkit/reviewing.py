"""What a project shows to those who review it: gates, reports, what moved; methods of `Project`."""

# Every import of ours is inside a function, as in `api`.
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from funnelkit.saying import interruptible

if TYPE_CHECKING:
    from funnelkit.api import Project
    from funnelkit.comparing import Diff
    from funnelkit.project.locate import Paths
    from funnelkit.project.read import Source
    from funnelkit.reporting import ReportCheck, Reports
    from funnelkit.table import Table


class Reviewing:
    """Gates, reports and what moved, for `Project`, which has the paths and the definitions."""

    if TYPE_CHECKING:
        paths: Paths

        @property
        def _source(self) -> Source:
            """As in `Project`."""

        @property
        def variables(self) -> dict[str, Any]:
            """As in `Project`."""

        @property
        def _plan(self) -> dict[str, Any]:
            """As in `Project`."""

        @property
        def _say(self) -> dict[str, Any]:
            """As in `Project`."""

        def specs(self) -> list[dict[str, Any]]:
            """As in `Project`."""

    def gate_names(self) -> list[str]:
        """Names of the declared gates."""
        return list(self.variables.get("gates") or {})

    def check(
        self,
        names: Sequence[str] = (),
        *,
        fail_under: Mapping[str, str] | None = None,
        fail_over: Mapping[str, str] | None = None,
        judge: Literal["lower", "upper", "estimate"] | None = None,
    ) -> "Table":
        """Gates judged on the built warehouse: a row each limit, state `ok` or `FAIL`.

        `names`: of the declared gates only these. `fail_under`, `fail_over`: limits by name, as
        text (`30%`, `0.3`), instead of those declared for it or beside; `judge`: the end of the
        interval that must hold, of all. Columns in docs/pull-requests.md. Raises FunnelkitError
        without any gate, for a name or limit that is not right, and unless the tables are of these
        definitions and files.
        """
        from funnelkit.results.gates import gates_table
        from funnelkit.results.gates_asked import gates_asked
        from funnelkit.warehouse import meta
        from funnelkit.warehouse.queries import open_marts

        flags = {"fail_under": fail_under or {}, "fail_over": fail_over or {}}
        asked = gates_asked(self._source, names, flags, judge)
        with interruptible(), open_marts(self.paths.warehouse) as con:
            meta.check(con, self.variables, self.specs())
            return gates_table(con, asked, self._plan, self._say)

    def report_build(self, names: Sequence[str] = ()) -> list[str]:
        """Writes these reports, or all, from the built warehouse; returns their folders."""
        with interruptible():
            return self._reports.build(names)

    def report_check(self, names: Sequence[str] = ()) -> "ReportCheck":
        """Compares the committed reports, byte by byte, with what they should be."""
        with interruptible():
            return self._reports.check(names)

    def diff(
        self,
        base: str,
        head: str | None = None,
        *,
        rebuild: bool = True,
        on_build: Callable[[str], None] = lambda what: None,
    ) -> "Diff":
        """What moved in the reports from `base` to `head`: git revisions, or folders of reports.

        `main...branch` as `base` is what the branch moved since it left main, whatever main did.
        Without `head`, to the files as they are; then causes that the files leave together are told
        apart by builds of the earlier definitions on the present data, unless `rebuild` is False;
        `on_build` is told of each before it begins.
        Raises FunnelkitError for a revision that nothing has, and one without reports.
        """
        from funnelkit.comparing import diff

        with interruptible():
            return diff(cast("Project", self), base, head, rebuild=rebuild, on_build=on_build)

    def report_list(self) -> "Table":
        """The declared reports: title, what each shows, page (None until it is written)."""
        return self._reports.table()

    def report_page(self, name: str) -> Path:
        """The written page of a report, report.html; raises FunnelkitError until it is written."""
        return self._reports.page(name)

    @property
    def _reports(self) -> "Reports":
        from funnelkit.reporting import Reports

        declared = self.variables.get("reports") or {}
        return Reports(self.paths, declared, self.specs(), self.variables)
