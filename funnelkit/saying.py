"""What a project says of customers' words held against what they do: the methods of `Project`."""

# Every import of ours is inside a function, as in `api`.
from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from funnelkit.project.definitions import Definitions
    from funnelkit.project.locate import Paths
    from funnelkit.table import Table
    from funnelkit.warehouse.wide import Asked


def interruptible() -> AbstractContextManager[None]:
    """Ctrl-C stops what DuckDB is at."""
    from funnelkit.warehouse.connect import interruptible

    return interruptible()


class Saying:
    """Say versus do, for `Project`, which has the paths, the definitions and the variables."""

    if TYPE_CHECKING:
        paths: Paths

        @property
        def defined(self) -> Definitions:
            """As in `Project`."""

        @property
        def variables(self) -> dict[str, Any]:
            """As in `Project`."""

        @property
        def _plan(self) -> dict[str, Any]:
            """As in `Project`."""

        def specs(self) -> list[dict[str, Any]]:
            """As in `Project`."""

        def funnel_names(self) -> list[str]:
            """As in `Project`."""

        def _check_conditions(self) -> None:
            """As in `Project`."""

    @cached_property
    def _say(self) -> dict[str, Any]:
        """Everything declared of features and feedback, every default filled in."""
        from funnelkit.warehouse.macros import say_plan

        self.defined  # noqa: B018 - a mistake in the file is told before the macros stumble on it
        return say_plan(self.variables)

    def questions_asked(self, kind: str, given: Sequence[str]) -> "tuple[Asked, ...]":
        """Questions whose columns make a feedback file wide: declared, and `ID=COLUMN` as given.

        Raises FunnelkitError for one that is not right, and with files of another kind.
        """
        from funnelkit.errors import FunnelkitError
        from funnelkit.warehouse.wide import parse_questions

        if kind != "feedback":
            if given:
                raise FunnelkitError(f"--question is for feedback; {kind} have none")
            return ()
        declared = self._say["questions"] if self.variables.get("feedback") else []
        return parse_questions(given, declared)

    def nps(
        self, *, by: str | None = None, wave: str | None = None, themes: bool = False
    ) -> "Table":
        """NPS by wave, with its change: columns in docs/cli.md; of -1..1.

        `by`: one wave, everybody and each value of a user property or segment; `wave`: its name,
        else the latest where one is needed; `themes`: instead, what each theme takes from it.
        Raises FunnelkitError for what is not declared or not built.
        """
        from funnelkit.errors import FunnelkitError
        from funnelkit.results.nps import impact_table, nps_table
        from funnelkit.results.pick import breakdown
        from funnelkit.warehouse.queries import open_marts

        if by is not None and themes:
            raise FunnelkitError("by and themes are different tables", "ask for one")
        plan = self._say
        breakdown(by, self.variables)
        with interruptible(), open_marts(self.paths.warehouse) as con:
            if themes:
                return impact_table(con, plan, wave=wave)
            return nps_table(con, plan, by=by, wave=wave)

    def opportunities(
        self, *, by: str | None = None, segment: str | None = None, wave: str | None = None
    ) -> "Table":
        """Problems of features and at steps of funnels, in tiers by what they may be worth.

        Columns in docs/cli.md. `by`: also each value of a user property or segment; `segment`: a
        declared one alone; `wave`: its name, else the latest. Raises FunnelkitError for what is not
        declared or not built.
        """
        from funnelkit.results.experiments import linked
        from funnelkit.results.opportunities import opportunities_table
        from funnelkit.results.pick import breakdown
        from funnelkit.warehouse.queries import open_marts

        breakdown(by, self.variables)
        plan, experiments = self._say, self.defined.experiments
        breakdown(by, self.variables)
        with interruptible(), open_marts(self.paths.warehouse) as con:
            found = {name: linked(con, experiments, feature=name) for name in self.feature_names()}
            uplifts = {name: each[0] for name, each in found.items() if each}
            return opportunities_table(con, plan, by=by, segment=segment, wave=wave, linked=uplifts)

    def check_private(self, file: str) -> None:
        """Raises FunnelkitError for a file inside reports/: it is to hold what tells of people."""
        from funnelkit.results.private import refuse_reports

        refuse_reports(file, self.paths.reports)

    def interviews(
        self,
        name: str,
        *,
        step: str | None = None,
        n: int | None = None,
        wave: str | None = None,
    ) -> "tuple[Table, Table]":
        """Whom to talk to: the list with why and what to ask, and how many of each group.

        `name`: a feature, whose discordant are drawn from, or a funnel, whose lost are: after
        `step`, else after the step that loses most. `n`: in all, else nine a group. Columns in
        docs/cli.md. Raises FunnelkitError for what is not declared or not built.
        """
        from funnelkit.results.interviews import feature_interviews, funnel_interviews, of_funnel
        from funnelkit.warehouse.queries import open_marts

        plan = self._say
        of_steps = of_funnel(name, self.feature_names(), self.funnel_names(), step=step, wave=wave)
        with interruptible(), open_marts(self.paths.warehouse) as con:
            if of_steps:
                return funnel_interviews(con, plan, name, step=step, n=n)
            return feature_interviews(con, plan, name, n=n, wave=wave)

    def cadence(self) -> "Table":
        """How often customers were heard: one row a week, columns in docs/cli.md.

        From the first answer to the end of the data. Raises FunnelkitError for what is not built.
        """
        from funnelkit.results.cadence import built_cadence
        from funnelkit.warehouse.queries import open_marts

        timezone = str(self.variables.get("timezone") or "UTC")
        with interruptible(), open_marts(self.paths.warehouse) as con:
            return built_cadence(con, timezone)

    def market(self) -> "Table":
        """What reviews that name a product say of each theme, product by product.

        Columns in docs/cli.md. Raises FunnelkitError where no review names a product, and for what
        is not built.
        """
        from funnelkit.results.market import built_market
        from funnelkit.warehouse.queries import open_marts

        plan = self._say
        with interruptible(), open_marts(self.paths.warehouse) as con:
            return built_market(con, plan)

    def experiment_names(self) -> list[str]:
        """Names of the declared experiments."""
        return list(self.variables.get("experiments") or {})

    def experiment(self, name: str | None = None) -> "Table":
        """What an experiment shows, or all of them: one row a variant, control first.

        Columns in docs/cli.md; rates are of those whose window is over. Where the sample ratio
        stops it there are none. Raises FunnelkitError for what is not declared or not built.
        """
        from funnelkit.results.experiments import built_experiments
        from funnelkit.results.pick import named
        from funnelkit.warehouse.queries import open_marts

        found = named(name, self.defined.experiments, "experiment")
        self._check_conditions()
        with interruptible(), open_marts(self.paths.warehouse) as con:
            return built_experiments(con, found)

    def change_names(self) -> list[str]:
        """Names of the declared changes."""
        return list(self.variables.get("changes") or {})

    def shipped(self, name: str | None = None) -> "Table":
        """A shipped change, or all of them: one row each, the same number before and after.

        Columns in docs/cli.md; entry weeks on both sides, of the mature. `interim` before its
        evaluation date, `not comparable` under other rules than planned. Raises FunnelkitError for
        what is not declared or not built.
        """
        from funnelkit.results.pick import named
        from funnelkit.results.shipping import built_changes
        from funnelkit.warehouse.queries import open_marts

        found = named(name, self.defined.changes, "change")
        with interruptible(), open_marts(self.paths.warehouse) as con:
            return built_changes(con, found, self.specs(), self._plan)

    def feature_names(self) -> list[str]:
        """Names of the declared features."""
        return list(self.variables.get("features") or {})

    def theme_names(self) -> list[str]:
        """Names of the themes that texts are searched for: features with topics come first."""
        return [str(each["name"]) for each in self._say["themes"]]

    def themes(
        self,
        *,
        wave: str | None = None,
        by_source: bool = False,
        labels: str | None = None,
        method: Literal["vader", "own"] = "vader",
    ) -> "Table":
        """What texts speak of, and how (columns in docs/cli.md): all themes, then each.

        `wave`: the latest with texts, if not given; `all`: every text. `by_source`: the same again
        for each source. `labels`: a file that `themes_to_label` made and people filled in, or one
        of texts and labels from elsewhere, instead of the declared one. `method`: `own` learns from
        these labels (extra `text`). Raises FunnelkitError without themes or texts, and for labels
        that are not right or too few.
        """
        from funnelkit.results.themes import ThemesAsked, themes_table
        from funnelkit.warehouse.queries import open_marts

        asked = ThemesAsked(wave, by_source, labels, method)
        with interruptible(), open_marts(self.paths.warehouse) as con:
            return themes_table(con, self._say, self.paths.root, asked)

    def themes_to_label(
        self, n: int, *, file: str = "-", wave: str | None = None, theme: str | None = None
    ) -> "Table":
        """n sentences drawn from the figures of `themes` for people to label; columns response_id,
        sentence_no, theme, flag, stratum_size, text, label (empty).

        `file`: where they will be written. Raises FunnelkitError for one inside the reports, which
        must never hold what customers wrote, and where no sentence has a polarity.
        """
        from funnelkit.results.private import refuse_reports
        from funnelkit.results.themes import labels_to_fill
        from funnelkit.warehouse.queries import open_marts

        refuse_reports(file, self.paths.reports)
        with interruptible(), open_marts(self.paths.warehouse) as con:
            return labels_to_fill(con, self._say, n, wave=wave, theme=theme)

    def segment_names(self) -> list[str]:
        """Names of the declared segments."""
        return list(self.variables.get("segments") or {})

    def wave_names(self) -> list[str]:
        """Names of the declared waves, and `all`; months and quarters are named as they are."""
        return [*(each["name"] for each in self._say["waves"]["list"]), "all"]

    def claim_names(self) -> list[str]:
        """Names of the questions whose answers can be held against the log."""
        return [each["name"] for each in self._say["questions"] if each["claim"]]

    def gaps(
        self,
        feature: str | None = None,
        *,
        by: str | None = None,
        segment: str | None = None,
        wave: str | None = None,
    ) -> "Table":
        """Say against do (columns in docs/cli.md): a row a feature, at its cut and 1, 2, 4 days.

        `by`: also each value of a user property or segment; `segment`: only those in a declared
        one; `wave`: its name or `all`, without one the latest. Raises FunnelkitError for what is
        not declared or not built.
        """
        from funnelkit.results.gaps import borne_out, gaps_table
        from funnelkit.results.pick import breakdown
        from funnelkit.results.unseen import with_unused
        from funnelkit.warehouse.queries import open_marts

        breakdown(by, self.variables)
        plan, experiments = self._say, self.defined.experiments
        asked = {"feature": feature, "by": by, "segment": segment, "wave": wave}
        with interruptible(), open_marts(self.paths.warehouse) as con:
            table = gaps_table(con, plan, **asked, borne_out=borne_out(con, experiments))
            return with_unused(con, plan, table)

    def bias(self, feature: str | None = None, *, wave: str | None = None) -> "Table":
        """Whether the respondents of a wave, weighted, behave like everybody: a row a feature.

        Raises FunnelkitError for what is not declared or not built.
        """
        from funnelkit.results.bias import bias_table
        from funnelkit.results.unseen import with_unused
        from funnelkit.warehouse.queries import open_marts

        plan = self._say
        with interruptible(), open_marts(self.paths.warehouse) as con:
            return with_unused(con, plan, bias_table(con, plan, feature=feature, wave=wave))

    def claims(
        self,
        question: str | None = None,
        *,
        by: str | None = None,
        wave: str | None = None,
        quarters: bool = False,
    ) -> "Table":
        """What people say they do against what was logged: a row a question, then each group.

        `by`: a user property or segment as of the answer; `wave`: of one, else of all together;
        `quarters`: instead, percentiles of the difference by quarter of the average. Raises
        FunnelkitError for what is not declared or not built.
        """
        from funnelkit.results.claims import claims_tables
        from funnelkit.results.pick import breakdown
        from funnelkit.results.unseen import with_unlogged
        from funnelkit.warehouse.queries import open_marts

        breakdown(by, self.variables)
        plan = self._say
        with interruptible(), open_marts(self.paths.warehouse) as con:
            tables = claims_tables(con, plan, question=question, by=by, wave=wave)
            return with_unlogged(con, plan, tables[1] if quarters else tables[0])
