"""What is measured: one contestant, one log, one funnel. Standard library only.

The driver must stay small: Linux counts a parent's memory at the moment of the fork into its
child's peak, so whatever reads or writes a log runs in a process of its own.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

WINDOW_DAYS = 7
WINDOW_US = WINDOW_DAYS * 86_400_000_000
# The first five share 30 % of a log's rows, each of the others has 4.7 %.
EVENTS = tuple(f"e{number:02d}" for number in (1, 2, 3, 4, 5, *range(10, 25)))
# So many rows of one user are added to the log with a bot.
BOT_ROWS = 1_000_000

FOLDER = Path("build/bench")


@dataclass(frozen=True)
class Log:
    """A log on disk: `order` is random or sorted (user, time), `ids` are text (u123) or int."""

    events: int
    order: str = "random"
    ids: str = "text"
    bot: bool = False

    def parquet(self) -> Path:
        """The log as users have it: one file with user_id, event_name, occurred_at."""
        return FOLDER / f"{self._name()}-{self.ids}-{self.order}.parquet"

    def days(self) -> tuple[Path, Path]:
        """The same rows in two files: all but the last of the ninety days, and that one."""
        whole = self.parquet()
        return whole.with_stem(f"{whole.stem}-most"), whole.with_stem(f"{whole.stem}-day")

    def duckdb(self) -> Path:
        """The log as a table `events` like fct_events: dense integer key, name, time, event_no."""
        return FOLDER / f"{self._name()}-{self.order}.duckdb"

    def mergetree(self) -> Path:
        """The folder of ClickHouse's table, ordered by (user, time)."""
        return FOLDER / f"{self._name()}.mergetree"

    def place(self, kind: str) -> Path:
        """What is there once the log is made as parquet, days, duckdb or mergetree."""
        return self.days()[1] if kind == "days" else Path(getattr(self, kind)())

    def _name(self) -> str:
        return f"log-{self.events}{'-bot' if self.bot else ''}"


@dataclass(frozen=True)
class Task:
    """A question to one contestant: the first `steps` of EVENTS, in order, within seven days.

    `place` is parquet or table. `memory_gb` limits the engine, as far as it can be limited.
    """

    contestant: str
    place: str
    log: Log
    steps: int = 5
    memory_gb: float | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The events of the funnel's steps."""
        return EVENTS[: self.steps]

    def to_json(self) -> str:
        """The task for a child process."""
        return json.dumps(asdict(self))


def from_json(text: str) -> Task:
    """The inverse of `Task.to_json`."""
    fields = json.loads(text)
    return Task(**{**fields, "log": Log(**fields["log"])})
