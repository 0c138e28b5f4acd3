"""Where the development commands find the checkout and its tools. They run from a checkout, never from a wheel."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from thor_web.runtime.errors import ThorError

__all__ = ["ROOT", "npm", "require_checkout", "tool_environment"]

ROOT: Final = Path(__file__).resolve().parents[2]
OLDEST_NODE: Final = (20, 19)


def require_checkout() -> Path:
    """The repository's root. Raises ThorError where Thor was installed without its sources."""
    if not (ROOT / "pyproject.toml").is_file() or not (ROOT / "tests").is_dir():
        raise ThorError("This command needs a checkout of Thor's repository: run it there as ./thor.")
    return ROOT


def tool_environment() -> dict[str, str]:
    """The environment with this interpreter's own tools first on PATH."""
    here = str(Path(sys.executable).parent)
    path = os.pathsep.join((here, os.environ.get("PATH", ""), str(Path.home() / ".cargo" / "bin")))
    return {**os.environ, "PATH": path}


def npm() -> str:
    """An npm whose Node is new enough. Raises ThorError without one."""
    path = tool_environment()["PATH"]
    node, found = shutil.which("node", path=path), shutil.which("npm", path=path)
    if node and found:
        text = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
        if (match := re.match(r"v(\d+)\.(\d+)", text)) and (int(match[1]), int(match[2])) >= OLDEST_NODE:
            return found
    raise ThorError("Node 20.19 or newer is missing: run this command as ./thor, which installs one.")
