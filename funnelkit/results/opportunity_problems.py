"""The problems that opportunities rank, from built marts: of features and at steps of funnels."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from funnelkit.jobs.opportunities import (
    CAPTIVE,
    LIP_SERVICE,
    RESPONDENTS,
    Affected,
    Problem,
    Scored,
    Severity,
    of_customers,
    of_respondents,
    top_share,
)
from funnelkit.jobs.population import populations
from funnelkit.jobs.respondents import ATTITUDE
from funnelkit.results.gaps import NO_VALUE, Split
from funnelkit.results.say_frames import Feature, Wave, WaveFrames
from funnelkit.stats.evidence import shown_share
from funnelkit.stats.proportions import wilson
from funnelkit.warehouse.customers import create_customers, create_success
from funnelkit.warehouse.queries import frame

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from funnelkit.results.experiments import Linked

Plan = Mapping[str, Any]
UNTOLD = Severity(1.0, "no task success is declared")
TOO_FEW = Severity(1.0, "too few uses to tell task success")
LOST = Severity(1.0, "lost for good")
# The share of everybody that stands for each problem, in jobs/population.
_SHARES = {CAPTIVE: "dislike_use", LIP_SERVICE: "like_not_use"}


def of_feature(
    con: "DuckDBPyConnection",
    plan: Plan,
    frames: WaveFrames,
    feature: Feature,
    split: Split,
    linked: "Linked | None",
) -> Iterator[Problem]:
    """Both problems of a feature in a wave, of everybody and of each segment that is asked for."""
    mine = pl.col("feature_no") == feature.no
    people = frames.respondents.people.filter(mine & (pl.col("aims") == ATTITUDE))
    access = frames.access.filter(mine).drop("feature_no")
    success = _success(con, plan, frames.wave, feature)
    ratings = frame(con, "opportunity_ratings", wave_no=frames.wave.no, breakdown=split.breakdown)
    ratings = ratings.filter(pl.col("feature") == feature.name)
    answered = split.labelled(frames.answer_values, "response_id")
    were = split.labelled(frames.values, "user_key")
    for segment in _segments(split, were):
        if segment is not None and answered is not None and were is not None:
            inside = pl.col("segment") == segment
            some = people.join(answered.filter(inside), on="response_id", how="semi")
            there = access.join(were.filter(inside), on="user_key", how="semi")
            done = success.join(there, on="user_key", how="semi")
            rated = ratings.filter(_label(split) == segment)
        else:
            some, there, done, rated = people, access, success, ratings
        severity, share = _severity(plan, feature, done, linked)
        importance, satisfaction = (
            top_share(rated.filter(pl.col("scale") == scale)) for scale in _SCALES
        )
        scored = Scored(importance, satisfaction, share)
        yield from _of_people(frames, feature, segment, (some, there), severity, scored)


_SCALES = ("importance", "satisfaction")


def _of_people(
    frames: WaveFrames,
    feature: Feature,
    segment: str | None,
    found: tuple[pl.DataFrame, pl.DataFrame],
    severity: Severity,
    scored: Scored,
) -> Iterator[Problem]:
    people, access = found
    cut = feature.used_days
    share = populations(people, access, frames.margins, [cut])[cut]
    used = people["days"] >= cut
    flags = {
        CAPTIVE: (people["opinion"] == "dislike") & used,
        LIP_SERVICE: (people["opinion"] == "like") & ~used,
    }
    for problem, flag in flags.items():
        affected = of_respondents(people, flag, share, _SHARES[problem])
        # What holds for respondents alone is worth what their customers are.
        whom = people if affected.holds_for == RESPONDENTS else access
        eligible = frames.users.join(whom, on="user_key", how="semi")
        yield Problem(
            "feature",
            feature.name,
            problem,
            segment,
            whom.height,
            _revenue(eligible),
            affected,
            severity,
            scored,
        )


def _segments(split: Split, labelled: pl.DataFrame | None) -> list[str | None]:
    if labelled is None:
        return [None]
    names: list[str | None] = labelled["segment"].unique().sort().to_list()
    return names if split.alone else [None, *names]


def _label(split: Split) -> pl.Expr:
    """What `Split.labelled` calls a value."""
    value = pl.col("value").fill_null(NO_VALUE)
    if split.alone:
        return pl.when(value == "true").then(pl.lit(split.breakdown))
    return pl.format("{} = {}", pl.lit(split.breakdown), value)


def _revenue(eligible: pl.DataFrame) -> int | None:
    """Cents of the customers of these users, each once; None where nobody's is known.

    Credits (less than 0) count as no revenue, as in jobs/money.
    """
    cents = eligible.group_by("customer_id").agg(pl.col("revenue_cents").max())["revenue_cents"]
    return int(cents.clip(0).sum()) if cents.is_not_null().any() else None


def _success(con: "DuckDBPyConnection", plan: Plan, wave: Wave, feature: Feature) -> pl.DataFrame:
    """Users of a feature before a wave, and whether it led to what it is declared to be for."""
    declared = _declared(plan, feature)["success"]
    if declared is None:
        return pl.DataFrame(schema={"user_key": pl.Int64, "succeeded": pl.Boolean})
    create_success(con, declared)
    return frame(
        con,
        "opportunity_success",
        wave_no=wave.no,
        feature_no=feature.no,
        within_us=declared["within_us"],
    )


def _declared(plan: Plan, feature: Feature) -> Mapping[str, Any]:
    found = [each for each in plan["features"] if each["name"] == feature.name]
    return found[0] if found else {"success": None}


def _severity(
    plan: Plan, feature: Feature, done: pl.DataFrame, linked: "Linked | None"
) -> tuple[Severity, float | None]:
    """How bad the problem is, and the share of task success where it may be told."""
    k, n = int(done["succeeded"].sum()), done.height
    share = wilson(k, n)
    shown = shown_share(k, n, share)
    success = share.estimate if shown.kind == "percent" else None
    if linked is not None and linked.uplift.estimate is not None:
        uplift = max(0.0, linked.uplift.estimate)
        return Severity(uplift, f"uplift of experiment {linked.experiment}"), success
    if _declared(plan, feature)["success"] is None:
        return UNTOLD, None
    if success is None:
        return TOO_FEW, None
    return Severity(1 - success, f"1 - task success, {k:,} of {n:,} users"), success


# --- steps of funnels ----------------------------------------------------------------------------


def of_steps(con: "DuckDBPyConnection", plan: Plan, split: Split) -> Iterator[Problem]:
    """Those lost before each required step of the funnels of users and of accounts.

    Whatever happened in the log counts; revenue and values are the latest.
    """
    create_customers(con, plan, split.breakdown)
    rows = frame(con, "opportunity_steps")
    parts = [] if split.alone else [rows.with_columns(segment=pl.lit(None, pl.String))]
    if split.breakdown is not None:
        parts.append(
            rows.with_columns(segment=_label(split)).filter(pl.col("segment").is_not_null())
        )
    keys = ["funnel_no", "funnel", "step", "step_name", "segment"]
    people = (
        pl.concat(parts)
        .group_by(*keys, "customer_id")
        .agg(pl.col("k", "n").sum(), pl.col("revenue_cents").max())
    )
    for key, some in (
        people.sort(*keys, "customer_id")
        .partition_by(keys, as_dict=True, maintain_order=True)
        .items()
    ):
        _, funnel, _, step, segment = key
        affected: Affected = of_customers(some)
        yield Problem(
            "step",
            str(funnel),
            f"lost before {step}",
            segment,
            affected.n,
            _revenue(some),
            affected,
            LOST,
        )
