"""ArcticDB in a process and an environment of its own: it takes no pandas 3, which Thor's own tools need.

Run by path with the Python of that environment, it stores an Arrow file and then answers each line on its standard
input with the seconds that one reading took by its own clock, so that the way between the processes costs it nothing.
"""

import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

__all__ = ["ArcticReader"]

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / ".venv" / "peers-arctic"
LOCK: Final = ROOT / "requirements" / "bench-arctic.txt"


class ArcticReader:
    """A library with one symbol, `ts` its index and two columns; each `read` loads all of it."""

    def __init__(self, table: Path, folder: Path, rows: int) -> None:
        _make_environment()
        python = FOLDER / "bin" / "python"
        self._process = subprocess.Popen(
            [str(python), "-P", __file__, str(table), str(folder), str(rows)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )

    def read(self) -> float:
        """Seconds of one reading."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("read\n")
        return float(self._process.stdout.readline())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()


def _make_environment() -> None:
    if FOLDER.exists():
        return
    subprocess.run([sys.executable, "-m", "uv", "venv", "--quiet", str(FOLDER)], check=True)
    install = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--require-hashes", "-r", str(LOCK)]
    subprocess.run([*install, "--python", str(FOLDER)], check=True)


def _serve(table: str, folder: str, rows: int) -> None:
    import pyarrow as pa
    from arcticdb import Arctic

    with pa.ipc.open_file(table) as file:
        frame = file.read_all().to_pandas().set_index("ts")
    frame.index = frame.index.tz_localize(None)
    library = Arctic(f"lmdb://{folder}").get_library("ticks", create_if_missing=True)
    library.write("ES", frame)
    for _ in sys.stdin:
        started = time.perf_counter()
        found = library.read("ES", columns=["last", "last_size"]).data
        seconds = time.perf_counter() - started
        assert len(found) == rows
        sys.stdout.write(f"{seconds}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _serve(sys.argv[1], sys.argv[2], int(sys.argv[3]))
