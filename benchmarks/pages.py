"""What the pages of figures share."""

import os
import platform
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines of a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(cells) + " |" for cells in lines]


def machine(*drawing: str) -> str:
    """What a page was measured on, and with which versions, those of `drawing` packages besides."""
    packages = ("funnelkit", "duckdb", "chdb", "chdb-core", "polars", "numpy", "pyarrow", *drawing)
    versions = ", ".join(f"{package} {version(package)}" for package in packages)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    made_of = f"{os.cpu_count()} cores ({_processor()}), {memory:.0f} GB, {platform.system()}"
    return f"Measured on {made_of}, Python {platform.python_version()}, {versions}."


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.machine()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{models[0]}, {platform.machine()}" if models else platform.machine()
