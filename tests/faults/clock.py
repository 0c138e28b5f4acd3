"""A clock that a test may set, for every process of a Thor at once. Needs a C compiler, as the Rust core does."""

import struct
import subprocess
from pathlib import Path

__all__ = ["Clock"]


class Clock:
    """Compiled into a folder; `environment` makes a process live by it."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "clock"
        self._library = folder / "clock.so"
        self.set(0)
        source = Path(__file__).with_suffix(".c")
        subprocess.run(
            ["cc", "-O1", "-shared", "-fPIC", "-o", str(self._library), str(source), "-ldl"],
            check=True,
            capture_output=True,
        )

    def environment(self) -> dict[str, str]:
        return {"LD_PRELOAD": str(self._library), "FAULTS_CLOCK": str(self._file)}

    def set(self, seconds: int) -> None:
        """How far the clock is from the right time. It jumps there."""
        with self._file.open("r+b" if self._file.exists() else "wb") as file:
            file.write(struct.pack("l", seconds))
