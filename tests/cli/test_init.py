"""`funnelkit init`: what it recognises, shows and writes; and that a project made so loads."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from funnelkit.project.read import read
from tests.cli.run import on_terminal, run

EXPORTS = Path(__file__).resolve().parents[1] / "warehouse" / "presets"


def _log(folder: Path, rows: list[dict[str, Any]], name: str = "log.jsonl") -> Path:
    path = folder / name
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


def _written(folder: Path) -> Any:
    text = (folder / "dbt_project.yml").read_text(encoding="utf-8")
    return yaml.safe_load(text)["vars"]["funnelkit"]


def test_without_a_log_the_project_says_what_to_write_next(tmp_path: Path) -> None:
    done = run("init", "my shop-2", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert [line.strip() for line in done.stderr.splitlines()] == [
        "wrote my shop-2: read its dbt_project.yml, and correct it",
        "next: cd 'my shop-2'",
        "funnelkit load events FILE...",
        "funnelkit build",
    ]
    project = tmp_path / "my shop-2"
    assert yaml.safe_load((project / "dbt_project.yml").read_text())["name"] == "my_shop_2"
    assert _written(project)["timezone"] == "UTC"
    read(project / "dbt_project.yml")


@pytest.mark.parametrize(
    "vendor", ["segment", "rudderstack", "amplitude", "mixpanel", "posthog", "ga4"]
)
def test_an_export_is_recognised_and_the_printed_commands_load_it(
    tmp_path: Path, vendor: str
) -> None:
    log = tmp_path / "log.jsonl"
    log.write_bytes((EXPORTS / f"{vendor}.jsonl").read_bytes())
    done = run("init", "acme", "--events", "log.jsonl", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    preset = vendor.replace("rudderstack", "segment")
    commands = [line.strip() for line in done.stderr.splitlines()[-3:]]
    assert commands == [
        "next: cd acme", f"funnelkit load events ../log.jsonl --preset {preset}", "funnelkit build",
    ]  # fmt: skip
    read(tmp_path / "acme" / "dbt_project.yml")
    loaded = run(*commands[1].split()[1:], cwd=tmp_path / "acme")
    assert loaded.returncode == 0, loaded.stderr
    rows = len(log.read_text().splitlines())
    assert f"../log.jsonl: {rows} rows" in loaded.stderr


def test_columns_of_a_plain_log_are_guessed_with_the_reason(tmp_path: Path) -> None:
    # Four users, three names; `when` and `kind` are named like nothing, `customer` is.
    lines = ["when,kind,customer,paid,plan,amount,zip,born"]
    for n in range(12):
        lines.append(
            f"2026-03-{n + 1:02} 10:00,{['open', 'buy', 'pay'][n % 3]},c{n % 4},{n % 2 == 0},"
            f"p{n},{n}.50,0{n},2000-01-0{n % 9 + 1}"
        )
    (tmp_path / "log.csv").write_text("\n".join(lines))
    done = run("init", "shop", "--events", "log.csv", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    told = [line.strip() for line in done.stderr.splitlines()[:4]]
    assert told == [
        "log.csv: a log of no known vendor; its columns:",
        "occurred_at = when  (a guess: 12 of 12 values are times)",
        "event_name  = kind  (a guess: 3 names in 12 rows)",
        "user_id     = customer  (4 different in 12 values)",
    ]
    assert (
        "funnelkit load events ../log.csv --map occurred_at=when --map event_name=kind"
        " --map user_id=customer" in done.stderr
    )
    assert _written(tmp_path / "shop")["event_properties"] == {
        "paid": "boolean", "plan": "varchar", "amount": "double", "zip": "varchar", "born": "date",
    }  # fmt: skip
    loaded = run(*done.stderr.splitlines()[-2].split()[1:], cwd=tmp_path / "shop")
    assert loaded.returncode == 0, loaded.stderr


def test_map_and_time_format_decide_over_the_guess(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(
        "time,at,event,user\n2026-03-01,01.04.2026 08:00,a,1\n2026-03-01,02.04.2026 08:00,b,1\n"
    )
    done = run(
        "init", "shop", "--events", "log.csv", "--map", "occurred_at=at",
        "--time-format", "%d.%m.%Y %H:%M", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "2026-04-01 08:00:00Z" in done.stdout
    assert "--map occurred_at=at" in done.stderr
    assert "--time-format '%d.%m.%Y %H:%M'" in done.stderr


def test_the_tables_show_each_event_and_count_rows_and_users(tmp_path: Path) -> None:
    rows = [
        {"event": "open", "user_id": f"u{n % 2}", "timestamp": f"2026-03-01T10:00:{n:02}Z"}
        for n in range(8)
    ]
    rows.append({"event": "buy", "user_id": "u1", "timestamp": "2026-03-01T11:00:00Z"})
    _log(tmp_path, rows)
    done = run("init", "shop", "--events", "log.jsonl", cwd=tmp_path)
    # Five rows, and one of them is the only `buy`, last in the file.
    assert "As they will be loaded, 5 of 9 rows:" in done.stdout
    shown = [line.split()[0] for line in done.stdout.splitlines()[3:8]]
    assert shown == ["open", "open", "open", "open", "buy"]
    counts = [line.split() for line in done.stdout.splitlines()]
    assert ["open", "8", "2"] in counts
    assert ["buy", "1", "1"] in counts


def test_the_first_funnel_is_a_comment_that_is_valid_when_uncommented(tmp_path: Path) -> None:
    # Ten users open, five of them sign up, two of those say `on`, which YAML would read as true.
    rows = [
        {"event": event, "user_id": f"u{n}", "timestamp": f"2026-03-01T1{hour}:00:00Z"}
        for hour, (event, many) in enumerate((("App Opened", 10), ("signed_up", 5), ("on", 2)))
        for n in range(many)
    ]
    _log(tmp_path, rows)
    assert run("init", "shop", "--events", "log.jsonl", cwd=tmp_path).returncode == 0
    file = tmp_path / "shop" / "dbt_project.yml"
    text = file.read_text()
    assert "funnels" not in _written(tmp_path / "shop")
    at = text.index("    # funnels:")
    file.write_text(text[:at] + text[at:].replace("    # ", "    "))
    assert _written(tmp_path / "shop")["funnels"] == {
        "first": {
            "steps": [
                {"name": "app_opened", "event": "App Opened"},
                "signed_up",
                {"name": "step_on", "event": "on"},
            ],
            "window": "14 days",
        }
    }
    assert [step.name for step in read(file).definitions.funnels["first"].steps] == [
        "app_opened", "signed_up", "step_on",
    ]  # fmt: skip


NASTY = [
    "x\nfunnels: {evil: 1}", "x\u2028funnels: {evil: 1}", "x\x85evil: 1", "'; drop table t; --",
    "{{ env_var('HOME') }}", "\u202eright to left", '"quoted" # no comment', "x\x00y",
    "a" * 100_000,
]  # fmt: skip


def test_names_in_the_log_are_data_in_the_project(tmp_path: Path) -> None:
    rows = [
        {"event": name, "user_id": name, "timestamp": "2026-03-01T10:00:00Z", name[:500]: name}
        for name in NASTY
    ]
    _log(tmp_path, rows, "lo'g\n{{ x }}.jsonl")
    done = run("init", "shop", "--events", "lo'g\n{{ x }}.jsonl", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    written = _written(tmp_path / "shop")
    assert set(written) == {"timezone", "event_properties", "user_properties"}
    assert written["event_properties"] == {}
    text = (tmp_path / "shop" / "dbt_project.yml").read_text(encoding="utf-8")
    assert len(text) < 5_000
    assert all(char.isprintable() or char == "\n" for char in text)


def test_output_fits_80_columns(tmp_path: Path) -> None:
    rows = [
        {
            "event": f"A rather long name of an event, number {n}",
            "user_id": f"0190c1f0-7e0a-7c3f-9d7b-1f2e3d4c5b{n:02}",
            "anonymous_id": f"0290c1f0-7e0a-7c3f-9d7b-1f2e3d4c5b{n:02}",
            "timestamp": "2026-03-01T10:00:00.123456Z",
            **{f"property_number_{k}": "x" for k in range(12)},
        }
        for n in range(20)
    ]
    _log(tmp_path, rows)
    out = on_terminal("init", "shop", "--events", "log.jsonl", "--color", "never", cwd=tmp_path)
    assert max(len(line) for line in out.splitlines()) <= 80
    assert "and 5 more" in out


@pytest.mark.parametrize(
    ("text", "options", "message", "hint"),
    [
        ("a,b\n1,2\n", (), "no column looks like when it happened; it has: a, b", "occurred_at"),
        ("t,b\n2026-03-01,2\n2026-03-01,3\n", (), "looks like what happened", "event_name"),
        ("t,event\n2026-03-01,a\n", (), "looks like who did it", "user_id"),
        ("a,b\n1,2\n", ("--preset", "ga4"), "is no GA4 export: it has no column event_name", "map"),
        ("a,b\n1,2\n", ("--preset", "gah4"), "no preset is called 'gah4'", "did you mean 'ga4'?"),
        ("a,b\n1,2\n", ("--map", "usr=a"), "events have no column 'usr'", "user_id"),
        ("", (), "log.csv is empty", ""),
    ],
)
def test_a_log_that_is_none_writes_nothing(
    tmp_path: Path, text: str, options: tuple[str, ...], message: str, hint: str
) -> None:
    (tmp_path / "log.csv").write_text(text)
    done = run("init", "shop", "--events", "log.csv", *options, cwd=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
    assert hint in done.stderr
    assert not (tmp_path / "shop").exists()


def test_a_project_is_never_written_over(tmp_path: Path) -> None:
    assert run("init", "shop", cwd=tmp_path).returncode == 0
    before = (tmp_path / "shop" / "dbt_project.yml").read_text()
    done = run("init", "shop", "--events", "absent.csv", cwd=tmp_path)
    assert done.returncode == 2
    assert "shop: already has" in done.stderr
    assert (tmp_path / "shop" / "dbt_project.yml").read_text() == before
