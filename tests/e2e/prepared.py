"""A Postgres brought to its present shape once, for all the Thors that tests start: most of what a first start takes.

What a really new state folder does is tested in tests/integration/runtime/test_up.py and tests/e2e/test_main_job.py.
"""

import atexit
import functools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.servers import start
from thor_web.runtime import servers, wire
from thor_web.runtime.composition import thor_command
from thor_web.runtime.state import private_folder
from thor_web.runtime.up import DATABASE_NAME, MIGRATED_STAMP, migrations_fingerprint

__all__ = ["give_postgres"]


def give_postgres(state: Path) -> None:
    """Lay the prepared Postgres, on which no Thor has run yet, into a state folder."""
    source = _prepared()
    # With its owner, who may be another than us.
    subprocess.run(["cp", "-a", "--", source, private_folder(state) / source.name], check=True)


@functools.cache
def _prepared() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="thor-p-", dir="/tmp"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    program = servers.find_postgres()
    data, log = folder / program.folder_name, folder / "postgres.log"
    servers.prepare_postgres(program, data=data, log=log)
    running = start(servers.postgres_spec(program, data=data, sockets=folder, log=log, durable=False))
    try:
        wire.ensure_database(servers.postgres_socket(folder), user=servers.DATABASE_USER, name=DATABASE_NAME)
        found = {"DB_HOST": str(folder), "DB_PORT": str(servers.POSTGRES_PORT), "DB_NAME": DATABASE_NAME}
        found |= {"DB_USER": servers.DATABASE_USER, "DB_PASSWORD": ""}
        # There is no Redis on that socket: nobody is to be told of the configuration.
        environment = {**os.environ, **found, "REDIS_URL": servers.redis_url(folder)}
        for words in (("migrate", "--no-input", "--verbosity", "0"), ("seed_stat_values", "--create-instruments")):
            with log.open("ab") as told:
                subprocess.run(thor_command("manage", *words), env=environment, check=True, stdout=told, stderr=told)
    finally:
        running.stop()
    (data / MIGRATED_STAMP).write_text(migrations_fingerprint(), encoding="ascii")
    return data
