from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from funnelkit.warehouse.connect import memory

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@pytest.fixture
def con() -> Iterator["DuckDBPyConnection"]:
    with memory() as connection:
        yield connection
