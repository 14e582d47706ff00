"""How many customers, and how much of the revenue, an affected group of respondents stands for."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import polars as pl

from funnelkit.stats.revenue import Estimated, Identified, estimated, identified


class Affected(NamedTuple):
    """The answer to "how many customers are affected?".

    `customers` of `eligible`. `known`: the identified revenue, the exact sum over those customers,
    of `eligible_cents`; None where the revenue of none of them, or of nobody eligible, is known.
    `estimated`: with the affected among those that did not answer; another kind of number, never
    added to the first.
    """

    customers: int
    eligible: int
    known: Identified | None
    eligible_cents: int | None
    estimated: Estimated | None

    @property
    def share(self) -> float | None:
        """Affected of the eligible customers."""
        return self.customers / self.eligible if self.eligible else None

    @property
    def revenue_cents(self) -> int | None:
        """Identified revenue in cents; None where nobody's is known."""
        return self.known.cents if self.known else None

    @property
    def revenue_share(self) -> float | None:
        """Their part of the revenue of the eligible customers."""
        if self.known is None or not self.eligible_cents:
            return None
        return self.known.cents / self.eligible_cents

    @property
    def label(self) -> str:
        """`most of it one account's` where one makes more than half of the revenue."""
        return self.known.label if self.known else ""


def affected(
    eligible: pl.DataFrame, respondents: pl.DataFrame, *, estimate: bool = True
) -> Affected:
    """Counts and revenue of the customers with an affected respondent.

    `eligible`: customer_id, revenue_cents (null: unknown), a row a customer or several alike;
    `respondents`: customer_id, affected, a row a respondent, whose customer counts as eligible. A
    customer is affected when any of its respondents is. `estimate`: whether to reckon the revenue
    of the affected that did not answer. Credits (less than 0) count as no revenue.
    """
    return affected_each(eligible, respondents, {"affected": estimate})["affected"]


def affected_each(
    eligible: pl.DataFrame, respondents: pl.DataFrame, flags: Mapping[str, bool]
) -> dict[str, Affected]:
    """The same of several columns of `respondents`, by their names, with customers joined once.

    `flags`: the columns, and whether to reckon the revenue of those that did not answer.
    """
    table = _by_customer(eligible, respondents, list(flags))
    known = table["revenue_cents"].is_not_null().to_numpy()
    cents = table["revenue_cents"].fill_null(0).clip(0).cast(pl.Int64).to_numpy()
    answered = table["answered"].to_numpy()
    found = {}
    for name, estimate in flags.items():
        inside = table[name].to_numpy()
        customers, everybody = int(inside.sum()), table.height
        if not known.any():
            found[name] = Affected(customers, everybody, None, None, None)
            continue
        if customers and not (inside & known).any():  # unknown is not nothing
            found[name] = Affected(customers, everybody, None, int(cents.sum()), None)
            continue
        revenue = estimated(cents, answered, inside) if estimate else None
        of_cell = identified(cents[inside & known])
        found[name] = Affected(customers, everybody, of_cell, int(cents.sum()), revenue)
    return found


def _by_customer(
    eligible: pl.DataFrame, respondents: pl.DataFrame, flags: Sequence[str]
) -> pl.DataFrame:
    """Each customer once: its revenue, whether it answered, whether any answer has each flag."""
    said = respondents.group_by("customer_id").agg(pl.col(flags).any(), answered=pl.lit(True))
    paying = eligible.group_by("customer_id").agg(pl.col("revenue_cents").max())
    return paying.join(said, on="customer_id", how="full", coalesce=True).with_columns(
        pl.col("answered", *flags).fill_null(value=False)
    )
