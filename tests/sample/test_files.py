"""The sample's files: the same bytes for a seed, in bounded memory, never over somebody's own."""

import csv
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from funnelkit.errors import FunnelkitError
from funnelkit.paths import root
from funnelkit.sample import generate, write_seeds
from funnelkit.sample.blocks import simulate
from tests.sample.reader import Company

SEEDS = ("raw_events.csv", "raw_users.csv", "raw_feedback.csv", "truth.yml")


def test_the_committed_seeds_are_what_the_generator_writes(tmp_path: Path) -> None:
    write_seeds(tmp_path / "seeds")
    committed = root("seeds")
    for name in SEEDS:
        assert (committed / name).read_bytes() == (tmp_path / "seeds" / name).read_bytes(), name
    assert sum((committed / name).stat().st_size for name in SEEDS) < 6_000_000


def test_seeds_are_well_formed_and_in_arrival_order(company: Company) -> None:
    expected = {
        "raw_events.csv": "event_id,user_id,anonymous_id,account_id,event_name,occurred_at,"
        "received_at,properties",
        "raw_users.csv": "user_id,account_id,updated_at,properties",
        "raw_feedback.csv": "response_id,user_id,source,submitted_at,question,kind,feature,score,"
        "text,language",
    }
    for name, header in expected.items():
        text = (root("seeds") / name).read_bytes().decode()
        assert "\r" not in text
        assert text.endswith("\n")
        lines = list(csv.reader(text.splitlines()))
        assert lines[0] == header.split(",")
        assert {len(line) for line in lines} == {len(lines[0])}
    # As instants: a text with decimals sorts before the same second without.
    for rows, column in (
        (company.rows, "received_at"),
        (company.users, "updated_at"),
        (company.feedback, "submitted_at"),
    ):
        times = [datetime.fromisoformat(row[column]) for row in rows]
        assert times == sorted(times)
    assert len({row["response_id"] for row in company.feedback}) == len(company.feedback)


def sorted_events(folder: Path) -> list[tuple[str, ...]]:
    tables = [
        pq.read_table(path) if path.suffix == ".parquet" else csv_table(path)
        for path in sorted((folder / "data").glob("events*"))
    ]
    rows = [tuple(row.values()) for table in tables for row in table.to_pylist()]
    return sorted(rows, key=lambda row: tuple(value or "" for value in row))


def csv_table(path: Path) -> Any:
    names = path.open().readline().strip().split(",")
    options = pyarrow.csv.ConvertOptions(
        column_types=dict.fromkeys(names, "string"),
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
        null_values=[""],
    )
    return pyarrow.csv.read_csv(path, convert_options=options)


def test_rows_do_not_depend_on_part_size_or_format(tmp_path: Path) -> None:
    whole = generate(tmp_path / "whole", users=3_500)
    parts = generate(tmp_path / "parts", users=3_500, part_users=1_000, format="parquet")
    assert [name for name in whole.files if "events" in name] == ["data/events.csv"]
    assert [name for name in parts.files if "events" in name] == [
        f"data/events-000{number}.parquet" for number in (1, 2, 3, 4)
    ]
    assert sorted_events(tmp_path / "whole") == sorted_events(tmp_path / "parts")
    for log in ("users", "feedback"):
        one, many = (tmp_path / name / "data" / f"{log}.csv" for name in ("whole", "parts"))
        assert sorted(one.read_text().splitlines()) == sorted(many.read_text().splitlines())
    one, many = (tmp_path / name / "truth.yml" for name in ("whole", "parts"))
    assert one.read_bytes() == many.read_bytes()
    again = generate(tmp_path / "again", users=3_500, part_users=1_000, format="parquet")
    for name in again.files:
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "parts" / name).read_bytes()


def test_a_smaller_sample_holds_the_same_people_and_another_seed_others(tmp_path: Path) -> None:
    for name, users, seed in (("small", 1_500, 7), ("large", 2_000, 7), ("other", 1_500, 8)):
        generate(tmp_path / name, users=users, seed=seed)
    small, large, other = (
        {row for row in sorted_events(tmp_path / name) if row[1]}
        for name in ("small", "large", "other")
    )
    assert small == {row for row in large if row[1] is not None and row[1] <= "u01500"}
    by_hand = {row for row in small if row[1] is not None and row[1] <= "u00019"}
    assert {row for row in small & other if row[1] > "u00019"} == set()
    assert by_hand == {row for row in other if row[1] <= "u00019"}


@pytest.mark.parametrize("events", [30_000, 250_000])
def test_events_asks_for_about_so_many_rows(tmp_path: Path, events: int) -> None:
    summary = generate(tmp_path / "sized", events=events)
    assert summary.event_rows == pytest.approx(events, rel=0.05)
    form = "csv" if events < 200_000 else "parquet"
    assert f"data/events.{form}" in summary.files


def test_a_foreign_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(FunnelkitError, match="not empty and holds no earlier sample"):
        generate(tmp_path, users=200)
    (tmp_path / "truth.yml").write_text("mine: too\n")
    with pytest.raises(FunnelkitError, match="not empty"):
        generate(tmp_path, users=200)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["notes.txt", "truth.yml"]
    with pytest.raises(FunnelkitError, match="is a file"):
        generate(tmp_path / "notes.txt", users=200)


def test_an_earlier_sample_is_replaced_whole(tmp_path: Path) -> None:
    generate(tmp_path, users=2_100, part_users=1_000, format="parquet")
    assert (tmp_path / "data" / "events-0003.parquet").exists()
    summary = generate(tmp_path, users=300)
    files = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert files == set(summary.files)


def test_a_failure_on_the_way_leaves_the_earlier_sample(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate(tmp_path, users=300)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    def breaks(seed: int, block: int, *rest: int) -> Any:
        if block == 1:
            raise KeyboardInterrupt
        return simulate(seed, block, *rest)

    monkeypatch.setattr("funnelkit.sample.company.simulate", breaks)
    with pytest.raises(KeyboardInterrupt):
        generate(tmp_path, users=2_500, part_users=1_000)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"users": 5}, "5 users: too few"),
        ({"events": 10}, "10 events: too few"),
        ({"seed": -1}, "seed is -1"),
        ({"part_users": 0}, "part_users is 0"),
    ],
)
def test_numbers_that_make_no_sample(tmp_path: Path, arguments: dict[str, int], words: str) -> None:
    with pytest.raises(FunnelkitError, match=words):
        generate(tmp_path / "new", **arguments)  # type: ignore[arg-type]
    assert not (tmp_path / "new").exists()


@pytest.mark.long
def test_five_million_events_need_no_more_memory_than_two(tmp_path: Path) -> None:
    def peak(events: int) -> int:
        code = (
            "import resource, sys; from pathlib import Path; from funnelkit.sample import generate;"
            f"s = generate(Path(sys.argv[1]), events={events});"
            "print(s.event_rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
        )
        out = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / str(events))],
            capture_output=True,
            text=True,
            check=True,
        )
        rows, kilobytes = map(int, out.stdout.split())
        assert rows == pytest.approx(events, rel=0.05)
        return kilobytes

    two, five = peak(2_400_000), peak(5_000_000)
    assert five < 1_200_000
    assert five < 1.25 * two
