"""Options and checks that several commands share. No command of its own."""

import argparse
import os
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from thor_web.runtime.errors import ThorError

if TYPE_CHECKING:
    from thor_web.runtime.state import StateFolder

__all__ = [
    "Commands",
    "add_state",
    "day",
    "find_servers",
    "require_core",
    "speed",
    "state_folder",
    "symbols",
    "worker_count",
]