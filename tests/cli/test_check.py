"""`funnelkit check`: each number against its limit, as it is typed, printed and left."""

import json
import re
import shutil
from math import sqrt
from pathlib import Path
from typing import Any

import duckdb
import pytest

import funnelkit as fk
from funnelkit.api import Project
from funnelkit.results.gates import COLUMNS, Measured, _Values, judged_rows
from funnelkit.results.gates_asked import Asked, gates_asked
from funnelkit.stats.proportions import Interval
from funnelkit.warehouse.queries import open_marts
from tests.cli.run import invoke, run

# The sample's, and those of every kind of number.
GATES = """\
    gates:
      activation: {fail_under: 20 %}
      activation.connected: {fail_over: 90 %, fail_under: 10 %}
      team_value: {fail_under: 5 %}
      retained_week_4: {fail_under: 99 %}
      feature:exports: {fail_over: 20 pp}
      nps: {fail_under: -100}
"""


def with_gates(built: Project, root: Path, gates: str) -> Project:
    """The built sample with these gates; nothing is built again."""
    shutil.copytree(built.paths.root, root)
    file = root / "dbt_project" / "dbt_project.yml"
    text = file.read_text("utf-8")
    text, replaced = re.subn(r"    gates:.*\n(      .*\n)+", lambda _: gates, text)
    assert replaced == 1
    file.write_text(text, "utf-8")
    return fk.open(root)


@pytest.fixture(scope="module")
def company(built_sample: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    return with_gates(built_sample, tmp_path_factory.mktemp("gates") / "acme", GATES)


def records(project: Project, **options: Any) -> dict[str, dict[str, Any]]:
    """Unrounded, by gate and limit."""
    table = project.check(**options)
    rows = [dict(zip(table.names, row, strict=True)) for row in table.rows]
    return {f"{row['gate']} {row['fails']}": row for row in rows}


@pytest.fixture(scope="module")
def found(company: Project) -> dict[str, dict[str, Any]]:
    return records(company)


def counted(project: Project, statement: str) -> tuple[int, int]:
    with open_marts(project.paths.warehouse) as con:
        came, n = con.execute(statement).fetchall()[0]
        return int(came), int(n)


def wilson(x: int, n: int) -> tuple[float, float]:
    """Both limits, as the roots of (p - x/n)^2 = z^2 p (1 - p) / n."""
    z2 = 1.959963984540054**2
    a, b, c = n + z2, -(2 * x + z2), x * x / n
    root = sqrt(b * b - 4 * a * c)
    return (-b - root) / (2 * a), (-b + root) / (2 * a)


MATURE = "first_entry_at + interval 14 days <= (select observed_until from int_observed_until)"
NUMBERS = {
    "activation fail_under": "select count(*) filter (matured_level = 4), count(*)"
    f" from fct_funnel_journeys where funnel = 'activation' and {MATURE}",
    "activation.connected fail_over": "select count(*) filter (matured_level >= 2), count(*)"
    f" from fct_funnel_journeys where funnel = 'activation' and {MATURE}",
    "team_value fail_under": "select count(*) filter (is_reached), count(*) from fct_aha_moments"
    " where entry_at + interval 7 days <= (select observed_until from int_observed_until)",
    "retained_week_4 fail_under": "select count(*) filter (happened), count(*) from fct_outcomes"
    " where outcome = 'retained_week_4' and clock = 'activation' and"
    " entry_at + interval 28 days <= (select observed_until from int_observed_until)",
}


@pytest.mark.parametrize("name", NUMBERS)
def test_a_share_is_that_of_the_mature(company: Project, found: Any, name: str) -> None:
    came, n = counted(company, NUMBERS[name])
    row = found[name]
    assert n > 1000
    assert (row["n"], row["value"]) == (n, came / n)
    assert (row["lo"], row["hi"]) == pytest.approx(wilson(came, n), abs=1e-12)


def test_gaps_and_scores_are_those_of_their_commands(company: Project, found: Any) -> None:
    table = company.gaps("exports")
    rows: list[dict[str, Any]] = [dict(zip(table.names, row, strict=True)) for row in table.rows]
    gap = next(row for row in rows if row["used_days"] == 2)
    row = found["feature:exports fail_over"]
    assert (row["n"], row["wave"]) == (gap["n"], gap["wave"])
    # Nobody who dislikes it uses it, and hardly anybody who likes it: as in a report both count 2.
    assert gap["captive"] == 0
    assert gap["aligned"] < 5
    like = gap["aligned"] + gap["lip_service"]
    assert row["value"] == pytest.approx((like - 2 - 2) / gap["n"], abs=1e-12)
    assert row["finding"].startswith("gap ≈ ")
    latest = company.nps().records()[-1]
    row = found["nps fail_under"]
    assert (row["n"], row["wave"]) == (latest["n"], latest["wave"])
    told = [round(row[name], 6) for name in ("value", "lo", "hi")]
    assert told == [latest["nps"], latest["lo"], latest["hi"]]


def test_a_line_each_and_the_exit_code(company: Project) -> None:
    done = invoke(company.paths.root, "check")
    assert (done.exit_code, done.stderr) == (1, "")
    lines = done.stdout.splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["ok", "activation"],
        ["ok", "activation.connected"],
        ["ok", "activation.connected"],
        ["ok", "team_value"],
        ["FAIL", "retained_week_4"],
        ["FAIL", "feature:exports"],
        ["ok", "nps"],
    ]
    # README shows the same: 568 of 1,770 finish (32.1 %, 95 % interval 30.0–34.3 %).
    assert lines[0] == (
        "ok    activation            conversion 32.1 % (30.0–34.3 %, n = 1,770):"
        " lower bound 30.0 % is not under 20 %"
    )
    assert re.fullmatch(
        r"FAIL  feature:exports       gap ≈ \+\d\d\.\d pp \(\+\d\d\.\d to \+\d\d\.\d pp, n = \d+,"
        r" wave_2\): upper bound \+\d\d\.\d pp is over 20 pp",
        lines[5],
    )
    held = invoke(company.paths.root, "check", "activation", "nps:all")
    assert (held.exit_code, len(held.stdout.splitlines())) == (0, 2)


def test_the_sample_holds_its_own_gates(built_sample: Project) -> None:
    done = invoke(built_sample.paths.root, "check")
    assert (done.exit_code, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == len(built_sample.gate_names())


def test_annotations_stand_at_the_line_and_are_escaped(company: Project) -> None:
    done = invoke(company.paths.root, "check", "--format", "github")
    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    file = company.paths.project_file.read_text("utf-8").splitlines()
    at = 1 + next(n for n, line in enumerate(file) if line.startswith("      feature:exports: {"))
    head = (
        f"::error file=dbt_project/dbt_project.yml,line={at},title=feature%3Aexports%3A FAIL::gap"
    )
    assert lines[5].startswith(head)
    assert lines[0].startswith("::notice file=dbt_project/dbt_project.yml,line=")
    finding = "conversion 32.1 % (30.0–34.3 %, n = 1,770): lower bound 30.0 % is not under 20 %"
    assert lines[0].endswith(f"::{finding.replace('%', '%25')}")
    for line in lines:
        properties, message = re.fullmatch(r"::(?:error|notice) (.*?)::(.*)", line).groups()  # type: ignore[union-attr]
        assert [each.partition("=")[0] for each in properties.split(",")] == [
            *("file", "line", "title")
        ]
        assert not re.search(r"%(?!25|0D|0A|3A|2C)", properties + message)


def test_files_are_named_from_the_repository(company: Project, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    shutil.copytree(company.paths.root, tmp_path / "apps" / "acme")
    done = invoke(tmp_path / "apps" / "acme", "check", "nps", "--format", "github")
    assert "file=apps/acme/dbt_project/dbt_project.yml," in done.stdout


def test_machines_get_every_column(company: Project) -> None:
    done = invoke(company.paths.root, "check", "retained_week_4", "--format", "json")
    assert done.exit_code == 1
    value = json.loads(done.stdout)
    assert value["meta"]["failed"] == 1
    (row,) = value["rows"]
    assert (row["state"], row["limit"], row["judge"]) == ("FAIL", 0.99, "lower")
    assert row["bound"] == row["lo"]
    told = invoke(company.paths.root, "check", "--format", "markdown").stdout
    assert told.startswith("2 of 7 limits do not hold.\n\n| state | gate | finding |\n")


def test_limits_of_the_command_line_replace_those_of_the_file(company: Project) -> None:
    root = company.paths.root
    conversion = invoke(root, "check", "--fail-under", "activation=30%", "activation")
    assert conversion.exit_code == 1
    # 29.9564 %, which rounds to the limit: both are told.
    assert conversion.stdout.endswith("lower bound 30.0 % (unrounded 29.96 %) is under 30 %\n")
    estimate = invoke(
        root, "check", "activation", "--judge", "estimate", "--fail-under", "activation=0.32"
    )
    assert (estimate.exit_code, estimate.stdout.count("estimate 32.1 % is not")) == (0, 1)
    # Beside the declared ones; no line of the file is to blame.
    more = invoke(root, "check", "--fail-over", "viewed_week_4=1%", "--format", "github")
    assert len(more.stdout.splitlines()) == 8
    assert "\n::error title=viewed_week_4%3A FAIL::share " in more.stdout
    both = records(company, names=["activation.connected"],
                   fail_under={"activation.connected": "0.5"})  # fmt: skip
    assert list(both) == ["activation.connected fail_under"]


def test_what_else_a_gate_declares_stays(built_sample: Project, tmp_path: Path) -> None:
    gates = "    gates:\n      nps: {fail_under: -100, at_least_n: 1000}\n"
    project = with_gates(built_sample, tmp_path / "acme", gates)
    done = invoke(project.paths.root, "check", "--fail-under", "nps=-99")
    assert done.exit_code == 1
    assert done.stdout.endswith("not enough, at least 1,000 are needed\n")


@pytest.mark.parametrize(
    ("args", "error"),
    [
        (["activaton"], "no funnel, aha moment, outcome or feature is called 'activaton'; did you"),
        (["upgraded"], "'upgraded' has no gate\n  hint: known: activation, "),
        (["--fail-under", "activation"], "invalid value for '--fail-under': 'activation': write"),
        (["--fail-under", "activation=30"], "--fail-under activation=30: 30 is not from 0 to 1"),
        (["--fail-over", "nps=5%"], "--fail-over nps=5%: 5 % is not a net promoter score"),
        (["--fail-over", "a=1%", "--fail-over", "a=2%"], "invalid value for '--fail-over': a is "),
        (["--fail-under", "shard=1%"], "--fail-under shard=1%: no funnel, aha moment, outcome or"),
    ],
)
def test_mistakes_of_the_command_line(company: Project, args: list[str], error: str) -> None:
    done = invoke(company.paths.root, "check", *args)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {error}"), done.stderr


def test_without_gates_there_is_an_example(built_sample: Project, tmp_path: Path) -> None:
    project = with_gates(built_sample, tmp_path / "acme", "")
    done = invoke(project.paths.root, "check")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(
        "error: this project declares no gate\n  hint: declare one, `gates"
    )
    assert invoke(project.paths.root, "check", "--fail-under", "activation=10%").exit_code == 0
    done = invoke(project.paths.root, "check", "--if-declared", "--format", "github")
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr == "this project declares no gate: nothing is judged\n"
    harder = ("check", "--if-declared", "--fail-under", "activation=99%")
    assert invoke(project.paths.root, *harder).exit_code == 1


def test_declared_gates_are_judged_where_that_is_asked(company: Project) -> None:
    asked = invoke(company.paths.root, "check", "--if-declared")
    assert asked.stdout == invoke(company.paths.root, "check").stdout != ""
    assert asked.exit_code == invoke(company.paths.root, "check").exit_code


def test_old_tables_are_not_judged(company: Project, tmp_path: Path) -> None:
    root = tmp_path / "acme"
    shutil.copytree(company.paths.root, root)
    file = root / "dbt_project" / "dbt_project.yml"
    text = file.read_text("utf-8")
    assert "window: 14 days" in text
    file.write_text(text.replace("window: 14 days", "window: 13 days"), "utf-8")
    done = invoke(root, "check")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "the definitions changed after the last build" in done.stderr


def test_names_complete_and_no_code_is_printed_into_a_pipe(company: Project) -> None:
    done = run("check", "--color", "always", cwd=company.paths.root)
    assert "\x1b[38;5;35mok" in done.stdout
    done = run("check", cwd=company.paths.root)
    assert (done.returncode, "\x1b" in done.stdout) == (1, False)
    done = run(cwd=company.paths.root, _FUNNELKIT_COMPLETE="bash_complete",
               COMP_WORDS="funnelkit check act", COMP_CWORD="2")  # fmt: skip
    assert "activation.connected" in done.stdout


# --- at the edges: numbers made by hand ----------------------------------------------------------


def judged(company: Project, name: str, limits: dict[str, str], found: Measured) -> list[Any]:
    ((key, text),) = limits.items()
    (asked,) = gates_asked(company._source, [name], {key: {name: text}})
    (row,) = judged_rows(asked, found)
    return [row[0], row[-1]]


SHARE = Interval(0.35, 0.3, 0.4)


@pytest.mark.parametrize(
    ("limits", "state", "why"),
    [
        ({"fail_under": "30 %"}, "ok", "lower bound 30.0 % is not under 30 %"),
        ({"fail_under": "30.01 %"}, "FAIL", "lower bound 30.0 % is under 30.01 %"),
        ({"fail_over": "40 %"}, "ok", "upper bound 40.0 % is not over 40 %"),
        ({"fail_over": "39.99 %"}, "FAIL", "upper bound 40.0 % is over 39.99 %"),
    ],
)
def test_a_limit_itself_holds(company: Project, limits, state, why) -> None:
    told = judged(company, "activation", limits, Measured(SHARE, 100))
    assert told == [state, f"conversion 35.0 % (30.0–40.0 %, n = 100): {why}"]


@pytest.mark.parametrize(
    ("lo", "why"),
    [
        (0.29951, "lower bound 30.0 % (unrounded 29.95 %) is under 30 %"),
        (0.299996, "lower bound 30.0 % (unrounded 29.9996 %) is under 30 %"),
        (0.3004, "lower bound 30.0 % is not under 30 %"),
    ],
)
def test_rounding_never_contradicts(company: Project, lo, why) -> None:
    found = Measured(Interval(0.35, lo, 0.4), 100)
    assert judged(company, "activation", {"fail_under": "30 %"}, found)[1].endswith(f": {why}")


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (Measured(Interval(None, None, None), 0), "conversion (n = 0): nothing to judge yet"),
        (
            Measured(Interval(0.5, 0.4, 0.6), 99),
            "conversion 50.0 % (40.0–60.0 %, n = 99): not enough, at least 100 are needed",
        ),
        (
            Measured(Interval(None, None, None), 120, "w1"),
            "conversion (n = 120, w1): not enough for a conversion",
        ),
        (
            Measured(Interval(None, None, None), None),
            "conversion (n too small to tell): not enough, at least 100 are needed",
        ),
    ],
)
def test_what_shows_nothing_fails(company: Project, found, why) -> None:
    assert judged(company, "activation", {"fail_over": "99 %"}, found) == ["FAIL", why]


@pytest.mark.parametrize("limit", ["0 %", "50 %", "100 %"])
@pytest.mark.parametrize("found", [Measured(Interval(0.667, 0.208, 0.939), 3, "w1"),
                                   Measured(Interval(0.667, 0.208, 0.939), 30, "w1", people=4),
                                   Measured(Interval(0.667, 0.208, 0.939), 1, "w1")])  # fmt: skip
def test_of_fewer_than_five_no_figure_is_told(company: Project, found, limit) -> None:
    (asked,) = gates_asked(
        company._source, ["activation"], {"fail_over": {"activation": limit}}, "estimate"
    )
    asked = asked._replace(gate=asked.gate.model_copy(update={"at_least_n": 1}))
    (row,) = judged_rows(asked, found)
    told = dict(zip([column.name for column in COLUMNS], row, strict=True))
    assert told["state"] == "FAIL"
    assert [told[name] for name in ("n", "value", "lo", "hi", "bound")] == [None] * 5
    assert told["finding"] == (
        "conversion (n too small to tell, w1): not told: fewer than 5 in a cell"
    )


# Few of both sides: 42 of 42 do not use it, 7 of 7 do; a report tells neither, nor the gap.
ONE_SIDED = {
    "feature": "exports", "aims": "attitude", "wave": "w1", "n": 49, "gap": 35 / 49,
    "gap_lo": 0.5, "gap_hi": 0.9, "aligned": 0, "lip_service": 42, "captive": 7, "rejected": 0,
    "neutral": 9, "neutral_used": 3, "deff": 1.0, "decided": "yes",
}  # fmt: skip


@pytest.mark.parametrize("judge", ["lower", "upper", "estimate"])
@pytest.mark.parametrize("format_", ["text", "github", "json", "markdown"])
def test_a_gap_that_reports_withhold_is_not_told(
    company: Project, monkeypatch: pytest.MonkeyPatch, judge: str, format_: str
) -> None:
    monkeypatch.setattr(_Values, "_gaps", [ONE_SIDED])
    args = ("check", "feature:exports", "--fail-over", "feature:exports=1.0")
    done = invoke(company.paths.root, *args, "--judge", judge, "--format", format_)
    assert done.exit_code == 1
    assert "not told: fewer than 5 in a cell" in done.stdout
    for secret in ("71.4", "0.714", "0.5", "0.9", "90.0", "50.0", "35", "42", "85.7"):
        assert secret not in done.stdout


def test_scores_round_as_they_are_shown(company: Project) -> None:
    found = Measured(Interval(-0.2, -0.304, -0.1), 100, "w1")
    told = judged(company, "nps", {"fail_under": "-30"}, found)
    assert told == [
        "FAIL",
        "NPS −20 (−30 to −10, n = 100, w1): lower bound −30 (unrounded −30.4) is under −30",
    ]


def test_an_outcome_of_nobody_is_not_judged_yet(company: Project, tmp_path: Path) -> None:
    root = tmp_path / "acme"
    shutil.copytree(company.paths.root, root)
    with duckdb.connect(str(root / "build" / "warehouse.duckdb")) as con:
        con.execute("update fct_outcomes set is_mature = false where outcome = 'retained_week_4'")
    done = invoke(root, "check", "retained_week_4")
    assert done.exit_code == 1
    assert done.stdout == "FAIL  retained_week_4  share (n = 0): nothing to judge yet\n"


def test_what_nobody_was_asked_is_not_judged_yet(company: Project, tmp_path: Path) -> None:
    root = tmp_path / "acme"
    shutil.copytree(company.paths.root, root)
    with duckdb.connect(str(root / "build" / "warehouse.duckdb")) as con:
        for mart in ("fct_feedback", "fct_say_do", "dim_waves"):
            con.execute(f"delete from {mart}")
    done = invoke(root, "check", "nps", "feature:exports")
    assert (done.exit_code, done.stderr) == (1, "")
    assert done.stdout == (
        "FAIL  feature:exports  gap (n = 0): nothing to judge yet\n"
        "FAIL  nps              NPS (n = 0): nothing to judge yet\n"
    )


def test_asked_gates_know_their_lines(company: Project) -> None:
    lines = company.paths.project_file.read_text("utf-8").splitlines()
    found: list[Asked] = gates_asked(company._source)
    assert len(found) == 6
    for each in found:
        assert each.line is not None
        assert lines[each.line - 1].strip().startswith(f"{each.name}: ")
