"""Growth on a small scale: the whole pipeline on a Redis Cluster of three, with four web processes on one port."""

from pathlib import Path

import psutil

from tests.e2e.conftest import RunningThor, wait_until
from tests.integration.own_cluster import OwnCluster

SYMBOLS = 11


def test_all_of_thor_runs_on_a_cluster_with_four_web_processes(state: Path) -> None:
    cluster = OwnCluster()
    try:
        cluster.start()
        named = {"REDIS_URL": cluster.url, "WEB_WORKERS": "4"}
        with RunningThor(state, environment=named) as running:
            wait_until(lambda: len(running.quotes()) == SYMBOLS, "every future is quoted")
            web = [process for process in running.children() if "--worker" in process.cmdline()]
            assert len({process.pid for process in web}) == 4
            wait_until(lambda: running.status()["ticks"]["rows"] > 100, "ticks are stored")

            # The same stream whichever process answers: ids and events agree.
            whole = [(message.id, message.data) for message in running.events(60)]
            for _ in range(8):
                assert [(message.id, message.data) for message in running.events(30)] == whole[:30]

            for process in web[:2]:
                process.kill()
            assert [(message.id, message.data) for message in running.events(60)] == whole
            wait_until(lambda: len(workers_of(running)) == 4, "the killed ones are started again")
            assert {name.split(":")[0] for name in running.status()["processes"]} >= {
                "merger",
                "ingestor",
                "web",
                "clock",
            }
    finally:
        cluster.stop()


def workers_of(running: RunningThor) -> list[psutil.Process]:
    return [process for process in running.children() if "--worker" in process.cmdline() and process.is_running()]
