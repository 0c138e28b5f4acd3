"""The exception that Rust raises. It is Python's own class so that one extension fits every Python since 3.11."""

from typing import Final, final

__all__: Final = ["EventError"]


@final
class EventError(ValueError):
    """A value that the canonical event does not allow. `code`, `field` and `message` are data; it can be pickled."""

    args: tuple[str, str | None, str]

    def __init__(self, code: str, field: str | None, message: str) -> None:
        super().__init__(code, field, message)

    @property
    def code(self) -> str:
        """One of `thor_fast.ERROR_CODES`."""
        return self.args[0]

    @property
    def field(self) -> str | None:
        """The contract's name of the field, or None where the input as a whole is wrong."""
        return self.args[1]

    @property
    def message(self) -> str:
        """One plain sentence."""
        return self.args[2]

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"
