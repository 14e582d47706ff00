"""The person's rows and bytes go, everybody else's stay, and nothing brings them back."""

import shutil
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import jinja2
import pytest
from click.testing import CliRunner

import funnelkit as fk
from funnelkit.api import Project
from funnelkit.cli.app import cli
from funnelkit.errors import FunnelkitError
from funnelkit.paths import root
from funnelkit.project.scaffold import write_project
from funnelkit.warehouse import forget as module
from funnelkit.warehouse import raw
from funnelkit.warehouse.connect import connect
from funnelkit.warehouse.forget import forget, suppress, told
from funnelkit.warehouse.macros import render

Row = tuple[str | None, ...]

# user_id, anonymous_id, previous_id, properties: ann signs in on her phone, and on bob's laptop,
# where she was before; she was called ann-old.
EVENTS: list[Row] = [
    (None, "phone", None, None),
    ("ann", "phone", None, '{"x": 1}'),
    ("ann", "laptop", None, None),
    ("ann", None, "ann-old", None),
    ("ann-old", None, None, None),
    ("bob", "laptop", None, '{"invited_by": "ann"}'),
    (None, "laptop", None, None),
    ("ann2", None, None, '{"mail": "ann@example.com"}'),
    (None, "ann", None, None),
]
# As a build gives them: the laptop is bob's, who was there first; the device "ann" is nobody's.
IDENTITIES = [
    ("ann", "ann", "itself"),
    ("ann-old", "ann", "merge"),
    ("anonymous:phone", "ann", "device"),
    ("anonymous:laptop", "bob", "shared device"),
    ("bob", "bob", "itself"),
    ("ann2", "ann2", "itself"),
    ("anonymous:ann", "anonymous:ann", "itself"),
]
REJECTED = [
    "e1,ann,too,many,cells",
    '{"user_id": "ann", ',
    "e2;phone;",
    "e3,ann2,too,many",
    "e4,ann@example.com,too,many",
    "e5,joann,too,many",
]


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    """A warehouse with one loaded file, and the built tables that forgetting reads."""
    path = tmp_path / "it's" / "w.duckdb"
    with connect(path) as con:
        raw.ensure(con)
        con.execute(
            "insert into raw.loads values ('events', 'log.csv', 'aa', 9, 6, '{}', 1)",
        )
        add_events(con, EVENTS, load_no=1)
        con.executemany(
            "insert into raw.users (user_id, anonymous_id, load_no) values (?, ?, 1)",
            [["ann", None], [None, "phone"], ["bob", None]],
        )
        con.executemany(
            "insert into raw.feedback (response_id, user_id, text, load_no) values (?, ?, ?, 1)",
            [["r1", "ann", "fine"], ["r2", "bob", "ask ann, she knows"], ["r3", None, None]],
        )
        con.executemany(
            "insert into raw.rejects values ('events', 'log.csv', 1, 'why', ?, 1)",
            [[text] for text in REJECTED],
        )
        con.execute("insert into raw.lists values ('testers', 'ann')")
        con.execute("create table int_identities (logged_id varchar, user_id varchar, how varchar)")
        con.executemany("insert into int_identities values (?, ?, ?)", IDENTITIES)
        con.execute(
            "create schema meta; create table meta.model_state (no bigint, model varchar,"
            " fingerprint varchar, generation bigint, upstream varchar, load_no bigint);"
            "insert into meta.model_state values (1, 'int_identity_changes', 'abc', 1, '', 1);"
            "create table fct_events as select coalesce(user_id, 'anonymous:' || anonymous_id)"
            " as user_id, anonymous_id, 1 as amount from raw.events;"
            "create table rpt_counts as select 'ann2' as value, 3 as entities;"
            "create view stg as select * from raw.events"
        )
    return path


def add_events(con: "duckdb.DuckDBPyConnection", rows: Iterable[Row], load_no: int) -> None:
    con.executemany(
        "insert into raw.events (user_id, anonymous_id, previous_id, properties, load_no)"
        f" values (?, ?, ?, ?, {load_no})",
        [list(row) for row in rows],
    )


def rows(path: Path, sql: str) -> list[Any]:
    with duckdb.connect(str(path), read_only=True) as con:
        return con.execute(sql).fetchall()


def ids_left(path: Path) -> list[Any]:
    return rows(path, "select user_id, anonymous_id from raw.events order by rowid")


def everything(path: Path) -> dict[str, list[Any]]:
    tables = rows(
        path,
        "select table_schema || '.' || table_name from information_schema.tables order by all",
    )
    return {name: rows(path, f"from {name} order by all") for (name,) in tables}


def counts(found: module.Forgotten) -> dict[str, int]:
    return {each.table: each.rows for each in found.removed}


def test_all_rows_of_the_person_go_and_no_others(warehouse):
    found = forget(warehouse, "ann")
    assert ids_left(warehouse) == [
        ("bob", "laptop"),
        (None, "laptop"),
        ("ann2", None),
        (None, "ann"),
    ]
    assert rows(warehouse, "select user_id from raw.users") == [("bob",)]
    assert rows(warehouse, "select response_id from raw.feedback order by 1") == [("r2",), ("r3",)]
    assert rows(warehouse, "from raw.lists") == []
    # fct_events: those of phone are under `anonymous:phone`, as no build has resolved them here.
    assert counts(found) == {
        "raw.events": 5,
        "raw.users": 2,
        "raw.feedback": 1,
        "raw.rejects": 3,
        "raw.lists": 1,
        "main.fct_events": 5,
        "main.int_identities": 3,
    }
    assert len(found.ids) == 3


@pytest.mark.parametrize("name", ["ann-old", "anonymous:phone", "phone"])
def test_any_id_of_the_person_names_her(warehouse, name):
    assert counts(forget(warehouse, name))["raw.events"] == 5


def test_a_device_of_the_same_name_is_another_person(warehouse):
    assert counts(forget(warehouse, "anonymous:ann")) == {
        "raw.events": 1,
        "raw.rejects": 2,  # lines that hold the word, whoever is meant
        "raw.lists": 1,  # a list holds ids of either kind
        "main.fct_events": 1,
        "main.int_identities": 1,
    }
    assert ("ann", "phone") in ids_left(warehouse)


def test_what_is_known_of_the_person_by_number_goes_too(warehouse):
    """Tables of say and do name people by key, and answers by id, where they name no user."""
    with connect(warehouse) as con:
        con.execute(
            "alter table int_identities add column user_key bigint;"
            "update int_identities set user_key = case user_id when 'ann' then 1 when 'bob' then 2"
            " else 3 end;"
            "create table fct_feedback as select * from (values ('r1', 'ann', 'fine'),"
            " ('r2', 'bob', 'ask ann'), ('r3', null, null), ('r4', 'ann-old', 'hm'))"
            " t(response_id, user_id, text);"
            "create table fct_say_do as select response_id, user_id, 1 as days from fct_feedback;"
            "create table fct_wave_access as select unnest([1, 2, 3, 1]) as user_key;"
            "create table fct_answer_values as select response_id, 'plan' as breakdown"
            " from fct_feedback;"
            "create schema say_do; create table say_do.mentions as select response_id,"
            " 'price' as theme from fct_feedback"
        )
    found = counts(forget(warehouse, "ann"))
    names = ("fct_feedback", "fct_say_do", "fct_answer_values")
    assert [found[f"main.{name}"] for name in names] == [2, 2, 2]
    assert (found["say_do.mentions"], found["main.fct_wave_access"]) == (2, 2)
    assert rows(warehouse, "from fct_wave_access order by 1") == [(2,), (3,)]
    for name in ("main.fct_feedback", "main.fct_answer_values", "say_do.mentions"):
        left = rows(warehouse, f"select response_id from {name} order by 1")
        assert left == [("r2",), ("r3",)], name


def test_who_said_something_and_did_nothing_can_be_forgotten(warehouse):
    with connect(warehouse) as con:
        con.execute(
            "insert into raw.feedback (response_id, user_id, load_no) values ('r9', 'eve', 1);"
            "create table fct_feedback as select response_id, user_id from raw.feedback"
        )
    found = forget(warehouse, "eve")
    assert (found.ids, counts(found)) == (("eve",), {"raw.feedback": 1, "main.fct_feedback": 1})
    with pytest.raises(FunnelkitError, match="nobody has the id 'eva'"):
        forget(warehouse, "eva")


def test_an_alias_that_no_build_followed_names_the_person_all_the_same(warehouse):
    with connect(warehouse) as con:
        add_events(con, [("hub", None, "phone", None), ("hub", None, "pho", None)], load_no=1)
    forget(warehouse, "ann")
    assert rows(warehouse, "select previous_id from raw.events where user_id = 'hub'") == [("pho",)]


def test_rejected_lines_go_by_the_id_as_a_word(warehouse):
    forget(warehouse, "ann")
    assert [text for (text,) in rows(warehouse, "select text from raw.rejects order by 1")] == [
        "e3,ann2,too,many",
        "e4,ann@example.com,too,many",
        "e5,joann,too,many",
    ]


def test_the_bytes_are_gone_from_the_file(tmp_path):
    path, name = tmp_path / "w.duckdb", "Xq7-person-Xq7"
    with connect(path) as con:
        raw.ensure(con)
        con.execute("insert into raw.loads values ('events', 'l', 'aa', 9, 0, '{}', 1)")
        con.execute(
            "insert into raw.events (user_id, anonymous_id, load_no)"
            " select case when i % 9 = 4 then $name else 'u' || i end,"
            " case when i % 9 = 4 then $name || '-phone' end, 1 from range(50000) t(i)",
            {"name": name},
        )
        con.execute(
            "create schema meta; create table meta.model_state as"
            " select 1 as no, 'int_identity_changes' as model, 'x' as fingerprint, 1 as load_no;"
            "create table int_identities as select distinct user_id as logged_id, user_id"
            " from raw.events union all select distinct 'anonymous:' || anonymous_id, user_id"
            " from raw.events where anonymous_id is not null"
        )
    assert name.encode() in path.read_bytes()
    # What an earlier build on Spark holds of the person goes whole.
    (tmp_path / "spark" / "warehouse").mkdir(parents=True)
    (tmp_path / "spark" / "warehouse" / "part.parquet").write_text(name, "utf-8")
    assert counts(forget(path, name)) == {"raw.events": 5556, "main.int_identities": 2}
    assert [each.name for each in tmp_path.iterdir()] == [path.name]
    assert b"Xq7" not in path.read_bytes()
    assert rows(path, "select count(*) from raw.events") == [(44_444,)]


def test_others_keep_what_they_say_about_the_person_and_that_is_told(warehouse):
    # bob's event has {"invited_by": "ann"}, and his answer asks ann; an address is another word.
    found = forget(warehouse, "ann")
    assert found.mentions == 2
    assert told(found)[1][0] == "Ids of one person: ann, ann-old, anonymous:phone."
    assert told(found)[1][1] == "Stays: 2 rows of others with the id in properties or text."


def test_a_dry_run_counts_the_same_and_changes_nothing(warehouse):
    before = everything(warehouse)
    (warehouse.parent / "spark").mkdir()
    dry = forget(warehouse, "ann", dry_run=True)
    assert everything(warehouse) == before
    assert (warehouse.parent / "spark").is_dir()
    verbs = ("would go", "gone")
    for verb, found in zip(verbs, (dry, forget(warehouse, "ann")), strict=True):
        assert found == dry
        text = f"All that an earlier build on Spark made {verb} too: {warehouse.parent / 'spark'}"
        assert text in told(found, verb == "would go")[1]
    assert not any("Spark" in note for note in told(forget(warehouse, "bob"))[1])


def test_what_spark_built_and_cannot_be_removed_is_told(warehouse, monkeypatch):
    (of_spark := warehouse.parent / "spark").mkdir()

    def refuse(path: object, **_: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(shutil, "rmtree", refuse)
    with pytest.raises(FunnelkitError) as raised:
        forget(warehouse, "ann")
    assert f"{of_spark} has them: Permission denied" in raised.value.message
    assert rows(warehouse, "select count(*) from raw.events where user_id = 'ann'") == [(0,)]


@pytest.mark.parametrize("point", ["_record", "_mentions"])
def test_a_failure_on_the_way_leaves_everything(warehouse, monkeypatch, point):
    before = everything(warehouse)

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, point, fail)
    with pytest.raises(KeyboardInterrupt):
        forget(warehouse, "ann")
    assert everything(warehouse) == before


def test_interrupted_before_the_file_was_written_anew_the_next_run_does_it(warehouse, monkeypatch):
    with monkeypatch.context() as patch:

        def fail(*_: object) -> None:
            raise KeyboardInterrupt

        patch.setattr(module, "_write_anew", fail)
        with pytest.raises(KeyboardInterrupt):
            forget(warehouse, "phone")
    assert b"phone" in warehouse.read_bytes()
    again = forget(warehouse, "phone")
    assert again == module.Forgotten((), (), 0)
    assert told(again)[0].startswith("Forgotten before")
    assert b"phone" not in warehouse.read_bytes()


def test_no_room_for_a_second_file_removes_nothing(warehouse, monkeypatch):
    before = everything(warehouse)
    usage = shutil.disk_usage(warehouse)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(FunnelkitError, match="0 MB free") as caught:
        forget(warehouse, "ann")
    assert caught.value.hint == "make room on the disk; nothing was removed"
    assert everything(warehouse) == before


def test_two_people_one_after_the_other_without_a_build_between(warehouse):
    forget(warehouse, "ann")
    forget(warehouse, "bob")
    assert ids_left(warehouse) == [("ann2", None), (None, "ann")]
    assert rows(warehouse, "select kind, load_no from raw.loads order by load_no") == [
        ("events", 1),
        ("forget", 2),
        ("forget", 3),
    ]
    salts = rows(warehouse, "select count(distinct salt), count(*) from raw.forgotten")
    assert salts == [(1, 5)]


def test_every_table_is_made_whole_by_the_next_build(warehouse):
    forget(warehouse, "ann")
    assert rows(warehouse, "select distinct fingerprint from meta.model_state") == [("",)]


def test_an_id_is_data(warehouse):
    name = "o'brien\"; drop table raw.events; -- \\E.*(é"
    with connect(warehouse) as con:
        add_events(con, [(name, None, None, None)], load_no=1)
        con.execute("insert into int_identities values ($n, $n, 'itself')", {"n": name})
        con.execute("insert into raw.rejects values ('e', 'f', 1, 'x', 'a,' || ?, 1)", [name])
    assert counts(forget(warehouse, name))["raw.rejects"] == 1
    assert len(ids_left(warehouse)) == len(EVENTS)


def wrong(path: Path, user: str) -> str:
    before = everything(path)
    with pytest.raises(FunnelkitError) as caught:
        forget(path, user)
    assert everything(path) == before
    return caught.value.message


@pytest.mark.parametrize("name", ["an", "Ann", " ann", "ann%", ""])
def test_ids_are_exact(warehouse, name):
    assert wrong(warehouse, name) == f"nobody has the id {name!r}"


def test_a_file_that_no_build_has_seen_may_hold_other_ids_of_the_person(warehouse):
    with connect(warehouse) as con:
        con.execute("insert into raw.loads values ('events', 'b.csv', 'bb', 1, 0, '{}', 2)")
    assert wrong(warehouse, "ann") == "files were loaded after the last build"
    with connect(warehouse) as con:
        con.execute("drop table meta.model_state")
    assert wrong(warehouse, "ann") == "no build says yet whose the loaded rows are"
    with connect(warehouse) as con:
        con.execute("delete from raw.loads")
    assert wrong(warehouse, "ann") == "nothing was loaded into this warehouse"


def test_a_later_load_does_not_bring_the_person_back(warehouse):
    forget(warehouse, "ann")
    with connect(warehouse) as con:
        con.execute("insert into raw.loads values ('events', 'b.csv', 'bb', 9, 2, '{}', 3)")
        add_events(con, EVENTS, load_no=3)
        con.execute("insert into raw.users (user_id, load_no) values ('ann', 3), ('bob', 3)")
        con.execute("insert into raw.feedback (user_id, load_no) values ('ann-old', 3), (null, 3)")
        con.execute(
            "insert into raw.rejects values ('events', 'b.csv', 7, 'why', 'e1,ann,x', 3),"
            " ('events', 'b.csv', 8, 'why', 'e1,ann2,x', 3)"
        )
        # Five events, a user and an answer; as when the log was forgotten.
        assert suppress(con, 4) == 0
        assert suppress(con, 3) == 7
        assert suppress(con, 3) == 0
        assert con.execute("select count(*) from raw.events where load_no = 3").fetchall() == [(4,)]
        told_by = con.execute(
            "select kind, reason, text, source_line, count(*) from raw.rejects where load_no = 3"
            " group by all order by all"
        ).fetchall()
    assert told_by == [
        ("events", "forgotten", None, None, 5),
        ("events", "why", "e1,ann2,x", 8, 1),
        ("events", "why", None, 7, 1),
        ("feedback", "forgotten", None, None, 1),
        ("users", "forgotten", None, None, 1),
    ]


def test_nothing_is_suppressed_where_nobody_was_forgotten(warehouse):
    with connect(warehouse) as con:
        assert suppress(con, 1) == 0


def test_the_list_of_forgotten_people_names_nobody(warehouse, tmp_path):
    copy = tmp_path / "copy.duckdb"
    shutil.copy(warehouse, copy)
    for path in (warehouse, copy):
        forget(path, "ann")
    one, other = (rows(path, "select sha256 from raw.forgotten") for path in (warehouse, copy))
    assert len(one) == 3
    assert not set(one) & set(other), "salted: the same person has another hash elsewhere"


LOG = """event_id,user_id,anonymous_id,event_name,occurred_at,properties
1,,phone,signup,2026-03-01T00:00:00Z,
2,ann,phone,buy,2026-03-02T00:00:00Z,"{""amount"": 11}"
3,bob,laptop,signup,2026-03-01T00:00:00Z,
4,bob,,buy,2026-03-20T00:00:00Z,"{""amount"": 15}"
5,ann,laptop,buy,2026-03-21T00:00:00Z,
6,,laptop,signup,2026-02-21T00:00:00Z,
7,ann,,buy,no time,
8,cid,,signup,2026-03-04T00:00:00Z,
9,ann,,buy,2026-03-04T00:00:00Z,,,too many
"""
USERS = 'user_id,properties\nann,"{""plan"": ""a""}"\nbob,"{""plan"": ""b""}"\n'
FEEDBACK = """response_id,submitted_at,question,user_id,score,text
1,2026-03-21,q_pay,ann,1,buying is slow
2,2026-03-21,q_pay,bob,5,I like buying
3,2026-03-21,hours,bob,2,
4,2026-03-21,hours,ann,3,
"""
DEFINITIONS = """
event_properties: {amount: integer}
user_properties: {plan: varchar}
features:
  pay: {events: buy, used: {days: 1}, topics: [buying]}
feedback:
  questions:
    q_pay: {kind: rating5, feature: pay}
    hours: {kind: amount, claim: {event: buy, count: events, within: 14 days}}
funnels:
  trial: {steps: [signup, buy], window: 30 days, breakdowns: [plan]}
"""


def project(root: Path, keep: bool) -> Project:
    """A built project; without the person's lines unless `keep`."""
    root.mkdir()
    write_project(root, "shop", DEFINITIONS)
    opened = fk.open(root)
    for kind, text in (("events", LOG), ("users", USERS), ("feedback", FEEDBACK)):
        lines = [
            line
            for line in text.splitlines()
            if keep or not {"ann", "phone"} & set(line.split(","))
        ]
        (root / f"{kind}.csv").write_text("\n".join(lines) + "\n")
        opened.load(kind, [str(root / f"{kind}.csv")])  # type: ignore[arg-type]
    assert opened.build().ok
    return opened


_PLACES = ("load_no", "row_no", "source_line")


def built(opened: Project) -> dict[str, list[Any]]:
    """All rows of all tables, but for the place in the files and the load that told them."""
    found = {}
    path = opened.paths.warehouse
    for (name,) in rows(
        path,
        "select table_name from information_schema.tables where table_schema = 'main' order by all",
    ):
        columns = rows(path, f"select column_name from (describe main.{name})")
        shown = ", ".join(f'"{column}"' for (column,) in columns if column not in _PLACES)
        found[name] = rows(path, f"select {shown} from main.{name} order by all")
    return found


@pytest.mark.long
def test_a_build_after_it_is_a_build_without_the_persons_lines(tmp_path):
    opened, without = project(tmp_path / "with", keep=True), project(tmp_path / "not", keep=False)
    assert built(opened) != built(without)
    command = ("--project", str(opened.paths.root), "forget", "ann", "--format", "csv")
    dry = CliRunner().invoke(cli, [*command, "--dry-run"])
    assert (dry.exit_code, dry.stderr) == (0, "nothing was removed (--dry-run)\n")
    assert b"phone" in opened.paths.warehouse.read_bytes()
    done = CliRunner().invoke(cli, list(command))
    assert (done.exit_code, done.stdout) == (0, dry.stdout)
    assert done.stdout.startswith("table,rows\nraw.events,4\nraw.users,1\nraw.feedback,2\n")
    assert "tables without them\n" in done.stderr
    assert opened.build_warning() is None
    assert built(opened) == built(without)
    assert b"phone" not in opened.paths.warehouse.read_bytes()


def test_events_of_a_model_of_ones_own_are_not_ours_to_remove(tmp_path):
    write_project(tmp_path, "shop", "events: {model: my_events}")
    with pytest.raises(FunnelkitError, match="events come from the model my_events"):
        fk.open(tmp_path).forget("ann")


def test_whose_a_raw_row_is_follows_the_builds_rule():
    macro = (root("dbt") / "macros/project/logged_id.sql").read_text("utf-8")
    call = "{{ logged_id('user_id', 'anonymous_id') }}"
    engine = SimpleNamespace(matches=partial(render, "matches"))
    by_build = jinja2.Environment().from_string(macro + call).render(funnelkit=engine)
    ids = ("u", "", None, "anonymous:d", "user:anonymous:d", "user:u", "xanonymous:d")
    with duckdb.connect() as con:
        con.execute("create table ids (user_id varchar, anonymous_id varchar)")
        con.executemany("insert into ids values (?, ?)", [(u, d) for u in ids for d in ids])
        asked = f"select ({by_build}) is not distinct from ({module._LOGGED}) from ids"
        assert con.execute(
            f"select count(*), bool_and(same) from ({asked}) as t(same)"
        ).fetchall() == [(len(ids) ** 2, True)]
        # Two ids are told apart wherever they are not the same id.
        spelled = f"select count(distinct {by_build}) from ids where user_id <> ''"
        assert con.execute(spelled).fetchall() == [(5,)]
