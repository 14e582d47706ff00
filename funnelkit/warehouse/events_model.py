"""`events: {model: …}`: what is wrong with it, told at its place in the definitions."""

import re
from pathlib import Path

from funnelkit.errors import FunnelkitError, did_you_mean

COLUMNS = (
    *("event_id", "user_id", "anonymous_id", "previous_id", "account_id"),
    *("event_name", "occurred_at", "received_at", "properties"),
)
_READER = "stg_raw__events"
_NO_MODEL = re.compile(
    rf"{_READER}\b.* depends on a node named '(?P<name>.+?)' which was not found"
)
_NO_COLUMN = re.compile(r'[Cc]olumn "(?P<name>\w+)" (?:referenced that exists|not found)')


def missing_model(message: str, root: Path) -> FunnelkitError | None:
    """An error for a model that dbt does not find, where its `message` says that; else None."""
    found = _NO_MODEL.search(message)
    if found is None:
        return None
    name = found["name"]
    models = {path.stem for path in _models(root) if path.suffix in (".sql", ".py")}
    near = did_you_mean(name, models) if models else "put it into models/"
    return FunnelkitError(f"{_place(root)}: this project has no model {name!r}", near)


def missing_column(node: str, message: str, root: Path) -> str | None:
    """What to say where the message of this node is of a column that the model lacks; else None."""
    found = _NO_COLUMN.search(message) if node == _READER else None
    if found is None or found["name"] not in COLUMNS:
        return None
    model = _declared(root)
    if model is None:
        return None
    return (
        f"{_place(root)}: {model} has no column {found['name']}; it needs all of"
        f" {', '.join(COLUMNS)}, NULL where there is nothing"
    )


def _models(root: Path) -> list[Path]:
    from funnelkit.project.locate import find

    return sorted((find(root).dbt_dir / "models").rglob("*.*"))


def _place(root: Path) -> str:
    from funnelkit.project.locate import find
    from funnelkit.project.read import read

    return read(find(root).project_file).place("events", "model")


def _declared(root: Path) -> str | None:
    from funnelkit.project.locate import find
    from funnelkit.project.read import read

    events = read(find(root).project_file).definitions.events
    return None if events is None else events.model
