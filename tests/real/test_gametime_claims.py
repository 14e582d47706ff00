"""Players' own estimate of their hours in two weeks against what was logged of the same weeks.

Expected values are those of the data's README and of the publishers, not of this program.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import funnelkit as fk
from funnelkit.api import Project
from funnelkit.jobs.claims import Claimed, claims
from funnelkit.project.scaffold import write_project

GAMES = {
    "Gran Turismo Sport": (31_641, 18_648),
    "AC:NH": (22_056, 13_223),
    "Forza Horizon 4": (3_231, 1_906),
    "Outriders": (2_220, 1_479),
    "Apex Legends": (1_660, 1_077),
    "EVE Online": (1_296, 861),
    "The Crew 2": (606, 425),
}
DEFINITIONS = """\
event_properties: {hours: double}
user_properties: {game: varchar}
feedback:
  questions:
    hours_est:
      kind: amount
      claim: {event: played, sum: hours, within: 14 days}
      unit: hours
"""


@pytest.fixture(scope="module")
def survey(dataset: Callable[[str], Path]) -> pl.DataFrame:
    """A row a person and wave with both figures; Game, StartDate, response_id, user_key."""
    file = dataset("gametime") / "cleaned_survey_telemetry.parquet"
    both = pl.read_parquet(file).drop_nulls(["Hours", "hours_est"])
    return both.select(
        "Game",
        "StartDate",
        response_id=pl.format("{}/{}", "pid", pl.col("wid").cast(pl.Int64)),
        user_key="pid",
        said="hours_est",
        logged="Hours",
    )


@pytest.fixture(scope="module")
def found(survey: pl.DataFrame) -> dict[str | None, Claimed]:
    games = survey.select("response_id", group="Game")
    return {each.group: each for each in claims(survey, games, None)}


def test_claims_are_those_that_the_publishers_found(found: dict[str | None, Claimed]) -> None:
    told = found[None].agreement
    assert (told.n, told.persons) == (62_710, 37_619)
    assert told.pearson == pytest.approx(0.533, abs=0.0005)
    assert told.median_said == 4.0
    assert told.median_logged == pytest.approx(2.24, abs=0.005)
    assert [round(100 * side / told.n) for side in told.sides] == [49, 21, 29]
    assert told.mean.estimate == pytest.approx(7.69 - 7.41, abs=0.01)


def test_without_tolerance_more_than_half_claim_too_much(survey: pl.DataFrame) -> None:
    (whole,) = claims(survey, None, 0)
    assert whole.agreement.sides.over / whole.agreement.n == pytest.approx(0.557, abs=0.0005)


def test_by_game_intervals_are_of_persons(
    survey: pl.DataFrame, found: dict[str | None, Claimed]
) -> None:
    """Against a bootstrap of persons, by game."""
    sizes = {name: (each.agreement.n, each.agreement.persons) for name, each in found.items()}
    assert sizes.pop(None) == (62_710, 37_619)
    assert sizes == GAMES
    draw = np.random.default_rng(1)
    for game in ("The Crew 2", "EVE Online", "Outriders"):
        mine = survey.filter(pl.col("Game") == game)
        difference = (mine["said"] - mine["logged"]).to_numpy()
        _, person = np.unique(mine["user_key"].to_numpy(), return_inverse=True)
        sums, waves = np.bincount(person, weights=difference), np.bincount(person)
        times = draw.multinomial(len(sums), [1 / len(sums)] * len(sums), 4000)
        error = float(np.std((times @ sums) / (times @ waves)))
        mean = found[game].agreement.mean
        assert mean.estimate == pytest.approx(float(difference.mean()))
        assert mean.hi is not None
        assert mean.lo is not None
        assert (mean.hi - mean.lo) / (2 * 1.96) == pytest.approx(error, rel=0.05)


def test_quarters_by_the_average_show_no_trend_of_chance(
    found: dict[str | None, Claimed],
) -> None:
    """The wider the more there is to agree on; four quarters of about as many claims."""
    quarters = found[None].quarters
    assert sum(each.n for each in quarters) == 62_710
    assert all(abs(each.n / 62_710 - 0.25) < 0.01 for each in quarters)
    widths = [each.p97_5 - each.p2_5 for each in quarters]
    assert widths == sorted(widths)


# --- through load and build ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def project(survey: pl.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Their logged hours as one event a person and wave, a second before the answer.

    Waves are moved apart by a month: some people answered two within 14 days.
    """
    folder = tmp_path_factory.mktemp("claims")
    write_project(folder, "claims", DEFINITIONS)
    wave = pl.col("response_id").str.split("/").list.last().cast(pl.Int64)
    survey = survey.with_columns(pl.col("StartDate") + pl.duration(days=30 * wave))
    at = pl.col("StartDate")
    played = survey.select(
        user_id="user_key",
        event_name=pl.lit("played"),
        occurred_at=at - pl.duration(seconds=1),
        hours="logged",
    )
    joined = (
        survey.group_by("user_key")
        .agg(at.min() - pl.duration(days=60))
        .select(
            user_id="user_key",
            event_name=pl.lit("joined"),
            occurred_at="StartDate",
            hours=pl.lit(None, pl.Float64),
        )
    )
    # The log is seen until after the last answer: its window is over too.
    seen = joined.head(1).with_columns(
        event_name=pl.lit("seen"), occurred_at=survey["StartDate"].max()
    )
    pl.concat([played, joined, seen]).write_parquet(folder / "events.parquet")
    survey.select("user_key", "Game").unique().sort("user_key").rename(
        {"user_key": "user_id", "Game": "game"}
    ).write_csv(folder / "users.csv")
    survey.select(
        "response_id",
        user_id="user_key",
        source=pl.lit("survey"),
        submitted_at="StartDate",
        question=pl.lit("hours_est"),
        kind=pl.lit("amount"),
        score="said",
    ).write_csv(folder / "feedback.csv")
    built = fk.open(folder)
    for kind, file in (
        ("events", "events.parquet"),
        ("users", "users.csv"),
        ("feedback", "feedback.csv"),
    ):
        built.load(kind, [str(folder / file)])  # type: ignore[arg-type]
    assert built.build().ok
    return built


@pytest.mark.long
def test_the_same_through_load_and_build(
    project: Project, found: dict[str | None, Claimed]
) -> None:
    rows = {row["group"]: row for row in project.claims(by="game").records()}
    assert [name for name in rows if name] == [f"game = {name}" for name in GAMES]
    for name, row in rows.items():
        told = found[str(name).removeprefix("game = ") if name else None].agreement
        assert (row["n"], row["persons"]) == (told.n, told.persons)
        assert (row["median_said"], row["pearson"]) == pytest.approx(
            (told.median_said, told.pearson), abs=1e-5
        )
        # Hours are kept to a millionth: a claim at the very edge of 10 % may change sides.
        sides = zip((row["over"], row["same"], row["under"]), told.sides, strict=True)
        assert all(abs(int(one or 0) - other) <= 3 for one, other in sides)
    quarters = project.claims(quarters=True).records()
    assert [row["quarter"] for row in quarters] == [1, 2, 3, 4]
