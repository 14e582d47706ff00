"""What the whole procedure accepts where nothing is related to the outcome."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from funnelkit.jobs.aha_cells import Cell, best_of_events, candidates, permutations
from funnelkit.jobs.aha_confirm import Court, decide
from funnelkit.jobs.aha_scope import Run
from funnelkit.jobs.aha_study import Bytes
from funnelkit.jobs.halves import Counts
from funnelkit.stats.association import Floats
from funnelkit.stats.resampling import as_large, generator, permuted

_TIE = 1e-4  # as in resampling: permuted scores are float32


class Chance(NamedTuple):
    """What permutations of D propose: by searched event (rows) and run (columns).

    `p`: each largest |z| ranked among the largest of the whole search in all permutations; `best`:
    the number of that cell; `z`: its score.
    """

    p: Floats
    largest: Floats
    best: Counts
    z: Floats


def accepted_and_discovered(run: Run, runs: int) -> tuple[int, int]:
    """How many runs accept anything; how many have a discovery p at or below the level."""
    rules, court = run.study.rules, Court(run.study)
    if not run.scope.cells.size:
        return 0, 0
    chance = _chance(run, runs)
    accepted = 0
    for number, outcome in enumerate(_outcomes(run, runs)):
        confirmations = [
            court.confirm(
                Cell.at(chance.best[event, number], run.study), chance.z[event, number], outcome
            )
            for event in candidates(chance.p[:, number], chance.largest[:, number], rules)
        ]
        accepted += any(verdict == "accepted" for verdict, _ in decide(confirmations, rules))
    return accepted, int((chance.p.min(axis=0) <= rules.level).sum())


def _chance(run: Run, runs: int) -> Chance:
    cells = run.scope.cells
    _, starts = np.unique(cells // run.proposing.each, return_index=True)
    maxima: list[Floats] = []
    kept: list[tuple[Floats, Counts, Floats]] = []
    left = runs
    for block in permutations(
        run.study, run.proposing, cells, max(runs, run.study.rules.permutations)
    ):
        sizes = np.abs(block)
        maxima.append(sizes.max(axis=0).astype(np.float64))
        if left > 0:
            largest, best = best_of_events(sizes[:, :left], starts, _TIE)
            signed = np.take_along_axis(block[:, :left], best, axis=0)
            kept.append((largest, best, signed.astype(np.float64)))
            left -= largest.shape[1]
    largest = np.concatenate([each[0] for each in kept], axis=1)
    best = np.concatenate([each[1] for each in kept], axis=1)
    z = np.concatenate([each[2] for each in kept], axis=1)
    every = np.concatenate(maxima)
    # A run's own maximum is among them: a rank, without the + 1 of an observed value.
    return Chance(as_large(largest, every) / len(every), largest, cells[best], z)


def _outcomes(run: Run, runs: int) -> Iterator[Bytes]:
    """The outcome of everybody, permuted within the strata of V."""
    random, deciding = generator(run.study.rules.salt, stream=1), run.deciding
    for _ in range(runs):
        outcome = run.study.outcome.copy()
        outcome[deciding.rows] = permuted(deciding.outcome, deciding.strata, 1, random)[0]
        yield outcome
