"""What must not change a number: the order, the cut and the packing of files; a copy; the machine.

The sample company's files are loaded as a user would, again in other shapes, and all that is
counted or written is compared whole: marts, tables, reports.
"""

import csv
import gzip
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from funnelkit import api
from funnelkit.api import RawKind
from funnelkit.project.scaffold import sample_vars, write_project
from funnelkit.sample import generate
from funnelkit.table import Table, to_json
from funnelkit.warehouse.connect import connect

KINDS: tuple[RawKind, ...] = ("events", "users", "feedback")
USERS, TIES = 300, 8
# A second funnel, so that `best` and a log without a window are held as well.
DEFINITIONS = (
    sample_vars()
    .rstrip()
    .replace(
        "funnels:\n",
        "funnels:\n"
        "  views: {steps: [{name: one, event: dashboard_viewed},"
        " {name: two, event: dashboard_viewed}], window: 1 hour, entry: best}\n"
        "  ever: {steps: [signed_up, dashboard_shared], breakdowns: [country]}\n",
        1,
    )
)
FUNNELS = ("activation", "views", "ever")
# Facts with ids: of the marts, what names no file and no key of one build alone.
FACTS = (
    "select * exclude (event_no, user_key, account_key) from fct_events",
    "from fct_funnel_steps",
    "from fct_funnel_breakdowns",
    "from fct_funnel_journeys",
    "select * exclude (user_key) from dim_users",
    "from dim_user_properties",
    "from fct_feedback",
)
QUALITY_PAGES = ("report.html", "report.md", "quality.csv")
QUALITY = ("from rpt_event_quality", "select kind, stage, reason, text from raw_rejects")

Row = dict[str, str]
Outputs = dict[str, object]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample's raw files, and ties: data/events.csv, data/users.csv, data/feedback.csv."""
    folder = tmp_path_factory.mktemp("sample")
    generate(folder, users=USERS)
    for kind in KINDS:
        _append(
            folder / "data" / f"{kind}.csv", [row for n in range(TIES) for row in ties(n)[kind]]
        )
    return folder / "data"


def _append(path: Path, rows: Sequence[Row]) -> None:
    with path.open(encoding="utf-8", newline="") as stream:
        header = next(csv.reader(stream))
    with path.open("a", encoding="utf-8", newline="") as stream:
        csv.DictWriter(stream, header, restval="", lineterminator="\n").writerows(rows)


def ties(n: int) -> dict[str, list[Row]]:
    """A user about whom rows disagree in all that an order by time or id leaves open.

    Whichever row a careless query meets first would win: another one after a shuffle.
    """
    user, at = f"tie{n}", "2026-03-02T10:00:00Z"
    event = {"user_id": user, "occurred_at": at, "received_at": at}
    named = {**event, "event_name": "dashboard_viewed"}
    ids = [f"{user}-{i}" for i in range(9)]
    return {
        "events": [
            {**event, "event_id": ids[0], "event_name": "signed_up"},
            # Three views of one instant; a view without an id, twice.
            *({**named, "event_id": ids[i], "properties": f'{{"n":{i}}}'} for i in (1, 2, 3)),
            *({**named, "event_id": ""} for _ in range(2)),
            # One id, and two names, times, accounts, properties, anonymous ids, users.
            {**event, "event_id": ids[4], "event_name": "source_connected"},
            {**named, "event_id": ids[4]},
            {**named, "event_id": ids[5], "occurred_at": "2026-03-02T09:00:00Z"},
            {**named, "event_id": ids[5], "occurred_at": "2026-03-02T09:30:00Z"},
            *({**named, "event_id": ids[6], "account_id": f"a{user}{i}"} for i in (1, 2)),
            *({**named, "event_id": ids[7], "properties": f'{{"n":{i}}}'} for i in (1, 2)),
            *({**named, "event_id": ids[8], "anonymous_id": f"v{user}{i}"} for i in (1, 2)),
            *(
                {
                    **named,
                    "event_id": f"{ids[8]}{i}",
                    "user_id": f"{user}{i}",
                    "anonymous_id": f"v{user}",
                }
                for i in (1, 2)
            ),
            {**named, "event_id": f"{ids[8]}v", "user_id": "", "anonymous_id": f"v{user}"},
        ],
        "users": [
            {
                "user_id": user,
                "updated_at": "2026-03-01T00:00:00Z",
                "account_id": f"a{user}{i}",
                "properties": f'{{"plan":"{plan}","channel":"{channel}","country":"{country}"}}',
            }
            for i, plan, channel, country in (
                (1, "free", "ads", "DE"),
                (2, "team", "organic", "SE"),
            )
        ],
        "feedback": [
            {
                "response_id": f"{user}-{name}",
                "user_id": user,
                "submitted_at": at,
                "kind": "nps",
                "question": "nps",
                "score": "5",
                name: text,
            }
            for name, texts in (
                ("score", ("3", "4")),
                ("source", ("nps", "survey")),
                ("language", ("de", "en")),
                ("feature", ("alerts", "search")),
                ("kind", ("rating5", "csat")),
            )
            for text in texts
        ],
    }


@pytest.fixture(scope="module")
def log(original: Path) -> dict[str, list[Row]]:
    """The same, row by row."""
    return {kind: list(csv.DictReader((original / f"{kind}.csv").open())) for kind in KINDS}


@pytest.fixture(scope="module")
def usual(original: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project built from them on a usual machine, from the command line, and what it prints."""
    return on_machine("usual", original, tmp_path_factory.mktemp("usual"))


@pytest.fixture(scope="module")
def expected(usual: Path) -> Outputs:
    return everything(usual / "project")


def built(folder: Path, files: Iterable[tuple[RawKind, Path]]) -> Outputs:
    """All that a project with these files says, loaded in this order."""
    write_project(folder, "sample", DEFINITIONS)
    project = api.open(folder)
    for kind, file in files:
        project.load(kind, [str(file)])
    assert project.build().ok
    project.report_build()
    return everything(folder)


def everything(folder: Path) -> Outputs:
    """Marts, tables and report files of a built project, by name."""
    project = api.open(folder)
    return {**_marts(project), **_tables(project), **_files(folder / "reports")}


def _marts(project: api.Project) -> Outputs:
    with connect(project.paths.warehouse, read_only=True) as con:
        reports = con.execute(
            "select table_name from information_schema.tables"
            " where table_name like 'rpt_%' order by 1"
        ).fetchall()
        assert len(reports) >= 4
        queries = {*FACTS, *QUALITY, *(f"from {name}" for (name,) in reports)}
        return {query: sorted(con.execute(query).fetchall(), key=repr) for query in queries}


def _tables(project: api.Project) -> Outputs:
    asked: dict[str, Table] = {}
    for name in FUNNELS:
        asked[name] = project.funnel(name)
        asked[f"{name} by week"] = project.funnel(name, trend="week")
        asked[f"{name} times"] = project.funnel(name, times=True)
    asked["activation by channel"] = project.funnel("activation", by="channel")
    asked["ever by country"] = project.funnel("ever", by="country")
    return {name: to_json(table) for name, table in asked.items()}


def _files(folder: Path) -> Outputs:
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def differing(one: Outputs, other: Outputs) -> list[str]:
    """What is not the same; the names alone, for a report has a megabyte."""
    assert one.keys() == other.keys()
    return [name for name in one if one[name] != other[name]]


def write_csv(path: Path, rows: Sequence[Row]) -> Path:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "wt", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_jsonl(path: Path, rows: Sequence[Row]) -> Path:
    """Properties as objects, where the text is one; empty cells as no key at all."""
    lines = []
    for row in rows:
        members: dict[str, object] = {name: text for name, text in row.items() if text}
        if row.get("properties", "").startswith("{"):
            members["properties"] = json.loads(row["properties"])
        lines.append(json.dumps(members, separators=(",", ":"), ensure_ascii=False) + "\n")
    with pa.output_stream(str(path), compression="zstd") as stream:
        stream.write("".join(lines).encode())
    return path


def write_parquet(path: Path, rows: Sequence[Row]) -> Path:
    columns = {name: [row[name] or None for row in rows] for name in rows[0]}
    pq.write_table(pa.table(columns, pa.schema([(name, pa.string()) for name in columns])), path)
    return path


WRITERS: tuple[tuple[str, Callable[[Path, Sequence[Row]], Path]], ...] = (
    ("csv.gz", write_csv),
    ("jsonl.zst", write_jsonl),
    ("parquet", write_parquet),
)


def cut(folder: Path, kind: str, rows: Sequence[Row], seed: int = 11) -> list[Path]:
    """The rows shuffled, in a file of each format, in columns of another order."""
    shuffled = random.Random(seed).sample(rows, len(rows))
    files = []
    for number, (ending, write) in enumerate(WRITERS):
        part = [dict(reversed(row.items())) for row in shuffled[number :: len(WRITERS)]]
        files.append(write(folder / f"{kind}-{number}.{ending}", part))
    return files


@pytest.fixture(scope="module")
def recut(log: dict[str, list[Row]], tmp_path_factory: pytest.TempPathFactory) -> Outputs:
    """Shuffled, cut, in three formats, in another order, and every file a second time."""
    folder = tmp_path_factory.mktemp("recut")
    (folder / "data").mkdir()
    files = [(kind, file) for kind in KINDS for file in cut(folder / "data", kind, log[kind])]
    copies = [(kind, file.with_name(f"copy-of-{file.name}")) for kind, file in files]
    for (_, file), (_, copy) in zip(files, copies, strict=True):
        copy.write_bytes(file.read_bytes())
    return built(folder / "project", [*reversed(files), *copies])


def test_order_cut_format_and_copies_of_files_change_nothing(
    recut: Outputs, expected: Outputs
) -> None:
    """Not a byte: a copy of a file has the content of one that was loaded."""
    assert differing(recut, expected) == []


@pytest.mark.long
def test_rows_that_stand_in_two_files_count_once(
    original: Path, log: dict[str, list[Row]], expected: Outputs, tmp_path: Path
) -> None:
    """Everything twice, in files of other content: more duplicates and rejects, nothing else."""
    files = [(kind, original / f"{kind}.csv") for kind in KINDS]
    for kind in KINDS:
        again = random.Random(5).sample(log[kind], len(log[kind]))
        files.append((kind, write_parquet(tmp_path / f"{kind}.parquet", again)))
    twice = built(tmp_path / "project", reversed(files))
    rejects = QUALITY[1]
    once_rejected = expected[rejects]
    assert isinstance(once_rejected, list)
    assert twice[rejects] == sorted(2 * once_rejected, key=repr)
    # Tables say in their meta, and the report's pages, how many rows were left out.
    told = {*QUALITY, *(name for name in expected if name.endswith(QUALITY_PAGES))}
    counted = {name: _rows(text) for name, text in twice.items() if name not in told}
    assert differing(counted, {name: _rows(expected[name]) for name in counted}) == []


def _rows(output: object) -> object:
    """A table without its meta; anything else as it is."""
    return json.loads(output)["rows"] if isinstance(output, str) else output


def test_explore_reads_any_cut_alike(
    original: Path, log: dict[str, list[Row]], tmp_path: Path
) -> None:
    parts = cut(tmp_path, "events", log["events"])
    steps = api.parse_steps(["signed_up", "one=dashboard_viewed", "two=dashboard_viewed"])
    answers = []
    for files in ([original / "events.csv"], parts, [*reversed(parts), original / "events.csv"]):
        for entry in ("first", "best"):
            names = [str(file) for file in files]
            table = api.explore(names, steps, window="14d", entry=entry)
            answers.append((entry, table.rows))
    assert answers[:2] == answers[2:4] == answers[4:]
    assert answers[0] != answers[1]


def test_explore_by_a_value_that_changes_within_an_instant(tmp_path: Path) -> None:
    rows = [
        {"user_id": "u", "event_name": name, "occurred_at": f"2026-01-0{day}", "source": source}
        for name, day, source in (("a", 1, "web"), ("a", 1, "app"), ("b", 2, "app"))
    ]
    steps = api.parse_steps(["a", "b"])
    one, other = (
        api.explore([str(write_csv(tmp_path / f"{n}.csv", each))], steps, by="source").rows
        for n, each in enumerate((rows, rows[::-1]))
    )
    assert one == other


# Runs commands one after the other in one process: argv[1] holds them, argv[2] is where what they
# print goes. Standard output is in the encoding of the locale, as for a user.
DRIVER = """
import contextlib, json, os, pathlib, sys
if os.environ.get("ONE_CORE") and hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
from funnelkit.cli import main
for number, args in enumerate(json.loads(sys.argv[1])):
    with open(pathlib.Path(sys.argv[2]) / f"{number:02}.txt", "w") as printed:
        with contextlib.redirect_stdout(printed):
            try:
                main(args)
            except SystemExit as left:
                if left.code:
                    sys.exit(f"{args}: exit code {left.code}")
"""
MACHINES = {
    "usual": {"TZ": "UTC", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "1", "COLUMNS": "80"},
    "odd": {
        "TZ": "Pacific/Kiritimati",
        "LANG": "tr_TR.UTF-8",
        "LC_ALL": "C",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
        "PYTHONHASHSEED": "2",
        "COLUMNS": "200",
        "ONE_CORE": "1",
        "OMP_NUM_THREADS": "1",
        "POLARS_MAX_THREADS": "1",
        "RAYON_NUM_THREADS": "1",
    },
}


def _commands(data: Path) -> list[list[str]]:
    explore = ["explore", "--events", str(data / "events.csv"), "--by", "event_name"]
    for step in ("signed_up", "one=dashboard_viewed", "two=dashboard_viewed"):
        explore += ["--step", step]
    asked = [["funnel", "activation", *args] for args in ([], ["--by", "channel"], ["--times"])]
    asked += [["funnel", "views", "--trend", "month"], [*explore, "--window", "14d"]]
    formats = ("table", "markdown", "csv", "json")
    return [
        *(["load", kind, str(data / f"{kind}.csv")] for kind in KINDS),
        ["build"],
        *([*args, "--format", each] for args in asked for each in formats),
        ["definitions"],
        ["report", "build"],
        ["report", "check"],
    ]


def on_machine(name: str, data: Path, folder: Path) -> Path:
    """Loads, builds, prints and reports there: project/ and, a file a command, printed/."""
    write_project(folder / "project", "sample", DEFINITIONS)
    (folder / "printed").mkdir()
    kept = {key: text for key, text in os.environ.items() if not key.startswith(("LC_", "LANG"))}
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, json.dumps(_commands(data)), str(folder / "printed")],
        cwd=folder / "project",
        env=kept | MACHINES[name],
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


def test_zone_locale_hash_seed_and_cores_of_the_machine_change_no_byte(
    original: Path, usual: Path, tmp_path: Path
) -> None:
    odd = on_machine("odd", original, tmp_path)
    printed, reports = _files(usual / "printed"), _files(usual / "project" / "reports")
    assert sum(map(bool, printed.values())) >= 21
    assert {"activation/report.html", "activation/report.md"} <= reports.keys()
    assert differing(_files(odd / "printed"), printed) == []
    assert differing(_files(odd / "project" / "reports"), reports) == []
