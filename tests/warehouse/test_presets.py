"""Each preset on a small export made by hand; expected rows are read off the files (presets/)."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from funnelkit.errors import FunnelkitError
from funnelkit.warehouse.connect import literal, memory
from funnelkit.warehouse.files import scan
from funnelkit.warehouse.load import load
from funnelkit.warehouse.presets import NAMES, PRESETS
from funnelkit.warehouse.presets.query import recognised

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

FOLDER = Path(__file__).parent / "presets"
VENDORS = ("segment", "rudderstack", "amplitude", "mixpanel", "posthog", "ga4")


def _load(con: "DuckDBPyConnection", preset: str, path: Path | None = None, **options: Any) -> Any:
    path = path or FOLDER / f"{preset}.jsonl"
    return load(con, "events", [path], root=path.parent, preset=preset, **options)


def _rows(con: "DuckDBPyConnection", columns: str, table: str = "events") -> list[tuple[Any, ...]]:
    return con.execute(f"select {columns} from raw.{table} order by source_line").fetchall()


def _objects(con: "DuckDBPyConnection", table: str = "events") -> list[Any]:
    return [json.loads(text) if text else None for (text,) in _rows(con, "properties", table)]


IDENTITY = "user_id, anonymous_id, previous_id, account_id"


def test_segment_calls_are_events_of_their_name_and_tracks_of_theirs(
    con: "DuckDBPyConnection",
) -> None:
    result = _load(con, "segment")
    assert (result.rows, result.files[0].users) == (10, 3)
    assert _rows(con, f"event_id, event_name, {IDENTITY}") == [
        ("seg-1", "page", None, "a-1", None, None),
        ("seg-2", "identify", "u-1", "a-1", None, None),
        ("seg-3", "Project Created", "u-1", "a-1", None, "acme"),
        ("seg-3", "Project Created", "u-1", "a-1", None, "acme"),
        ("seg-4", "identify", "u-1", "a-2", None, None),
        ("seg-5", "group", "u-1", None, None, "acme"),
        ("seg-6", "alias", "u-1", None, "old-1", None),
        ("seg-7", "screen", "u-1", None, None, None),
        ("seg-8", "identify", None, "a-3", None, None),
        ("seg-9", "identify", "u-2", None, None, None),
    ]


def test_segment_times_are_the_corrected_ones_and_its_delivery_is_no_property(
    con: "DuckDBPyConnection",
) -> None:
    result = _load(con, "segment")
    times = _rows(con, "occurred_at, received_at")
    assert times[0] == ("2026-03-01 09:00:00Z", "2026-03-01 09:00:01Z")
    assert times[7] == ("2026-03-02 11:00:00Z", None)  # the original one, where it is the only one
    assert result.files[0].ignored == ("sentAt", "integrations")


def test_segment_properties_are_the_calls_own_then_what_stands_around_them(
    con: "DuckDBPyConnection",
) -> None:
    _load(con, "segment")
    found = _objects(con)
    assert found[0]["name"] == "Pricing"
    assert found[0]["title"] == "Preise – €"
    assert found[0]["context_campaign_source"] == "google"
    assert found[0]["context"]["ip"] == "203.0.113.7"
    assert "context_page_referrer" not in found[0]  # empty
    assert "context_os_name" not in found[0]  # null
    assert found[2] == {
        "type": "template", "seats": 3, "tags": ["a", "b"], "context": "own", "ok": True,
        "price": 9.5,
    }  # fmt: skip
    assert found[5] == {"traits": {"name": "Acme, Inc."}}


@pytest.mark.parametrize(
    ("vendor", "record", "name"),
    [
        (
            "segment",
            {"type": "page", "messageId": "1", "userId": "u", "timestamp": "2026-03-01T09:00:00Z",
             "context": {"userAgent": "GoogleBot/2.1"}},
            "context_user_agent",
        ),
        (
            "posthog",
            {"uuid": "1", "event": "$pageview", "distinct_id": "u",
             "timestamp": "2026-03-01T09:00:00Z",
             "properties": {"$raw_user_agent": "GoogleBot/2.1"}},
            "raw_user_agent",
        ),
    ],
)  # fmt: skip
def test_the_user_agent_has_a_name_that_can_be_declared(
    con: "DuckDBPyConnection", tmp_path: Path, vendor: str, record: dict[str, Any], name: str
) -> None:
    path = tmp_path / "one.jsonl"
    path.write_text(json.dumps(record), encoding="utf-8")
    _load(con, vendor, path)
    (found,) = _objects(con)
    assert found[name] == "GoogleBot/2.1"


def test_segment_traits_hold_from_the_time_of_the_identify(con: "DuckDBPyConnection") -> None:
    _load(con, "segment")
    assert _rows(con, "user_id, anonymous_id, account_id, updated_at, source_line", "users") == [
        ("u-1", "a-1", None, "2026-03-01 09:05:00Z", 2),
        ("u-1", "a-2", None, "2026-03-02 09:00:00Z", 5),
        (None, "a-3", None, "2026-03-03 00:00:00Z", 9),
    ]
    assert _objects(con, "users") == [
        {"email": "zoë@example.org", "plan": "free", "address": {"city": "Köln"}},
        {"plan": "pro"},
        {"plan": "trial"},
    ]


def test_rudderstack_is_segment_with_traits_in_the_context(con: "DuckDBPyConnection") -> None:
    _load(con, "rudderstack")
    assert _rows(con, f"event_name, {IDENTITY}") == [
        ("identify", "r-1", "b-1", None, None),
        ("Opened", None, "b-1", None, None),
    ]
    # traits decide over context.traits; those of a track are a copy that the library keeps
    assert _objects(con, "users") == [{"email": "r@example.org", "plan": "pro"}]


def test_amplitude_ids_are_insert_ids_never_the_counter_called_event_id(
    con: "DuckDBPyConnection",
) -> None:
    _load(con, "amplitude")
    uuid = "11111111-0000-0000-0000-000000000004"
    assert _rows(con, f"event_id, event_name, {IDENTITY}") == [
        ("ins-1", "Visited", None, "d-1", None, None),
        ("ins-2", "Signed Up", "u-1", "d-1", None, "acme"),
        ("ins-2", "Signed Up", "u-1", "d-1", None, "acme"),
        (uuid, "$identify", "u-1", "d-2", None, None),  # two kinds of groups: neither is chosen
    ]
    assert _rows(con, "occurred_at, received_at")[0] == (
        "2026-03-01 09:00:00.123Z", "2026-03-01 09:00:02Z",
    )  # fmt: skip


def test_amplitude_properties_are_kept_apart_from_the_users(con: "DuckDBPyConnection") -> None:
    _load(con, "amplitude")
    assert _objects(con)[0] == {
        "page": "/", "country": "Germany", "session_id": 1772355600000, "app": 123,
        "amplitude_id": 900719925474099267,
    }  # fmt: skip
    assert _objects(con)[1] == {"country": "own", "n": {"list": [1, {"x": "ü"}]}}
    assert _rows(con, "user_id, account_id, updated_at, properties", "users") == [
        ("u-1", "acme", "2026-03-01 09:05:00Z", '{"plan":"free","initial_utm_source":"google"}'),
        ("u-1", "acme", "2026-03-01 09:05:00Z", '{"plan":"free","initial_utm_source":"google"}'),
        ("u-1", None, "2026-03-02 09:00:00Z", '{"plan":"pro"}'),
    ]


def test_mixpanel_distinct_ids_are_devices_until_there_is_a_user(con: "DuckDBPyConnection") -> None:
    _load(con, "mixpanel")
    assert _rows(con, f"event_id, event_name, {IDENTITY}") == [
        ("mix-1", "Visited", None, "d-1", None, None),  # $device:d-1 is the device d-1
        ("mix-2", "Signed Up", "u-1", "d-1", None, None),
        ("mix-2", "Signed Up", "u-1", "d-1", None, None),
        ("mix-3", "Invoice Paid", "u-2", None, None, None),  # from a server: no device
        ("mix-4", "Visited", None, "d-3", None, None),  # Original ID Merge: a bare device
        ("mix-5", "$identify", "u-3", "d-3", None, None),
        ("mix-6", "$create_alias", "u-3", None, "mail@example.org", None),
        ("mix-7", "$merge", "u-3", None, "u-4", None),
        ("mix-8", "Old", "u-3", "d-9", None, None),
    ]


def test_mixpanel_bookkeeping_is_no_property_and_times_are_since_1970(
    con: "DuckDBPyConnection",
) -> None:
    _load(con, "mixpanel")
    found = _objects(con)
    assert found[0] == {"page": "/", "$browser": "Firefox", "browser": "Firefox"}
    assert found[1] == {
        "Plan Name": "größer", "seats": 3, "company_id": "acme", "nested": {"a": [1, 2]},
    }  # fmt: skip
    assert found[4] is None
    times = _rows(con, "occurred_at, received_at")  # 1772355600 is 2026-03-01 09:00:00 UTC
    assert times[0] == ("2026-03-01 09:00:00Z", "2026-03-01 09:00:02Z")
    assert times[1] == ("2026-03-01 09:01:00Z", "2026-03-01 09:01:03Z")
    assert times[3] == ("2026-03-01 09:02:00.123Z", None)


def test_posthog_distinct_ids_are_devices_while_the_library_says_so(
    con: "DuckDBPyConnection",
) -> None:
    _load(con, "posthog")
    assert _rows(con, f"event_id, event_name, {IDENTITY}") == [
        ("0190-01", "$pageview", None, "d-1", None, None),
        ("0190-02", "$identify", "u-1", "d-1", None, None),
        ("0190-03", "project created", "u-1", "d-1", None, "acme"),
        ("0190-03", "project created", "u-1", "d-1", None, "acme"),
        ("0190-04", "invoice paid", "u-2", None, None, None),
        ("0190-05", "$create_alias", "u-1", None, "old-1", None),
        ("0190-06", "$merge_dangerously", "u-1", None, "u-2", None),
        ("0190-07", "$pageview", None, "d-7", None, None),
        ("0190-08", "api called", None, "token-8", None, None),
    ]
    assert _rows(con, "occurred_at, received_at")[0] == (
        "2026-03-01 09:00:00Z", "2026-03-01 09:00:01.5Z",
    )  # fmt: skip


def test_posthog_tells_of_a_person_what_held_then_and_what_the_event_set(
    con: "DuckDBPyConnection",
) -> None:
    _load(con, "posthog")
    assert _rows(con, "user_id, updated_at, source_line", "users") == [
        ("u-1", "2026-03-01 09:05:00Z", 2),
        ("u-1", "2026-03-01 09:06:00Z", 3),
        ("u-1", "2026-03-01 09:06:00Z", 4),
        ("u-2", "2026-03-01 09:07:00Z", 5),
    ]
    found = _objects(con, "users")
    assert found[0]["plan"] == "free"  # $set
    assert found[0]["email"] == "ö@example.org"  # person_properties
    assert found[0]["initial_utm_source"] == "google"  # a name that can be declared
    assert found[3] == {"plan": "pro"}  # $set decides
    assert "$set" not in _objects(con)[4]
    assert _objects(con)[2]["tags"] == ["a", {"b": None}]


def _ga4_parquet(tmp_path: Path) -> Path:
    """The same rows with the types that BigQuery has."""
    value = (
        "struct(string_value varchar, int_value bigint, float_value double, double_value double)"
    )
    of_user = value[:-1] + ", set_timestamp_micros bigint)"
    path = tmp_path / "ga4.parquet"
    with memory() as con:
        source = literal(str(FOLDER / "ga4.jsonl"))
        con.execute(f"""copy (select * from read_json({source}, columns = {{
            event_date: 'varchar', event_timestamp: 'bigint', event_name: 'varchar',
            event_params: 'struct(key varchar, value {value})[]', user_id: 'varchar',
            user_pseudo_id: 'varchar',
            user_properties: 'struct(key varchar, value {of_user})[]',
            device: 'struct(category varchar, language varchar, web_info struct(browser varchar))',
            geo: 'struct(country varchar, city varchar)', platform: 'varchar',
            ecommerce: 'struct(transaction_id varchar, purchase_revenue double)'}}))
            to {literal(str(path))}""")
    return path


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_ga4_parameters_become_properties_with_the_type_that_they_have(
    con: "DuckDBPyConnection", tmp_path: Path, form: str
) -> None:
    _load(con, "ga4", _ga4_parquet(tmp_path) if form == "parquet" else None)
    assert _rows(con, f"event_name, occurred_at, {IDENTITY}") == [
        ("page_view", "2026-03-01 09:00:00.123456Z", None, "1.2", None, None),
        ("sign_up", "2026-03-01 09:01:00Z", "u-1", "1.2", None, None),
        ("purchase", "2026-03-01 09:02:00Z", "u-1", "1.2", None, None),
        ("purchase", "2026-03-01 09:03:00Z", "u-1", "1.3", None, None),
        ("page_view", "2026-03-01 09:04:00Z", None, None, None, None),  # without consent
    ]
    found = _objects(con)
    assert found[0]["page_location"] == "https://example.org/"
    assert (found[0]["ga_session_id"], found[0]["engaged"]) == (1772355600, 0)
    assert (found[0]["device_browser"], found[0]["geo_city"]) == ("Firefox", "Köln")
    assert found[1] == {
        "score": 0.25, "ratio": 1.5, "method": "007", "big": 9007199254740993, "platform": "WEB",
    }  # fmt: skip
    assert found[2]["ecommerce_purchase_revenue"] == 9.5


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_ga4_user_properties_hold_from_when_they_were_set_and_are_told_once(
    con: "DuckDBPyConnection", tmp_path: Path, form: str
) -> None:
    _load(con, "ga4", _ga4_parquet(tmp_path) if form == "parquet" else None)
    assert _rows(con, "user_id, anonymous_id, updated_at, properties", "users") == [
        ("u-1", "1.2", "2026-03-01 09:00:50Z", '{"plan":"free","seats":3}'),
        ("u-1", "1.3", "2026-03-01 09:02:50Z", '{"plan":"pro"}'),
    ]


def test_the_order_of_keys_makes_no_other_event_and_no_other_state(
    con: "DuckDBPyConnection", tmp_path: Path
) -> None:
    rows = [json.loads(line) for line in (FOLDER / "ga4.jsonl").read_text().splitlines()]
    turned = [
        {
            key: value[::-1] if key in ("event_params", "user_properties") else value
            for key, value in reversed(row.items())
        }
        for row in rows
    ]
    path = tmp_path / "turned.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in turned))
    _load(con, "ga4")
    with memory() as other:
        _load(other, "ga4", path)
        for table in ("events", "users"):
            kept = "* exclude (source_file)"
            assert _ordered(_rows(con, kept, table)) == _ordered(_rows(other, kept, table))


def _ordered(rows: list[tuple[Any, ...]]) -> list[list[Any]]:
    """Objects as their keys in order, with the values that have no order of their own."""
    return [
        [
            [(key, isinstance(held, dict | list) or held) for key, held in json.loads(cell).items()]
            if isinstance(cell, str) and cell.startswith("{")
            else cell
            for cell in row
        ]
        for row in rows
    ]


def test_every_record_is_an_event_and_the_ledger_counts_both_tables(
    con: "DuckDBPyConnection",
) -> None:
    for vendor in VENDORS:
        _load(con, vendor)
    lines = sum(len((FOLDER / f"{v}.jsonl").read_text().splitlines()) for v in VENDORS)
    counted = "select kind, sum(rows)::bigint from raw.loads group by kind order by kind"
    assert con.execute(counted).fetchall() == [
        (kind, con.execute(f"select count(*) from raw.{kind}").fetchall()[0][0])
        for kind in ("events", "users")
    ]
    assert con.execute("select count(*) from raw.events").fetchall() == [(lines,)]
    # a file is one load, whatever it fills
    numbers = "select count(distinct load_no), max(load_no) from raw.loads"
    assert con.execute(numbers).fetchall() == [(len(VENDORS), len(VENDORS))]


def test_an_export_is_loaded_once_and_by_one_preset(con: "DuckDBPyConnection") -> None:
    _load(con, "amplitude")
    assert _load(con, "amplitude").skipped == 1
    assert len(_rows(con, "1", "users")) == 3
    with pytest.raises(
        FunnelkitError, match=r"was loaded before with another mapping \(--preset=a"
    ):
        load(
            con, "events", [FOLDER / "amplitude.jsonl"], root=FOLDER,
            mapping={"event_name": "event_type", "occurred_at": "event_time"},
        )  # fmt: skip


def test_rejected_lines_do_not_move_the_lines_of_either_table(
    con: "DuckDBPyConnection", tmp_path: Path
) -> None:
    lines = (FOLDER / "segment.jsonl").read_bytes().splitlines()
    path = tmp_path / "segment.jsonl"
    path.write_bytes(b"\n".join([b'{"type": "\xff"}', b"[1]", *lines]))
    result = _load(con, "segment", path)
    assert (result.rows, result.rejected) == (10, 2)
    assert [line for (line,) in _rows(con, "source_line")] == list(range(3, 13))
    assert [line for (line,) in _rows(con, "source_line", "users")] == [4, 7, 11]


@pytest.mark.parametrize("vendor", VENDORS)
def test_the_form_of_the_file_changes_no_row(
    con: "DuckDBPyConnection", tmp_path: Path, vendor: str
) -> None:
    text = (FOLDER / f"{vendor}.jsonl").read_text()
    rows = [json.loads(line) for line in text.splitlines()]
    (tmp_path / "array.json").write_text(json.dumps(rows))
    names = list(dict.fromkeys(name for row in rows for name in row))
    cells = [names, *([_cell(row.get(name)) for name in names] for row in rows)]
    quoted = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in cells]
    (tmp_path / "cells.csv").write_text("\n".join(quoted))
    kept = "event_id, event_name, occurred_at, received_at, " + IDENTITY
    _load(con, vendor)
    expected = _rows(con, kept), _rows(con, "updated_at, properties", "users")
    for file in ("array.json", "cells.csv"):
        with memory() as other:
            _load(other, vendor, tmp_path / file)
            assert (_rows(other, kept), _rows(other, "updated_at, properties", "users")) == expected


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def test_the_account_is_the_property_that_map_names(con: "DuckDBPyConnection") -> None:
    _load(con, "mixpanel", mapping={"account_id": "company_id"})
    assert [account for (account,) in _rows(con, "account_id")][:4] == [None, "acme", "acme", None]
    with (
        memory() as other,
        pytest.raises(FunnelkitError, match="no event has a property 'company'"),
    ):
        _load(other, "mixpanel", mapping={"account_id": "company"})


@pytest.mark.parametrize("vendor", VENDORS)
def test_each_vendor_is_recognised_by_its_rows(con: "DuckDBPyConnection", vendor: str) -> None:
    each = scan(con, FOLDER / f"{vendor}.jsonl")
    found = recognised(con, each)
    each.close(con)
    assert found is not None
    assert found.name == vendor.replace("rudderstack", "segment")


def test_a_plain_log_is_no_vendors(con: "DuckDBPyConnection", tmp_path: Path) -> None:
    path = tmp_path / "plain.jsonl"
    path.write_text('{"event": "a", "properties": {"x": 1}, "user_id": "1", "time": 1772355600}')
    each = scan(con, path)
    assert recognised(con, each) is None
    each.close(con)


def test_without_a_preset_the_hint_names_the_one_that_fits(con: "DuckDBPyConnection") -> None:
    for vendor in VENDORS:
        with pytest.raises(FunnelkitError) as error:
            load(con, "events", [FOLDER / f"{vendor}.jsonl"], root=FOLDER)
        assert f"--preset {vendor.replace('rudderstack', 'segment')}" in (error.value.hint or "")


def test_the_wrong_preset_says_what_is_missing_and_which_fits(con: "DuckDBPyConnection") -> None:
    with pytest.raises(FunnelkitError) as error:
        _load(con, "ga4", FOLDER / "posthog.jsonl")
    assert error.value.message.startswith(
        "posthog.jsonl is no GA4 export: it has no column event_name, event_timestamp,"
        " event_params, user_pseudo_id or user_id; it has: uuid, event,"
    )
    assert error.value.hint == "it looks like a PostHog export: --preset posthog"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"type": None, "timestamp": "2026-03-01", "userId": "u"}, "no row has an event's name"),
        ({"type": "page", "timestamp": "yesterday", "userId": "u"}, "'yesterday' is not a time"),
    ],
)
def test_an_export_without_names_or_times_is_refused(
    con: "DuckDBPyConnection", tmp_path: Path, line: dict[str, Any], message: str
) -> None:
    path = tmp_path / "s.jsonl"
    path.write_text(json.dumps(line))
    with pytest.raises(FunnelkitError, match=message):
        _load(con, "segment", path)


def test_presets_are_for_events_and_have_known_names(con: "DuckDBPyConnection") -> None:
    with pytest.raises(FunnelkitError, match="--preset segment is for events"):
        load(con, "users", [FOLDER / "segment.jsonl"], root=FOLDER, preset="segment")
    with pytest.raises(FunnelkitError, match="no preset is called 'segmnt'") as error:
        _load(con, "segmnt", FOLDER / "segment.jsonl")
    assert error.value.hint == "did you mean 'segment'?"
    assert set(PRESETS) < set(NAMES)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["key", "value", "$set", "traits", "'", ""]), inner)
    ),
    max_leaves=6,
)


@pytest.mark.parametrize("vendor", VENDORS)
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_whatever_stands_in_a_field_every_record_is_one_event(
    tmp_path: Path, vendor: str, data: st.DataObject
) -> None:
    rows = [json.loads(line) for line in (FOLDER / f"{vendor}.jsonl").read_text().splitlines()]
    broken = []
    for row in rows:
        spoiled = dict(row)
        inside = spoiled.get("properties")
        if isinstance(inside, dict) and inside and data.draw(st.booleans()):
            key = data.draw(st.sampled_from(sorted(inside)))
            spoiled["properties"] = {**inside, key: data.draw(_json)}
        else:
            spoiled[data.draw(st.sampled_from(sorted(spoiled)))] = data.draw(_json)
        broken.append(spoiled)
    path = tmp_path / f"{vendor}.jsonl"
    # The last one is whole, so that the file is still the vendor's.
    path.write_text("\n".join(json.dumps(row) for row in [*broken, *rows]))
    with memory() as con:
        assert _load(con, vendor, path).rows == 2 * len(rows)
        bad = "properties is not null and not json_valid(properties)"
        for table in ("events", "users"):
            assert con.execute(f"select count(*) from raw.{table} where {bad}").fetchall() == [(0,)]


def test_text_that_is_no_json_stays_and_nothing_of_it_is_run(
    con: "DuckDBPyConnection", tmp_path: Path
) -> None:
    nasty = "'; drop schema raw; -- \u202e\x01"
    rows = [
        {"type": "track", "event": nasty, "userId": nasty, "messageId": "1",
         "timestamp": "2026-03-01", "properties": nasty, "context": "no object",
         "traits": [1], nasty: {nasty: nasty}},
        {"type": "identify", "userId": "u", "messageId": "2", "timestamp": "2026-03-01",
         "traits": "no object", "context": {"traits": 5}},
    ]  # fmt: skip
    path = tmp_path / "s.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows))
    result = _load(con, "segment", path)
    assert (result.rows, result.files[0].users) == (2, 0)
    assert _rows(con, "event_name, user_id")[0] == (nasty, nasty)
    assert _objects(con)[0] == {
        "properties": nasty, "context": "no object", "traits": [1], nasty: {nasty: nasty},
    }  # fmt: skip
