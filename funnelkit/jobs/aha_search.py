"""Which behaviour of the first days goes with an outcome, when the search itself is paid for.

One half of the entrants proposes a few cells of a fixed grid, judged against what chance makes of
the whole search; the other half, which chose nothing, decides. Frames in, frames out.
"""

from collections import Counter

import numpy as np
import polars as pl

from funnelkit.jobs.aha_cells import Cell, Proposal, candidates, propose
from funnelkit.jobs.aha_confirm import Court, decide
from funnelkit.jobs.aha_findings import Decided, cells_frame, findings
from funnelkit.jobs.aha_null import accepted_and_discovered
from funnelkit.jobs.aha_rules import (
    FINDINGS,
    VERDICTS,
    Facts,
    NullResult,
    SearchResult,
    SearchRules,
    Verdict,
)
from funnelkit.jobs.aha_scope import Run, run_of
from funnelkit.jobs.halves import newest_weeks
from funnelkit.stats.association import RiskDifferences
from funnelkit.stats.proportions import wilson

__all__ = ["Facts", "NullResult", "SearchResult", "SearchRules", "Verdict", "null", "search"]


def search(entrants: pl.DataFrame, exposures: pl.DataFrame, rules: SearchRules) -> SearchResult:
    """Search the grid of `rules` for behaviour that goes with the outcome.

    `entrants`: one row per eligible entrant, `entity` (0 to n-1), `week` (entry week), `segment`,
    `outcome`, `in_hash_half` (in the half that decides, if not of the newest weeks). `exposures`:
    one row per entrant and event, `entity`, `event`, `n_<d>d` (times in the first d days, for each
    of the grid) and `n_alive` (times in the landmark's window). The same rows give the same result
    in any order. Raises ValueError for entrants that are not numbered so.

    A finding's figures are of the half that decides, but for `p_search`, `rd_discovery` and the
    cells. Source: the parts are those of `stats.resampling` and `stats.association`; what the
    whole does to planted truth and to nothing stands in docs/aha-evidence.md.
    """
    run = run_of(entrants, exposures, rules)
    proposal = propose(run.study, run.proposing, run.scope.cells)
    in_discovery = run.proposing.differences(rules.confidence)
    decided = _decide(run, proposal, in_discovery)
    rows = list(findings(run, proposal, in_discovery, decided))
    found = pl.DataFrame(rows, schema=FINDINGS, orient="row")
    cells = cells_frame(run, proposal, in_discovery)
    return SearchResult(found, cells, _facts(run, proposal, found))


def null(
    entrants: pl.DataFrame, exposures: pl.DataFrame, rules: SearchRules, runs: int = 200
) -> NullResult:
    """Run the same search on outcomes that nothing is related to, and count what it accepts.

    The frames of `search`. The outcome is permuted within strata, in each half for itself.
    Discovery is free: every permutation of D is ranked among the others. Raises ValueError for
    fewer runs than one.
    """
    if runs < 1:
        raise ValueError(f"runs == {runs}, must be >= 1.")
    accepted, discovered = accepted_and_discovered(run_of(entrants, exposures, rules), runs)
    _, _, hi = wilson(accepted, runs)
    return NullResult(runs, accepted, accepted / runs, 1.0 if hi is None else hi, discovered)


def _decide(run: Run, proposal: Proposal, in_discovery: RiskDifferences) -> dict[int, Decided]:
    """What V says of each candidate, by the number of its event."""
    rules, court = run.study.rules, Court(run.study)
    cells, confirmations = [], []
    for at in candidates(proposal.p, proposal.largest, rules):
        number = int(proposal.cells[proposal.best[at]])
        cells.append(Cell.at(number, run.study))
        there = float(in_discovery.estimate[number])
        confirmations.append(court.confirm(cells[-1], there, run.study.outcome))
    verdicts = decide(confirmations, rules)
    return {
        cell.event: Decided(cell, confirmation, *verdict)
        for cell, confirmation, verdict in zip(cells, confirmations, verdicts, strict=True)
    }


def _facts(run: Run, proposal: Proposal, rows: pl.DataFrame) -> Facts:
    found = run.study
    counted = Counter(rows["verdict"].to_list())
    newer = rows["p_newer"].min()
    return Facts(
        eligible=found.n,
        alive=int(found.alive.sum()),
        discovery=int(found.proposes.sum()),
        confirmation=int((~found.proposes).sum()),
        weeks=found.weeks,
        newest_weeks=newest_weeks(found.week),
        strata=len(np.unique(found.stratum)),
        cells=len(proposal.cells),
        base_rate=float(found.outcome.mean()) if found.n else None,
        min_p=float(proposal.p.min()) if proposal.p.size else None,
        newer_differ=newer if isinstance(newer, float) else None,
        verdicts={verdict: counted.get(verdict, 0) for verdict in VERDICTS},
    )
