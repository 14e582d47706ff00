"""Worked examples kept beside the checkout; tests that need them are skipped without."""

import json
from pathlib import Path
from typing import Any

import pytest

FILE = Path(__file__).resolve().parents[3] / "shared" / "vectors" / "stats.json"


def cases(prefix: str) -> list[Any]:
    """Parameters for every case whose id starts so, or one that skips."""
    if not FILE.is_file():
        reason = "needs ../shared/vectors/stats.json"
        return [pytest.param(None, id="absent", marks=pytest.mark.skip(reason=reason))]
    found = json.loads(FILE.read_text(encoding="utf-8"))["vectors"]
    return [pytest.param(case, id=case["id"]) for case in found if case["id"].startswith(prefix)]
