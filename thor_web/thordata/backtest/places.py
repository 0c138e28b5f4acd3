"""Where the pieces of a sweep are played: here, in processes of this machine, or on the workers of a Dask cluster.

Whatever the place, the answers are the same bits. A piece whose worker was lost is played again.
"""

import importlib
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from multiprocessing.process import BaseProcess
from typing import Any, Final

from thor_web.thordata.backtest.errors import BacktestError
from thor_web.thordata.backtest.sweep_chunk import Chunk, play_chunk

__all__ = ["Place", "dask_cluster", "here", "processes", "processors"]

Place = Callable[[Sequence[Chunk]], Iterator[dict[str, Any]]]
"""Plays pieces and gives their answers as they come, in any order."""

CONNECT_S: Final = 10
LIVES: Final = 3
"""How often workers may be lost before it is given up."""


def processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def here(chunks: Sequence[Chunk]) -> Iterator[dict[str, Any]]:
    """One after the other, in this process."""
    return map(play_chunk, chunks)


def processes(workers: int) -> Place:
    """Each worker is a process of its own."""

    def place(chunks: Sequence[Chunk]) -> Iterator[dict[str, Any]]:
        left = {chunk.first: chunk for chunk in chunks}
        for _ in range(LIVES):
            pool = ProcessPoolExecutor(
                min(workers, len(left)), mp_context=get_context("spawn"), initializer=end_with_parent
            )
            try:
                yield from _finished(pool, left)
            except BrokenProcessPool:
                continue
            finally:
                pool.shutdown(wait=True, cancel_futures=True)
            return
        raise BacktestError("worker_lost", f"processes of the sweep ended {LIVES} times without a word")

    return place


def end_with_parent() -> None:
    """Let this process end when the one that started it was killed: nobody waits for its answers any more."""
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_follow, args=(parent,), daemon=True).start()


def _follow(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)


def _finished(pool: ProcessPoolExecutor, left: dict[int, Chunk]) -> Iterator[dict[str, Any]]:
    futures: list[Future[dict[str, Any]]] = [pool.submit(play_chunk, chunk) for chunk in left.values()]
    for future in as_completed(futures):
        found = future.result()
        del left[found["first"]]
        yield found


def dask_cluster(address: str) -> Place:
    """The workers of the scheduler at an address. They read the lake by the same path and have Thor installed.

    Raises BacktestError `missing_extra` without the package, `no_cluster` where nobody answers.
    """
    try:
        distributed: Any = importlib.import_module("distributed")
    except ImportError as error:
        raise BacktestError("missing_extra", "--dask needs the extra `dask`: pip install 'thor[dask]'") from error

    def place(chunks: Sequence[Chunk]) -> Iterator[dict[str, Any]]:
        try:
            client = distributed.Client(address, timeout=CONNECT_S)
        except (OSError, TimeoutError, ValueError) as error:
            raise BacktestError("no_cluster", f"no Dask scheduler answers at {address}: {error}") from error
        with client:
            # Not pure: a second sweep of the same grid is to be played, not remembered.
            futures = [client.submit(play_chunk, chunk, pure=False, retries=LIVES) for chunk in chunks]
            try:
                for future in distributed.as_completed(futures):
                    yield future.result()
            except distributed.KilledWorker as error:
                raise BacktestError("no_cluster", f"the cluster lost the same work too often: {error}") from error
            finally:
                client.cancel(futures)

    return place
