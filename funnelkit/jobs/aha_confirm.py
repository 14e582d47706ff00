"""Half V decides: the difference of one cell that it did not choose, and what takes it away."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from funnelkit.jobs.aha_cells import Cell
from funnelkit.jobs.aha_rules import SearchRules, Verdict
from funnelkit.jobs.aha_study import Bytes, Study
from funnelkit.jobs.halves import Counts, Flags, groups, strata
from funnelkit.stats.association import TwoByTwo, mantel_haenszel, normal_p
from funnelkit.stats.proportions import holm


class Difference(NamedTuple):
    """A risk difference within strata, its standard error and 95 % limits, and its p."""

    estimate: float
    se: float
    lo: float
    hi: float
    p: float


class Confirmation(NamedTuple):
    """A candidate in V: within strata, and among equally active entrants; None: no two compared.

    `in_discovery`: the difference in D, the same cell.
    """

    in_discovery: float
    rd: Difference | None
    adjusted: Difference | None


def difference(
    labels: Counts, reached: Flags, outcome: Bytes, confidence: float
) -> Difference | None:
    """The risk difference of reachers against others within the strata that equal labels make."""
    if labels.size == 0:
        return None
    tables = np.bincount(labels * 4 + reached * 2 + outcome, minlength=4 * (int(labels.max()) + 1))
    without, with_x0, with_only, both = tables.reshape(-1, 4).T
    found = mantel_haenszel(both, both + with_only, with_x0, with_x0 + without, confidence)
    values = Difference(*(float(each[0]) for each in found))
    return None if np.isnan(values.estimate) else values


def table(reached: Flags, outcome: Bytes) -> TwoByTwo:
    """The 2x2 table of some entrants."""
    neither, outcome_only, reached_only, both = np.bincount(reached * 2 + outcome, minlength=4)
    return TwoByTwo(int(both), int(reached_only), int(outcome_only), int(neither))


def within_strata(study: Study, cell: Cell, who: Flags, outcome: Bytes) -> Difference | None:
    """The difference of a cell among some entrants, in the strata of the search."""
    return difference(
        study.stratum[who],
        cell.is_reached(study)[who],
        outcome[who],
        study.rules.confidence,
    )


class Court:
    """Confirms candidates of one study; what does not depend on the outcome is kept by event."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self._by_activity: dict[int, tuple[Flags, Counts]] = {}

    def confirm(self, cell: Cell, in_discovery: float, outcome: Bytes) -> Confirmation:
        """The difference of a candidate in V, and the same among equally active entrants.

        Equally active: in the same tenth by the number of other events in the longest window.
        Within a tenth, segments and weeks are merged anew by the rule of the strata, so that each
        has enough to compare.
        """
        who, labels = self._equally_active(cell.event)
        reached = cell.is_reached(self.study)[who]
        confidence = self.study.rules.confidence
        return Confirmation(
            in_discovery,
            within_strata(self.study, cell, who, outcome),
            difference(labels, reached, outcome[who], confidence),
        )

    def _equally_active(self, event: int) -> tuple[Flags, Counts]:
        if event not in self._by_activity:
            who = ~self.study.proposes & self.study.alive_by_others[event]
            self._by_activity[event] = who, activity_strata(self.study, event, who)
        return self._by_activity[event]


def activity_strata(study: Study, event: int, who: Flags) -> Counts:
    """Strata of some entrants within tenths of their activity without the event."""
    rules = study.rules
    tenth = groups(study.other_activity(event)[who], rules.activity_groups)
    week, segment = study.week[who], study.segment[who]
    found = np.zeros(len(week), np.int64)
    used = 0
    for each in range(rules.activity_groups):
        own = tenth == each
        if own.any():
            part = strata(week[own], segment[own], np.ones(own.sum(), bool), rules.least_stratum)
            found[own] = used + part
            used += int(part.max()) + 1
    return found


def decide(
    confirmations: Sequence[Confirmation], rules: SearchRules
) -> list[tuple[Verdict, float]]:
    """Verdict and Holm's p of each candidate of one search."""
    p = holm([1.0 if each.rd is None else each.rd.p for each in confirmations])
    return [
        (_verdict(each, value, rules), value) for each, value in zip(confirmations, p, strict=True)
    ]


def _verdict(each: Confirmation, p: float, rules: SearchRules) -> Verdict:
    if each.rd is None or p > rules.level or each.rd.estimate * each.in_discovery <= 0:
        return "not confirmed"
    return "accepted" if _stays(each.rd, each.adjusted, rules.keeps) else "goes with activity"


def _stays(rd: Difference, adjusted: Difference | None, keeps: float) -> bool:
    """Whether enough is left among equally active entrants."""
    if adjusted is None or adjusted.lo <= 0 <= adjusted.hi:
        return False
    return adjusted.estimate / rd.estimate >= keeps


def newer_differ(study: Study, cell: Cell) -> float | None:
    """p of "the newest entrants differ as much as the others that decide"; None: not comparable."""
    who = ~study.proposes & study.alive_by_others[cell.event]
    newer, older = (
        within_strata(study, cell, who & part, study.outcome)
        for part in (study.newest, ~study.newest)
    )
    if newer is None or older is None:
        return None
    return float(normal_p(newer.estimate - older.estimate, np.hypot(newer.se, older.se)))
