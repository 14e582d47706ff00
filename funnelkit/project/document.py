"""A YAML file as plain values that know their lines: mistakes can say where they are."""

import datetime as dt
import math
from pathlib import Path as FilePath
from typing import Any, NamedTuple

import yaml

from funnelkit.errors import FunnelkitError

Path = tuple[str | int, ...]
_MAX_VALUES = 100_000  # aliases can make a short file endless


class Placed(NamedTuple):
    """A mistake in a file: `path` from the file's top, `line` counted from 1."""

    line: int
    path: Path
    text: str


class Document(NamedTuple):
    """A YAML file read once.

    `value` holds only what JSON holds: text, numbers, booleans, None, lists, and dicts with text
    keys; dates and times are ISO text. `lines` gives the line of each key or list item by path.
    `mistakes` are duplicate keys, and keys or values that no definition can use; `lost` are the
    places of such values, which are None.
    """

    file: FilePath
    value: Any
    lines: dict[Path, int]
    mistakes: tuple[Placed, ...]
    lost: frozenset[Path] = frozenset()

    def line(self, path: Path) -> int:
        """Line of the nearest known place at or above `path`."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read_document(file: FilePath) -> Document:
    """Reads one YAML file; raises FunnelkitError if it cannot be read or is not valid YAML."""
    text = _text(file)
    try:
        return _Reader(file, text).read()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        hint = "indent with spaces, not tabs" if "'\\t'" in str(error.problem) else None
        problem = " ".join(str(error.problem or error.context).split())
        raise FunnelkitError(f"{file.name}:{line}: not valid YAML: {problem}", hint) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        what = f"a character that YAML does not allow (U+{ord(text[error.position]):04X})"
        raise FunnelkitError(f"{file.name}:{line}: not valid YAML: {what}") from None
    except RecursionError:
        raise FunnelkitError(f"{file.name}: nested too deeply, or inside itself") from None


def _text(file: FilePath) -> str:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise FunnelkitError(f"{file.name}: cannot be read: {error.strerror}") from None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FunnelkitError(f"{file.name}:{line}: not UTF-8", "save the file as UTF-8") from None


class _Reader:
    def __init__(self, file: FilePath, text: str) -> None:
        self.file = file
        self.loader = yaml.SafeLoader(text)
        self.lines: dict[Path, int] = {}
        self.mistakes: list[Placed] = []
        self.checked: set[int] = set()
        self.lost: set[Path] = set()
        self.values = 0

    def read(self) -> Document:
        node = self.loader.get_single_node()
        value = None if node is None else self.build(node, ())
        mistakes, lost = tuple(self.mistakes), frozenset(self.lost)
        return Document(self.file, value, self.lines, mistakes, lost)

    def mistake(self, node: yaml.Node, path: Path, text: str) -> None:
        self.mistakes.append(Placed(node.start_mark.line + 1, path, text))

    def build(self, node: yaml.Node, path: Path) -> Any:
        self.values += 1
        if self.values > _MAX_VALUES:
            raise FunnelkitError(f"{self.file.name}: more than {_MAX_VALUES:,} values")
        self.lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode) and node.tag == "tag:yaml.org,2002:map":
            return self.mapping(node, path)
        if isinstance(node, yaml.SequenceNode) and node.tag == "tag:yaml.org,2002:seq":
            return [self.build(item, (*path, at)) for at, item in enumerate(node.value)]
        return self.scalar(node, path)

    def mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        if id(node) not in self.checked:  # an alias shows the same node again
            self.checked.add(id(node))
            self.repeated_keys(node, path)
            self.loader.flatten_mapping(node)
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self.key(key_node, path)
            if key is not None:
                self.lines[(*path, key)] = key_node.start_mark.line + 1
                result[key] = self.build(value_node, (*path, key))
        return result

    def repeated_keys(self, node: yaml.MappingNode, path: Path) -> None:
        first: dict[str, int] = {}
        for key_node, _ in node.value:
            line = key_node.start_mark.line + 1
            if isinstance(key_node, yaml.ScalarNode):
                key = str(key_node.value)
                if key in first:
                    text = f"the same key again (first on line {first[key]})"
                    self.mistake(key_node, (*path, key), text)
                first.setdefault(key, line)

    def key(self, node: yaml.Node, path: Path) -> str | None:
        if not isinstance(node, yaml.ScalarNode):
            self.mistake(node, path, "a key must be text")
            return None
        value = self.scalar(node, (*path, str(node.value)))
        if value is None or isinstance(value, bool):
            text = f"YAML reads this key as {_yaml(value)}; put it in quotes"
            self.mistake(node, (*path, str(node.value)), text)
            return None
        return str(value)

    def scalar(self, node: yaml.Node, path: Path) -> Any:
        if not isinstance(node, yaml.ScalarNode):
            return self.tagged(node, path)
        try:
            value = self.loader.construct_object(node)
        except (ValueError, OverflowError, yaml.YAMLError):
            is_date = node.tag.endswith(":timestamp")
            what = "is not a date; write 2026-02-14" if is_date else "cannot be read"
            self.mistake(node, path, f"{node.value!r} {what}")
            self.lost.add(path)
            return None
        if isinstance(value, dt.date):  # datetimes are dates, too
            return value.isoformat()
        if isinstance(value, float) and not math.isfinite(value):
            self.mistake(node, path, f"{node.value!r} is not a number; put it in quotes")
            return None
        if value is None or isinstance(value, str | int | float):
            return value
        return self.tagged(node, path)

    def tagged(self, node: yaml.Node, path: Path) -> None:
        tag = node.tag.replace("tag:yaml.org,2002:", "!!")
        self.mistake(node, path, f"the tag {tag} is not used here; leave it out")


def _yaml(value: bool | None) -> str:
    return "nothing" if value is None else str(value).lower()
