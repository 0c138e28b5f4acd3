"""A client that follows the event stream, comes back after every cut, and keeps what it had."""

import http.client
import json
import threading
from contextlib import suppress

__all__ = ["Follower"]


class Follower(threading.Thread):
    """Follows the stream from the beginning, and after each end from behind its last id."""

    def __init__(self, port: int, *, cut_after: int | None = None) -> None:
        super().__init__(daemon=True)
        self._port = port
        self._cut_after = cut_after
        self._over = threading.Event()
        self.ids: list[str] = []
        self.events: list[dict[str, object]] = []
        self.told: list[str] = []
        self.connections = 0

    def run(self) -> None:
        while not self._over.wait(0.05):
            with suppress(OSError, http.client.HTTPException):
                self._follow()

    def stop(self) -> None:
        self._over.set()
        self.join(20)

    def _follow(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=15)
        after = self.ids[-1] if self.ids else "0-0"
        connection.request("GET", "/api/quotes/stream", headers={"Last-Event-ID": after})
        answer = connection.getresponse()
        if answer.status != 200:
            return
        self.connections += 1
        name, entry_id, count = "", "", 0
        while not self._over.is_set() and count != self._cut_after:
            line = answer.readline().decode().rstrip("\n")
            if not line and answer.isclosed():
                break
            field, _, value = line.partition(": ")
            if field == "id":
                entry_id = value
            elif field == "event":
                name = value
            elif field == "data" and name == "quote":
                self.ids.append(entry_id)
                self.events.append(json.loads(value))
                count += 1
            elif field == "data":
                self.told.append(name)
        connection.close()
