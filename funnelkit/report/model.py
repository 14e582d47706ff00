"""What a report is made from, and the report itself: plain frozen values, no clock, no files."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from funnelkit.table import Table

NOTHING = Table((), ())


@dataclass(frozen=True)
class FunnelSection:
    """One funnel of a report: its definition in words and its tables (columns as in docs/cli.md).

    `words` are sentences; `window` is text such as `14 d`, empty without a window; `breakdowns`
    maps a breakdown's name to its rows (value x step); `times` is the curve from entry to the last
    step. Empty `trend` or `times` tables leave their chart out.

    `next_events` is what those lost at the largest loss did next, `comparison` the differences
    between the values of a property; `told` maps these two to the sentences that stand beside them.
    """

    name: str
    description: str
    words: tuple[str, ...]
    definition_hash: str
    window: str
    steps: Table
    breakdowns: Mapping[str, Table]
    trend: Table
    times: Table
    next_events: Table = NOTHING
    comparison: Table = NOTHING
    told: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class AhaSection:
    """An aha moment of a report: its definition in words and its tables (as in docs/cli.md).

    `entities` names who is counted ("users"), `window` how long they have ("7 d"), `outcome` what
    it should lead to, empty without one. `findings` open the report; `told` maps a table to the
    sentences that stand beside it. `reach` holds the total's row, then one per entry week;
    `breakdowns` maps a property to the rows of its values; `times` is the curve from entry;
    `stuck` is how far those got that did not reach it; `retention` has the weeks of who reached
    it and who did not, `cohorts` those of each entry week. An empty table leaves its part out.
    """

    name: str
    description: str
    words: tuple[str, ...]
    definition_hash: str
    entities: str
    window: str
    outcome: str
    findings: tuple[str, ...]
    told: Mapping[str, tuple[str, ...]]
    reach: Table
    breakdowns: Mapping[str, Table]
    times: Table
    stuck: Table
    retention: Table
    cohorts: Table


@dataclass(frozen=True)
class SearchSection:
    """What the search found to go with the outcome.

    `told` are sentences that stand beside the findings; `findings` has a row per event, `cells` the
    thresholds that were tried for the first candidate among them.
    """

    entities: str
    outcome: str
    words: tuple[str, ...]
    definition_hash: str
    headline: str
    told: tuple[str, ...]
    findings: Table
    cells: Table


@dataclass(frozen=True)
class Definition:
    """A definition in words, with the hash of its specification."""

    name: str
    words: tuple[str, ...]
    definition_hash: str


@dataclass(frozen=True)
class SaySection:
    """What customers say of features, held against what they do, in one wave of asking.

    `features` are the features' definitions, `words` what holds for all of them: how opinions and
    texts are read. `findings` open the report; `told` maps a table to the sentences that stand
    beside it; `tables` maps the parts of `columns.SAY_PARTS` to their rows, one per feature,
    question, wave, theme or problem. Small groups are out already; an empty table leaves its part
    out.
    """

    wave: str
    words: tuple[str, ...]
    features: tuple[Definition, ...]
    findings: tuple[str, ...]
    told: Mapping[str, tuple[str, ...]]
    tables: Mapping[str, Table]

    def table(self, part: str) -> Table:
        """A part's rows; no columns where there are none."""
        return self.tables.get(part, Table((), ()))


@dataclass(frozen=True)
class ScorecardSection:
    """Metrics of customers beside those of the business, each with its owner and its target.

    `trend` is the length of the periods (month), `words` what was declared, a sentence a metric;
    `definitions` are what the metrics rest on, named `aha moment team_value`; `told` maps a table
    to the sentences that stand beside it; `tables` maps the parts of
    `columns_scorecard.SCORECARD_COLUMNS` to their rows: a metric, a metric and period, or a period
    and state of revenue. Small groups are out already; an empty table leaves its part out.
    """

    trend: str
    words: tuple[str, ...]
    definitions: tuple[Definition, ...]
    told: Mapping[str, tuple[str, ...]]
    tables: Mapping[str, Table]

    def table(self, part: str) -> Table:
        """A part's rows; no columns where there are none."""
        return self.tables.get(part, NOTHING)


@dataclass(frozen=True)
class Finding:
    """A sentence that may open a report, and what decides whether it does (`report.front`).

    `kind` is what it is of (`search`, `gap`, `nps`, `comparison`, `experiment`, `loss`, `reach`,
    `scorecard`: how many targets are missed, `metric`: one of these), `family` the numbers that
    were judged together. `passed`: whether it passed their rule; None for a count, which needs
    none. `customers`: how many of what the report counts it is about, None where that may not be
    told; `revenue_cents` likewise.
    """

    text: str
    kind: str
    family: str = ""
    passed: bool | None = None
    customers: int | None = None
    revenue_cents: int | None = None


@dataclass(frozen=True)
class Annotation:
    """Something that happened on a day (ISO text), such as a release: shown beside numbers, never
    as their cause.
    """

    on: str
    text: str


@dataclass(frozen=True)
class ReportData:
    """Everything a report may depend on; equal values give equal bytes.

    `quality` has the columns reason, rows, share (of raw rows) and, where the project has limits,
    limit: every filter and how many rows it took; `inputs` is
    what the numbers rest on, per week (week, events, entities, merges, digest, people), a count
    null where it is not to be shown; `users_digest` and `answers_digest` are of the rows that tell
    of users and of feedback; `timezone` is the one in which days begin; the three instants are ISO
    8601 text. `slug` is the report's folder under reports/. `log` are the rules of the log in
    words, `as_of` up to when its rows count as the author wrote it; both empty where the project
    has none. `sections` are its funnels.
    `findings` are the candidates for the front page in any order, `annotations` by day; `ladder`
    has the columns of, stage, count: what became of rows and of people, from all of them down to
    those that are counted. `rests_on` are definitions that it does not show and whose change can
    move its numbers, such as the funnel of an aha moment.
    """

    slug: str
    title: str
    description: str
    sections: tuple[FunnelSection, ...]
    quality: Table
    first_event: str
    last_event: str
    observed_until: str
    inputs: Table
    log: tuple[str, ...] = ()
    as_of: str = ""
    aha: tuple[AhaSection, ...] = ()
    search: SearchSection | None = None
    say: SaySection | None = None
    scorecard: ScorecardSection | None = None
    findings: tuple[Finding, ...] = ()
    annotations: tuple[Annotation, ...] = ()
    ladder: Table = NOTHING
    users_digest: str = ""
    answers_digest: str = ""
    timezone: str = ""
    rests_on: tuple[Definition, ...] = ()

    def compared(self) -> str:
        """The property whose values are held against each other in funnels; empty without one."""
        tables = [each.comparison for each in self.sections if each.comparison.rows]
        return str(tables[0].column("breakdown")[0]) if tables else ""

    def hashes(self) -> dict[str, str]:
        """The hash of each definition that the report shows, by what it is of."""
        found = {section.name: section.definition_hash for section in self.sections}
        found |= {f"aha moment {each.name}": each.definition_hash for each in self.aha}
        found |= {"the search": self.search.definition_hash} if self.search else {}
        features = self.say.features if self.say else ()
        found |= {f"feature {each.name}": each.definition_hash for each in features}
        rules = self.scorecard.definitions if self.scorecard else ()
        return found | {each.name: each.definition_hash for each in rules}

    @classmethod
    def from_files(cls, files: Mapping[str, bytes], slug: str) -> "ReportData":
        """The data of a committed report, read back from its `data/*.csv`.

        `files` maps relative paths to bytes (see `build.read`). Raises FunnelkitError when a file
        is missing or a cell is not what its column says. `render(ReportData.from_files(f, slug))`
        gives the same bytes as the render that wrote `f`.
        """
        from funnelkit.report.csvs import read_data

        return read_data(files, slug)


# What the caption of a drawn table says of its numbers.
DRAWN = "the numbers drawn above"


@dataclass(frozen=True)
class Figure:
    """A chart and its table. `spec` is a Vega-Lite specification with the numbers drawn in it.

    A table that no chart draws has neither `spec` nor `narrow`, a chart that fits everywhere has no
    `narrow`.

    `name` is the chart's and its CSV's file name; `topic` its heading, `lead` a sentence with n
    and interval; `title` states the finding, `subtitle` the method; `alt` is the text for people
    who cannot see the chart; `table` is shown below it with its `caption`, then `notes`; `narrow`
    is the chart for a small screen.
    """

    name: str
    topic: str
    lead: str
    title: str
    subtitle: str
    alt: str
    spec: Mapping[str, Any] | None = field(repr=False)
    narrow: Mapping[str, Any] | None = field(repr=False)
    table: Table
    caption: str = ""
    notes: tuple[str, ...] = ()

    def as_table(self, note: str) -> "Figure":
        """The figure without its chart, what that said in the caption; `note` says why."""
        caption = self.caption.replace(DRAWN, self.title, 1)
        notes = (*self.notes, note)
        return replace(self, spec=None, narrow=None, caption=caption, notes=notes)


@dataclass(frozen=True)
class Section:
    """A heading, a description and figures; `anchor` is its id in the page.

    `note` says why there is no figure.
    """

    name: str
    anchor: str
    description: str
    figures: tuple[Figure, ...]
    note: str = ""


@dataclass(frozen=True)
class Report:
    """A report ready to be written: findings first, then sections, then what it rests on.

    `findings` are at most three, chosen by `rule`; `standing` are the headline figures and what is
    not decided. `annotations` has a row each with its number in the charts. `tables` maps the name
    of each CSV under data/ to its whole table; `inputs` are the latest weeks
    of that table; `log` are the rules of the log; `quality` is what became of raw rows.
    """

    slug: str
    title: str
    description: str
    facts: tuple[str, ...]
    findings: tuple[str, ...]
    sections: tuple[Section, ...]
    definitions: tuple[Definition, ...]
    quality: Figure
    inputs: Table
    inputs_caption: str
    tables: Mapping[str, Table]
    log: tuple[str, ...] = ()
    standing: tuple[str, ...] = ()
    rule: str = ""
    ladder: Table = NOTHING
    annotations: Table = NOTHING
