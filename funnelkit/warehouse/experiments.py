"""Exposures and outcomes of one experiment, as temp tables beside the built event log."""

from typing import TYPE_CHECKING

from funnelkit.warehouse.connect import identifier
from funnelkit.warehouse.macros import render
from funnelkit.warehouse.meta import needs_log
from funnelkit.warehouse.queries import readable_errors

if TYPE_CHECKING:
    from collections.abc import Iterable

    from duckdb import DuckDBPyConnection

    from funnelkit.project.shipping import Experiment

_KEYS = {"user_id": "user_key", "account_id": "account_key"}


def create_experiment(con: "DuckDBPyConnection", experiment: "Experiment") -> None:
    """Temp tables fk_exposures (entity_key, us, variant as text) and fk_goals (entity_key, us).

    Grain: event; none after observed_until, none without the entity. Times in microseconds since
    1970, UTC. Raises FunnelkitError for SQL of the definitions that the log refuses.
    """
    needs_log(con, "an experiment")
    variant = f"cast({identifier(experiment.variant)} as varchar) as variant"
    outcome = experiment.outcome
    with readable_errors(con, "fct_events"):
        _create(con, "fk_exposures", experiment, (experiment.exposure, experiment.where), variant)
        _create(con, "fk_goals", experiment, (outcome.event, outcome.where))


def exposures_of_nobody(con: "DuckDBPyConnection", experiment: "Experiment") -> int:
    """Exposures whose user belongs to no account, where accounts count."""
    if experiment.entity == "user_id":
        return 0
    seen = _seen(experiment.exposure, experiment.where)
    found = con.execute(
        f"select count(*) from fct_events where {seen} and account_key is null"
    ).fetchall()
    return int(found[0][0])


def _create(
    con: "DuckDBPyConnection",
    name: str,
    experiment: "Experiment",
    matched: "tuple[Iterable[str], str | None]",
    *columns: str,
) -> None:
    key = _KEYS[experiment.entity]
    wanted = ", ".join([f"{key} as entity_key", "epoch_us(occurred_at) as us", *columns])
    con.execute(
        f"create or replace temp table {name} as select {wanted} from fct_events"
        f" where {_seen(*matched)} and {key} is not null"
    )


def _seen(events: "Iterable[str]", where: str | None) -> str:
    """The condition of a step, as the funnels have it, up to when the log was observed."""
    step = render("step_predicate", {"events": list(events), "where": where})
    return f"{step} and occurred_at <= (select observed_until from int_observed_until)"
