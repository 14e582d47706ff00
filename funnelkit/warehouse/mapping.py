"""Which of a file's columns fills which of ours: `--map ours=theirs`, by name, or a constant."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from funnelkit.errors import FunnelkitError, did_you_mean
from funnelkit.warehouse.raw import REQUIRED, TARGETS, Kind

_CONSTANT = re.compile(r"'((?:[^']|'')*)'", re.DOTALL)
# Targets that are often the same in a whole file: a bare word for them may be meant as a constant.
_OF_FILE = ("event_name", "source", "question", "kind", "feature", "language", "product")
_EXAMPLES = {
    "event_name": "event",
    "occurred_at": "timestamp",
    "user_id": "uid",
    "submitted_at": "answered_at",
    "question": "'nps'",
}


@dataclass(frozen=True)
class Columns:
    """How a file fills a raw table.

    `sources`: target → index of the file's column; `constants`: target → its text; `rest`: indexes
    of the columns that nothing asked for, in file order.
    """

    sources: dict[str, int]
    constants: dict[str, str]
    rest: tuple[int, ...]


def parse_map(items: Iterable[str]) -> dict[str, str]:
    """Read `--map` values: `ours=theirs`, `ours='constant'`, or a YAML file of such pairs.

    Later ones win. Raises FunnelkitError for anything else.
    """
    mapping: dict[str, str] = {}
    for item in items:
        ours, equals, theirs = item.partition("=")
        if equals and ours.strip() and theirs.strip():
            mapping[ours.strip()] = theirs.strip()
        elif not equals and Path(item).suffix in (".yml", ".yaml"):
            mapping.update(_from_yaml(Path(item)))
        else:
            raise FunnelkitError(
                f"--map {item!r}: expected ours=theirs", "example: --map event_name=event"
            )
    return mapping


def _from_yaml(path: Path) -> dict[str, str]:
    import yaml

    try:
        pairs = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise FunnelkitError(f"cannot read the mapping {path.name}: {error}") from None
    except yaml.YAMLError as error:
        raise FunnelkitError(f"{path.name} is not YAML: {error}") from None
    if not isinstance(pairs, dict) or not all(
        isinstance(part, str) for pair in pairs.items() for part in pair
    ):
        raise FunnelkitError(
            f"{path.name}: expected pairs of names", "example line: event_name: event"
        )
    return pairs


def check_mapping(
    kind: Kind, mapping: Mapping[str, str], targets: Sequence[str] | None = None
) -> None:
    """Raise FunnelkitError for a target that raw has no column for (with did-you-mean).

    `targets` are those that may be mapped: all of the kind, if not given.
    """
    known = TARGETS[kind] if targets is None else targets
    for target in mapping:
        if target not in known:
            raise FunnelkitError(
                f"--map {target}={mapping[target]}: {kind} have no column {target!r}",
                did_you_mean(target, known),
            )


# What a row is, by kind: one file may hold several, each loaded under its own name.
_NAMES: dict[Kind, str] = {"events": "event_name", "feedback": "question"}


def check_once(
    kind: Kind,
    file: str,
    mapping: Mapping[str, object],
    earlier: str,
    loaded: Mapping[str, object],
) -> None:
    """Raise FunnelkitError if a file loaded as `earlier` would put its rows in twice.

    It would not if both mappings say by a constant what its rows are, and say it differently:
    starts and ends of sessions are two events, columns of a survey two questions.
    """
    target = _NAMES.get(kind)
    names = [str(each.get(target, "")) for each in (mapping, loaded)] if target else []
    if len({*names}) == 2 and all(_CONSTANT.fullmatch(name) for name in names):
        return
    told = ", ".join(f"{ours}={theirs}" for ours, theirs in loaded.items()) or "no mapping"
    known = "before" if file == earlier else f"as {earlier}"
    raise FunnelkitError(
        f"{file} was loaded {known} with another mapping ({told});"
        f" loading it again would put its {kind} in twice",
        f"another reading needs another name: --map {target}=\"'...'\"; to load it anew,"
        " start from a new warehouse"
        if target
        else "to load it anew, start from a new warehouse",
    )


def constant(theirs: str) -> str | None:
    """The text of a mapped value in single quotes; None for a column's name."""
    quoted = _CONSTANT.fullmatch(theirs)
    return None if quoted is None else quoted[1].replace("''", "'")


def resolve(
    kind: Kind,
    file: str,
    columns: Sequence[str],
    mapping: Mapping[str, str],
    *,
    targets: Sequence[str] | None = None,
    required: Sequence[Sequence[str]] | None = None,
) -> Columns:
    """Find each target's column: the mapped one, else the one of the same name (case set aside).

    A mapped value in single quotes is a constant. `targets` are those looked for, and of each group
    of `required` one must be there: all of the kind, and the kind's, if not given. Raises
    FunnelkitError for an unknown target or column, and for a required target that nothing fills,
    with the file's columns and an example.
    """
    check_mapping(kind, mapping)
    sources: dict[str, int] = {}
    constants: dict[str, str] = {}
    for target in TARGETS[kind] if targets is None else targets:
        theirs = mapping.get(target)
        text = None if theirs is None else constant(theirs)
        if text is not None:
            constants[target] = text
            continue
        index = found(columns, target if theirs is None else theirs)
        if index is not None:
            sources[target] = index
        elif theirs is not None:
            raise FunnelkitError(
                f"{file} has no column {theirs!r} (--map {target}={theirs}); it has:"
                f" {listed(columns)}",
                _constant_hint(target, theirs, columns),
            )
    groups = REQUIRED[kind] if required is None else required
    _check_required(groups, file, columns, {*sources, *constants})
    used = set(sources.values())
    return Columns(sources, constants, tuple(i for i in range(len(columns)) if i not in used))


def _constant_hint(target: str, theirs: str, columns: Sequence[str]) -> str | None:
    """The column that is meant; else, where it may be one, how a constant is written."""
    near = did_you_mean(theirs, columns)
    if target not in _OF_FILE or (near or "").startswith("did you mean"):
        return near
    return f"a constant needs quotes inside: --map {target}=\"'{theirs}'\""


def found(columns: Sequence[str], name: str) -> int | None:
    """Where the column is: the exact name first, then the only one that differs in case alone."""
    if name in columns:
        return columns.index(name)
    near = [i for i, column in enumerate(columns) if column.casefold() == name.casefold()]
    return near[0] if len(near) == 1 else None


def _check_required(
    groups: Sequence[Sequence[str]], file: str, columns: Sequence[str], filled: set[str]
) -> None:
    if not columns:
        raise FunnelkitError(
            f"no line of {file} is a JSON object", 'like {"user_id": "u1"}, one on each line'
        )
    for group in groups:
        if filled.isdisjoint(group):
            target = group[0]
            wanted = " or ".join(group)
            raise FunnelkitError(
                f"{file} has no column {wanted}; it has: {listed(columns)}",
                _hint(target, columns),
            )


def _hint(target: str, columns: Sequence[str]) -> str:
    near = did_you_mean(target, columns) or ""
    if near.startswith("did you mean"):
        theirs = near.removeprefix("did you mean ").removesuffix("?").strip("'")
        return f"{near} --map {target}={theirs}"
    return f"say which it is: --map {target}={_EXAMPLES[target]}"


def listed(columns: Sequence[str]) -> str:
    """The columns as an error names them: the first 20."""
    shown = ", ".join(columns[:20])
    return shown + (f", … ({len(columns)} in all)" if len(columns) > 20 else "")
