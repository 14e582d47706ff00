"""The workflow that docs/pull-requests.md gives to copy: its steps, run as a runner runs them."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from funnelkit.api import Project
from funnelkit.report.diff_markdown import NOTHING_MOVED
from funnelkit.sample import generate
from tests.conftest import ROOT

WORKFLOW = yaml.safe_load((ROOT / "examples" / "github-actions.yml").read_text("utf-8"))
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
MARKER = "<!-- funnelkit diff -->"
# `gh api` as the steps use it: a list that --jq filters, and a comment that is written down.
GH = """\
#!/bin/sh
printf '%s\\n' "$*" >> "$GH_LOG"
for word in "$@"; do
  case "$word" in
    body=@*) cp "${word#body=@}" "$GH_LOG.body"; exit 0 ;;
    .*) jq -r "$word" "$GH_LOG.comments"; exit $? ;;
  esac
done
exit 64
"""


class Step(NamedTuple):
    """A step that ran: its exit code and what it printed."""

    code: int
    said: str


class Runner(NamedTuple):
    """A repository with a project at its root, as a runner checks it out."""

    root: Path
    temp: Path

    def run(self, job: str, cwd: Path | None = None) -> dict[str, Step]:
        """The `run:` steps of a job, in order; after a failure only those that want to run.

        Without Install: what is tested is what is installed.
        """
        found: dict[str, Step] = {}
        for step in WORKFLOW["jobs"][job]["steps"]:
            waits = "cancelled()" not in str(step.get("if", ""))
            if "run" not in step or step["name"] == "Install":
                continue
            if waits and any(each.code for each in found.values()):
                continue
            found[step["name"]] = self._shell(step, WORKFLOW["jobs"][job], cwd or self.root)
        return found

    def _shell(self, step: Mapping[str, Any], job: Mapping[str, Any], cwd: Path) -> Step:
        given = {**job.get("env", {}), **step.get("env", {})}
        env = {
            **{key: value for key, value in os.environ.items() if not key.startswith("FUNNELKIT")},
            **{key: self._value(text) for key, text in given.items()},
            "PATH": f"{self.temp / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "GITHUB_REPOSITORY": "acme/reports",
            "GITHUB_STEP_SUMMARY": str(self.temp / "summary.md"),
            "RUNNER_TEMP": str(self.temp),
            "GH_LOG": str(self.temp / "gh"),
        }
        done = subprocess.run(
            ["bash", "-e", "-c", step["run"]],  # as GitHub's runners do where no shell is named
            cwd=cwd,
            env=env,
            text=True,
            capture_output=True,
            check=False,
            timeout=900,
        )
        return Step(done.returncode, done.stdout + done.stderr)

    @staticmethod
    def _value(text: str) -> str:
        """An expression of the workflow; any other than these is a KeyError."""
        known = {"github.event.pull_request.number": "7", "github.token": "none"}
        return re.sub(r"\$\{\{ (.*?) \}\}", lambda match: known[match[1]], text)

    @property
    def summary(self) -> str:
        return (self.temp / "summary.md").read_text("utf-8")


def git(root: Path, *args: str) -> str:
    names = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(
        ["git", *names, *args], cwd=root, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def funnelkit(root: Path, *args: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "funnelkit", *args], cwd=root, check=True, capture_output=True
    )


def runner(root: Path, temp: Path) -> Runner:
    """The repository of this project: everything that is not ignored is its first commit."""
    bin_ = temp / "bin"
    bin_.mkdir(parents=True)
    for name, text in {
        "funnelkit": f'#!/bin/sh\nexec "{sys.executable}" -m funnelkit "$@"\n',
        "gh": GH,
    }.items():
        (bin_ / name).write_text(text)
        (bin_ / name).chmod(0o755)
    git(root, "init", "-q", "-b", "main")
    commit(root, "base")
    return Runner(root, temp)


def commit(root: Path, message: str) -> None:
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", message)


@pytest.fixture(scope="module")
def committed(built_sample: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is committed of the sample company: definitions, models, reports; no logs, no tables."""
    root = tmp_path_factory.mktemp("committed") / "repository"
    shutil.copytree(built_sample.paths.root, root)
    shutil.copy(ROOT / ".gitignore", root / ".gitignore")
    shutil.rmtree(root / "reports")
    funnelkit(root, "report", "build")
    for folder in ("build", "seeds"):
        shutil.rmtree(root / folder)
    (root / "built").unlink()
    return root


@pytest.fixture
def without_data(committed: Path, tmp_path: Path) -> Runner:
    """A runner that has no raw logs; the reports were built elsewhere and are committed."""
    root = tmp_path / "repository"
    shutil.copytree(committed, root)
    return runner(root, tmp_path / "temp")


def said(there: Runner) -> str:
    return (there.temp / "comment.md").read_text("utf-8")


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert text.count(old) == 1, old
    file.write_text(text.replace(old, new), "utf-8")


def test_without_raw_data_the_committed_numbers_are_checked(without_data: Runner) -> None:
    there = without_data
    (there.root / "notes.md").write_text("nothing of the numbers\n")
    commit(there.root, "notes")
    steps = there.run("reports")
    assert [step.code for step in steps.values()] == [0] * 4, steps
    assert "not computed again" in there.summary
    assert "numbers themselves were not computed again" in steps[CHECK].said
    assert said(there).startswith(f"{MARKER}\n")
    assert len(said(there).strip().splitlines()) >= 2
    assert said(there) in there.summary
    assert steps[GATES].said == ""


CHECK = "Check that the reports are what they should be"
GATES = "Judge the gates, where the numbers were computed"


def test_an_edited_definition_without_new_reports_fails(without_data: Runner) -> None:
    there = without_data
    edit(there.root / "dbt_project" / "dbt_project.yml", "window: 14 days", "window: 7 days")
    commit(there.root, "window")
    steps = there.run("reports")
    assert steps[CHECK].code == 1
    assert "activation: the definition of activation is " in steps[CHECK].said
    assert steps["Say what moved"].code == 0
    assert MARKER in said(there)  # what moved is said all the same


def test_the_first_reports_have_nothing_to_be_compared_with(without_data: Runner) -> None:
    there = without_data
    git(there.root, "checkout", "-q", "--orphan", "empty")
    git(there.root, "rm", "-q", "-r", "--cached", "reports")
    git(there.root, "commit", "-q", "-m", "none")
    commit(there.root, "reports")
    assert there.run("reports")["Say what moved"].code == 0
    assert said(there) == f"{MARKER}\nThe first reports: there is nothing to compare them with.\n"


def test_what_the_base_moved_meanwhile_is_not_said(without_data: Runner) -> None:
    there = without_data
    steps = there.root / "reports" / "activation" / "data" / "activation-steps.csv"
    git(there.root, "checkout", "-q", "-b", "branch")
    (there.root / "notes.md").write_text("nothing of the numbers\n")
    commit(there.root, "notes")
    git(there.root, "checkout", "-q", "main")
    edit(steps, ",connected,2000,1360,", ",connected,2000,1361,")
    commit(there.root, "main moved on")
    git(there.root, "merge", "-q", "--no-ff", "-m", "the pull request merged", "branch")
    assert there.run("reports")["Say what moved"].code == 0
    assert said(there) == f"{MARKER}\nNothing moved.\n"


def test_where_nothing_can_be_said_no_comment_is_touched(without_data: Runner) -> None:
    there = without_data
    shutil.rmtree(there.root / "reports")
    commit(there.root, "no reports")
    steps = there.run("reports")
    assert steps["Say what moved"].code == 2, steps
    jobs = WORKFLOW["jobs"]
    (upload,) = (step for step in jobs["reports"]["steps"] if "upload" in str(step.get("uses")))
    assert upload["if"] == "${{ !cancelled() && steps.said.outcome == 'success' }}"
    assert jobs["reports"]["outputs"] == {"said": "${{ steps.said.outcome }}"}
    assert "needs.reports.outputs.said == 'success'" in jobs["comment"]["if"]
    assert [step["name"] for step in jobs["reports"]["steps"] if step.get("id") == "said"] == [
        "Say what moved"
    ]


def test_the_comment_is_written_once_and_then_edited(without_data: Runner) -> None:
    there = without_data
    folder = there.temp / "artifact"
    folder.mkdir()
    (folder / "comment.md").write_text(f"{MARKER}\nConversion fell.\n")
    comments = there.temp / "gh.comments"
    others = [
        {"id": 1, "user": {"login": "github-actions[bot]"}, "body": "another workflow's"},
        {"id": 2, "user": {"login": "someone"}, "body": f"{MARKER} quoted"},
    ]
    own = {"id": 42, "user": {"login": "github-actions[bot]"}, "body": f"{MARKER}\nold"}
    wrote = []
    for known in (others, [*others, own]):
        comments.write_text(json.dumps(known))
        (step,) = there.run("comment", folder).values()
        assert step.code == 0, step
        wrote.append((there.temp / "gh").read_text().splitlines()[-1])
        assert (there.temp / "gh.body").read_text() == f"{MARKER}\nConversion fell.\n"
    edited = "api --method PATCH repos/acme/reports/issues/comments/42 -F body=@comment.md"
    assert wrote == ["api repos/acme/reports/issues/7/comments -F body=@comment.md", edited]


@pytest.mark.parametrize("known", [(), (42,)])
def test_that_nothing_moved_starts_no_comment(known: tuple[int, ...], without_data: Runner) -> None:
    there = without_data
    (there.temp / "comment.md").write_text(f"{MARKER}\n{NOTHING_MOVED}")
    bot = {"login": "github-actions[bot]"}
    own = [{"id": each, "user": bot, "body": f"{MARKER}\nold"} for each in known]
    (there.temp / "gh.comments").write_text(json.dumps(own))
    (step,) = there.run("comment", there.temp).values()
    assert step.code == 0, step
    asked = (there.temp / "gh").read_text().splitlines()
    assert len(asked) == 1 + len(known)
    assert "comments/42" in asked[-1] or not known


@pytest.mark.long  # a load and a build
def test_with_raw_data_everything_is_computed_again(tmp_path: Path) -> None:
    from funnelkit.project.scaffold import sample_vars, write_project

    root = tmp_path / "repository"
    generate(root, users=300)
    write_project(root, "shop", sample_vars())
    load = [("events", "data/events.csv"), ("users", "data/users.csv")]
    for kind, file in [*load, ("feedback", "data/feedback.csv")]:
        funnelkit(root, "load", kind, file)
    funnelkit(root, "build")
    funnelkit(root, "report", "build")
    shutil.rmtree(root / "build")  # a runner starts without
    there = runner(root, tmp_path / "temp")
    assert not [name for name in git(root, "ls-files").splitlines() if name.startswith("data/")]
    assert "models/funnelkit_exposures.yml" in git(root, "ls-files").splitlines()
    edit(root / "dbt_project.yml", "title: Activation,", "title: Getting started,")
    gate = "activation: {fail_under: 20 %}"
    edit(root / "dbt_project.yml", gate, "activation: {fail_under: 99 %}")
    commit(root, "another title, a harder gate")
    steps = there.run("reports")
    codes = {name: step.code for name, step in steps.items()}
    assert codes.pop("Build, where the raw data is") == 0, steps
    assert codes == {"Say what moved": 0, CHECK: 1, GATES: 1}, steps
    assert "Getting started" in steps[CHECK].said
    line = (root / "dbt_project.yml").read_text().split(" 99 %")[0].count("\n") + 1
    assert f"::error file=dbt_project.yml,line={line},title=activation" in steps[GATES].said
    assert "::notice file=dbt_project.yml," in steps[GATES].said
    exposed(root)


def exposed(root: Path) -> None:
    """dbt's own documentation knows each report, and what it stands on."""
    funnelkit(root, "dbt", "docs", "generate")
    target = root / "build" / "dbt" / "target"
    manifest = json.loads((target / "manifest.json").read_text("utf-8"))
    assert (target / "catalog.json").is_file()
    declared = yaml.safe_load((root / "dbt_project.yml").read_text("utf-8"))
    slugs = declared["vars"]["funnelkit"]["reports"]
    assert set(manifest["exposures"]) == {f"exposure.shop.report_{slug}" for slug in slugs}
    for each in manifest["exposures"].values():
        assert each["depends_on"]["nodes"]
        assert set(each["depends_on"]["nodes"]) <= set(manifest["nodes"])


def test_a_pull_request_gets_no_more_than_it_needs() -> None:
    triggers = WORKFLOW[True]  # YAML 1.1 reads `on` so
    assert set(triggers) == {"pull_request"}
    assert WORKFLOW["permissions"] == {}
    jobs = WORKFLOW["jobs"]
    assert jobs["reports"]["permissions"] == {"contents": "read"}
    assert jobs["comment"]["permissions"] == {"pull-requests": "write"}
    own = "github.event.pull_request.head.repo.full_name == github.repository"
    assert own in jobs["comment"]["if"]
    assert "secrets" not in json.dumps(WORKFLOW)
    # What may write runs nothing that comes with the pull request.
    uses = [step["uses"] for job in jobs.values() for step in job["steps"] if "uses" in step]
    assert all(re.fullmatch(r"actions/[a-z-]+@v\d+", each) for each in uses)
    assert not any("checkout" in str(step.get("uses")) for step in jobs["comment"]["steps"])
    (checkout,) = (step for step in jobs["reports"]["steps"] if "checkout" in str(step.get("uses")))
    assert checkout["with"] == {"fetch-depth": 2, "persist-credentials": False}


def test_what_is_installed_is_what_the_repository_names() -> None:
    # A bare name would be whatever an index has of that name on the day.
    steps = WORKFLOW["jobs"]["reports"]["steps"]
    (install,) = (step["run"] for step in steps if step.get("name") == "Install")
    assert install == "python -m pip install -r requirements.txt"


def test_no_expression_stands_inside_a_shell_script() -> None:
    # A branch may be called `$(…)`: texts of a pull request reach a shell by its environment alone.
    for job in WORKFLOW["jobs"].values():
        for step in job["steps"]:
            assert "${{" not in step.get("run", ""), step["name"]


def test_the_hook_runs_and_is_asked_for_what_reports_come_from(without_data: Runner) -> None:
    (hook,) = HOOKS
    assert {"id", "name", "entry", "language"} <= set(hook)
    assert (hook["language"], hook["pass_filenames"]) == ("python", False)
    asked = ["reports/activation/report.md", "dbt_project.yml", "dbt_project/dbt_project.yml"]
    for name in (*asked, "macros/a.sql", "seeds/a.csv", "packages.yml", "package-lock.yml"):
        assert re.search(hook["files"], name), name
        assert re.search(hook["files"], f"analytics/{name}"), name
    for name in ("README.md", "docs/reports.md", "docs/seeds.md", "src/dbt_project.yml.bak"):
        assert not re.search(hook["files"], name), name
    step = {"run": hook["entry"]}
    assert without_data._shell(step, {}, without_data.root).code == 0
    (without_data.root / "reports" / "activation" / "report.md").write_text("by hand\n")
    assert without_data._shell(step, {}, without_data.root).code == 1


def test_the_document_shows_what_there_is() -> None:
    text = (ROOT / "docs" / "pull-requests.md").read_text("utf-8")
    for link in re.findall(r"\]\((?!http)([^)#]+)\)", text):
        assert (ROOT / "docs" / link).exists(), link
    assert HOOKS[0]["id"] in text
