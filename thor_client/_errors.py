"""What can go wrong, as a tree that a caller can reason about."""

__all__ = ["ClientError", "StreamCut", "ThorApiError", "ThorUnreachable"]


class ClientError(Exception):
    """Everything this client raises."""


class ThorUnreachable(ClientError):  # noqa: N818 - said as it is
    """No Thor answers there, or it stopped in the middle of an answer. Trying again may help."""


class StreamCut(ThorUnreachable):
    """A stream could not be taken up again within its patience."""


class ThorApiError(ClientError):
    """The server refuses: its status, its stable `code`, one sentence, and how long to wait where it says so."""

    def __init__(self, status: int, code: str, detail: str, retry_after_s: int | None = None) -> None:
        super().__init__(f"{code}: {detail}")
        self.status = status
        self.code = code
        self.detail = detail
        self.retry_after_s = retry_after_s
