"""Reviews of games: what is recommended against what is played, and how the text sounds.

22,044 people said whether they recommend a game, and the shop says how many minutes they played in
the two weeks before the list was made. A recommendation stands until it is withdrawn: it counts as
said when the list was made. Expected values come from the file by other queries.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from funnelkit.jobs.mentions import mentions
from funnelkit.jobs.themes import Taxonomy, Theme
from funnelkit.project.scaffold import write_project
from funnelkit.warehouse.connect import literal, memory

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

TAXONOMY = Taxonomy(
    None,
    (
        Theme("sound", None, ("music", "soundtrack", "sound")),
        Theme("bugs", None, ("bug", "/(?i)\\bcrash(es|ed|ing)?\\b/")),
        Theme("price", None, ("price", "expensive", "cheap")),
    ),
)
# The shop rounds its two weeks to days: who played in them did within 15 days of the list.
DEFINITIONS = """\
timezone: UTC
features:
  the_game: {events: played, used: {days: 1, within: 15 days}, topics: [game]}
feedback:
  questions:
    recommended: {kind: csat, feature: the_game, scale: [1, 5]}
"""
_LISTED = "(select 1 + max(last_played) from reviews)"
_DAY = 86_400


@pytest.fixture(scope="module")
def source(dataset: Callable[[str], Path]) -> Iterator["DuckDBPyConnection"]:
    """The file as it is: `reviews`, one person and game a row."""
    con = memory()
    file = literal(str(dataset("steam_reviews") / "sample_steam_reviews.parquet"))
    con.execute(
        "create table reviews as select *, user_id || ':' || app_id as player,"
        f" playtime_last_two_weeks_min > 0 as is_played from read_parquet({file})"
    )
    yield con
    con.close()


@pytest.fixture(scope="module")
def texts(source: "DuckDBPyConnection") -> pl.DataFrame:
    found: pl.DataFrame = source.sql(
        "select recommendation_id as response_id, review as text, 'english' as language, voted_up"
        " from reviews order by response_id"
    ).pl()
    return found


@pytest.fixture(scope="module")
def found(texts: pl.DataFrame) -> pl.DataFrame:
    return mentions(texts.drop("voted_up"), TAXONOMY)


def test_it_is_the_file_that_others_describe(source: "DuckDBPyConnection") -> None:
    counted = source.execute("select count(*), count(distinct player) from reviews").fetchall()
    assert counted == [(22_044, 22_044)]


def test_themes_are_found_where_another_engine_finds_them(
    source: "DuckDBPyConnection", found: pl.DataFrame
) -> None:
    patterns = {
        "sound": r"\b(music|soundtrack|sound)s?\b",
        "bugs": r"\b(bugs?|crash(es|ed|ing)?)\b",
        "price": r"\b(price|expensive|cheap)s?\b",
    }
    # ASCII word ends there, Unicode ones here: texts with other letters are left to the unit tests.
    plain = "regexp_full_match(review, '[\\x00-\\x7f]*')"
    ids = [
        each
        for (each,) in source.execute(
            f"select recommendation_id from reviews where {plain}"
        ).fetchall()
    ]
    told = found.filter(pl.col("response_id").is_in(ids))
    for theme, pattern in patterns.items():
        ((expected,),) = source.execute(
            f"select count(*) from reviews where {plain} and regexp_matches(review, $pattern, 'i')",
            {"pattern": pattern},
        ).fetchall()
        assert expected > 300
        assert told.filter(theme=theme).height == expected


def test_who_recommends_sounds_better_and_no_text_is_all_there_is_to_say(
    texts: pl.DataFrame, found: pl.DataFrame
) -> None:
    said = found.join(texts.select("response_id", "voted_up"), on="response_id")
    assert said["polarity"].null_count() == 0
    negative = (pl.col("polarity") == "negative").mean()
    shares = dict(said.group_by("voted_up").agg(negative).rows())
    # Who does not recommend sounds negative half as often again, and far from always.
    assert shares[False] > 1.5 * shares[True]
    assert shares[False] < 0.6


def test_bugs_are_what_sounds_worst(found: pl.DataFrame) -> None:
    negative = (pl.col("polarity") == "negative").mean()
    shares = dict(found.group_by("theme").agg(negative).rows())
    assert shares["bugs"] > shares["price"] > shares["sound"]


def test_polarity_is_that_of_a_sentence_that_mentions_the_theme(
    texts: pl.DataFrame, found: pl.DataFrame
) -> None:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    score = SentimentIntensityAnalyzer().polarity_scores
    # Texts of one sentence: no stop before the end, and no line end.
    short = texts.filter(pl.col("text").str.contains(r"^[A-Za-z0-9 ,;:'()/+-]{1,1000}[.!]?$"))
    told = found.join(short, on="response_id").select("text", "compound").rows()
    assert len(told) > 50
    assert told == [(text, score(text.strip())["compound"]) for text, _ in told]


# --- recommended against recent play -----------------------------------------------------------


@pytest.fixture(scope="module")
def root(
    source: "DuckDBPyConnection",
    funnelkit: Callable[..., Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A project of them, loaded and built from the command line."""
    folder = tmp_path_factory.mktemp("steam")
    write_project(folder, "steam", DEFINITIONS)
    wanted = {
        "events.parquet": f"""
            select player as user_id, 'reviewed' as event_name,
                to_timestamp(timestamp_created) as occurred_at from reviews
            union all
            select player, 'played', to_timestamp(last_played) from reviews where is_played
            union all
            select 'shop', 'listed', to_timestamp({_LISTED})""",
        "said.parquet": f"""
            select recommendation_id as response_id, player as user_id, 'survey' as source,
                to_timestamp({_LISTED}) as submitted_at, 'recommended' as question,
                'csat' as kind, if(voted_up, 5, 1) as score from reviews""",
    }
    for name, query in wanted.items():
        source.execute(f"copy ({query}) to {literal(str(folder / name))}")
    funnelkit("load", "events", "events.parquet", cwd=folder)
    funnelkit("load", "feedback", "said.parquet", cwd=folder)
    funnelkit("build", cwd=folder)
    return folder


@pytest.mark.long
def test_recommended_and_not_played_any_more(
    source: "DuckDBPyConnection", root: Path, rows: Callable[..., list[dict[str, Any]]]
) -> None:
    # Who had no review yet when the two weeks began is not known to have had the game.
    ((like, lip, dislike, captive),) = source.execute(f"""
        select count(*) filter (voted_up), count(*) filter (voted_up and not is_played),
            count(*) filter (not voted_up), count(*) filter (not voted_up and is_played)
        from reviews where timestamp_created <= {_LISTED} - 15 * {_DAY}
    """).fetchall()
    told = next(row for row in rows("gaps", "the_game", cwd=root) if row["used_days"] == 1)
    assert (told["aligned"] + told["lip_service"], told["captive"] + told["rejected"]) == (
        *(like, dislike),
    )
    assert (told["lip_service"], told["captive"]) == (lip, captive)
    assert told["not_using_among_like"] == pytest.approx(lip / like, abs=1e-6)
    assert told["using_among_dislike"] == pytest.approx(captive / dislike, abs=1e-6)
    assert told["n"] == like + dislike
    # More people recommend what they no longer play than play what they do not recommend.
    assert told["gap_lo"] > 0
