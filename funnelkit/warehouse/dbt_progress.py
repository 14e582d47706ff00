"""What dbt tells while it runs, and Ctrl-C meanwhile."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Progress:
    """One node of the build has finished (`name` and `status` empty: the total became known).

    `done` and `total` count models, seeds, tests and unit tests.
    """

    done: int
    total: int
    name: str = ""
    status: str = ""


OnEvent = Callable[[Progress], None]


class Counter:
    """dbt's callback: counts finished nodes, one caller at a time (events come from workers).

    `unmatched`: selectors that nothing matches; `told`: whether dbt has printed its own error.
    """

    def __init__(
        self,
        on_event: OnEvent | None = None,
        on_start: Callable[[], None] = lambda: None,
        on_results: Callable[[Sequence[Any]], None] = lambda results: None,
    ) -> None:
        self._on_event = on_event or (lambda progress: None)
        self._on_start = on_start
        self._on_results = on_results
        self._lock = threading.Lock()
        self._done = self._total = 0
        self.unmatched: list[str] = []
        self.told = False

    def __call__(self, event: Any) -> None:
        """Takes one event of dbt's."""
        with self._lock:
            match event.info.name:
                case "LogStartLine":
                    self._start(int(event.data.total))
                case "NodeFinished":
                    self._finish(event.data.node_info)
                case "NoNodesForSelectionCriteria":
                    self.unmatched.append(str(event.data.spec_raw))
                case "MainEncounteredError":
                    self.told = True

    def finish(self, results: Sequence[Any] | None) -> None:
        """Hands over the results of a run that started, however it ended."""
        if self._total:
            self._on_results(results or ())

    def _start(self, total: int) -> None:
        if not self._total:
            self._total = total
            self._on_start()
            self._on_event(Progress(self._done, total))

    def _finish(self, node: Any) -> None:
        self._done += 1
        total = max(self._total, self._done)
        self._on_event(Progress(self._done, total, node.node_name, node.node_status))


@contextlib.contextmanager
def interruptible(cancel: Callable[[], None] | None = None) -> Iterator[threading.Event]:
    """Remembers Ctrl-C, and keeps interrupting the database until dbt has come back.

    `cancel` interrupts its queries, where they are not DuckDB's.

    dbt interrupts the running queries once; a worker that is between two statements at that moment
    would start the next one and run it to its end.
    """
    interrupted, finished = threading.Event(), threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield interrupted
        return

    def insist() -> None:
        while not finished.wait(0.2):
            with contextlib.suppress(Exception):
                (cancel or _interrupt_queries)()

    def on_interrupt(signum: int, frame: Any) -> None:
        if not interrupted.is_set():
            interrupted.set()
            threading.Thread(target=insist, daemon=True).start()
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield interrupted
    finally:
        finished.set()
        signal.signal(signal.SIGINT, before)


def _interrupt_queries() -> None:
    from dbt.adapters.factory import FACTORY

    for adapter in list(FACTORY.adapters.values()):
        for connection in list(adapter.connections.thread_connections.values()):
            # A connection may close, or not be open yet, while we look at it.
            with contextlib.suppress(Exception):
                connection.handle.cursor().interrupt()
