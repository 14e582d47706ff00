"""Rules of the dbt project itself, read from its manifest and its macros."""

import json
import re
from typing import Any

import duckdb
import pytest

from funnelkit.paths import root
from funnelkit.warehouse import raw
from funnelkit.warehouse.macros import funnel_specs, render

PREFIXES = {
    "staging": ("stg_raw__",),
    "intermediate": ("int_",),
    "marts": ("fct_", "dim_", "rpt_", "raw_rejects"),
}
# Their grain is the row of the raw file, or one row in all.
NO_KEY = {"stg_raw__events", "stg_raw__users", "stg_raw__feedback", "raw_rejects"}
NO_KEY |= {"int_observed_until", "int_log_ids"}  # one row; ids that may be null
# They carry the project's declared properties, which a contract would refuse.
OPEN_COLUMNS = {"fct_events", "dim_users", "dim_accounts"}


@pytest.fixture(scope="module")
def manifest(built_sample) -> dict[str, Any]:
    file = built_sample.paths.run_dir / "target" / "manifest.json"
    found: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return found


@pytest.fixture(scope="module")
def models(manifest) -> dict[str, dict[str, Any]]:
    return {
        node["name"]: node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
    }


@pytest.fixture(scope="module")
def tests_of(manifest) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for node in manifest["nodes"].values():
        if node["resource_type"] == "test" and node.get("test_metadata"):
            model = (node.get("attached_node") or "").rpartition(".")[2]
            found.setdefault(model, set()).add(node["test_metadata"]["name"])
    return found


def test_names_follow_the_layer(models):
    assert len(models) > 20
    for name, model in models.items():
        layer = model["path"].split("/")[0]
        assert name.startswith(PREFIXES[layer]), name


def test_layers_read_only_the_layers_before_them(models):
    order = ["staging", "intermediate", "marts"]
    # The funnel mart's definitions and dimensions are what the intermediate kernel reads.
    shared = {"dim_users", "dim_accounts", "fct_events", "dim_funnels", "dim_funnel_steps"}
    for name, model in models.items():
        layer = order.index(model["path"].split("/")[0])
        for parent in model["depends_on"]["nodes"]:
            if parent.startswith("model."):
                below = models[parent.rpartition(".")[2]]
                ok = order.index(below["path"].split("/")[0]) <= layer or below["name"] in shared
                assert ok, f"{name} reads {below['name']}"
            elif parent.startswith("source."):
                # Which loads there were, and private lists, are asked for at every layer.
                ledger = parent.endswith((".loads", ".lists"))
                assert layer == 0 or ledger or name == "raw_rejects", f"{name} reads {parent}"


def test_every_model_and_named_column_is_described(models):
    for name, model in models.items():
        assert model["description"], name
        for column in model["columns"].values():
            assert column["description"], f"{name}.{column['name']}"


def test_every_model_has_a_primary_key_test(models, tests_of):
    for name in models.keys() - NO_KEY:
        assert tests_of.get(name, set()) & {"unique", "unique_key"}, name


def test_every_mart_has_a_contract_or_fixed_columns(models, tests_of):
    for name, model in models.items():
        if model["path"].startswith("marts"):
            if name in OPEN_COLUMNS:
                assert "has_columns" in tests_of[name], name
            else:
                assert model["config"]["contract"]["enforced"], name


def test_kernel_macros_use_nothing_that_plain_jinja_lacks():
    forbidden = r"\b(ref|source|var|config|return|run_query)\(|\bthis\b"
    macros = root("dbt") / "macros"
    for file in (*(macros / "funnel").glob("*.sql"), *(macros / "aha").glob("*.sql")):
        code = re.sub(r"\{#.*?#\}", "", file.read_text("utf-8"), flags=re.DOTALL)
        assert not re.search(forbidden, code), file.name


def test_macros_do_not_quote_identifiers_or_divide_blindly():
    # A double-quoted name is a string on other engines; `//` and `%` by zero raise here.
    for folder in ("macros/funnel", "macros/aha", "models"):
        for file in (root("dbt") / folder).rglob("*.sql"):
            no_code = r"\{[#%{].*?[#%}]\}|--[^\n]*|like '[^']*'"
            code = re.sub(no_code, "", file.read_text("utf-8"), flags=re.DOTALL)
            assert '"' not in code, file.name
            assert not re.search(r"//|%", code), file.name


def test_load_and_dbt_create_the_same_raw_tables(built_sample):
    with duckdb.connect() as con:
        raw.ensure(con)
        by_load = _columns(con)
    macro = (root("dbt") / "macros/project/raw.sql").read_text("utf-8")
    table = re.search(r"return\((\{.*?\})\)", macro, re.DOTALL)
    assert table is not None
    by_dbt = {
        (name, column.split()[0], ([*column.split(), "varchar"])[1].upper())
        for name, columns in json.loads(table[1].replace("'", '"').replace(",\n    }", "}")).items()
        for column in columns
    }
    assert by_load == by_dbt


def _columns(con: duckdb.DuckDBPyConnection) -> set[tuple[str, str, str]]:
    return set(
        con.execute(
            "select table_name, column_name, data_type from information_schema.columns"
            " where table_schema = 'raw'"
        ).fetchall()
    )


def test_the_window_kernel_joins_no_table_to_itself_by_range():
    # dbt_product_analytics' self-join grows with the square of a user's events.
    specs = json.dumps(funnel_specs({"f": {"steps": list("abcde"), "window": "1 day"}}))
    sql = render("funnel_chains", "rows", "entries", specs, engine="default")
    assert " join rows" not in sql
    assert sql.count("over before") > 0
