"""What holds for every file of the repository."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def tracked() -> list[Path]:
    try:
        out = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    return [ROOT / name for name in out.split("\0") if name and (ROOT / name).is_file()]


def test_the_lock_pins_every_package_with_a_hash_and_names_no_address():
    lock = (ROOT / "requirements.lock").read_text()
    assert not re.search(r"http|index|find-links|file:", lock)
    pins = [line for line in lock.splitlines() if line and not line.startswith((" ", "#"))]
    assert len(pins) > 50
    assert all("==" in pin for pin in pins)
    assert lock.count("--hash=sha256:") >= len(pins)


def test_the_lock_has_every_declared_dependency():
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    lock = (ROOT / "requirements.lock").read_text().casefold()
    for requirement in declared:
        name = re.split(r"[<>=\[; ]", requirement)[0].casefold()
        assert re.search(rf"^{re.escape(name)}==", lock, re.MULTILINE), name


def test_the_lock_of_spark_has_what_the_other_lacks():
    others = set((ROOT / "requirements.lock").read_text().splitlines())
    own = (ROOT / "requirements-spark.lock").read_text().splitlines()
    assert not others & set(own)
    pins = {line.split("==")[0] for line in own if not line.startswith(" ")}
    assert pins >= {"dbt-spark", "pyspark", "py4j"}


def test_no_file_names_a_path_of_a_machine():
    for path in tracked():
        if path.suffix in (".png", ".parquet"):
            continue
        text = path.read_text("utf-8", errors="replace")
        found = re.search(r"/(?:root|(?:home|Users)/\w+)/|/tmp/(?!\w*\$)\w+/", text)
        assert found is None or path == Path(__file__), f"{path}: {found and found[0]}"


def test_every_make_target_says_what_it_does():
    text = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    assert phony is not None
    for target in phony[1].split():
        assert re.search(rf"^{target}:.*## \S", text, re.MULTILINE), target


def test_files_end_in_a_line_end_and_are_not_huge():
    for path in tracked():
        data = path.read_bytes()
        assert len(data) < 6_000_000, path
        if path.suffix in (".py", ".sql", ".md", ".yml", ".toml", ".csv", ".svg", ".html") and data:
            assert data.endswith(b"\n"), path
            assert b"\r\n" not in data, path
