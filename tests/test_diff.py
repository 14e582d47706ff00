"""`funnelkit diff` in git repositories: what a reviewer gets for a real change."""

import json
import shutil
from typing import Any

import pytest

import funnelkit as fk
from funnelkit.errors import FunnelkitError
from funnelkit.project.scaffold import with_setting
from funnelkit.report.build import render, write
from funnelkit.revisions import Repository
from tests import pull_requests
from tests.cli.run import run
from tests.pull_requests import CHANGES, GOLDEN, branch, git, shown
from tests.report.data import report_data, section

pytestmark = pytest.mark.xdist_group("pull requests")


@pytest.fixture(scope="module")
def main(tmp_path_factory):
    return pull_requests.start(tmp_path_factory.mktemp("pull_requests") / "main")


def test_a_late_identity_merge_as_a_reviewer_reads_it(main, tmp_path):
    head = branch(main, tmp_path / "head", *CHANGES["identity-merge"])
    expected = (GOLDEN / "identity-merge.md").read_text("utf-8")
    assert shown(head) == expected
    phones = len(pull_requests.sharers(pull_requests._rows(head.paths.root)))
    assert f"{phones} ids turned out to belong to people known by another id" in expected
    assert run("diff", "main", "--project", str(head.paths.root)).stdout == expected
    # The reports as they were committed: nothing moved between two equal versions.
    assert head.diff("main", "main").markdown() == "Nothing moved.\n"


@pytest.mark.long
@pytest.mark.parametrize("name", ["definition", "new-day"])
def test_a_pull_request_as_a_reviewer_reads_it(name, main, tmp_path):
    head = branch(main, tmp_path / "head", *CHANGES[name])
    assert shown(head) == (GOLDEN / f"{name}.md").read_text("utf-8")


@pytest.mark.long
def test_parts_of_a_mixed_change_are_what_two_builds_give(main, tmp_path):
    """Definition and data both changed: the data's part is that of the same data alone."""
    mixed = branch(main, tmp_path / "mixed", *CHANGES["definition-and-new-day"])
    assert shown(mixed) == (GOLDEN / "definition-and-new-day.md").read_text("utf-8")
    day = branch(main, tmp_path / "day", *CHANGES["new-day"])
    last = "conversion to shared"
    rows = [row for row in mixed.diff("main").table().records() if row["figure"] == last]
    parts: dict[Any, Any] = {
        row["cause"]: row["difference"] for row in rows if row["what"] == "part"
    }
    (whole,) = [row["difference"] for row in rows if row["what"] == "figure"]
    (alone,) = [
        row["difference"]
        for row in day.diff("main").table().records()
        if row["figure"] == last and row["what"] == "figure"
    ]
    of_data = sum(part for cause, part in parts.items() if cause != "definition")
    assert sum(parts.values()) == pytest.approx(whole, abs=1e-9)
    assert of_data == pytest.approx(alone, abs=1e-9)
    assert not list((mixed.paths.root / "build").glob("diff-*"))
    without = mixed.diff("main", rebuild=False)
    assert "not told apart" in without.markdown()
    assert not [row for row in without.table().records() if row["what"] == "part"]


@pytest.fixture
def written(tmp_path):
    """A project in a folder of a repository, with a report on `main` and another one now."""
    root = tmp_path / "repository" / "a project"
    root.mkdir(parents=True)
    (root / "dbt_project.yml").write_text("name: shop\nvars: {funnelkit: {funnels: {}}}\n")
    write(render(report_data()), root / "reports" / "activation")
    repository = tmp_path / "repository"
    git(repository, "init", "--quiet", "--initial-branch=main")
    git(repository, "add", "-A")
    git(repository, "-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-q", "-m", "one")
    write(render(report_data(section(definition_hash="0" * 12))), root / "reports" / "activation")
    return fk.open(root)


class TestVersions:
    def test_a_revision_is_read_without_a_checkout(self, written):
        repository = Repository.of(written.paths.root)
        files = repository.files(repository.commit("main"), written.paths.reports)
        expected = {
            f"activation/{name}": content for name, content in render(report_data()).items()
        }
        assert files == expected
        assert repository.files(repository.commit("main"), written.paths.root / "models") == {}

    def test_revisions_and_folders_compare_alike(self, written, tmp_path):
        now = written.diff("main").table()
        write(render(report_data()), tmp_path / "before" / "activation")
        assert written.diff(str(tmp_path / "before")).table().rows == now.rows
        both = written.diff(str(tmp_path / "before"), str(written.paths.reports))
        assert both.table().rows == now.rows
        assert written.diff("main", "main").table().rows == ()

    @pytest.mark.parametrize("named", ["mian", "--help", "HEAD~7"])
    def test_a_revision_that_is_not_there(self, named, written):
        with pytest.raises(FunnelkitError, match="no revision or folder is called") as error:
            written.diff(named)
        assert error.value.hint in ("did you mean 'main'?", "known: main")

    def test_without_reports(self, written, tmp_path):
        (tmp_path / "empty").mkdir()
        with pytest.raises(FunnelkitError, match="no reports in"):
            written.diff(str(tmp_path / "empty"))
        shutil.rmtree(written.paths.reports)
        with pytest.raises(FunnelkitError, match="no reports in reports"):
            written.diff("main")

    def test_outside_of_any_repository(self, tmp_path):
        (tmp_path / "dbt_project.yml").write_text("name: shop\nvars: {funnelkit: {funnels: {}}}\n")
        with pytest.raises(FunnelkitError, match="no git repository") as error:
            fk.open(tmp_path).diff("main")
        assert "name two folders" in (error.value.hint or "")

    def test_formats_are_of_one_table(self, written):
        root = str(written.paths.root)
        found = json.loads(run("diff", "main", "--format", "json", "--project", root).stdout)
        assert found["rows"] == written.diff("main").table().records()
        assert run("diff", "main", "--project", root).stdout == written.diff("main").markdown()


class TestSetting:
    @pytest.mark.parametrize(
        "text",
        [
            "vars:\n  funnelkit:\n    timezone: UTC\n    funnels: {}\n",
            "vars: {funnelkit: {timezone: UTC, funnels: {}}}\n",
            "vars:\n  funnelkit:\n    observed_until: 2026-01-01  # an end\n    timezone: UTC\n"
            "    funnels: {}\n",
        ],
    )
    def test_a_setting_is_there_once_and_the_rest_stays(self, text):
        import yaml

        found = yaml.safe_load(with_setting(text, "observed_until", "2026-06-28T21:44:06Z"))
        assert found["vars"]["funnelkit"] == {
            "observed_until": "2026-06-28T21:44:06Z",
            "timezone": "UTC",
            "funnels": {},
        }
