"""Why the numbers of a report differ between two versions, as far as its own files tell.

Definitions by their hashes and words; data by the weeks of data/inputs.csv: events after the end of
the earlier log are new, events that changed before it are late, and whose they are is its own
digest.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import NamedTuple

from funnelkit.report.model import ReportData
from funnelkit.table import Table, Value

Week = Mapping[str, Value]
LOG, SAY = "what of the log counts", "say and do"
_BLIND = (
    "What of the log counts changed, so the weeks do not compare: late data and identity merges"
    " cannot be told."
)


class Rows(NamedTuple):
    """Events that are in the later version: how many more (negative: fewer), and their weeks.

    `number` is None where a week withholds its count.
    """

    number: int | None
    weeks: tuple[str, ...]


class DataCauses(NamedTuple):
    """What became of the data; None or False where nothing did.

    `new`: events after the earlier log's end; `late`: events before it; `merges`: ids that turned
    out to be other people's, with the weeks in which whose events are changed. `unclear`: what the
    files cannot tell, in sentences; `can_cut`: the later log up to the earlier one's end would.
    `is_blind`: other rules of the log make other weeks, so that nothing of them compares.
    """

    new: Rows | None = None
    late: Rows | None = None
    merges: Rows | None = None
    users: bool = False
    answers: bool = False
    unclear: tuple[str, ...] = ()
    can_cut: bool = False
    is_blind: bool = False

    @property
    def of_events(self) -> tuple[str, ...]:
        """The causes that change what is counted, by name."""
        found = {"new data": self.new, "late data": self.late, "identity merges": self.merges}
        return tuple(name for name, rows in found.items() if rows)

    def names(self, of_answers: bool) -> tuple[str, ...]:
        """All of them; `of_answers`: of a figure that rests on answers."""
        names = [*self.of_events, *(["rows of users"] if self.users else [])]
        return (*names, *(["answers"] if self.answers and of_answers else []))


class DefinitionChange(NamedTuple):
    """A definition whose hash or words changed; "" and () where a version does not have it."""

    name: str
    base_hash: str
    head_hash: str
    base_words: tuple[str, ...]
    head_words: tuple[str, ...]

    @property
    def counts(self) -> bool:
        """Whether a number can change by it: rules without a hash are taken to."""
        named = bool(self.base_hash or self.head_hash)
        return self.base_hash != self.head_hash if named else self.name in (LOG, SAY)


def definition_changes(base: ReportData, head: ReportData) -> tuple[DefinitionChange, ...]:
    """The definitions that differ, in the report's order."""
    old, new = _definitions(base), _definitions(head)
    found = []
    for name in dict.fromkeys([*new, *old]):
        one, other = old.get(name, ("", ())), new.get(name, ("", ()))
        if one != other:
            found.append(DefinitionChange(name, one[0], other[0], one[1], other[1]))
    return tuple(found)


def _definitions(data: ReportData) -> dict[str, tuple[str, tuple[str, ...]]]:
    found = {each.name: (each.definition_hash, each.words) for each in data.sections}
    found |= {f"aha moment {each.name}": (each.definition_hash, each.words) for each in data.aha}
    if data.search:
        found["the search"] = (data.search.definition_hash, data.search.words)
    if data.say:
        named = {f"feature {e.name}": (e.definition_hash, e.words) for e in data.say.features}
        found |= named | {SAY: ("", data.say.words)}
    if data.scorecard:
        found |= {e.name: (e.definition_hash, e.words) for e in data.scorecard.definitions}
        found["scorecard"] = ("", data.scorecard.words)
    as_of = (f"As of {data.as_of}: later rows do not count.",) if data.as_of else ()
    # An end that is not that of the log was declared.
    own_end = data.observed_until != data.last_event and not data.as_of
    until = (f"The data end at {data.observed_until}.",) if own_end else ()
    return found | {LOG: ("", (*as_of, *until, *data.log))}


def data_causes(
    base: ReportData, head: ReportData, cut: Table | None = None, *, same_log: bool = True
) -> DataCauses:
    """What became of the data between two versions of a report.

    `cut`: the weeks of the later log up to `base.last_event`, where there is one to ask: without
    it, what changed in the week in which the earlier log ended counts as new. `same_log`: both by
    the same rules of what counts; else all that is told is whether the log goes on.
    """
    users = _other(base.users_digest, head.users_digest)
    answers = _other(base.answers_digest, head.answers_digest)
    grew = head.last_event > base.last_event
    if not same_log:
        new = Rows(None, ()) if grew else None
        return DataCauses(new, users=users, answers=answers, unclear=(_BLIND,), is_blind=True)
    old, now, end = _weeks(base.inputs), _weeks(head.inputs), _monday(base.last_event)
    then = _weeks(cut) if cut is not None and grew else _then(old, now, end) if grew else now
    same_kind = "people" in base.inputs.names and "people" in head.inputs.names
    hidden = grew and cut is None and old.get(end) != now.get(end)
    return DataCauses(
        new=_changed(then, now, "digest") if grew else None,
        late=_changed(old, then, "digest" if same_kind else "events"),
        merges=_merges(old, then) if same_kind else None,
        users=users,
        answers=answers,
        unclear=tuple(_unclear(same_kind, end if hidden else "")),
        can_cut=hidden,
    )


def _then(old: Mapping[str, Week], now: Mapping[str, Week], end: str) -> dict[str, Week]:
    """The later log up to the end of the earlier one, as far as whole weeks tell."""
    found = {week: row for week, row in now.items() if week < end}
    return found | ({end: old[end]} if end in old else {})


def _weeks(inputs: Table) -> dict[str, Week]:
    return {str(row["week"]): row for row in inputs.records()}


def _monday(instant: str) -> str:
    if not instant:
        return ""
    day = date.fromisoformat(instant[:10])
    return (day - timedelta(days=day.weekday())).isoformat()


def _other(base: str, head: str) -> bool:
    return bool(base and head and base != head)


def _changed(old: Mapping[str, Week], new: Mapping[str, Week], told: str) -> Rows | None:
    """The weeks in which what is `told` differs, and how many more events they have."""
    weeks = [
        week
        for week in sorted({*old, *new})
        if old.get(week, {}).get(told) != new.get(week, {}).get(told)
    ]
    if not weeks:
        return None
    more = 0
    for week in weeks:
        counts = [each[week]["events"] if week in each else 0 for each in (old, new)]
        if None in counts:
            return Rows(None, tuple(weeks))
        more += int(counts[1] or 0) - int(counts[0] or 0)
    return Rows(more, tuple(weeks))


def _merges(old: Mapping[str, Week], new: Mapping[str, Week]) -> Rows | None:
    """Weeks of the same events with other people, and how many more ids are joined in all.

    Of late events only the number tells: their weeks have other people in any case.
    """
    weeks = [
        week
        for week in sorted(old.keys() & new.keys())
        if old[week]["digest"] == new[week]["digest"] and old[week]["people"] != new[week]["people"]
    ]
    joined = [_joined(each) for each in (old, new)]
    number = None if None in joined else int(joined[1] or 0) - int(joined[0] or 0)
    return Rows(number, tuple(weeks)) if weeks or number else None


def _joined(weeks: Mapping[str, Week]) -> int | None:
    """All ids that were joined; None where they are few. A week's number may stand with another."""
    known = [int(row["merges"] or 0) for row in weeks.values() if row["merges"] is not None]
    return sum(known) if known or not weeks else None


def _unclear(same_kind: bool, end: str) -> Iterator[str]:
    if not same_kind:
        yield (
            "One side was written by an older version and does not tell whose the events are:"
            " identity merges cannot be told, and late data by the number of rows alone."
        )
    if end:
        yield (
            f"The earlier log ended within the week of {end}: late rows of that week, and ids"
            " joined in it, count as new data here."
        )
