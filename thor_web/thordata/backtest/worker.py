"""The worker: takes what waits in the queue and plays each in a process of its own, which may fail, hang or grow.

What a run may use is bounded. The child writes its own progress and result; the worker only watches it.
"""

import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Final

import psycopg

from thor_web.thordata.backtest.analysis import study_patterns
from thor_web.thordata.backtest.asked import PatternsSpecification, SweepSpecification
from thor_web.thordata.backtest.errors import BacktestError
from thor_web.thordata.backtest.execution import execute
from thor_web.thordata.backtest.outcomes import Outcome
from thor_web.thordata.backtest.playing import Progress
from thor_web.thordata.backtest.runs import Claim, Runs
from thor_web.thordata.backtest.specification import RunSpecification
from thor_web.thordata.backtest.sweep import sweep
from thor_web.thordata.settings import StorageSettings

__all__ = ["perform", "work"]

LOOK_S: Final = 0.25
IDLE_S: Final = 1.0
REPORT_S: Final = 0.5
BESIDE_LIVE: Final = 10
"""Live quotes go first where a processor is short."""
MEBIBYTE: Final = 1 << 20


def work(settings: StorageSettings, *, stopped: threading.Event, once: bool = False) -> int:
    """Play runs until told to stop, with `once` until none waits. Gives how many were taken."""
    name = f"{socket.gethostname()}:{os.getpid()}"
    taken = 0
    while not stopped.is_set():
        try:
            with Runs.connect(settings.conninfo()) as runs:
                runs.listen()
                while not stopped.is_set():
                    claim = runs.claim(name)
                    if claim is not None:
                        taken += 1
                        _watch(settings, runs, claim.id, name, stopped)
                    elif once:
                        return taken
                    else:
                        # Not for long: a run whose worker died is told of by nobody, nor is the end of this worker.
                        runs.wait(IDLE_S)
        except psycopg.OperationalError:
            if once:
                return taken
            stopped.wait(IDLE_S)  # Postgres is away: its return is waited for
    return taken


def _watch(settings: StorageSettings, runs: Runs, run: int, name: str, stopped: threading.Event) -> None:
    """Play one run in a child and end it when it is cancelled, takes too long, or the worker stops."""
    command = [sys.executable, "-P", "-m", "thor_web.cli.main", "backtest", "perform", str(run), "--worker", name]
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    ends_at = time.monotonic() + settings.backtest_time_s
    error: BacktestError | None = None
    try:
        while error is None and child.poll() is None:
            if time.monotonic() > ends_at:
                error = BacktestError("time_limit", f"the run took longer than {settings.backtest_time_s} s")
            elif not runs.renew(run, name):
                error = BacktestError("cancelled", "the run was cancelled")
            elif stopped.is_set():
                error = BacktestError("cancelled", "the worker was stopped")
            else:
                _wait(child)
    finally:
        if child.poll() is None:
            child.kill()
        _, complaint = child.communicate()
    # A child that finished has stored its end, and then this changes nothing.
    words = complaint.decode("utf-8", "replace").strip().splitlines()
    lost = BacktestError(
        "worker_lost", f"its process ended with {child.returncode}: {words[-1] if words else 'no word'}"
    )
    runs.fail(run, name, error or lost)


def _wait(child: "subprocess.Popen[bytes]") -> None:
    try:
        child.wait(LOOK_S)
    except subprocess.TimeoutExpired:
        return


def perform(settings: StorageSettings, run: int, worker: str) -> None:
    """Play one claimed run here, within the limits of memory, and store what came of it."""
    most = settings.backtest_memory_mib * MEBIBYTE
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(BESIDE_LIVE)
    with Runs.connect(settings.conninfo()) as runs:
        claim = runs.claimed(run, worker)
        try:
            outcome = _played(runs, claim, settings.lake_folder(), _reporter(runs, run, worker))
        except BacktestError as error:
            runs.fail(run, worker, error)
        except MemoryError:
            runs.fail(run, worker, BacktestError("memory_limit", f"the run needs more than {most // MEBIBYTE} MiB"))
        except Exception as error:  # noqa: BLE001 - a run never takes its worker with it
            runs.fail(run, worker, BacktestError("internal", f"{type(error).__name__}: {error}"))
        else:
            runs.finish(run, worker, outcome)


def _played(runs: Runs, claim: Claim, lake: Path, progress: Progress) -> Outcome:
    """Whatever kind it is. Raises BacktestError."""
    asked = claim.asked
    if isinstance(asked, SweepSpecification):
        options = replace(asked.options, modules=claim.modules)
        return Outcome.of_sweep(
            sweep(asked.specification, asked.grid, lake, options, trials=runs.trials, progress=progress)
        )
    if isinstance(asked, PatternsSpecification):
        return Outcome.of_patterns(study_patterns(lake, asked, progress=progress))
    if not isinstance(asked, RunSpecification):
        raise BacktestError("bad_specification", f"a worker plays no {asked.kind}")
    return Outcome.of_run(
        execute(
            asked,
            lake,
            modules=claim.modules,
            trials=lambda data_hash: runs.trials(asked.strategy, data_hash),
            progress=progress,
        )
    )


def _reporter(runs: Runs, run: int, worker: str) -> Progress:
    """Progress into the registry, a few times a second at the most. Raises BacktestError once it is cancelled."""
    said: dict[str, float] = {}

    def report(work: str, share: float) -> None:
        now = time.monotonic()
        if now - said.get(work, -REPORT_S) < REPORT_S:
            return
        said[work] = now
        if not runs.renew(run, worker, work=work, share=share):
            raise BacktestError("cancelled", "the run was cancelled")

    return report
