"""`funnelkit nps`, `opportunities` and `interviews` as they are typed and printed."""

import csv
import io
import json
import shutil
from pathlib import Path

import pytest

from funnelkit.api import Project
from funnelkit.cli.grid import text_width
from funnelkit.cli.layout import lay_out
from funnelkit.table import Table
from funnelkit.warehouse.connect import connect
from tests.cli.run import invoke, on_terminal

COLUMNS = {
    "nps": "wave,breakdown,value,n,customers,promoters,passives,detractors,nps,lo,hi,difference,"
    "d_lo,d_hi,p_value,q_value,label",
    "nps --themes": "theme,wave,n,mentions,nps_all,nps_without,impact,lo,hi,label",
    "opportunities": "tier,kind,name,problem,segment,eligible,affected,affected_share,lo,hi,"
    "eligible_revenue_cents,severity,severity_of,value_cents,estimate_cents,rank_lo,rank_hi,"
    "importance,satisfaction,ulwick,ulwick_behavioural,customer_value,business_value_cents,label",
    "interviews alerts -": "user_id,account_id,cell,segment,why,ask,revenue_cents,last_asked_on,"
    "probability",
}
QUESTIONS = [
    ["nps"],
    ["nps", "--by", "country"],
    ["nps", "--themes", "--wave", "wave_1"],
    ["opportunities"],
    ["opportunities", "--by", "country"],
]


@pytest.fixture(scope="module")
def twenty(company: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same company, of whom 20 answered in the latest wave, and nobody before."""
    folder = tmp_path_factory.mktemp("few") / "acme"
    shutil.copytree(company, folder, ignore=shutil.ignore_patterns("dbt"))
    (warehouse,) = folder.rglob("warehouse.duckdb")
    with connect(warehouse) as con:
        con.execute("""
            create temp table kept as
            select user_key from fct_feedback where wave = 'wave_2' and kind = 'nps'
            order by user_key limit 20
        """)
        for table in ("fct_feedback", "fct_say_do"):
            con.execute(
                f"delete from {table} where wave = 'wave_1' or user_key is null"
                " or user_key not in (from kept)"
            )
    return folder


@pytest.mark.parametrize("asked", COLUMNS, ids=str)
def test_columns_are_those_of_the_design(company: Path, asked: str) -> None:
    done = invoke(company, *asked.split(), "--format", "csv")
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[0].startswith(COLUMNS[asked])


@pytest.mark.parametrize("asked", QUESTIONS, ids=" ".join)
def test_every_format_has_the_same_numbers(company: Path, asked: list[str]) -> None:
    printed = {}
    for format_ in ("json", "table", "markdown", "csv"):
        done = invoke(company, *asked, "--format", format_)
        assert (done.exit_code, done.stderr) == (0, ""), done.output
        printed[format_] = done.stdout
    value = json.loads(printed["json"])
    rows = list(csv.DictReader(io.StringIO(printed["csv"])))
    assert [
        {name: "" if cell is None else str(cell) for name, cell in row.items()}
        for row in value["rows"]
    ] == [{name: cell.removeprefix("'") for name, cell in row.items()} for row in rows]
    headline = printed["table"].splitlines()[0]
    assert headline.endswith(".")
    assert headline in printed["markdown"].replace("\\", "")


@pytest.fixture(scope="module")
def tables(built_sample: Project) -> list[Table]:
    project = built_sample
    return [
        *(project.nps(), project.nps(by="plan"), project.nps(themes=True)),
        *(project.opportunities(), project.opportunities(by="country")),
        project.interviews("alerts")[1],
    ]


@pytest.mark.parametrize("columns", [80, 120])
def test_it_fits_the_terminal(tables: list[Table], columns: int) -> None:
    for table in tables:
        lines = lay_out(table, columns).lines(columns)
        assert len(lines) > 1
        widest = max(text_width("".join(piece for piece, _ in line)) for line in lines)
        assert widest <= columns, table.headline


def test_an_nps_is_of_a_hundred_for_people_and_of_one_for_programs(company: Path) -> None:
    row = json.loads(invoke(company, "nps", "--wave", "wave_2", "--format", "json").stdout)["rows"]
    score = f"{round(100 * row[0]['nps'])}".replace("-", "\u2212")
    shown = on_terminal("nps", "--wave", "wave_2", cwd=company, columns=80, NO_COLOR="1")
    assert max(map(text_width, shown.splitlines())) <= 80
    assert shown.startswith(f"NPS of wave_2: {score} (")
    markdown = invoke(company, "nps", "--wave", "wave_2", "--format", "markdown").stdout
    assert f"| {score} |" in markdown
    assert "pp" not in markdown


def test_of_twenty_respondents_there_are_counts_and_no_score(twenty: Path) -> None:
    for asked in (["nps"], ["nps", "--by", "plan"], ["nps", "--themes"]):
        for format_ in ("table", "markdown"):
            done = invoke(twenty, *asked, "--format", format_)
            assert done.exit_code == 0, done.output
            assert "%" not in done.stdout.replace("95 %", "")
        rows = json.loads(invoke(twenty, *asked, "--format", "json").stdout)["rows"]
        for row in rows:
            found = [name for name in row if name.startswith(("nps", "lo", "hi", "impact"))]
            assert {row[name] for name in found} == {None}, row
    everybody = json.loads(invoke(twenty, "nps", "--format", "json").stdout)["rows"][0]
    assert (everybody["n"], everybody["label"]) == (20, "signal")
    assert "20 respondents" in invoke(twenty, "nps").stdout


def test_problems_seen_of_few_are_counted_and_not_ranked(company: Path, twenty: Path) -> None:
    small = invoke(twenty, "opportunities", "--format", "json"), "kind", "feature"
    parts = invoke(company, "opportunities", "--by", "country", "--format", "json"), "tier", None
    for done, name, value in (small, parts):
        rows = [row for row in json.loads(done.stdout)["rows"] if row[name] == value]
        assert rows
        for row in rows:
            shares = ("tier", "affected_share", "lo", "hi", "value_cents", "estimate_cents")
            assert {row[share] for share in shares} == {None}
            assert (row["n"] is None) == (row["label"] == "anecdote")
    printed = invoke(company, "opportunities", "--by", "country").stdout
    assert "Not ranked: " in printed


# --- the list ------------------------------------------------------------------------------------


def test_the_list_is_written_and_only_counts_are_printed(company: Path, tmp_path: Path) -> None:
    file = tmp_path / "talk.csv"
    done = invoke(company, "interviews", "alerts", str(file))
    assert done.exit_code == 0, done.output
    rows = list(csv.DictReader(file.open(encoding="utf-8")))
    assert f"{len(rows)} people to talk to" in done.stdout
    assert f"wrote {file}" in done.stderr
    for row in rows:
        assert row["user_id"] not in done.output
        assert row["account_id"] not in done.output
        assert row["ask"].count("?") >= 2


def test_a_file_that_is_there_is_kept_unless_forced(company: Path, tmp_path: Path) -> None:
    file = tmp_path / "talk.csv"
    file.write_text("mine", encoding="utf-8")
    done = invoke(company, "interviews", "alerts", str(file))
    assert done.exit_code == 2
    assert "is there already" in done.stderr
    assert file.read_text(encoding="utf-8") == "mine"
    assert invoke(company, "interviews", "alerts", str(file), "--force").exit_code == 0
    assert file.read_text(encoding="utf-8").startswith("user_id,")


@pytest.mark.parametrize("place", ["reports/talk.csv", "reports/activation/../x.csv", "link/x.csv"])
def test_nothing_of_people_is_written_into_reports(
    company: Path, tmp_path: Path, place: str
) -> None:
    (tmp_path / "link").symlink_to(company / "reports")
    file = (tmp_path if place.startswith("link") else company) / place
    done = invoke(company, "interviews", "alerts", str(file), "--force")
    assert done.exit_code == 2
    assert "is inside reports/" in done.stderr
    assert not file.exists()


def test_options_that_do_not_go_together_are_told(company: Path) -> None:
    for asked, told in (
        (["nps", "--by", "plan", "--themes"], "--by and --themes are different tables"),
        (["opportunities", "--by", "plan", "--segment", "x"], "--by and --segment are different"),
        (["interviews", "alerts", "-", "--step", "built"], "steps are of funnels"),
        (["nps", "--by", "plam"], "did you mean 'plan'?"),
        (["opportunities", "--segment", "nobody"], "no segment is called 'nobody'"),
    ):
        done = invoke(company, *asked)
        assert done.exit_code == 2
        assert told in done.stderr
