"""What the history benchmarks stand on: a durable Postgres, a Redis, made-up ticks, and a clock on the wall."""

import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

import polars as pl
from pydantic import SecretStr

from benchmarks.inputs import ROOT
from thor_fast import Ticks
from thor_web.runtime import launch, servers
from thor_web.runtime.child import ChildSpec
from thor_web.runtime.composition import thor_command
from thor_web.thordata.settings import StorageSettings

__all__ = ["FIRST_DAY", "SYMBOLS", "Stores", "environment", "in_turns", "made_ticks", "stores"]

SYMBOLS: Final = ("CL", "DX", "ES", "GC", "HG", "NQ", "RTY", "SI", "VX", "YM", "ZB")
FIRST_DAY: Final = date(2025, 6, 9)
ROUNDS: Final = 5


@dataclass(frozen=True, slots=True)
class Stores:
    """A Postgres with every migration applied, a Redis, and a folder."""

    folder: Path
    settings: StorageSettings

    @property
    def conninfo(self) -> str:
        return self.settings.conninfo()


@contextmanager
def stores() -> Iterator[Stores]:
    """Servers for one benchmark, gone after it. Postgres commits durably."""
    folder = Path(tempfile.mkdtemp(prefix="thor-b-", dir="/tmp"))
    program = servers.find_postgres()
    servers.prepare_postgres(program, data=folder / "pg", log=folder / "pg.log")
    specs = (
        servers.postgres_spec(program, data=folder / "pg", sockets=folder, log=folder / "pg.log"),
        servers.redis_spec(
            servers.find_redis(), data=folder / "redis", sockets=folder, log=folder / "redis.log", durable=False
        ),
    )
    running = [_start(spec) for spec in specs]
    settings = StorageSettings(
        redis_url=SecretStr(servers.redis_url(folder)),
        thor_state=folder,
        db_host=str(folder),
        db_name="postgres",
        db_user=servers.DATABASE_USER,
    )
    try:
        migrate = thor_command("manage", "migrate", "--no-input", "--verbosity", "0")
        subprocess.run(migrate, env=environment(settings), check=True, cwd=ROOT)
        yield Stores(folder, settings)
    finally:
        for process, spec in zip(running, specs, strict=True):
            process.send_signal(spec.stop_signal)
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def environment(settings: StorageSettings) -> dict[str, str]:
    """The variables by which a process of Thor finds these servers."""
    import os

    kept = {name: value for name, value in os.environ.items() if not name.startswith(("THOR_", "DB_", "REDIS_"))}
    return kept | {
        "REDIS_URL": settings.redis_url.get_secret_value(),
        "THOR_STATE": str(settings.thor_state),
        "DB_HOST": settings.db_host,
        "DB_NAME": settings.db_name,
        "DB_USER": settings.db_user,
        "DB_PASSWORD": "",
    }


def _start(spec: ChildSpec) -> "subprocess.Popen[bytes]":
    argv = launch.command(spec.argv, death_signal=spec.death_signal, unprivileged=spec.unprivileged, owned=spec.owned)
    with spec.log.open("ab") as log:
        process = subprocess.Popen(argv, env=dict(spec.environment), stdout=log, stderr=log, start_new_session=True)
    while spec.ready is not None and not spec.ready():
        if process.poll() is not None:
            raise RuntimeError(spec.log.read_text())
        time.sleep(0.01)
    return process


def in_turns(works: Sequence[Callable[[], object]], rounds: int = ROUNDS) -> list[float]:
    """Median wall seconds of each, one call of each in turn. A work that returns a float has measured itself."""
    taken: list[list[float]] = [[] for _ in works]
    for _ in range(rounds):
        for samples, work in zip(taken, works, strict=True):
            started = time.perf_counter()
            result = work()
            samples.append(result if isinstance(result, float) else time.perf_counter() - started)
    return [statistics.median(samples) for samples in taken]


def made_ticks(symbol: str, day: date, rows: int) -> Ticks:
    """Made-up ticks of a trade date in order: a walk on the grid of quarters, sizes, a rising seq. Always the same."""
    seed = sum(symbol.encode()) * 1_000 + day.toordinal()
    start = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=2)
    step_us = 79_200_000_000 // rows
    row = pl.int_range(0, rows, dtype=pl.Int64)

    def chance(of: int, salt: int) -> pl.Expr:
        return (row.hash(seed + salt) % of).cast(pl.Int64)

    walk = ((chance(3, 1) - 1) * (chance(4, 2) == 0)).cum_sum() + 19_200
    frame = pl.select(
        symbol=pl.repeat(symbol, rows),
        ts=(
            pl.lit(start).cast(pl.Datetime("us", "UTC")) + pl.duration(microseconds=row * step_us + chance(step_us, 3))
        ),
        last=_price(walk),
        bid=_price(walk - chance(2, 4)),
        ask=_price(walk + chance(2, 5)),
        last_size=(chance(9, 6) + 1).cast(pl.Int32),
        bid_size=(chance(60, 7) + 1).cast(pl.Int32),
        ask_size=(chance(60, 8) + 1).cast(pl.Int32),
        source=pl.repeat("TOS", rows),
        cond=pl.lit(None, pl.String),
        seq=row * 2 + chance(2, 9),
        extra=pl.lit(None, pl.String),
    )
    return Ticks.from_arrow(frame)


def _price(quarters: pl.Expr) -> pl.Expr:
    wide = pl.Decimal(38, 9)
    return (quarters.cast(wide) / pl.lit(4).cast(wide)).cast(pl.Decimal(18, 9))
