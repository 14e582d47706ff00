"""Where a project is, and where its warehouse, run folder and reports are."""

from pathlib import Path
from typing import NamedTuple

from funnelkit.errors import FunnelkitError
from funnelkit.project.document import read_document

PROJECT_FILE = "dbt_project.yml"
NESTED = "dbt_project"


class Paths(NamedTuple):
    """Absolute paths of a project and its dbt name; only `root` and `dbt_dir` need to exist.

    `root`: the project's folder. `dbt_dir`: the folder with dbt_project.yml, `root` itself or
    `root/dbt_project`. `warehouse`: the DuckDB file. `run_dir`: dbt's profiles.yml, target and
    logs. `reports`: committed reports.
    """

    root: Path
    dbt_dir: Path
    name: str
    warehouse: Path
    run_dir: Path
    reports: Path

    @property
    def project_file(self) -> Path:
        """The dbt_project.yml with the definitions."""
        return self.dbt_dir / PROJECT_FILE


def find(path: str | Path = ".") -> Paths:
    """The project that `path` lies in: that folder, else the nearest one above it.

    A folder is a project when it holds dbt_project.yml or dbt_project/dbt_project.yml; a folder
    named dbt_project belongs to the one above it, wherever one stands. Raises FunnelkitError when
    there is none, or when its file has no usable `name`.
    """
    start = Path(path).expanduser()
    if not start.exists():
        raise FunnelkitError(f"no such folder: {path}", "name the project's folder")
    folder = start.resolve()
    if folder.is_file():
        folder = folder.parent
    for candidate in (folder, *folder.parents):
        found = _dbt_dir(candidate)
        if found is not None:
            return _paths(found)
    raise FunnelkitError(
        f"no project in {path} or above it: looked for {PROJECT_FILE} and {NESTED}/{PROJECT_FILE}",
        "`funnelkit init DIR --events LOG` starts one, `funnelkit sample DIR` a made-up one",
    )


def _dbt_dir(folder: Path) -> Path | None:
    for candidate in (folder, folder / NESTED):
        if (candidate / PROJECT_FILE).is_file():
            return candidate
    return None


def _paths(dbt_dir: Path) -> Paths:
    root = dbt_dir.parent if dbt_dir.name == NESTED else dbt_dir
    return Paths(
        root=root,
        dbt_dir=dbt_dir,
        name=_name(dbt_dir / PROJECT_FILE),
        warehouse=root / "build" / "warehouse.duckdb",
        run_dir=root / "build" / "dbt",
        reports=root / "reports",
    )


def _name(file: Path) -> str:
    document = read_document(file)
    name = document.value.get("name") if isinstance(document.value, dict) else None
    if not isinstance(name, str) or not name:
        raise FunnelkitError(f"{file.name}: name: missing", "add a line such as `name: shop`")
    return name
