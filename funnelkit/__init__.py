"""Behavioral funnel analytics on an embedded warehouse: `fk.open(".").funnel("activation")`."""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from funnelkit.api import explore, open

__all__ = ["__version__", "explore", "open"]


def __getattr__(name: str) -> Any:
    # Lazy, so that `funnelkit --help` pays for no duckdb, polars or dbt.
    if name in ("explore", "open"):
        from funnelkit import api

        return getattr(api, name)
    raise AttributeError(f"module 'funnelkit' has no attribute {name!r}")
