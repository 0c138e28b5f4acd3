"""A real cluster of three nodes of a test's own, on ports of this machine; slots may be moved between them."""

import contextlib
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import redis

from thor_web.runtime.servers import find_redis

__all__ = ["OwnCluster"]

SLOTS: Final = 16_384
NODES: Final = 3
DEADLINE_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Node:
    """One node and a plain client to it."""

    port: int
    process: "subprocess.Popen[bytes]"
    client: Any

    @property
    def id(self) -> str:
        """How the cluster names it."""
        return str(self.client.execute_command("CLUSTER", "MYID").decode())


class OwnCluster:
    """Three primaries that share the slots."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="thor-"))
        self.nodes = [self._launch(number) for number in range(NODES)]
        self.url = f"redis+cluster://127.0.0.1:{self.nodes[0].port}"

    def _launch(self, number: int) -> Node:
        port, bus_port = free_ports(2)
        folder = self._folder / str(number)
        folder.mkdir()
        process = subprocess.Popen(
            [
                *(str(find_redis().path), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)),
                *("--cluster-enabled", "yes", "--cluster-port", str(bus_port), "--save", "", "--logfile", "log"),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        return Node(port, process, redis.Redis(port=port, protocol=2))

    def start(self) -> None:
        """Returns once every node knows all slots."""
        wait_for(lambda: all(node.client.ping() for node in self.nodes))
        share = SLOTS // NODES + 1
        for number, node in enumerate(self.nodes):
            first = number * share
            node.client.execute_command("CLUSTER", "ADDSLOTSRANGE", first, min(first + share, SLOTS) - 1)
            node.client.execute_command("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
        first_node = self.nodes[0]
        for node in self.nodes[1:]:
            known = first_node.client.config_get("cluster-port")
            first_node.client.execute_command(
                "CLUSTER", "MEET", "127.0.0.1", node.port, node.client.config_get("cluster-port")["cluster-port"]
            )
            assert known
        wait_for(lambda: all(self._is_whole(node) for node in self.nodes))

    @staticmethod
    def _is_whole(node: Node) -> bool:
        info = node.client.execute_command("CLUSTER", "INFO")
        text = info.decode() if isinstance(info, bytes) else str(info)
        return "cluster_state:ok" in text and f"cluster_known_nodes:{NODES}" in text

    def node_of(self, key: str) -> Node:
        """The node that holds a key."""
        slot = self.slot(key)
        for node in self.nodes:
            with contextlib.suppress(redis.ResponseError):
                node.client.execute_command("CLUSTER", "COUNTKEYSINSLOT", slot)
                node.client.exists(key)
                return node
        raise AssertionError(key)

    def slot(self, key: str) -> int:
        return int(self.nodes[0].client.execute_command("CLUSTER", "KEYSLOT", key))

    def move(self, key: str) -> None:
        """Move the slot of a key, and the key with it, to another node."""
        slot, source = self.slot(key), self.node_of(key)
        target = next(node for node in self.nodes if node is not source)
        target.client.execute_command("CLUSTER", "SETSLOT", slot, "IMPORTING", source.id)
        source.client.execute_command("CLUSTER", "SETSLOT", slot, "MIGRATING", target.id)
        for name in source.client.execute_command("CLUSTER", "GETKEYSINSLOT", slot, 100):
            source.client.execute_command("MIGRATE", "127.0.0.1", target.port, name, 0, 5_000)
        for node in (target, source):
            node.client.execute_command("CLUSTER", "SETSLOT", slot, "NODE", target.id)

    def stop(self) -> None:
        """End all of it."""
        for node in self.nodes:
            node.client.close()
            node.process.kill()
            node.process.wait()
        shutil.rmtree(self._folder)


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now."""
    with contextlib.ExitStack() as stack:
        found = []
        for _ in range(count):
            listener = stack.enter_context(socket.socket())
            listener.bind(("127.0.0.1", 0))
            found.append(int(listener.getsockname()[1]))
        return found


def wait_for(holds: Any) -> None:
    """Until it holds; a node that is not there yet does not count."""
    deadline = time.monotonic() + DEADLINE_S
    while True:
        with contextlib.suppress(redis.RedisError):
            if holds():
                return
        assert time.monotonic() < deadline, "the cluster did not come up"
        time.sleep(0.01)
