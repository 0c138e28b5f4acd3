"""What the command line tells a person in one sentence. Not for faults of the program itself, which stay exceptions."""

__all__ = ["AlreadyRuns", "ThorError"]


class ThorError(Exception):
    """Something a person can mend. The text is one plain sentence; `details` are lines shown above it."""

    def __init__(self, sentence: str, *, details: tuple[str, ...] = ()) -> None:
        super().__init__(sentence)
        self.details = details


class AlreadyRuns(ThorError):  # noqa: N818 - it names a state, not a mistake
    """Another `thor up` holds the state folder."""

    def __init__(self, pid: int | None) -> None:
        super().__init__(f"Thor already runs here, pid {pid}." if pid else "Thor already runs here.")
        self.pid = pid
