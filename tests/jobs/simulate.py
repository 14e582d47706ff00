"""Worlds with a known truth, searched many times over: `python -m tests.jobs.simulate FILE`.

Writes the figures of docs/aha-evidence.md; `tests/jobs/test_simulations.py` holds them to what the
design promises. Seeds are fixed: on the same NumPy the same figures come out.
"""

import os
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import numpy as np

from funnelkit.jobs.aha_search import SearchRules, null, search
from tests.jobs.generators import (
    AHA,
    COUNTS,
    DAYS,
    SPECIAL,
    draw,
    truth,
    watched_until_converted,
)
from tests.sample.searches import frames
from tests.sample.test_search import LARGE, SMALL, seen

PAGE = Path(__file__).resolve().parents[2] / "docs" / "aha-evidence.md"
# Entrants that leave at least so many alive: 2,000 and 5,000.
SOME, MANY = 3300, 8200


class Run(NamedTuple):
    """One search of a drawn world; the cell and figures are those of the event in question."""

    alive: int
    accepted: tuple[str, ...]
    min_p: float | None
    verdicts: tuple[str, ...]
    verdict: str
    cell: tuple[int, int]
    interval: tuple[float | None, float | None, float | None]
    shape: str | None
    rd_all: float | None


def run(world, n, seed):
    entrants, exposures, alive = draw(world, n, seed)
    result = search(entrants, exposures, SearchRules(COUNTS, DAYS, salt=str(seed)))
    rows = result.findings.to_dicts()
    own = next(row for row in rows if row["event"] == SPECIAL)
    return Run(
        alive,
        tuple(row["event"] for row in rows if row["verdict"] == "accepted"),
        result.facts.min_p,
        tuple(row["verdict"] for row in rows),
        own["verdict"],
        (own["at_least"], own["within_days"]),
        (own["rd"], own["rd_lo"], own["rd_hi"]),
        own["shape"],
        own["rd_all"],
    )


def runs(world, n, times, workers=1):
    """The first `times` seeds of a world."""
    if workers == 1:
        return [run(world, n, seed) for seed in range(times)]
    # A fork of a process that runs threads (Polars, BLAS) may hang.
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        return list(pool.map(partial(run, world, n), range(times), chunksize=5))


def accepting(found):
    """Runs that accept anything at all."""
    return sum(bool(each.accepted) for each in found)


def accepting_special(found):
    """Runs that accept the event in question."""
    return sum(SPECIAL in each.accepted for each in found)


def discovering(found):
    """Runs whose smallest discovery p is at most 0.05."""
    return sum(each.min_p is not None and each.min_p <= 0.05 for each in found)


def covering(found, known):
    """Runs that put the event to V, and those whose interval covers the truth of its cell."""
    put = [each for each in found if each.interval[0] is not None]
    return len(put), sum(each.interval[1] <= known[each.cell] <= each.interval[2] for each in put)


def cells_truth(world, found, n=2_000_000):
    """The truth of every cell of the event in question that some run chose."""
    return truth(world, 0, sorted({each.cell for each in found}), n)


def null_of_planted(times=200):
    """`--null` on one draw of the planted world."""
    entrants, exposures, _ = draw("planted", SOME, 0)
    return null(entrants, exposures, SearchRules(COUNTS, DAYS, salt="null"), times)


def report(workers):
    """The figures in Markdown."""
    lines = [_HEAD]
    lines += _nulls(workers) + _planted(workers) + _decoy(workers) + _traps(workers)
    lines += _sample()
    return "\n".join(lines).rstrip() + "\n"


_HEAD = """\
# Does the aha search keep its word?

Worlds whose truth is known, drawn straight into the frames of the search and searched with the
program's own rules, 2,000 permutations a run. Every world (`tests/jobs/generators.py`) has unequal
activity, a segment that moves behaviour and outcome, 40 % who leave early, 12 events, 288 cells and
26 entry weeks. Written by `python -m tests.jobs.simulate docs/aha-evidence.md`; `make test-long`
holds the promises.
"""


def _nulls(workers):
    lines = [
        "## Nothing is related to the outcome",
        "",
        "Promised: at most 5 of 200 runs accept anything; with 100 entrants there is not enough.",
        "",
        "| entrants | runs | accept anything | smallest discovery p at most 0.05 | all events "
        '"not enough" |',
        "| --: | --: | --: | --: | --: |",
    ]
    for n in (100, 200, 1000, 5000):
        found = runs("null", n, 200, workers)
        scarce = sum(set(each.verdicts) <= {"not enough"} for each in found)
        lines.append(
            f"| {n:,} | {len(found)} | {accepting(found)} | {discovering(found)} | {scarce} |"
        )
    result = null_of_planted()
    return [
        *lines,
        "",
        f"`--null` on one draw of a world where something works, of {result.runs} runs: accept "
        f"anything {result.accepted_runs} (promised: at most 5), smallest discovery p at most 0.05 "
        f"{result.discovery_runs} (promised: 3 to 19).",
        "",
    ]


def _planted(workers):
    return [
        "## A behaviour that works",
        "",
        f"*Threshold*: at least {AHA[0]} times in {AHA[1]} days adds to the chance of the "
        "outcome, after the landmark. *Slope*: every further time in 7 days does. The truth of a "
        "cell is its risk difference among 2,000,000 entrants of the same world, by strata, among "
        "the alive.",
        "",
        "Promised: accepted in at least 95 of 100 runs; the 95 % interval of V covers the truth of "
        "the cell that the run chose in at least 370 of 400.",
        "",
        "| world | alive, at least | accepted, of the first 100 | accepted | covers | "
        "cells chosen | their truth | shape | something else accepted |",
        "| --- | --: | --: | --: | --: | --: | --- | --- | --: |",
        _works("threshold", "planted", workers),
        _works("slope", "slope", workers),
        "",
        "What else is accepted does nothing in these worlds: whoever does it is likelier to do "
        "what works, beyond what the number of other events tells. An association is no more.",
        "",
    ]


def _works(name, world, workers):
    found = runs(world, SOME, 400, workers)
    known = cells_truth(world, found)
    put, covered = covering(found, known)
    shapes = Counter(each.shape for each in found)
    others = sum(bool(set(each.accepted) - {SPECIAL}) for each in found)
    cells = (
        name,
        f"{min(each.alive for each in found):,}",
        accepting_special(found[:100]),
        f"{accepting_special(found)} of {len(found)}",
        f"{covered} of {put}",
        len(known),
        f"{_points(min(known.values()))} to {_points(max(known.values()))}",
        ", ".join(f"{shape} {shapes[shape]}" for shape in sorted(shapes, key=str)),
        others,
    )
    return f"| {' | '.join(map(str, cells))} |"


def _decoy(workers):
    found = runs("decoy", MANY, 100, workers)
    verdict = sum(each.verdict == "goes with activity" for each in found)
    return [
        "## A decoy that only follows activity",
        "",
        "The outcome follows how active an entrant is, and nothing else; so does every event.",
        "",
        f"- At least {min(each.alive for each in found):,} alive entrants a run.",
        f"- The decoy accepted in {accepting_special(found)} of {len(found)} (promised: at most "
        f'3); verdict "goes with activity" in {verdict}.',
        f"- Any of the 12 events accepted in {accepting(found)}.",
        "",
    ]


def _traps(workers):
    window = runs("window", MANY, 100, workers)
    survivor = runs("survivor", MANY, 100, workers)
    naive = watched_until_converted(1_000_000, np.random.default_rng(1))
    all_eligible = np.mean([each.rd_all for each in survivor])
    return [
        "## Two traps",
        "",
        "Promised: each accepted in at most 5 of 100 runs.",
        "",
        "| trap | what falls into it finds | accepted | any event accepted |",
        "| --- | --- | --: | --: |",
        f"| converters are watched only until they convert | {_points(naive)} for an event that "
        f"everybody does at the same pace | {accepting_special(window)} | {accepting(window)} |",
        f"| who leaves early does less and is not retained | {_points(all_eligible)} for an event "
        f"without effect (mean of `rd_all`, no landmark) | {accepting_special(survivor)} | "
        f"{accepting(survivor)} |",
        "",
    ]


def _sample():
    planted, decoys = seen(SMALL, range(100)), seen(LARGE, range(100, 200))
    company = frames(7, 2)
    found = null(company.entrants, company.exposures, company.rules, runs=200)
    return [
        "## The sample company",
        "",
        "Companies of 100 seeds each, as `funnelkit sample` makes them, counted by SQL "
        "(`tests/sample/test_search.py`); the truth of a cell is that of 2,400,000 of their users.",
        "",
        "| what | alive, at least | found | promised |",
        "| --- | --: | --- | --- |",
        f"| three shares in 7 days: accepted | {planted.alive:,} | {planted.planted['accepted']} "
        "of 100 | at least 95 |",
        f"| its chosen cell's truth in V's interval | {planted.alive:,} | {planted.covered} of 100 "
        "| at least 90 |",
        f"| the decoy, searches: accepted | {decoys.alive:,} | {decoys.decoy['accepted']} of 100, "
        f'{decoys.decoy["goes with activity"]} "goes with activity" | at most 3 |',
        f"| the prerequisite, log-ins: set apart | {planted.alive:,} | "
        f"{planted.prerequisite['set apart']} of 100 | all |",
        f"| `--null`, 200 runs: accept anything | {len(company.entrants):,} entrants | "
        f"{found.accepted_runs} | at most 5 |",
        f"| the same: smallest discovery p at most 0.05 | | {found.discovery_runs} | 3 to 19 |",
        "",
    ]


def _points(value):
    return f"{100 * value:+.1f} pp".replace("-", "−")


if __name__ == "__main__":
    # Workers must not share two cores with each other's BLAS threads.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("POLARS_MAX_THREADS", "1")
    Path(sys.argv[1]).write_text(report(workers=os.cpu_count() or 1), encoding="utf-8")
