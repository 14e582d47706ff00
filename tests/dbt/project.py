"""A small dbt project that the tests of running dbt write: real dbt, no package of ours in it."""

import os
import subprocess
import sys
import time
from pathlib import Path

import duckdb

ROWS = 1000
# About a second of one core: long enough to be interrupted in.
SLOW = "(select count(*) from range(20000) a, range(20000) b where (a.range * b.range) % 7 = 9)"
ENDLESS = SLOW.replace("20000", "20000000")
DBT_PROJECT = """\
name: shop
version: '1.0'
config-version: 2
profile: funnelkit
flags: {send_anonymous_usage_stats: false}
models: {+materialized: table}
vars:
  funnelkit:
    funnels:
      buy: {steps: [visit, order], window: 14 days}
"""


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in {"dbt_project.yml": DBT_PROJECT, **files}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def chain(length: int, slow: bool) -> dict[str, str]:
    """Models m1 <- m2 <- …: each holds ROWS rows of one round, and is slow when asked."""
    models = {}
    for number in range(1, length + 1):
        before = f"{{{{ ref('m{number - 1}') }}}}" if number > 1 else f"range({ROWS})"
        key = "i" if number > 1 else "range as i"
        wait = f"{{{{ '{SLOW}' if env_var('ROUND') != '1' else '0' }}}}" if slow else "0"
        models[f"models/m{number}.sql"] = (
            f"select {key}, {{{{ env_var('ROUND') }}}} as round, {wait} as waited from {before}"
        )
    return models


def start(folder: Path, *args: str, **env: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", "from funnelkit.cli import main; main()", *args]
    return subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, **env},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def run(folder: Path, *args: str, **env: str) -> "subprocess.CompletedProcess[str]":
    process = start(folder, *args, **env)
    out, err = process.communicate(timeout=300)
    return subprocess.CompletedProcess(args, process.returncode, out, err)


def wait_for(folder: Path, text: str, since: int = 0) -> None:
    """Until dbt's log says it, behind its first `since` characters."""
    log = folder / "build" / "dbt" / "logs" / "dbt.log"
    end = time.monotonic() + 120
    while not (log.exists() and text in log.read_text(encoding="utf-8")[since:]):
        assert time.monotonic() < end, f"dbt never logged {text!r}"
        time.sleep(0.001)


def log_size(folder: Path) -> int:
    return len((folder / "build" / "dbt" / "logs" / "dbt.log").read_text(encoding="utf-8"))


def rounds(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Of every table: rows, lowest and highest round."""
    file = folder / "build" / "warehouse.duckdb"
    with duckdb.connect(str(file), read_only=True) as con:
        names = con.execute(
            "select table_name from information_schema.tables"
            " where table_schema = 'main' order by 1"
        ).fetchall()
        return {
            name: con.execute(f"select count(*), min(round), max(round) from {name}").fetchall()[0]
            for (name,) in names
        }
