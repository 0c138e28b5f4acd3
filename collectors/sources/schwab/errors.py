"""What can go wrong with Schwab, told apart by what may be done about it."""

__all__ = ["LoginNeededError", "SchwabDeniedError", "SchwabUnavailableError"]


class LoginNeededError(Exception):
    """Only a person can go on: there is no login, or it has expired. Trying again changes nothing."""


class SchwabUnavailableError(Exception):
    """Schwab, or the way to it, fails for now; trying again later may succeed. `retry_after_s` is Schwab's own wish."""

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class SchwabDeniedError(Exception):
    """The streamer refused, with its `code`; what follows depends on it."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"Schwab's streamer answered {code}: {message}" if message else f"code {code}")
        self.code = code
