"""The environment of the backtest peers: they want other versions of shared packages than Thor's own tools.

It is made once from its own hashed lock, beside `.venv`, and its packages are put behind ours on the path, so that Thor
and its peers run in one process. Without it the benchmarks say which peers are missing.
"""

import subprocess
import sys
from typing import Final

from benchmarks.inputs import ROOT

__all__ = ["add_peers"]

FOLDER: Final = ROOT / ".venv" / "peers-backtest"
LOCK: Final = ROOT / "requirements" / "bench-backtest.txt"


def add_peers() -> None:
    """Make the environment where it is missing and let its packages be imported."""
    if not FOLDER.exists():
        subprocess.run([sys.executable, "-m", "uv", "venv", "--quiet", str(FOLDER)], check=True)
        install = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--require-hashes", "-r", str(LOCK)]
        subprocess.run([*install, "--python", str(FOLDER)], check=True)
    for packages in sorted(FOLDER.glob("lib/python*/site-packages")):
        if str(packages) not in sys.path:
            sys.path.append(str(packages))
