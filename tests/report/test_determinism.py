"""The same data gives the same bytes: wherever, whenever and by whatever Python it is rendered."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

from funnelkit.report.build import read, render
from funnelkit.report.model import ReportData

ROOT = Path(__file__).resolve().parents[2]
REPORTS = ROOT / "reports"
SLUGS = sorted(page.parent.name for page in REPORTS.glob("*/report.html"))
THIS = sys.version_info[:2]
UNREACHABLE = ("Could not find a version", "No matching distribution", "ConnectionError")

# Prints the digest of every file, rendered from the numbers that are committed.
FROM_FILES = """
import hashlib, json, pathlib, sys
from funnelkit.report.build import read, render
from funnelkit.report.model import ReportData
found = {}
for folder in map(pathlib.Path, sys.argv[1:]):
    files = render(ReportData.from_files(read(folder), folder.name))
    found |= {f"{folder.name}/{n}": hashlib.sha256(c).hexdigest() for n, c in files.items()}
print(json.dumps(found))
"""
# The same from a warehouse, its queries on so many threads.
FROM_WAREHOUSE = """
import hashlib, json, sys
import funnelkit as fk
from funnelkit.report.build import render
from funnelkit.warehouse import connect
connect._SETTINGS += (f"set threads = {sys.argv[2]}",)
found = {}
for slug, data in fk.open(sys.argv[1])._reports.data().items():
    found |= {f"{slug}/{n}": hashlib.sha256(c).hexdigest() for n, c in render(data).items()}
print(json.dumps(found))
"""
NO_FONTS = '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig/>'


def digests(python: str | Path, script: str, *args: str | Path, env: Mapping[str, str]):
    """What the script prints in a process that has of this one's surroundings the PATH alone."""
    done = subprocess.run(
        [str(python), "-c", script, *map(str, args)],
        env={"PATH": os.environ["PATH"], **env}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def here():
    """The digest of every file of the committed reports, rendered from their numbers here."""
    return {
        f"{slug}/{name}": hashlib.sha256(content).hexdigest()
        for slug in SLUGS
        for name, content in render(ReportData.from_files(read(REPORTS / slug), slug)).items()
    }


@pytest.mark.parametrize("slug", SLUGS)
def test_committed_reports_are_what_their_numbers_say(slug):
    files = read(REPORTS / slug)
    again = render(ReportData.from_files(files, slug))
    assert sorted(again) == sorted(files)
    assert [name for name in files if again[name] != files[name]] == []


@pytest.mark.parametrize(
    "machine",
    [
        {"TZ": "Pacific/Kiritimati", "LANG": "tr_TR.UTF-8", "LC_ALL": "de_DE.UTF-8",
         "PYTHONHASHSEED": "77", "POLARS_MAX_THREADS": "1", "RAYON_NUM_THREADS": "1"},
        {"TZ": "America/St_Johns", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0",
         "PYTHONHASHSEED": "0", "POLARS_MAX_THREADS": "4", "RAYON_NUM_THREADS": "4"},
    ],
    ids=["one thread", "four threads"],
)  # fmt: skip
def test_zone_locale_hash_seed_threads_and_fonts_change_no_byte(here, machine, tmp_path):
    (tmp_path / "fonts.conf").write_text(NO_FONTS)
    home = {"HOME": str(tmp_path / "nobody"), "FONTCONFIG_FILE": str(tmp_path / "fonts.conf")}
    env = {"PYTHONPATH": str(ROOT), **home, **machine}
    found = digests(sys.executable, FROM_FILES, *(REPORTS / slug for slug in SLUGS), env=env)
    assert found == here


def test_numbers_do_not_depend_on_the_threads_of_the_queries(built_sample, tmp_path):
    root = built_sample.paths.root
    one, four = (
        digests(
            sys.executable, FROM_WAREHOUSE, root, threads,
            env={"PYTHONPATH": str(ROOT), "HOME": str(tmp_path), "POLARS_MAX_THREADS": threads},
        )
        for threads in ("1", "4")
    )  # fmt: skip
    assert len(one) > 20
    assert one == four


def newest_python() -> str | None:
    """The newest Python beside this one that runs: of the PATH, or of pyenv where that is used."""
    names = [f"python3.{minor}" for minor in range(12, 17)]
    if shutil.which("pyenv"):
        root = printed("pyenv", "root")
        kept = re.findall(r"(?m)^3\.\d+\.\d+$", printed("pyenv", "versions", "--bare"))
        names += [f"{root}/versions/{version}/bin/python" for version in kept]
    known = {name: printed(name, "--version") for name in names if shutil.which(name)}
    versions = {name: tuple(map(int, re.findall(r"\d+", text))) for name, text in known.items()}
    others = [(v, name) for name, v in versions.items() if v >= (3, 12) and v[:2] != THIS]
    return max(others)[1] if others else None


def printed(*command: str) -> str:
    """What it prints, nothing where it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


@pytest.mark.long
def test_another_python_writes_the_same_bytes(here, tmp_path):
    """Of the same locked versions, installed anew."""
    name = newest_python()
    if name is None:
        pytest.skip("no other Python of 3.12 or newer is here")
    home = tmp_path / "venv"
    subprocess.run([name, "-m", "venv", str(home)], check=True)
    python = home / "bin" / "python"
    lock = (ROOT / "requirements.lock").read_text()
    pins = re.findall(r"^([^\s=]+==[^\s\\]+)( ; [^\\]+)?", lock, re.MULTILINE)
    (tmp_path / "pins.txt").write_text("".join(f"{pin}{marker}\n" for pin, marker in pins))
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    done = subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "-c", tmp_path / "pins.txt", *needed],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode and any(sign in done.stderr for sign in UNREACHABLE):
        pytest.skip(f"no package registry within reach: {done.stderr.splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
    env = {"PYTHONPATH": str(ROOT), "HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    again = digests(python, FROM_FILES, *(REPORTS / slug for slug in SLUGS), env=env)
    assert again == here
