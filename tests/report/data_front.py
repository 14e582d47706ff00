"""What the tests of the front page and of the closing section share."""

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

from funnelkit.report.model import Annotation, Finding

LESS, LEAVES = "− ", "→ "


def finding(text: str, customers: int | None = 10, **changes: Any) -> Finding:
    return Finding(text, **{"kind": "gap", "customers": customers, "passed": True, **changes})


ANNOTATIONS = (
    Annotation("2026-02-14", "new onboarding"),
    Annotation("2026-05-04", "a </script><b>bold</b> | release"),
    Annotation("2031-01-01", "long after the data"),
)


def adds_up(rows: Iterable[Mapping[str, Any]]) -> int:
    """Every ladder's numbers less what is left out leave the next; returns how many were checked.

    `rows`: of, stage and count, as text or numbers, in their order.
    """
    checked = 0
    for of, rungs in groupby(rows, key=lambda row: row["of"]):
        running: int | None = None
        for rung in rungs:
            assert rung["count"] not in (None, ""), (of, rung)
            count, stage = int(rung["count"]), rung["stage"]
            assert count >= 0
            if stage.startswith(LESS):
                assert running is not None, of
                running -= count
            elif stage.startswith(LEAVES) and running is not None:
                assert count == running, (of, stage)
                checked += 1
            else:
                running = count
    return checked
