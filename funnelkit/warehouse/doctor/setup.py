"""What a project stands on: versions, its definitions, dbt's package, the disk."""

import platform
import re
import shutil
from collections.abc import Iterator
from importlib import metadata
from typing import TYPE_CHECKING, Any

from funnelkit import __version__
from funnelkit import paths as package
from funnelkit.warehouse.doctor.check import Check, count, listed

if TYPE_CHECKING:
    from funnelkit.project.locate import Paths
    from funnelkit.project.read import Source

_PACKAGES = ("duckdb", "dbt-core", "dbt-duckdb", "polars", "altair")
_LOW_DISK = 1 << 30


def versions() -> Iterator[Check]:
    """What is installed, what is missing, and what is outside the versions that are tested."""
    found = [f"funnelkit {__version__}", f"Python {platform.python_version()}"]
    tested = _tested()
    missing, outside = [], _untested_python()
    for name in _PACKAGES:
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            missing.append(name)
            continue
        found.append(f"{name} {version}")
        if name in tested and not is_within(version, tested[name]):
            outside.append(f"{name} {version} (tested: {tested[name]})")
    yield Check("versions", "ok", ", ".join(found))
    if outside:
        hint = "install funnelkit again, in an environment of its own"
        yield Check("versions", "warn", f"not tested with {', '.join(outside)}", hint)
    if missing:
        names = ", ".join(missing)
        yield Check("packages", "fail", f"not installed: {names}", "install funnelkit again")


def _tested() -> dict[str, str]:
    """Package to the range that funnelkit asks for and is tested with, `>=2.0,<2.1`."""
    try:
        wanted = metadata.requires("funnelkit") or []
    except metadata.PackageNotFoundError:  # run from a folder that was never installed
        return {}
    found = (re.match(r"([A-Za-z0-9-]+)\s*\(?([<>=0-9.,\s]+)", each) for each in wanted)
    return {match[1]: match[2].strip() for match in found if match}


def _untested_python() -> list[str]:
    """This Python, if it is none of those that funnelkit's metadata names."""
    try:
        named = metadata.metadata("funnelkit").get_all("Classifier") or []
    except metadata.PackageNotFoundError:
        return []
    minors = [each.removeprefix("Programming Language :: Python :: ") for each in named]
    minors = [each for each in minors if re.fullmatch(r"3\.\d+", each)]
    own = ".".join(platform.python_version_tuple()[:2])
    if own in minors or not minors:
        return []
    return [f"Python {own} (tested: {', '.join(minors)})"]


def is_within(version: str, wanted: str) -> bool:
    """Whether `2.0.1` is within `>=2.0,<2.1`; a bound that cannot be read binds nothing."""
    own = _numbers(version)
    for bound in wanted.split(","):
        match = re.fullmatch(r"\s*(>=|<=|==|<|>)\s*([0-9.]+)\s*", bound)
        if match is None:
            continue
        sign, limit = match[1], _numbers(match[2])
        length = max(len(own), len(limit))
        left, right = _padded(own, length), _padded(limit, length)
        order = (left > right) - (left < right)
        if order not in {">=": (0, 1), "<=": (-1, 0), "==": (0,), "<": (-1,), ">": (1,)}[sign]:
            return False
    return True


def _numbers(version: str) -> tuple[int, ...]:
    release = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(each) for each in release[0].split(".")) if release else ()


def _padded(numbers: tuple[int, ...], length: int) -> tuple[int, ...]:
    return numbers + (0,) * (length - len(numbers))


def definitions(source: "Source") -> Iterator[Check]:
    """What is declared."""
    defined = source.definitions
    names = list(defined.funnels)
    if names:
        told = [f"{count(len(names), 'funnel')}: {listed(names, 12)}"]
        for noun, more in (("outcome", defined.outcomes), ("aha moment", defined.aha_moments)):
            told += [f"{count(len(more), noun)}: {listed(list(more))}"] if more else []
        yield Check("definitions", "ok", "; ".join(told))
    else:
        yield Check(
            "definitions", "warn", "no funnel is declared", "add one under `vars: funnelkit:`"
        )


def dbt_package(paths: "Paths", variables: dict[str, Any] | None) -> Iterator[Check]:
    """Nothing while dbt finds funnelkit's package, in its place and in the project."""
    root = package.root("dbt")
    if not (root / "dbt_project.yml").is_file():
        yield Check("dbt package", "fail", "funnelkit's dbt package is missing", "install it again")
    if not (variables or {}).get("funnels"):
        return
    from funnelkit.warehouse.dbt_results import package_missing

    error = package_missing(paths.dbt_dir, paths.name)
    if error:
        yield Check("dbt package", "fail", error.message, error.hint)


def disk(paths: "Paths") -> Iterator[Check]:
    """Whether a build has room: it writes about as much again as the warehouse holds."""
    folder = next(p for p in (paths.warehouse.parent, paths.root) if p.exists())
    free = shutil.disk_usage(folder).free
    held = paths.warehouse.stat().st_size if paths.warehouse.exists() else 0
    if free < max(_LOW_DISK, 2 * held):
        hint = "a build needs about twice the logs; `build/` can be deleted and built again"
        yield Check("disk", "warn", f"{free / 2**20:,.0f} MB free", hint)
    else:
        yield Check("disk", "ok", f"{free / 2**30:,.1f} GB free")
