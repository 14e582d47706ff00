"""Reports on real reviews of games: nobody's id and nothing that anybody wrote is in them."""

import html
import re
from collections.abc import Callable
from pathlib import Path

import pytest

import funnelkit as fk
from funnelkit.project.scaffold import write_project
from funnelkit.report.personal import personal
from funnelkit.warehouse.connect import literal, memory
from tests.test_privacy import found_in, sentences

DEFINITIONS = """\
timezone: UTC
features:
  the_game: {events: played, used: {days: 1, within: 15 days}, topics: [game, gameplay]}
feedback:
  questions:
    recommended: {kind: csat, feature: the_game, scale: [1, 5]}
  themes: {sound: [music, soundtrack], price: [price, expensive, cheap]}
reports:
  games: {title: Games, features: all}
"""
REVIEWS = 4000


@pytest.mark.long
def test_no_id_and_no_sentence_of_real_reviews_is_in_their_report(
    dataset: Callable[[str], Path], tmp_path: Path
) -> None:
    con = memory()
    file = literal(str(dataset("steam_reviews") / "sample_steam_reviews.parquet"))
    con.execute(
        "create table reviews as select *, user_id || ':' || app_id as player from"
        f" read_parquet({file}) order by recommendation_id limit {REVIEWS}"
    )
    write_project(tmp_path, "games", DEFINITIONS)
    listed = "to_timestamp((select 1 + max(last_played) from reviews))"
    wanted = {
        "events": f"""
            select player as user_id, 'reviewed' as event_name,
                to_timestamp(timestamp_created) as occurred_at from reviews
            union all
            select player, 'played', to_timestamp(last_played) from reviews
            union all select 'shop', 'listed', {listed}""",
        "feedback": f"""
            select recommendation_id as response_id, player as user_id, 'survey' as source,
                {listed} as submitted_at, 'recommended' as question, 'csat' as kind,
                if(voted_up, 5, 1) as score, review as text from reviews""",
    }
    project = fk.open(tmp_path)
    for kind, query in wanted.items():
        con.execute(f"copy ({query}) to {literal(str(tmp_path / f'{kind}.parquet'))}")
        project.load(kind, [str(tmp_path / f"{kind}.parquet")])  # type: ignore[arg-type]
    assert project.build().ok
    project.report_build()

    paths = [path for path in project.paths.reports.rglob("*") if path.is_file()]
    files = {path.name: html.unescape(path.read_text(encoding="utf-8")) for path in paths}
    assert "the_game" in files["report.md"]
    assert personal({str(path): path.read_bytes() for path in paths}) == []
    rows = con.execute("select user_id, recommendation_id, player, review from reviews").fetchall()
    ids = {part for row in rows for each in row[:3] for part in re.findall(r"\w{8,}", str(each))}
    said = {each for row in rows for each in sentences(row[3]) if len(each) >= 12}
    assert min(len(ids), len(said)) > REVIEWS
    assert found_in(files, ids, said) == []
