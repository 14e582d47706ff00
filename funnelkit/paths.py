"""Where the packaged dbt project, queries and seeds are: in the wheel, or in a checkout."""

from importlib.resources import files
from pathlib import Path
from typing import Literal

_CHECKOUT = {"dbt": "dbt_project", "sql": "sql", "seeds": "seeds"}


def root(name: Literal["dbt", "sql", "seeds"]) -> Path:
    """Folder of the dbt package, the named queries or the sample's seeds (absolute path)."""
    packaged = Path(str(files("funnelkit"))) / f"_{name}"
    # An editable install maps nothing into the package: fall back to the checkout's folder.
    return packaged if packaged.is_dir() else Path(__file__).resolve().parents[1] / _CHECKOUT[name]
