"""Ctrl-C and a second build, with real processes: the last good tables are always there."""

import signal
import time
from pathlib import Path

import pytest

from tests.dbt import project

OLD, NEW = (project.ROWS, 1, 1), (project.ROWS, 2, 2)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("chain")
    project.write(folder, project.chain(4, slow=True))
    first = project.run(folder, "build", ROUND="1")
    assert (first.returncode, first.stdout) == (0, ""), first.stderr
    assert project.rounds(folder) == dict.fromkeys(("m1", "m2", "m3", "m4"), OLD)
    return folder


def test_ctrl_c_and_a_second_build(built: Path) -> None:
    """One build interrupted before anything ran, one in its first table, one in its third."""
    early = project.start(built, "build", ROUND="2")
    time.sleep(0.6)
    _interrupt(early)
    assert project.rounds(built) == dict.fromkeys(("m1", "m2", "m3", "m4"), OLD)

    first = _start_until(built, "START sql table model main.m1")
    _interrupt(first)
    assert project.rounds(built) == dict.fromkeys(("m1", "m2", "m3", "m4"), OLD)

    since = project.log_size(built)
    third = _start_until(built, "START sql table model main.m1")
    second = project.run(built, "build", ROUND="3")
    assert second.returncode == 2
    assert second.stdout == ""
    message, hint = second.stderr.splitlines()
    assert message.startswith("error: warehouse.duckdb is in use by python")
    assert message.endswith(f"(PID {third.pid})")
    assert hint.startswith("  hint: wait")
    assert f"(PID {third.pid})" in project.run(built, "doctor").stdout
    project.wait_for(built, "START sql table model main.m3", since)
    time.sleep(0.2)
    _interrupt(third)
    assert project.rounds(built) == {"m1": NEW, "m2": NEW, "m3": OLD, "m4": OLD}
    assert "warn  build" in (seen := project.run(built, "doctor").stdout)
    assert "the last build did not finish" in seen


def test_ctrl_c_just_before_a_long_query_stops_that_query_too(tmp_path: Path) -> None:
    """dbt interrupts what runs at that moment, not the query that its worker was about to start:
    here one that takes days."""
    project.write(tmp_path, {"models/m1.sql": f"select 2 as round, {project.ENDLESS} as waited"})
    process = project.start(tmp_path, "build")
    project.wait_for(tmp_path, "START sql table model main.m1")
    _interrupt(process)
    assert project.rounds(tmp_path) == {}


@pytest.mark.long
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_stopped_at_any_moment_every_table_is_whole(tmp_path: Path, sent: signal.Signals) -> None:
    """Every table is of one build, none is missing, and the next build goes through."""
    project.write(tmp_path, project.chain(12, slow=False))
    names = sorted(f"m{number}" for number in range(1, 13))
    assert project.run(tmp_path, "build", ROUND="1").returncode == 0
    stopped = 0
    for moment in range(12):
        since = project.log_size(tmp_path)
        process = project.start(tmp_path, "build", ROUND=str(moment + 2))
        project.wait_for(tmp_path, "START sql table model main.m1", since)
        time.sleep(0.06 * moment)
        process.send_signal(sent)
        process.communicate(timeout=120)
        stopped += process.returncode != 0
        found = project.rounds(tmp_path)
        tables = {name: found[name] for name in names}  # a killed process may leave a copy behind
        for rows, lowest, highest in tables.values():
            assert rows == project.ROWS
            assert lowest == highest
    assert stopped > 6
    assert project.run(tmp_path, "build", ROUND="99").returncode == 0
    assert project.rounds(tmp_path) == dict.fromkeys(names, (project.ROWS, 99, 99))


def _start_until(folder: Path, text: str):
    since = project.log_size(folder)
    process = project.start(folder, "build", ROUND="2")
    project.wait_for(folder, text, since)
    time.sleep(0.2)
    return process


def _interrupt(process) -> None:
    process.send_signal(signal.SIGINT)
    try:
        out, err = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 130, err
    assert out == ""
    assert err == "interrupted\n"
