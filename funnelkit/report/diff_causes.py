"""Why the numbers of a report differ between two versions, as far as its own files tell.

Definitions by their hashes and words; data by the weeks of data/inputs.csv: events after the end of
the earlier log are new, more events before it are late, fewer are gone, as many others are changed,
and whose they are is its own digest.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from funnelkit.report.model import ReportData
from funnelkit.table import Table, Value

Week = Mapping[str, Value]
LOG, SAY, ZONE = "what of the log counts", "say and do", "time zone"
NEW_DATA, SHORTER = "new data", "shorter log"
LATE, GONE, OTHERS, MERGES = "late data", "events gone", "other events", "identity merges"
USERS, ANSWERS = "rows of users", "answers"
_BLIND = (
    "What of the log counts changed, so the weeks do not compare: late data and identity merges"
    " cannot be told."
)
_OLDER = (
    "One side was written by an older version and does not tell whose the events are:"
    " identity merges cannot be told, and late data by the number of rows alone."
)
_END_WEEK = (
    "The earlier log ended within the week of {}: late rows of that week, and ids joined in it,"
    " count as new data here."
)
_SHORT_WEEK = (
    "The shorter log ends within the week of {}: what else changed in that week counts as missing"
    " here."
)
_APART = (
    "In {} the same events are of other people than before: the files do not tell whether rows that"
    " are missing here had joined their ids."
)


class Rows(NamedTuple):
    """Events that the versions do not share: how many more (negative: fewer), and their weeks.

    `number` is None where a week withholds its count.
    """

    number: int | None
    weeks: tuple[str, ...]


class DataCauses(NamedTuple):
    """What became of the data; None or False where nothing did.

    `new`: events after the base's log ends; `shorter`: events after the head's does, where that is
    earlier. Before either end: `late`: weeks with more events, `gone`: with fewer, `others`: with
    as many, but others, or with a number that is withheld; `merges`: ids that turned out to be
    other people's, with the weeks in which whose events are changed. `unclear`: what the files
    cannot tell, in sentences; `can_cut`: the later log up to the earlier one's end would.
    `is_blind`: other rules of the log make other weeks, so that nothing of them compares.
    `edited`: weeks of equal digests that do not count alike, which no log gives.
    """

    new: Rows | None = None
    shorter: Rows | None = None
    late: Rows | None = None
    gone: Rows | None = None
    others: Rows | None = None
    merges: Rows | None = None
    users: bool = False
    answers: bool = False
    unclear: tuple[str, ...] = ()
    can_cut: bool = False
    is_blind: bool = False
    edited: tuple[str, ...] = ()

    @property
    def rows(self) -> dict[str, Rows]:
        """The causes that are of events and of whose they are, by name."""
        found = {NEW_DATA: self.new, SHORTER: self.shorter, **self._earlier()}
        return {name: rows for name, rows in found.items() if rows}

    @property
    def of_events(self) -> tuple[str, ...]:
        """The names of those."""
        return tuple(self.rows)

    @property
    def is_earlier(self) -> bool:
        """Whether something became of weeks that both logs have."""
        return any(self._earlier().values())

    def _earlier(self) -> dict[str, Rows | None]:
        of_rows = {LATE: self.late, GONE: self.gone, OTHERS: self.others}
        return {**of_rows, MERGES: self.merges}

    def names(self, rests_on: Collection[str]) -> tuple[str, ...]:
        """Those that a figure can move by, which `rests_on` events, the log's end, answers."""
        what = {NEW_DATA: "end", SHORTER: "end", **dict.fromkeys((LATE, GONE, OTHERS), "events")}
        names = [name for name in self.of_events if what.get(name) in (None, *rests_on)]
        names += [USERS] if self.users else []
        return (*names, *([ANSWERS] if self.answers and "answers" in rests_on else []))


class DefinitionChange(NamedTuple):
    """A definition whose hash or words changed; "" and () where a version does not have it."""

    name: str
    base_hash: str
    head_hash: str
    base_words: tuple[str, ...]
    head_words: tuple[str, ...]

    @property
    def counts(self) -> bool:
        """Whether a number can change by it: rules without a hash are taken to.

        One that a version does not show is no other than it was, as far as these files tell.
        """
        if self.base_hash or self.head_hash:
            return "" not in (self.base_hash, self.head_hash) and self.base_hash != self.head_hash
        return self.name in (LOG, SAY, ZONE)


def definition_changes(base: ReportData, head: ReportData) -> tuple[DefinitionChange, ...]:
    """The definitions that differ, in the report's order."""
    # An older version of funnelkit did not write what a report rests on beside what it shows.
    behind = bool(base.rests_on and head.rests_on)
    old, new = (_definitions(each, behind=behind) for each in (base, head))
    if not (base.timezone and head.timezone):  # an older version of funnelkit did not write it
        old.pop(ZONE, None)
        new.pop(ZONE, None)
    found = []
    for name in dict.fromkeys([*new, *old]):
        one, other = old.get(name, ("", ())), new.get(name, ("", ()))
        if one != other:
            found.append(DefinitionChange(name, one[0], other[0], one[1], other[1]))
    return tuple(found)


def _definitions(data: ReportData, *, behind: bool) -> dict[str, tuple[str, tuple[str, ...]]]:
    found = {e.name: (e.definition_hash, e.words) for e in data.rests_on if behind}
    found |= {each.name: (each.definition_hash, each.words) for each in data.sections}
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
    zone = {ZONE: ("", (f"Days and weeks begin at midnight in {data.timezone}.",))}
    return found | {LOG: ("", (*as_of, *until, *data.log))} | (zone if data.timezone else {})


def data_causes(
    base: ReportData, head: ReportData, cut: Table | None = None, *, same_log: bool = True
) -> DataCauses:
    """What became of the data between two versions of a report.

    `cut`: the weeks of the later log up to `base.last_event`, where there is one to ask: without
    it, what changed in the week in which the earlier log ended counts as new. `same_log`: both by
    the same rules of what counts; else all that is told is whether the log goes on.
    """
    # A version that writes the time zone writes digests too, where there are rows.
    known = bool(base.timezone and head.timezone)
    users = _other(base.users_digest, head.users_digest, known)
    answers = _other(base.answers_digest, head.answers_digest, known)
    grew, shrank = head.last_event > base.last_event, head.last_event < base.last_event
    if not same_log:
        new, shorter = (Rows(None, ()) if each else None for each in (grew, shrank))
        return DataCauses(
            new, shorter, users=users, answers=answers, unclear=(_BLIND,), is_blind=True
        )
    old, now = _weeks(base.inputs), _weeks(head.inputs)
    end = _monday(min(base.last_event, head.last_event))
    # Both logs up to where the shorter one ends.
    before = _then(now, old, end) if shrank else old
    then = _weeks(cut) if cut is not None and grew else _then(old, now, end) if grew else now
    same_kind = "people" in base.inputs.names and "people" in head.inputs.names
    hidden = (shrank or (grew and cut is None)) and old.get(end) != now.get(end)
    by_sign = _by_sign(before, then, "digest" if same_kind else "events")
    merges = _merges(before, then) if same_kind else None
    return DataCauses(
        _changed(then, now, "digest") if grew else None,
        _changed(old, before, "digest") if shrank else None,
        *by_sign,
        # What the missing rows joined is apart again: nobody was merged.
        merges=None if shrank else merges,
        users=users,
        answers=answers,
        unclear=tuple(
            each.format(what)
            for each, what in (
                (_OLDER, "" if same_kind else "one side"),
                (_SHORT_WEEK if shrank else _END_WEEK, end if hidden else ""),
                (_APART, in_weeks(merges.weeks if merges and shrank else ())),
            )
            if what
        ),
        can_cut=hidden and grew,
        edited=_edited(old, now),
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


def _other(base: str, head: str, known: bool) -> bool:
    return base != head and (known or bool(base and head))


def _changed(old: Mapping[str, Week], new: Mapping[str, Week], told: str) -> Rows | None:
    """The weeks in which what is `told` differs, and how many more events they have."""
    weeks = [
        week
        for week in sorted({*old, *new})
        if old.get(week, {}).get(told) != new.get(week, {}).get(told)
    ]
    if not weeks:
        return None
    return Rows(_more(weeks, old, new), tuple(weeks))


def _by_sign(
    old: Mapping[str, Week], new: Mapping[str, Week], told: str
) -> tuple[Rows | None, Rows | None, Rows | None]:
    """Weeks with more events than before, with fewer, and those with others."""
    found = _changed(old, new, told)
    kinds: dict[int, list[str]] = {1: [], -1: [], 0: []}
    for week in found.weeks if found else ():
        number = _more([week], old, new)
        kinds[0 if not number else 1 if number > 0 else -1].append(week)
    more, fewer, others = (
        Rows(_more(weeks, old, new), tuple(weeks)) if weeks else None for weeks in kinds.values()
    )
    return more, fewer, others


def _more(weeks: Iterable[str], old: Mapping[str, Week], new: Mapping[str, Week]) -> int | None:
    """How many more events; None where a week withholds its count."""
    more = 0
    for week in weeks:
        counts = [each[week]["events"] if week in each else 0 for each in (old, new)]
        if None in counts:
            return None
        more += int(counts[1] or 0) - int(counts[0] or 0)
    return more


def _edited(old: Mapping[str, Week], new: Mapping[str, Week]) -> tuple[str, ...]:
    """Weeks of the same events of the same people, by their digests, and other counts."""
    digests = ("digest", "people")
    return tuple(
        week
        for week in sorted(old.keys() & new.keys())
        if all(old[week].get(each) == new[week].get(each) for each in digests)
        and any(
            None not in (old[week][each], new[week][each]) and old[week][each] != new[week][each]
            for each in ("events", "entities")
        )
    )


def in_weeks(weeks: Sequence[str]) -> str:
    """`the weeks of 2026-01-05, 2026-01-12, 2026-01-19 and 2 more`."""
    if not weeks:
        return ""
    named = list(weeks[:3])
    named += [f"{len(weeks) - 3} more"] if len(weeks) > 3 else []
    text = named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"
    return f"the {'week' if len(weeks) == 1 else 'weeks'} of {text}"


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
