"""The sample's files: written beside their names, renamed together when all are whole."""

from pathlib import Path
from types import TracebackType
from typing import IO, Literal, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from funnelkit.errors import FunnelkitError
from funnelkit.sample.texts import csv_lines
from funnelkit.sample.truth import HEADER

Format = Literal["csv", "parquet"]
Layout = Literal["project", "seeds"]
ROW_GROUP = 131_072
TRUTH = "truth.yml"


def check_directory(directory: Path) -> None:
    """Only an absent or empty folder, or one with an earlier sample's truth.yml, is written to."""
    if directory.exists() and not directory.is_dir():
        raise FunnelkitError(f"{directory} is a file, expected a folder", "name a new folder")
    if not directory.is_dir() or not any(directory.iterdir()):
        return
    truth = directory / TRUTH
    if truth.is_file() and truth.read_bytes().startswith(HEADER.encode()):
        return
    raise FunnelkitError(
        f"{directory} is not empty and holds no earlier sample",
        "name a new folder, for example: funnelkit sample shop",
    )


class SampleFiles:
    """Writes the logs part by part; nothing has its name until `publish`."""

    def __init__(self, directory: Path, layout: Layout, form: Format, parts: int) -> None:
        self.directory = directory
        self._form = form
        self._parts = parts
        self._prefix = "raw_" if layout == "seeds" else "data/"
        self._open: dict[str, IO[bytes]] = {}
        self._names: list[str] = []
        self._published = False

    def __enter__(self) -> Self:
        (self.directory / f"{self._prefix}events").parent.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for file in self._open.values():
            file.close()
        if not self._published:
            for name in self._names:
                self._beside(name).unlink(missing_ok=True)

    def write_events(self, table: pa.Table, part: int) -> None:
        """Write one part of the events to a file of its own; `part` counts from 1."""
        number = f"-{part:04d}" if self._parts > 1 else ""
        name = f"{self._prefix}events{number}.{self._form}"
        if self._form == "csv":
            self._append(name, table)
            self._open.pop(name).close()
            return
        self._names.append(name)
        pq.write_table(table, self._beside(name), row_group_size=ROW_GROUP, compression="zstd")

    def append_rows(self, log: Literal["users", "feedback"], table: pa.Table) -> None:
        """Append rows to users.csv or feedback.csv."""
        self._append(f"{self._prefix}{log}.csv", table)

    def publish(self, truth: str) -> tuple[str, ...]:
        """Give every file its name, truth.yml last; files of an earlier sample go. Their names."""
        for file in self._open.values():
            file.close()
        self._names.append(TRUTH)
        self._beside(TRUTH).write_bytes(truth.encode())
        for pattern in ("events.*", "events-[0-9]*.*"):
            for old in self.directory.glob(self._prefix + pattern):
                if old.suffix in (".csv", ".parquet"):
                    old.unlink()
        for name in self._names:
            self._beside(name).replace(self.directory / name)
        self._published = True
        return tuple(self._names)

    def _beside(self, name: str) -> Path:
        path = self.directory / name
        return path.with_name(f".{path.name}.part")

    def _append(self, name: str, table: pa.Table) -> None:
        if name not in self._open:
            self._names.append(name)
            self._open[name] = self._beside(name).open("wb")
            self._open[name].write(",".join(table.column_names).encode() + b"\n")
        for lines in csv_lines(table).chunks:
            if len(lines):
                first, last = _span(lines)
                self._open[name].write(lines.buffers()[2].slice(first, last - first))


def _span(lines: pa.StringArray) -> tuple[int, int]:
    """Where the text of an array starts and ends in its buffer of characters."""
    offsets = np.frombuffer(lines.buffers()[1], np.int32)
    return int(offsets[lines.offset]), int(offsets[lines.offset + len(lines)])
