"""The reports as dbt knows them: what they show in words, and the marts that they really read."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml

import funnelkit as fk
from funnelkit.api import Project
from funnelkit.project.locate import find
from funnelkit.results.exposures import PARTS, Exposed, exposures, exposures_file
from funnelkit.results.reports import report_data
from funnelkit.results.spelled import Spelled
from funnelkit.warehouse.connect import connect
from tests.cli.run import invoke

MART = re.compile(r"\b(?:dim|fct|rpt)_\w+")
SPELLED = [
    Spelled("buy", "abc", ["Counts users.", "Window: {{ 1 }} {% x %} {# y #}."], "funnel"),
    Spelled("alerts", "def", ["Used: often."], "feature"),
]


def made(
    slug: str = "r", *, project: str = "shop", hashes: Any = None, **declared: Any
) -> dict[str, Any]:
    """The exposure of one report."""
    report = Exposed(slug, declared, f"reports/{slug}/report.md", hashes or {})
    (found,) = yaml.safe_load(exposures([report], SPELLED, project))["exposures"]
    return dict(found)


def exposed(project: Project, slug: str, report: dict[str, Any]) -> Exposed:
    return Exposed(slug, report, "", {}, project.funnel_names(), bool(project.aha_names()))


def rendered(text: str, **context: Any) -> str:
    return jinja2.Environment(undefined=jinja2.StrictUndefined).from_string(text).render(context)


def test_the_manifest_has_an_exposure_for_each_report(built_sample: Project) -> None:
    file = built_sample.paths.run_dir / "target" / "manifest.json"
    manifest = json.loads(file.read_text("utf-8"))
    declared = built_sample.variables["reports"]
    assert set(manifest["exposures"]) == {f"exposure.funnelkit.report_{slug}" for slug in declared}
    for slug, report in declared.items():
        found = manifest["exposures"][f"exposure.funnelkit.report_{slug}"]
        assert found["label"] == report["title"]
        assert found["url"] == f"reports/{slug}/report.md"
        models = {node.rpartition(".")[2] for node in found["depends_on"]["nodes"]}
        assert models == set(exposed(built_sample, slug, report).marts)
        assert set(found["depends_on"]["nodes"]) <= set(manifest["nodes"])


def test_the_committed_file_is_what_the_reports_are(built_sample: Project) -> None:
    file, content = built_sample._reports._exposures()
    assert file.read_bytes() == content


@pytest.fixture(scope="module")
def copy(built_sample: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built company, to read through a connection that logs its queries."""
    root = tmp_path_factory.mktemp("copy") / "acme"
    shutil.copytree(built_sample.paths.root, root)
    return root


def marts_read(project: Project, report: dict[str, Any]) -> set[str]:
    """Marts named in the queries that a report makes."""
    specs = [spec for spec in project.specs() if spec["name"] in report.get("funnels", ())]
    with connect(project.paths.warehouse) as con:
        con.execute("call enable_logging('QueryLog')")
        report_data(con, "r", report, specs, project.variables, project.paths.root)
        rows = con.execute("select message from duckdb_logs where type = 'QueryLog'").fetchall()
        found = {name for (text,) in rows for name in MART.findall(text)}
        tables = {str(row[0]) for row in con.execute("show tables").fetchall()}
        con.execute("call disable_logging()")
    assert len(rows) > 3
    return found & tables


# Read where somebody says how often: the sample asks nobody.
NOT_IN_THE_SAMPLE = {"fct_claims"}
CARD = {"customer": [{"cadence": "interviews"}], "business": [{"revenue": "states"}]}
SHOWN: dict[str, dict[str, Any]] = {
    "funnels": {"funnels": ["activation"], "compare": "channel"},
    "funnels beside aha": {"funnels": ["activation"]},
    "aha": {"aha": ["team_value"]},
    "features": {"features": "all"},
    "cadence": {"scorecard": CARD},
    "revenue": {"scorecard": CARD},
    "reach": {"scorecard": {**CARD, "customer": [{"reach": "team_value"}]}},
    "retention": {"scorecard": {**CARD, "customer": [{"retention": "retained_week_4"}]}},
    "nps": {"scorecard": {**CARD, "customer": [{"nps": "all"}]}},
    "gap": {"scorecard": {**CARD, "customer": [{"gap": "exports"}]}},
    "conversion": {"scorecard": {**CARD, "business": [{"conversion": "upgraded"}]}},
    "conversion of a funnel": {"scorecard": {**CARD, "business": [{"conversion": "activation"}]}},
    "at_stake": {"scorecard": {**CARD, "business": [{"at_stake": "exports"}]}},
}


@pytest.mark.parametrize("part", PARTS)
def test_a_report_depends_on_the_marts_that_it_reads(copy: Path, part: str) -> None:
    project, report = fk.open(copy), SHOWN[part]
    depends = set(exposed(project, "r", report).marts)
    assert marts_read(project, report) == depends - NOT_IN_THE_SAMPLE


def test_definitions_stand_in_it_in_words() -> None:
    found = made(
        title="Buying",
        description="What became of carts.",
        hashes={"buy": "abc", "feature alerts": "def", "the search": "123"},
    )
    assert rendered(found["description"]) == (
        "Buying\n\nWhat became of carts.\n\n"
        "funnel buy (abc)\n- Counts users.\n- Window: {{ 1 }} {% x %} {# y #}.\n\n"
        "feature alerts (def)\n- Used: often.\n\n"
        "the search (123)"
    )


def test_a_scorecard_is_a_dashboard_with_its_targets() -> None:
    card = {**CARD, "customer": [{"nps": "all", "owner": "Support", "target": "at least 0"}]}
    found = made(title="Both sides", scorecard=card, hashes={"funnel buy": "abc"})
    assert found["type"] == "dashboard"
    assert rendered(found["description"]).startswith(
        "Both sides\n\n- NPS: owner Support, target at least 0.\n"
        "- Revenue: no owner, no target.\n\nfunnel buy (abc)\n- Counts users."
    )
    assert rendered(found["config"]["enabled"]) == "True"
    assert made(funnels=["buy"])["type"] == "analysis"


@pytest.mark.parametrize("title", ["{{ env_var('X') }}", "{% if %}", "{{{ x }}}", "{# c", "a: 'b'"])
def test_no_text_is_run_by_dbt(title: str) -> None:
    found = made(title=title, owner=title)
    assert rendered(found["label"]) == title
    assert rendered(found["owner"]["name"]) == title
    assert rendered(found["description"]) == title


def test_owners_are_names_or_addresses() -> None:
    assert made()["owner"] == {"name": "not named"}
    assert made(owner="Growth")["owner"] == {"name": "Growth"}
    assert made(owner="growth@example.org")["owner"] == {"email": "growth@example.org"}


def test_names_are_what_dbt_takes_and_differ() -> None:
    reports = [Exposed(slug, {}, "p", {}) for slug in ("a-b", "a_b", "1st")]
    found = yaml.safe_load(exposures(reports, SPELLED, "shop"))["exposures"]
    assert [each["name"] for each in found] == ["report_a_b", "report_a_b_", "report_1st"]
    assert [each["label"] for each in found] == ["A-b", "A b", "1st"]


@pytest.mark.parametrize(
    ("project", "sections", "expected"),
    [
        ("shop", {"funnels": {"buy": 1}, "features": {}}, True),
        ("shop", {"funnels": {"buy": 1}}, False),
        ("shop", {}, False),
    ],
)
def test_it_goes_with_the_sections_that_it_needs(project, sections, expected) -> None:
    found = made(project=project, funnels=["buy"], features="all")
    told = rendered(found["config"]["enabled"], var=lambda name, default: sections)
    assert told == str(expected)


def test_the_samples_own_are_not_a_users() -> None:
    enabled = made(project="funnelkit", funnels=["buy"])["config"]["enabled"]
    context: dict[str, Any] = {"var": lambda name, default: {"funnels": {}}}
    assert rendered(enabled, project_name="funnelkit", **context) == "True"
    assert rendered(enabled, project_name="shop", **context) == "False"


def test_it_stands_in_the_first_folder_of_models(tmp_path: Path) -> None:
    (tmp_path / "dbt_project.yml").write_text("name: shop\n")
    paths = find(tmp_path)
    assert exposures_file(paths) == paths.root / "models" / "funnelkit_exposures.yml"
    (tmp_path / "dbt_project.yml").write_text("name: shop\nmodel-paths: [transform, models]\n")
    assert exposures_file(paths) == paths.root / "transform" / "funnelkit_exposures.yml"


def test_it_is_written_and_checked_with_the_reports(copy: Path) -> None:
    file = copy / "dbt_project" / "models" / "exposures.yml"
    file.unlink(missing_ok=True)
    assert invoke(copy, "report", "build").exit_code == 0
    content = file.read_bytes()
    assert content.startswith(b"# Generated by `funnelkit report build`")
    assert invoke(copy, "report", "check").exit_code == 0
    file.write_bytes(content.replace(b"label: Activation\n", b"label: By hand\n"))
    done = invoke(copy, "report", "check")
    assert done.exit_code == 1
    assert done.stdout.startswith("dbt_project/models/exposures.yml: changed\n")
    assert "\n-    label: By hand\n+    label: Activation\n" in done.stdout
    file.unlink()
    done = invoke(copy, "report", "check")
    assert (done.exit_code, done.stdout) == (1, "dbt_project/models/exposures.yml: missing\n")
