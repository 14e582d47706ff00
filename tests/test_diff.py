"""`funnelkit diff` in git repositories: what a reviewer gets for a real change."""

import json
import shutil
from dataclasses import replace
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
    # Merges are told in whole fives, so that no file gives back fewer.
    told = f"about {phones // 5 * 5} ids turned out to belong to people known by another id"
    assert phones >= 10
    assert told in expected
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
    told: list[str] = []
    found = mixed.diff("main", on_build=told.append).table()
    assert told[0] == "the earlier definitions on the present data"
    rows = [row for row in found.records() if row["figure"] == last]
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
    told.clear()
    without = mixed.diff("main", rebuild=False, on_build=told.append)
    assert "not told apart" in without.markdown()
    assert not told, "nothing is built"
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

    def test_a_branch_is_held_against_where_it_left(self, written, tmp_path):
        """What main did since is not the branch's: `git diff main...branch`."""
        root, before = written.paths.root, report_data()
        whose = ("-c", "user.name=a", "-c", "user.email=a@b.c")
        git(root, "checkout", "-q", "-b", "branch")
        git(root, *whose, "commit", "-q", "-a", "-m", "two")
        git(root, "checkout", "-q", "main")
        write(render(replace(before, title="Of main")), root / "reports" / "activation")
        git(root, *whose, "commit", "-q", "-a", "-m", "three")
        expected = written.diff("main~1", "branch").table().rows
        assert written.diff("main", "branch").table().rows != expected
        asked = written.diff("main...branch")
        assert asked.table().rows == expected != ()
        commit = git(root, "rev-parse", "main~1")[:12]
        assert f"`branch` against {commit}, where branch left main" in asked.markdown()
        git(root, "checkout", "-q", "branch")
        assert written.diff("main...").table().rows == expected
        assert written.diff("main...HEAD").table().rows == expected
        assert written.diff("...main").table().rows == written.diff("main~1", "main").table().rows
        write(render(before), root / "reports" / "activation")
        assert written.diff("main...").table().rows == ()  # the files as they are
        with pytest.raises(FunnelkitError, match="names both sides"):
            written.diff("main...branch", "branch")
        with pytest.raises(FunnelkitError, match="no revision or folder is called 'brnch'"):
            written.diff("main...brnch")
        git(root, "checkout", "-q", "--orphan", "other")
        git(root, *whose, "commit", "-q", "-a", "-m", "four")
        with pytest.raises(FunnelkitError, match="main and other have no commit in common"):
            written.diff("main...other")
        (tmp_path / "a...b").mkdir()
        write(render(before), tmp_path / "a...b" / "activation")
        assert written.diff(str(tmp_path / "a...b")).table().rows == ()

    @pytest.mark.parametrize("named", ["mian", "--help", "HEAD~7"])
    def test_a_revision_that_is_not_there(self, named, written):
        with pytest.raises(FunnelkitError, match="no revision or folder is called") as error:
            written.diff(named)
        assert error.value.hint in ("did you mean 'main'?", "known: main")

    def test_a_clone_without_history_says_how_to_get_it(self, written, tmp_path):
        root = written.paths.root
        git(root, "-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-qam", "two")
        git(tmp_path, "clone", "-q", "--depth", "1", root.parent.as_uri(), "clone")
        with pytest.raises(FunnelkitError, match="no revision or folder") as error:
            fk.open(tmp_path / "clone" / root.name).diff("main~1")
        assert "git fetch --unshallow" in (error.value.hint or "")
        assert "fetch-depth: 0" in (error.value.hint or "")

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


class TestOutdated:
    def test_definitions_that_the_reports_were_not_built_by_are_named(self, written):
        """Nothing moved in the files, and what the change does is not in them."""
        root = written.paths.root
        write(render(report_data()), root / "reports" / "activation")
        assert fk.open(root).diff("main").markdown() == "Nothing moved.\n"
        funnels = "{activation: {steps: [{name: a, event: a}, {name: b, event: b}]}}"
        (root / "dbt_project.yml").write_text(
            f"name: shop\nvars: {{funnelkit: {{funnels: {funnels},"
            " reports: {activation: {funnels: [activation]}}}}\n"
        )
        text = fk.open(root).diff("main").markdown()
        assert text.startswith("Nothing moved in the reports, but they are behind. ")
        assert "has other definitions than these reports" in text
        assert "funnelkit report build" in text
        assert "- activation: the definition of activation is " in text
        # Between two versions that are committed nothing is said of the files as they are.
        assert fk.open(root).diff("main", "main").markdown() == "Nothing moved.\n"
