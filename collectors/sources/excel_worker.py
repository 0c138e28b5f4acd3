"""The thread that reads Excel: attaches, polls, waits where Excel is busy, attaches again where it went away.

It decides nothing about quotes: it hands each reading, or what is wrong, to whoever started it. A COM call that never
returns cannot be broken off; the worker is then left behind (`abandon`) and another one started.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from collectors.errors import CollectorError
from collectors.sources.base import SourceError
from collectors.sources.excel_session import (
    ExcelBusyError,
    ExcelGoneError,
    ExcelSession,
    Rows,
    WorkbookNotOpenError,
    com_initialised,
)

__all__ = ["ExcelWorker", "Failed", "Finished", "Read", "Trouble"]

BUSY_ATTEMPTS: Final = 5
FIRST_PAUSE_S: Final = 0.05
ATTACH_PAUSES_S: Final = (0.5, 5.0)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Read:
    """The range's values at an instant, microseconds UTC."""

    rows: Rows
    at_us: int


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong for now, in one sentence; the worker goes on."""

    sentence: str
    attached: bool


@dataclass(frozen=True, slots=True)
class Failed:
    """Nothing more will come."""

    error: BaseException


@dataclass(frozen=True, slots=True)
class Finished:
    """What was played is at its end, and everything of it has been told."""


Message = Read | Trouble | Failed | Finished


class ExcelWorker:
    """One thread, one attachment at a time."""

    def __init__(
        self,
        attach: Callable[[], ExcelSession],
        deliver: Callable[[Message], None],
        *,
        poll_s: float,
        clock_us: Callable[[], int] = lambda: time.time_ns() // 1_000,
        ended: Callable[[], bool] = lambda: False,
    ) -> None:
        self._attach = attach
        self._deliver = deliver
        self._poll_s = poll_s
        self._clock_us = clock_us
        self._ended = ended
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="excel", daemon=True)
        self.answered_s = time.monotonic()
        """When Excel, or the search for it, last came back, by the monotonic clock."""

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def abandon(self) -> None:
        """Tell the thread to end when it can, and hear nothing more of it."""
        self._stopped.set()

    def join(self, timeout_s: float) -> None:
        """Wait for its end, so that COM is left in order."""
        self._thread.join(timeout_s)

    def _run(self) -> None:
        try:
            with com_initialised():
                while not self._stopped.is_set():
                    session = self._attached()
                    if session is not None:
                        self._poll(session)
        except CollectorError as error:
            self._tell(Failed(error))
        except Exception as error:
            log.exception("reading Excel failed")
            self._tell(Failed(SourceError(f"Reading Excel failed: {type(error).__name__}: {error}.")))

    def _attached(self) -> ExcelSession | None:
        """The attachment, however long it takes; None once we are to stop."""
        pause, longest = ATTACH_PAUSES_S
        while not self._stopped.is_set():
            try:
                session = self._attach()
            except (WorkbookNotOpenError, ExcelBusyError, ExcelGoneError) as error:
                self._tell(Trouble(str(error), attached=False))
                self._stopped.wait(pause)
                pause = min(pause * 2, longest)
            else:
                self._answered()
                return session
        return None

    def _poll(self, session: ExcelSession) -> None:
        """Read until Excel goes away."""
        attempts = 0
        pause = FIRST_PAUSE_S
        while not self._stopped.is_set():
            try:
                rows = session.read()
            except ExcelBusyError as error:
                attempts += 1
                if attempts >= BUSY_ATTEMPTS:
                    self._tell(Trouble(str(error), attached=True))
                self._answered()
                self._stopped.wait(pause)
                pause = min(pause * 2, 1.0)
                continue
            except ExcelGoneError as error:
                self._tell(Trouble(str(error), attached=False))
                return
            attempts, pause = 0, FIRST_PAUSE_S
            self._tell(Read(rows, self._clock_us()))
            self._stopped.wait(self._poll_s)

    def _answered(self) -> None:
        self.answered_s = time.monotonic()

    def _tell(self, message: Message) -> None:
        self._answered()
        if self._stopped.is_set():
            return
        self._deliver(message)
        # Asked here, in the thread that reads: elsewhere the last read may be over and not yet told.
        if self._ended():
            self._stopped.set()
            self._deliver(Finished())
