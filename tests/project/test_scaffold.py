import os
from pathlib import Path

import pytest
import yaml

from funnelkit import paths
from funnelkit.errors import FunnelkitError
from funnelkit.project.locate import find
from funnelkit.project.read import read
from funnelkit.project.scaffold import sample_vars, vars_block, write_project

VARS = """\
      # what we count
      timezone: Europe/Berlin   # buckets only
      funnels:
        f:
          steps: [a, b]  # {braces} stay
"""


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_a_written_project_is_found_and_read(tmp_path):
    target = tmp_path / "new" / "shop"
    written = write_project(target, "shop", VARS)
    assert files(target) == {path.relative_to(target).as_posix() for path in written}
    assert files(target) == {
        *("dbt_project.yml", "packages.yml", ".gitignore", ".gitattributes", "models/.gitkeep"),
    }
    found = find(target)
    assert found.name == "shop"
    assert read(found.project_file).definitions.funnels["f"].steps[1].name == "b"


def test_the_dbt_project_is_one_that_dbt_accepts(tmp_path):
    write_project(tmp_path, "shop", VARS)
    text = (tmp_path / "dbt_project.yml").read_text(encoding="utf-8")
    value = yaml.safe_load(text)
    assert value["version"] == "1.0"  # dbt refuses '1'
    assert (value["name"], value["profile"], value["config-version"]) == ("shop", "funnelkit", 2)
    assert value["flags"] == {"send_anonymous_usage_stats": False}
    assert value["model-paths"] == ["models"]
    assert "    timezone: Europe/Berlin   # buckets only\n" in text
    assert "      f:\n        steps: [a, b]  # {braces} stay\n" in text
    packages = yaml.safe_load((tmp_path / "packages.yml").read_text(encoding="utf-8"))
    assert packages == {"packages": [{"local": "{{ env_var('FUNNELKIT_DBT') }}"}]}


def test_private_and_built_files_stay_out_of_git(tmp_path):
    write_project(tmp_path, "shop", VARS)
    ignored = (tmp_path / ".gitignore").read_text(encoding="utf-8").splitlines()
    # A report has a data/ of its own, which is committed.
    assert {"/build/", "target/", "logs/", "dbt_packages/", "/data/", "/private/"} <= set(ignored)
    attributes = (tmp_path / ".gitattributes").read_text(encoding="utf-8").splitlines()
    assert attributes == [
        "reports/** linguist-documentation text eol=lf",
        "reports/**/*.html -linguist-generated diff=html",
    ]


def test_files_beside_are_left_alone(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "events.csv").write_text("x", encoding="utf-8")
    write_project(tmp_path, "shop", VARS)
    assert (tmp_path / "data" / "events.csv").read_text(encoding="utf-8") == "x"


@pytest.mark.parametrize("taken", ["dbt_project.yml", ".gitignore", "models/.gitkeep"])
def test_nothing_is_overwritten(tmp_path, taken):
    file = tmp_path / taken
    file.parent.mkdir(exist_ok=True)
    file.write_text("mine", encoding="utf-8")
    with pytest.raises(FunnelkitError) as caught:
        write_project(tmp_path, "shop", VARS)
    assert caught.value.message == f"{tmp_path}: already has {taken}"
    assert files(tmp_path) == {taken}
    assert file.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("obstacle", ["models", ".packages.yml.part"])
def test_a_failure_half_way_leaves_nothing(tmp_path, obstacle):
    target = tmp_path / "shop"
    target.mkdir()
    if obstacle == "models":
        (target / obstacle).write_text("a file where a folder is needed", encoding="utf-8")
    else:
        (target / obstacle).mkdir()
    before = sorted(os.listdir(target))  # noqa: PTH208
    with pytest.raises(FunnelkitError, match="cannot be written") as caught:
        write_project(target, "shop", VARS)
    assert caught.value.hint == "nothing was written"
    assert sorted(os.listdir(target)) == before  # noqa: PTH208


def test_a_folder_that_cannot_be_is_told(tmp_path):
    with pytest.raises(FunnelkitError, match="cannot be written: File name too long"):
        write_project(tmp_path / "a" / ("b" * 300), "shop", VARS)
    assert files(tmp_path) == set()


@pytest.mark.parametrize("name", ["", "my shop", "3d", "a-b", "funnelkit", "dbt", "shop\n"])
def test_a_name_that_dbt_cannot_use_is_refused(tmp_path, name):
    with pytest.raises(FunnelkitError, match="project name"):
        write_project(tmp_path / "new", name, VARS)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("block", ["", "a: b: c", "- a", "a: 2026-13-01"])
def test_definitions_that_are_no_mapping_are_refused(tmp_path, block):
    with pytest.raises(FunnelkitError, match="definitions"):
        write_project(tmp_path / "new", "shop", block)
    assert not (tmp_path / "new").exists()


def test_the_samples_definitions_make_the_same_project(tmp_path):
    write_project(tmp_path, "sample", sample_vars())
    assert read(tmp_path).raw == read(paths.root("dbt")).raw


def test_a_block_is_taken_word_for_word():
    text = (
        "vars:\n  other: 1\n  funnelkit:   # ours\n\n    # first\n    a: 1  # one\n\n    b:\n"
        "      - 2\n\n  more: 3\nflags: {}\n"
    )
    assert vars_block(text) == "# first\na: 1  # one\n\nb:\n  - 2\n"


@pytest.mark.parametrize("text", ["", "vars: {}\n", "vars:\n  funnelkit: {a: 1}\n", "- a\n"])
def test_a_missing_block_is_told(text):
    with pytest.raises(FunnelkitError, match="no block under vars: funnelkit:"):
        vars_block(text)
