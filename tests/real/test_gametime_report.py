"""The pages of gametime's players: a funnel, an aha moment with its search, claims, say and do.

Real people: their answers, and their play sessions. What the pages may weigh and hold is checked
here; that their numbers are right, in the other tests of this data.
"""

import csv
import html
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import funnelkit as fk
from funnelkit.api import Project
from funnelkit.project.scaffold import write_project
from funnelkit.report.build import read
from funnelkit.report.personal import personal
from funnelkit.warehouse.connect import connect, literal, memory
from tests.real.test_gametime_search import DEFINITIONS as SEARCHED
from tests.real.test_gametime_search import add_sessions
from tests.report.data_front import adds_up

pytestmark = pytest.mark.long

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_MOMENT = "    outcome: answered_again\n    funnel: answering\n"
assert _MOMENT in SEARCHED
_WITH_GAMES = f"{_MOMENT}    breakdowns: [game]\n"
DEFINITIONS = (
    SEARCHED.replace(_MOMENT, _WITH_GAMES)
    + """\
event_properties: {hours: double}
features:
  playing:
    description: The game itself, of those whose play is logged
    events: [short_session, session, long_session]
    used: {days: 4, within: 14 days}
feedback:
  version: "2021"
  questions:
    enjoyed: {kind: satisfaction, scale: [1, 7], feature: playing}
    hours_est:
      kind: amount
      claim: {event: [short_session, session, long_session], sum: hours, within: 14 days}
      unit: hours
annotations:
  2021-07-29: the survey reaches Outriders a second time
  2021-08-04: the survey opens in Gran Turismo Sport
reports:
  answering: {title: Answering again, funnels: [answering]}
  regular_player:
    title: Regular players
    description: Two of the games gave no log; none of their players can have reached it.
    aha: [regular_player]
  said: {title: What players say and do, features: all}
"""
)
SLUGS = ("answering", "regular_player", "said")
PAGE_BYTES, CHARTS = 150_000, 8


def write_gametime(folder: Path, data: Path) -> "DuckDBPyConnection":
    """The project and its three files below `folder`; returns what they are made of.

    Two games gave no log: their players answer, and stand in the funnel alone. A log begins for all
    players of its game when its first session does.
    """
    con = memory()
    survey = literal(str(data / "cleaned_survey_telemetry.parquet"))
    con.execute(f"create table survey as from read_parquet({survey})")
    add_sessions(con, data)
    write_project(folder, "gametime", DEFINITIONS)
    for name, query in FILES.items():
        con.execute(f"copy ({query}) to {literal(str(folder / name))}")
    return con


FILES = {
    "events.parquet": """
        select pid as user_id, 'answered_wave_' || cast(wid as integer) as event_name,
            StartDate as occurred_at, null::double as hours
        from survey where Responded
        union all
        select sessions.pid, case when hours >= 2 then 'long_session'
            when hours < 0.5 then 'short_session' else 'session' end, occurred_at, hours
        from sessions
        semi join (select Game as game, pid from survey where wid = 1 and Responded) as asked
            on sessions.game = asked.game and sessions.pid = asked.pid
        union all
        select pid, 'log_begins', begins, null
        from (select distinct Game as game, pid from survey) as asked
        join (select game, min(occurred_at) as begins from sessions group by game) as logs
            using (game)""",
    "players.csv": "select distinct pid as user_id, Game as game from survey",
    # Waves 1 and 2 of games with a log: two weeks of it lie before each answer.
    "said.parquet": """
        select answers.pid || '/' || cast(wid as integer) || '/' || question as response_id,
            answers.pid as user_id, 'survey' as source, StartDate as submitted_at, question, score
        from (
            select pid, wid, Game as of_game, StartDate, 'enjoyed' as question,
                round(Intrinsic) as score from survey
            union all
            select pid, wid, Game, StartDate, 'hours_est', hours_est from survey
        ) as answers
        semi join sessions on sessions.game = of_game and sessions.pid = answers.pid
        where score is not null and wid < 3""",
}


@pytest.fixture(scope="module")
def project(dataset: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Loaded, built, and its reports written."""
    folder = tmp_path_factory.mktemp("gametime_report")
    write_gametime(folder, dataset("gametime")).close()
    return with_reports(folder)


def with_reports(folder: Path) -> Project:
    """The project of a folder with its files loaded, everything built, and its reports written."""
    project = fk.open(folder)
    for kind, file in (
        ("events", "events.parquet"),
        ("users", "players.csv"),
        ("feedback", "said.parquet"),
    ):
        project.load(kind, [str(folder / file)])  # type: ignore[arg-type]
    assert project.build().ok
    project.report_build()
    return project


@pytest.fixture(scope="module")
def files(project: Project) -> dict[str, dict[str, bytes]]:
    """The files of each report, by slug and path."""
    return {slug: read(project.paths.reports / slug) for slug in SLUGS}


@pytest.mark.parametrize("slug", SLUGS)
def test_a_page_keeps_to_its_budget(files: dict[str, dict[str, bytes]], slug: str) -> None:
    charts = [name for name in files[slug] if name.startswith("charts/")]
    assert 0 < len(charts) <= CHARTS
    assert len(files[slug]["report.html"]) <= PAGE_BYTES


def test_no_player_is_in_a_page(project: Project, files: dict[str, dict[str, bytes]]) -> None:
    everything = {f"{slug}/{name}": each for slug in SLUGS for name, each in files[slug].items()}
    assert personal(everything) == []
    with connect(project.paths.warehouse, read_only=True) as con:
        ids = {row[0] for row in con.execute("select distinct user_id from dim_users").fetchall()}
    assert len(ids) > 30_000
    texts = [html.unescape(content.decode()) for content in everything.values()]
    # An id is six digits; so are the decimals of a rate.
    words = {word for text in texts for word in re.findall(r"(?<![\w.])\w{6,}", text)}
    assert words & ids == set()


def test_what_the_pages_open_with(files: dict[str, dict[str, bytes]]) -> None:
    """Counts of tests/real/test_gametime_search.py: 5,840 of 38,577; nothing is confirmed."""
    page = files["regular_player"]["report.md"].decode()
    above, below = page.split("### Where things stand")[:2]
    assert "32,737 of 38,577 users whose 7 days have passed did not reach" in above
    assert "None of 3 searched behaviours was shown to go with answered_again." in below
    assert "answered_again" not in above
    claims = files["said"]["report.md"].decode()
    assert "claim more than the log has" in claims


@pytest.mark.parametrize("slug", SLUGS)
def test_ladders_add_up(files: dict[str, dict[str, bytes]], slug: str) -> None:
    rows = list(csv.DictReader(io.StringIO(files[slug]["data/ladder.csv"].decode())))
    assert {row["of"] for row in rows} >= {"events", "users"}
    adds_up(rows)
