"""Experiments read from the built event log: exposures, groups, what they are evidence for."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from funnelkit.jobs.experiments import (
    Design,
    Group,
    LeftOut,
    experiment_table,
    linked_sentence,
    read_experiment,
)
from funnelkit.jobs.experiments import Experiment as Read
from funnelkit.project.durations import format_duration
from funnelkit.project.shipping import Experiment
from funnelkit.project.shipping_words import experiment_in_words, goal_text, planned_shares
from funnelkit.project.words import whose
from funnelkit.results.built import inputs
from funnelkit.results.notes import noted, nothing_counts, of_log
from funnelkit.stats.proportions import Interval
from funnelkit.table import Table
from funnelkit.warehouse.experiments import create_experiment, exposures_of_nobody
from funnelkit.warehouse.queries import query

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


class Linked(NamedTuple):
    """An experiment whose treatment made a difference that stands, and what it is linked to.

    `uplift`: rate of the treatment less that of control, -1..1, with its 95 % interval; `sentence`
    tells it. Its sample ratio holds. `fewest`: the mature of the smaller of both groups.
    """

    experiment: str
    variant: str
    uplift: Interval
    p: float
    srm_p: float
    fewest: int
    sentence: str


def built_experiments(con: "DuckDBPyConnection", experiments: Mapping[str, Experiment]) -> Table:
    """A row a variant of each experiment, over the built log. Raises as `read`."""
    found = [read(con, name, experiment) for name, experiment in experiments.items()]
    meta = {
        "definitions": {
            each.design.name: {
                "definition": list(each.design.definition),
                "definition_hash": each.design.definition_hash,
            }
            for each in found
        },
        **inputs(con),
    }
    return noted(experiment_table(found, meta=meta), nothing_counts(meta), *of_log(meta))


def read(con: "DuckDBPyConnection", name: str, experiment: Experiment) -> Read:
    """One experiment over the built log; leaves temp tables in `con`.

    Raises FunnelkitError when nothing was built, or for SQL that the log refuses.
    """
    query(con, "log_window")  # refuses a warehouse without marts
    create_experiment(con, experiment)
    observed = con.execute("select observed_us from int_observed_until").fetchall()
    rows = query(
        con,
        "experiment_groups",
        within_us=experiment.outcome.within_us,
        observed_us=observed[0][0] or 0,
    )
    # Names of variants are data: what stands for none of them is told by its own column.
    sizes = {row["variant"]: row for row in rows if row["is_named"] and row["variant"] is not None}
    groups = [
        Group(variant, planned, *(sizes.get(variant, {}).get(key, 0) for key in _COUNTS))
        for variant, planned in planned_shares(experiment).items()
    ]
    left = LeftOut(
        several=_exposed(row for row in rows if row["is_named"] and row["variant"] is None),
        undeclared=_exposed(
            row for variant, row in sizes.items() if variant not in experiment.shares
        ),
        unnamed=_exposed(row for row in rows if not row["is_named"]),
        nobody=exposures_of_nobody(con, experiment),
    )
    return read_experiment(_design(name, experiment), groups, left)


_COUNTS = ("exposed", "matured", "converted")


def _exposed(rows: Iterable[dict[str, Any]]) -> int:
    return sum(row["exposed"] for row in rows)


def _design(name: str, experiment: Experiment) -> Design:
    return Design(
        name,
        experiment.control,
        whose({"entity": experiment.entity}),
        goal_text(experiment.outcome),
        format_duration(experiment.outcome.within_us),
        experiment.definition_hash,
        experiment_in_words(experiment),
    )


def with_experiments(
    con: "DuckDBPyConnection",
    table: Table,
    experiments: Mapping[str, Experiment],
    *,
    feature: str | None = None,
    aha: str | None = None,
) -> Table:
    """The table, with what linked experiments caused in its notes. Raises as `read`."""
    return noted(
        table, *(each.sentence for each in linked(con, experiments, feature=feature, aha=aha))
    )


def linked(
    con: "DuckDBPyConnection",
    experiments: Mapping[str, Experiment],
    *,
    feature: str | None = None,
    aha: str | None = None,
) -> list[Linked]:
    """What experiments show that are linked to this feature or aha moment: those that stand alone.

    In the order of the definitions; none whose sample ratio is off, that shows no difference, or
    that nobody is mature in. Raises as `read`.
    """
    found = []
    for name, experiment in experiments.items():
        if (feature or "") != experiment.feature and (aha or "") != experiment.aha:
            continue
        each = read(con, name, experiment)
        best, sentence = each.best, linked_sentence(each)
        if best is not None and best.p is not None and sentence:
            variant = best.group.variant
            fewest = min(best.group.matured, each.control.matured)
            found.append(
                Linked(name, variant, best.difference, best.p, each.srm_p, fewest, sentence)
            )
    return found
