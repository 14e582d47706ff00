"""Half D proposes: the score of every cell, and what chance alone would make of the best."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from funnelkit.jobs.aha_rules import SearchRules
from funnelkit.jobs.aha_study import Bytes, Study
from funnelkit.jobs.halves import Counts, Flags
from funnelkit.stats.association import Floats, RiskDifferences, mantel_haenszel
from funnelkit.stats.resampling import (
    Singles,
    Strata,
    exceeding_p,
    generator,
    permutation_variance,
    permuted_scores,
)


class Half(NamedTuple):
    """The alive entrants of a half, sorted by stratum, and the counts of every cell of the grid.

    Cells are (event, window, count), in that order. Shape (cells, strata): `reachers`, and those
    `with_both` reach and outcome. Shape (events, strata): `people`, alive by another event, and
    `successes` among them.
    """

    rows: Counts
    strata: Strata
    outcome: Bytes
    reachers: Counts
    with_both: Counts
    people: Counts
    successes: Counts

    @property
    def each(self) -> int:
        """Cells of an event."""
        return len(self.reachers) // max(1, len(self.people))

    def of_cells(self, per_event: Counts) -> Counts:
        """Values of events, repeated for each of their cells."""
        return np.repeat(per_event, self.each, axis=0)

    def others(self) -> tuple[Counts, Counts]:
        """Those who did not reach a cell, and how many of them have the outcome."""
        others = self.of_cells(self.people) - self.reachers
        return others, self.of_cells(self.successes) - self.with_both

    def is_enough(self, least_group: int, least_outcome: int) -> Flags:
        """Cells with enough reachers, enough others, and enough of the rarer outcome."""
        reachers = self.reachers.sum(axis=1)
        people, successes = (
            self.of_cells(each.sum(axis=1)) for each in (self.people, self.successes)
        )
        rarer = np.minimum(successes, people - successes)
        groups = np.minimum(reachers, people - reachers)
        return np.asarray((groups >= least_group) & (rarer >= least_outcome))

    def differences(self, confidence: float) -> RiskDifferences:
        """Risk differences of all cells, within strata."""
        others, without = self.others()
        return mantel_haenszel(self.with_both, self.reachers, without, others, confidence)


class Cell(NamedTuple):
    """A cell of the grid by the numbers of its event, of its window and of its count."""

    event: int
    window: int
    level: int

    @classmethod
    def at(cls, number: int, study: Study) -> "Cell":
        """The cell with this number in the order of `Half`."""
        windows, counts = len(study.rules.days), len(study.rules.counts)
        event, rest = divmod(int(number), windows * counts)
        return cls(event, *divmod(rest, counts))

    def is_reached(self, study: Study) -> Flags:
        """Whether each entrant reached it."""
        return np.asarray(study.reached[self.event, self.window] > self.level)


class Proposal(NamedTuple):
    """What half D says of the searched cells.

    `cells`: their numbers, ascending; `z`: the stratified score of each. By searched event, in the
    order of `events`: its `best` cell, that cell's |z| and the discovery p, family-wise over the
    search.
    """

    cells: Counts
    z: Floats
    events: Counts
    best: Counts
    largest: Floats
    p: Floats


def half(study: Study, who: Flags) -> Half:
    """The counts of a half; only entrants with any event in the landmark's window are in a cell."""
    inside = np.flatnonzero(who & study.alive)
    found = Strata.of(study.stratum[inside])
    rows = inside[found.order]
    outcome = study.outcome[rows]
    tables = [_tables(study, event, rows, found, outcome) for event in range(len(study.events))]
    shape = (0, len(found.sizes))
    stacked = [
        np.concatenate([each[part] for each in tables]) if tables else np.zeros(shape, np.int64)
        for part in range(4)
    ]
    return Half(rows, found, outcome, *stacked)


def candidates(p: Floats, largest: Floats, rules: SearchRules) -> list[int]:
    """Positions of the events that go on: p at most the level, the smallest first, few of them."""
    order = sorted(range(len(p)), key=lambda at: (p[at], -largest[at], at))
    return [at for at in order if p[at] <= rules.level_discovery][: rules.most_candidates]


def propose(study: Study, proposing: Half, cells: Counts) -> Proposal:
    """Scores of the searched cells, and the p of each event by permutation."""
    if not cells.size:
        nothing, none = np.zeros(0), np.zeros(0, np.int64)
        return Proposal(cells, nothing, none, none, nothing, nothing)
    z = scores(proposing, cells)
    blocks = permutations(study, proposing, cells, study.rules.permutations)
    maxima = np.concatenate([np.abs(block).max(axis=0) for block in blocks])
    events, starts = np.unique(cells // proposing.each, return_index=True)
    largest, best = best_of_events(np.abs(z)[:, np.newaxis], starts)
    p = exceeding_p(largest[:, 0], maxima)
    return Proposal(cells, z, events, best[:, 0], largest[:, 0], p)


def scores(proposing: Half, cells: Counts) -> Floats:
    """The stratified score of each cell over its standard deviation; 0 if none.

    Reachers with the outcome, less as many as their strata's rates would give. The deviation is
    hypergeometric, of who is in the event's cells: those that another event shows alive may have
    quite another rate than all the alive, among whom outcomes are permuted.
    """
    people = np.maximum(proposing.people, 1)
    expected = proposing.reachers[cells] * (proposing.successes / people)[cells // proposing.each]
    score = (proposing.with_both[cells] - expected).sum(axis=1)
    rates = (
        proposing.successes * (people - proposing.successes) / people / np.maximum(people - 1, 1)
    )
    squares = _squares(proposing, cells)
    spread = np.sqrt((squares * rates[cells // proposing.each]).sum(axis=1))
    return np.asarray(np.divide(score, spread, out=np.zeros_like(score), where=spread > 0))


def permutations(study: Study, proposing: Half, cells: Counts, times: int) -> Iterator[Singles]:
    """z of the cells where the outcome is permuted within strata: blocks (cells, permutations).

    The variance of a cell is the same in all of them: it is divided by once, in the columns.
    """
    columns = _Columns(study, proposing, cells)
    random = generator(study.rules.salt)
    return permuted_scores(proposing.outcome, proposing.strata, columns, times, random)


def best_of_events(
    sizes: NDArray[np.floating], starts: Counts, tie: float = 1e-9
) -> tuple[Floats, Counts]:
    """The largest |z| among each event's cells and that cell's position: the first among ties.

    `sizes`: shape (cells, runs), the cells of event i from `starts[i]` on. So a tie goes to the
    shorter window, then to the smaller count.
    """
    runs = sizes.shape[1]
    largest, best = np.zeros((len(starts), runs)), np.zeros((len(starts), runs), np.int64)
    for event, own in enumerate(np.split(sizes, starts[1:])[: len(starts)]):
        largest[event] = own.max(axis=0)
        best[event] = starts[event] + (own >= largest[event] - tie).argmax(axis=0)
    return largest, best


def _tables(
    study: Study, event: int, rows: Counts, found: Strata, outcome: Bytes
) -> tuple[Counts, Counts, Counts, Counts]:
    """Reachers, reachers with the outcome, (cells, strata); people and successes, (1, strata)."""
    alive = study.alive_by_others[event, rows]
    counts, strata = len(study.rules.counts), len(found.sizes)
    base = (found.number[alive] * 2 + outcome[alive]) * (counts + 1)
    tables = []
    for window in study.reached[event]:
        table = np.bincount(base + window[rows[alive]], minlength=strata * 2 * (counts + 1))
        # From "exactly so many counts of the grid" to "at least so many".
        shaped = table.reshape(strata, 2, counts + 1)
        tables.append(np.cumsum(shaped[:, :, ::-1], axis=2)[:, :, ::-1])
    whole = np.stack(tables)
    everyone = whole[0, :, :, 0]
    # Not -1 for the number of cells: a half that nobody is in has no strata.
    cells = whole[:, :, :, 1:].transpose(0, 3, 1, 2).reshape(len(whole) * counts, strata, 2)
    return cells.sum(axis=2), cells[:, :, 1], everyone.sum(axis=1)[None], everyone[None, :, 1]


def _squares(proposing: Half, cells: Counts) -> Floats:
    """Sums of squares of the centred columns, (cells, strata)."""
    reachers = proposing.reachers[cells].astype(np.float64)
    people = np.maximum(proposing.people, 1)[cells // proposing.each]
    return np.asarray(reachers - reachers**2 / people)


def _deviation(proposing: Half, cells: Counts) -> Floats:
    """Of the scores under permutation of the outcome among all the alive of each stratum."""
    squares = _squares(proposing, cells)
    return np.sqrt(permutation_variance(squares, proposing.outcome, proposing.strata))


class _Columns:
    """The searched cells as columns: masked by who is alive, centred in strata, over the sd."""

    def __init__(self, study: Study, half: Half, cells: Counts) -> None:
        self.study, self.half = study, half
        people = np.maximum(half.people, 1)[cells // half.each]
        self.means = (half.reachers[cells] / people).astype(np.float32)
        spread = _deviation(half, cells)
        scale = np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > 0)
        self.scale = scale.astype(np.float32)[:, np.newaxis]
        counts = len(study.rules.counts)
        self.levels = (cells % counts)[:, np.newaxis]
        _, starts = np.unique(cells // counts, return_index=True)
        ends = [*starts[1:], len(cells)]
        self.windows = [slice(*each) for each in zip(starts, ends, strict=True)]
        self.cells = [Cell.at(cells[start], study) for start in starts]

    def __call__(self, where: slice) -> Singles:
        rows, strata = self.half.rows[where], self.half.strata.number[where]
        found = np.empty((len(self.means), len(rows)), np.float32)
        for own, cell in zip(self.windows, self.cells, strict=True):
            reached = self.study.reached[cell.event, cell.window, rows] > self.levels[own]
            alive = self.study.alive_by_others[cell.event, rows]
            found[own] = (reached - self.means[own][:, strata]) * alive
        found *= self.scale
        return found
