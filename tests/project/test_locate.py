from pathlib import Path

import pytest

from funnelkit.errors import FunnelkitError
from funnelkit.project.locate import find


def project(folder: Path, text: str = "name: shop\n") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "dbt_project.yml").write_text(text, encoding="utf-8")
    return folder


def test_a_project_is_a_folder_with_its_file(tmp_path):
    root = project(tmp_path / "shop")
    paths = find(root)
    assert paths.root == paths.dbt_dir == root
    assert paths.name == "shop"
    assert paths.project_file == root / "dbt_project.yml"
    assert paths.warehouse == root / "build" / "warehouse.duckdb"
    assert paths.run_dir == root / "build" / "dbt"
    assert paths.reports == root / "reports"


def test_found_from_any_folder_or_file_inside(tmp_path, monkeypatch):
    root = project(tmp_path / "shop")
    (root / "models" / "deep").mkdir(parents=True)
    for place in (root / "models" / "deep", root / "dbt_project.yml"):
        assert find(place).root == root
    monkeypatch.chdir(root / "models")
    assert find().root == find("..").root == root


def test_a_nested_dbt_project_belongs_to_the_folder_above(tmp_path):
    nested = project(tmp_path / "repo" / "dbt_project")
    (tmp_path / "repo" / "docs").mkdir()
    for place in (tmp_path / "repo", nested, tmp_path / "repo" / "docs"):
        paths = find(place)
        assert (paths.root, paths.dbt_dir) == (tmp_path / "repo", nested)


def test_the_nearest_project_wins(tmp_path):
    project(tmp_path, "name: outer\n")
    inner = project(tmp_path / "inner", "name: inner\n")
    project(inner / "dbt_project", "name: nested\n")
    assert find(inner).name == "inner"
    assert find(tmp_path).name == "outer"


def test_no_project_says_what_was_looked_for(tmp_path):
    with pytest.raises(FunnelkitError) as caught:
        find(tmp_path)
    assert caught.value.message == (
        f"no project in {tmp_path} or above it: "
        "looked for dbt_project.yml and dbt_project/dbt_project.yml"
    )
    assert caught.value.hint == (
        "`funnelkit init DIR --events LOG` starts one, `funnelkit sample DIR` a made-up one"
    )


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(FunnelkitError, match=r"^no such folder: .*nowhere$"):
        find(tmp_path / "nowhere")


@pytest.mark.parametrize("text", ["version: '1.0'\n", "name: 3\n", "name: ''\n", "- a\n", ""])
def test_a_project_without_a_name_is_told(tmp_path, text):
    with pytest.raises(FunnelkitError, match=r"^dbt_project\.yml: name: missing"):
        find(project(tmp_path, text))


def test_a_project_that_is_no_yaml_is_told(tmp_path):
    with pytest.raises(FunnelkitError, match=r"^dbt_project\.yml:2: not valid YAML"):
        find(project(tmp_path, "name: shop\nb: c: d\n"))
