"""Findings and cells of a search as frames."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from funnelkit.jobs import aha_words as words
from funnelkit.jobs.aha_cells import Cell, Proposal
from funnelkit.jobs.aha_confirm import (
    Confirmation,
    newer_differ,
    table,
    within_strata,
)
from funnelkit.jobs.aha_rules import CELLS, FINDINGS, Verdict
from funnelkit.jobs.aha_scope import Run
from funnelkit.jobs.aha_shape import Grouped, shape
from funnelkit.jobs.aha_study import Study, window
from funnelkit.jobs.halves import Flags
from funnelkit.stats.association import RiskDifferences
from funnelkit.stats.evidence import ASSOCIATION

_DAYS_PER_MONTH = 365.25 / 12


class Decided(NamedTuple):
    """A candidate and what V says of it."""

    cell: Cell
    confirmation: Confirmation
    verdict: Verdict
    p_holm: float


def findings(
    run: Run,
    proposal: Proposal,
    in_discovery: RiskDifferences,
    decided: dict[int, Decided],
) -> Iterator[tuple[Any, ...]]:
    """A row of `FINDINGS` for each event that was searched or left out, by name."""
    searched = {int(event): at for at, event in enumerate(proposal.events)}
    for event in range(len(run.study.events)):
        if event in run.scope.left_out:
            yield _row(run, _widest(run, event), *run.scope.left_out[event])
        elif event in searched:
            at = searched[event]
            number = int(proposal.cells[proposal.best[at]])
            yield _searched(
                run,
                number,
                float(proposal.p[at]),
                tuple(float(each[number]) for each in in_discovery),
                decided.get(event),
                len(decided),
            )


def _searched(
    run: Run,
    number: int,
    p: float,
    there: tuple[float, ...],
    decided: Decided | None,
    candidates: int,
) -> tuple[Any, ...]:
    rules, cell = run.study.rules, Cell.at(number, run.study)
    if decided is None:
        why = words.not_proposed(p, rules, candidates)
        return _row(run, cell, "not proposed", why, p=p, there=there)
    each = decided.confirmation
    n = int((~run.study.proposes & run.study.alive_by_others[cell.event]).sum())
    p_newer = newer_differ(run.study, cell)
    why = words.decided(decided.verdict, each, decided.p_holm, n, p_newer, rules)
    return _row(run, cell, decided.verdict, why, p=p, there=there, decided=decided, p_newer=p_newer)


def _row(
    run: Run,
    cell: Cell,
    verdict: Verdict,
    why: str,
    *,
    p: float | None = None,
    there: tuple[float, ...] | None = None,
    decided: Decided | None = None,
    p_newer: float | None = None,
) -> tuple[Any, ...]:
    """One finding: the table of the cell in V, and what is known of it."""
    found, rules = run.study, run.study.rules
    alive, reached = found.alive_by_others[cell.event], cell.is_reached(found)
    who = ~found.proposes & alive
    seen = table(reached[who], found.outcome[who])
    overall = within_strata(found, cell, ~found.proposes, found.outcome)
    rd = decided.confirmation.rd if decided else None
    adjusted = decided.confirmation.adjusted if decided else None
    row = {
        "event": found.events[cell.event],
        "at_least": rules.counts[cell.level],
        "within_days": rules.days[cell.window],
        "n": seen.n,
        "reach": seen.reach,
        "base_rate": seen.base_rate,
        "ppv": seen.ppv,
        "rate_without": seen.rate_without,
        "phi": seen.phi,
        "p_search": p,
        "rd_discovery": there[0] if there else None,
        "rd_discovery_lo": there[2] if there else None,
        "rd_discovery_hi": there[3] if there else None,
        "rd": rd.estimate if rd else None,
        "rd_lo": rd.lo if rd else None,
        "rd_hi": rd.hi if rd else None,
        "p_holm": decided.p_holm if decided else None,
        "rd_adjusted": adjusted.estimate if adjusted else None,
        "rd_adjusted_lo": adjusted.lo if adjusted else None,
        "rd_adjusted_hi": adjusted.hi if adjusted else None,
        "shrinkage": rd.estimate / there[0] if rd and there and there[0] else None,
        "shape": _shape(found, cell, who, alive) if decided else None,
        "verdict": verdict,
        "why": why,
        "rd_all": overall.estimate if overall else None,
        "n_discovery": int((found.proposes & alive).sum()),
        "n_confirmation": seen.n,
        "n_all": int((~found.proposes).sum()),
        "sensitivity": seen.sensitivity,
        "specificity": seen.specificity,
        "lift": seen.lift,
        "odds_ratio": seen.odds_ratio,
        "p_newer": p_newer,
        "label": ASSOCIATION,
    }
    if verdict == "accepted" and rd and seen.reach is not None:
        months = found.days / _DAYS_PER_MONTH
        row["potential"] = (1 - seen.reach) * max(0.0, rd.lo) * int(alive.sum()) / months
    return tuple(row.get(name) for name in FINDINGS)


def _widest(run: Run, event: int) -> Cell:
    return Cell(event, len(run.study.rules.days) - 1, 0)


def _shape(found: Study, cell: Cell, deciding: Flags, alive: Flags) -> str:
    rules = found.rules
    times = found.count(cell.event, window(rules.days[cell.window]))
    proposing, judging = (
        Grouped.of(times[who], found.outcome[who]) for who in (found.proposes & alive, deciding)
    )
    return shape(proposing, judging, rules.counts[cell.level])


def cells_frame(run: Run, proposal: Proposal, in_discovery: RiskDifferences) -> pl.DataFrame:
    """The searched cells on D, the half that proposes."""
    half, numbers = run.proposing, proposal.cells
    others, without = (each[numbers].sum(axis=1) for each in half.others())
    reachers, both = half.reachers[numbers].sum(axis=1), half.with_both[numbers].sum(axis=1)
    cells = [Cell.at(number, run.study) for number in numbers]
    chosen = np.zeros(len(numbers), bool)
    chosen[proposal.best] = True
    data = {
        "event": [run.study.events[cell.event] for cell in cells],
        "at_least": [run.study.rules.counts[cell.level] for cell in cells],
        "within_days": [run.study.rules.days[cell.window] for cell in cells],
        "n": reachers + others,
        "reach": reachers / np.maximum(reachers + others, 1),
        "rate_with": both / np.maximum(reachers, 1),
        "rate_without": without / np.maximum(others, 1),
        "rd": in_discovery.estimate[numbers],
        "rd_lo": in_discovery.lo[numbers],
        "rd_hi": in_discovery.hi[numbers],
        "z": proposal.z,
        "is_chosen": chosen,
    }
    return pl.DataFrame(data, schema=CELLS).with_columns(pl.col(pl.Float64).fill_nan(None))
