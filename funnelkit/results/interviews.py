"""Whom to talk to about a feature or a step, why, and what to ask: a list from built marts."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from funnelkit.errors import FunnelkitError, did_you_mean
from funnelkit.jobs.interviews import Drawn, draw
from funnelkit.jobs.opportunities import CAPTIVE, LIP_SERVICE
from funnelkit.jobs.respondents import ATTITUDE
from funnelkit.project.durations import format_duration
from funnelkit.results import interview_words as words
from funnelkit.results.built import built_funnel, inputs
from funnelkit.results.say_frames import (
    OPINIONS,
    Feature,
    Wave,
    features,
    other_waves,
    pick_feature,
    pick_wave,
    read_wave,
    waves,
)
from funnelkit.stats.scores import fewest_interviews
from funnelkit.table import Column, Table
from funnelkit.warehouse.customers import create_customers
from funnelkit.warehouse.queries import frame, query

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Plan = Mapping[str, Any]
COLUMNS = (
    Column("user_id"),
    Column("account_id"),
    Column("cell"),
    Column("segment"),
    Column("why"),
    Column("ask"),
    Column("revenue_cents", "count"),
    Column("last_asked_on", "date"),
    Column("probability", "number"),
)
GROUP_COLUMNS = (
    Column("cell"),
    Column("segment"),
    Column("people", "count"),
    Column("asked_lately", "count"),
    Column("customers", "count"),
    Column("drawn", "count"),
)
ALL = "all"
# A problem that one in five meets comes up with 85 % in nine talks.
MET_BY = 0.2
_PEOPLE = ("user_id", "account_id")


def of_funnel(
    name: str,
    feature_names: Sequence[str],
    funnel_names: Sequence[str],
    *,
    step: str | None,
    wave: str | None,
) -> bool:
    """Whether a name is a funnel's, not a feature's; what has both names is told by `step`.

    Raises FunnelkitError for a name that neither has, and for what does not go with it.
    """
    is_funnel = name in funnel_names and (step is not None or name not in feature_names)
    if is_funnel and wave is not None:
        raise FunnelkitError(f"{name} is a funnel: waves are of features", "leave --wave out")
    if is_funnel:
        return True
    if name not in feature_names:
        known = [*feature_names, *funnel_names]
        hint = did_you_mean(name, known) or f"declared: {', '.join(known) or 'none'}"
        raise FunnelkitError(f"no feature or funnel is called {name!r}", hint)
    if step is not None:
        raise FunnelkitError(f"{name} is a feature: steps are of funnels", "leave --step out")
    return False


def feature_interviews(
    con: "DuckDBPyConnection",
    plan: Plan,
    name: str,
    *,
    n: int | None = None,
    wave: str | None = None,
) -> tuple[Table, Table]:
    """Who says one thing of a feature and does another: the list, and how many of each group.

    `n`: in all; without it enough of each cell and segment. `wave`: the latest unless named.
    Raises FunnelkitError for what is not declared or not built, and where there is nobody.
    """
    feature = pick_feature(features(con), name)
    there = waves(con, OPINIONS, of_feature=True) or waves(con, ("text",))
    picked = pick_wave(there, wave, "on a feature")
    people = _discordant(con, plan, feature, picked)
    if people.is_empty():
        raise FunnelkitError(
            f"nobody says one thing of {name} and does another in wave {picked.name}",
            f"`funnelkit gaps {name}` shows what is said and done",
        )
    drawn = _draw(con, people, f"interviews {name} {picked.name}", n)
    return _tables(con, plan, drawn, words.of_feature(name), other_waves(there, picked))


def _discordant(
    con: "DuckDBPyConnection", plan: Plan, feature: Feature, wave: Wave
) -> pl.DataFrame:
    """The respondents in both discordant cells, with why."""
    segment = _segment(plan)
    topics = any(each["topics"] for each in plan["features"])
    mentions = None
    if topics:
        from funnelkit.results.mentions_kept import read_mentions

        mentions = read_mentions(con, plan)
    frames = read_wave(con, plan, wave, mentions, [segment] if segment else [])
    used = pl.col("days") >= feature.used_days
    cell = (
        pl.when((pl.col("opinion") == "dislike") & used)
        .then(pl.lit(CAPTIVE))
        .when((pl.col("opinion") == "like") & ~used)
        .then(pl.lit(LIP_SERVICE))
    )
    values = frames.answer_values.select("response_id", segment="value")
    known = pl.col("segment").fill_null(ALL if segment is None else words.NO_VALUE)
    mine = (pl.col("feature_no") == feature.no) & (pl.col("aims") == ATTITUDE)
    return (
        frames.respondents.people.filter(mine)
        .with_columns(cell=cell)
        .filter(pl.col("cell").is_not_null())
        .join(frame(con, "interview_answers", wave_no=wave.no), on="response_id")
        .join(frames.users.select("user_key", "revenue_cents"), on="user_key", how="left")
        .join(values, on="response_id", how="left")
        .with_columns(known, on=_local_day("submitted_at", plan))
        .with_columns(why=words.said_and_did(feature), ask=words.questions(feature.name))
    )


def funnel_interviews(
    con: "DuckDBPyConnection",
    plan: Plan,
    name: str,
    *,
    step: str | None = None,
    n: int | None = None,
) -> tuple[Table, Table]:
    """Who stayed at a step of a funnel for good: the list, and how many of each group.

    `step`: the last one that they did; without it, that behind which most are lost. Raises
    FunnelkitError for what is not declared or not built, and where there is nobody.
    """
    funnel = built_funnel(con, name)
    if funnel["entity"] not in _PEOPLE:
        raise FunnelkitError(
            f"funnel {name!r} counts by {funnel['entity']}: there is nobody to talk to",
            "name a funnel of users or accounts",
        )
    if funnel["window_us"] is None:
        raise FunnelkitError(
            f"funnel {name!r} has no window: nobody is lost for good",
            "give it a `window:`, then run `funnelkit build`",
        )
    steps = query(con, "interview_steps", funnel=name)
    at, following = _stuck_at(name, steps, step)
    segment = _segment(plan)
    create_customers(con, plan, segment)
    people = frame(con, "interview_stuck", funnel=name, step=at["step"])
    if people.is_empty():
        raise FunnelkitError(f"nobody stayed at {at['step_name']} of {name} for good")
    known = pl.col("value").fill_null(ALL if segment is None else words.NO_VALUE)
    window = format_duration(funnel["window_us"])
    people = people.with_columns(
        known.alias("segment"),
        cell=pl.lit(f"stuck after {at['step_name']}"),
        on=_local_day("last_at", plan),
    ).with_columns(
        why=words.stayed(name, at["step_name"], following["step_name"], window),
        ask=pl.lit(words.ask_of_step(at["step_name"], following["step_name"])),
    )
    drawn = _draw(con, _with_ids(con, people), f"interviews {name} {at['step_name']}", n)
    return _tables(con, plan, drawn, words.of_step(name, at["step_name"], following["step_name"]))


def _stuck_at(
    funnel: str, steps: Sequence[Mapping[str, Any]], step: str | None
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The step they stayed at, and the next; raises FunnelkitError for one that has none."""
    by_no = {each["step"]: each for each in steps}
    later = [each for each in steps if each["previous_step"] in by_no]
    if step is None:
        following = max(later, key=lambda each: (each["lost"], -each["step"]))
        return by_no[following["previous_step"]], following
    for each in later:
        if by_no[each["previous_step"]]["step_name"] == step:
            return by_no[each["previous_step"]], each
    names = [by_no[each["previous_step"]]["step_name"] for each in later]
    raise FunnelkitError(
        f"nobody can be stuck after step {step!r} of {funnel}",
        did_you_mean(step, names) or f"steps with one behind them: {', '.join(names)}",
    )


def _with_ids(con: "DuckDBPyConnection", people: pl.DataFrame) -> pl.DataFrame:
    """The keys and ids of users; an account is asked as a whole, and known by its id."""
    users = frame(con, "interview_users")
    if people["entity"][0] == "user_id":
        return people.join(users, left_on="entity_id", right_on="user_id").rename(
            {"entity_id": "user_id"}
        )
    return people.with_columns(
        user_id=pl.col("entity_id"),
        account_id=pl.col("entity_id"),
        user_key=pl.lit(None, pl.Int64),
    )


def _segment(plan: Plan) -> str | None:
    """The property that groups are told apart by: the first that answers are weighted by."""
    return str(plan["weights"]["by"][0]) if plan["weights"]["by"] else None


def _local_day(column: str, plan: Plan) -> pl.Expr:
    at = pl.col(column).dt.replace_time_zone("UTC").dt.convert_time_zone(plan["timezone"])
    return at.dt.date()


def _draw(con: "DuckDBPyConnection", people: pl.DataFrame, seed: str, n: int | None) -> Drawn:
    contacts = frame(con, "interview_contacts")
    keyed = frame(con, "interview_users")
    # Of an account that is asked as a whole, any of its people counts.
    accounts = (
        contacts.join(keyed, on="user_key")
        .group_by("account_id")
        .agg(pl.col("last_asked_at").max(), pl.col("asked_lately").any())
    )
    of_users = people.filter(pl.col("user_key").is_not_null()).join(
        contacts, on="user_key", how="left"
    )
    of_accounts = people.filter(pl.col("user_key").is_null()).join(
        accounts, on="account_id", how="left"
    )
    asked = pl.concat([of_users, of_accounts]).with_columns(
        pl.col("asked_lately").fill_null(value=False)
    )
    return draw(asked, seed, each=fewest_interviews(MET_BY), total=n)


def _tables(
    con: "DuckDBPyConnection", plan: Plan, drawn: Drawn, of_whom: str, *notes: str
) -> tuple[Table, Table]:
    people = drawn.people.with_columns(
        user_id=pl.when(pl.col("user_key").is_not_null()).then("user_id"),
        last_asked_on=_local_day("last_asked_at", plan).cast(pl.String),
    )
    rows = people.select([column.name for column in COLUMNS]).rows()
    groups = drawn.groups.select([column.name for column in GROUP_COLUMNS]).rows()
    asked = int(drawn.groups["asked_lately"].sum())
    headline = words.headline(len(rows), int(drawn.groups["people"].sum()), of_whom)
    told = tuple(filter(None, (*words.notes(asked), *notes)))
    meta = inputs(con)
    return (
        Table(COLUMNS, tuple(rows), meta, headline, told),
        Table(GROUP_COLUMNS, tuple(groups), meta, headline, told),
    )
