"""`funnelkit gaps` as it is typed and printed."""

import csv
import io
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from funnelkit.api import Project
from funnelkit.cli.grid import text_width
from funnelkit.cli.layout import human, lay_out
from funnelkit.results.claims import claims_tables
from funnelkit.table import Table
from funnelkit.warehouse.connect import connect
from tests.cli.run import invoke, on_terminal

COLUMNS = (
    "feature,n,n_eff,aligned,lip_service,captive,rejected,neutral,neutral_used,"
    "not_using_among_like,nl_lo,nl_hi,using_among_dislike,ud_lo,ud_hi,gap,gap_lo,gap_hi,lip_rate,"
    "captive_rate,phi,use_everybody,do_bias,do_bias_verdict,customers,customers_share,"
    "revenue_cents,revenue_share,money_label,label,segment,wave,used_days,p_value,q_value,"
    "do_bias_lo,do_bias_hi,pop_like,pop_like_lo,pop_like_hi,"
)
QUESTIONS = (
    ["gaps"],
    ["gaps", "alerts"],
    ["gaps", "sharing", "--by", "plan"],
    ["gaps", "--wave", "all"],
    ["gaps", "--bias"],
)


@pytest.fixture(scope="module")
def twenty(company: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same company, of whom 20 answered."""
    folder = tmp_path_factory.mktemp("few") / "acme"
    shutil.copytree(company, folder, ignore=shutil.ignore_patterns("dbt"))
    (warehouse,) = folder.rglob("warehouse.duckdb")
    with connect(warehouse) as con:
        con.execute("""
            create temp table kept as
            select user_key from fct_say_do
            where wave = 'wave_2' and kind = 'rating5' and left_out is null
            group by user_key having count(*) = 3 order by user_key limit 20
        """)
        for table in ("fct_feedback", "fct_say_do"):
            con.execute(
                f"delete from {table} where user_key not in (from kept) or user_key is null"
            )
    return folder


def test_columns_are_those_of_the_design(company: Path) -> None:
    done = invoke(company, "gaps", "--format", "csv")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith(COLUMNS)


@pytest.mark.parametrize("asked", QUESTIONS, ids=" ".join)
def test_every_format_has_the_same_numbers(company: Path, asked: list[str]) -> None:
    printed = {}
    for format_ in ("json", "table", "markdown", "csv"):
        done = invoke(company, *asked, "--format", format_)
        assert (done.exit_code, done.stderr) == (0, ""), done.output
        printed[format_] = done.stdout
        assert "representative" not in done.stdout
    value = json.loads(printed["json"])
    rows = list(csv.DictReader(io.StringIO(printed["csv"])))
    assert [
        {name: "" if cell is None else str(cell) for name, cell in row.items()}
        for row in value["rows"]
    ] == [{name: cell.removeprefix("'") for name, cell in row.items()} for row in rows]
    headline = printed["table"].splitlines()[0]
    assert headline.endswith(".")
    assert headline in printed["markdown"].replace("\\", "")
    # What equal behaviour cannot show stands beside every figure of everybody.
    for format_ in ("table", "markdown"):
        assert "If the satisfied answer more at equal behaviour" in printed[format_]


def test_the_finding_is_one_sentence(company: Path) -> None:
    rows = json.loads(invoke(company, "gaps", "alerts", "--format", "json").stdout)["rows"]
    row = rows[0]
    limits = [round(100 * row[name]) for name in ("using_among_dislike", "ud_lo", "ud_hi")]
    part = f"{100 * row['captive_revenue_share']:.0f} % of revenue"
    said = (
        f"Alerts: {row['captive']} of {row['captive'] + row['rejected']} who rate it bad"
        " or write so used it "
        f"in the last 28 days ({limits[0]} %, {limits[1]}–{limits[2]} %); "
        f"{row['captive_customers']} customers, {part}"
    )
    assert row["finding"].startswith(said)
    printed = invoke(company, "gaps", "alerts").stdout
    assert printed.startswith(row["finding"])
    for part in ("cells", "neutral", "everybody", "do-bias", "customers", "estimated"):
        assert re.search(rf"^{part} ", printed, re.MULTILINE), part


@pytest.mark.parametrize("format_", ["table", "markdown", "csv", "json"])
@pytest.mark.parametrize("asked", [*QUESTIONS[:2], ["gaps", "--by", "plan"]], ids=" ".join)
def test_of_twenty_nothing_is_printed_as_a_percentage(
    twenty: Path, asked: list[str], format_: str
) -> None:
    done = invoke(twenty, *asked, "--format", format_)
    assert done.exit_code == 0, done.output
    assert "%" not in done.stdout
    if format_ == "json":
        rows = json.loads(done.stdout)["rows"]
        assert rows
        for row in rows:
            assert row["n"] <= 20
            assert row["customers_share"] is row["revenue_share"] is row["gap"] is None
            assert row["pop_like"] is row["use_everybody"] is row["nl_lo"] is None
    else:
        assert " of " in done.stdout or format_ == "csv"


def test_so_it_is_with_the_bias_check(twenty: Path) -> None:
    rows: list[dict[str, Any]] = json.loads(
        invoke(twenty, "gaps", "--bias", "--format", "json").stdout
    )["rows"]
    for row in rows:
        assert row["do_bias"] is row["use_everybody"] is row["use_answered"] is None
        assert row["do_bias_verdict"] == "too few to tell"


@pytest.fixture(scope="module")
def tables(built_sample: Project) -> list[Table]:
    project = built_sample
    return [
        *(project.gaps(), project.gaps("alerts"), project.gaps(by="plan")),
        *(project.gaps(wave="all"), project.bias()),
    ]


@pytest.mark.parametrize("columns", [80, 120])
def test_it_fits_the_terminal(tables: list[Table], columns: int) -> None:
    for table in tables:
        lines = lay_out(table, columns).lines(columns)
        assert len(lines) > 1
        widest = max(text_width("".join(piece for piece, _ in line)) for line in lines)
        assert widest <= columns, table.headline


def test_a_terminal_without_colour_gets_no_codes(company: Path) -> None:
    shown = on_terminal("gaps", cwd=company, columns=80, NO_COLOR="1")
    assert "\x1b" not in shown
    assert max(map(text_width, shown.splitlines())) <= 80


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (["--claims", "--bias"], "different tables"),
        (["--by", "plan", "--segment", "x"], "different questions"),
        (["--quarters"], "--quarters goes with --claims"),
        (["alerts", "--claims", ""], "takes a question, no feature"),
        (["--claims", "", "--segment", "x"], "--segment does not go with --claims"),
        (["--bias", "--by", "plan"], "goes with neither"),
    ],
)
def test_what_does_not_go_together_is_refused(company: Path, asked: list[str], told: str) -> None:
    done = invoke(company, "gaps", *asked)
    assert done.exit_code == 2
    assert told in done.stderr


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (["alert"], "did you mean 'alerts'"),
        (["--by", "plam"], "did you mean 'plan'"),
        (["--segment", "none"], "no segment is called 'none'"),
        (["--wave", "wave_9"], "no wave 'wave_9' has an answer on a feature"),
        (["--claims"], "no question claims anything that is logged"),
    ],
)
def test_what_is_not_there_is_told(company: Path, asked: list[str], told: str) -> None:
    done = invoke(company, "gaps", *asked)
    assert done.exit_code == 2
    assert told in done.stderr


# --- claims -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def claimed(built_sample: Project, tmp_path_factory: pytest.TempPathFactory) -> tuple[Table, Table]:
    """Forty claims of forty users: 20 say an hour more, 12 as much, 8 less; two more are out.

    The twenty are on plan `free` and the others on `team`, whatever they were.
    """
    file = tmp_path_factory.mktemp("claims") / "warehouse.duckdb"
    shutil.copy(built_sample.paths.warehouse, file)
    question = {
        "name": "hours",
        "unit": "hours",
        "tolerance": None,
        "claim": {"within_us": 14 * 86_400_000_000},
    }
    plan = {"questions": [question]}
    with connect(file) as con:
        con.execute("""
            create temp table those as
            select row_number() over (order by user_key) as no, user_key
            from fct_wave_users where wave = 'wave_2' qualify no <= 42
        """)
        con.execute("""
            insert into fct_claims by name
            select 'c' || no as response_id, 2 as wave_no, 'wave_2' as wave, 'hours' as question,
                user_key, 3.0 as logged, if(no > 40, 'window open', null) as left_out,
                case when no <= 20 then 4.0 when no <= 32 then 3.0 else 1.0 end as said
            from those
        """)
        con.execute("""
            insert into fct_answer_values by name
            select 'c' || no as response_id, 'plan' as breakdown,
                if(no <= 20, 'free', 'team') as value
            from those
        """)
        con.execute("""
            insert into fct_feedback by name
            select 'c' || no as response_id, 2 as wave_no, 'wave_2' as wave from those
        """)
        return claims_tables(con, plan, by="plan")


def test_claims_are_counted_and_the_rest_is_told(claimed: tuple[Table, Table]) -> None:
    table, quarters = claimed
    whole, free, team = table.records()
    assert (whole["n"], whole["persons"]) == (40, 40)
    assert (whole["over"], whole["same"], whole["under"]) == (20, 12, 8)
    assert whole["mean_difference"] == pytest.approx((20 * 1 - 8 * 2) / 40)
    assert (free["group"], free["n"], free["over"]) == ("plan = free", 20, 20)
    assert (team["group"], team["n"], team["under"]) == ("plan = team", 20, 8)
    assert table.headline == (
        "hours: of 40 claims of 40 people: 20 (50 %, 35–65) more than was logged, "
        "12 (30 %, 18–45) as much, 8 (20 %, 10–35) less; median said 3.50 hours, logged 3.00 hours."
    )
    assert "Left out: 2 claims on a time that began before the log or the user." in table.notes
    assert sum(row["n"] for row in quarters.records() if row["group"] is None) == 40  # type: ignore[misc]


@pytest.mark.parametrize("columns", [80, 120])
def test_claims_fit_the_terminal(claimed: tuple[Table, Table], columns: int) -> None:
    for table in claimed:
        lines = lay_out(table, columns).lines(columns)
        assert len(lines) > 3
        widest = max(text_width("".join(piece for piece, _ in line)) for line in lines)
        assert widest <= columns
    assert "plan = free" in str(human(claimed[0]))


def test_claims_say_which_waves_they_take_and_percentiles_are_called_so(
    claimed: tuple[Table, Table],
) -> None:
    table, quarters = claimed
    assert any(note.startswith("Claims of all waves together") for note in table.notes)
    header = "".join(piece for piece, _ in lay_out(quarters, 80).lines(80)[0])
    assert header.split()[-5:] == ["2.5", "%", "median", "97.5", "%"]
