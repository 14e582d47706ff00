"""Two rendered reports that the tests share: an ordinary one, and one with hostile names."""

import pytest

from funnelkit.report.build import render
from funnelkit.stats.funnels import step_rows
from funnelkit.table import Table
from tests.report.data import EVIL, TOTAL, counts, report_data, section

NOTHING = Table((), ())


@pytest.fixture(scope="session")
def files():
    return render(report_data())


@pytest.fixture(scope="session")
def evil():
    names = ("signed_up", EVIL, "a | pipe ` tick & *bold*", "x" * 90)
    hostile = section(
        name="activation", steps=step_rows(counts(TOTAL, names=names)), trend=NOTHING,
        times=NOTHING, words=(f"Step 2: {EVIL} | `code` [link](example.org)", "# no heading"),
        breakdowns={f"by {EVIL}": step_rows(counts(TOTAL, "b", "va\x00lue\r\n|", names=names))},
    )  # fmt: skip
    return render(report_data(hostile, title=EVIL))
