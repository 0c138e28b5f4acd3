"""What a web process and a repository must never hold, each by its name."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
NEVER_TRACKED = re.compile(
    r"\.(?:xls[xmb]?|pem|key|crt|p12|aof|rdb|sqlite3?|env|log)$|(?:^|/)(?:\.env|dump\.rdb|id_rsa)$|tokens?\.json$"
)
PROGRAM = """
import os, sys, threading
os.environ["DJANGO_SETTINGS_MODULE"] = "thor_web.thor_project.settings"
import django
django.setup()
import thor_web.thor_project.asgi
print(threading.active_count(), *sorted({"xlwings", "openpyxl", "websockets.asyncio.client"} & set(sys.modules)))
"""


def test_a_web_process_starts_no_thread_and_opens_no_excel_when_it_is_loaded() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False, cwd=ROOT)
    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr


def test_no_secret_certificate_workbook_or_database_is_tracked() -> None:
    done = subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=True, cwd=ROOT)
    assert [path for path in done.stdout.splitlines() if NEVER_TRACKED.search(path)] == []
