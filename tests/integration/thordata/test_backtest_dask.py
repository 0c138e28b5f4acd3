"""A sweep on a real Dask cluster: the same bits as here, and a worker that dies takes no answer with it."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest

from tests.unit.thordata.backtest import own_strategies
from tests.unit.thordata.backtest.lakes import write_lake
from thor_fast import parse_batch
from thor_web.thordata.backtest.asked import SweepOptions
from thor_web.thordata.backtest.errors import BacktestError
from thor_web.thordata.backtest.specification import RunSpecification
from thor_web.thordata.backtest.sweep import sweep

ROOT = Path(__file__).parents[3]
GOLDEN = Path(__file__).parents[2] / "golden" / "es_open.jsonl"
GRID = {"fast": [2, 3, 4], "slow": [6, 8, 11]}
DEADLINE_S = 60.0


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    write_lake(tmp_path / "lake", parse_batch(GOLDEN.read_bytes())[0].last_per_key(), date(2023, 12, 26))
    return tmp_path / "lake"


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[str]:
    """A scheduler and two workers; the first of them to play `DiesOnce` is killed by it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    environment = dict(os.environ) | {"DIES_ONCE": str(tmp_path / "died"), "PYTHONPATH": str(ROOT)}
    scheduler = ("scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard")
    worker = ("worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard", "--local-directory", str(tmp_path))
    with ExitStack() as stack:
        for words in (scheduler, worker, worker):
            process = subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.dask_{words[0]}", *words[1:]],
                env=environment, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            stack.callback(process.wait)
            stack.callback(process.kill)
        _until_there(port)
        yield address


def _until_there(port: int) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert time.monotonic() < deadline
            threading.Event().wait(0.05)
        else:
            return


def specification(strategy: str) -> RunSpecification:
    return RunSpecification.from_json(
        {
            "strategy": strategy, "symbols": ["ES"], "start": "2023-12-25", "end": "2023-12-25", "interval_s": 1,
        }
    )  # fmt: skip


def test_a_cluster_gives_the_same_bits_even_when_a_worker_dies(lake: Path, cluster: str, tmp_path: Path) -> None:
    dying = specification(f"{own_strategies.__name__}:DiesOnce")
    away = sweep(dying, GRID, lake, SweepOptions(dask=cluster, modules=True)).document
    assert (tmp_path / "died").exists()
    here = sweep(dying, GRID, lake, SweepOptions(threads=1, modules=True)).document
    assert away["where"] == {"place": "Dask", "address": cluster}
    assert away["rows"] == here["rows"]
    assert away["digest"] == here["digest"]
    at_once = sweep(specification("sma_cross"), GRID, lake, SweepOptions(dask=cluster)).document
    assert at_once["digest"] == here["digest"]


def test_without_a_scheduler_the_sweep_says_so(lake: Path) -> None:
    with pytest.raises(BacktestError) as raised:
        sweep(specification("sma_cross"), GRID, lake, SweepOptions(dask="tcp://127.0.0.1:1"))
    assert raised.value.code == "no_cluster"
