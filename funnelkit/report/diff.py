"""What moved between two versions of a project's reports: read from their committed files alone."""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from funnelkit.errors import FunnelkitError
from funnelkit.report.csvs import data_tables
from funnelkit.report.diff_amounts import withheld
from funnelkit.report.diff_causes import (
    LOG,
    NEW_DATA,
    SAY,
    ZONE,
    DataCauses,
    DefinitionChange,
    data_causes,
    definition_changes,
)
from funnelkit.report.diff_tables import TableChange, changed_tables
from funnelkit.report.headlines import Cohort, Headline, headlines
from funnelkit.report.model import ReportData
from funnelkit.stats.proportions import Interval, newcombe
from funnelkit.table import Table, rounded

Files = Mapping[str, bytes]
What = Literal["added", "removed", "changed"]
DEFINITION = "definition"
# What makes two figures count otherwise.
RULES = (DEFINITION, ZONE)
_MARK = "## "
RESTS_ON = ("quality", "ladder", "annotations")  # files beside the numbers


class Version(NamedTuple):
    """Reports as they were: `label` is how a reader knows it, `reports` slug → path → bytes."""

    label: str
    reports: Mapping[str, Files]


class Between(NamedTuple):
    """Those who entered in weeks that are final in the later version alone, against the others.

    `new` and `old`: how many did it, of how many; `weeks`: the new ones; `interval`: new − old.
    """

    weeks: tuple[str, ...]
    new: tuple[int, int]
    old: tuple[int, int]
    interval: Interval


class Part(NamedTuple):
    """What causes that are not told apart add to a difference; the parts of one add up to it."""

    causes: tuple[str, ...]
    difference: float

    @property
    def cause(self) -> str:
        """`late data and identity merges`."""
        return " and ".join(filter(None, (", ".join(self.causes[:-1]), self.causes[-1])))


class FigureChange(NamedTuple):
    """A figure before and after; None where a version does not have it.

    `causes`: what may have moved it; `parts`: what each did, where that was computed; `rules`: the
    names of the definitions that changed, of those that it counts by; `is_withheld`: the difference
    would be that of a few customers.
    """

    base: Headline | None
    head: Headline | None
    causes: tuple[str, ...]
    between: Between | None = None
    parts: tuple[Part, ...] = ()
    rules: tuple[str, ...] = ()
    is_withheld: bool = False

    @property
    def one(self) -> Headline:
        """The later one, else the earlier."""
        found = self.head or self.base
        assert found is not None
        return found

    @property
    def difference(self) -> float | None:
        """After less before, of the six decimals that the files hold."""
        return None if self.is_withheld else _less(self.head, self.base)

    @property
    def redefined(self) -> bool:
        """Whether the two do not count the same."""
        return any(cause in self.causes for cause in RULES)

    @property
    def acting_parts(self) -> tuple[Part, ...]:
        """The parts that are not nothing."""
        return tuple(each for each in self.parts if each.difference)

    @property
    def acting(self) -> tuple[str, ...]:
        """The causes that did move it, as far as parts tell."""
        parts = self.acting_parts
        return parts[0].causes if len(parts) == 1 else self.causes

    @property
    def idle(self) -> tuple[str, ...]:
        """The causes that did not, as far as parts tell."""
        return tuple(cause for cause in self.causes if cause not in self.acting)


class ReportChange(NamedTuple):
    """A report that is not what it was.

    `still`: how many figures did not move; `gone`, `new`: sentences that open its page;
    `redrawn`: the numbers are equal, and pages or charts are not; `unwritten`: pages and charts are
    equal, and files under data/ are not; `problem`: why one version cannot be read further than
    cell by cell; `slug_before`: the folder that it had, where that is another.
    """

    slug: str
    what: What
    title: str
    title_before: str
    figures: tuple[FigureChange, ...] = ()
    still: int = 0
    definitions: tuple[DefinitionChange, ...] = ()
    data: DataCauses = DataCauses()
    tables: tuple[TableChange, ...] = ()
    gone: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    redrawn: bool = False
    unwritten: bool = False
    problem: str = ""
    base: ReportData | None = None
    head: ReportData | None = None
    slug_before: str = ""

    @property
    def redefined(self) -> bool:
        """Whether a rule changed by which a number can change."""
        return any(each.counts for each in self.definitions)


class Comparison(NamedTuple):
    """Two versions, the reports that differ between them, and how many there are.

    `why_together`: why causes that stand together were not told apart; "" where they were.
    `outdated`: what the definitions have otherwise than the later reports, which were not built
    since.
    """

    base: str
    head: str
    reports: tuple[ReportChange, ...]
    number: int
    why_together: str = ""
    outdated: tuple[str, ...] = ()


def compare(base: Version, head: Version) -> Comparison:
    """What moved, by report; nothing but the files is read."""
    found = []
    renamed = _renamed(base.reports, head.reports)
    slugs = sorted({*base.reports, *head.reports} - {*renamed.values()})
    for slug in slugs:
        before = renamed.get(slug, slug)
        one, other = base.reports.get(before), head.reports.get(slug)
        if one != other or before != slug:
            made = _report(slug, one or {}, other or {}, before)
            found.append(made._replace(slug_before=before if before != slug else ""))
    return Comparison(base.label, head.label, tuple(found), len(slugs))


def _renamed(base: Mapping[str, Files], head: Mapping[str, Files]) -> dict[str, str]:
    """Folders that are new, and the one that is gone and showed the same; without doubt alone."""
    gone, new = (
        {slug: _subject(one[slug], slug) for slug in one if slug not in other}
        for one, other in ((base, head), (head, base))
    )
    found = {}
    for slug, subject in new.items():
        before = [each for each in gone if subject and gone[each] == subject]
        if len(before) == 1 and list(new.values()).count(subject) == 1:
            found[slug] = before[0]
    return found


def _subject(files: Files, slug: str) -> frozenset[str]:
    """What a report is of: the names of its funnels, aha moments, features and rules."""
    data, _ = _data(files, slug)
    return frozenset(data.hashes()) if data else frozenset()


def _report(slug: str, base: Files, head: Files, slug_before: str) -> ReportChange:
    old, why_old = _data(base, slug_before)
    new, why_new = _data(head, slug)
    one = new or old
    title = one.title if one else slug
    gone, opening = _opening(base), _opening(head)
    made = ReportChange(
        slug,
        "added" if not base else "removed" if not head else "changed",
        title,
        old.title if old else title,
        tables=_in_order(changed_tables(base, head), one) if base and head else (),
        gone=tuple(each for each in gone if each not in opening),
        new=tuple(each for each in opening if each not in gone),
        problem=why_old or why_new,
        base=old,
        head=new,
    )
    both = bool(base and head)
    redrawn = both and not _differ(base, head, of_data=True)
    unwritten = both and not _differ(base, head, of_data=False)
    return told(made._replace(redrawn=redrawn, unwritten=unwritten))


def _in_order(tables: Sequence[TableChange], data: ReportData | None) -> tuple[TableChange, ...]:
    """As the report has them, what the numbers rest on behind."""
    names = [name for name in (data_tables(data) if data else ()) if name not in RESTS_ON]
    order = {name: number for number, name in enumerate(names)}
    return tuple(sorted(tables, key=lambda table: (order.get(table.name, len(order)), table.name)))


def _differ(base: Files, head: Files, of_data: bool) -> bool:
    """Whether files under data/ do, else whether pages and charts do."""
    files = [path for path in {*base, *head} if path.startswith("data/") == of_data]
    return any(base.get(path) != head.get(path) for path in files)


def _data(files: Files, slug: str) -> tuple[ReportData | None, str]:
    if not files:
        return None, ""
    try:
        return ReportData.from_files(files, slug), ""
    except FunnelkitError as error:
        return None, error.message


def _opening(files: Files) -> tuple[str, ...]:
    """The sentences that open report.md, as Markdown: the list below its first heading."""
    found, headings = [], 0
    for line in files.get("report.md", b"").decode("utf-8", "replace").splitlines():
        headings += line.startswith(_MARK)
        if headings > 1:
            break
        if line.startswith("- "):
            found.append(line[2:])
    return tuple(found)


def told(
    report: ReportChange,
    cut: Table | None = None,
    old_rules: ReportData | None = None,
    pinned: ReportData | None = None,
) -> ReportChange:
    """The report with what its figures moved by, and why, as far as can be told.

    `cut`: the weeks of the present log up to the end of the earlier one, by the earlier rules;
    `old_rules`: the report by the earlier definitions on the present data; `pinned`: the same as of
    the end of the earlier log.
    """
    base, head = report.base, report.head
    if base is None or head is None:
        return report._replace(figures=tuple(_alone(base, head)))
    definitions = definition_changes(base, head)
    changed = {each.name for each in definitions if each.counts}
    same_log = LOG not in changed or old_rules is not None
    data = data_causes(base, old_rules or head, cut, same_log=same_log)
    old, new = ({each.name: each for each in headlines(d)} for d in (base, head))
    behind = [each.name for each in head.rests_on]
    figures = []
    for name in dict.fromkeys([*new, *old]):
        figure = FigureChange(old.get(name), new.get(name), ())
        rules = _rules(figure.one, changed)
        causes = _causes(figure.one, rules, data)
        if not causes and _moved(figure):
            # Nothing else is left that can have moved it.
            rules = tuple(name for name in behind if name in changed)
            causes = _causes(figure.one, rules, data)
        redefined = DEFINITION in causes and figure.one.leads
        if _moved(figure) or (redefined and _has_value(figure.base, figure.head)):
            figures.append(figure._replace(causes=causes, rules=rules))
    by = [{each.name: each for each in headlines(d)} if d else {} for d in (pinned, old_rules)]
    figures = [_split(_with_between(each, base.last_event), data, *by) for each in figures]
    made = report._replace(
        definitions=definitions,
        data=data,
        figures=tuple(figures),
        still=sum(_has_value(old.get(name), new.get(name)) for name in {*old, *new})
        - sum(_moved(each) for each in figures),
    )
    return withheld(made)


def _alone(base: ReportData | None, head: ReportData | None) -> list[FigureChange]:
    found = [FigureChange(each, None, ()) for each in (headlines(base) if base else ())]
    return found + [FigureChange(None, each, ()) for each in (headlines(head) if head else ())]


def _moved(figure: FigureChange) -> bool:
    """Whether it is another; one that neither version tells is not there."""
    there = _has_value(figure.base, figure.head)
    return there and _told(figure.base) != _told(figure.head)


def _has_value(*figures: Headline | None) -> bool:
    return any(figure is not None and figure.value is not None for figure in figures)


def _told(figure: Headline | None) -> tuple[object, ...]:
    return () if figure is None else (*figure[3:7], figure.standing)


def _rules(figure: Headline, changed: set[str]) -> tuple[str, ...]:
    rules = (figure.definition, LOG, *([SAY] if figure.is_of_answers else []), ZONE)
    return tuple(name for name in rules if name in changed)


def _causes(figure: Headline, rules: Sequence[str], data: DataCauses) -> tuple[str, ...]:
    redefined = (DEFINITION,) if any(name != ZONE for name in rules) else ()
    zone = (ZONE,) if ZONE in rules else ()
    return (*redefined, *zone, *data.names(figure.rests_on))


def _less(one: Headline | None, other: Headline | None) -> float | None:
    if one is None or other is None or one.value is None or other.value is None:
        return None
    return float(rounded(float(rounded(one.value) or 0) - float(rounded(other.value) or 0)) or 0)


def _with_between(figure: FigureChange, last_event: str) -> FigureChange:
    """With the difference between people of one version alone and the others, if there are any."""
    if figure.base is None or figure.head is None or figure.redefined:
        return figure
    known = {each.week: each for each in figure.base.cohorts}
    fresh = [
        each
        for each in figure.head.cohorts
        if each.is_mature
        # A small week stands under an earlier one's name: of others none can be told apart.
        and (not known[each.week].is_mature if each.week in known else each.week > last_event)
    ]
    final = [each for each in figure.base.cohorts if each.is_mature]
    new, old = _sum(fresh), _sum(final)
    if not new[1] or not old[1]:
        return figure
    weeks = tuple(each.week for each in fresh)
    return figure._replace(between=Between(weeks, new, old, newcombe(*new, *old)))


def _sum(cohorts: Sequence[Cohort]) -> tuple[int, int]:
    return sum(each.done for each in cohorts), sum(each.n for each in cohorts)


def _split(
    figure: FigureChange,
    data: DataCauses,
    pinned: Mapping[tuple[str, str], Headline],
    old_rules: Mapping[tuple[str, str], Headline],
) -> FigureChange:
    """With what each cause adds, where the figure was computed between them."""
    name = figure.one.name
    now = old_rules.get(name) if figure.redefined else figure.head
    then = pinned.get(name) if figure.one.pinned else None
    rules = tuple(cause for cause in figure.causes if cause in RULES)
    of_data = tuple(cause for cause in figure.causes if cause not in RULES)
    older = tuple(cause for cause in of_data if cause != NEW_DATA)
    steps: list[tuple[tuple[str, ...], Headline | None, Headline | None]]
    if NEW_DATA in of_data and older and then is not None:
        steps = [(older, figure.base, then), ((NEW_DATA,), then, now)]
    else:
        steps = [(of_data, figure.base, now)] if of_data else []
    if rules:
        steps.append((rules, now, figure.head))
    parts = [(causes, _less(after, before)) for causes, before, after in steps]
    if len(parts) < 2 or any(each is None for _, each in parts):
        return figure
    return figure._replace(parts=tuple(Part(causes, each or 0.0) for causes, each in parts))
