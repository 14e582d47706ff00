"""Seven games' players, 2021: five logs of play sessions, and three waves of a survey.

Made by others, with traps that nobody planted for us. One project over all of it, through the
command line: load, build, funnel, report. Expected values come from the files themselves by other
queries, and from what the publishers printed.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from funnelkit import api
from funnelkit.errors import FunnelkitError
from funnelkit.project.scaffold import write_project
from funnelkit.warehouse.connect import connect, literal, memory

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Rows = list[dict[str, Any]]
Ask = Callable[..., Rows]


class Log(NamedTuple):
    """A game's sessions: its file, how many, and how its times are written if not in ISO 8601."""

    game: str
    file: str
    sessions: int
    time_format: str | None = None


LOGS = (
    Log("EVE Online", "telemetry-eve-online.parquet", 93_388),
    Log("Forza Horizon 4", "telemetry-forza-horizon-4.parquet", 47_905, "%m/%d/%Y %I:%M:%S %p"),
    Log("Gran Turismo Sport", "telemetry-gran-turismo-sport.parquet", 363_735),
    Log("Outriders", "telemetry-outriders.parquet", 160_351),
    Log("The Crew 2", "telemetry-the-crew-2.parquet", 9_032),
)
SESSIONS = sum(log.sessions for log in LOGS)
FORZA = LOGS[1]
SAME_TWICE = 593  # rows of Gran Turismo Sport that repeat another one, cell by cell
NO_END = 575  # sessions of The Crew 2 whose end is `NA`
WAVES = (38_577, 14_642, 11_097)  # persons that answered each, as published
QUESTIONS = {"hours_est": "amount", "Life satisfaction": "satisfaction"}
DEFINITIONS = """\
event_properties: {session_end: timestamp}
user_properties: {game: varchar}
funnels:
  survey:
    steps: [answered_wave_1, answered_wave_2, answered_wave_3]
    window: 60 days
    breakdowns: [game]
  again:
    description: From the first session in the log to the next
    steps: [{name: played, event: session}, {name: again, event: session}]
    window: 7 days
    breakdowns: [game]
reports:
  gametime: {title: Game time, funnels: [survey, again]}
"""


@pytest.fixture(scope="module")
def gametime(dataset: Callable[[str], Path]) -> Path:
    return dataset("gametime")


@pytest.fixture(scope="module")
def source(gametime: Path) -> Iterator["DuckDBPyConnection"]:
    """The files as they are: `survey`, and `sessions` with both times read by other means."""
    con = memory()
    survey = literal(str(gametime / "cleaned_survey_telemetry.parquet"))
    con.execute(f"create table survey as from read_parquet({survey})")
    con.execute(
        "create table sessions (game varchar, pid varchar, start_at timestamp, end_at timestamp)"
    )
    for log in LOGS:
        start, end = (_read(log, name) for name in ("session_start", "session_end"))
        file = literal(str(gametime / log.file))
        con.execute(
            f"insert into sessions select {literal(log.game)}, pid, {start}, {end}"
            f" from (select distinct * from read_parquet({file}))"
        )
    yield con
    con.close()


def _read(log: Log, column: str) -> str:
    return (
        f"try_strptime({column}, {literal(log.time_format)})"
        if log.time_format
        else f"try_strptime({column}, '%Y-%m-%dT%H:%M:%SZ')"
    )


@pytest.fixture(scope="module")
def root(
    gametime: Path,
    source: "DuckDBPyConnection",
    funnelkit: Callable[..., Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """The project, loaded and built from the command line."""
    folder = tmp_path_factory.mktemp("gametime")
    write_project(folder, "gametime", DEFINITIONS)
    _write_survey(source, folder)
    for log in LOGS:
        times = ("--time-format", log.time_format) if log.time_format else ()
        mapping = ("user_id=pid", "event_name='session'", "occurred_at=session_start")
        options = [part for each in mapping for part in ("--map", each)]
        funnelkit("load", "events", gametime / log.file, *options, *times, cwd=folder)
    funnelkit("load", "events", "answers.parquet", cwd=folder)
    funnelkit("load", "users", "players.csv.gz", "--map", "user_id=pid", cwd=folder)
    funnelkit("load", "feedback", "said.parquet", "--map", "source='survey'", cwd=folder)
    funnelkit("build", cwd=folder)
    return folder


def _write_survey(source: "DuckDBPyConnection", folder: Path) -> None:
    """What no mapping does: a wave's number into an event's name, columns into questions."""
    wanted = {
        # Rows of who did not respond carry a date that the publisher filled in: no event.
        "answers.parquet": """
            select pid as user_id, 'answered_wave_' || cast(wid as integer) as event_name,
                StartDate as occurred_at
            from survey where Responded""",
        "players.csv.gz": """
            select distinct pid, game from (
                select pid, Game as game from survey union all select pid, game from sessions)""",
        "said.parquet": " union all ".join(
            f"""select pid || '/' || cast(wid as integer) || '/{question}' as response_id,
                pid as user_id, StartDate as submitted_at, '{question}' as question,
                '{kind}' as kind, "{question}" as score
            from survey where "{question}" is not null"""
            for question, kind in QUESTIONS.items()
        ),
    }
    for name, query in wanted.items():
        source.execute(f"copy ({query}) to {literal(str(folder / name))}")


@pytest.fixture(scope="module")
def built(root: Path) -> Iterator["DuckDBPyConnection"]:
    """The built warehouse, read-only."""
    with connect(root / "build" / "warehouse.duckdb", read_only=True) as con:
        yield con


def column(rows: Rows, name: str, value: str | None = None) -> list[Any]:
    return [row[name] for row in rows if row["value"] == value]


def test_every_session_is_loaded_or_rejected(
    built: "DuckDBPyConnection", source: "DuckDBPyConnection", gametime: Path
) -> None:
    loaded = dict(
        built.execute(
            "select parse_filename(source_file), rows + rejected from raw.loads"
            " where source_file like '%telemetry-%'"
        ).fetchall()
    )
    assert loaded == {log.file: log.sessions for log in LOGS}
    # The data's README says 674,421; the five files hold ten fewer.
    assert sum(loaded.values()) == SESSIONS == 674_411
    for log in LOGS:
        file = literal(str(gametime / log.file))
        assert source.sql(f"select count(*) from read_parquet({file})").fetchall() == [
            (log.sessions,)
        ]


def test_every_loaded_session_is_an_event_or_stands_in_the_quality_report(
    built: "DuckDBPyConnection", source: "DuckDBPyConnection"
) -> None:
    quality = {
        (kind, outcome, reason): entries
        for kind, outcome, reason, entries in built.execute(
            "select kind, outcome, reason, entries from rpt_event_quality where kind = 'events'"
        ).fetchall()
    }
    ((events, sessions),) = built.execute(
        "select count(*), count_if(event_name = 'session') from fct_events"
    ).fetchall()
    duplicate = ("events", "duplicate", "same event_id as another row")
    no_end = ("events", "kept", "session_end does not fit its type")
    assert quality == {
        ("events", "accepted", "events"): events,
        # No log has ids: the same player, start, and every other cell is the same session.
        duplicate: SAME_TWICE,
        # A session is counted by its start. Ends that are `NA`, or US-format text (a time format
        # is for times that are mapped), leave their column empty and the text in properties.
        no_end: NO_END + FORZA.sessions,
    }
    assert sessions + SAME_TWICE == SESSIONS
    assert source.execute("select count(*) from sessions").fetchall() == [(sessions,)]
    assert built.execute("select count(*) from raw_rejects").fetchall() == [(0,)]
    ((empty, kept),) = built.execute(
        "select count_if(session_end is null), count_if(session_end is null and"
        " properties like '%session_end%') from fct_events where event_name = 'session'"
    ).fetchall()
    assert empty == kept == NO_END + FORZA.sessions


def test_us_times_need_their_format_and_nothing_is_guessed(
    gametime: Path, tmp_path: Path, root: Path
) -> None:
    write_project(tmp_path / "p", "p", "funnels: {}")
    mapping = {"user_id": "pid", "event_name": "'session'", "occurred_at": "session_start"}
    with pytest.raises(FunnelkitError) as failed:
        api.open(tmp_path / "p").load("events", [str(gametime / FORZA.file)], mapping=mapping)
    for text in (FORZA.file, "session_start", "7/19/2021 12:00:00 AM"):
        assert text in failed.value.message
    assert "--time-format" in str(failed.value.hint)


def test_starts_are_read_as_by_another_reader(
    built: "DuckDBPyConnection", source: "DuckDBPyConnection"
) -> None:
    ours = """
        select users.game, min(occurred_at), max(occurred_at), sum(epoch_us(occurred_at))
        from fct_events join dim_users as users using (user_id)
        where event_name = 'session' group by 1 order by 1"""
    theirs = """
        select game, min(start_at), max(start_at), sum(epoch_us(start_at))
        from sessions group by 1 order by 1"""
    assert built.execute(ours).fetchall() == source.execute(theirs).fetchall()


def test_published_answers_by_wave(
    built: "DuckDBPyConnection", source: "DuckDBPyConnection"
) -> None:
    """The publisher counts each wave by itself: wave 3 holds persons that left out wave 2.

    `Responded` is true for whoever answered at least one of the scales; false for whoever only
    gave an age, hours or nothing; null where no questionnaire was opened.
    """
    by_wave = """
        select event_name, count(distinct user_id) from fct_events
        where event_name <> 'session' group by 1 order by 1"""
    names = [f"answered_wave_{number}" for number in (1, 2, 3)]
    assert built.execute(by_wave).fetchall() == list(zip(names, WAVES, strict=True))
    scales = """coalesce(Affect, "Life satisfaction", Intrinsic) is not null"""
    differ = f"select count(*) from survey where coalesce(Responded, false) <> ({scales})"
    assert source.execute(differ).fetchall() == [(0,)]


@pytest.mark.parametrize(
    ("game", "waves"),
    [("Gran Turismo Sport", [19_073, 7_699, 5_512]), ("AC:NH", [13_536, 5_049, 4_084])],
)
def test_published_answers_by_game(
    built: "DuckDBPyConnection", game: str, waves: list[int]
) -> None:
    query = """
        select count(*) from fct_events join dim_users as users using (user_id)
        where event_name <> 'session' and users.game = ? group by event_name order by event_name"""
    assert [n for (n,) in built.execute(query, [game]).fetchall()] == waves


def test_survey_funnel(rows: Ask, root: Path, source: "DuckDBPyConnection") -> None:
    """Who answered wave 1, then 2, then 3, each later than the one before."""
    found = rows("funnel", "survey", "--by", "game", cwd=root)
    assert column(found, "entered") == [WAVES[0]] * 3
    expected = source.execute("""
        with persons as (
            select game, pid, min(StartDate) filter (wid = 1) as one,
                min(StartDate) filter (wid = 2) as two, min(StartDate) filter (wid = 3) as three
            from survey where Responded group by all
        )
        select game, count(one), count_if(two > one and two <= one + interval 60 days),
            count_if(two > one and three > two and three <= one + interval 60 days)
        from persons group by rollup (game)""").fetchall()
    assert len(expected) == 8
    for game, *reached in expected:
        assert column(found, "reached", game) == reached
    total = column(found, "reached")
    assert total[1] < WAVES[1]  # some answer wave 2 who left out wave 1
    assert total[2] < WAVES[2]


def test_from_one_session_to_the_next(rows: Ask, root: Path, source: "DuckDBPyConnection") -> None:
    found = rows("funnel", "again", "--by", "game", cwd=root)
    expected = source.execute("""
        with starts as (
            select game, pid, start_at,
                row_number() over (partition by game, pid order by start_at) as nth
            from sessions
        ), firsts as (
            select game, pid, min(start_at) as first_at, max(start_at) filter (nth = 2) as next_at
            from starts group by all
        ), observed as (
            select greatest(
                (select max(start_at) from sessions),
                (select max(StartDate) from survey where Responded)) as until
        )
        select game, count(*), count_if(next_at <= first_at + interval 7 days),
            count_if(first_at + interval 7 days <= until),
            count_if(first_at + interval 7 days <= until
                and next_at <= first_at + interval 7 days)
        from firsts, observed group by rollup (game)""").fetchall()
    assert len(expected) == 6
    for game, entered, again, matured, matured_again in expected:
        assert column(found, "reached", game) == [entered, again]
        assert column(found, "matured", game) == [matured] * 2
        assert column(found, "matured_reached", game) == [matured, matured_again]


# One row a person and wave with the publisher's hours, and the sessions that touch its 14 days.
PERSON_WAVES = """
create temp table person_waves as
with waves as (
    select game, pid, wid, StartDate as until, StartDate - interval 14 days as since,
        Hours as theirs
    from survey where Hours is not null and game in (select distinct game from sessions)
), touching as (
    select waves.*, start_at, end_at,
        epoch(end_at - start_at) / 3600 as hours,
        epoch(least(end_at, until) - greatest(start_at, since)) / 3600 as inside,
        start_at >= since as begins_inside,
        start_at < lag(end_at) over (
            partition by waves.game, waves.pid, wid order by start_at, end_at) as is_overlapping
    from waves left join sessions
        on waves.game = sessions.game and waves.pid = sessions.pid
        and start_at < until and end_at > since
)
select game, pid, wid, any_value(theirs) as theirs,
    coalesce(sum(hours) filter (begins_inside), 0) as plain,
    coalesce(sum(inside) filter (start_at is not null and hours < 10), 0) as cleaned,
    coalesce(bool_or(end_at > until or not begins_inside), false) as has_edge,
    coalesce(bool_or(hours >= 10), false) as has_endless,
    coalesce(bool_or(is_overlapping), false) as has_overlap
from touching group by all
"""
AGREES = "abs({} - theirs) <= 0.02"


@pytest.fixture(scope="module")
def person_waves(source: "DuckDBPyConnection", built: "DuckDBPyConnection") -> "DuckDBPyConnection":
    """The survey beside the sessions as they were built: from fct_events, not from the files."""
    frame = built.sql("""
        select users.game, user_id as pid, occurred_at as start_at,
            coalesce(session_end, try_strptime(
                json_extract_string(properties, '$.session_end'), '%m/%d/%Y %I:%M:%S %p')) as end_at
        from fct_events join dim_users as users using (user_id) where event_name = 'session'
    """).to_arrow_table()
    con = source.cursor()
    con.register("built_sessions", frame)
    con.execute("create temp table sessions as from built_sessions")
    con.execute(PERSON_WAVES)
    return con


def test_hours_of_sessions_agree_with_the_publishers(person_waves: "DuckDBPyConnection") -> None:
    """Summed whole over the sessions that start in the 14 days before a wave."""
    share = f"count_if({AGREES.format('plain')}) / count(*)"
    found = {
        game: (n, agree)
        for game, n, agree in person_waves.execute(
            f"select game, count(*), {share} from person_waves group by 1"
        ).fetchall()
    }
    n, agree = found["Gran Turismo Sport"]
    assert n == 57_751
    assert agree >= 0.95
    assert agree == pytest.approx(0.961, abs=0.0005)  # 0.960 with the rows that stand there twice
    assert found["Outriders"][1] == pytest.approx(0.86, abs=0.005)
    assert found["EVE Online"][1] == pytest.approx(0.76, abs=0.005)


def test_what_the_rest_is(person_waves: "DuckDBPyConnection") -> None:
    """The rest is sessions over a window's edge, and endless ones: both without our doing.

    The publisher cuts a session at the edges of the 14 days and leaves out sessions of ten hours
    and more. With that rule nearly all agree, in every game; what is left of Gran Turismo Sport
    is nine persons whose sessions overlap.
    """
    share = f"count_if({AGREES.format('cleaned')}) / count(*)"
    found = dict(
        person_waves.execute(f"select game, {share} from person_waves group by 1").fetchall()
    )
    assert len(found) == len(LOGS)
    assert min(found.values()) > 0.99
    left = person_waves.execute(
        "select count(*), count_if(has_overlap) from person_waves"
        f" where game = 'Gran Turismo Sport' and not {AGREES.format('cleaned')}"
    ).fetchall()
    assert left == [(9, 9)]


def test_who_disagrees_has_such_sessions(person_waves: "DuckDBPyConnection") -> None:
    marks = ("has_edge", "has_endless", "has_overlap", "has_edge or has_endless or has_overlap")
    shares = ", ".join(f"count_if({mark}) / count(*)" for mark in marks)
    agree, disagree = (
        person_waves.execute(
            f"select {shares} from person_waves where game = 'Gran Turismo Sport'"
            f" and ({AGREES.format('plain')}) = {truth}"
        ).fetchall()[0]
        for truth in ("true", "false")
    )
    assert disagree[3] == 1.0
    assert agree[3] < 0.02
    for with_mark, without in zip(disagree, agree, strict=True):
        assert with_mark > 20 * without


def test_what_they_say_beside_what_was_logged(
    built: "DuckDBPyConnection", source: "DuckDBPyConnection"
) -> None:
    """Figures that the data's README gives, from the answers as they were built."""
    said = built.sql("""
        select user_id as pid, cast(split_part(response_id, '/', 2) as integer) as wid, score
        from fct_feedback where question = 'hours_est'""").to_arrow_table()
    con = source.cursor()
    con.register("said", said)
    (row,) = con.execute("""
        select count(*), avg(Hours), avg(score), median(Hours), median(score), corr(score, Hours),
            count_if(score > Hours) / count(*)
        from said join survey using (pid, wid) where Hours is not null""").fetchall()
    assert row[0] == 62_710
    assert row[1:] == pytest.approx((7.41, 7.69, 2.24, 4.0, 0.533, 0.557), abs=0.005)
    asked = built.execute(
        "select question, kind, count(*) from fct_feedback group by all"
    ).fetchall()
    counts = {
        (question, kind): source.execute(f'select count("{question}") from survey').fetchall()[0][0]
        for question, kind in QUESTIONS.items()
    }
    assert {(question, kind): n for question, kind, n in asked} == counts


@pytest.mark.long
def test_report_is_written_and_checked(
    funnelkit: Callable[..., Any], rows: Ask, root: Path
) -> None:
    funnelkit("report", "build", cwd=root)
    folder = root / "reports" / "gametime"
    assert {"report.html", "report.md"} <= {path.name for path in folder.iterdir()}
    page = (folder / "report.md").read_text(encoding="utf-8")
    for name in ("survey", "again"):
        for row in rows("funnel", name, cwd=root):
            assert f"{row['reached']:,}" in page
    funnelkit("report", "check", cwd=root)
