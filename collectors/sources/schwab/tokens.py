"""Where a Schwab login is kept: a file that only its owner can read, or the system's keyring.

The document is the one of schwab-py's token files, so that an existing login can be taken over:
`{"creation_timestamp": …, "token": {"access_token": …, "refresh_token": …, "expires_at": …}}`, times in seconds.
A login lasts seven days from its creation, whatever is refreshed meanwhile.
"""

import importlib
import json
import os
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Protocol

from collectors.errors import CollectorError

__all__ = ["LOGIN_LASTS_S", "FileTokenStore", "KeyringTokenStore", "TokenStore", "Tokens", "open_store"]

LOGIN_LASTS_S: Final = 7 * 86_400
KEYRING: Final = "keyring"
"""The setting's value that means the system's keyring."""
_SERVICE: Final = "thor schwab"


@dataclass(frozen=True, slots=True, repr=False)
class Tokens:
    """A login. Never shown: its repr holds no token."""

    access_token: str
    refresh_token: str
    access_expires_at: float
    created_at: float

    def __repr__(self) -> str:
        return f"Tokens(created_at={self.created_at:.0f}, access_expires_at={self.access_expires_at:.0f})"

    @property
    def login_expires_at(self) -> float:
        """When only a new login helps, in seconds since 1970."""
        return self.created_at + LOGIN_LASTS_S

    def refreshed(self, answer: dict[str, Any], now_s: float) -> "Tokens":
        """After a refresh; the age of the login stays. Raises KeyError or ValueError for an answer without tokens."""
        return replace(
            self,
            access_token=_text(answer, "access_token"),
            refresh_token=_text(answer, "refresh_token") if "refresh_token" in answer else self.refresh_token,
            access_expires_at=now_s + float(answer["expires_in"]),
        )

    @classmethod
    def from_login(cls, answer: dict[str, Any], now_s: float) -> "Tokens":
        """After a login. Raises KeyError or ValueError for an answer without tokens."""
        return cls(
            access_token=_text(answer, "access_token"),
            refresh_token=_text(answer, "refresh_token"),
            access_expires_at=now_s + float(answer["expires_in"]),
            created_at=float(int(now_s)),
        )

    def to_json(self) -> str:
        """The document that is kept."""
        token = {
            "access_token": self.access_token,
            "refresh_token": self.refresh_token,
            "expires_at": self.access_expires_at,
        }
        return json.dumps({"creation_timestamp": int(self.created_at), "token": token})

    @classmethod
    def from_json(cls, text: str) -> "Tokens":
        """Raises CollectorError where the document is none, without a word of its content."""
        try:
            document = json.loads(text)
            token = document["token"]
            return cls(
                access_token=_text(token, "access_token"),
                refresh_token=_text(token, "refresh_token"),
                access_expires_at=float(token["expires_at"]),
                created_at=float(document["creation_timestamp"]),
            )
        except (ValueError, KeyError, TypeError):
            raise CollectorError("The kept Schwab login cannot be read: run thor schwab login.") from None


class TokenStore(Protocol):
    """Keeps one login."""

    def load(self) -> Tokens | None:
        """The login, None where there is none. Raises CollectorError."""

    def save(self, tokens: Tokens) -> None:
        """Keep it in place of what was there, wholly or not at all. Raises CollectorError."""


class FileTokenStore:
    """A file with mode 0600, replaced in one step."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self) -> Tokens | None:
        """The login of the file."""
        try:
            return Tokens.from_json(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is no text"
            raise CollectorError(f"The Schwab login in {self.path} cannot be read: {reason}.") from error

    def save(self, tokens: Tokens) -> None:
        """Written beside the file and renamed: a crash leaves the old login or the new one, never half."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # mkstemp makes the file with mode 0600 from the start.
            handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=".tokens-")
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    file.write(tokens.to_json())
                    file.flush()
                    os.fsync(file.fileno())
                Path(name).replace(self.path)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
        except OSError as error:
            raise CollectorError(f"The Schwab login cannot be kept in {self.path}: {error.strerror}.") from error


class KeyringTokenStore:
    """The keyring of the system's user."""

    def __init__(self, app_key: str) -> None:
        try:
            self._keyring: Any = importlib.import_module("keyring")
        except ImportError as error:
            raise CollectorError("SCHWAB_TOKENS=keyring needs the package keyring: pip install keyring.") from error
        self._user = app_key

    def load(self) -> Tokens | None:
        """The login of the keyring."""
        try:
            text = self._keyring.get_password(_SERVICE, self._user)
        except self._keyring.errors.KeyringError as error:
            raise CollectorError(f"The keyring does not open: {error}.") from error
        return None if text is None else Tokens.from_json(text)

    def save(self, tokens: Tokens) -> None:
        """Kept under the app's key."""
        try:
            self._keyring.set_password(_SERVICE, self._user, tokens.to_json())
        except self._keyring.errors.KeyringError as error:
            raise CollectorError(f"The keyring does not take the login: {error}.") from error


def open_store(place: str | None, *, state: Path | None, app_key: str) -> TokenStore:
    """The store that the setting names: a file's path, `keyring`, or nothing for a file in the state folder."""
    if place == KEYRING:
        return KeyringTokenStore(app_key)
    if place is not None:
        return FileTokenStore(Path(place).expanduser())
    root = state or Path(os.environ.get("XDG_STATE_HOME", Path.home() / ".local" / "state")) / "thor"
    return FileTokenStore(root / "schwab-tokens.json")


def _text(answer: dict[str, Any], name: str) -> str:
    value = answer[name]
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name} is no text")
    return value
